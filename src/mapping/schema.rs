//! What a mapping says of the database: its manifest, its tables and the code tables that its files
//! share.
//!
//! Takes the trees of all files; gives a [`Schema`] that names can be looked up in. What cannot be
//! read is reported and left out; a table with a wrong column keeps the others, so that one mistake
//! is one problem.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::codes::{self, Codes};
use super::diagnostic::{At, Problem};
use super::lacks::{self, LackingType};
use super::model::{ColumnInfo, TableInfo, Verified};
use super::names::{nearest, suggest};
use super::vocabulary::{self, names};
use super::yaml::{Node, Pair, Span, Value, get};
use super::{raw, rules, shape};
use crate::relation::{Collation, Dialect, RawSql, Shared, SqlType};

/// `mapping.yaml`
#[derive(Debug)]
pub(super) struct Manifest {
    pub name: Arc<str>,
    /// What the API calls the product, where that is not its name.
    pub pms: Option<Arc<str>>,
    pub engine: Dialect,
    pub verified: Verified,
    /// How text columns compare where a column says nothing.
    pub collation: Option<Arc<Collation>>,
    pub catalogues: Vec<Arc<str>>,
    /// Where each of them stands in the file.
    pub catalogue_spans: Vec<Span>,
    pub lacks: Vec<LackingType>,
}

impl Default for Manifest {
    /// What stands in for a manifest that could not be read, so that the other files are checked
    /// all the same.
    fn default() -> Self {
        Manifest {
            name: Arc::from(""),
            pms: None,
            engine: Dialect::Mssql,
            verified: Verified::Illustrative,
            collation: None,
            catalogues: Vec::new(),
            catalogue_spans: Vec::new(),
            lacks: Vec::new(),
        }
    }
}

/// The manifest, the tables, and the shared code tables.
#[derive(Debug, Default)]
pub(super) struct Schema {
    pub manifest: Manifest,
    pub tables: BTreeMap<Arc<str>, TableInfo>,
    pub codes: BTreeMap<Arc<str>, Codes>,
    /// Columns of a table that are declared wrongly: their uses have no problem of their own.
    broken: HashSet<(Arc<str>, String)>,
    /// Tables that are declared twice: a column that is not known may stand in the second of them.
    twice: HashSet<Arc<str>>,
    /// Tables that are declared, but wrongly as a whole.
    broken_tables: HashSet<String>,
    /// Tables of which it is not known in which catalogue they are.
    astray: HashSet<Arc<str>>,
    /// Catalogues that tables name, the default one too.
    named: HashSet<Arc<str>>,
    /// A table that names none.
    unnamed: Option<Arc<str>>,
    /// A file, or the tables of one, could not be read: what is not declared may stand there.
    pub unread: bool,
    /// The same of code tables.
    pub codes_unread: bool,
    /// The manifest could not be read: its catalogues are not known.
    pub manifest_unread: bool,
}

/// How sure a name may be.
pub(super) const VERIFIED: [(&str, Verified); 2] = [
    ("public", Verified::Public),
    ("illustrative", Verified::Illustrative),
];

/// How sure a name is.
fn verified(at: At<'_>, node: &Node) -> Option<Verified> {
    shape::word(at, node, "value of `verified:`", &VERIFIED)
}

/// Engines that products have and no dialect is for.
const FOREIGN: [&str; 7] = [
    "mysql",
    "mariadb",
    "postgresql",
    "postgres",
    "oracle",
    "access",
    "filemaker",
];

fn engine(at: At<'_>, node: &Node) -> Option<Dialect> {
    if let Some(name) = node.as_text()
        && FOREIGN.contains(&name.to_ascii_lowercase().as_str())
    {
        at.report(
            Problem::new(
                &rules::INVALID_VALUE,
                &node.span,
                format!("no SQL is written for `{name}`"),
            )
            .label("no dialect")
            .help("a copy of its tables in SQLite can be served: `engine: sqlite`"),
        );
        return None;
    }
    let engines = Dialect::ALL.map(|dialect| (dialect.name(), dialect));
    shape::word(at, node, "engine", &engines)
}

/// What the API of sites calls the product.
fn pms(at: At<'_>, node: &Node) -> Option<Arc<str>> {
    let name = node
        .as_text()
        .map(str::trim)
        .filter(|name| !name.is_empty());
    if name.is_none() {
        let help =
            "`pms: Zedmed`; where the API is to have the product's `name:`, leave the key out";
        let what = "`pms:`, the product's name in the API,";
        shape::wrong_but(at, node, "text", what, Some(help.to_owned()));
    }
    name.map(Arc::from)
}

/// Reads `mapping.yaml`, apart from `tables:` and `codes:`.
pub(super) fn manifest(at: At<'_>, root: &Node) -> Manifest {
    let mut manifest = Manifest::default();
    let Some(pairs) = shape::map(at, root, "`mapping.yaml`") else {
        return manifest;
    };
    shape::only(at, pairs, &names(&vocabulary::MANIFEST), "the manifest");
    let start = root.span.start..root.span.start;
    let required = |key, help| shape::required(at, pairs, key, &start, "the manifest", help);

    if let Some(node) = required("name", "the product's name, for people: `name: Bp Premier`")
        && let Some(name) = shape::text(at, node, "the product's name")
    {
        manifest.name = Arc::from(name);
    }
    manifest.pms = get(pairs, "pms").and_then(|pair| pms(at, &pair.value));
    if let Some(node) = required("engine", "the database engine: `engine: mssql`")
        && let Some(engine) = engine(at, node)
    {
        manifest.engine = engine;
    }
    let help = "`verified: public` where public code shows the names of tables and columns, else `illustrative`";
    if let Some(verified) = required("verified", help).and_then(|node| verified(at, node)) {
        manifest.verified = verified;
    }
    if let Some(node) = required(
        "collation",
        "how text columns compare: `collation: Latin1_General_CI_AS`",
    ) {
        manifest.collation = collation(at, node);
    }
    if let Some(pair) = get(pairs, "catalogues") {
        for node in pair.value.entries() {
            if let Some(name) = shape::text(at, node, "the name of a catalogue") {
                manifest.catalogues.push(Arc::from(name));
                manifest.catalogue_spans.push(node.span.clone());
            }
        }
    }
    if let Some(pair) = get(pairs, "lacks") {
        manifest.lacks = lacks::of_manifest(at, &pair.value);
    }
    manifest
}

/// Collations of the engines, for a name that is misspelt.
pub(super) const COLLATIONS: [&str; 8] = [
    "Latin1_General_CI_AS",
    "Latin1_General_CI_AI",
    "SQL_Latin1_General_CP1_CI_AS",
    "UNICODE_CI_AI",
    "1252LATIN1",
    "BINARY",
    "NOCASE",
    "NONE",
];

pub(super) fn collation(at: At<'_>, node: &Node) -> Option<Arc<Collation>> {
    let text = shape::text(at, node, "a collation")?;
    let parsed = Collation::parse(text);
    if parsed.is_none() {
        at.report(
            Problem::new(
                &rules::COLUMN_TYPE,
                &node.span,
                format!("the collation `{}` is not known", shape::clip(text)),
            )
            .help(match nearest(text, COLLATIONS) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "give the engine's name for it: `Latin1_General_CI_AS`, `UNICODE_CI_AI`, `BINARY`".to_owned(),
            }),
        );
    }
    parsed.map(Arc::new)
}

impl Schema {
    /// Whether the column is declared, but wrongly.
    pub fn is_broken(&self, table: &Arc<str>, column: &str) -> bool {
        self.twice.contains(table)
            || !self.broken.is_empty()
                && self
                    .broken
                    .contains(&(Arc::clone(table), column.to_owned()))
    }

    /// Whether a table that is not known may be declared where nothing could be read: its uses have no problem
    /// of their own.
    pub fn may_declare(&self, table: &str) -> bool {
        self.unread || self.broken_tables.contains(table)
    }

    /// Whether the table's catalogue is not known, which has been reported.
    pub fn is_astray(&self, table: &str) -> bool {
        self.manifest_unread || self.astray.contains(table)
    }

    /// Adds the `tables:` of a file.
    pub fn add_tables(&mut self, at: At<'_>, node: &Node) {
        let Some(pairs) = shape::map(at, node, "`tables:`") else {
            self.unread = true;
            return;
        };
        for pair in pairs {
            let plain = without_brackets(at, pair, "a table");
            let pair = plain.as_ref().unwrap_or(pair);
            if let Some(first) = self.tables.get(pair.key.as_str()) {
                self.twice.insert(Arc::clone(&first.name));
                at.report(
                    Problem::new(
                        &rules::DUPLICATE_NAME,
                        &pair.key_span,
                        format!("the table `{}` is declared twice", shape::clip(&pair.key)),
                    )
                    .note(format!("first at {}", first.place))
                    .help("put all columns under one of them"),
                );
                continue;
            }
            match self.table(at, pair) {
                Some(table) => {
                    self.tables.insert(Arc::clone(&table.name), table);
                }
                None => {
                    self.broken_tables.insert(pair.key.clone());
                }
            }
        }
    }

    /// Adds the shared `codes:` of a file.
    pub fn add_codes(&mut self, at: At<'_>, node: &Node) {
        let Some(pairs) = shape::map(at, node, "`codes:`") else {
            self.codes_unread = true;
            return;
        };
        for pair in pairs {
            if let Some(first) = self.codes.get_mut(pair.key.as_str()) {
                // Which of them is meant is not known.
                first.whole = false;
                at.report(
                    Problem::new(
                        &rules::DUPLICATE_NAME,
                        &pair.key_span,
                        format!(
                            "the code table `{}` is defined twice",
                            shape::clip(&pair.key)
                        ),
                    )
                    .note(format!("first in {}", first.file)),
                );
                continue;
            }
            let codes = codes::table(at, &pair.key, &pair.value);
            self.codes.insert(Arc::from(pair.key.as_str()), codes);
        }
    }

    fn table(&mut self, at: At<'_>, pair: &Pair) -> Option<TableInfo> {
        let what = format!("the table `{}`", shape::clip(&pair.key));
        let pairs = shape::map(at, &pair.value, &what)?;
        shape::only(at, pairs, &names(&vocabulary::TABLE), &what);
        let name: Arc<str> = Arc::from(pair.key.as_str());
        let mut columns = BTreeMap::new();
        let help = "each column that is used, with its type: `SURNAME: char(40)`";
        let columns_node = shape::required(at, pairs, "columns", &pair.key_span, &what, help);
        let help = "the columns that identify a row: `key: INTERNALID`";
        let key_node = shape::required(at, pairs, "key", &pair.key_span, &what, help);
        for pair in shape::map(at, columns_node?, "`columns:`")? {
            let plain = without_brackets(at, pair, "a column");
            let pair = plain.as_ref().unwrap_or(pair);
            match self.column(at, pair) {
                Some(column) => {
                    columns.insert(Arc::clone(&column.name), column);
                }
                None => {
                    self.broken.insert((Arc::clone(&name), pair.key.clone()));
                }
            }
        }
        let key = match key_node {
            Some(node) => self.key(at, node, &name, &mut columns),
            None => Vec::new(),
        };
        let catalogue = match get(pairs, "catalogue") {
            Some(pair) => self.catalogue(at, &pair.value, &name),
            None => {
                self.unnamed.get_or_insert_with(|| Arc::clone(&name));
                None
            }
        };
        let derived = get(pairs, "sql").and_then(|pair| self.derived(at, &pair.value));
        Some(TableInfo {
            name,
            key,
            columns,
            catalogue,
            derived,
            place: at.place(&pair.key_span),
        })
    }

    /// `SURNAME: char(40)`, or `{ type, optional, nullable, collation }`.
    fn column(&self, at: At<'_>, pair: &Pair) -> Option<ColumnInfo> {
        let what = format!("the column `{}`", shape::clip(&pair.key));
        let (mut optional, mut nullable, mut own) = (false, true, None);
        let mut illustrative = false;
        let node = match &pair.value.value {
            Value::Map(pairs) => {
                shape::only(at, pairs, &names(&vocabulary::DECLARED_COLUMN), &what);
                let flag = |key, default| {
                    get(pairs, key)
                        .and_then(|pair| shape::boolean(at, &pair.value, &format!("`{key}:`")))
                        .unwrap_or(default)
                };
                (optional, nullable) = (flag("optional", false), flag("nullable", true));
                if let Some(pair) = get(pairs, "verified") {
                    illustrative = verified(at, &pair.value)? == Verified::Illustrative;
                    optional |= illustrative;
                }
                own = get(pairs, "collation").and_then(|pair| collation(at, &pair.value));
                shape::required(
                    at,
                    pairs,
                    "type",
                    &pair.key_span,
                    &what,
                    "give its type: `type: varchar(20)`",
                )?
            }
            _ => &pair.value,
        };
        let ty = sql_type(at, node)?;
        let collation = ty
            .is_text()
            .then(|| own.or_else(|| self.manifest.collation.clone()))
            .flatten();
        let name = Arc::from(pair.key.as_str());
        Some(ColumnInfo {
            name,
            ty,
            collation,
            optional,
            illustrative,
            nullable,
            place: at.place(&pair.key_span),
        })
    }

    /// The key of a table. Its columns cannot be NULL.
    fn key(
        &self,
        at: At<'_>,
        node: &Node,
        table: &Arc<str>,
        columns: &mut BTreeMap<Arc<str>, ColumnInfo>,
    ) -> Vec<Arc<str>> {
        let mut key = Vec::new();
        for node in node.entries() {
            let Some(name) = shape::text(at, node, "a column of the key") else {
                continue;
            };
            match columns.get_mut(name) {
                Some(column) => {
                    column.nullable = false;
                    key.push(Arc::clone(&column.name));
                }
                None if self.is_broken(table, name) => {}
                None => {
                    let declared = columns.keys().map(|name| &**name);
                    unknown_column(at, &node.span, name, declared);
                }
            }
        }
        key
    }

    /// The catalogue of a table; None for the default one.
    fn catalogue(&mut self, at: At<'_>, node: &Node, table: &Arc<str>) -> Option<Arc<str>> {
        let name = shape::text(at, node, "the name of a catalogue")?;
        self.named.insert(Arc::from(name));
        let declared = &self.manifest.catalogues;
        match declared.iter().position(|catalogue| **catalogue == *name) {
            Some(0) => None,
            Some(place) => Some(Arc::clone(&declared[place])),
            None if self.manifest_unread => None,
            None => {
                self.astray.insert(Arc::clone(table));
                let known = declared.iter().map(|catalogue| &**catalogue);
                let help = match nearest(name, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if declared.is_empty() => format!(
                        "list all catalogues in `mapping.yaml`, the default one first: `catalogues: [DEFAULT, {}]`",
                        shape::clip(name)
                    ),
                    None => "list it under `catalogues:` in `mapping.yaml`, behind the default one"
                        .to_owned(),
                };
                at.report(
                    Problem::new(
                        &rules::CATALOGUE,
                        &node.span,
                        format!("the catalogue `{}` is not declared", shape::clip(name)),
                    )
                    .help(help),
                );
                None
            }
        }
    }

    /// Reports catalogues in which no table lies, and a single one that is named as if there were another. `at` is the
    /// manifest. Asked when all files have been read; what could not be read might be a table's.
    pub fn catalogues_of_tables(&self, at: At<'_>) {
        let unsure = self.unread || self.manifest_unread || !self.broken_tables.is_empty();
        if unsure || !self.astray.is_empty() || self.tables.is_empty() {
            return;
        }
        let warn = |span: &Span, message: String, help: String| {
            at.report(Problem::new(&rules::CATALOGUES, span, message).help(help));
        };
        let manifest = &self.manifest;
        if let ([only], [span], Some(unnamed)) = (
            &manifest.catalogues[..],
            &manifest.catalogue_spans[..],
            &self.unnamed,
        ) && self.named.contains(only)
        {
            let message = format!(
                "`{only}` is the only catalogue, so that `{unnamed}` lies there too, which names none"
            );
            let help = format!(
                "list the one of the other tables before it: `catalogues: [DEFAULT, {only}]`; if all tables lie in `{only}`, let none name it"
            );
            return warn(span, message, help);
        }
        for ((name, span), place) in manifest
            .catalogues
            .iter()
            .zip(&manifest.catalogue_spans)
            .zip(0..)
        {
            let is_default = place == 0;
            if self.named.contains(name) || is_default && self.unnamed.is_some() {
                continue;
            }
            let help = match is_default {
                true => "it is the default one, in which the tables lie that name none: let the first of the list be one that has tables".to_owned(),
                false => format!("say which tables lie in it, `catalogue: {name}`, or take it out of the list"),
            };
            warn(
                span,
                format!("no table lies in the catalogue `{name}`"),
                help,
            );
        }
    }

    fn derived(&self, at: At<'_>, node: &Node) -> Option<Shared<RawSql>> {
        let fragment = raw::fragment(at, node, self.manifest.engine)?;
        if let Some(used) = fragment.columns.first() {
            at.report(
                Problem::new(
                    &rules::RAW_TEXT,
                    &used.span(at),
                    "the select of a table names a column in braces",
                )
                .help("a table's select stands on its own: write its columns plainly"),
            );
        }
        // A table has no type of its own; its columns have theirs.
        Some(Shared::new(RawSql {
            text: fragment.text,
            ty: SqlType::Int,
            collation: None,
            aliases: Vec::new(),
        }))
    }
}

/// A declaration whose name stands in brackets, under the name alone. They are SQL's, where the name is used.
fn without_brackets(at: At<'_>, pair: &Pair, what: &str) -> Option<Pair> {
    let name = pair.key.strip_prefix('[')?.strip_suffix(']')?;
    at.report(
        Problem::new(
            &rules::INVALID_VALUE,
            &pair.key_span,
            format!("{what} is declared by its name alone"),
        )
        .help(format!(
            "declare it without brackets: `{}:`",
            shape::clip(name)
        )),
    );
    Some(Pair {
        key: name.to_owned(),
        ..pair.clone()
    })
}

/// The types that most columns have, for one that is misspelt and for editors.
pub(super) const TYPES: [&str; 14] = [
    "bit",
    "int",
    "bigint",
    "smallint",
    "decimal",
    "money",
    "float",
    "char",
    "varchar",
    "nvarchar",
    "date",
    "time",
    "datetime",
    "uniqueidentifier",
];

/// Further types, and names that other engines have for these.
pub(super) const OTHER_TYPES: [&str; 12] = [
    "integer",
    "tinyint",
    "numeric",
    "real",
    "double",
    "nchar",
    "text",
    "smalldatetime",
    "datetime2",
    "timestamp",
    "boolean",
    "varbinary",
];

/// A column's type.
pub(super) fn sql_type(at: At<'_>, node: &Node) -> Option<SqlType> {
    let text = shape::text(at, node, "the type of a column")?;
    let parsed = SqlType::parse(text);
    if parsed.is_none() {
        let bare = text.split('(').next().unwrap_or_default().trim();
        let help = match TYPES.contains(&bare.to_ascii_lowercase().as_str()) {
            true => Some(
                "what stands in parentheses is not its length, or precision and scale".to_owned(),
            ),
            false => nearest(bare, OTHER_TYPES)
                .map(|name| format!("did you mean `{name}`?"))
                .filter(|_| nearest(bare, TYPES).is_none())
                .or_else(|| suggest(bare, TYPES, "types are, among others")),
        };
        at.report(
            Problem::new(
                &rules::COLUMN_TYPE,
                &node.span,
                format!("the type `{}` is not known", shape::clip(text)),
            )
            .maybe_help(help),
        );
    }
    parsed
}

/// Reports a column that its table does not have.
pub(super) fn unknown_column<'n>(
    at: At<'_>,
    span: &Span,
    name: &str,
    columns: impl Iterator<Item = &'n str> + Clone,
) {
    let help = match at.is_full() {
        true => None,
        false => suggest(name, columns, "declared are"),
    };
    at.report(
        Problem::new(
            &rules::UNKNOWN_COLUMN,
            span,
            format!(
                "the column `{}` is not declared for the table",
                shape::clip(name)
            ),
        )
        .maybe_help(help),
    );
}
