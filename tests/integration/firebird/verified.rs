//! What a real server says of its own tables, beside Zedmed's mapping.

use std::collections::BTreeSet;
use std::sync::Arc;

use pilaster::mapping::Mapping;
use pilaster::passthrough::Pool;
use pilaster::relation::Dialect;
use pilaster::verify::{self, Finding, Kind, Report};

use super::cases::{Zedmed, pool_over};
use super::server::shared;
use crate::mappings::fixture;
use crate::practice::{load, mapping_folder};

/// Asked on a connection of its own: those of a pool see the tables as they were.
fn report(mapping: &Arc<Mapping>, pool: &Arc<Pool>) -> Report {
    let mapping = Arc::clone(mapping);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime
        .block_on(pool.run(move |session| verify::verify(&mapping, Dialect::Firebird, session)))
        .expect("the catalogues")
}

fn of_kind(report: &Report, kind: Kind) -> Vec<&Finding> {
    report
        .findings
        .iter()
        .filter(|it| it.kind == kind)
        .collect()
}

/// Table and column of the findings of a kind.
fn places(report: &Report, kind: Kind) -> BTreeSet<String> {
    of_kind(report, kind)
        .into_iter()
        .map(|finding| match &finding.column {
            Some(column) => format!("{}.{column}", finding.table),
            None => finding.table.to_string(),
        })
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn zedmed_on_firebird_is_as_its_mapping_says() {
    let Some(server) = shared() else { return };
    let folder = mapping_folder("zedmed");
    let mapping = Arc::new(load(&folder));
    let zedmed = Zedmed::new(server, &mapping, &fixture(&folder));
    let found = report(&mapping, &pool_over(server, zedmed.named()));
    assert!(!found.has_errors(), "{found}");
    // The tables have their keys, and no other index.
    let others: Vec<_> = found
        .findings
        .iter()
        .filter(|it| it.kind != Kind::Unindexed)
        .collect();
    assert!(others.is_empty(), "{others:#?}");
    let unindexed = places(&found, Kind::Unindexed);
    assert!(unindexed.contains("PATIENTS.SURNAME"), "{unindexed:?}");
    assert!(unindexed.contains("PROBLEMS.PATIENT_ID"), "{unindexed:?}");
    assert!(!unindexed.contains("PATIENTS.PATIENT_ID"), "{unindexed:?}");
    // The remedies are statements of Firebird's, and help; an index that goes down, or sleeps, does not.
    for finding in of_kind(&found, Kind::Unindexed) {
        let (_, create) = finding.remedy.split_once(": ").expect("a statement");
        let catalogue = mapping.tables[&*finding.table].catalogue.as_deref();
        let database = match catalogue {
            None => &zedmed.office,
            Some(_) => &zedmed.clinical,
        };
        database.script(&format!("{create};\n"));
    }
    zedmed.office.script("DROP INDEX PATIENTS_SURNAME;\nCREATE DESCENDING INDEX DOWN ON PATIENTS (SURNAME);\nALTER INDEX PATIENTS_DATE_OF_BIRTH INACTIVE;\n");
    let found = report(&mapping, &pool_over(server, zedmed.named()));
    assert_eq!(
        places(&found, Kind::Unindexed),
        set(&["PATIENTS.SURNAME", "PATIENTS.DATE_OF_BIRTH"]),
        "{found}"
    );
    assert_eq!(found.findings.len(), 2, "{found}");
}

#[test]
fn what_a_firebird_database_has_otherwise_is_found() {
    let Some(server) = shared() else { return };
    let folder = mapping_folder("zedmed");
    let mapping = Arc::new(load(&folder));
    let zedmed = Zedmed::new(server, &mapping, &fixture(&folder));
    zedmed.office.script(
        "DROP TABLE LANGUAGES;\n\
         CREATE VIEW CLINICS_NOW AS SELECT * FROM CLINICS;\n\
         ALTER TABLE PATIENTS DROP FILE_NUM, DROP PRONOUNS, DROP DATE_OF_BIRTH, DROP SURNAME, DROP KNOWN_AS, DROP MEDICARE_NUM, DROP STATE;\n\
         ALTER TABLE PATIENTS ADD DATE_OF_BIRTH VARCHAR(10), ADD SURNAME VARCHAR(40) CHARACTER SET UTF8 COLLATE UNICODE,\n\
           ADD KNOWN_AS VARCHAR(40) CHARACTER SET NONE, ADD MEDICARE_NUM VARCHAR(20) COLLATE UNICODE_CI_AI, ADD STATE BOOLEAN;\n",
    );
    zedmed.clinical.script("DROP TABLE PROBLEMS;\n");
    let found = report(&mapping, &pool_over(server, zedmed.named()));
    assert!(found.has_errors());
    assert_eq!(
        places(&found, Kind::MissingTable),
        set(&["LANGUAGES", "PROBLEMS"]),
        "{found}"
    );
    assert_eq!(
        places(&found, Kind::MissingColumn),
        set(&["PATIENTS.FILE_NUM"]),
        "{found}"
    );
    assert_eq!(
        places(&found, Kind::MissingOptional),
        set(&["PATIENTS.PRONOUNS"]),
        "{found}"
    );
    assert_eq!(
        places(&found, Kind::WrongType),
        set(&[
            "PATIENTS.DATE_OF_BIRTH",
            "PATIENTS.MEDICARE_NUM",
            "PATIENTS.STATE"
        ]),
        "{found}"
    );
    assert_eq!(
        places(&found, Kind::Collation),
        set(&["PATIENTS.SURNAME", "PATIENTS.KNOWN_AS"]),
        "{found}"
    );
    let told = found.to_string();
    for part in [
        "`PATIENTS.DATE_OF_BIRTH` is varchar(10) in the database and date in the mapping",
        "`PATIENTS.MEDICARE_NUM` is varchar(20) in the database and varchar(10) in the mapping",
        "`PATIENTS.STATE` is boolean in the database and varchar(3) in the mapping",
        "`PATIENTS.SURNAME` has the collation UNICODE in the database and UNICODE_CI_AI in the mapping: a search by its index would miss what is written in another case",
        "write `collation: UNICODE` for it",
        "`PATIENTS.KNOWN_AS` has the collation NONE in the database",
        "write `collation: NONE` for it",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}
