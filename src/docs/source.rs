//! A source → what is told of it: the rows that are resources, and where each element comes from.

use std::sync::Arc;

use super::{PracticePage, words};
use crate::mapping::entries::entry_paths;
use crate::mapping::usage::table_name;
use crate::mapping::{AboutPractice, Binding, CodeTable, Conversion, Field, Mapping, Node, Source};
use crate::relation::{Dialect, Predicate, Table};

/// One table's worth of a resource type.
#[derive(Debug)]
pub struct SourcePage {
    /// Where it has one.
    pub name: Option<Arc<str>>,
    /// The file, and the line on which it begins.
    pub place: String,
    /// `PATIENTS as p`
    pub table: String,
    /// The database, where it is not the default one.
    pub catalogue: Option<Arc<str>>,
    /// The condition of its rows.
    pub rows: Option<String>,
    /// The columns of the id.
    pub id: Vec<String>,
    pub last_updated: Option<String>,
    /// Each with what a resource must have to name it.
    pub profiles: Vec<(Arc<str>, Vec<String>)>,
    /// What a search must say, as a sentence.
    pub requires: Option<String>,
    pub lookups: Vec<LookupPage>,
    pub children: Vec<ChildPage>,
    pub elements: Vec<ElementPage>,
    /// Elements and parameters that its table has nothing for, and why.
    pub lacks: Vec<(String, Arc<str>)>,
}

/// A table of which one row is looked up.
#[derive(Debug)]
pub struct LookupPage {
    /// `SEX as sex`
    pub table: String,
    pub on: String,
    /// The child that it belongs to, where it is not the source.
    pub of: Option<Arc<str>>,
}

/// A table of which many rows belong to one.
#[derive(Debug)]
pub struct ChildPage {
    pub name: Arc<str>,
    pub table: String,
    pub on: String,
    pub filter: Option<String>,
    pub order: Vec<String>,
}

/// An element, and where it comes from.
#[derive(Debug)]
pub struct ElementPage {
    /// `identifier[system=ihi].value`
    pub path: String,
    /// Columns and fragments; empty of a constant.
    pub columns: Vec<String>,
    /// How they become the value; of a constant, the JSON.
    pub how: String,
    /// `for each of emails`, `where p.SEX = 1`
    pub conditions: Vec<String>,
}

/// A code table, and where it is used.
pub(super) struct CodesUse {
    pub table: Arc<CodeTable>,
    /// Its name, or the element that it is written for.
    pub name: Arc<str>,
    pub files: Vec<Arc<str>>,
}

/// What is told of where a database says which practice it is.
pub(super) fn practice(mapping: &Mapping, of: &AboutPractice) -> PracticePage {
    let told = |key| match key {
        "siteId" => "the product's own number of the practice",
        "version" => "the product's version",
        _ => "the practice's name",
    };
    let columns = of.columns();
    PracticePage {
        table: table(mapping, &of.relation.table),
        rows: condition(&of.relation.rows, mapping.engine),
        columns: columns
            .map(|(key, column)| (told(key), words::expr(column, mapping.engine)))
            .collect(),
        place: of.place.to_string(),
    }
}

/// The page of a source. Code tables that it uses are added to `codes`, with its file.
pub(super) fn source(mapping: &Mapping, of: &Source, codes: &mut Vec<CodesUse>) -> SourcePage {
    let engine = mapping.engine;
    let relation = &of.relation;
    let mut lookups = lookups(mapping, &relation.joins, None);
    for child in &of.children {
        lookups.extend(self::lookups(mapping, &child.joins, Some(&child.name)));
    }
    let children = of.children.iter().map(|child| ChildPage {
        name: Arc::clone(&child.name),
        table: table(mapping, &child.table),
        on: child
            .on
            .iter()
            .map(|(own, parent)| {
                format!(
                    "{} = {}",
                    words::expr(own, engine),
                    words::expr(parent, engine)
                )
            })
            .collect::<Vec<_>>()
            .join(" and "),
        filter: condition(&child.filter, engine),
        order: child
            .order
            .iter()
            .map(|it| words::order(it, engine))
            .collect(),
    });
    let mut elements = Elements {
        engine,
        source: of,
        list: Vec::new(),
        codes,
    };
    elements.fields(&of.elements, "", &[]);
    let list = elements.list;
    let mut lacks: Vec<(String, Arc<str>)> = Vec::new();
    for (path, reason) in &of.lacks.elements {
        lacks.push((path.to_string(), Arc::clone(reason)));
    }
    for (name, reason) in &of.lacks.search {
        lacks.push((format!("?{name}"), Arc::clone(reason)));
    }
    SourcePage {
        name: of.name.clone(),
        place: of.place.to_string(),
        table: table(mapping, &relation.table),
        catalogue: relation.catalogue.clone(),
        rows: condition(&relation.rows, engine),
        id: of.id.iter().map(|it| words::expr(it, engine)).collect(),
        last_updated: of.last_updated.as_ref().map(|instant| {
            let columns = words::columns(&instant.binding, engine).join(", ");
            match &instant.binding.conversion {
                Conversion::First(_) => format!("the first that is there of {columns}"),
                _ => columns,
            }
        }),
        profiles: of.profiles.iter().map(profile).collect(),
        requires: of.requires.as_ref().map(|it| {
            let otherwise = match it.ahead {
                true => "; one that says nothing of it is from now on",
                false => "",
            };
            format!(
                "A search says by {} of at most {} days{otherwise}.",
                it.parameter, it.days
            )
        }),
        lookups,
        children: children.collect(),
        elements: list,
        lacks,
    }
}

fn profile(of: &crate::mapping::Profile) -> (Arc<str>, Vec<String>) {
    let mut needs: Vec<String> = Vec::new();
    for need in &of.needs {
        match need.parts.is_empty() {
            true => needs.push(need.element.to_string()),
            false => needs.extend(need.parts.iter().map(|path| path.join("."))),
        }
    }
    if of.named_by.is_some() {
        needs.push("what a column says".to_owned());
    }
    (Arc::clone(&of.url), needs)
}

fn lookups(
    mapping: &Mapping,
    joins: &[crate::relation::Shared<crate::relation::Join>],
    of: Option<&Arc<str>>,
) -> Vec<LookupPage> {
    let page = |join: &crate::relation::Join| LookupPage {
        table: table(mapping, &join.table),
        on: words::condition(&join.on, mapping.engine),
        of: of.cloned(),
    };
    joins.iter().map(|join| page(join)).collect()
}

fn condition(of: &Predicate, engine: Dialect) -> Option<String> {
    (*of != Predicate::True).then(|| words::condition(of, engine))
}

fn table(mapping: &Mapping, of: &Table) -> String {
    let name = table_name(mapping, of);
    format!("{} as {}", name.as_deref().unwrap_or_default(), of.alias)
}

/// The elements of a source, in R4's order.
struct Elements<'s> {
    engine: Dialect,
    source: &'s Source,
    list: Vec<ElementPage>,
    codes: &'s mut Vec<CodesUse>,
}

impl Elements<'_> {
    fn fields(&mut self, fields: &[Field], around: &str, conditions: &[String]) {
        for field in fields {
            let path = match around {
                "" => field.name.to_string(),
                around => format!("{around}.{}", field.name),
            };
            self.node(&field.node, path, conditions);
        }
    }

    fn node(&mut self, node: &Node, path: String, conditions: &[String]) {
        let (when, node) = words::inside(node, self.engine);
        let mut conditions = conditions.to_vec();
        conditions.extend(when.map(|when| format!("where {when}")));
        match node {
            Node::Constant(json) => self.list.push(ElementPage {
                path,
                columns: Vec::new(),
                how: json.to_string(),
                conditions,
            }),
            Node::Value(binding) => {
                self.note_codes(binding, &path);
                self.list.push(ElementPage {
                    path,
                    columns: words::columns(binding, self.engine),
                    how: words::conversion(binding, self.engine),
                    conditions,
                });
            }
            Node::Object(object) => self.fields(&object.fields, &path, &conditions),
            Node::List(entries) => {
                for (entry, path) in entries.iter().zip(entry_paths(&path, entries)) {
                    let mut conditions = conditions.clone();
                    let child = entry.each.and_then(|place| self.source.children.get(place));
                    conditions.extend(child.map(|child| format!("for each of {}", child.name)));
                    let when = entry.condition.as_ref();
                    conditions
                        .extend(when.map(|it| format!("where {}", words::expr(it, self.engine))));
                    self.node(&entry.node, path, &conditions);
                }
            }
            // What it holds was taken out above.
            Node::When(_, inner) => self.node(inner, path, &conditions),
        }
    }

    fn note_codes(&mut self, binding: &Binding, path: &str) {
        match &binding.conversion {
            Conversion::First(all) => all.iter().for_each(|one| self.note_codes(one, path)),
            Conversion::Codes { table, .. } => {
                let file = &self.source.place.file;
                let known = self.codes.iter_mut().find(|known| {
                    Arc::ptr_eq(&known.table, table)
                        || (known.table.name == table.name && same(&known.table, table))
                });
                match known {
                    Some(known) if known.files.contains(file) => {}
                    Some(known) => known.files.push(Arc::clone(file)),
                    None => self.codes.push(CodesUse {
                        table: Arc::clone(table),
                        name: match table.name.is_empty() {
                            true => format!("{}.{path}", self.source.resource).into(),
                            false => Arc::clone(&table.name),
                        },
                        files: vec![Arc::clone(file)],
                    }),
                }
            }
            _ => {}
        }
    }
}

/// Two tables that are written in place and say the same are told once.
fn same(one: &CodeTable, other: &CodeTable) -> bool {
    one.otherwise == other.otherwise
        && one.absent == other.absent
        && one.entries.len() == other.entries.len()
        && one
            .entries
            .iter()
            .zip(&other.entries)
            .all(|(one, other)| one.raw == other.raw && one.code == other.code)
}
