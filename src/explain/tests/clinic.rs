//! A small practice by hand: patients with a sex from a lookup and e-mail addresses from a child table.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::mapping::{
    Binding, Code, CodeEntry, CodePart, CodeTable, Conversion, DateForm, Entry, Field, Lacks,
    Mapping, Node, Object, Output, Place, Profile, Resource, Source, Verified, derive,
};
use crate::relation::{
    self, Child, Collation, Column, CompareOp, Dialect, Expr, Join, Order, Predicate, Shared,
    SqlType, Table, TableSource,
};

/// The tables of [`mapping`] with three patients, as SQLite takes them.
pub const SCRIPT: &str = "
CREATE TABLE PATIENTS (INTERNALID int PRIMARY KEY, RECORDSTATUS int, SURNAME text, FIRSTNAME text, DOB text, SEXCODE int);
CREATE TABLE SEX (SEXCODE int PRIMARY KEY, SEX text);
CREATE TABLE EMAIL (RECORDID int PRIMARY KEY, INTERNALID int, EMAIL text);
INSERT INTO SEX VALUES (1, 'Female'), (2, 'Male');
INSERT INTO PATIENTS VALUES
    (1, 1, 'Smith     ', 'Zoë', '1984-02-29 00:00:00', 1),
    (2, 1, 'Smithers', 'Ann\u{1b}[2J', '1991-07-01 00:00:00', 2),
    (3, 2, 'Smith', 'Deleted', '1990-01-01 00:00:00', 2);
INSERT INTO EMAIL VALUES (10, 1, 'zoe@example.org'), (11, 1, 'z@example.org');
";

fn place(line: u32) -> Place {
    Place {
        file: "patient.yaml".into(),
        line,
    }
}

/// `p.SURNAME char(40)`
fn column(text: &str) -> Expr {
    let (name, ty) = text.split_once(' ').unwrap();
    let (alias, name) = name.split_once('.').unwrap();
    let ty = SqlType::parse(ty).unwrap();
    Expr::Column(Shared::new(Column {
        alias: alias.into(),
        name: name.into(),
        ty,
        collation: ty
            .is_text()
            .then(|| Arc::new(Collation::parse("Latin1_General_CI_AS").unwrap())),
        nullable: !name.ends_with("ID"),
    }))
}

fn table(name: &str, alias: &str) -> Table {
    Table {
        alias: alias.into(),
        source: TableSource::Named(name.into()),
    }
}

fn value(column: &Expr, conversion: Conversion) -> Node {
    Node::Value(Arc::new(Binding {
        columns: vec![column.clone()],
        conversion,
        absent: Vec::new(),
        digits: false,
        output: Output::String,
        place: place(20),
    }))
}

fn field(name: &str, node: Node) -> Field {
    Field {
        name: name.into(),
        node,
        required: false,
        essential: false,
        choice: None,
        summary: true,
        modifier: false,
        place: place(20),
    }
}

fn object(fields: Vec<Field>) -> Node {
    Node::Object(Arc::new(Object {
        fields,
        bound: true,
    }))
}

fn list(each: Option<usize>, node: Node) -> Node {
    Node::List(vec![Entry {
        each,
        condition: None,
        node,
        place: place(20),
    }])
}

fn sexes() -> Arc<CodeTable> {
    let code = |code: &str| Code::new(code.into(), None, None);
    Arc::new(CodeTable {
        name: "sex".into(),
        system: None,
        entries: [("Female", "female"), ("Male", "male")]
            .map(|(raw, text)| CodeEntry {
                raw: raw.into(),
                code: code(text),
            })
            .into(),
        otherwise: Some(code("unknown")),
        absent: None,
    })
}

/// A mapping with one resource type.
pub fn mapping() -> Arc<Mapping> {
    let id = column("p.INTERNALID int");
    let (email_id, email_parent) = (column("e.RECORDID int"), column("e.INTERNALID int"));
    let sex_on = Predicate::Compare(
        column("sex.SEXCODE int"),
        CompareOp::Eq,
        column("p.SEXCODE int"),
    );
    let rows = Predicate::Compare(column("p.RECORDSTATUS int"), CompareOp::Eq, Expr::Int(1));
    let mut source = Source {
        name: None,
        resource: "Patient",
        profiles: vec![Profile::always(
            "http://hl7.org.au/fhir/core/StructureDefinition/au-core-patient",
        )],
        relation: Shared::new(relation::Source {
            key: Vec::new(),
            table: table("PATIENTS", "p"),
            rows,
            joins: vec![Shared::new(Join {
                table: table("SEX", "sex"),
                on: sex_on,
                index: 0,
                needs: 1,
            })],
            catalogue: None,
        }),
        id: vec![id.clone()],
        last_updated: None,
        requires: None,
        children: vec![Shared::new(Child {
            name: "emails".into(),
            table: table("EMAIL", "e"),
            on: vec![(email_parent, id)],
            filter: Predicate::True,
            order: vec![Order {
                expr: email_id,
                descending: false,
            }],
            joins: Vec::new(),
        })],
        elements: vec![
            field(
                "name",
                list(
                    None,
                    object(vec![
                        field(
                            "family",
                            value(&column("p.SURNAME char(40)"), Conversion::Text),
                        ),
                        field(
                            "given",
                            list(
                                None,
                                value(&column("p.FIRSTNAME varchar(40)"), Conversion::Text),
                            ),
                        ),
                    ]),
                ),
            ),
            field(
                "telecom",
                list(
                    Some(0),
                    object(vec![
                        field("system", Node::Constant("\"email\"".into())),
                        field(
                            "value",
                            value(&column("e.EMAIL varchar(250)"), Conversion::Text),
                        ),
                    ]),
                ),
            ),
            field(
                "gender",
                value(
                    &column("sex.SEX char(10)"),
                    Conversion::Codes {
                        table: sexes(),
                        part: CodePart::Code,
                    },
                ),
            ),
            field(
                "birthDate",
                value(
                    &column("p.DOB datetime"),
                    Conversion::Date(DateForm::Column { utc: false }),
                ),
            ),
        ],
        search: FxHashMap::default(),
        references: Vec::new(),
        lacks: Lacks::default(),
        place: place(1),
    };
    source.search = derive::parameters(&source, "Patient", &[], &[]).parameters;
    let resource = Resource {
        requires: Vec::new(),
        name: "Patient",
        sources: vec![0],
        parameters: derive::resource(&[&source]),
        profiles: source
            .profiles
            .iter()
            .map(|profile| Arc::clone(&profile.url))
            .collect(),
    };
    Arc::new(Mapping {
        version: [0; 16],
        id: "clinic".into(),
        name: "Example Clinic Software".into(),
        pms: "Example Clinic Software".into(),
        engine: Dialect::Mssql,
        verified: Verified::Illustrative,
        catalogues: Vec::new(),
        tables: Default::default(),
        sources: vec![Arc::new(source)],
        resources: [("Patient", resource)].into(),
        practice: None,
        lacks: Default::default(),
        lines: Default::default(),
    })
}
