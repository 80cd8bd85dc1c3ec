//! A small practice and a mapping of it, for the tests of the loader.

mod elements;
mod files;
mod habits;
mod lacks;
mod meant;
mod mutated;
mod once;
mod relations;
mod shapes;
mod values;

use super::*;

pub const MANIFEST: &str = "\
name: Test PMS
engine: mssql
verified: illustrative
collation: Latin1_General_CI_AS
catalogues: [MAIN, DRUGS]
";

pub const TABLES: &str = "\
tables:
  PATIENTS:
    key: ID
    columns:
      ID: int
      STATUS: int
      SURNAME: char(40)
      FIRSTNAME: char(40)
      MIDDLENAME: char(30)
      PHONE: char(14)
      SEXCODE: int
      GENDERTEXT: { type: varchar(20), optional: true }
      INVENTED: { type: int, verified: illustrative }
      DOB: datetime
      DOBTEXT: char(10)
      BIRTHYEAR: int
      BIRTHMONTH: int
      BIRTHDAY: int
      MEDICARENO: char(13)
      MEDICARELINENO: char(1)
      USERID: int
      FLAGS: int
      WEIGHT: decimal(6,2)
      RESULT: varchar(20)
      GUID: uniqueidentifier
      UPDATED: datetime
      CREATED: datetime
  SEX: { key: SEXCODE, columns: { SEXCODE: int, SEX: char(10) } }
  USERS: { key: USERID, columns: { USERID: int, TITLECODE: int, SURNAME: char(40) } }
  TITLES: { key: TITLECODE, columns: { TITLECODE: int, TITLE: char(30) } }
  EMAIL: { key: RECORDID, columns: { RECORDID: int, ID: int, EMAIL: varchar(250), STATUS: int, KINDCODE: int } }
  KINDS: { key: [KINDCODE, LANG], columns: { KINDCODE: int, LANG: char(2), KIND: char(10) } }
  APPOINTMENTS:
    key: RECORDID
    columns: { RECORDID: int, ID: int, DAY: datetime, TIME: int, LENGTH: int, STATUS: char(10) }
  DRUGS: { key: DRUGID, catalogue: DRUGS, columns: { DRUGID: int, NAME: varchar(50) } }
codes:
  shared: { M: male, F: female, '*': unknown }
";

/// A source of Patient, up to its elements.
pub const PATIENT: &str = "\
resource: Patient
table: PATIENTS as p
rows: p.STATUS = 1
id: p.ID
lastUpdated: [p.UPDATED, p.CREATED]
lookups:
  sex: SEX on sex.SEXCODE = p.SEXCODE
  dtitle: TITLES on dtitle.TITLECODE = doc.TITLECODE
  doc: USERS on doc.USERID = p.USERID
children:
  emails: EMAIL as e on e.ID = p.ID where e.STATUS = 1
codes:
  sex: { Male: male, Female: female, '*': unknown, '': unknown }
";

pub fn load(files: &[(&str, &str)], options: &Options) -> Result<Loaded, Diagnostics> {
    let mut all = vec![("mapping.yaml", MANIFEST), ("tables.yaml", TABLES)];
    all.extend(files);
    load_files("test", &all, options)
}

/// Patient with these elements.
pub fn patient(elements: &str) -> String {
    format!("{PATIENT}elements:\n{elements}")
}

/// The source of a file that is right.
pub fn good(file: &str) -> std::sync::Arc<Source> {
    good_with(file, &Options::default())
}

pub fn good_with(file: &str, options: &Options) -> std::sync::Arc<Source> {
    match load(&[("patient.yaml", file)], options) {
        Ok(loaded) => loaded.mapping.sources[0].clone(),
        Err(diagnostics) => panic!("{diagnostics}"),
    }
}

/// The problems of a file, as they are shown. Warnings too.
pub fn problems(file: &str) -> String {
    reported(file).to_string()
}

/// The problems of a file, be they errors or warnings.
fn reported(file: &str) -> Diagnostics {
    match load(&[("patient.yaml", file)], &Options::default()) {
        Ok(loaded) => loaded.warnings,
        Err(diagnostics) => diagnostics,
    }
}

/// Each problem of a file: its code, line, message and help.
pub fn found(file: &str) -> Vec<String> {
    reported(file)
        .iter()
        .map(|problem| {
            let help = problem.help.as_deref().unwrap_or("no help");
            let line = problem.place.line;
            format!("{} {line}: {}: {help}", problem.code(), problem.message)
        })
        .collect()
}

/// A value by its path: `name.0.family`.
pub fn at<'s>(source: &'s Source, path: &str) -> &'s Node {
    let mut fields = &source.elements;
    let mut node: Option<&Node> = None;
    for step in path.split('.') {
        node = Some(match (node, step.parse::<usize>()) {
            (Some(Node::List(entries)), Ok(place)) => &entries[place].node,
            _ => {
                &fields
                    .iter()
                    .find(|field| &*field.name == step)
                    .unwrap()
                    .node
            }
        });
        if let Some(Node::Object(object)) = node {
            fields = &object.fields;
        }
    }
    node.unwrap()
}

pub fn binding<'s>(source: &'s Source, path: &str) -> &'s Binding {
    match at(source, path) {
        Node::Value(binding) => binding,
        other => panic!("{other:?}"),
    }
}

/// The columns, as `p.SURNAME`.
pub fn columns(binding: &Binding) -> Vec<String> {
    let name = |expr: &crate::relation::Expr| match expr {
        crate::relation::Expr::Column(column) => format!("{}.{}", column.alias, column.name),
        other => format!("{other:?}"),
    };
    binding.columns.iter().map(name).collect()
}

/// A source of Patient in which one line is another.
pub fn with(line: &str, other: &str) -> String {
    let file = patient("  active: true\n");
    assert!(file.contains(line), "{line}");
    file.replace(line, other)
}
