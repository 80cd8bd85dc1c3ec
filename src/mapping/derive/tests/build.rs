//! Sources by hand: columns as `p.SURNAME char(40)`, elements as nested calls.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::mapping::*;
use crate::relation::{
    self, Child, Collation, Column, CompareOp, Expr, Predicate, Shared, SqlType, Table, TableSource,
};

pub fn here() -> Place {
    Place {
        file: "test.yaml".into(),
        line: 1,
    }
}

thread_local! {
    /// One column is one `Shared`, as the loader makes it.
    static COLUMNS: std::cell::RefCell<FxHashMap<String, Expr>> = Default::default();
}

/// `p.SURNAME char(40)`; text compares without case, unless the type is followed by `BINARY`.
pub fn column(text: &str) -> Expr {
    COLUMNS.with_borrow_mut(|known| {
        known
            .entry(text.to_owned())
            .or_insert_with(|| new_column(text))
            .clone()
    })
}

fn new_column(text: &str) -> Expr {
    let (name, ty) = text.split_once(' ').unwrap_or((text, "int"));
    let (alias, name) = name.split_once('.').unwrap();
    let (ty, collation) = match ty.strip_suffix(" BINARY") {
        Some(ty) => (ty, "BINARY"),
        None => (ty, "Latin1_General_CI_AS"),
    };
    let ty = SqlType::parse(ty).unwrap();
    let collation = ty
        .is_text()
        .then(|| Arc::new(Collation::parse(collation).unwrap()));
    Expr::Column(Shared::new(Column {
        alias: alias.into(),
        name: name.into(),
        ty,
        collation,
        nullable: true,
    }))
}

pub fn binding(columns: &[&str], conversion: Conversion) -> Binding {
    Binding {
        columns: columns.iter().map(|text| column(text)).collect(),
        conversion,
        absent: Vec::new(),
        digits: false,
        output: Output::String,
        place: here(),
    }
}

pub fn bound(columns: &[&str], conversion: Conversion) -> Node {
    Node::Value(Arc::new(binding(columns, conversion)))
}

/// A text column.
pub fn text(name: &str) -> Node {
    bound(&[name], Conversion::Text)
}

pub fn text_without(name: &str, absent: &[&str]) -> Node {
    let absent = absent.iter().map(|raw| Arc::from(*raw)).collect();
    Node::Value(Arc::new(Binding {
        absent,
        ..binding(&[name], Conversion::Text)
    }))
}

pub fn digits(name: &str) -> Node {
    Node::Value(Arc::new(Binding {
        digits: true,
        ..binding(&[name], Conversion::Text)
    }))
}

pub fn first(list: Vec<Binding>) -> Node {
    let columns = list
        .iter()
        .flat_map(|inner| inner.columns.clone())
        .collect();
    let conversion = Conversion::First(list.into_iter().map(Arc::new).collect());
    Node::Value(Arc::new(Binding {
        columns,
        ..binding(&[], conversion)
    }))
}

pub fn day(name: &str) -> Node {
    bound(&[name], Conversion::Date(DateForm::Column { utc: false }))
}

pub fn day_without(name: &str, absent: &[&str]) -> Node {
    let absent = absent.iter().map(|raw| Arc::from(*raw)).collect();
    let conversion = Conversion::Date(DateForm::Column { utc: false });
    Node::Value(Arc::new(Binding {
        absent,
        ..binding(&[name], conversion)
    }))
}

pub fn date_time(columns: &[&str], form: DateForm) -> Node {
    bound(
        columns,
        Conversion::DateTime {
            form,
            precision: Precision::Full,
        },
    )
}

pub fn to(name: &str, to: &'static str) -> Node {
    let reference = bound(&[name], Conversion::Reference { to, prefix: None });
    object([("reference", reference)])
}

/// `raw=code`, `raw=code/display`, `*=code`, `=code`; all of one system.
pub fn table(system: Option<&str>, entries: &[&str]) -> Arc<CodeTable> {
    let system: Option<Arc<str>> = system.map(Arc::from);
    let code = |text: &str| {
        let (code, display) = match text.split_once('/') {
            Some((code, display)) => (code, Some(display.into())),
            None => (text, None),
        };
        Code::new(code.into(), display, system.clone())
    };
    let of = |raw: &str| {
        entries.iter().find_map(|entry| {
            let (of, text) = entry.split_once('=').unwrap();
            (of == raw).then(|| code(text))
        })
    };
    let listed = entries.iter().filter_map(|entry| {
        let (raw, text) = entry.split_once('=').unwrap();
        (!raw.is_empty() && raw != "*").then(|| CodeEntry {
            raw: raw.into(),
            code: code(text),
        })
    });
    Arc::new(CodeTable {
        name: "t".into(),
        entries: listed.collect(),
        otherwise: of("*"),
        absent: of(""),
        system,
    })
}

pub fn codes(name: &str, table: &Arc<CodeTable>, part: CodePart) -> Node {
    bound(
        &[name],
        Conversion::Codes {
            table: Arc::clone(table),
            part,
        },
    )
}

pub fn constant(json: &str) -> Node {
    Node::Constant(json.into())
}

fn is_bound(node: &Node) -> bool {
    match node {
        Node::Constant(_) => false,
        Node::Value(_) => true,
        Node::Object(object) => object.bound,
        Node::List(entries) => entries.iter().any(|entry| is_bound(&entry.node)),
        Node::When(..) => true,
    }
}

/// A name that ends in `!` is required.
pub fn fields<const N: usize>(list: [(&str, Node); N]) -> Vec<Field> {
    let field = |(name, node): (&str, Node)| Field {
        name: name.trim_end_matches('!').into(),
        node,
        required: name.ends_with('!'),
        essential: false,
        choice: None,
        summary: false,
        modifier: false,
        place: here(),
    };
    list.into_iter().map(field).collect()
}

pub fn object<const N: usize>(list: [(&str, Node); N]) -> Node {
    let bound = list.iter().any(|(_, node)| is_bound(node));
    Node::Object(Arc::new(Object {
        fields: fields(list),
        bound,
    }))
}

pub fn list<const N: usize>(nodes: [Node; N]) -> Node {
    Node::List(nodes.into_iter().map(entry).collect())
}

pub fn entry(node: Node) -> Entry {
    Entry {
        each: None,
        condition: None,
        node,
        place: here(),
    }
}

/// Only where the column is 1.
pub fn entry_if(name: &str, node: Node) -> Entry {
    let test = Predicate::Compare(column(name), CompareOp::Eq, Expr::Int(1));
    Entry {
        condition: Some(Arc::new(Expr::Test(Box::new(test)))),
        ..entry(node)
    }
}

/// One for every row of the first child table.
pub fn each(node: Node) -> Entry {
    Entry {
        each: Some(0),
        ..entry(node)
    }
}

pub fn source<const N: usize>(resource: &'static str, elements: [(&str, Node); N]) -> Source {
    let table = |alias: &str| Table {
        alias: alias.into(),
        source: TableSource::Named("T".into()),
    };
    Source {
        name: None,
        resource,
        profiles: Vec::new(),
        relation: Shared::new(relation::Source {
            table: table("p"),
            key: Vec::new(),
            rows: Predicate::True,
            joins: Vec::new(),
            catalogue: None,
        }),
        id: vec![column("p.ID int")],
        last_updated: None,
        requires: None,
        children: vec![Shared::new(Child {
            name: "emails".into(),
            table: table("e"),
            on: vec![(column("e.ID int"), column("p.ID int"))],
            filter: Predicate::True,
            order: Vec::new(),
            joins: Vec::new(),
        })],
        elements: fields(elements),
        search: FxHashMap::default(),
        references: Vec::new(),
        lacks: Lacks::default(),
        place: here(),
    }
}
