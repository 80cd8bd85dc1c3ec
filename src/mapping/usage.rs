//! What each column of a mapping is used for: a [`Mapping`] → the uses of every declared column, and those that have
//! none.
//!
//! A column counts as used where anything of it reaches a resource, a condition, a join, an order or a search. What
//! stands in a fragment is found by its `{alias.COLUMN}`; a select in place of a table is SQL of the author's own, and
//! only the columns that it gives are columns here.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entries::entry_paths;
use super::model::{Binding, Field, Mapping, Node, Source};
use super::walk;
use super::{Conversion, fragment};
use crate::relation::{Expr, Predicate, RawSql, Table, TableSource};

/// What a column is used for in a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// An element, by its path: `identifier[system=ihi].value`.
    Element(String),
    /// The condition of an element, by its path.
    Condition(String),
    Id,
    LastUpdated,
    /// Which rows are resources.
    Rows,
    /// The condition of a lookup, by its alias.
    Lookup(Arc<str>),
    /// Which rows a child has, by its name, or in which order.
    Child(Arc<str>),
    /// Which profile a resource names.
    Profile,
    /// A search parameter that looks at it, and at no element of it.
    Search(Arc<str>),
    /// What is told of the practice itself, by the key of the manifest: `name`.
    Practice(&'static str),
    /// Named in SQL of the mapping's own.
    Sql,
}

/// A table and a column of it.
pub type ColumnOf = (Arc<str>, Arc<str>);

/// The uses of columns, each with the place of its source in [`Mapping::sources`], where it is of one.
#[derive(Debug, Default)]
pub struct Usage(BTreeMap<ColumnOf, Vec<(Option<usize>, Use)>>);

impl Usage {
    /// Of every column of a mapping.
    pub fn of(mapping: &Mapping) -> Usage {
        let mut usage = Usage::default();
        let selects = mapping.tables.values().filter_map(|it| it.derived.as_ref());
        let mut texts: Vec<_> = selects.flat_map(|select| words(select)).collect();
        for (place, source) in mapping.sources.iter().enumerate() {
            let aliases = Aliases::of(mapping, source);
            let mut reader = Reader {
                aliases: &aliases,
                place: Some(place),
                usage: &mut usage,
                texts: &mut texts,
            };
            reader.source(source);
        }
        if let Some(about) = &mapping.practice {
            let table = &about.relation.table;
            let name = table_name(mapping, table);
            let of = name.map(|name| (Arc::clone(&table.alias), name));
            let mut reader = Reader {
                aliases: &Aliases(of.into_iter().collect()),
                place: None,
                usage: &mut usage,
                texts: &mut texts,
            };
            reader.predicate(&about.relation.rows, &Use::Practice("rows"));
            for (key, column) in about.columns() {
                reader.expr(column, &Use::Practice(key));
            }
        }
        usage.named_in_sql(mapping, &texts);
        usage
    }

    /// Notes columns that have no other use and are named in a select or a fragment, by words alone: which table a
    /// plain name belongs to only the database knows.
    fn named_in_sql(&mut self, mapping: &Mapping, texts: &[Vec<String>]) {
        for table in mapping
            .tables
            .values()
            .filter(|table| table.derived.is_none())
        {
            let of_table = texts.iter().filter(|words| has_word(words, &table.name));
            let of_table: Vec<_> = of_table.collect();
            for column in table.columns.keys() {
                let key = (Arc::clone(&table.name), Arc::clone(column));
                let is_named = of_table.iter().any(|words| has_word(words, column));
                if is_named && !self.0.contains_key(&key) {
                    self.0.insert(key, vec![(None, Use::Sql)]);
                }
            }
        }
    }

    /// What a column is used for; empty where it is not.
    pub fn uses(&self, table: &str, column: &str) -> &[(Option<usize>, Use)] {
        let key = (Arc::from(table), Arc::from(column));
        self.0.get(&key).map_or(&[], |uses| &uses[..])
    }

    /// The columns that are declared and used for nothing but the keys of their tables, by table and name.
    pub fn unmapped(&self, mapping: &Mapping) -> Vec<ColumnOf> {
        let declared = mapping.tables.values().flat_map(|table| {
            let others = table.columns.keys();
            others
                .filter(|column| !table.key.contains(column))
                .map(|column| (Arc::clone(&table.name), Arc::clone(column)))
        });
        declared
            .filter(|column| !self.0.contains_key(column))
            .collect()
    }

    fn note(&mut self, column: ColumnOf, place: Option<usize>, what: Use) {
        let uses = self.0.entry(column).or_default();
        let what = (place, what);
        if !uses.contains(&what) {
            uses.push(what);
        }
    }
}

/// The tables of a source by their aliases.
pub struct Aliases(BTreeMap<Arc<str>, Arc<str>>);

impl Aliases {
    /// Of a source, its lookups, its children and theirs.
    pub fn of(mapping: &Mapping, source: &Source) -> Aliases {
        let relation = &source.relation;
        let own = std::iter::once(&relation.table).chain(relation.joins.iter().map(|it| &it.table));
        let children = source.children.iter().flat_map(|child| {
            std::iter::once(&child.table).chain(child.joins.iter().map(|it| &it.table))
        });
        let names = own
            .chain(children)
            .filter_map(|table| Some((Arc::clone(&table.alias), table_name(mapping, table)?)));
        Aliases(names.collect())
    }

    /// The table of an alias.
    pub fn table(&self, alias: &str) -> Option<&Arc<str>> {
        self.0.get(alias)
    }
}

/// The name under which a mapping declares a table: a select of its own has one there, too.
pub fn table_name(mapping: &Mapping, table: &Table) -> Option<Arc<str>> {
    match &table.source {
        TableSource::Named(name) => Some(Arc::clone(name)),
        TableSource::Derived(select) => {
            let mut tables = mapping.tables.values();
            let found = tables.find(|table| table.derived.as_ref() == Some(select))?;
            Some(Arc::clone(&found.name))
        }
    }
}

struct Reader<'u> {
    aliases: &'u Aliases,
    /// Of the source, where it is one.
    place: Option<usize>,
    usage: &'u mut Usage,
    /// The words of the fragments.
    texts: &'u mut Vec<Vec<String>>,
}

impl Reader<'_> {
    fn source(&mut self, source: &Source) {
        for id in &source.id {
            self.expr(id, &Use::Id);
        }
        if let Some(instant) = &source.last_updated {
            self.binding(&instant.binding, &Use::LastUpdated);
        }
        self.predicate(&source.relation.rows, &Use::Rows);
        for join in &source.relation.joins {
            self.predicate(&join.on, &Use::Lookup(Arc::clone(&join.table.alias)));
        }
        for child in &source.children {
            let what = Use::Child(Arc::clone(&child.name));
            for (own, parent) in &child.on {
                self.expr(own, &what);
                self.expr(parent, &what);
            }
            self.predicate(&child.filter, &what);
            for order in &child.order {
                self.expr(&order.expr, &what);
            }
            for join in &child.joins {
                self.predicate(&join.on, &Use::Lookup(Arc::clone(&join.table.alias)));
            }
        }
        for profile in &source.profiles {
            if let Some(binding) = &profile.named_by {
                self.binding(binding, &Use::Profile);
            }
        }
        self.fields(&source.elements, "");
        // What R4's parameters look at are elements; what is left is the author's own.
        let mut names: Vec<&Arc<str>> = source.search.keys().collect();
        names.sort_unstable();
        for name in names {
            let mut found = Vec::new();
            for target in &source.search[name].targets {
                walk::target(target, &mut |expr| found.push(expr.clone()));
            }
            for expr in &found {
                self.unless_used(expr, &Use::Search(Arc::clone(name)));
            }
        }
    }

    fn fields(&mut self, fields: &[Field], around: &str) {
        for field in fields {
            let path = match around {
                "" => field.name.to_string(),
                around => format!("{around}.{}", field.name),
            };
            self.node(&field.node, &path);
        }
    }

    fn node(&mut self, node: &Node, path: &str) {
        match node {
            Node::Constant(_) => {}
            Node::Value(binding) => self.binding(binding, &Use::Element(path.to_owned())),
            Node::Object(object) => self.fields(&object.fields, path),
            Node::When(condition, inner) => {
                self.expr(condition, &Use::Condition(path.to_owned()));
                self.node(inner, path);
            }
            Node::List(entries) => {
                for (entry, path) in entries.iter().zip(entry_paths(path, entries)) {
                    if let Some(condition) = &entry.condition {
                        self.expr(condition, &Use::Condition(path.clone()));
                    }
                    self.node(&entry.node, &path);
                }
            }
        }
    }

    fn binding(&mut self, binding: &Binding, what: &Use) {
        for expr in &binding.columns {
            self.expr(expr, what);
        }
        if let Conversion::First(all) = &binding.conversion {
            all.iter().for_each(|one| self.binding(one, what));
        }
    }

    fn predicate(&mut self, predicate: &Predicate, what: &Use) {
        walk::predicate(predicate, &mut |expr| self.leaf(expr, what, false));
    }

    fn expr(&mut self, expr: &Expr, what: &Use) {
        walk::expr(expr, &mut |leaf| self.leaf(leaf, what, false));
    }

    fn unless_used(&mut self, expr: &Expr, what: &Use) {
        walk::expr(expr, &mut |leaf| self.leaf(leaf, what, true));
    }

    fn leaf(&mut self, leaf: &Expr, what: &Use, unless_used: bool) {
        if let Expr::Raw(raw) = leaf {
            self.texts.extend(words(raw));
        }
        for (alias, column) in named(leaf) {
            let Some(table) = self.aliases.table(&alias) else {
                continue;
            };
            let column = (Arc::clone(table), column);
            let is_used = |uses: &Vec<(Option<usize>, Use)>| {
                let is_value =
                    |what: &Use| matches!(what, Use::Element(_) | Use::Id | Use::LastUpdated);
                uses.iter()
                    .any(|(place, what)| *place == self.place && is_value(what))
            };
            if !(unless_used && self.usage.0.get(&column).is_some_and(is_used)) {
                self.usage.note(column, self.place, what.clone());
            }
        }
    }
}

/// The words of a select or fragment, in capitals, as each dialect has it.
fn words(raw: &RawSql) -> impl Iterator<Item = Vec<String>> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    raw.text.iter().map(move |(_, text)| {
        let words = text.split(|c: char| !is_name(c));
        let words = words.filter(|word| !word.is_empty());
        words.map(str::to_uppercase).collect()
    })
}

/// Whether a name stands among the words, alone or behind those of its schema or alias.
fn has_word(words: &[String], name: &str) -> bool {
    let name = name.to_uppercase();
    words.iter().any(|word| {
        *word == name
            || word
                .strip_suffix(name.as_str())
                .is_some_and(|before| before.ends_with('.'))
    })
}

/// The columns that an expression names itself, as alias and name: it, or those in the braces of a fragment.
pub fn named(leaf: &Expr) -> Vec<(Arc<str>, Arc<str>)> {
    match leaf {
        Expr::Column(column) => vec![(Arc::clone(&column.alias), Arc::clone(&column.name))],
        Expr::Raw(raw) => in_fragment(raw),
        _ => Vec::new(),
    }
}

fn in_fragment(raw: &RawSql) -> Vec<(Arc<str>, Arc<str>)> {
    let mut found = Vec::new();
    for (_, text) in &raw.text {
        for piece in text.split('{').skip(1) {
            let name = piece.split('}').next().unwrap_or_default();
            let Ok(name) = fragment::column(name) else {
                continue;
            };
            let column = (Arc::from(name.alias.value), Arc::from(name.column.value));
            if !found.contains(&column) {
                found.push(column);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{Options, load_files};

    fn mapping() -> Mapping {
        let files = [
            ("mapping.yaml", "name: X\nengine: sqlite\nverified: public\ncollation: BINARY\n"),
            (
                "tables.yaml",
                "tables:
  P: { key: ID, columns: { ID: int, SURNAME: varchar(9), PHONE: varchar(9), HIDDEN: int, FLAG: int, SEEN: datetime, LATE: datetime, NOTE: varchar(9), SEXCODE: int } }
  E: { key: NR, columns: { NR: int, ID: int, MAIL: varchar(9), OLD: int, RANK: int, UNUSED: int } }
  S: { key: CODE, columns: { CODE: int, NAME: varchar(9) } }
  Q: { key: NR, columns: { NR: int, OF_PATIENT: int } }
",
            ),
            (
                "patient.yaml",
                "resource: Patient
table: P as p
rows: { sql: \"{p.HIDDEN} = 0\" }
id: p.ID
lastUpdated: [ p.SEEN, p.LATE ]
lookups: { sex: S on sex.CODE = p.SEXCODE }
children: { mails: E as e on e.ID = p.ID where e.OLD = 0 order by e.RANK }
elements:
  name: [ { family: $p.SURNAME } ]
  telecom:
    - { if: p.FLAG = 1, system: phone, use: home, value: $p.PHONE }
    - { each: mails, system: email, value: $e.MAIL }
    - { system: phone, use: home, value: \"1\", if: p.FLAG = 2 }
    - { if: { sql: \"{p.ID} IN (SELECT OF_PATIENT FROM Q)\" }, system: fax, value: \"2\" }
  gender: { column: sex.NAME, codes: { F: female } }
search:
  noted: { type: string, column: p.NOTE }
",
            ),
        ];
        load_files("x", &files, &Options::default())
            .expect("a mapping")
            .mapping
    }

    #[test]
    fn each_column_knows_what_it_is_for() {
        let usage = Usage::of(&mapping());
        let uses = |table: &str, column: &str| -> Vec<Use> {
            let uses = usage.uses(table, column).iter();
            uses.map(|(_, what)| what.clone()).collect()
        };
        let element = |path: &str| Use::Element(path.to_owned());
        assert_eq!(uses("P", "SURNAME"), [element("name.family")]);
        assert_eq!(
            uses("P", "PHONE"),
            [element("telecom[system=phone, use=home, 1].value")]
        );
        assert_eq!(uses("E", "MAIL"), [element("telecom[system=email].value")]);
        assert_eq!(uses("S", "NAME"), [element("gender")]);
        assert_eq!(uses("P", "SEXCODE"), [Use::Lookup(Arc::from("sex"))]);
        assert_eq!(uses("P", "HIDDEN"), [Use::Rows]);
        assert_eq!(uses("E", "RANK"), [Use::Child(Arc::from("mails"))]);
        assert_eq!(uses("E", "OLD"), [Use::Child(Arc::from("mails"))]);
        assert_eq!(uses("P", "LATE"), [Use::LastUpdated]);
        assert_eq!(uses("P", "NOTE"), [Use::Search(Arc::from("noted"))]);
        assert_eq!(
            uses("P", "FLAG"),
            [
                Use::Condition("telecom[system=phone, use=home, 1]".to_owned()),
                Use::Condition("telecom[system=phone, use=home, 3]".to_owned()),
            ]
        );
    }

    #[test]
    fn what_is_declared_and_used_for_nothing_is_unmapped() {
        let mapping = mapping();
        let unmapped = Usage::of(&mapping).unmapped(&mapping);
        // The key of E says which row is which, and is no gap.
        assert_eq!(unmapped, [(Arc::from("E"), Arc::from("UNUSED"))]);
    }

    #[test]
    fn a_column_named_in_sql_alone_is_no_gap() {
        // As in the condition of an element.
        let usage = Usage::of(&mapping());
        assert_eq!(usage.uses("Q", "OF_PATIENT"), [(None, Use::Sql)]);
        assert!(has_word(&["S".into(), "S.DAY".into()], "day"));
        assert!(!has_word(&["BIRTHDAY".into()], "DAY"));
    }
}
