//! A checked mapping: what the loader makes of the files, and all that planning and writing need.
//!
//! Everything here has been resolved: aliases to columns with types, element names to R4 definitions,
//! search parameters to the columns that answer them. Plain data; immutable once made.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::lacks::Lacks;
use super::lines::Lines;
use super::profile::Profile;
use super::requirement::Requirement;
use super::sorting::{Moment, Sorted};
use crate::relation::{self, Collation, Dialect, Expr, Predicate, Shared, SqlType};
use crate::search::{Modifier, ParameterKind};

/// A place in a mapping's files: what diagnostics and log lines name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file, relative to the mapping's folder.
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One PMS's mapping.
#[derive(Debug)]
pub struct Mapping {
    /// The folder's name: `bp-premier`.
    pub id: Arc<str>,
    /// `Bp Premier`
    pub name: Arc<str>,
    /// The product, as the cloud surface's API calls it: `Best Practice`. Its name where the manifest says nothing else.
    pub pms: Arc<str>,
    /// The engine that the fragments are written for in the first place.
    pub engine: Dialect,
    /// How sure the names of tables and columns are.
    pub verified: Verified,
    /// The product's databases by name, the default one first; empty where it has one.
    pub catalogues: Vec<Arc<str>>,
    /// The declared tables, by name.
    pub tables: BTreeMap<Arc<str>, TableInfo>,
    pub sources: Vec<Arc<Source>>,
    /// By resource type.
    pub resources: BTreeMap<&'static str, Resource>,
    /// Where the database says which practice it is.
    pub practice: Option<AboutPractice>,
    /// Resource types and profiles of AU Core of which the database has nothing: why.
    pub lacks: BTreeMap<Arc<str>, Arc<str>>,
    /// The lines of its files.
    pub lines: Lines,
    /// Another where anything in the files is otherwise, or another optional column is missing: a place in a search by
    /// one mapping is none by another.
    pub version: [u8; 16],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// The names were seen in public code that queries the live product.
    Public,
    /// The names were invented, because no public source shows them.
    Illustrative,
}

/// A table as the mapping declares it.
#[derive(Debug)]
pub struct TableInfo {
    pub name: Arc<str>,
    /// The columns that identify a row.
    pub key: Vec<Arc<str>>,
    pub columns: BTreeMap<Arc<str>, ColumnInfo>,
    /// None for the site's default catalogue.
    pub catalogue: Option<Arc<str>>,
    /// None for a table or view of the database.
    pub derived: Option<Shared<relation::RawSql>>,
    pub place: Place,
}

#[derive(Debug)]
pub struct ColumnInfo {
    pub name: Arc<str>,
    pub ty: SqlType,
    pub collation: Option<Arc<Collation>>,
    /// Only some versions of the product have it.
    pub optional: bool,
    /// Its name was invented in a mapping of names that were seen: it is optional, and yet may say which rows there
    /// are.
    pub illustrative: bool,
    /// It may hold NULL; the columns of a key never do.
    pub nullable: bool,
    pub place: Place,
}

/// Where a practice's database says which practice it is: in the first row.
#[derive(Debug, Clone)]
pub struct AboutPractice {
    pub relation: Shared<relation::Source>,
    /// By the table's key; nothing of a derived table.
    pub order: Vec<relation::Order>,
    /// The columns of text or of a whole number, of which there is one at least.
    pub name: Option<Expr>,
    /// The product's own number of the practice.
    pub site_id: Option<Expr>,
    /// Of the product.
    pub version: Option<Expr>,
    pub place: Place,
}

impl AboutPractice {
    /// The columns that there are, by their keys in the manifest.
    pub fn columns(&self) -> impl Iterator<Item = (&'static str, &Expr)> {
        let columns = [
            ("name", &self.name),
            ("siteId", &self.site_id),
            ("version", &self.version),
        ];
        let columns = columns.into_iter();
        columns.filter_map(|(key, column)| Some((key, column.as_ref()?)))
    }
}

/// A resource type, from all its sources together.
#[derive(Debug)]
pub struct Resource {
    pub name: &'static str,
    /// Places in [`Mapping::sources`].
    pub sources: Vec<usize>,
    /// What can be searched by; the same for every source of the type (a source in which a parameter has
    /// no columns answers it with no rows).
    pub parameters: BTreeMap<Arc<str>, ParameterInfo>,
    pub profiles: Vec<Arc<str>>,
    /// What a search of the type must say, of whichever source.
    pub requires: Vec<Requirement>,
}

/// A search parameter as it is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterInfo {
    pub name: Arc<str>,
    pub kind: ParameterKind,
    /// Canonical URL of its definition.
    pub url: Arc<str>,
    pub modifiers: Vec<Modifier>,
    /// How the sources are sorted together; None where results cannot be sorted by it.
    pub sorted: Option<Sorted>,
    pub documentation: Option<Arc<str>>,
}

/// One table's worth of a resource type.
#[derive(Debug)]
pub struct Source {
    /// Part of the resource's id where it is Some: `kin-12`.
    pub name: Option<Arc<str>>,
    pub resource: &'static str,
    pub profiles: Vec<Profile>,
    pub relation: Shared<relation::Source>,
    /// Columns whose values, joined by `.`, are the id.
    pub id: Vec<Expr>,
    pub last_updated: Option<Instant>,
    pub children: Vec<Shared<relation::Child>>,
    /// The resource, without `resourceType`, `id` and `meta`, which follow from the rest.
    pub elements: Vec<Field>,
    pub search: FxHashMap<Arc<str>, Arc<Parameter>>,
    /// Every reference in the elements, whether a parameter looks at it or not.
    pub references: Vec<Target>,
    /// What the table has not, and why.
    pub lacks: Lacks,
    /// It is not asked before a search says so much.
    pub requires: Option<Requirement>,
    pub place: Place,
}

impl Source {
    /// When a resource last changed is when its row did: it says when, and no other table is in it.
    pub fn is_dated(&self) -> bool {
        let is_one_row = self.relation.joins.is_empty() && self.children.is_empty();
        is_one_row && self.last_updated.is_some()
    }
}

/// When a row last changed.
#[derive(Debug, Clone)]
pub struct Instant {
    pub binding: Arc<Binding>,
}

/// A property of an object.
#[derive(Debug, Clone)]
pub struct Field {
    /// The JSON property name.
    pub name: Arc<str>,
    pub node: Node,
    /// The definition's minimum is 1: without it the object around it is not valid and is left out. Of the
    /// alternatives of a choice any one is enough.
    pub required: bool,
    /// Without it the object around it says nothing, and is left out as absent: a Quantity's value.
    pub essential: bool,
    /// The choice of which this is one of several alternatives: `deceased` of `deceasedDateTime`. They stand
    /// next to each other in the file's order; the first whose value is there is written, and no other.
    pub choice: Option<Arc<str>>,
    /// Belongs to `_summary=true`.
    pub summary: bool,
    /// R4 marks it as changing the meaning of what holds it: kept by `_elements`.
    pub modifier: bool,
    pub place: Place,
}

/// What an element is made of.
#[derive(Debug, Clone)]
pub enum Node {
    /// A constant: its JSON text.
    Constant(Arc<str>),
    Value(Arc<Binding>),
    Object(Arc<Object>),
    /// A repeating element. Entries whose bound values are all absent are left out.
    List(Vec<Entry>),
    /// There only for rows that hold the condition; an expression that is 1 or 0.
    When(Arc<Expr>, Box<Node>),
}

#[derive(Debug, Clone)]
pub struct Object {
    pub fields: Vec<Field>,
    /// Some value in it, however deep, comes from a column: without any such value it is absent.
    pub bound: bool,
}

/// One entry of a list, or, with `each`, one for every row of a child table.
#[derive(Debug, Clone)]
pub struct Entry {
    /// A place in [`Source::children`].
    pub each: Option<usize>,
    /// The entry is there only for rows that hold this; an expression that is 1 or 0.
    pub condition: Option<Arc<Expr>>,
    pub node: Node,
    pub place: Place,
}

/// A value that comes from columns: which, and how they become a FHIR value.
#[derive(Debug)]
pub struct Binding {
    /// What is read. What each place means follows from the conversion.
    pub columns: Vec<Expr>,
    pub conversion: Conversion,
    /// Raw values that stand for "unknown", beside NULL and blank text.
    pub absent: Vec<Arc<str>>,
    /// `compare: digits`: a search compares the digits only (telephone numbers).
    pub digits: bool,
    pub output: Output,
    pub place: Place,
}

/// How the JSON value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// In quotes, escaped.
    String,
    /// `true` or `false`.
    Boolean,
    /// As it is: an integer or a decimal.
    Number,
    /// A whole number of R4's 32 bits, from this one on; of a number with a fraction, the whole part.
    Integer { least: i32 },
    /// A Coding object.
    Coding,
    /// A CodeableConcept object.
    CodeableConcept,
}

/// From raw column values to one FHIR value.
#[derive(Debug)]
pub enum Conversion {
    /// Text, trimmed; a number or a GUID as its text.
    Text,
    /// A whole number.
    Integer,
    /// A number, times a factor: `multiply / divide`.
    Decimal { multiply: i64, divide: i64 },
    /// 1/0, true/false.
    Boolean,
    /// A calendar day from a date, a date-time, or text of a format.
    Date(DateForm),
    /// A dateTime or instant, in the site's zone.
    DateTime {
        form: DateForm,
        precision: Precision,
    },
    /// A code table, by the raw value.
    Codes {
        table: Arc<CodeTable>,
        part: CodePart,
    },
    /// One bit of a number.
    Bit { mask: i64, inverted: bool },
    /// Texts joined, absent ones skipped.
    Join { with: Arc<str> },
    /// Parts of fixed length, one after the other; absent where the first is.
    Concat { lengths: Vec<u16> },
    /// `Type/id`
    Reference {
        to: &'static str,
        prefix: Option<Arc<str>>,
    },
    /// What a text that holds a measurement says: `<0.5`.
    Measure(MeasurePart),
    /// The first binding that has a value; its columns follow each other in `columns`.
    First(Vec<Arc<Binding>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    Day,
    Minute,
    /// As fine as what is stored.
    Full,
}

/// What the columns of a date hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateForm {
    /// One column of a date or date-time type.
    Column { utc: bool },
    /// A day, and a time of day in `unit` seconds; with a third column, that many units later.
    DayAndSeconds { unit: i64, plus: bool },
    /// Year, month, day; 0 or NULL for unknown.
    Parts,
    /// Text or a whole number in a fixed layout.
    Layout(DateLayout),
    /// Seconds since 1970-01-01T00:00:00Z.
    Unix,
}

/// A fixed layout of a date in text: `DD/MM/YYYY`, `MM/YYYY`, `YYYYMMDD`. Offsets count from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateLayout {
    pub pattern: Arc<str>,
    pub year: usize,
    pub month: Option<usize>,
    pub day: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodePart {
    Code,
    Display,
    System,
    /// Code, display and system as a Coding or CodeableConcept, by the element's type.
    Whole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeasurePart {
    Number,
    Comparator,
    /// The text itself, where it is no number.
    Text,
}

/// Raw values and the codes that they stand for.
#[derive(Debug)]
pub struct CodeTable {
    pub name: Arc<str>,
    pub system: Option<Arc<str>>,
    /// In the file's order. Raw text compares without case.
    pub entries: Vec<CodeEntry>,
    /// `"*"`: any other value that is there.
    pub otherwise: Option<Code>,
    /// `""`: no value.
    pub absent: Option<Code>,
}

impl CodeTable {
    /// The system of a code: its own, else the table's.
    pub fn system_of<'t>(&'t self, code: &'t Code) -> Option<&'t Arc<str>> {
        code.system.as_ref().or(self.system.as_ref())
    }

    /// The code of a raw value; None where the table has none for it.
    pub fn code_of(&self, raw: Option<&str>) -> Option<&Code> {
        match raw {
            None => self.absent.as_ref(),
            Some(raw) => self.find(|entry| same_without_case(&entry.raw, raw)),
        }
    }

    /// [`CodeTable::code_of`] for a raw value of ASCII characters.
    pub fn code_of_ascii(&self, raw: &[u8]) -> Option<&Code> {
        self.find(|entry| entry.raw.as_bytes().eq_ignore_ascii_case(raw))
    }

    fn find(&self, is_it: impl Fn(&CodeEntry) -> bool) -> Option<&Code> {
        self.entries
            .iter()
            .find(|entry| is_it(entry))
            .map(|entry| &entry.code)
            .or(self.otherwise.as_ref())
    }
}

fn same_without_case(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
        || (!left.is_ascii() && !right.is_ascii() && left.to_lowercase() == right.to_lowercase())
}

#[derive(Debug, Clone)]
pub struct CodeEntry {
    pub raw: Arc<str>,
    pub code: Code,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    pub code: Arc<str>,
    pub display: Option<Arc<str>>,
    /// The table's, unless the entry has its own.
    pub system: Option<Arc<str>>,
    /// What resources hold of it, ready to be written.
    pub json: CodeJson,
}

/// A code as JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeJson {
    /// In quotes, as the rest.
    pub code: Box<str>,
    pub display: Option<Box<str>>,
    pub system: Option<Box<str>>,
    /// `{"system":…,"code":…,"display":…}`
    pub coding: Box<str>,
}

impl Code {
    pub fn new(code: Arc<str>, display: Option<Arc<str>>, system: Option<Arc<str>>) -> Code {
        let quoted =
            |text: &Arc<str>| -> Box<str> { serde_json::Value::from(&**text).to_string().into() };
        let json = CodeJson {
            code: quoted(&code),
            display: display.as_ref().map(quoted),
            system: system.as_ref().map(quoted),
            coding: Box::default(),
        };
        let parts = [
            ("system", json.system.as_deref()),
            ("code", Some(&*json.code)),
            ("display", json.display.as_deref()),
        ];
        let parts = parts.map(|(name, text)| text.map(|text| format!("\"{name}\":{text}")));
        let coding = format!(
            "{{{}}}",
            parts.into_iter().flatten().collect::<Vec<_>>().join(",")
        );
        Code {
            json: CodeJson {
                coding: coding.into(),
                ..json
            },
            code,
            display,
            system,
        }
    }
}

/// A search parameter over the columns of one source.
#[derive(Debug)]
pub struct Parameter {
    pub name: Arc<str>,
    pub kind: ParameterKind,
    /// Canonical URL of its definition.
    pub url: Arc<str>,
    /// A value matches where any of these does.
    pub targets: Vec<Target>,
    /// The sort keys, most significant first; empty where it is not sortable.
    pub sort: Vec<Expr>,
    /// What they are together, where they are a date's.
    pub moment: Option<Moment>,
    /// Where the mapping says the values that it looks at; empty of constants.
    pub places: Vec<Place>,
}

/// One place where a parameter finds its value.
#[derive(Debug)]
pub struct Target {
    /// A place in [`Source::children`].
    pub child: Option<usize>,
    /// What must hold besides: an entry's condition, a `where(…)` over a column, that the object around
    /// the value is there.
    pub guard: Predicate,
    pub matcher: Matcher,
}

/// How a searched value becomes a predicate.
///
/// The parameter's kind says what a target answers: in a token parameter, [`Matcher::Text`] is what
/// `:text` searches (and never a code); in a reference parameter, [`Matcher::Token`] is the identifier
/// of a logical reference, which `:identifier` searches, and [`Matcher::Uri`] a canonical. All count
/// for `:missing`.
#[derive(Debug)]
pub enum Matcher {
    /// The resource's own id: [`Source::name`] and the columns of [`Source::id`].
    Id,
    /// String search.
    Text(TextMatcher),
    /// A coded or literal value.
    Token(TokenMatcher),
    Reference(ReferenceMatcher),
    Date(DateMatcher),
    /// From the earliest of the first to the latest of the second; a missing end is open. It is there
    /// where either is.
    Period {
        start: Option<DateMatcher>,
        end: Option<DateMatcher>,
    },
    Number(NumberMatcher),
    Quantity(QuantityMatcher),
    /// Compared to the letter.
    Uri(TextMatcher),
    /// All of these of one element: the components of a composite, each by any of its targets. Where the target has a
    /// child, they are conditions on its row.
    Composite(Vec<ComponentMatcher>),
    /// `exists`: true where any of these holds, else false; never missing.
    Exists(Vec<Predicate>),
}

/// One component of a composite.
#[derive(Debug)]
pub struct ComponentMatcher {
    pub kind: ParameterKind,
    pub targets: Vec<Target>,
}

/// Text that a search looks into.
#[derive(Debug, Clone)]
pub enum TextMatcher {
    Column(TextColumn),
    /// The mapping's own text; there wherever the target's guard holds.
    Constant(Arc<str>),
    /// What a raw value stands for: the code or the display of its entry.
    Codes {
        expr: Expr,
        ty: SqlType,
        table: Arc<CodeTable>,
        part: CodePart,
        absent: Vec<Arc<str>>,
    },
}

/// A text column in a string search.
#[derive(Debug, Clone)]
pub struct TextColumn {
    pub expr: Expr,
    pub ty: SqlType,
    pub collation: Option<Arc<Collation>>,
}

#[derive(Debug)]
pub struct TokenMatcher {
    /// The system of what is found here.
    pub system: TokenSystem,
    pub code: TokenCode,
    /// The value is there.
    pub present: Predicate,
    /// `Identifier.type` codings, for `:of-type`; None where a type cannot be compared, so that `:of-type` would
    /// miss it.
    pub types: Option<Vec<TypeCoding>>,
}

/// A coding of an Identifier's type.
#[derive(Debug, Clone)]
pub struct TypeCoding {
    pub system: TokenSystem,
    pub code: TokenCode,
    /// The code is there.
    pub present: Predicate,
}

/// The system part of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSystem {
    /// A value without system: `|code` matches, `system|code` does not.
    None,
    /// The mapping's constant.
    Is(Arc<str>),
    /// A `code` element of a required binding: `code`, `|code` and `system|code` of these all match.
    Implied(Vec<Arc<str>>),
    /// That of the code, in the table of [`TokenCode::Codes`].
    Table,
    Column(Expr, SqlType),
}

#[derive(Debug, Clone)]
pub enum TokenCode {
    /// Compared as it stands.
    Column {
        expr: Expr,
        ty: SqlType,
        collation: Option<Arc<Collation>>,
    },
    /// By its digits (telephone numbers).
    Digits(Expr),
    /// Backwards through a code table.
    Codes {
        expr: Expr,
        ty: SqlType,
        table: Arc<CodeTable>,
        absent: Vec<Arc<str>>,
    },
    /// Parts of fixed lengths: a searched value of the first length, or of all.
    Concat {
        parts: Vec<(Expr, SqlType, u16)>,
    },
    /// `true` where the predicate holds, else `false`.
    Boolean(Predicate),
    Constant(Arc<str>),
}

#[derive(Debug)]
pub struct ReferenceMatcher {
    pub to: &'static str,
    /// The name of the target's source, where its ids have one.
    pub prefix: Option<Arc<str>>,
    /// The column that holds the target's id; a text literal where the mapping gives it.
    pub expr: Expr,
    pub ty: SqlType,
    pub present: Predicate,
}

/// A number, times a factor: `multiply / divide`, both positive.
#[derive(Debug, Clone)]
pub struct NumberMatcher {
    pub expr: Expr,
    pub ty: SqlType,
    pub multiply: i64,
    pub divide: i64,
    /// The Quantity's comparator, empty where the number stands alone: with one, the number is the end of a range.
    pub comparator: Option<Expr>,
    pub present: Predicate,
}

/// A Quantity's value and its unit. `number|system|code` compares system and code; `number||code`
/// compares the code or the unit.
#[derive(Debug)]
pub struct QuantityMatcher {
    pub value: NumberMatcher,
    pub system: TokenSystem,
    /// UCUM, as a rule.
    pub code: Option<TokenCode>,
    /// The unit for people.
    pub unit: Option<TokenCode>,
}

/// What a date search compares.
#[derive(Debug, Clone)]
pub struct DateMatcher {
    pub columns: Vec<Expr>,
    pub ty: SqlType,
    pub form: DateForm,
    pub precision: Precision,
    pub present: Predicate,
}
