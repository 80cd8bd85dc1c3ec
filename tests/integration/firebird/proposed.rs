//! `pilaster mapping new --from-site` reads the catalogue of a real server: tables, types, keys and collations.

use super::server::{PASSWORD, shared};
use crate::cli::pilaster;

const SITE: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a31";

const TABLES: &str = "\
CREATE TABLE DOCTORS (DOCTOR_CODE VARCHAR(6) NOT NULL PRIMARY KEY, SURNAME VARCHAR(40), FIRST_NAME VARCHAR(40));
CREATE TABLE PATIENTS (PATIENT_ID INTEGER NOT NULL PRIMARY KEY, SURNAME VARCHAR(40) CHARACTER SET UTF8 COLLATE UNICODE_CI_AI,
  FIRST_NAME VARCHAR(40), BORN DATE, SEEN_BY VARCHAR(6) REFERENCES DOCTORS, PHOTO BLOB, NOTES BLOB SUB_TYPE TEXT, UPDATED TIMESTAMP);
CREATE TABLE KIN (PATIENT INTEGER NOT NULL, NR SMALLINT NOT NULL, SURNAME VARCHAR(40), PRIMARY KEY (PATIENT, NR));
CREATE TABLE CARDS (CARD INTEGER NOT NULL PRIMARY KEY, OWNER INTEGER, CONSTRAINT OWNS FOREIGN KEY (OWNER) REFERENCES PATIENTS (PATIENT_ID));
CREATE TABLE \"Appointments\" (\"Apt Id\" INTEGER NOT NULL PRIMARY KEY, PATIENT_ID INTEGER, DOCTOR_CODE VARCHAR(6), START_TIME TIMESTAMP);
CREATE VIEW PATIENT_LIST AS SELECT PATIENT_ID, SURNAME FROM PATIENTS;
";

#[test]
fn a_firebird_catalogue_is_proposed_from() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", TABLES);
    let folder = tempfile::tempdir().expect("a folder");
    let configuration = format!(
        "[[key]]\ncaller = \"acme\"\nsecret = {{ env = \"ACME_KEY\" }}\n\n[[site]]\nid = \"{SITE}\"\nmapping = \"lyrebird\"\ntime-zone = \"Australia/Perth\"\ndatabase = \"{}\"\ndriver = \"firebird\"\n[site.server]\nhost = \"127.0.0.1\"\nport = {}\nuser = \"sysdba\"\npassword = {{ env = \"FIREBIRD_PASSWORD\" }}\n",
        database.path, server.port
    );
    std::fs::write(folder.path().join("pilaster.toml"), configuration).expect("written");
    let run = |args: &[&str]| {
        let output = pilaster(args)
            .current_dir(folder.path())
            .env("ACME_KEY", "a key that nobody asks with")
            .env("FIREBIRD_PASSWORD", PASSWORD)
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}{errors}");
        said
    };
    let other = [
        "mapping",
        "new",
        "other",
        "--engine",
        "mssql",
        "--from-site",
        SITE,
    ];
    let refused = pilaster(&other)
        .current_dir(folder.path())
        .env("ACME_KEY", "a key that nobody asks with")
        .env("FIREBIRD_PASSWORD", PASSWORD)
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("the site's databases are firebird"), "{told}");
    run(&["mapping", "new", "lyrebird", "--from-site", SITE]);
    run(&["mapping", "check", "lyrebird"]);
    let read = |name: &str| {
        std::fs::read_to_string(folder.path().join("lyrebird").join(name)).expect(name)
    };
    let manifest = read("mapping.yaml");
    assert!(
        manifest.contains("engine: firebird\n") && manifest.contains("collation: UTF8\n"),
        "{manifest}"
    );
    let patient = read("patient.yaml");
    for part in [
        "table: PATIENTS as p\nid: p.PATIENT_ID  # its primary key\n",
        "# lastUpdated: p.UPDATED\n",
        "CARDS as c on c.OWNER = p.PATIENT_ID  # by a declared foreign key",
        "#   generalPractitioner:\n#     - reference: { to: Practitioner, id: p.SEEN_BY }",
        "birthDate: $p.BORN  # BORN date",
    ] {
        assert!(patient.contains(part), "{part}\n{patient}");
    }
    let appointment = read("appointment.yaml");
    assert!(
        appointment.contains("# id: \"a.[Apt Id]\"  # its primary key"),
        "{appointment}"
    );
    let tables = read("tables.yaml");
    for part in [
        "SURNAME: { type: varchar(40), collation: UNICODE_CI_AI }",
        "      FIRST_NAME: varchar(40)\n",
        "      NOTES: blob sub_type text\n",
        "      UPDATED: timestamp\n",
    ] {
        assert!(tables.contains(part), "{part}\n{tables}");
    }
    // What was written is as the database is, but for what it has no index of.
    let verified = run(&["mapping", "verify", "--site", SITE]);
    assert!(
        !verified.contains("error[") && !verified.contains("PV004") && !verified.contains("PV005"),
        "{verified}"
    );
}
