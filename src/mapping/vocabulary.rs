//! The keys of the language: for each place in a file, the keys that may stand there, what their values are like, and
//! what they are for.
//!
//! One list for each place. The checker refuses what is not in it, and the schema for editors
//! ([`super::json_schema`]) is made of it, so that neither knows a key that the other does not.

/// A key that may stand in a mapping of the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub name: &'static str,
    /// What stands behind it.
    pub form: Form,
    /// The mapping is not complete without it.
    pub needed: bool,
    /// For a person who points at it in an editor: a sentence without its end.
    pub about: &'static str,
}

/// What a value is like.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    /// The definition of that name in the schema.
    Is(&'static str),
    /// One of some words.
    Word(&'static [&'static str]),
    /// A whole number within bounds.
    Whole(i64, i64),
    /// `true` or `false`.
    Flag,
}

pub(crate) const fn key(name: &'static str, form: Form, about: &'static str) -> Key {
    Key {
        name,
        form,
        needed: false,
        about,
    }
}

pub(crate) const fn needed(name: &'static str, form: Form, about: &'static str) -> Key {
    Key {
        needed: true,
        ..key(name, form, about)
    }
}

/// The names of some keys.
pub(crate) const fn names<const N: usize>(keys: &[Key; N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut place = 0;
    while place < N {
        names[place] = keys[place].name;
        place += 1;
    }
    names
}

/// The words that a checker's table of words and meanings knows.
pub(super) const fn words<T: Copy, const N: usize>(
    table: &[(&'static str, T); N],
) -> [&'static str; N] {
    let mut words = [""; N];
    let mut place = 0;
    while place < N {
        words[place] = table[place].0;
        place += 1;
    }
    words
}

use Form::{Flag, Is, Whole, Word};

/// `mapping.yaml`
pub(super) const MANIFEST: [Key; 10] = [
    needed("name", Is("text"), "The product's name, for people"),
    key(
        "pms",
        Is("text"),
        "What the cloud surface's API calls the product, where that is not its name: `Best Practice`, `Zedmed`, `D4w`",
    ),
    needed(
        "engine",
        Is("engine"),
        "The database engine that the fragments in SQL are written for",
    ),
    needed(
        "verified",
        Word(&words(&super::schema::VERIFIED)),
        "`public` where public code shows the names of tables and columns, else `illustrative`",
    ),
    needed(
        "collation",
        Is("collation"),
        "How a text column compares where it says nothing itself",
    ),
    key(
        "catalogues",
        Is("texts"),
        "The databases of the product by name, the default one first",
    ),
    key(
        "practice",
        Is("practice"),
        "Where the database says which practice it is: its name, the product's number of it, the product's version",
    ),
    key(
        "lacks",
        Is("reasons"),
        "Resource types and profiles of AU Core of which the database has nothing, each with the reason",
    ),
    TABLES,
    CODES,
];

const TABLES: Key = key(
    "tables",
    Is("tables"),
    "The tables and columns that are read, for all files",
);

const CODES: Key = key(
    "codes",
    Is("codeTables"),
    "Code tables by name: of this file where it has a `resource:`, else of all files",
);

/// A file that is neither the manifest nor a source.
pub(super) const SHARED: [Key; 2] = [TABLES, CODES];

/// A file with `resource:`.
pub(super) const SOURCE: [Key; 15] = [
    needed(
        "resource",
        Is("resourceType"),
        "The resource type of R4 that a row of the table is",
    ),
    key(
        "source",
        Is("sourceName"),
        "The source's name, where a type has several; the ids begin with it (`kin-12`)",
    ),
    key(
        "profile",
        Is("profiles"),
        "The profile that the resources conform to, or a list; with `if:`, those that have the elements",
    ),
    needed(
        "table",
        Is("text"),
        "The table whose rows are the resources, and its alias: `PATIENTS as p`",
    ),
    key(
        "rows",
        Is("condition"),
        "The condition under which a row is a resource",
    ),
    needed(
        "id",
        Is("columns"),
        "The column that becomes the id, or a list whose values are joined by dots",
    ),
    key(
        "lastUpdated",
        Is("lastUpdated"),
        "When the row last changed: a column of date-times, or a list of which the first that is there counts",
    ),
    key(
        "requires",
        Is("requirement"),
        "The range of dates that a search must give before this source is asked",
    ),
    key(
        "lookups",
        Is("lookups"),
        "Other tables, one row each, by alias: `sex: SEX on sex.SEXCODE = p.SEXCODE`",
    ),
    key(
        "children",
        Is("children"),
        "Other tables, many rows each, by name: `emails: EMAIL as e on e.ID = p.ID`",
    ),
    needed(
        "elements",
        Is("elements"),
        "The resource as it will look, with `$alias.COLUMN` wherever a value comes from the row",
    ),
    key(
        "search",
        Is("search"),
        "Search parameters taken back (`name: off`), and parameters of your own",
    ),
    key(
        "lacks",
        Is("lacks"),
        "Elements and searches that the database cannot give, each with the reason",
    ),
    CODES,
    TABLES,
];

/// `practice:` of the manifest.
pub(super) const PRACTICE: [Key; 5] = [
    needed(
        "table",
        Is("text"),
        "The table that says which practice it is, and its alias: `PRACTICE as p`; of its rows the first counts",
    ),
    key(
        "rows",
        Is("condition"),
        "The condition that its row must hold",
    ),
    key("name", Is("column"), "The column of the practice's name"),
    key(
        "siteId",
        Is("column"),
        "The column of the product's own number of the practice",
    ),
    key(
        "version",
        Is("column"),
        "The column of the product's version",
    ),
];

/// An entry of `tables:`.
pub(super) const TABLE: [Key; 4] = [
    needed(
        "key",
        Is("texts"),
        "The column, or the columns, that identify a row; no two rows have the same, and none has NULL in it",
    ),
    key(
        "catalogue",
        Is("text"),
        "The database that it lies in, where that is not the default one",
    ),
    needed(
        "columns",
        Is("declaredColumns"),
        "Each column that is used, with its type: `SURNAME: char(40)`",
    ),
    key(
        "sql",
        Is("sql"),
        "A select of your own in place of a table of the database",
    ),
];

/// The long form of a column of a table.
pub(super) const DECLARED_COLUMN: [Key; 5] = [
    needed(
        "type",
        Is("type"),
        "The type that the column has in the database",
    ),
    key(
        "optional",
        Flag,
        "Only some versions of the product have it; what is mapped from it is left out where it is not there",
    ),
    key(
        "verified",
        Word(&words(&super::schema::VERIFIED)),
        "`illustrative` where nobody has seen its name: it is optional then, and `rows:` may compare it all the same",
    ),
    key("nullable", Flag, "`false` where it never holds NULL"),
    key(
        "collation",
        Is("collation"),
        "How it compares, where it is not as the manifest says",
    ),
];

/// The long form of a code table.
pub(super) const CODE_TABLE: [Key; 2] = [
    key(
        "system",
        Is("uri"),
        "The system of all codes that do not have one of their own",
    ),
    needed(
        "values",
        Is("codeEntries"),
        "What the column holds, and the code that it stands for; `\"*\"` is any other value, `\"\"` none",
    ),
];

/// The long form of an entry of a code table.
pub(super) const CODE_ENTRY: [Key; 3] = [
    needed("code", Is("text"), "The code"),
    key("display", Is("text"), "What people call it"),
    key(
        "system",
        Is("uri"),
        "Its system, where that is not the table's",
    ),
];

/// The long form of a lookup.
pub(super) const LOOKUP: [Key; 2] = [
    needed(
        "table",
        Is("text"),
        "The table to look in; the key is its alias",
    ),
    needed(
        "on",
        Is("condition"),
        "How its one row is found: `sex.SEXCODE = p.SEXCODE`",
    ),
];

/// The long form of a child.
pub(super) const CHILD: [Key; 5] = [
    needed(
        "table",
        Is("text"),
        "The child's table and its alias: `EMAIL as e`",
    ),
    needed(
        "on",
        Is("text"),
        "Which of its rows belong to a row of the source: `e.ID = p.ID`",
    ),
    key(
        "where",
        Is("condition"),
        "What its rows must hold besides: `e.STATUS = 1`",
    ),
    key(
        "order",
        Is("text"),
        "The order of its rows, as after `order by`: `e.KINDCODE desc, e.RECORDID`",
    ),
    key("lookups", Is("lookups"), "Lookups of the child's own"),
];

/// A profile that a resource names where it has some elements.
pub(super) const PROFILE: [Key; 2] = [
    needed("url", Is("uri"), "The profile's canonical URL"),
    key("if", Is("texts"), ABOUT_NEEDS),
];

/// Profiles that a column tells apart.
pub(super) const PROFILE_BY_CODE: [Key; 3] = [
    needed(
        "column",
        Is("column"),
        "The column that says which profile a row has",
    ),
    needed(
        "codes",
        Is("codes"),
        "A code table, or the name of one, whose codes are canonical URLs",
    ),
    key("if", Is("texts"), ABOUT_NEEDS),
];

const ABOUT_NEEDS: &str =
    "Elements that a resource must have to name the profile: `name`, `name.family`";

/// `requires:` of a source.
pub(super) const REQUIREMENT: [Key; 3] = [
    needed(
        "parameter",
        Is("text"),
        "The date parameter that says from when until when",
    ),
    needed(
        "days",
        Whole(1, super::requirement::MOST_DAYS),
        "How many days from and until may be apart",
    ),
    key(
        "otherwise",
        Word(&words(&super::requirement::OTHERWISE)),
        "`ahead`: a search that says nothing of it is from now on, for so many days",
    ),
];

/// `lacks:` of a source.
pub(super) const LACKS: [Key; 2] = [
    key(
        "elements",
        Is("reasons"),
        "Paths of elements (`address`, `identifier:ihi`, `onset[x]`), each with the reason",
    ),
    key(
        "search",
        Is("reasons"),
        "Search parameters whose elements do not say it, each with the reason",
    ),
];

/// A fragment in place of a column.
pub(super) const FRAGMENT: [Key; 3] = [SQL, TYPE, COLLATION];

/// A fragment in place of a condition.
pub(super) const CONDITION: [Key; 1] = [SQL];

const SQL: Key = needed(
    "sql",
    Is("sql"),
    "SQL of your own: a text for each engine, or one for all; columns are written `{alias.COLUMN}`",
);
const TYPE: Key = needed("type", Is("type"), "The SQL type of the fragment's result");
const COLLATION: Key = key(
    "collation",
    Is("collation"),
    "How the fragment's text compares",
);

/// What stands in an object of an element beside its own keys: in the value of an element that occurs once the first,
/// in an entry of a list both.
pub(super) const PLACED: [Key; 2] = [
    key(
        "if",
        Is("condition"),
        "The element is there only for rows that hold the condition",
    ),
    key(
        "each",
        Is("text"),
        "A child of the source: the entry is written once for each of its rows",
    ),
];

/// A part of `concat:`.
pub(super) const CONCAT_PART: [Key; 2] = [
    needed("column", Is("column"), "The part's column"),
    needed(
        "length",
        Whole(1, super::origin::LONGEST_PART),
        "How many characters the part has",
    ),
];

/// A parameter of one's own under `search:`, beside its value.
pub(super) const PARAMETER: [Key; 4] = [
    needed(
        "type",
        Word(&words(&super::section::KINDS)),
        "The kind of search parameter",
    ),
    key("system", Is("uri"), "The system of its codes, of a token"),
    key("url", Is("uri"), "The canonical URL of its SearchParameter"),
    key(
        "each",
        Is("text"),
        "A child of the source, in whose rows it looks",
    ),
];

/// An origin of a value, and the options that may stand beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub key: Key,
    pub options: &'static [Key],
}

impl Origin {
    /// Whether the key is one of its options.
    pub fn has(&self, name: &str) -> bool {
        self.options.iter().any(|option| option.name == name)
    }
}

const ABSENT: Key = key(
    "absent",
    Is("texts"),
    "A raw value that means \"unknown\", or a list of them",
);

/// What may be said of one column, or of a fragment.
const OF_COLUMN: [Key; 13] = [
    ABSENT,
    key(
        "compare",
        Word(&words(&super::binding::COMPARISONS)),
        "`digits`: a search compares digits only, as of telephone numbers",
    ),
    key(
        "codes",
        Is("codes"),
        "The code table, or the name of one, that turns what the column holds into codes",
    ),
    key(
        "part",
        Word(&words(&super::binding::PARTS)),
        "Which part of the code table's entry is written",
    ),
    key(
        "bit",
        Whole(1, i64::MAX),
        "The mask of a bit: the boolean is true where one of its bits is set",
    ),
    key(
        "is",
        Word(&words(&super::conversion::STATES)),
        "`clear` turns `bit:` round",
    ),
    key(
        "format",
        Is("layout"),
        "The layout of a date that is kept as text or as a number: `DD/MM/YYYY`",
    ),
    key(
        "precision",
        Word(&words(&super::conversion::PRECISIONS)),
        "How much of a date-time means anything",
    ),
    key(
        "zone",
        Word(&words(&super::conversion::ZONES)),
        "`utc` where the column is not the practice's own time",
    ),
    key("unix", Flag, "The number is of seconds since 1970"),
    key(
        "divide",
        Whole(1, super::conversion::MOST_FACTOR),
        "The number is divided by this",
    ),
    key(
        "multiply",
        Whole(1, super::conversion::MOST_FACTOR),
        "The number is multiplied by this",
    ),
    key(
        "measure",
        Word(&words(&super::conversion::MEASURES)),
        "Which part of a measurement that is kept as text (`<0.5`) is written",
    ),
];

/// The same, beside the type of a fragment.
const OF_FRAGMENT: [Key; 15] = {
    let mut keys = [TYPE; 15];
    keys[1] = COLLATION;
    let mut place = 0;
    while place < OF_COLUMN.len() {
        keys[place + 2] = OF_COLUMN[place];
        place += 1;
    }
    keys
};

/// The origins of a value from columns. It has one of them.
pub(super) const ORIGINS: [Origin; 8] = [
    Origin {
        key: key(
            "column",
            Is("column"),
            "The column that the value comes from",
        ),
        options: &OF_COLUMN,
    },
    Origin {
        key: SQL,
        options: &OF_FRAGMENT,
    },
    Origin {
        key: key(
            "join",
            Is("columnTexts"),
            "Texts, one after the other; what is absent is skipped",
        ),
        options: &[key(
            "with",
            Is("anyText"),
            "What stands between the texts; a blank, if it is not said",
        )],
    },
    Origin {
        key: key(
            "concat",
            Is("concatParts"),
            "A number that is kept in several columns, each of a fixed length",
        ),
        options: &[ABSENT],
    },
    Origin {
        key: key(
            "date",
            Is("column"),
            "The column of a day, whose time of day is in another column",
        ),
        options: &[
            key(
                "seconds",
                Is("column"),
                "The column that counts seconds since midnight",
            ),
            key(
                "minutes",
                Is("column"),
                "The column that counts minutes since midnight",
            ),
            key(
                "plus",
                Is("column"),
                "A column of a length in the same unit: the value is so much later",
            ),
            ABSENT,
        ],
    },
    Origin {
        key: key(
            "year",
            Is("column"),
            "The column of a year, whose month and day are in others",
        ),
        options: &[
            key(
                "month",
                Is("column"),
                "The column of the month, 0 or NULL where it is not known",
            ),
            key(
                "day",
                Is("column"),
                "The column of the day, 0 or NULL where it is not known",
            ),
        ],
    },
    Origin {
        key: key(
            "first",
            Is("alternatives"),
            "Values of which the first that is there counts",
        ),
        options: &[],
    },
    Origin {
        key: key(
            "to",
            Is("resourceType"),
            "The resource type that the reference leads to",
        ),
        options: &[
            needed("id", Is("column"), "The column that holds the target's id"),
            key(
                "source",
                Is("text"),
                "The name of the target's source, where it has one",
            ),
            ABSENT,
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_a_key_once_and_says_what_it_is_for() {
        let places: [&[Key]; 19] = [
            &MANIFEST,
            &PRACTICE,
            &SHARED,
            &SOURCE,
            &TABLE,
            &DECLARED_COLUMN,
            &CODE_TABLE,
            &CODE_ENTRY,
            &LOOKUP,
            &CHILD,
            &PROFILE,
            &PROFILE_BY_CODE,
            &REQUIREMENT,
            &LACKS,
            &FRAGMENT,
            &CONDITION,
            &PLACED,
            &PARAMETER,
            &OF_FRAGMENT,
        ];
        for keys in places {
            for (place, key) in keys.iter().enumerate() {
                assert!(
                    !key.about.is_empty() && !key.about.ends_with('.'),
                    "{}",
                    key.name
                );
                assert!(
                    keys[..place].iter().all(|other| other.name != key.name),
                    "{} stands twice",
                    key.name
                );
            }
        }
    }
}
