//! The schema that editors have accepts what the checker accepts, and sees what it can see of what is wrong.
//!
//! Files are read as an editor's server reads them: YAML 1.2, in which `12` is a number and `off` a text. The schema is
//! asked of a validator of other authors.

use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use pilaster::mapping::yaml::{self, Node, Value as Written};
use pilaster::mapping::{self, Options, json_schema};
use serde_json::{Map, Number, Value};

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let document = json_schema::document();
    jsonschema::draft7::meta::validate(&document).expect("a schema of draft-07");
    jsonschema::draft7::new(&document).expect("a schema")
});

/// What the schema has against a file; nothing where it is as it should be.
pub fn problems(text: &str) -> Vec<String> {
    let root = yaml::parse(text)
        .root
        .map_or(Value::Null, |root| json(&root));
    let problems = SCHEMA.iter_errors(&root);
    problems
        .map(|problem| format!("{}: {problem}", problem.instance_path()))
        .collect()
}

/// A file's tree as YAML 1.2 has it.
fn json(node: &Node) -> Value {
    match &node.value {
        _ if node.is_null() => Value::Null,
        Written::List(entries) => entries.iter().map(json).collect(),
        Written::Map(pairs) => {
            let pairs = pairs.iter();
            let pairs: Map<String, Value> = pairs
                .map(|pair| (pair.key.clone(), json(&pair.value)))
                .collect();
            Value::Object(pairs)
        }
        Written::Scalar(scalar) if !scalar.plain => scalar.text.as_str().into(),
        Written::Scalar(scalar) => plain(&scalar.text),
    }
}

/// A scalar without quotes, by YAML 1.2's core schema (§10.3.2).
fn plain(text: &str) -> Value {
    match text {
        "true" | "True" | "TRUE" => return true.into(),
        "false" | "False" | "FALSE" => return false.into(),
        _ => {}
    }
    let digits = text.trim_start_matches(['-', '+']);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return text
            .parse::<i64>()
            .map_or_else(|_| text.into(), Value::from);
    }
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits
            .bytes()
            .all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    let number = text.parse().ok().and_then(Number::from_f64);
    match number.filter(|_| is_number) {
        Some(number) => Value::Number(number),
        None => text.into(),
    }
}

#[test]
fn every_file_of_every_mapping_is_as_the_schema_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let mut files = 0;
    for folder in std::fs::read_dir(root).expect("mappings") {
        let folder = folder.expect("an entry").path();
        let entries = std::fs::read_dir(&folder).into_iter().flatten();
        for file in entries.map(|file| file.expect("an entry").path()) {
            if file.extension().is_none_or(|ending| ending != "yaml") {
                continue;
            }
            files += 1;
            let text = std::fs::read_to_string(&file).expect("a file");
            let problems = problems(&text);
            assert!(problems.is_empty(), "{}: {problems:#?}", file.display());
        }
    }
    assert!(files > 90, "{files} files");
}

const MANIFEST: &str = "name: X\nengine: mssql\nverified: public\ncollation: BINARY\n";
const HEAD: &str = "resource: Patient\ntable: P as p\nid: p.ID\n";
const APPOINTMENT: &str = "resource: Appointment\ntable: P as p\nid: p.ID\n";

#[test]
fn what_is_wrong_in_one_file_is_seen() {
    let element = |element: &str| format!("{HEAD}elements:\n  {element}\n");
    let key = |key: &str| format!("{HEAD}elements: {{ active: true }}\n{key}\n");
    let appointment = |status: &str| {
        format!("{APPOINTMENT}elements:\n  {status}\n  participant: [ {{ status: accepted }} ]\n")
    };
    let right = [
        MANIFEST.to_owned(),
        element("active: true"),
        element("gender: male"),
        element("gender: $p.SEX"),
        element("gender: { column: p.SEX, codes: { M: male } }"),
        element("name: [ { family: $p.SURNAME, given: [ $p.GIVEN ] } ]"),
        element("name: [ { each: others, if: p.X = 1, family: $p.SURNAME } ]"),
        element("birthDate: 1979"),
        element("birthDate: { if: p.X = 1, column: p.DOB, format: DD/MM/YYYY }"),
        element("birthDate: { year: p.Y, month: p.M }"),
        element("deceasedDateTime: { date: p.DAY, minutes: p.MIN, plus: p.LEN }"),
        element("multipleBirthInteger: { column: p.N, divide: 60 }"),
        element("maritalStatus: { column: p.M, codes: marital }"),
        element("generalPractitioner: [ { reference: { to: Practitioner, id: p.D } } ]"),
        element("generalPractitioner: [ { reference: Practitioner/1 } ]"),
        element(
            "_birthDate: { extension: [ { url: http://x.example/y, valueDateTime: $p.DOB } ] }",
        ),
        element("contained: [ { resourceType: Organization, id: a, name: $$A } ]"),
        key("search: { telecom: off, mine: { type: token, column: p.X } }"),
        key("lookups: { sex: SEX on sex.ID = p.SEX, t: { table: T, on: t.ID = p.T } }"),
        key(
            "codes: { a: { 1: x, \"\": y }, b: { system: http://x.example, values: { 1: { code: x } } } }",
        ),
        key("profile: { url: http://x.example/p, if: name }"),
        key("requires: { parameter: date, days: 31, otherwise: ahead }"),
        "tables: { P: { key: ID, columns: { ID: int, X: { type: char(1), optional: true } } } }"
            .to_owned(),
        "- { name: a, search: Patient, expect: { ids: [\"1\"], total: 1 } }".to_owned(),
        appointment("status: booked"),
        appointment("_status: { extension: [ { url: http://x.example/y, valueCode: unknown } ] }"),
    ];
    for text in right {
        assert_eq!(problems(&text), Vec::<String>::new(), "{text}");
    }
    let wrong = [
        // Keys that no file has, or not this one.
        key("row: p.X = 1"),
        key("engine: mssql"),
        key("lookups: { sex: { tabel: SEX, on: sex.ID = p.SEX } }"),
        key("children: { e: { table: E as e, on: e.ID = p.ID, having: e.X = 1 } }"),
        key("search: { mine: { type: token, colum: p.X } }"),
        key("search: { mine: { column: p.X } }"),
        key("search: { mine: on }"),
        key("codes: { a: { system: http://x.example, 1: x } }"),
        key("codes: { a: { 1: { display: x } } }"),
        key("lacks: { element: { address: none } }"),
        key("requires: { parameter: date, days: 0 }"),
        format!("{MANIFEST}engin: mssql\n"),
        MANIFEST.replace("mssql", "oracle"),
        MANIFEST.replace("public", "perhaps"),
        MANIFEST.replace("name: X\n", ""),
        "tables: { P: { key: ID, colums: { ID: int } } }".to_owned(),
        "tables: { P: { key: ID, columns: { ID: { typ: int } } } }".to_owned(),
        "resource: Pateint\ntable: P as p\nid: p.ID\nelements: { active: true }".to_owned(),
        "resource: Patient\ntable: P as p\nelements: { active: true }".to_owned(),
        "table: P as p\nid: p.ID\nelements: { active: true }".to_owned(),
        // Elements that R4 does not have, or has otherwise.
        element("birthdate: $p.DOB"),
        element("name: [ { familly: $p.SURNAME } ]"),
        element("deceased: true"),
        element("id: $p.ID"),
        element("meta: { profile: [ http://x.example ] }"),
        element("name: { family: $p.SURNAME }"),
        element("gender: [ male ]"),
        element("maritalStatus: M"),
        element("name: []"),
        appointment("description: x"),
        // Values that cannot become the element.
        element("gender: femail"),
        element("active: perhaps"),
        element("birthDate: 8 March 1979"),
        element("birthDate: { column: p.DOB, bit: 4 }"),
        element("active: { column: p.X, format: YYYY }"),
        element("gender: { column: p.SEX, codez: { M: male } }"),
        element("gender: { codes: { M: male } }"),
        element("gender: { column: p.SEX, first: [ $p.X ] }"),
        element("gender: { to: Practitioner, id: p.X }"),
        element("multipleBirthInteger: { column: p.N, divide: 0 }"),
        element("birthDate: { column: p.DOB, precision: hour }"),
        element("birthDate: { each: others, column: p.DOB }"),
        element("generalPractitioner: [ { reference: { to: Practitioner } } ]"),
        element("generalPractitioner: [ { reference: { to: Patient, id: p.D } } ]"),
        element("generalPractitioner: [ { reference: { column: p.D } } ]"),
        "- { name: a, serach: Patient, expect: { total: 1 } }".to_owned(),
        "- { name: a, search: Patient, expect: { totals: 1 } }".to_owned(),
    ];
    for text in wrong {
        assert!(
            !problems(&text).is_empty(),
            "nothing is wrong with it:\n{text}"
        );
    }
}

/// Which option is for which type the schema and the checker must say alike: what the schema refuses of a value, the
/// checker refuses too, whatever the column.
#[test]
fn an_option_that_the_schema_refuses_is_refused_by_the_checker() {
    let elements = [
        "active",
        "multipleBirthInteger",
        "birthDate",
        "deceasedDateTime",
        "language",
        "maritalStatus",
        "implicitRules",
    ];
    let values = [
        "column: p.COL, compare: digits",
        "column: p.COL, bit: 4",
        "column: p.COL, format: YYYYMMDD",
        "column: p.COL, unix: true",
        "column: p.COL, zone: utc",
        "column: p.COL, precision: day",
        "column: p.COL, divide: 60",
        "column: p.COL, multiply: 60",
        "column: p.COL, measure: number",
        "column: p.COL, measure: text",
        "column: p.COL, codes: { a: b }, part: display",
        "join: [ p.COL ]",
        "concat: [ { column: p.COL, length: 2 } ]",
        "date: p.DAY, seconds: p.NUMBER",
        "year: p.NUMBER",
        "to: Practitioner, id: p.NUMBER",
    ];
    let (mut accepted, mut refused) = (0, 0);
    for element in elements {
        for value in values {
            let any_column = ["TEXT", "NUMBER", "DAY"].into_iter().any(|column| {
                let value = value.replace("COL", column);
                let files = [
                    ("mapping.yaml", MANIFEST.to_owned()),
                    ("patient.yaml", format!("{HEAD}elements: {{ {element}: {{ {value} }} }}\n")),
                    (
                        "tables.yaml",
                        "tables: { P: { key: ID, columns: { ID: int, TEXT: varchar(9), NUMBER: int, DAY: datetime } } }".to_owned(),
                    ),
                ];
                let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
                mapping::load_files("x", &files, &Options::default()).is_ok()
            });
            let text = format!("{HEAD}elements: {{ {element}: {{ {value} }} }}\n");
            let problems = problems(&text);
            match problems.is_empty() {
                true => accepted += 1,
                false => {
                    refused += 1;
                    assert!(
                        !any_column,
                        "{element}: {{ {value} }} is right: {problems:#?}"
                    );
                }
            }
        }
    }
    assert!(accepted > 20 && refused > 40, "{accepted} {refused}");
}

#[test]
fn the_repositorys_schema_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("mappings")
        .join(json_schema::FILE);
    let text = std::fs::read_to_string(&path).expect("mappings/mapping.schema.json");
    let kept: Value = serde_json::from_str(&text).expect("JSON");
    assert!(
        kept == json_schema::document(),
        "renew it: cargo run -- mapping schema > mappings/{}",
        json_schema::FILE
    );
    // What is printed is what is meant, whatever the order of its keys.
    let printed: Value = serde_json::from_str(&json_schema::text()).expect("JSON");
    assert!(printed == json_schema::document());
    // No reference leads nowhere.
    let definitions = kept["definitions"].as_object().expect("definitions");
    let mut used = std::collections::BTreeSet::new();
    references(&kept, &mut used);
    for name in &used {
        assert!(definitions.contains_key(*name), "{name} is not defined");
    }
}

fn references<'v>(value: &'v Value, used: &mut std::collections::BTreeSet<&'v str>) {
    match value {
        Value::Array(entries) => entries.iter().for_each(|it| references(it, used)),
        Value::Object(object) => {
            for (key, value) in object {
                match value.as_str() {
                    Some(text) if key == "$ref" => {
                        used.insert(text.trim_start_matches("#/definitions/"));
                    }
                    _ => references(value, used),
                }
            }
        }
        _ => {}
    }
}
