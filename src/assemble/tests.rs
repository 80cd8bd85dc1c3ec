//! Rows of a small mapping as resources: what is absent, what is odd, and whose children are whose.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{ChildRows, Outcome, ResourceWriter, Site};
use crate::mapping;
use crate::passthrough::{CellRef, RowSink as _, Rows, RowsBuilder};
use crate::plan::{Selection, View};
use crate::relation::Expr;

const MANIFEST: &str = "\
name: Test PMS
engine: mssql
verified: illustrative
collation: Latin1_General_CI_AS
";
const TABLES: &str = "\
tables:
  PATIENTS:
    key: ID
    columns:
      ID: varchar(64)
      SURNAME: char(40)
      PHONE: char(14)
      SEX: int
      DOB: { type: datetime }
      DIED: datetime
      FLAGS: int
      UPDATED: datetime
      SECONDS: int
      YEAR: int
      MONTH: int
      DAY: int
      UNIX: bigint
  EMAIL: { key: RECORDID, columns: { RECORDID: int, ID: { type: varchar(64), collation: COLLATION }, EMAIL: varchar(250) } }
";
const PATIENT: &str = "\
resource: Patient
table: PATIENTS as p
id: p.ID
lastUpdated: { column: p.UNIX, unix: true }
children:
  emails: EMAIL as e on e.ID = p.ID
codes:
  sex: { 1: male, 2: female }
elements:
  identifier: [ { system: 'http://here', value: $p.PHONE } ]
  name: [ { use: official, family: $p.SURNAME } ]
  telecom:
    - { system: phone, value: $p.PHONE }
    - { each: emails, system: email, value: $e.EMAIL }
  gender: { column: p.SEX, codes: sex }
  birthDate: { column: p.DOB, absent: ['1900-01-01'] }
  deceasedDateTime: { date: p.DIED, seconds: p.SECONDS }
";

struct Rig {
    view: View,
}

fn rig(collation: &str) -> Rig {
    rig_of(collation, PATIENT)
}

fn rig_of(collation: &str, patient: &str) -> Rig {
    let tables = TABLES.replace("COLLATION", collation);
    let files = [
        ("mapping.yaml", MANIFEST),
        ("tables.yaml", tables.as_str()),
        ("patient.yaml", patient),
    ];
    let loaded = mapping::load_files("test", &files, &mapping::Options::default())
        .unwrap_or_else(|problems| panic!("{problems}"));
    Rig {
        view: View::new(&loaded.mapping.sources[0], &Selection::Whole),
    }
}

fn name_of(expr: &Expr) -> &str {
    match expr {
        Expr::Column(column) => &column.name,
        other => panic!("{other:?}"),
    }
}

impl Rig {
    /// Rows by the names of their columns; what is not named is NULL.
    fn rows(&self, rows: &[&[(&str, CellRef<'_>)]]) -> Rows {
        let mut builder = RowsBuilder::new(1 << 20);
        builder.begin(self.view.columns.len(), &|_| String::new());
        for row in rows {
            for expr in self.view.columns.iter() {
                let cell = row.iter().find(|(name, _)| *name == name_of(expr));
                builder
                    .cell(cell.map_or(CellRef::Null, |(_, cell)| *cell))
                    .expect("room");
            }
        }
        builder.finish()
    }

    /// Children: the parent's key and an address.
    fn emails(&self, rows: &[(&str, &str)]) -> Vec<ChildRows> {
        let view = &self.view.children[0];
        let mut builder = RowsBuilder::new(1 << 20);
        builder.begin(1 + view.columns.len(), &|_| String::new());
        for (parent, email) in rows {
            builder
                .cell(CellRef::Text(parent.as_bytes()))
                .expect("room");
            for _ in view.columns.iter() {
                builder.cell(CellRef::Text(email.as_bytes())).expect("room");
            }
        }
        vec![ChildRows::new(view, builder.finish())]
    }

    /// The resource of each row, None where it was left out; and how many odd values there were.
    fn write(&self, rows: &Rows, children: &[ChildRows]) -> (Vec<Option<Value>>, usize) {
        self.write_in("Australia/Brisbane", rows, children)
    }

    fn write_in(
        &self,
        zone: &str,
        rows: &Rows,
        children: &[ChildRows],
    ) -> (Vec<Option<Value>>, usize) {
        let zone = TimeZone::get(zone).expect("bundled");
        let mut writer = ResourceWriter::new(&self.view, Site { zone: &zone }, children);
        let written = (0..rows.len())
            .map(|row| {
                let mut out = b"before".to_vec();
                match writer.write(&mut out, rows, row) {
                    Outcome::Written => Some(serde_json::from_slice(&out[6..]).expect("JSON")),
                    Outcome::LeftOut => {
                        assert_eq!(out, b"before");
                        None
                    }
                }
            })
            .collect();
        (written, writer.odd.len())
    }

    fn one(&self, row: &[(&str, CellRef<'_>)]) -> (Option<Value>, usize) {
        let rows = self.rows(&[row]);
        let (mut written, odd) = self.write(&rows, &self.emails(&[]));
        (written.remove(0), odd)
    }
}

const ID: (&str, CellRef<'_>) = ("ID", CellRef::Text(b"7"));

fn text(text: &str) -> CellRef<'_> {
    CellRef::Text(text.as_bytes())
}

const CI: &str = "Latin1_General_CI_AS";

#[test]
fn an_object_without_values_was_never_there() {
    let rig = rig(CI);
    let bare = json!({"resourceType": "Patient", "id": "7"});
    assert_eq!(rig.one(&[ID]), (Some(bare.clone()), 0));
    let blank = [ID, ("SURNAME", text("   \0 ")), ("PHONE", text(""))];
    assert_eq!(rig.one(&blank), (Some(bare.clone()), 0));
    let unknown = [ID, ("DOB", text("1900-01-01T00:00:00.000"))];
    assert_eq!(rig.one(&unknown), (Some(bare), 0));
    let named = [ID, ("SURNAME", text("O\"Brien\\  "))];
    assert_eq!(
        rig.one(&named).0.expect("written")["name"],
        json!([{"use": "official", "family": "O\"Brien\\"}])
    );
}

#[test]
fn what_cannot_be_a_value_is_left_out_and_counted() {
    let rig = rig(CI);
    let odd: [&[(&str, CellRef<'_>)]; 10] = [
        &[("SURNAME", CellRef::Text(b"Ren\xe9"))],
        &[("SURNAME", CellRef::Bytes(b"Smith"))],
        &[("SEX", CellRef::Int(9))],
        &[("DOB", text("0000-00-00"))],
        &[("DOB", text("2023-02-29"))],
        &[("DOB", CellRef::Int(20230228))],
        &[("DIED", text("2023-02-28")), ("SECONDS", CellRef::Int(-1))],
        &[
            ("DIED", text("2023-02-28")),
            ("SECONDS", CellRef::Int(i64::MAX)),
        ],
        &[
            ("DIED", text("9999-12-31")),
            ("SECONDS", CellRef::Int(86_400)),
        ],
        &[("UNIX", CellRef::Int(i64::MIN))],
    ];
    for row in odd {
        let (written, count) = rig.one(&[&[ID], row].concat());
        let bare = json!({"resourceType": "Patient", "id": "7"});
        assert_eq!((written, count), (Some(bare), 1), "{row:?}");
    }
    // In the zone of the practice these are in the year 0, and before it.
    for seconds in [-62_167_219_200 - 86_400, -70_000_000_000] {
        let (written, count) = rig.one(&[ID, ("UNIX", CellRef::Int(seconds))]);
        assert_eq!(written.expect("written").get("meta"), None);
        assert_eq!(count, 1);
    }
}

#[test]
fn a_row_without_an_id_is_left_out() {
    let rig = rig(CI);
    let long = "a".repeat(65);
    for id in [
        CellRef::Null,
        CellRef::Real(1.5),
        text(""),
        text("a b"),
        text("é"),
        text(&long),
    ] {
        assert_eq!(
            rig.one(&[("ID", id), ("SURNAME", text("Smith"))]).0,
            None,
            "{id:?}"
        );
    }
    for id in [CellRef::Int(-7), text(" A-1.b  ")] {
        assert!(rig.one(&[("ID", id)]).0.is_some(), "{id:?}");
    }
}

#[test]
fn times_are_the_practices() {
    let rig = rig(CI);
    let row = [
        ID,
        ("DIED", text("2026-01-05 00:00:00")),
        ("SECONDS", CellRef::Int(34_200)),
        ("UNIX", CellRef::Int(0)),
    ];
    let written = rig.one(&row).0.expect("written");
    assert_eq!(written["deceasedDateTime"], "2026-01-05T09:30:00+10:00");
    assert_eq!(written["meta"]["lastUpdated"], "1970-01-01T10:00:00+10:00");
}

/// The hour that clocks go through twice: a moment is told from the same time an hour later.
#[test]
fn a_moment_keeps_its_offset() {
    let rig = rig(CI);
    let rows = rig.rows(&[
        &[ID, ("UNIX", CellRef::Int(1_775_316_600))],
        &[ID, ("UNIX", CellRef::Int(1_775_320_200))],
    ]);
    let (written, _) = rig.write_in("Australia/Sydney", &rows, &rig.emails(&[]));
    let updated: Vec<_> = written
        .iter()
        .map(|one| one.as_ref().expect("written")["meta"]["lastUpdated"].clone())
        .collect();
    assert_eq!(
        updated,
        ["2026-04-05T02:30:00+11:00", "2026-04-05T02:30:00+10:00"]
    );
}

/// Where the database tells `a` from `A`, one patient must not be given the other's addresses.
#[test]
fn children_are_their_own_parents() {
    let emails = |collation: &str| {
        let rig = rig(collation);
        let rows = rig.rows(&[
            &[("ID", text("a")), ("PHONE", text("1"))],
            &[("ID", text("A  ")), ("PHONE", text("2"))],
            &[("ID", text("b"))],
        ]);
        let children = rig.emails(&[("a", "1@x"), ("A", "2@x"), ("a", "3@x"), ("c", "4@x")]);
        let (written, _) = rig.write(&rows, &children);
        let values = |of: &Option<Value>| -> Vec<String> {
            let telecom = of.as_ref().and_then(|of| of["telecom"].as_array());
            telecom
                .into_iter()
                .flatten()
                .map(|entry| entry["value"].as_str().expect("a value").to_owned())
                .collect()
        };
        written.iter().map(values).collect::<Vec<_>>()
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(
        emails("Latin1_General_BIN2"),
        [
            vec!["1", "1@x", "3@x"],
            vec!["2", "2@x"],
            none.iter().map(String::as_str).collect()
        ]
    );
    let all = ["1@x", "2@x", "3@x"];
    assert_eq!(
        emails(CI),
        [
            [&["1"], &all[..]].concat(),
            [&["2"], &all[..]].concat(),
            Vec::new()
        ]
    );
}

#[test]
fn a_profile_is_claimed_by_what_is_written() {
    let profile = "resource: Patient
profile:
  - url: urn:p:whole
    if: [ telecom.value, name.family, birthDate ]
  - url: urn:p:official
    if: [ name.use, name.family, telecom.system, active ]
  - { url: urn:p:one-name, if: [ name.family, name.text ] }
  - { url: urn:p:never, if: [ photo ] }
";
    let elements = "elements:
  active: true
  name:
    - { use: official, family: $p.SURNAME }
    - { use: usual, text: $p.PHONE }
  contact: [ { name: { family: $p.PHONE } } ]";
    let patient = PATIENT
        .replace("resource: Patient\n", profile)
        .replace("elements:", elements)
        .replace("  name: [ { use: official, family: $p.SURNAME } ]\n", "");
    let rig = rig_of(CI, &patient);
    let claimed = |row: &[(&str, CellRef<'_>)], emails: &[(&str, &str)]| {
        let rows = rig.rows(&[&[&[ID], row].concat()]);
        let (mut written, _) = rig.write(&rows, &rig.emails(emails));
        let resource = written.remove(0).expect("written");
        assert!(resource.get("meta").is_none_or(|meta| meta != &json!({})));
        resource["meta"]["profile"].clone()
    };
    let name = ("SURNAME", text("Smith"));
    let phone = ("PHONE", text("0491"));
    let born = ("DOB", text("1980-05-17"));
    let email = ("7", "x@y.example");
    for (row, emails, expected) in [
        (
            vec![name, phone, born],
            vec![],
            json!(["urn:p:whole", "urn:p:official"]),
        ),
        // A row of a child counts, another patient's does not.
        (
            vec![name, born],
            vec![email],
            json!(["urn:p:whole", "urn:p:official"]),
        ),
        (vec![name, born], vec![("8", "x@y.example")], Value::Null),
        (vec![name], vec![email], json!(["urn:p:official"])),
        // A name without a family name, and a contact's that has one.
        (vec![phone, born], vec![], Value::Null),
        // What is odd is not written.
        (
            vec![name, phone, ("DOB", text("0000-00-00"))],
            vec![],
            json!(["urn:p:official"]),
        ),
        (vec![], vec![], Value::Null),
    ] {
        assert_eq!(claimed(&row, &emails), expected, "{row:?} {emails:?}");
    }
    // Beside `lastUpdated`, whether or not a profile is claimed.
    for (row, profile) in [(vec![name, phone, born], true), (vec![], false)] {
        let row = [&[ID, ("UNIX", CellRef::Int(0))], &row[..]].concat();
        let meta = &rig.one(&row).0.expect("written")["meta"];
        assert_eq!(meta["lastUpdated"], "1970-01-01T10:00:00+10:00");
        assert_eq!(meta.get("profile").is_some(), profile);
    }
}
