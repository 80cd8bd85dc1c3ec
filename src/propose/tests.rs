//! What is proposed from tables, and that no catalogue breaks what is written.

use std::sync::Arc;

use super::*;
use crate::mapping::{Diagnostics, Loaded, Options, load_files};
use crate::passthrough::sqlite::Sqlite;
use crate::passthrough::{Limits, PassthroughError, Pool};
use crate::verify;

/// The databases that scripts make, by catalogue.
fn seen(scripts: &[(&str, &str)]) -> Seen {
    let folder = tempfile::tempdir().expect("a folder");
    let files = scripts.iter().enumerate().map(|(place, (name, script))| {
        let path = folder.path().join(place.to_string());
        let database = rusqlite::Connection::open(&path).expect("a database");
        database.execute_batch(script).expect("tables");
        (Arc::from(*name), path)
    });
    let files: Vec<(Arc<str>, _)> = files.collect();
    let names: Vec<Arc<str>> = files.iter().map(|(name, _)| Arc::clone(name)).collect();
    let limits = Limits::default();
    let pool = Pool::new(Arc::new(Sqlite::files(files, &limits)), limits);
    let databases = names.into_iter().enumerate().map(|(place, name)| {
        let live = pool.run_now::<_, PassthroughError>(|session| {
            let catalogue = (place > 0).then_some(&name);
            let mut live = verify::read(session, Dialect::Sqlite, catalogue)?;
            verify::keys(session, Dialect::Sqlite, catalogue, &mut live)?;
            Ok(live)
        });
        (Arc::clone(&name), live.expect("a catalogue"))
    });
    Seen {
        dialect: Dialect::Sqlite,
        databases: databases.collect(),
    }
}

fn wish() -> Wish {
    Wish {
        product: "Lyrebird".to_owned(),
        engine: Dialect::Sqlite,
    }
}

fn proposed(script: &str) -> Proposal {
    proposal(&wish(), seen(&[("", script)]))
}

fn loaded(files: &[NewFile]) -> Result<Loaded, Diagnostics> {
    let files: Vec<(&str, &str)> = files.iter().map(|it| (&*it.name, &*it.text)).collect();
    load_files("lyrebird", &files, &Options::default())
}

/// The text of a file.
fn text<'p>(proposal: &'p Proposal, name: &str) -> &'p str {
    let mut files = proposal.files.iter();
    let file = files.find(|file| file.name == name);
    &file.unwrap_or_else(|| panic!("{name}")).text
}

/// The files as they are when every suggestion is taken: without the `# ` before it.
fn taken(proposal: &Proposal) -> Vec<NewFile> {
    let files = proposal
        .files
        .iter()
        .filter(|file| file.name != "stand-in.yaml");
    let taken = files.map(|file| {
        let lines = file.text.lines().skip(1);
        let lines = lines.map(|line| match line.strip_prefix("# ") {
            Some(suggestion) => suggestion,
            None if line.starts_with("elements: {}") => "elements:",
            None if line.starts_with("tables: {}") => "tables:",
            None => line,
        });
        NewFile {
            name: file.name.clone(),
            text: lines.map(|line| format!("{line}\n")).collect(),
        }
    });
    taken.collect()
}

/// The folder loads as it is, without a warning, and with all that it suggests without an error.
#[track_caller]
fn sound(proposal: &Proposal) -> Loaded {
    let loaded_as_is = loaded(&proposal.files).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(
        loaded_as_is.warnings.is_empty(),
        "{}",
        loaded_as_is.warnings
    );
    loaded(&taken(proposal)).unwrap_or_else(|problems| panic!("{problems}"))
}

const PHYSIO: &str = "
CREATE TABLE CLIENT (CLIENTNO INTEGER PRIMARY KEY, DELETED INTEGER, SURNAME VARCHAR(40), GIVEN VARCHAR(40), KNOWNAS VARCHAR(40),
  SEX VARCHAR(1), BORN DATE, MOBILE VARCHAR(20), THERAPIST INTEGER REFERENCES THERAPIST, CHANGED DATETIME, PHOTO PICTURE);
CREATE TABLE CLIENT_EMAIL (EMAILNO INTEGER PRIMARY KEY, CLIENTNO INTEGER REFERENCES CLIENT (CLIENTNO), EMAIL VARCHAR(100));
CREATE TABLE THERAPIST (THERAPISTNO INTEGER PRIMARY KEY, SURNAME VARCHAR(40), GIVEN VARCHAR(40), ACTIVE VARCHAR(1));
CREATE TABLE VISITSTATE (STATE INTEGER PRIMARY KEY, STATENAME VARCHAR(20));
CREATE TABLE VISIT (VISITNO INTEGER PRIMARY KEY, CLIENTNO INTEGER, THERAPIST INTEGER, DAY DATE, FROMMIN INTEGER, MINUTES INTEGER, STATE INTEGER);
CREATE TABLE INVOICE (INVOICENO INTEGER PRIMARY KEY, AMOUNT DECIMAL(10,2));
";

#[test]
fn a_folder_from_a_small_database() {
    let proposal = proposed(PHYSIO);
    let loaded = sound(&proposal);
    let resources: Vec<_> = loaded.mapping.resources.keys().copied().collect();
    assert_eq!(
        resources,
        ["Appointment", "Encounter", "Patient", "Practitioner"]
    );
    let shown: Vec<String> = proposal
        .files
        .iter()
        .map(|file| format!("==== {}\n{}", file.name, file.text))
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

/// Names that begin alike: the tables of a product, and the columns of each table.
const TRAVEL: &str = "
CREATE TABLE tj_traveller (trv_id INTEGER PRIMARY KEY, trv_lname VARCHAR(40), trv_fname VARCHAR(40), trv_birth INTEGER, trv_sex VARCHAR(1),
  trv_mobile VARCHAR(20), trv_stf_id INTEGER, trv_removed_on DATE);
CREATE TABLE tj_staff (stf_id INTEGER PRIMARY KEY, stf_name VARCHAR(40), stf_role VARCHAR(20));
CREATE TABLE tj_clinic (cln_id INTEGER PRIMARY KEY, cln_name VARCHAR(40), cln_suburb VARCHAR(40));
CREATE TABLE tj_visit (vst_id INTEGER PRIMARY KEY, vst_trv_id INTEGER, vst_staff INTEGER, vst_clinic INTEGER, vst_day DATE, vst_kind INTEGER);
CREATE TABLE tj_kind (knd_id INTEGER PRIMARY KEY, knd_label VARCHAR(20));
CREATE TABLE tj_dose (DoseId INTEGER PRIMARY KEY, DoseTravellerId INTEGER, DoseVaccine VARCHAR(40), DoseGivenDate DATE, DoseBatch VARCHAR(20));
CREATE TABLE tj_log (log_id INTEGER, log_at DATETIME, log_text TEXT);
CREATE TABLE schema_version (version INTEGER PRIMARY KEY);
";

#[test]
fn a_folder_from_a_database_whose_names_begin_alike() {
    let proposal = proposed(TRAVEL);
    sound(&proposal);
    assert_eq!(
        proposal.likely,
        [
            ("Patient", "tj_traveller"),
            ("Practitioner", "tj_staff"),
            ("Location", "tj_clinic"),
            ("Appointment", "tj_visit"),
            ("Encounter", "tj_visit"),
            ("Immunization", "tj_dose"),
        ]
        .map(|(resource, table)| (resource, table.to_owned()))
    );
    let names = [
        "tables.yaml",
        "patient.yaml",
        "encounter.yaml",
        "immunization.yaml",
        "fixture.sql",
    ];
    let shown = names.map(|name| format!("==== {name}\n{}", text(&proposal, name)));
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn a_beginning_that_is_not_the_tables_name_hides_nothing() {
    for prefix in ["trv_", "pat_", "pt_", "patient_", "Zz"] {
        let proposal = proposed(&format!(
            "CREATE TABLE Patient ({prefix}Id INTEGER PRIMARY KEY, {prefix}Surname VARCHAR(40), {prefix}Given_Name VARCHAR(40), {prefix}Birthdate VARCHAR(8))"
        ));
        sound(&proposal);
        let patient = text(&proposal, "patient.yaml");
        for part in [
            format!("id: p.{prefix}Id"),
            format!("family: $p.{prefix}Surname"),
            format!("given: [ $p.{prefix}Given_Name ]"),
            format!("birthDate: {{ column: p.{prefix}Birthdate, format: YYYYMMDD }}"),
        ] {
            assert!(patient.contains(&part), "{part}\n{patient}");
        }
    }
}

#[test]
fn without_a_likely_table_the_facts_are_there() {
    let proposal = proposed(
        "CREATE TABLE kunde (nr INTEGER PRIMARY KEY, vorname VARCHAR(40));
         CREATE TABLE besuch (nr INTEGER PRIMARY KEY, kunde INTEGER REFERENCES kunde (nr));
         CREATE TABLE protokoll (zeit DATETIME, code INTEGER);",
    );
    assert_eq!(proposal.likely, []);
    let loaded = loaded(&proposal.files).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    assert!(loaded.mapping.tables.contains_key("kunde"));
    assert!(loaded.mapping.tables.contains_key("besuch"));
    let tables = text(&proposal, "tables.yaml");
    let of_log = "#   protokoll:\n#     key: code  # no primary key is declared: is this unique";
    assert!(tables.contains(of_log), "{tables}");
    let fixture = text(&proposal, "fixture.sql");
    assert!(fixture.contains("CREATE TABLE \"besuch\""), "{fixture}");
    assert!(!fixture.contains("protokoll"), "{fixture}");
}

#[test]
fn names_of_other_products_are_read_too() {
    // As a public schema of dentists has them.
    let proposal = proposed(
        "CREATE TABLE patient (PatNum bigint PRIMARY KEY, LName varchar(100), FName varchar(100), MiddleI varchar(100), Preferred varchar(100),
           Birthdate date, Gender tinyint, Address varchar(100), City varchar(100), State varchar(100), Zip varchar(100), HmPhone varchar(30),
           WirelessPhone varchar(30), Email varchar(100), PriProv bigint, DateTStamp datetime);
         CREATE TABLE provider (ProvNum bigint PRIMARY KEY, Abbr varchar(255), LName varchar(100), FName varchar(100), MI varchar(100), NationalProvID varchar(255));
         CREATE TABLE appointment (AptNum bigint PRIMARY KEY, PatNum bigint, AptStatus tinyint, Pattern varchar(255), Op bigint, Note text, ProvNum bigint, AptDateTime datetime, DateTStamp datetime);
         CREATE TABLE allergydef (AllergyDefNum bigint PRIMARY KEY, Description varchar(255));
         CREATE TABLE allergy (AllergyNum bigint PRIMARY KEY, AllergyDefNum bigint, PatNum bigint, Reaction varchar(255), DateAdverseReaction date);
         CREATE TABLE vaccinepat (VaccinePatNum bigint PRIMARY KEY, VaccineDefNum bigint, DateTimeStart datetime, PatNum bigint, LotNumber varchar(255));
         CREATE TABLE medicationpat (MedicationPatNum bigint PRIMARY KEY, PatNum bigint, MedicationNum bigint, PatNote text, DateStart date, DateStop date, MedDescript varchar(255));
         CREATE TABLE medication (MedicationNum bigint PRIMARY KEY, MedName varchar(255));",
    );
    sound(&proposal);
    assert_eq!(
        proposal.likely,
        [
            ("Patient", "patient"),
            ("Practitioner", "provider"),
            ("Appointment", "appointment"),
            ("AllergyIntolerance", "allergy"),
            ("Immunization", "vaccinepat"),
            ("MedicationStatement", "medicationpat"),
        ]
        .map(|(resource, table)| (resource, table.to_owned()))
    );
    let patient = text(&proposal, "patient.yaml");
    for part in [
        "family: $p.LName",
        "given: [ $p.FName, $p.MiddleI ]",
        "birthDate: $p.Birthdate",
        "postalCode: $p.Zip",
        "column: p.WirelessPhone",
        "# lastUpdated: p.DateTStamp",
    ] {
        assert!(patient.contains(part), "{part}\n{patient}");
    }
    let allergy = text(&proposal, "allergy.yaml");
    let lookup = "allergydef: allergydef on allergydef.AllergyDefNum = a.AllergyDefNum";
    assert!(allergy.contains(lookup), "{allergy}");
    assert!(allergy.contains("its texts: Description"), "{allergy}");
}

#[test]
fn several_databases_are_catalogues() {
    let proposal = proposal(
        &Wish {
            engine: Dialect::Firebird,
            ..wish()
        },
        seen(&[
            (
                "OFFICE",
                "CREATE TABLE PATIENTS (PATIENT_ID INTEGER PRIMARY KEY, SURNAME VARCHAR(40), DOB DATE); CREATE TABLE SHARED (ID INTEGER PRIMARY KEY);",
            ),
            (
                "RECORD",
                "CREATE TABLE PROBLEMS (PROBLEM_ID INTEGER PRIMARY KEY, PATIENT_ID INTEGER, PROBLEM VARCHAR(100)); CREATE TABLE SHARED (ID INTEGER PRIMARY KEY);",
            ),
        ]),
    );
    let loaded = sound(&proposal);
    assert_eq!(
        &*loaded.mapping.catalogues,
        ["OFFICE".into(), "RECORD".into()]
    );
    let tables = text(&proposal, "tables.yaml");
    assert!(
        tables.contains("  PROBLEMS:\n    key: PROBLEM_ID\n    catalogue: RECORD\n"),
        "{tables}"
    );
    assert!(
        tables.contains("SHARED (another catalogue has a table of this name)"),
        "{tables}"
    );
    assert!(text(&proposal, "fixture.RECORD.sql").contains("CREATE TABLE \"PROBLEMS\""));
    assert!(!text(&proposal, "fixture.sql").contains("PROBLEMS"));
}

#[test]
fn a_catalogue_of_odd_names_breaks_nothing() {
    let proposal = proposed(
        "CREATE TABLE \"patient list\" (\"patient id\" INTEGER PRIMARY KEY, \"last name\" VARCHAR(40), \"first: name\" VARCHAR(40), \"dob\" DATE,
           \"say \"\"hi\"\" # no\" INT, \"a\nb: c\" INT, \"x]y\" INT, \"Größe\" INT, \"order\" INT, \"null\" INT, \"gender\" \"my 'own' type\",
           \" blank\" INT, \"\u{202e}rtl\" INT);
         CREATE TABLE \"resource: Patient\" (\"id\" INTEGER PRIMARY KEY, \"patient id\" INT REFERENCES \"patient list\" (\"patient id\"));
         CREATE TABLE \"a.b\" (\"id\" INTEGER PRIMARY KEY);
         CREATE TABLE \"-- x\n; DROP\" (\"id\" INTEGER PRIMARY KEY);
         CREATE TABLE \"select\" (\"id\" INTEGER PRIMARY KEY, \"patient id\" INT);
         CREATE TABLE \"患者\" (\"id\" INTEGER PRIMARY KEY, \"patient id\" INT);
         CREATE VIEW doctor AS SELECT 1 AS id, 'x' AS surname;",
    );
    let loaded = sound(&proposal);
    let table = &loaded.mapping.tables["patient list"];
    assert!(table.columns.contains_key("say \"hi\" # no") && table.columns.contains_key("Größe"));
    let tables = text(&proposal, "tables.yaml");
    for part in [
        "## gender is left out: its type my 'own' type is none of the language's",
        "## a?b: c is left out: a mapping cannot say its name",
        "##  blank is left out: a mapping cannot say its name",
        "-- x?; DROP (a mapping cannot say its name)",
        "a.b (a mapping cannot say its name)",
    ] {
        // Remarks are broken into lines.
        assert!(
            tables.replace("\n## ", " ").contains(part),
            "{part}\n{tables}"
        );
    }
    let patient = text(&proposal, "patient.yaml");
    assert!(
        patient.contains("table: \"[patient list] as p\"\n"),
        "{patient}"
    );
    assert!(patient.contains("by a declared foreign key"), "{patient}");
    // What is written for SQLite runs there.
    let database = rusqlite::Connection::open_in_memory().expect("a database");
    database
        .execute_batch(text(&proposal, "fixture.sql"))
        .expect("tables");
}

#[test]
fn without_a_key_nothing_is_claimed() {
    let proposal = proposed(
        "CREATE TABLE PATIENTS (PATIENT_ID INT, SURNAME VARCHAR(40), DOB DATE);
         CREATE TABLE EMAILS (EMAILNO INT, ADDRESS VARCHAR(100), PATIENT_ID INT REFERENCES PATIENTS (PATIENT_ID));",
    );
    sound(&proposal);
    let patient = text(&proposal, "patient.yaml");
    assert!(
        patient.contains("# id: p.PATIENT_ID  # no primary key is declared: is this unique"),
        "{patient}"
    );
    assert!(
        !patient
            .lines()
            .any(|line| !line.starts_with('#') && !line.is_empty()),
        "{patient}"
    );
    let stand_in = text(&proposal, "stand-in.yaml");
    assert!(stand_in.contains("WHERE 1 = 0"), "{stand_in}");
    assert!(text(&proposal, "tables.yaml").contains("#     key: PATIENT_ID"));
    let unknown = proposed("CREATE TABLE PATIENTS (SURNAME VARCHAR(40), DOB DATE)");
    assert!(loaded(&unknown.files).is_ok_and(|loaded| loaded.warnings.is_empty()));
    assert!(text(&unknown, "patient.yaml").contains("# id: …  # no primary key is declared"));
    for engine in Dialect::ALL {
        let wish = Wish { engine, ..wish() };
        let empty = super::proposal(&wish, seen(&[("", "")]));
        assert!(loaded(&empty.files).is_ok_and(|loaded| loaded.warnings.is_empty()));
        assert!(empty.likely.is_empty());
    }
}

#[test]
fn of_thousands_of_tables_some_are_comments_and_the_rest_are_named() {
    let mut script = String::from("BEGIN;");
    script.push_str(PHYSIO);
    for number in 0..5_000 {
        script.push_str(&format!("CREATE TABLE SIDE{number} (ID INTEGER PRIMARY KEY, CLIENTNO INTEGER, NOTE VARCHAR(40));"));
    }
    script.push_str("COMMIT;");
    let proposal = proposed(&script);
    sound(&proposal);
    assert_eq!(proposal.tables, 5_006);
    let all: usize = proposal
        .files
        .iter()
        .map(|file| file.text.lines().count())
        .sum();
    assert!(all < 3_000, "{all}");
    let tables = text(&proposal, "tables.yaml");
    // Some of them are proposed as children.
    assert!(tables.contains("\n  SIDE0:\n") && !tables.contains("\n  SIDE128:\n"));
    assert!(tables.contains("\n#   SIDE128:\n#     key: ID\n"));
    assert!(tables.contains(" more\n"));
}

#[test]
fn wide_tables_are_declared_up_to_a_bound() {
    let columns: String = (0..900).map(|number| format!(", C{number} INT")).collect();
    let proposal = proposed(&format!(
        "CREATE TABLE PATIENT (ID INTEGER PRIMARY KEY, SURNAME VARCHAR(40), DOB DATE{columns});
         CREATE TABLE DOCTOR (ID INTEGER PRIMARY KEY, SURNAME VARCHAR(40){columns});"
    ));
    sound(&proposal);
    let tables = text(&proposal, "tables.yaml");
    assert!(tables.contains("\n  PATIENT:\n") && tables.contains("\n#   DOCTOR:\n"));
}

#[test]
fn what_is_no_patient_is_not_taken_for_one() {
    let proposal = proposed(
        "CREATE TABLE PATIENT_NOTES (ID INTEGER PRIMARY KEY, PATIENT_ID INT, NOTE TEXT);
         CREATE TABLE NEXT_OF_KIN (ID INTEGER PRIMARY KEY, SURNAME VARCHAR(40), PHONE VARCHAR(20));
         CREATE TABLE APPOINTMENT_TYPES (ID INTEGER PRIMARY KEY, NAME VARCHAR(40));",
    );
    assert_eq!(proposal.likely, []);
}

#[test]
fn the_example_is_a_mapping_for_each_engine() {
    for engine in Dialect::ALL {
        let files = example(&Wish { engine, ..wish() });
        let loaded = loaded(&files).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
        assert_eq!(loaded.mapping.engine, engine);
        let yaml = files.iter().filter(|file| file.name.ends_with(".yaml"));
        assert!(yaml.into_iter().all(|file| file.text.starts_with(HEADER)));
    }
}
