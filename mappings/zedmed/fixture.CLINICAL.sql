-- CLINICAL: the record of the patients of fixture.sql.

CREATE TABLE PATIENT_RECORDS (
  PATIENT_ID integer PRIMARY KEY, ALLERGY_STATUS char(1), SMOKING_STATUS varchar(12), SMOKING_ASSESSED date,
  CIGARETTES_PER_DAY smallint, DELETED char(1), LAST_UPDATED timestamp
);
INSERT INTO PATIENT_RECORDS VALUES
  (1, 'K', 'Smoker', '2025-03-04', 10, 'F', '2025-11-03 16:45:30'),
  (2, 'K', 'Ex-smoker', '1899-12-30', 0, 'F', '2024-02-01 09:00:00'),
  (3, 'N', 'Never', '2020-01-02', 0, 'F', '2020-01-02 09:00:00'),
  (4, 'U', '', NULL, NULL, 'F', NULL),
  -- Deleted with the patient.
  (5, 'N', 'Smoker', '2020-01-02', 20, 'T', '2025-11-03 16:45:30'),
  (8, 'N', 'Smoker', '2024-05-06', 0, 'F', '2024-12-31 23:59:59');

CREATE TABLE ENCOUNTERS (
  ENCOUNTER_ID integer PRIMARY KEY, PATIENT_ID integer, DOCTOR_CODE varchar(6), CLINIC_CODE varchar(6),
  APPOINTMENT_ID integer, ENCOUNTER_TYPE varchar(20), START_TIME timestamp, END_TIME timestamp, FINISHED char(1),
  DELETED char(1), LAST_UPDATED timestamp
);
INSERT INTO ENCOUNTERS VALUES
  (1, 1, 'WCHEN', 'NOR', 1, 'Surgery', '2026-03-02 08:17:00', '2026-03-02 08:31:30', 'T', 'F', '2026-03-02 08:32:00'),
  (2, 1, 'WCHEN', 'NOR', 0, 'Telephone', '2025-11-03 16:30:00', '2025-11-03 16:45:00', 'T', 'F', '2025-11-03 16:45:30'),
  -- Still going on.
  (3, 3, 'AON', 'GLN', NULL, 'Home visit', '2026-03-02 09:00:00', NULL, 'F', NULL, NULL),
  -- A type that is not listed, without a time.
  (4, 2, 'PSM', '', 0, 'Group', NULL, NULL, NULL, 'F', '2019-07-10 16:20:00'),
  -- Without the patient; deleted; of a deleted patient; of no record.
  (5, 1, 'WCHEN', 'NOR', 0, 'Non visit', '2025-12-01 08:00:00', '2025-12-01 08:05:00', 'T', 'F', NULL),
  (6, 1, 'WCHEN', 'NOR', 0, 'Surgery', '2025-12-02 08:00:00', '2025-12-02 08:05:00', 'T', 'T', NULL),
  (7, 5, 'PSM', 'GLN', 5, 'Surgery', '2019-07-10 16:00:00', '2019-07-10 16:15:00', 'T', 'F', NULL),
  (8, 6, 'WCHEN', 'NOR', 0, 'Surgery', '2025-12-02 09:00:00', '2025-12-02 09:05:00', 'T', 'F', NULL);

CREATE TABLE ENCOUNTER_REASONS (REASON_ID integer PRIMARY KEY, ENCOUNTER_ID integer, PROBLEM_ID integer, REASON varchar(100));
INSERT INTO ENCOUNTER_REASONS VALUES
  (1, 1, 1, 'Diabetes review'), (2, 1, NULL, 'Sore throat'),
  -- Of a deleted problem; of none.
  (3, 2, 4, ''), (4, 3, 0, 'Wound dressing');

CREATE TABLE PROBLEMS (
  PROBLEM_ID integer PRIMARY KEY, PATIENT_ID integer, DOCTOR_CODE varchar(6), PROBLEM varchar(100), STATUS char(1),
  SEVERITY varchar(10), ONSET_YEAR smallint, ONSET_MONTH smallint, ONSET_DAY smallint, RESOLVED_DATE date,
  COMMENTS varchar(500), DELETED char(1), CREATED timestamp, LAST_UPDATED timestamp
);
INSERT INTO PROBLEMS VALUES
  (1, 1, 'WCHEN', 'Type 2 diabetes mellitus', 'A', 'Moderate', 2019, 7, 23, '1899-12-30', 'Diet first', 'F', '2019-07-23 11:00:00', '2023-05-05 12:00:00'),
  -- Only the year is known; it passed.
  (2, 1, 'WCHEN', 'Appendicitis', 'R', '', 2008, 0, 0, '2008-05-01', '', 'F', '2016-02-01 10:30:00', NULL),
  -- Not sure yet; the month is known.
  (3, 2, 'PSM', 'Ménière''s disease', 'P', 'Severe', 2021, 11, 0, NULL, NULL, NULL, '2021-11-15 09:00:00', NULL),
  -- Deleted; of a deleted patient.
  (4, 1, 'WCHEN', 'Entered in error', 'A', NULL, 2020, 1, 1, NULL, NULL, 'T', '2020-01-01 09:00:00', NULL),
  (5, 5, 'WCHEN', 'Hypertension', 'A', NULL, 2020, 1, 1, NULL, NULL, 'F', '2020-01-01 09:00:00', NULL),
  -- Active again, with the day on which it had passed; a day that the calendar has not.
  (6, 3, 'AON', 'Asthma', 'A', 'Bad', 2023, 2, 30, '2020-01-02', NULL, 'F', '2015-02-02 09:00:00', '2023-03-01 09:00:00'),
  -- Nothing is known of it but that it is there.
  (7, 3, NULL, NULL, NULL, NULL, 0, 0, 0, NULL, NULL, 'F', NULL, NULL);

CREATE TABLE PROCEDURES_DONE (
  PROCEDURE_ID integer PRIMARY KEY, PATIENT_ID integer, ENCOUNTER_ID integer, DOCTOR_CODE varchar(6),
  PROCEDURE_NAME varchar(100), DONE_DATE date, REASON varchar(100), PROBLEM_ID integer, COMMENTS varchar(500),
  DELETED char(1), LAST_UPDATED timestamp
);
INSERT INTO PROCEDURES_DONE VALUES
  (1, 1, 2, 'WCHEN', 'Appendicectomy', '2008-05-01', 'Appendicitis', 2, 'Elsewhere', 'F', '2016-02-01 10:31:00'),
  -- In what is no consultation; of no day.
  (2, 1, 5, 'AON', 'Ear syringing', '1899-12-30', '', 0, NULL, NULL, NULL),
  -- Deleted; of a deleted patient.
  (3, 1, 1, 'WCHEN', 'Excision', '2026-03-02', NULL, NULL, NULL, 'T', NULL),
  (4, 5, 7, 'PSM', 'Excision', '2019-07-10', NULL, NULL, NULL, 'F', NULL);

CREATE TABLE ALLERGIES (
  ALLERGY_ID integer PRIMARY KEY, PATIENT_ID integer, DOCTOR_CODE varchar(6), SUBSTANCE varchar(60), ALLERGY_TYPE varchar(15),
  REACTION varchar(60), SEVERITY varchar(10), ONSET_DATE date, INACTIVE char(1), COMMENTS varchar(500), DELETED char(1),
  CREATED timestamp, LAST_UPDATED timestamp
);
INSERT INTO ALLERGIES VALUES
  (1, 1, 'WCHEN', 'Penicillin', 'Drug', 'Rash', 'Moderate', '1999-04-01', 'F', 'Reported by the patient', 'F', '2016-02-01 10:20:00', '2020-02-02 09:00:00'),
  (2, 1, 'WCHEN', 'Peanuts', 'Food', 'Anaphylaxis', 'Severe', '1899-12-30', NULL, NULL, NULL, '2016-02-01 10:21:00', NULL),
  -- Outgrown; no reaction; a type without a code.
  (3, 2, 'PSM', 'Latex', 'Other', '', '', NULL, 'T', '', 'F', '2019-07-10 16:10:00', NULL),
  -- Deleted; of a deleted patient.
  (4, 2, 'PSM', 'Codeine', 'Drug', 'Nausea', 'Mild', NULL, 'F', NULL, 'T', '2019-07-10 16:11:00', NULL),
  (5, 5, 'PSM', 'Codeine', 'Drug', 'Nausea', 'Mild', NULL, 'F', NULL, 'F', '2019-07-10 16:11:00', NULL);

CREATE TABLE MEDICATIONS (
  MEDICATION_ID integer PRIMARY KEY, PATIENT_ID integer, DOCTOR_CODE varchar(6), DRUG_NAME varchar(100), PBS_CODE varchar(6),
  DOSE varchar(30), FREQUENCY varchar(30), ROUTE varchar(20), AS_NEEDED char(1), INSTRUCTIONS varchar(200),
  REASON varchar(100), PROBLEM_ID integer, START_DATE date, CEASED_DATE date, DELETED char(1), CREATED timestamp,
  LAST_UPDATED timestamp
);
INSERT INTO MEDICATIONS VALUES
  (1, 1, 'WCHEN', 'Metformin 500 mg tablet', '2430Q', '1 tablet', 'twice a day', 'Oral', 'F', 'with food', 'Type 2 diabetes mellitus', 1, '2019-07-23', '1899-12-30', 'F', '2019-07-23 11:05:00', '2025-11-03 16:40:00'),
  -- As needed, ceased; no code.
  (2, 1, 'WCHEN', 'Salbutamol 100 microgram inhaler', '', '2 puffs', '', 'Inhaled', 'T', NULL, '', 4, '2020-01-01', '2021-06-30', NULL, '2020-01-01 09:10:00', '2021-06-30 09:00:00'),
  -- Little is known.
  (3, 3, NULL, 'Paracetamol', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'F', NULL, NULL),
  -- Deleted; of a deleted patient.
  (4, 1, 'WCHEN', 'Entered in error', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'T', NULL, NULL),
  (5, 5, 'WCHEN', 'Perindopril', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'F', NULL, NULL);

CREATE TABLE SCRIPTS (
  SCRIPT_ID integer PRIMARY KEY, PATIENT_ID integer, ENCOUNTER_ID integer, MEDICATION_ID integer, DOCTOR_CODE varchar(6),
  WRITTEN timestamp, DRUG_NAME varchar(100), PBS_CODE varchar(6), AUTHORITY_NUM varchar(8), DIRECTIONS varchar(200),
  QUANTITY smallint, REPEATS smallint, SCRIPT_STATUS char(1), DELETED char(1), LAST_UPDATED timestamp
);
INSERT INTO SCRIPTS VALUES
  (1, 1, 2, 1, 'WCHEN', '2025-11-03 16:40:00', 'Metformin 500 mg tablet', '2430Q', NULL, '1 tablet twice a day with food', 100, 5, 'C', 'F', '2025-11-03 16:40:00'),
  (2, 1, NULL, 1, 'WCHEN', '2019-07-23 11:05:00', 'Metformin 500 mg tablet', '2430Q', '', '', 100, 0, 'F', NULL, NULL),
  -- A status without an entry; of a medicine that there is not; nobody wrote it.
  (3, 3, 3, 42, NULL, NULL, 'Amoxicillin 500 mg capsule', NULL, NULL, NULL, NULL, NULL, '?', 'F', NULL),
  -- Deleted; of a deleted patient.
  (4, 1, 1, 1, 'WCHEN', '2026-03-02 08:20:00', 'Metformin', NULL, NULL, NULL, NULL, NULL, 'C', 'T', NULL),
  (5, 5, 7, 5, 'PSM', '2019-07-10 16:05:00', 'Perindopril', NULL, NULL, NULL, NULL, NULL, 'C', 'F', NULL);

CREATE TABLE VACCINATIONS (
  VACCINATION_ID integer PRIMARY KEY, PATIENT_ID integer, DOCTOR_CODE varchar(6), VACCINE_NAME varchar(60), AIR_CODE varchar(6),
  DOSE_NUM smallint, GIVEN_DATE date, GIVEN_ELSEWHERE char(1), NOT_GIVEN char(1), BATCH_NUM varchar(20), EXPIRY_DATE date,
  SITE varchar(20), ROUTE varchar(20), COMMENTS varchar(200), DELETED char(1), LAST_UPDATED timestamp
);
INSERT INTO VACCINATIONS VALUES
  (1, 1, 'AON', 'Fluvax', 'FLUVAX', 1, '2025-04-14', 'F', 'F', 'B-4711', '2026-01-31', 'Left arm', 'IM', 'No reaction', 'F', '2025-04-14 10:00:00'),
  -- Elsewhere, on no known day; refused.
  (2, 1, NULL, 'Priorix', 'PRIORX', 0, '1899-12-30', 'T', NULL, '', '1899-12-30', '', '', NULL, NULL, NULL),
  (3, 3, 'AON', 'Fluvax', 'FLUVAX', NULL, '2025-05-01', 'F', 'T', NULL, NULL, 'Nose', 'Spray', 'Declined', 'F', '2025-05-01 10:00:00'),
  -- Deleted; of a deleted patient.
  (4, 1, 'AON', 'Fluvax', 'FLUVAX', 1, '2025-04-15', 'F', 'F', NULL, NULL, NULL, NULL, NULL, 'T', NULL),
  (5, 5, 'AON', 'Fluvax', 'FLUVAX', 1, '2025-04-15', 'F', 'F', NULL, NULL, NULL, NULL, NULL, 'F', NULL);

CREATE TABLE MEASUREMENTS (
  MEASUREMENT_ID integer PRIMARY KEY, PATIENT_ID integer, DOCTOR_CODE varchar(6), TAKEN timestamp, SYSTOLIC smallint,
  DIASTOLIC smallint, PULSE smallint, RESPIRATION smallint, TEMPERATURE numeric(4,1), HEIGHT_CM numeric(5,1),
  WEIGHT_KG numeric(6,2), WAIST_CM numeric(5,1), DELETED char(1), LAST_UPDATED timestamp
);
INSERT INTO MEASUREMENTS VALUES
  -- All at once.
  (1, 1, 'AON', '2026-03-02 08:18:00', 138, 84, 72, 14, 36.8, 178.5, 92.25, 104, 'F', '2026-03-02 08:18:30'),
  -- Half of a blood pressure, and a weight.
  (2, 1, 'AON', '2025-11-03 16:32:00', 142, 0, NULL, NULL, NULL, NULL, 93, NULL, NULL, NULL),
  (3, 3, NULL, NULL, NULL, 70, 0, 0, 0, 0, 0, 0, 'F', NULL),
  -- Nothing was measured; deleted; of a deleted patient.
  (4, 3, 'AON', '2025-12-01 08:00:00', 0, 0, 0, 0, 0, 0, 0, 0, 'F', NULL),
  (5, 1, 'AON', '2025-12-01 08:00:00', 120, 80, 60, 12, 36, 178, 92, 100, 'T', NULL),
  (6, 5, 'AON', '2019-07-10 16:02:00', 120, 80, 60, 12, 36, 178, 92, 100, 'F', NULL);

CREATE TABLE RESULT_REPORTS (
  REPORT_ID integer PRIMARY KEY, PATIENT_ID integer, DOCTOR_CODE varchar(6), LABORATORY varchar(60), LAB_REFERENCE varchar(20),
  TEST_NAME varchar(80), SECTION char(2), COLLECTED timestamp, REPORTED timestamp, REPORT_STATUS char(1),
  CONCLUSION varchar(500), DELETED char(1), LAST_UPDATED timestamp
);
INSERT INTO RESULT_REPORTS VALUES
  (1, 1, 'WCHEN', 'Saltbush Pathology', '26-0012345', 'HbA1c and lipids', 'CH', '2026-02-23 07:50:00', '2026-02-24 11:05:30', 'F', 'Good control.', 'F', '2026-02-24 11:10:00'),
  -- Preliminary; a section without a code.
  (2, 3, NULL, 'Saltbush Pathology', '', 'Swab', 'MB', '2026-02-28 09:00:00', NULL, 'P', NULL, NULL, NULL),
  (3, 2, 'PSM', '', NULL, 'Chest X-ray', 'RX', NULL, '2019-07-12 09:00:00', '?', NULL, 'F', NULL),
  -- Deleted; of a deleted patient.
  (4, 1, 'WCHEN', 'Saltbush Pathology', NULL, 'FBC', 'HM', '2026-02-23 07:50:00', '2026-02-24 11:05:30', 'F', NULL, 'T', NULL),
  (5, 5, 'WCHEN', 'Saltbush Pathology', NULL, 'FBC', 'HM', '2019-07-10 17:00:00', '2019-07-11 11:05:30', 'F', NULL, 'F', NULL);

CREATE TABLE RESULT_VALUES (
  VALUE_ID integer PRIMARY KEY, REPORT_ID integer, SEQUENCE_NUM smallint, LOINC_CODE varchar(10), TEST_NAME varchar(60),
  RESULT_TEXT varchar(40), UNITS varchar(20), RANGE_LOW numeric(10,2), RANGE_HIGH numeric(10,2), RANGE_TEXT varchar(40),
  ABNORMAL_FLAG varchar(2)
);
INSERT INTO RESULT_VALUES VALUES
  -- Out of order in the table.
  (1, 1, 2, '2093-3', 'Cholesterol', '5.2', 'mmol/L', NULL, 5.5, '<5.5', 'N'),
  (2, 1, 1, '4548-4', 'HbA1c', '7.1', '%', 4.5, 6, '4.5-6.0', 'H'),
  (3, 1, 3, '14957-5', 'Microalbumin', '<3', 'mg/L', NULL, NULL, '', ''),
  -- A text; nothing; a unit without a code.
  (4, 2, 1, NULL, 'Culture', 'No growth', NULL, NULL, NULL, NULL, NULL),
  (5, 1, 4, '', 'Fasting', '', '', NULL, NULL, NULL, NULL),
  (6, 1, 5, '', 'Odd unit', '12', 'furlongs', 1, 20, NULL, 'ZZ'),
  -- Without a name and a code it is no Observation.
  (7, 1, 6, NULL, '', '1', NULL, NULL, NULL, NULL, NULL),
  -- Of a deleted report; of a deleted patient; of no report.
  (8, 4, 1, '718-7', 'Haemoglobin', '150', 'g/L', 130, 180, '130-180', 'N'),
  (9, 5, 1, '718-7', 'Haemoglobin', '150', 'g/L', 130, 180, '130-180', 'N'),
  (10, 99, 1, '718-7', 'Haemoglobin', '150', 'g/L', 130, 180, '130-180', 'N');

CREATE TABLE DOCUMENTS (
  DOCUMENT_ID integer PRIMARY KEY, PATIENT_ID integer, DOCTOR_CODE varchar(6), DIRECTION char(1), DOCUMENT_TYPE varchar(40),
  SUBJECT varchar(100), CORRESPONDENT varchar(60), DOCUMENT_DATE date, FILE_TYPE varchar(4), CONFIDENTIAL char(1),
  DELETED char(1), CREATED timestamp, LAST_UPDATED timestamp
);
INSERT INTO DOCUMENTS VALUES
  (1, 1, 'WCHEN', 'I', 'Specialist letter', 'Endocrinology review', 'Dr Amara Diallo', '2025-08-01', 'PDF', 'F', 'F', '2025-08-04 09:00:00', '2025-08-04 10:00:00'),
  (2, 1, 'WCHEN', 'O', 'Referral', 'Referral to endocrinology', '', '2025-07-01', 'RTF', 'T', NULL, '2025-07-01 09:00:00', NULL),
  -- Nothing is known but what it is about.
  (3, 3, NULL, NULL, '', 'Discharge summary', NULL, '1899-12-30', 'WPD', NULL, 'F', NULL, NULL),
  -- Deleted; of a deleted patient.
  (4, 1, 'WCHEN', 'I', 'Specialist letter', 'Wrong patient', NULL, '2025-08-01', 'PDF', 'F', 'T', '2025-08-04 09:00:00', NULL),
  (5, 5, 'WCHEN', 'I', 'Specialist letter', 'Cardiology', NULL, '2019-08-01', 'PDF', 'F', 'F', '2019-08-04 09:00:00', NULL);
