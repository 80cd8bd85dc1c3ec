//! `practice:` of the manifest: where a practice's database says which practice it is.
//!
//! Takes the section; gives a table with the columns of the practice's name, of the product's own number of it and of the
//! product's version, as far as the database has them. A site tells what stands there; no resource is made of it.

use super::diagnostic::{At, Problem};
use super::load::Options;
use super::model::AboutPractice;
use super::schema::Schema;
use super::scope::{Scope, Uses};
use super::vocabulary::{self, names};
use super::yaml::{Node, Pair, Value, get};
use super::{rules, shape};
use crate::relation::{self, Expr, Order, Predicate, Shared};

/// Reads the section of a manifest, when all tables are known. None where there is none, where something of it is wrong,
/// which is reported, or where this database lacks the column that says which row it is.
pub(super) fn of_manifest(
    at: At<'_>,
    root: &Node,
    schema: &Schema,
    options: &Options,
) -> Option<AboutPractice> {
    let section = get(root.as_map()?, "practice")?;
    let what = "`practice:`";
    if matches!(section.value.value, Value::Scalar(_)) {
        let help = "the table, and its columns: `practice: { table: PRACTICE as p, name: p.PRACTICENAME }`";
        shape::wrong_but(at, &section.value, "a mapping", what, Some(help.to_owned()));
        return None;
    }
    let pairs = shape::map(at, &section.value, what)?;
    shape::only(at, pairs, &names(&vocabulary::PRACTICE), what);
    let start = &section.key_span;
    let help = "the table that says which practice it is: `table: PRACTICE as p`";
    let table = shape::required(at, pairs, "table", start, what, help);
    let mut scope = Scope::new(at, schema, options);
    let home = table.and_then(|node| scope.source_table(node));
    scope.blind |= home.is_none();
    let mut uses = Uses::default();
    let rows = match get(pairs, "rows") {
        Some(pair) => scope.condition(&pair.value, "`rows:`", &mut uses),
        None => Some(Predicate::True),
    };
    scope.not_optional(&uses);
    let said = ["name", "siteId", "version"].map(|key| get(pairs, key));
    if said.iter().all(Option::is_none) && pairs.iter().all(is_known) {
        at.report(
            Problem::new(&rules::PRACTICE, start, "nothing is said of the practice")
                .help("name a column at least: `name: p.PRACTICENAME`, `siteId:` or `version:`"),
        );
    }
    let [name, site_id, version] = said.map(|pair| pair.and_then(|pair| column(&scope, pair)));
    scope.report_strangers();
    let (alias, table) = home?;
    let info = schema.tables.get(&table)?;
    let key = scope.key(&table);
    let order = key.iter().filter_map(|column| {
        let key = scope.own_column(&alias, column)?;
        Some(Order {
            expr: key.expr,
            descending: false,
        })
    });
    let about = AboutPractice {
        order: order.collect(),
        relation: Shared::new(relation::Source {
            key,
            table: scope.relation(&alias, &table),
            rows: rows?,
            joins: Vec::new(),
            catalogue: info.catalogue.clone(),
        }),
        name,
        site_id,
        version,
        place: at.place(start),
    };
    (!uses.missing).then_some(about)
}

fn is_known(pair: &Pair) -> bool {
    names(&vocabulary::PRACTICE).contains(&pair.key.as_str())
}

/// A column that holds text, or a whole number; None where it is wrong, which is reported, or this database lacks it.
fn column(scope: &Scope<'_>, pair: &Pair) -> Option<Expr> {
    let mut uses = Uses::default();
    let operation = scope.operation(&pair.value, &mut uses)?;
    if !operation.ty.is_text() && !operation.ty.is_integer() {
        scope.at.report(
            Problem::new(
                &rules::PRACTICE,
                &pair.value.span,
                format!(
                    "`{}:` is text or a whole number, and this is of type `{}`",
                    pair.key, operation.ty
                ),
            )
            .help(
                "name another column, or convert it in a fragment: `{ sql: …, type: varchar(20) }`",
            ),
        );
        return None;
    }
    (!uses.missing).then_some(operation.expr)
}
