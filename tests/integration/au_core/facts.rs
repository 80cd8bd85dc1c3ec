//! What a full scan of Bp Premier's tables says that each resource has for a parameter.
//!
//! Written by hand from the tables alone, and not from the mapping. [`VIEWS`] gives the rows that are resources of
//! each type; a select of [`facts`] has a row for each value: of tokens `id, system, code`; of references
//! `id, type, ref`; of strings `id, text`; of dates `id, low, high`, the first moment and the one after the last, in
//! the practice's time, NULL where the end is open.

/// The rows that are resources: live ones, with what R4 requires.
pub const VIEWS: &str = "
CREATE TEMP VIEW alive AS SELECT INTERNALID FROM PATIENTS WHERE RECORDSTATUS = 1;
CREATE TEMP VIEW patient AS SELECT INTERNALID AS id, * FROM PATIENTS WHERE RECORDSTATUS = 1;
CREATE TEMP VIEW reaction AS
  SELECT CAST(RECORDID AS text) AS id, INTERNALID AS patient FROM REACTIONS
    WHERE RECORDSTATUS = 1 AND INTERNALID IN (SELECT INTERNALID FROM alive)
  UNION ALL SELECT 'none-' || INTERNALID, INTERNALID FROM CLINICAL
    WHERE KNOWNALLERGIES = 1 AND INTERNALID IN (SELECT INTERNALID FROM alive);
CREATE TEMP VIEW history AS SELECT RECORDID AS id, * FROM PASTHISTORY
  WHERE RECORDSTATUS = 1 AND COALESCE(OPERATION, 0) <> 1 AND INTERNALID IN (SELECT INTERNALID FROM alive);
CREATE TEMP VIEW operation AS SELECT RECORDID AS id, * FROM PASTHISTORY
  WHERE RECORDSTATUS = 1 AND OPERATION = 1 AND INTERNALID IN (SELECT INTERNALID FROM alive);
CREATE TEMP VIEW visit AS SELECT v.VISITID AS id, v.*, TRIM(t.VISITTYPE) AS kind FROM VISITS v
  LEFT JOIN VISITTYPE t ON t.VISITCODE = v.VISITCODE WHERE v.RECORDSTATUS = 1 AND COALESCE(v.VISITCODE, 0) <> 12
    AND v.INTERNALID IN (SELECT INTERNALID FROM alive);
CREATE TEMP VIEW vaccine AS SELECT RECORDID AS id, * FROM IMMUNISATIONS
  WHERE RECORDSTATUS = 1 AND INTERNALID IN (SELECT INTERNALID FROM alive) AND TRIM(VACCINENAME) <> '';
CREATE TEMP VIEW place AS SELECT LOCATIONID AS id, * FROM LOCATIONS WHERE RECORDSTATUS = 1;
CREATE TEMP VIEW item AS SELECT i.RECORDID AS id, i.PRODUCTID, s.INTERNALID, s.SCRIPTDATE FROM SCRIPTITEMS i
  JOIN PRESCRIPTIONS s ON s.SCRIPTID = i.SCRIPTID
  WHERE i.RECORDSTATUS = 1 AND s.RECORDSTATUS = 1 AND s.INTERNALID IN (SELECT INTERNALID FROM alive) AND TRIM(i.PRODUCTNAME) <> '';
CREATE TEMP VIEW medicine AS SELECT RECORDID AS id, * FROM CURRENTRX
  WHERE RECORDSTATUS = 1 AND INTERNALID IN (SELECT INTERNALID FROM alive) AND TRIM(DRUGNAME) <> '';
CREATE TEMP VIEW half AS SELECT *, EXISTS (SELECT 1 FROM OBSERVATIONS d WHERE d.RECORDSTATUS = 1
    AND d.INTERNALID = o.INTERNALID AND d.OBSDATE = o.OBSDATE AND d.OBSTIME = o.OBSTIME
    AND o.DATACODE IN (3, 4) AND d.DATACODE = 7 - o.DATACODE
    AND TRIM(o.DATAVALUE) <> '' AND TRIM(o.DATAVALUE) NOT GLOB '*[^0-9. ]*'
    AND TRIM(d.DATAVALUE) <> '' AND TRIM(d.DATAVALUE) NOT GLOB '*[^0-9. ]*') AS paired
  FROM OBSERVATIONS o WHERE RECORDSTATUS = 1 AND INTERNALID IN (SELECT INTERNALID FROM alive);
CREATE TEMP VIEW known AS SELECT column1 AS datacode, column2 AS system, column3 AS code FROM (VALUES
  (1, 'http://loinc.org', '8310-5'), (2, 'http://loinc.org', '8867-4'), (3, 'http://loinc.org', '8480-6'),
  (4, 'http://loinc.org', '8462-4'), (6, 'http://loinc.org', '15074-8'), (7, 'http://loinc.org', '8302-2'),
  (8, 'http://loinc.org', '29463-7'), (9, 'http://loinc.org', '39156-5'), (10, 'http://loinc.org', '9843-4'),
  (17, 'http://loinc.org', '8280-0'), (18, 'http://snomed.info/sct', '284472007'));
CREATE TEMP VIEW result AS
  SELECT 'bp-' || RECORDID AS id, INTERNALID AS patient, 'vital-signs' AS category,
    DATETIME(OBSDATE, '+' || OBSTIME || ' seconds') AS low, DATETIME(OBSDATE, '+' || (OBSTIME + 1) || ' seconds') AS high
    FROM half WHERE paired AND DATACODE = 3
  UNION ALL SELECT 'vital-' || RECORDID, INTERNALID, CASE DATACODE WHEN 6 THEN 'laboratory' ELSE 'vital-signs' END,
    DATETIME(OBSDATE, '+' || OBSTIME || ' seconds'), DATETIME(OBSDATE, '+' || (OBSTIME + 1) || ' seconds')
    FROM half WHERE NOT paired AND (TRIM(DATANAME) <> '' OR DATACODE IN (SELECT datacode FROM known))
  UNION ALL SELECT 'lab-' || RECORDID, INTERNALID, 'laboratory', DATETIME(REPORTDATE), DATETIME(REPORTDATE, '+1 day')
    FROM REPORTVALUES WHERE RECORDSTATUS = 1 AND INTERNALID IN (SELECT INTERNALID FROM alive) AND (TRIM(LOINCCODE) <> '' OR TRIM(RESULTNAME) <> '')
  UNION ALL SELECT 'smoking-' || INTERNALID, INTERNALID, 'social-history', NULL, NULL
    FROM CLINICAL WHERE SMOKINGSTATUS IN (1, 2, 3) AND INTERNALID IN (SELECT INTERNALID FROM alive);
CREATE TEMP VIEW practitioner AS SELECT USERID AS id, * FROM USERS WHERE RECORDSTATUS = 1;
CREATE TEMP VIEW role AS SELECT r.RECORDID AS id, r.USERID, r.PROVIDERNUMBER, TRIM(g.GROUPNAME) AS kind
  FROM PROVIDER_LOCATION r LEFT JOIN USERS u ON u.USERID = r.USERID
  LEFT JOIN USERGROUPS g ON g.GROUPCODE = u.GROUPCODE WHERE r.RECORDSTATUS = 1 AND u.RECORDSTATUS = 1;
CREATE TEMP VIEW relation AS SELECT p.INTERNALID AS id, k.* FROM PATIENTS p
  JOIN NEXTOFKIN k ON k.NEXTOFKINID = p.NEXTOFKINID WHERE p.RECORDSTATUS = 1 AND k.RECORDSTATUS = 1;
";

/// The facts of a type's parameter; None where the tables hold none.
pub fn facts(resource: &str, parameter: &str) -> Option<&'static str> {
    Some(match (resource, parameter) {
        ("Patient", "_id") => "SELECT id, NULL AS system, id AS code FROM patient",
        ("Patient", "birthdate") => {
            "SELECT id, DATETIME(DOB) AS low, DATETIME(DOB, '+1 day') AS high FROM patient WHERE DOB IS NOT NULL"
        }
        ("Patient", "family") => "SELECT id, SURNAME AS text FROM patient",
        ("Patient", "name") => {
            "SELECT id, SURNAME AS text FROM patient UNION ALL SELECT id, FIRSTNAME FROM patient
             UNION ALL SELECT id, MIDDLENAME FROM patient UNION ALL SELECT id, PREFERREDNAME FROM patient"
        }
        ("Patient", "gender") => {
            "SELECT p.id, 'http://hl7.org/fhir/administrative-gender' AS system,
             CASE TRIM(s.SEX) WHEN 'Male' THEN 'male' WHEN 'Female' THEN 'female' WHEN 'Other' THEN 'other'
             ELSE 'unknown' END AS code FROM patient p LEFT JOIN SEX s ON s.SEXCODE = p.SEXCODE"
        }
        ("Patient", "indigenous-status") => {
            "SELECT p.id, 'https://healthterminologies.gov.au/fhir/CodeSystem/australian-indigenous-status-1' AS system,
             CASE TRIM(e.ETHNICTYPE) WHEN 'Aboriginal' THEN '1' WHEN 'Torres Strait Islander' THEN '2'
             WHEN 'Aboriginal and Torres Strait Islander' THEN '3'
             WHEN 'Neither Aboriginal nor Torres Strait Islander' THEN '4' WHEN 'Not stated' THEN '9' END AS code
             FROM patient p JOIN ETHNICITY e ON e.ETHNICCODE = p.ETHNICCODE"
        }
        ("Patient", "identifier") => {
            "SELECT id, 'http://ns.electronichealth.net.au/id/hi/ihi/1.0' AS system, TRIM(IHI) AS code FROM patient
             UNION ALL SELECT id, 'http://ns.electronichealth.net.au/id/medicare-number', TRIM(MEDICARENO) FROM patient
             UNION ALL SELECT id, 'http://ns.electronichealth.net.au/id/medicare-number',
               TRIM(MEDICARENO) || TRIM(MEDICARELINENO) FROM patient WHERE TRIM(MEDICARENO) <> ''
             UNION ALL SELECT id, 'http://ns.electronichealth.net.au/id/dva', TRIM(DVANO) FROM patient
             UNION ALL SELECT id, 'http://ns.electronichealth.net.au/id/centrelink-customer-reference-number',
               TRIM(PENSIONNO) FROM patient
             UNION ALL SELECT id, NULL, TRIM(RECORDNO) FROM patient
             UNION ALL SELECT id, NULL, TRIM(EXTERNALID) FROM patient"
        }
        ("AllergyIntolerance", "clinical-status") => {
            "SELECT id, 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical' AS system,
             'active' AS code FROM reaction"
        }
        ("AllergyIntolerance", "patient") => {
            "SELECT id, 'Patient' AS type, patient AS ref FROM reaction"
        }
        ("Condition", "category") => {
            "SELECT id, 'http://terminology.hl7.org/CodeSystem/condition-category' AS system,
             'problem-list-item' AS code FROM history"
        }
        ("Condition", "clinical-status") => {
            "SELECT id, 'http://terminology.hl7.org/CodeSystem/condition-clinical' AS system,
             CASE STATUSCODE WHEN 1 THEN 'active' WHEN 2 THEN 'inactive' END AS code FROM history"
        }
        ("Condition", "onset-date") => {
            "SELECT id, low, CASE WHEN MONTH = 0 THEN DATETIME(low, '+1 year') WHEN DAY = 0 THEN DATETIME(low, '+1 month')
             ELSE DATETIME(low, '+1 day') END AS high FROM (SELECT id, MONTH, DAY, DATETIME(PRINTF('%04d-%02d-%02d', YEAR,
             MAX(MONTH, 1), CASE MONTH WHEN 0 THEN 1 ELSE MAX(DAY, 1) END)) AS low FROM history WHERE YEAR > 0)"
        }
        ("Condition", "patient") => "SELECT id, 'Patient' AS type, INTERNALID AS ref FROM history",
        ("Procedure", "date") => {
            "SELECT id, low, CASE WHEN MONTH = 0 THEN DATETIME(low, '+1 year') WHEN DAY = 0 THEN DATETIME(low, '+1 month')
             ELSE DATETIME(low, '+1 day') END AS high FROM (SELECT id, MONTH, DAY, DATETIME(PRINTF('%04d-%02d-%02d', YEAR,
             MAX(MONTH, 1), CASE MONTH WHEN 0 THEN 1 ELSE MAX(DAY, 1) END)) AS low FROM operation WHERE YEAR > 0)"
        }
        ("Procedure", "status") => {
            "SELECT id, 'http://hl7.org/fhir/event-status' AS system, 'completed' AS code FROM operation"
        }
        ("Procedure", "patient") => {
            "SELECT id, 'Patient' AS type, INTERNALID AS ref FROM operation"
        }
        ("HealthcareService", "_id") => "SELECT id, NULL AS system, id AS code FROM place",
        ("HealthcareService", "name") => "SELECT id, LOCATIONNAME AS text FROM place",
        ("HealthcareService", "location") => {
            "SELECT id, 'Location' AS type, id AS ref FROM place"
        }
        ("HealthcareService", "organization") => {
            "SELECT l.id, 'Organization' AS type, p.PRACTICEID AS ref FROM place l JOIN PRACTICE p ON p.PRACTICEID = 1"
        }
        ("Encounter", "class") => {
            "SELECT id, 'http://terminology.hl7.org/CodeSystem/v3-ActCode' AS system, CASE WHEN kind = 'Home' THEN 'HH'
             WHEN kind = 'Hospital' THEN 'IMP' WHEN kind IN ('Telephone', 'Telehealth', 'Video') THEN 'VR'
             ELSE 'AMB' END AS code FROM visit"
        }
        ("Encounter", "date") => {
            "SELECT id, DATETIME(VISITDATE, '+' || STARTTIME || ' seconds') AS low,
             DATETIME(VISITDATE, '+' || (ENDTIME + 1) || ' seconds') AS high FROM visit
             WHERE STARTTIME IS NOT NULL OR ENDTIME IS NOT NULL"
        }
        ("Encounter", "status") => {
            "SELECT id, 'http://hl7.org/fhir/encounter-status' AS system, 'finished' AS code FROM visit"
        }
        ("Encounter", "patient") => {
            "SELECT id, 'Patient' AS type, INTERNALID AS ref FROM visit WHERE INTERNALID <> 0"
        }
        ("Immunization", "date") => {
            "SELECT id, DATETIME(DATE(GIVENDATE)) AS low, DATETIME(DATE(GIVENDATE), '+1 day') AS high FROM vaccine
             WHERE GIVENDATE IS NOT NULL"
        }
        ("Immunization", "status") => {
            "SELECT id, 'http://hl7.org/fhir/event-status' AS system, 'completed' AS code FROM vaccine"
        }
        ("Immunization", "patient") => {
            "SELECT id, 'Patient' AS type, INTERNALID AS ref FROM vaccine"
        }
        ("Location", "address") => {
            "SELECT id, ADDRESS1 AS text FROM place UNION ALL SELECT id, ADDRESS2 FROM place
             UNION ALL SELECT id, CITY FROM place UNION ALL SELECT id, POSTCODE FROM place"
        }
        ("Location", "name") => "SELECT id, LOCATIONNAME AS text FROM place",
        ("Location", "address-city") => "SELECT id, CITY AS text FROM place",
        ("Location", "address-postalcode") => "SELECT id, POSTCODE AS text FROM place",
        ("MedicationRequest", "_id") => "SELECT id, NULL AS system, id AS code FROM item",
        ("MedicationRequest", "authoredon") => {
            "SELECT id, DATETIME(DATE(SCRIPTDATE)) AS low, DATETIME(DATE(SCRIPTDATE), '+1 day') AS high FROM item
             WHERE SCRIPTDATE IS NOT NULL"
        }
        ("MedicationRequest", "intent") => {
            "SELECT id, 'http://hl7.org/fhir/CodeSystem/medicationrequest-intent' AS system, 'order' AS code FROM item"
        }
        ("MedicationRequest", "status") => {
            "SELECT id, 'http://hl7.org/fhir/CodeSystem/medicationrequest-status' AS system,
             CASE WHEN EXISTS (SELECT 1 FROM CURRENTRX m WHERE m.RECORDSTATUS = 1 AND m.INTERNALID = item.INTERNALID
             AND m.PRODUCTID = item.PRODUCTID AND m.LASTDATE = item.SCRIPTDATE AND m.DELETIONDATE IS NULL)
             THEN 'active' ELSE 'completed' END AS code FROM item"
        }
        ("MedicationRequest", "patient") => {
            "SELECT id, 'Patient' AS type, INTERNALID AS ref FROM item"
        }
        ("MedicationStatement", "_id") => "SELECT id, NULL AS system, id AS code FROM medicine",
        ("MedicationStatement", "effective") => {
            "SELECT id, DATETIME(DATE(FIRSTDATE)) AS low, DATETIME(DATE(DELETIONDATE), '+1 day') AS high FROM medicine
             WHERE FIRSTDATE IS NOT NULL OR DELETIONDATE IS NOT NULL"
        }
        ("MedicationStatement", "status") => {
            "SELECT id, 'http://hl7.org/fhir/CodeSystem/medication-statement-status' AS system,
             CASE WHEN DELETIONDATE IS NULL THEN 'active' ELSE 'completed' END AS code FROM medicine"
        }
        ("MedicationStatement", "patient") => {
            "SELECT id, 'Patient' AS type, INTERNALID AS ref FROM medicine"
        }
        ("Observation", "category") => {
            "SELECT id, 'http://terminology.hl7.org/CodeSystem/observation-category' AS system,
             category AS code FROM result"
        }
        ("Observation", "code") => {
            "SELECT 'bp-' || RECORDID AS id, 'http://loinc.org' AS system, '85354-9' AS code FROM half
               WHERE paired AND DATACODE = 3
             UNION ALL SELECT 'vital-' || h.RECORDID, k.system, k.code FROM half h JOIN known k ON k.datacode = h.DATACODE
               WHERE NOT h.paired
             UNION ALL SELECT 'lab-' || RECORDID, 'http://loinc.org', TRIM(LOINCCODE) FROM REPORTVALUES
               WHERE RECORDSTATUS = 1 AND INTERNALID IN (SELECT INTERNALID FROM alive)
             UNION ALL SELECT id, 'http://loinc.org', '72166-2' FROM result WHERE category = 'social-history'
             UNION ALL SELECT id, 'http://snomed.info/sct', '1747861000168109' FROM result
               WHERE category = 'social-history'"
        }
        ("Observation", "date") => "SELECT id, low, high FROM result WHERE low IS NOT NULL",
        ("Observation", "status") => {
            "SELECT id, 'http://hl7.org/fhir/observation-status' AS system, 'final' AS code FROM result"
        }
        ("Observation", "patient") => {
            "SELECT id, 'Patient' AS type, patient AS ref FROM result WHERE patient <> 0"
        }
        ("Organization", "_id") => {
            "SELECT PRACTICEID AS id, NULL AS system, PRACTICEID AS code FROM PRACTICE WHERE RECORDSTATUS = 1"
        }
        ("Organization", "identifier") => {
            "SELECT PRACTICEID AS id, 'http://ns.electronichealth.net.au/id/hi/hpio/1.0' AS system, TRIM(HPIO) AS code
               FROM PRACTICE WHERE RECORDSTATUS = 1
             UNION ALL SELECT PRACTICEID, 'http://hl7.org.au/id/abn', REPLACE(ABN, ' ', '') FROM PRACTICE
               WHERE RECORDSTATUS = 1"
        }
        ("Organization", "name") => {
            "SELECT PRACTICEID AS id, PRACTICENAME AS text FROM PRACTICE WHERE RECORDSTATUS = 1"
        }
        ("Practitioner", "_id") => "SELECT id, NULL AS system, id AS code FROM practitioner",
        ("Practitioner", "identifier") => {
            "SELECT id, 'http://ns.electronichealth.net.au/id/hi/hpii/1.0' AS system, TRIM(HPII) AS code FROM practitioner
             UNION ALL SELECT id, 'http://ns.electronichealth.net.au/id/medicare-prescriber-number', TRIM(PRESCRIBERNO)
               FROM practitioner
             UNION ALL SELECT id, 'http://hl7.org.au/id/ahpra-registration-number', TRIM(REGISTRATIONNO) FROM practitioner"
        }
        ("Practitioner", "name") => {
            "SELECT id, SURNAME AS text FROM practitioner UNION ALL SELECT id, FIRSTNAME FROM practitioner"
        }
        ("PractitionerRole", "_id") => "SELECT id, NULL AS system, id AS code FROM role",
        ("PractitionerRole", "identifier") => {
            "SELECT id, 'http://ns.electronichealth.net.au/id/medicare-provider-number' AS system,
             TRIM(PROVIDERNUMBER) AS code FROM role"
        }
        ("PractitionerRole", "practitioner") => {
            "SELECT id, 'Practitioner' AS type, USERID AS ref FROM role WHERE USERID <> 0"
        }
        ("PractitionerRole", "role") => {
            "SELECT id, 'http://snomed.info/sct' AS system, CASE kind WHEN 'Doctor' THEN '62247001'
             WHEN 'Nurse' THEN '106292003' END AS code FROM role"
        }
        ("PractitionerRole", "specialty") => {
            "SELECT id, 'http://snomed.info/sct' AS system, '394814009' AS code FROM role WHERE kind = 'Doctor'"
        }
        ("PractitionerRole", "organization") => {
            "SELECT r.id, 'Organization' AS type, p.PRACTICEID AS ref FROM role r JOIN PRACTICE p ON p.PRACTICEID = 1"
        }
        ("RelatedPerson", "_id") => "SELECT id, NULL AS system, id AS code FROM relation",
        ("RelatedPerson", "name") => {
            "SELECT id, SURNAME AS text FROM relation UNION ALL SELECT id, FIRSTNAME FROM relation"
        }
        ("RelatedPerson", "relationship") => {
            "SELECT id, 'http://terminology.hl7.org/CodeSystem/v3-RoleCode' AS system,
             CASE LOWER(TRIM(RELATIONSHIP)) WHEN 'wife' THEN 'WIFE' WHEN 'husband' THEN 'HUSB' WHEN 'partner' THEN 'SIGOTHR'
             WHEN 'de facto' THEN 'DOMPART' WHEN 'mother' THEN 'MTH' WHEN 'father' THEN 'FTH' WHEN 'daughter' THEN 'DAUC'
             WHEN 'son' THEN 'SONC' WHEN 'sister' THEN 'SIS' WHEN 'brother' THEN 'BRO' WHEN 'friend' THEN 'FRND'
             WHEN 'neighbour' THEN 'NBOR' END AS code FROM relation"
        }
        ("RelatedPerson", "patient") => "SELECT id, 'Patient' AS type, id AS ref FROM relation",
        _ => return None,
    })
}
