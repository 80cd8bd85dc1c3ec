//! One source file → a [`Source`]: a table's worth of a resource type.
//!
//! Takes the tree of a file with a `resource:` key, and the folder's [`Schema`]; gives the source,
//! what it refers to, and its `search:` section. The order is that of dependence: aliases are
//! declared before anything that names them is compiled.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::binding::{Each, Gone};
use super::codes::{self, Codes};
use super::conversion::Goal;
use super::diagnostic::{At, Problem};
use super::fragment;
use super::lacks::Unanswered;
use super::load::Options;
use super::measured::Measured;
use super::model::{Binding, Conversion, Instant, Output, Source};
use super::origin::Contained;
use super::schema::Schema;
use super::scope::{Alias, Rows, Scope, Uses};
use super::section::Section;
use super::strangers::Home;
use super::vocabulary::{self, names};
use super::yaml::{Node, Pair, Span, get};
use super::{rules, shape};
use crate::fhir::{self, Primitive, ResourceType};
use crate::relation::{self, Expr, Predicate, Shared, SqlType};

/// A reference that a source makes: checked when all sources are known.
#[derive(Debug)]
pub(super) struct ReferenceUse {
    pub to: &'static str,
    /// The name of the target's source.
    pub source: Option<Arc<str>>,
    pub span: Span,
    /// The column that holds the target's id; None of a constant, which leads to any of the type's sources.
    pub id: Option<(SqlType, Span)>,
}

/// What a source file gives.
#[derive(Debug)]
pub(super) struct Compiled {
    pub source: Source,
    pub section: Section,
    pub references: Vec<ReferenceUse>,
    pub unanswered: Vec<Unanswered>,
    /// This database has no rows of it, nor could it: a column that says which they are is missing.
    pub absent: bool,
    /// Where the parameter that it requires stands.
    pub required: Option<Span>,
    /// Where its name stands, or else its type: for a clash with another source.
    pub span: Span,
}

/// What compiling elements and values of one source needs.
pub(super) struct Compiler<'a> {
    pub at: At<'a>,
    pub scope: Scope<'a>,
    /// The file's own code tables.
    pub codes: BTreeMap<Arc<str>, Codes>,
    /// They could not be read: one that is not known may stand there.
    pub codes_unread: bool,
    /// The places of the children, by name.
    pub children: BTreeMap<Arc<str>, usize>,
    pub references: RefCell<Vec<ReferenceUse>>,
    pub measured: Measured,
    /// The resources that the source's resources contain.
    pub contained: Contained,
    /// `rows:` holds for none of this database.
    pub absent: Cell<bool>,
}

pub(super) const KEYS: [&str; 15] = names(&vocabulary::SOURCE);

/// Reports keys that a source does not have. An element among them has lost its indentation.
pub(super) fn known_keys(at: At<'_>, pairs: &[Pair]) {
    let structure = get(pairs, "resource")
        .and_then(|pair| fhir::resource_type(pair.value.as_text()?))
        .and_then(|resource| fhir::structure(resource.name()));
    for pair in pairs
        .iter()
        .filter(|pair| !KEYS.contains(&pair.key.as_str()))
    {
        let remedy = match pair.key.as_str() {
            "where" => Some("which rows are resources is said by `rows:`"),
            "absent" => Some("what the database has not is said by `lacks:`"),
            // Too far for a slip of the pen.
            "child" | "childs" => {
                at.misspelt(&pair.key_span, "children");
                Some("did you mean `children`?")
            }
            key if structure.is_some_and(|structure| structure.element(key).is_some()) => {
                Some("it is an element: indent it, below `elements:`")
            }
            _ => None,
        };
        match remedy {
            Some(remedy) => at.report(
                Problem::new(
                    &rules::UNKNOWN_KEY,
                    &pair.key_span,
                    format!("a source has no key `{}`", shape::clip(&pair.key)),
                )
                .help(remedy),
            ),
            None => shape::unknown_key_of_file(at, pair, &KEYS, "a source"),
        }
    }
}

/// Reads a source file, whose keys have been checked. None where so little can be read that nothing could be
/// served.
pub(super) fn source(
    at: At<'_>,
    root: &Node,
    schema: &Schema,
    options: &Options,
) -> Option<Compiled> {
    let pairs = root.as_map()?;
    let mut compiler = Compiler {
        at,
        scope: Scope::new(at, schema, options),
        codes: BTreeMap::new(),
        codes_unread: false,
        children: BTreeMap::new(),
        references: RefCell::default(),
        measured: Measured::default(),
        contained: Contained::of(get(pairs, "elements")),
        absent: Cell::default(),
    };
    // What is declared there is declared, although it is not read.
    compiler.scope.blind = ["lookups", "children"].iter().any(|key| {
        shape::is_misspelt(at, pairs, key)
            || get(pairs, key).is_some_and(|pair| at.is_disputed(&pair.value.span))
    });
    let lost = |key| {
        let elements = get(pairs, "elements").and_then(|pair| pair.value.as_map());
        elements.is_some_and(|inner| get(inner, key).is_some())
    };
    compiler.scope.blind |= lost("lookups") || lost("children");
    compiler.own_codes(pairs);
    compiler.codes_unread |= lost("codes");
    let resource = compiler.resource_type(pairs);
    let start = get(pairs, "resource")
        .map_or(&root.span, |pair| &pair.key_span)
        .clone();
    let required = |key, help: &str| shape::required(at, pairs, key, &start, "the source", help);
    let (name, span) = compiler.name(pairs).unwrap_or((None, start.clone()));

    let table = required(
        "table",
        "the table whose rows are the resources: `table: PATIENTS as p`",
    );
    let root_alias = table.and_then(|node| compiler.scope.source_table(node));
    compiler.scope.blind |= root_alias.is_none();
    let value = |key| get(pairs, key).map(|pair| &pair.value);
    let lookups = compiler
        .scope
        .declare_lookups(value("lookups"), Rows::Source);
    let declared = compiler.scope.declare_children(value("children"));
    let joins = compiler.scope.joins(&lookups, Rows::Source);
    let mut children = Vec::new();
    for (place, child) in declared.into_iter().enumerate() {
        let child_name = child.name();
        if let Some(child) = compiler.scope.child(child, place) {
            children.push(Shared::new(child));
        }
        // Known even if it has a problem of its own, so that its entries have not a second one.
        compiler.children.insert(child_name, place);
    }
    let rows = value("rows").map_or(Some(Predicate::True), |node| compiler.rows(node));
    let id_node = required("id", "the column that becomes the id: `id: p.INTERNALID`");
    let id = id_node.map(|node| compiler.id(node)).unwrap_or_default();
    if let (Some(node), Some((alias, table)), Some(rows)) = (id_node, &root_alias, &rows) {
        compiler.warn_shared_id(node, &id, (alias, table), value("rows"), rows);
    }
    let last_updated = value("lastUpdated").and_then(|node| compiler.last_updated(node));
    let requires = value("requires").and_then(|node| compiler.requirement(node));
    let structure = resource.and_then(|resource| fhir::structure(resource.name()));
    let profiles = value("profile")
        .map(|node| compiler.profiles(node, structure))
        .unwrap_or_default();
    let elements = required(
        "elements",
        "the resource as it will look, with columns in it",
    );
    let fields = match (get(pairs, "elements"), elements, structure) {
        (Some(pair), Some(node), Some(structure)) => {
            compiler.resource(node, &pair.key_span, structure)
        }
        _ => Vec::new(),
    };
    let filters = children
        .iter()
        .map(|child: &Shared<relation::Child>| &child.filter);
    compiler.measured.report(at, rows.iter().chain(filters));
    // A `search:` of no known type is not read.
    let section = resource.map(|resource| compiler.section(value("search"), resource.name()));
    let (lacks, unanswered) = match (value("lacks"), resource) {
        (Some(node), Some(resource)) => compiler.lacks(node, resource.name(), &fields),
        _ => Default::default(),
    };
    compiler.scope.report_strangers();
    let (resource, section) = (resource?, section?);
    compiler.one_catalogue();

    let (alias, table) = root_alias?;
    let relation = relation::Source {
        key: compiler.scope.key(&table),
        table: compiler.scope.relation(&alias, &table),
        rows: rows?,
        joins,
        catalogue: schema
            .tables
            .get(&table)
            .and_then(|table| table.catalogue.clone()),
    };
    Some(Compiled {
        source: Source {
            name,
            resource: resource.name(),
            profiles,
            relation: Shared::new(relation),
            id,
            last_updated,
            children,
            elements: fields,
            // Derived from the elements when the whole mapping is there.
            search: FxHashMap::default(),
            references: Vec::new(),
            lacks,
            requires: requires.as_ref().map(|it| it.requirement.clone()),
            place: at.place(&start),
        },
        absent: compiler.absent.get(),
        required: requires.map(|it| it.span),
        section,
        unanswered,
        references: compiler.references.into_inner(),
        span,
    })
}

impl Scope<'_> {
    /// `table: PATIENTS as p`
    pub fn source_table(&mut self, node: &Node) -> Option<(Arc<str>, Arc<str>)> {
        let text = shape::text(self.at, node, "`table:`")?;
        let name = match fragment::table(text) {
            Ok(name) => name,
            Err(unreadable) => {
                self.unreadable(node, "the table", &unreadable);
                return None;
            }
        };
        let table = self.table_name(node, &name.table);
        // `dbo.PATIENTS` is known as PATIENTS where nothing else is said.
        let last = name.table.value.rsplit('.').next().unwrap_or_default();
        let alias = name
            .alias
            .as_ref()
            .map_or(last, |alias| alias.value.as_str());
        self.is_alias(alias, &node.span)?;
        self.home = Some(Home {
            span: node.span.clone(),
            alias: alias.to_owned(),
            bare: name.alias.is_none(),
        });
        let declared = Alias {
            table: Arc::clone(&table),
            rows: Rows::Source,
            lookup: None,
            span: node.span.clone(),
            missing: false,
        };
        Some((self.declare(alias, declared)?, table))
    }
}

impl Compiler<'_> {
    pub fn schema(&self) -> &Schema {
        self.scope.schema
    }

    fn own_codes(&mut self, pairs: &[Pair]) {
        let Some(pair) = get(pairs, "codes") else {
            self.codes_unread = shape::is_misspelt(self.at, pairs, "codes");
            return;
        };
        let pairs = shape::map(self.at, &pair.value, "`codes:`");
        self.codes_unread = pairs.is_none();
        for pair in pairs.unwrap_or_default() {
            if let Some(first) = self.scope.schema.codes.get(pair.key.as_str()) {
                self.at.report(
                    Problem::new(
                        &rules::DUPLICATE_NAME,
                        &pair.key_span,
                        format!(
                            "the code table `{}` is defined for all files too",
                            shape::clip(&pair.key)
                        ),
                    )
                    .note(format!("in {}", first.file))
                    .help("give this one another name"),
                );
            }
            let codes = codes::table(self.at, &pair.key, &pair.value);
            self.codes.insert(Arc::from(pair.key.as_str()), codes);
        }
    }

    fn resource_type(&self, pairs: &[Pair]) -> Option<ResourceType> {
        let node = &get(pairs, "resource")?.value;
        let name = shape::text(self.at, node, "`resource:`")?;
        let found = fhir::resource_type(name);
        if found.is_none() {
            self.unknown_resource(&node.span, name);
        }
        found
    }

    /// `source:`; part of ids before a hyphen, hence letters and digits only.
    fn name(&self, pairs: &[Pair]) -> Option<(Option<Arc<str>>, Span)> {
        let pair = get(pairs, "source")?;
        let text = shape::text(self.at, &pair.value, "`source:`")?;
        if text.len() > 20 || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            self.at.report(
                Problem::new(
                    &rules::INVALID_VALUE,
                    &pair.value.span,
                    format!("`{}` cannot be the name of a source", shape::clip(text)),
                )
                .help(
                    "it is part of ids (`kin-12`): at most 20 letters and digits, without accents",
                ),
            );
            return None;
        }
        Some((Some(Arc::from(text)), pair.value.span.clone()))
    }

    fn rows(&self, node: &Node) -> Option<Predicate> {
        let mut uses = Uses::default();
        let rows = self.scope.condition(node, "`rows:`", &mut uses)?;
        self.scope.not_optional(&uses);
        self.check_rows(&node.span, &uses, None, Each::Never).ok()?;
        self.absent.set(uses.missing && self.holds_for_none(node));
        Some(rows)
    }

    /// Whether no row holds the conditions, since the database lacks a column that one compares.
    fn holds_for_none(&self, node: &Node) -> bool {
        node.entries().iter().any(|node| {
            let condition = node.as_text().map(fragment::condition);
            matches!(condition, Some(Ok(condition)) if self.scope.never_holds(&condition))
        })
    }

    fn id(&self, node: &Node) -> Vec<Expr> {
        let mut id = Vec::new();
        for node in node.entries() {
            let mut uses = Uses::default();
            let Some(operation) = self.scope.operation(node, &mut uses) else {
                continue;
            };
            uses.optional = uses.optional.take().or(uses.illustrative.take());
            self.scope.not_optional(&uses);
            if self.id_type(&node.span, operation.ty).is_some()
                && self
                    .check_rows(&node.span, &uses, None, Each::Never)
                    .is_ok()
            {
                id.push(operation.expr);
            }
        }
        id
    }

    /// One value, or several of which the first that is there counts.
    fn last_updated(&self, node: &Node) -> Option<Instant> {
        let goal = Goal::of(Primitive::Instant);
        let mut list = Vec::new();
        for entry in node.entries() {
            match self.binding(entry, &goal) {
                Ok(binding) => list.push(Arc::new(binding)),
                Err(Gone::Missing) => {}
                Err(Gone::Wrong) => return None,
            }
        }
        let binding = match list.len() {
            0 => return None,
            1 => list.remove(0),
            _ => Arc::new(Binding {
                columns: list
                    .iter()
                    .flat_map(|binding| binding.columns.iter().cloned())
                    .collect(),
                conversion: Conversion::First(list),
                absent: Vec::new(),
                digits: false,
                output: Output::String,
                place: self.at.place(&node.span),
            }),
        };
        Some(Instant { binding })
    }

    /// Lookups are joined in one command with the table, and children are read where it is.
    fn one_catalogue(&self) {
        let mut home: Option<(&Arc<str>, &Option<Arc<str>>)> = None;
        let mut aliases: Vec<_> = self.scope.aliases.values().collect();
        aliases.sort_by_key(|alias| alias.span.start);
        for alias in aliases {
            let Some(table) = self.schema().tables.get(&alias.table) else {
                continue;
            };
            if self.schema().is_astray(&table.name) {
                continue;
            }
            match home {
                None => home = Some((&table.name, &table.catalogue)),
                Some((first, catalogue)) if *catalogue != table.catalogue => {
                    let name = |catalogue: &Option<Arc<str>>| match catalogue {
                        Some(name) => format!("`{name}`"),
                        None => "the default catalogue".to_owned(),
                    };
                    self.at.report(
                        Problem::new(
                            &rules::CATALOGUE,
                            &alias.span,
                            format!("`{}` is in another catalogue than `{first}`", table.name),
                        )
                        .label(format!("in {}", name(&table.catalogue)))
                        .note(format!(
                            "`{first}` is in {}, and a command runs in one",
                            name(catalogue)
                        ))
                        .help(format!(
                            "if both lie in one, declare `{}` {}; else map it as a source of its own, and refer to it",
                            table.name,
                            match catalogue {
                                Some(name) => format!("with `catalogue: {name}`"),
                                None => "without `catalogue:`".to_owned(),
                            }
                        )),
                    );
                }
                Some(_) => {}
            }
        }
    }
}
