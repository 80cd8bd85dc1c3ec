//! The rules that a mapping is checked by: each has a stable code, a title and an explanation, from
//! which the page of rules is generated.
//!
//! Errors keep a mapping from being served; warnings do not. `PM00…` the files, `PM01…` elements
//! and constants, `PM02…` tables, columns and conditions, `PM04…` conversions and code tables,
//! `PM05…` and `PM06…` the whole.

/// Whether a mapping that breaks the rule can be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// A rule of the mapping language.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable and documented: `PM011`.
    pub code: &'static str,
    pub severity: Severity,
    /// One line: what is wrong.
    pub title: &'static str,
    /// Why it is a problem, and what to do about it.
    pub explanation: &'static str,
}

/// A static for each rule, and `ALL` of them in the order of the documentation page.
macro_rules! rules {
    ($($name:ident = $code:literal, $severity:ident, $title:literal, $explanation:literal;)*) => {
        $(
            #[doc = $title]
            pub static $name: Rule = Rule {
                code: $code,
                severity: Severity::$severity,
                title: $title,
                explanation: $explanation,
            };
        )*
        /// All of them, in the order of the documentation page.
        pub static ALL: &[&Rule] = &[$(&$name),*];
    };
}

pub(crate) use rules;

rules! {
    SYNTAX = "PM001", Error, "The file is not YAML",
        "The text cannot be read from the place shown on. The usual causes are a tab in the indentation, a missing space after a colon, and a text that begins with a character that YAML uses itself (`*`, `&`, `%`, `@`, `{`, `[`): put such a text in quotes.";
    UNSUPPORTED_YAML = "PM002", Error, "A part of YAML that mappings do not use",
        "Anchors, aliases, tags, several documents in one file and keys that are not text are refused: a mapping is read by people who know FHIR or the tables, and need not know these. Write the value out, or, for a table of codes, name it under `codes:` and refer to it.";
    DUPLICATE_KEY = "PM003", Error, "A key stands twice in one mapping",
        "Only one of them could count, and which is a guess. Where an element repeats, its values are the entries of one list.";
    UNKNOWN_KEY = "PM004", Error, "A key that has no meaning here",
        "Nothing is ignored silently: a key that is misspelled would otherwise look as if it worked.";
    MISSING_KEY = "PM005", Error, "A key that must be there is missing",
        "The message says which, and what it is for.";
    WRONG_SHAPE = "PM006", Error, "Text, a list or a mapping stands where another of them belongs",
        "The message says what is expected.";
    INVALID_VALUE = "PM007", Error, "The value of a key is not one that it takes",
        "The message says what is expected.";
    FOLDER = "PM008", Error, "The folder or a file of it cannot be used",
        "A mapping is a folder with `mapping.yaml` and at most 200 YAML files in all of at most 1 MiB each, in UTF-8.";
    DUPLICATE_NAME = "PM009", Error, "The same thing is defined twice",
        "Tables and shared code tables are defined once in all files of the folder together; the sources of a resource type need names that differ, and one of them at most may be without a name.";
    UNKNOWN_RESOURCE = "PM010", Error, "R4 has no such resource type",
        "The names are those of FHIR R4, with their capitals: `PractitionerRole`.";
    UNKNOWN_ELEMENT = "PM011", Error, "R4 has no such element there",
        "Keys under `elements:` are the JSON property names of FHIR R4. A choice element has the type in its name (`deceasedDateTime`, `valueQuantity`); what R4 does not have is said with an extension.";
    NOT_REPEATING = "PM012", Error, "A list stands where the element occurs at most once",
        "Give the one value. Where it may come from several columns, `{ first: [ … ] }` takes the first that is there.";
    REPEATING = "PM013", Error, "One value stands where the element repeats",
        "A repeating element is a list in FHIR's JSON, even with one entry, and so it is here: put `- ` before the value, or brackets around it.";
    REQUIRED_ELEMENT = "PM014", Error, "An element that R4 requires is missing",
        "Without it no resource would be valid. Where the database does not hold the value, give a constant, or a data-absent-reason extension on it (`_status: { extension: [ … ] }`).";
    CONSTANT_FORM = "PM015", Error, "A constant does not have the form of its type",
        "Each primitive type of R4 has a lexical form: http://hl7.org/fhir/R4/datatypes.html.";
    OUTSIDE_BINDING = "PM016", Error, "A code is not in the element's required value set",
        "R4 allows only the codes of that value set here; in a Coding a code goes with its system, and one without it, or of another, is not that code. Codes of the practice go to another element, or are mapped with `codes:`.";
    CHOICE_TWICE = "PM017", Error, "A choice element is given twice, and the first of them is always there",
        "At most one type of a choice (`deceasedBoolean`, `deceasedDateTime`) may be in a resource. Of several, the first in the file whose value is there is written; after a constant, which is always there, none ever is.";
    NOT_PRIMITIVE = "PM018", Error, "One value stands where an element has parts",
        "The element's type is an object: give its elements, as FHIR's JSON does. A Coding or CodeableConcept may also be `{ column: …, codes: … }`.";
    SET_ELSEWHERE = "PM019", Error, "An element that follows from other keys of the source",
        "`id` comes from `id:`, `resourceType` from `resource:`, `meta.profile` from `profile:`, `meta.lastUpdated` from `lastUpdated:`.";
    UNKNOWN_TABLE = "PM020", Error, "The table is not declared",
        "Tables are declared with their key and the columns that are used under `tables:`, so that types are known and a site's database can be checked.";
    UNKNOWN_COLUMN = "PM021", Error, "The column is not declared for its table",
        "Columns are declared with their types under `tables:`. Names are compared to the letter.";
    UNKNOWN_ALIAS = "PM022", Error, "No table, lookup or child has that alias",
        "A column is written `alias.COLUMN`; aliases come from `table: PATIENTS as p`, from the names under `lookups:` and from `children:`.";
    DUPLICATE_ALIAS = "PM023", Error, "An alias is used twice in a source",
        "The table, the lookups and the children of a source need aliases that differ.";
    COLUMN_TYPE = "PM024", Error, "A column's type or collation is not known",
        "Types are SQL Server's names (`int`, `char(40)`, `varchar(max)`, `datetime`, `decimal(10,2)`), or those of Firebird, SQL Anywhere and SQLite that are the same thing. Collations are the engine's names.";
    CONDITION_SYNTAX = "PM025", Error, "A condition, table or column is not written in the form that it has",
        "Conditions compare columns with each other and with literals: `p.A = 1 and (p.B is null or p.C in ('x', 'y'))`. What they cannot say is written as `{ sql: { mssql: \"…\" } }`.";
    COMPARED_TYPES = "PM026", Error, "A column is compared with what its type cannot be compared with",
        "The database would convert one of them, and lose the index or fail on a row. The id of a reference is compared with its target's.";
    CYCLIC_LOOKUPS = "PM027", Error, "Lookups refer to each other in a circle",
        "A lookup may refer to the table and to other lookups, as long as one can be joined first.";
    TOO_MANY_LOOKUPS = "PM028", Error, "More lookups or children than a source may have",
        "A source has at most 60 lookups and 60 children, each child at most 60 lookups of its own.";
    LOOKUP_MULTIPLIES = "PM029", Warning, "A lookup may find more than one row",
        "Its condition does not fix all columns of the table's key. Each further row would give the resource again. Compare the whole key, or declare the key that holds for the rows looked up.";
    CHILD_OUTSIDE = "PM030", Error, "A child's column is used outside its entry",
        "A child has many rows for one of the source's; its columns have a meaning only in a list entry with `each:` and the child's name.";
    EACH = "PM031", Error, "`each:` or `if:` is used wrongly",
        "`each:` names one of the source's `children:` and stands in an entry of a list; entries with `each:` do not nest. `if:` stands in an entry of a list or in the value of an element.";
    MIXED_ROWS = "PM032", Error, "Columns of the source stand among those of a child",
        "They are read by different commands: all that an entry with `each:` says comes from the child's rows, its conditions too. Join the table that is needed as a lookup of the child, or bind the source's columns to elements of their own.";
    CHILD_ON = "PM033", Error, "A child's `on` does not connect it to the source",
        "It compares columns of the child with columns of the source, with `=` and `and`. Other conditions on the child's rows go to `where`.";
    RAW_DIALECT = "PM034", Error, "A SQL fragment has no text for the mapping's engine",
        "Give the text for `engine:`, and for `sqlite` if the mapping is to run on the embedded practice.";
    RAW_TEXT = "PM035", Error, "A SQL fragment is not written as fragments are",
        "Columns are written `{alias.COLUMN}`, so that they can be checked and quoted; comments and semicolons have no place in a fragment.";
    OPTIONAL_COLUMN = "PM036", Error, "An optional column decides which rows there are, or what their ids are",
        "A column that only some versions of the product have may supply elements. Without it there would be no row, or another id.";
    ID_TYPE = "PM037", Error, "A column of this type cannot be an id",
        "A FHIR id has at most 64 letters, digits, hyphens and dots. Whole numbers, GUIDs and short texts serve.";
    CATALOGUE = "PM038", Error, "Tables of different catalogues in one source",
        "A command runs in one catalogue. Declare the catalogues in `mapping.yaml`; map what lies in another one as a source of its own and refer to it.";
    SHARED_ID = "PM039", Warning, "Two rows may have the same id",
        "The columns of `id:` are not all of the table's key, or come from a lookup that several rows may share. A search would find each of the rows, and a read of the id any of them. Make the id of the whole key, or declare the key that holds.";
    UNKNOWN_CODES = "PM040", Error, "No code table has that name",
        "Code tables are defined under `codes:`, in the file or for all files.";
    CONVERSION = "PM041", Error, "The column cannot become the element",
        "The element's type decides the conversion, and the column's type must allow it. The message says what would.";
    CONVERSION_KEYS = "PM042", Error, "Keys of a value that do not go together",
        "A value has one origin (`column`, `join`, `concat`, `date`, `year`, `first`, `to` or `sql`) and the keys that belong to it.";
    CODE_TABLE = "PM043", Error, "An entry of a code table is not of use",
        "An entry is `raw: code` or `raw: { code: …, display: …, system: … }`. A `system:` for all entries stands beside `values:`, which holds them then. The raw value must be one that the column's type can hold; texts that differ in case only are the same.";
    LAYOUT = "PM044", Error, "The layout of a date is not known",
        "A layout has `YYYY`, and may have `MM` and `DD` (the day only with the month), each once, with separators between: `DD/MM/YYYY`, `MM/YYYY`, `YYYYMMDD`.";
    UNCHECKED_CODE = "PM045", Warning, "An element with a required value set has a column without a code table",
        "A value outside of the value set would make the resource invalid, and is left out. Map the values with `codes:`.";
    LOOKS_LIKE_COLUMN = "PM046", Warning, "A constant looks like a column",
        "A column is written with `$` before it: `$p.SURNAME`. Without it the text itself would be in every resource.";
    EMPTY_FILE = "PM047", Warning, "A file says nothing",
        "It is empty, or holds comments only. A file that was meant to be a source is not served.";
    UNANSWERED_CODE = "PM048", Warning, "A required element's code table answers for its listed values only",
        "A row with any other value, or none, has no such element, and without it the object around it, or the whole resource, is left out. Let the table answer for `\"*\"` (any other value) and `\"\"` (no value).";
    TOO_SHORT = "PM049", Warning, "A column never holds what it is compared with, or read as",
        "The text is longer than the column is declared to be, or the layout of a date does not fit its type. No row has such a value: an entry of a code table gives nothing, a condition holds for no row or for all, and no date is read.";
    REFERENCE_TARGET = "PM050", Error, "The element cannot refer to that",
        "R4 lists the types that each reference may lead to. `#x` leads to the contained resource of the id `x`, which must be there.";
    NOT_SERVED = "PM051", Warning, "A reference leads to what this mapping does not serve",
        "The reference would lead nowhere here. Map the type, or correct the name of its source.";
    REFERENCE_ID = "PM052", Error, "A reference by one column to a source whose id has several",
        "An id of several columns has them joined by dots, and a reference has one column. Make the id one value in a fragment, in the source and in the reference.";
    PROFILE_URL = "PM053", Error, "A profile is not an absolute URL",
        "A profile is named by its canonical URL: `http://hl7.org.au/fhir/core/StructureDefinition/au-core-patient`.";
    SEARCH = "PM054", Error, "An entry under `search:` cannot be used",
        "`name: off` takes back a parameter of R4's; `{ type: …, column: … }` offers one of your own.";
    PARTLY_SEARCHED = "PM055", Warning, "A search parameter is not offered, since a part of what it looks at cannot be searched",
        "Some elements that it looks at are written from what a database cannot compare: joined text, a measurement kept as text.";
    LACKS = "PM056", Error, "An entry under `lacks:` names nothing that could be there",
        "A source names elements of R4, slices of AU Core's profiles, and search parameters; the manifest names resource types and profiles of AU Core.";
    NOT_LACKING = "PM057", Error, "What is said to be lacking is mapped",
        "`lacks:` gives the reason why the database has no such thing. Since the mapping has it, the reason is not true, or no longer.";
    REQUIRED_PARAMETER = "PM058", Error, "What a source requires of a search is no date parameter of it",
        "`requires:` names a parameter by which a search says from when until when: a date parameter that the source's own elements answer.";
    INVARIANT = "PM059", Warning, "An invariant of R4 does not hold in any row",
        "What R4 asks of an object's elements together is decided by which of them are mapped: the code of a unit goes with its system, the value of a ContactPoint with its kind, and an extension has a value. The resources are served, but do not conform to R4.";
    MEASURE_PART = "PM060", Warning, "Of a measurement kept as text a part is mapped, and another is lost",
        "`measure: number` takes the number out of `<0.5`, and nothing out of `not seen`. Map the comparator of the same column beside it, and the text that is no number to an element of its own (`measure: text`).";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_explained() {
        assert!(ALL.windows(2).all(|pair| pair[0].code < pair[1].code));
        for rule in ALL {
            assert!(
                rule.code.len() == 5 && rule.code.starts_with("PM"),
                "{}",
                rule.code
            );
            assert!(rule.explanation.ends_with('.'), "{}", rule.code);
            assert!(!rule.title.ends_with('.'), "{}", rule.code);
        }
    }
}
