-- The practice that the cases of cases.yaml are asked of: a few rows of everything, each with its quirk. Nobody in it
-- exists. This is OFFICE; fixture.CLINICAL.sql is the record of the same patients. The tests pad each char(n) column to
-- its length, as Firebird holds it.

CREATE TABLE PRACTICE (
  PRACTICE_ID integer PRIMARY KEY, PRACTICE_NAME varchar(100), HPIO char(16), ABN varchar(14), PHONE varchar(20),
  EMAIL_ADDRESS varchar(100), ADDRESS_LINE_1 varchar(60), ADDRESS_LINE_2 varchar(60), SUBURB varchar(40), STATE varchar(3),
  POSTCODE varchar(4), LAST_UPDATED timestamp
);
INSERT INTO PRACTICE VALUES
  (1, 'Ironbark Medical Group', '8003621234000159', '36 999 000 123', '08 5550 4000', 'office@ironbark.example', 'Level 1',
   '8 Ironbark Parade', 'Norwood', 'SA', '5067', '2025-07-01 08:30:15');

CREATE TABLE CLINICS (
  CLINIC_CODE varchar(6) PRIMARY KEY, CLINIC_NAME varchar(100), CLINIC_TYPE varchar(30), PHONE varchar(20), FAX varchar(20),
  EMAIL_ADDRESS varchar(100), ADDRESS_LINE_1 varchar(60), ADDRESS_LINE_2 varchar(60), SUBURB varchar(40), STATE varchar(3),
  POSTCODE varchar(4), ACTIVE char(1), LAST_UPDATED timestamp
);
INSERT INTO CLINICS VALUES
  ('NOR', 'Norwood', 'General practice', '08 5550 4000', '(08) 5550 4001', 'norwood@ironbark.example', 'Level 1',
   '8 Ironbark Parade', 'Norwood', 'SA', '5067', 'T', '2025-01-31 12:00:00'),
  -- Little is known of the branch; it was never updated.
  ('GLN', 'Glenelg', '', '0855504100', NULL, NULL, '3 Jetty Road', '', 'Glenelg', 'SA', '5045', 'T', NULL),
  -- Closed.
  ('OLD', 'Old Rooms', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'F', '2015-01-05 09:00:00');

CREATE TABLE DOCTORS (
  DOCTOR_CODE varchar(6) PRIMARY KEY, TITLE varchar(10), SURNAME varchar(40), FIRST_NAME varchar(40), SPECIALTY varchar(40),
  QUALIFICATIONS varchar(60), HPII char(16), PRESCRIBER_NUM varchar(7), AHPRA_NUM varchar(13), WORK_PHONE varchar(20),
  MOBILE_PHONE varchar(20), EMAIL_ADDRESS varchar(100), ACTIVE char(1), LAST_UPDATED timestamp
);
INSERT INTO DOCTORS VALUES
  ('WCHEN', 'Dr', 'Chen', 'Wei', 'General Practice', 'MBBS FRACGP', '8003615666680017', '1234567', 'MED0001234567',
   '08 5550 4011', '0491 570 006', 'wei.chen@ironbark.example', 'T', '2025-01-31 23:59:59'),
  -- A nurse: no prescriber number, an accent, an apostrophe.
  ('AON', 'Ms', 'O''Neill', 'Áine', 'Nursing', NULL, '8003619900010023', '', 'NMW0007654321', '08 5550 4012', NULL, '', 'T', NULL),
  -- Has left.
  ('PSM', 'Dr', 'Smith', 'Peter', 'Dermatology', NULL, NULL, '7654321', NULL, NULL, NULL, NULL, 'F', '2020-12-24 17:00:00'),
  -- Nothing else but a name.
  ('X1', NULL, 'Chen-Smith', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE DOCTOR_CLINICS (
  DOCTOR_CODE varchar(6), CLINIC_CODE varchar(6), PROVIDER_NUM varchar(8), START_DATE date, END_DATE date, ACTIVE char(1),
  LAST_UPDATED timestamp, PRIMARY KEY (DOCTOR_CODE, CLINIC_CODE)
);
INSERT INTO DOCTOR_CLINICS VALUES
  ('WCHEN', 'NOR', '2447811A', '2015-01-05', '1899-12-30', 'T', '2025-01-31 23:59:59'),
  ('WCHEN', 'GLN', '2447812K', '2020-06-01', NULL, 'T', NULL),
  -- No number.
  ('AON', 'NOR', '', '1899-12-30', '1899-12-30', 'T', NULL),
  -- Of someone who has left, at a place that there is not.
  ('PSM', 'NIL', '315562AK', '2010-01-05', '2020-12-24', 'F', '2020-12-24 17:00:00');

CREATE TABLE LANGUAGES (LANGUAGE_CODE integer PRIMARY KEY, LANGUAGE_NAME varchar(40));
INSERT INTO LANGUAGES VALUES (1, 'English'), (2, 'Vietnamese'), (3, 'Auslan');

CREATE TABLE PATIENTS (
  PATIENT_ID integer PRIMARY KEY, TITLE varchar(10), SURNAME varchar(40), FIRST_NAME varchar(40), SECOND_NAME varchar(40),
  KNOWN_AS varchar(40), GENDER char(1), GENDER_IDENTITY varchar(20), PRONOUNS varchar(20), DATE_OF_BIRTH date,
  DATE_OF_DEATH date, ATSI_CODE char(1), LANGUAGE_CODE integer, INTERPRETER char(1), IHI char(16), FILE_NUM varchar(12),
  MEDICARE_NUM varchar(10), MEDICARE_REF char(1), MEDICARE_EXPIRY char(6), DVA_NUM varchar(9), DVA_CARD char(1),
  PENSION_NUM varchar(12), PENSION_TYPE varchar(4), PENSION_EXPIRY date, FUND_NAME varchar(60), FUND_NUM varchar(20),
  HOME_PHONE varchar(20), WORK_PHONE varchar(20), MOBILE_PHONE varchar(20), EMAIL_ADDRESS varchar(100),
  ADDRESS_LINE_1 varchar(60), ADDRESS_LINE_2 varchar(60), SUBURB varchar(40), STATE varchar(3), POSTCODE varchar(4),
  POSTAL_LINE varchar(60), POSTAL_SUBURB varchar(40), POSTAL_STATE varchar(3), POSTAL_POSTCODE varchar(4),
  USUAL_DOCTOR varchar(6), STATUS char(1), DELETED char(1), CREATED timestamp, LAST_UPDATED timestamp
);
-- Everything is known.
INSERT INTO PATIENTS VALUES
  (1, 'Mr', 'Smith', 'John', 'Andrew', 'Johnny', 'M', 'Male', 'he/him', '1980-05-17', '1899-12-30', '1', 1, 'F',
   '8003608166690503', 'F-1001', '2950123481', '1', '202705', 'QX123456', 'G', '123456789A', 'PCC', '2027-05-31',
   'Wattle Health', 'W-778', '08 5550 3001', '(08) 5550 3002', '0491 570 156', 'John.Smith@mail.example', 'Unit 3',
   '27 Acacia Avenue', 'Norwood', 'SA', '5067', 'PO Box 12', 'Glenelg', 'SA', '5045', 'WCHEN', 'A', 'F',
   '2016-02-01 10:15:00', '2025-11-03 16:45:30');
-- Dead, since a leap day; an accent, an apostrophe; an interpreter for a language without a code.
INSERT INTO PATIENTS (PATIENT_ID, TITLE, SURNAME, FIRST_NAME, GENDER, DATE_OF_BIRTH, DATE_OF_DEATH, ATSI_CODE, LANGUAGE_CODE, INTERPRETER, FILE_NUM, MEDICARE_NUM, MEDICARE_REF, MEDICARE_EXPIRY, SUBURB, STATE, POSTCODE, USUAL_DOCTOR, STATUS, DELETED, CREATED, LAST_UPDATED) VALUES
  (2, 'Mrs', 'O''Brien', 'Siobhán', 'F', '1951-12-31', '2024-02-29', '4', 3, 'T', 'F-1002', '3951234581', '2', '202412', 'Norwood', 'SA', '5067', 'WCHEN', 'D', 'F', '2016-02-01 10:15:00', '2024-03-04 09:00:00');
-- Of whom it is only known that they are dead; a hyphen, accents; DELETED is NULL, as in rows of older versions.
INSERT INTO PATIENTS (PATIENT_ID, SURNAME, FIRST_NAME, SECOND_NAME, GENDER, GENDER_IDENTITY, PRONOUNS, DATE_OF_BIRTH, DATE_OF_DEATH, LANGUAGE_CODE, HOME_PHONE, MOBILE_PHONE, DVA_NUM, DVA_CARD, ADDRESS_LINE_1, SUBURB, STATE, POSTCODE, USUAL_DOCTOR, STATUS, CREATED) VALUES
  (3, 'Müller-Smith', 'Zoë', 'Anne', 'F', 'Non-binary', 'they/them', '1980-05-01', '1899-12-30', 2, '(08) 5550-3003', '+61 491570157', 'SSS98765', 'W', '4 Jetty Road', 'Glenelg', 'SA', '5045', 'AON', 'D', '2019-08-12 08:00:00');
-- In lower case, inactive, every code without an entry, no day of birth.
INSERT INTO PATIENTS (PATIENT_ID, TITLE, SURNAME, FIRST_NAME, GENDER, GENDER_IDENTITY, PRONOUNS, DATE_OF_BIRTH, ATSI_CODE, LANGUAGE_CODE, INTERPRETER, FILE_NUM, PENSION_NUM, PENSION_TYPE, PENSION_EXPIRY, DVA_NUM, DVA_CARD, USUAL_DOCTOR, STATUS, DELETED, CREATED, LAST_UPDATED) VALUES
  (4, '', 'smith', 'jane', '?', 'asked', 'ze/hir', '1899-12-30', '7', 42, '?', 'F-1004', '987654321B', 'ABC', '1899-12-30', 'NX55555', 'B', 'GONE', 'I', 'F', '2019-08-12 08:00:00', '2019-08-12 08:00:01');
-- Deleted: nowhere to be seen.
INSERT INTO PATIENTS (PATIENT_ID, SURNAME, FIRST_NAME, GENDER, DATE_OF_BIRTH, IHI, FILE_NUM, MOBILE_PHONE, USUAL_DOCTOR, STATUS, DELETED, CREATED, LAST_UPDATED) VALUES
  (5, 'Smith', 'Deleted', 'M', '1980-05-17', '8003609900001239', 'F-1005', '0491 570 158', 'WCHEN', 'A', 'T', '2016-02-01 10:15:00', '2025-11-03 16:45:30');
-- Nothing is known.
INSERT INTO PATIENTS (PATIENT_ID) VALUES (6);
-- Nothing is known either, in blanks, zeros and day 0.
INSERT INTO PATIENTS VALUES
  (7, '', '', '', '', '', '', '', '', '1899-12-30', '1899-12-30', '', 0, '', '', '', '', '', '000000', '', '', '', '',
   '1899-12-30', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', 'F', '2021-01-01 00:00:00', NULL);
-- A card without its person, without an expiry; a status of the practice's own; a name that begins as another does.
INSERT INTO PATIENTS (PATIENT_ID, TITLE, SURNAME, FIRST_NAME, KNOWN_AS, GENDER, DATE_OF_BIRTH, ATSI_CODE, IHI, FILE_NUM, MEDICARE_NUM, MEDICARE_REF, MEDICARE_EXPIRY, PENSION_NUM, PENSION_TYPE, EMAIL_ADDRESS, USUAL_DOCTOR, STATUS, DELETED, CREATED, LAST_UPDATED) VALUES
  (8, 'Mx', 'Smithers', 'Alex', 'Sasha', 'X', '1980-06-01', '9', '8003601555007777', 'F-1008', '4952345681', '', '000000', '111222333C', 'CSHC', 'sasha@mail.example', 'WCHEN', 'V', 'F', '2020-01-15 09:30:00', '2024-12-31 23:59:59');

CREATE TABLE NEXT_OF_KIN (
  NOK_ID integer PRIMARY KEY, PATIENT_ID integer, SURNAME varchar(40), FIRST_NAME varchar(40), RELATIONSHIP varchar(20),
  HOME_PHONE varchar(20), MOBILE_PHONE varchar(20), ADDRESS_LINE varchar(60), SUBURB varchar(40), STATE varchar(3),
  POSTCODE varchar(4), EMERGENCY_CONTACT char(1), DELETED char(1), LAST_UPDATED timestamp
);
INSERT INTO NEXT_OF_KIN VALUES
  (1, 1, 'Smith', 'Margaret', 'Mother', '08 5550 2001', NULL, '27 Acacia Avenue', 'Norwood', 'SA', '5067', 'T', 'F', '2020-02-02 09:00:00'),
  -- A second one, no contact in an emergency; a word without a code.
  (2, 1, 'Smith', 'Robin', 'Flatmate', '', '0491 570 159', NULL, NULL, NULL, NULL, 'F', 'F', NULL),
  -- No surname.
  (3, 2, '', 'Aoife', '', '', '', '', '', '', '', 'T', NULL, NULL),
  -- Deleted; of a deleted patient; of nobody.
  (4, 3, 'Smithers', 'Robin', 'Brother', '08 5550 2003', NULL, NULL, NULL, NULL, NULL, 'T', 'T', '2021-01-15 09:30:00'),
  (5, 5, 'Smith', 'Ann', 'Wife', NULL, NULL, NULL, NULL, NULL, NULL, 'T', 'F', NULL),
  (6, 99, 'Nobody', 'Kin', 'Wife', NULL, NULL, NULL, NULL, NULL, NULL, 'T', 'F', NULL);

CREATE TABLE RESOURCES (
  RESOURCE_ID integer PRIMARY KEY, RESOURCE_NAME varchar(40), DOCTOR_CODE varchar(6), CLINIC_CODE varchar(6), BOOK_FROM date,
  BOOK_TO date, ACTIVE char(1), LAST_UPDATED timestamp
);
INSERT INTO RESOURCES VALUES
  (1, 'Dr Chen', 'WCHEN', 'NOR', '2015-01-05', '1899-12-30', 'T', '2025-06-30 08:00:00'),
  -- A room of no doctor's.
  (2, 'Treatment room', NULL, 'NOR', '1899-12-30', NULL, 'T', NULL),
  -- Of a doctor who has left.
  (3, 'Dr Smith', 'PSM', 'GLN', '2010-01-05', '2020-12-24', 'F', '2020-12-24 17:00:00');

CREATE TABLE APPOINTMENT_TYPES (APPOINTMENT_TYPE_ID integer PRIMARY KEY, DESCRIPTION varchar(30));
INSERT INTO APPOINTMENT_TYPES VALUES (1, 'Standard'), (2, 'Long'), (3, 'Procedure');

CREATE TABLE APPOINTMENT_STATUS (STATUS_CODE varchar(4) PRIMARY KEY, DESCRIPTION varchar(20));
INSERT INTO APPOINTMENT_STATUS VALUES
  ('B', 'Booked'), ('CF', 'Confirmed'), ('A', 'Arrived'), ('IN', 'In consultation'), ('F', 'Finished'), ('BI', 'Billed'),
  ('DNA', 'Did not attend'), ('X', 'Cancelled');

CREATE TABLE APPOINTMENTS (
  APPOINTMENT_ID integer PRIMARY KEY, DOCTOR_CODE varchar(6), CLINIC_CODE varchar(6), RESOURCE_ID integer,
  PATIENT_ID integer, START_TIME timestamp, END_TIME timestamp, APPOINTMENT_TYPE_ID integer, STATUS_CODE varchar(4),
  CANCEL_REASON varchar(60), NOTES varchar(500), DELETED char(1), CREATED timestamp, LAST_UPDATED timestamp
);
INSERT INTO APPOINTMENTS VALUES
  (1, 'WCHEN', 'NOR', 1, 1, '2026-03-02 08:15:00', '2026-03-02 08:30:00', 1, 'CF', NULL, 'Bring hearing aids', 'F', '2026-02-20 10:00:00', '2026-03-01 09:00:00'),
  -- Reserved: no patient.
  (2, 'WCHEN', 'NOR', 1, 0, '2026-03-02 08:30:00', '2026-03-02 09:00:00', 2, 'B', '', '', 'F', '2026-02-20 10:05:00', NULL),
  -- Cancelled.
  (3, 'AON', 'NOR', 2, 3, '2026-03-02 08:15:00', '2026-03-02 08:45:00', 3, 'X', 'Patient unwell', NULL, 'F', '2026-02-21 10:00:00', '2026-03-02 07:00:00'),
  -- Deleted.
  (4, 'WCHEN', 'NOR', 1, 1, '2026-03-02 09:00:00', '2026-03-02 09:15:00', 1, 'B', NULL, NULL, 'T', '2026-02-20 10:00:00', NULL),
  -- Of a deleted patient, long ago; billed.
  (5, 'PSM', 'GLN', 3, 5, '2019-07-10 16:00:00', '2019-07-10 16:15:00', 1, 'BI', NULL, NULL, NULL, '2019-07-01 10:00:00', '2019-07-10 16:20:00'),
  -- A status and a type without an entry, a doctor and a clinic that there are not.
  (6, 'GONE', 'NIL', 9, 2, '2024-02-29 23:50:00', '2024-03-01 00:10:00', 42, 'ZZ', NULL, NULL, 'F', NULL, NULL),
  -- Never came; no end.
  (7, 'WCHEN', 'GLN', 1, 8, '2026-03-03 10:00:00', NULL, NULL, 'DNA', NULL, NULL, 'F', '2026-02-28 10:00:00', '2026-03-03 11:00:00'),
  -- Without any participant that there is: it counts, and is no Appointment.
  (8, '', '', 0, NULL, '2026-03-04 10:00:00', '2026-03-04 10:15:00', NULL, NULL, NULL, NULL, 'F', NULL, NULL);

CREATE TABLE BOOK_SLOTS (
  SLOT_ID integer PRIMARY KEY, RESOURCE_ID integer, SLOT_DATE date, START_MINUTE smallint, DURATION smallint,
  SLOT_STATE char(1), APPOINTMENT_ID integer, REMARK varchar(60)
);
INSERT INTO BOOK_SLOTS VALUES
  (1, 1, '2026-03-02', 495, 15, 'T', 1, NULL),
  (2, 1, '2026-03-02', 510, 15, 'T', 2, NULL),
  (3, 1, '2026-03-02', 525, 15, 'T', 2, ''),
  (4, 1, '2026-03-02', 540, 15, 'F', 0, NULL),
  (5, 1, '2026-03-02', 555, 15, 'E', 0, 'Kept for emergencies'),
  -- Closed, without a length; a letter of the practice's own; nothing.
  (6, 2, '2026-03-02', 720, NULL, 'C', NULL, 'Lunch'),
  (7, 2, '2026-03-02', 780, 60, 'Q', NULL, NULL),
  (8, 1, '2026-03-03', 600, 15, NULL, NULL, NULL);
