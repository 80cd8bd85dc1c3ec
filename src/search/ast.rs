//! The syntax tree of a search: plain data, typed by the kind of each parameter.
//!
//! The tree says what was asked, not whether it can be answered: chains, `_has` and includes have
//! their place here and are refused, or planned, later. Source: <http://hl7.org/fhir/R4/search.html>.

use jiff::civil;
use serde::{Deserialize, Serialize};

/// One search on one resource type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SearchRequest {
    /// The resource type that is searched, as in the path: `Patient`.
    pub resource: String,
    /// The compartment that the path names, `Patient/12/Condition`: only what belongs to it is searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compartment: Option<Compartment>,
    /// `_type`: the types that a search without a type in its path looks at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// All must hold (AND), in the order given.
    pub filters: Vec<Filter>,
    /// `_sort`, most significant first.
    pub sort: Vec<SortKey>,
    /// `_count` as asked for; the server's cap is applied later.
    pub count: Option<u32>,
    /// `_total`.
    pub total: Option<Total>,
    /// `_summary`.
    pub summary: Option<Summary>,
    /// `_elements`, as given.
    pub elements: Vec<String>,
    /// `_include` and `_revinclude`.
    pub includes: Vec<Include>,
    /// `_format`, not yet judged.
    pub format: Option<String>,
    /// `_pretty`.
    pub pretty: Option<bool>,
    /// `_cursor`: this server's own paging parameter, opaque here.
    pub cursor: Option<String>,
    /// Parameters that were not used; reported, never silently dropped.
    pub ignored: Vec<Ignored>,
}

/// What belongs to a resource: `Patient/12` (R4 §2.14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compartment {
    pub resource: String,
    pub id: String,
}

/// One condition. Repeats of a parameter are several filters; commas are several values of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Filter {
    /// `name:modifier=value,value`
    Parameter(ParameterFilter),
    /// `patient:Patient.general-practitioner.family=x`: follow `link`, then hold `filter` there.
    Chain {
        link: ChainLink,
        filter: Box<Filter>,
    },
    /// `_has:Observation:patient:code=x`: some `resource` refers here by `reference`, and holds `filter`.
    Has {
        resource: String,
        reference: String,
        filter: Box<Filter>,
    },
}

/// One step of a chain: a reference parameter and, where given, the type it must lead to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainLink {
    pub parameter: String,
    pub target: Option<String>,
}

/// A parameter with its values (OR).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParameterFilter {
    /// The parameter's code: `birthdate`, `_id`.
    pub name: String,
    /// What kind of value it takes.
    pub kind: ParameterKind,
    pub modifier: Option<Modifier>,
    /// At least one.
    pub values: Vec<Value>,
    /// The place among the request's parameters, counted from 1: how a message names it.
    pub position: usize,
}

/// The types of search parameter that R4 defines (§3.1.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterKind {
    Number,
    Date,
    String,
    Token,
    Reference,
    Composite,
    Quantity,
    Uri,
    Special,
}

/// `:modifier` (R4 §3.1.1.5.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Modifier {
    Missing,
    Exact,
    Contains,
    Not,
    Text,
    In,
    NotIn,
    Below,
    Above,
    OfType,
    Identifier,
    /// `:Patient` on a reference.
    Type(String),
}

/// One value, typed by its parameter and modifier. Escapes (`\,` `\|` `\$` `\\`) are already undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Value {
    /// `:missing=true`, in a search the only value of its filter.
    Missing(bool),
    /// A string, the text of `:text`, or a special parameter (`_filter`, `near`): the last as one value
    /// with its commas and escapes untouched, since its own definition says what they mean.
    String(String),
    /// A uri, or the value set of `:in` and `:not-in`; a canonical keeps its `|version`.
    Uri(String),
    Token(Token),
    /// `:of-type`: `system|code|value`
    OfType {
        system: String,
        code: String,
        value: String,
    },
    Date {
        prefix: Prefix,
        date: DateValue,
    },
    Number {
        prefix: Prefix,
        number: Decimal,
    },
    Quantity {
        prefix: Prefix,
        number: Decimal,
        /// None: `5.4`; `5.4|system|code` or `5.4||code`.
        system: Option<String>,
        code: Option<String>,
    },
    Reference(Reference),
    Composite(Vec<Value>),
}

/// `code`, `system|code`, `|code`, `system|`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Token {
    pub system: TokenSystem,
    /// None: `system|`, any code of that system.
    pub code: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TokenSystem {
    /// `code`: whatever the system.
    Any,
    /// `|code`: there is no system.
    Absent,
    /// `system|…`
    Is(String),
}

/// R4 §3.1.1.4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
}

/// A decimal as it was written, so that its precision is kept: `100`, `1e2`, `5.40`, `-3`.
/// From a parsed search it has at most 38 digits and an exponent from -99 to 99.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Decimal(pub String);

/// A date or dateTime with the precision that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DateValue {
    Year(i16),
    Month(i16, i8),
    Day(civil::Date),
    /// To the minute, second or a fraction; `offset` in seconds east of UTC, None where no zone was given.
    Time {
        at: civil::DateTime,
        precision: TimePrecision,
        offset: Option<i32>,
    },
}

/// How fine a time was written; a fraction counts its digits (1 to 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TimePrecision {
    Minute,
    Second,
    Fraction(u8),
}

/// What a reference parameter was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reference {
    /// `12`
    Id(String),
    /// `Patient/12`
    Relative { resource: String, id: String },
    /// `http://…/Patient/12`; `base` without its trailing slash. A canonical may have the same form. Whether the base is this server's is judged later.
    Absolute {
        base: String,
        resource: String,
        id: String,
    },
    /// Any other URL or URN (`urn:uuid:…`, a canonical).
    Url(String),
    /// `:identifier`
    Identifier(Token),
}

/// `_sort=-birthdate`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SortKey {
    pub parameter: String,
    pub descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Total {
    None,
    Estimate,
    Accurate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Summary {
    True,
    Text,
    Data,
    Count,
    False,
}

/// `_include:iterate=Source:parameter:Target`, `_revinclude=…`, `_include=*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Include {
    pub reverse: bool,
    pub iterate: bool,
    /// None for `*` alone.
    pub source: Option<String>,
    /// None for a wildcard: `Source:*` or `*`.
    pub parameter: Option<String>,
    pub target: Option<String>,
}

/// A parameter that was not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ignored {
    /// As typed, where it has the form of a parameter name (`-?[A-Za-z_][A-Za-z0-9_.:-]{0,63}`); else None,
    /// and a message names it by its position.
    pub name: Option<String>,
    /// The place among the request's parameters, counted from 1.
    pub position: usize,
    /// Why it was not used.
    pub reason: IgnoredReason,
}

impl Ignored {
    /// No definition knows it.
    pub fn is_unknown(&self) -> bool {
        self.reason == IgnoredReason::Unknown
    }
}

/// Why a parameter was not used. Either way the answer may be wider than was meant, so that a server
/// may well refuse the search when nothing else narrows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IgnoredReason {
    /// No definition knows the name (R4 §3.1.1.3: servers should ignore it).
    Unknown,
    /// The name is known, but there is no value, `family=` (R4 §3.1.1.3: "Empty parameters are not an
    /// error - they are just ignored by the server").
    Empty,
}
