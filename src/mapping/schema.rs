//! What a mapping says of the database: its manifest, its tables and the code tables that its files share.
//!
//! Takes the trees of all files; gives a [`Schema`] that names can be looked up in. What cannot be read is
//! reported and left out; a table with a wrong column keeps the others, so that one mistake is one problem.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::codes::{self, Codes};
use super::diagnostic::{At, Problem};
use super::model::{ColumnInfo, TableInfo, Verified};
use super::yaml::{Node, Pair, Span, Value, get};
use super::{raw, rules, shape};
use crate::relation::{Collation, Dialect, RawSql, Shared, SqlType};

/// `mapping.yaml`
#[derive(Debug)]
pub(super) struct Manifest {
    pub name: Arc<str>,
    pub engine: Dialect,
    pub verified: Verified,
    /// How text columns compare where a column says nothing.
    pub collation: Option<Arc<Collation>>,
    pub catalogues: Vec<Arc<str>>,
}

impl Default for Manifest {
    /// What stands in for a manifest that could not be read, so that the other files are checked all the same.
    fn default() -> Self {
        Manifest {
            name: Arc::from(""),
            engine: Dialect::Mssql,
            verified: Verified::Illustrative,
            collation: None,
            catalogues: Vec::new(),
        }
    }
}

/// The manifest, the tables, and the shared code tables.
#[derive(Debug, Default)]
pub(super) struct Schema {
    pub manifest: Manifest,
    pub tables: BTreeMap<Arc<str>, TableInfo>,
    pub codes: BTreeMap<Arc<str>, Codes>,
}

const MANIFEST_KEYS: [&str; 7] = [
    "name",
    "engine",
    "verified",
    "collation",
    "catalogues",
    "tables",
    "codes",
];

/// Reads `mapping.yaml`, apart from `tables:` and `codes:`.
pub(super) fn manifest(at: At<'_>, root: &Node) -> Manifest {
    let mut manifest = Manifest::default();
    let Some(pairs) = shape::map(at, root, "`mapping.yaml`") else {
        return manifest;
    };
    shape::only(at, pairs, &MANIFEST_KEYS, "the manifest");
    let start = root.span.start..root.span.start;
    let required = |key, help| shape::required(at, pairs, key, &start, "the manifest", help);

    if let Some(node) = required("name", "the product's name, for people: `name: Bp Premier`") {
        if let Some(name) = shape::text(at, node, "the product's name") {
            manifest.name = Arc::from(name);
        }
    }
    let engines = Dialect::ALL.map(|dialect| (dialect.name(), dialect));
    if let Some(node) = required("engine", "the database engine: `engine: mssql`") {
        if let Some(engine) = shape::word(at, node, "engine", &engines) {
            manifest.engine = engine;
        }
    }
    let help = "`verified: public` where public code shows the names of tables and columns, else `illustrative`";
    if let Some(node) = required("verified", help) {
        let words = [
            ("public", Verified::Public),
            ("illustrative", Verified::Illustrative),
        ];
        if let Some(verified) = shape::word(at, node, "value of `verified:`", &words) {
            manifest.verified = verified;
        }
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
            }
        }
    }
    manifest
}

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
            .help(
                "give the engine's name for it: `Latin1_General_CI_AS`, `UNICODE_CI_AI`, `BINARY`",
            ),
        );
    }
    parsed.map(Arc::new)
}

impl Schema {
    /// Adds the `tables:` of a file.
    pub fn add_tables(&mut self, at: At<'_>, node: &Node) {
        let Some(pairs) = shape::map(at, node, "`tables:`") else {
            return;
        };
        for pair in pairs {
            if let Some(first) = self.tables.get(pair.key.as_str()) {
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
            if let Some(table) = self.table(at, pair) {
                self.tables.insert(Arc::clone(&table.name), table);
            }
        }
    }

    /// Adds the shared `codes:` of a file.
    pub fn add_codes(&mut self, at: At<'_>, node: &Node) {
        let Some(pairs) = shape::map(at, node, "`codes:`") else {
            return;
        };
        for pair in pairs {
            if let Some(first) = self.codes.get(pair.key.as_str()) {
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
            if let Some(codes) = codes::table(at, &pair.key, &pair.value) {
                self.codes.insert(Arc::from(pair.key.as_str()), codes);
            }
        }
    }

    fn table(&self, at: At<'_>, pair: &Pair) -> Option<TableInfo> {
        let what = format!("the table `{}`", shape::clip(&pair.key));
        let pairs = shape::map(at, &pair.value, &what)?;
        shape::only(at, pairs, &["key", "catalogue", "columns", "sql"], &what);
        let mut columns = BTreeMap::new();
        let help = "each column that is used, with its type: `SURNAME: char(40)`";
        if let Some(node) = shape::required(at, pairs, "columns", &pair.key_span, &what, help) {
            for pair in shape::map(at, node, "`columns:`")? {
                if let Some(column) = self.column(at, pair) {
                    columns.insert(Arc::clone(&column.name), column);
                }
            }
        }
        let help = "the columns that identify a row: `key: INTERNALID`";
        let key_node = shape::required(at, pairs, "key", &pair.key_span, &what, help);
        let key = key_node
            .map(|node| key(at, node, &mut columns))
            .unwrap_or_default();
        let catalogue = get(pairs, "catalogue").and_then(|pair| self.catalogue(at, &pair.value));
        let derived = get(pairs, "sql").and_then(|pair| self.derived(at, &pair.value));
        Some(TableInfo {
            name: Arc::from(pair.key.as_str()),
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
        let node = match &pair.value.value {
            Value::Map(pairs) => {
                shape::only(
                    at,
                    pairs,
                    &["type", "optional", "nullable", "collation"],
                    &what,
                );
                let flag = |key, default| {
                    get(pairs, key)
                        .and_then(|pair| shape::boolean(at, &pair.value, key))
                        .unwrap_or(default)
                };
                (optional, nullable) = (flag("optional", false), flag("nullable", true));
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
            nullable,
            place: at.place(&pair.key_span),
        })
    }

    /// The catalogue of a table; None for the default one.
    fn catalogue(&self, at: At<'_>, node: &Node) -> Option<Arc<str>> {
        let name = shape::text(at, node, "the name of a catalogue")?;
        let declared = &self.manifest.catalogues;
        match declared.iter().position(|catalogue| **catalogue == *name) {
            Some(0) => None,
            Some(place) => Some(Arc::clone(&declared[place])),
            None => {
                at.report(
                    Problem::new(
                        &rules::CATALOGUE,
                        &node.span,
                        format!("the catalogue `{}` is not declared", shape::clip(name)),
                    )
                    .help("list it under `catalogues:` in `mapping.yaml`"),
                );
                None
            }
        }
    }

    fn derived(&self, at: At<'_>, node: &Node) -> Option<Shared<RawSql>> {
        let fragment = raw::fragment(at, node, self.manifest.engine)?;
        if let Some((_, span)) = fragment.columns.first() {
            at.report(
                Problem::new(
                    &rules::RAW_TEXT,
                    span,
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

/// A column's type.
pub(super) fn sql_type(at: At<'_>, node: &Node) -> Option<SqlType> {
    let text = shape::text(at, node, "the type of a column")?;
    let parsed = SqlType::parse(text);
    if parsed.is_none() {
        const NAMES: [&str; 14] = [
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
        let bare = text.split('(').next().unwrap_or_default();
        at.report(
            Problem::new(
                &rules::COLUMN_TYPE,
                &node.span,
                format!("the type `{}` is not known", shape::clip(text)),
            )
            .maybe_help(super::diagnostic::suggest(
                bare.trim(),
                NAMES,
                "types are, among others",
            )),
        );
    }
    parsed
}

/// The key of a table. Its columns cannot be NULL.
fn key(at: At<'_>, node: &Node, columns: &mut BTreeMap<Arc<str>, ColumnInfo>) -> Vec<Arc<str>> {
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
            None => unknown_column(at, &node.span, name, columns.keys().map(|name| &**name)),
        }
    }
    key
}

/// Reports a column that its table does not have.
pub(super) fn unknown_column<'n>(
    at: At<'_>,
    span: &Span,
    name: &str,
    columns: impl Iterator<Item = &'n str> + Clone,
) {
    at.report(
        Problem::new(
            &rules::UNKNOWN_COLUMN,
            span,
            format!(
                "the column `{}` is not declared for the table",
                shape::clip(name)
            ),
        )
        .maybe_help(super::diagnostic::suggest(name, columns, "declared are")),
    );
}
