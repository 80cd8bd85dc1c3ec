-- Synthetic rows; nobody of these names or numbers is meant. Telephone numbers are of the ranges kept for fiction.
-- The columns are those of Open Dental that are mapped, and of `preference` those that the practice's name comes from.
CREATE TABLE preference (PrefName VARCHAR(255) NOT NULL DEFAULT '', ValueString TEXT NOT NULL, PrefNum INTEGER PRIMARY KEY, Comments TEXT);
INSERT INTO preference (PrefNum, PrefName, ValueString) VALUES
  (1, 'PracticeTitle', 'Banksia Street Dental'),
  (2, 'PracticeAddress', '14 Banksia Street'),
  (3, 'PracticeAddress2', 'Level 1'),
  (4, 'PracticeCity', 'Southport'),
  (5, 'PracticeST', 'QLD'),
  (6, 'PracticeZip', '4215'),
  (7, 'PracticePhone', '0755501234'),
  (8, 'AllergiesIndicateNone', '1'),
  (9, 'ProblemsIndicateNone', '1'),
  (10, 'MedicationsIndicateNone', '1'),
  (11, 'AppointmentTimeIncrement', '10');

-- The root is one of those that are kept for examples.
CREATE TABLE oidinternal (OIDInternalNum INTEGER PRIMARY KEY, IDType VARCHAR(255) NOT NULL, IDRoot VARCHAR(255) NOT NULL);
INSERT INTO oidinternal VALUES (1, 'Root', '2.999.77'), (2, 'LabOrder', '2.999.77.1'), (3, 'Patient', '2.999.77.2'), (4, 'Provider', '2.999.77.3'), (5, 'Appointment', '');

CREATE TABLE patient (
  PatNum INTEGER PRIMARY KEY, LName VARCHAR(100) DEFAULT '', FName VARCHAR(100) DEFAULT '', MiddleI VARCHAR(100) DEFAULT '',
  Preferred VARCHAR(100) DEFAULT '', Title VARCHAR(15) DEFAULT '', PatStatus TINYINT NOT NULL DEFAULT 0, Gender TINYINT NOT NULL DEFAULT 0,
  Position TINYINT NOT NULL DEFAULT 0, Birthdate DATE NOT NULL DEFAULT '0001-01-01', DateTimeDeceased DATETIME NOT NULL DEFAULT '0001-01-01 00:00:00',
  Address VARCHAR(100) DEFAULT '', Address2 VARCHAR(100) DEFAULT '', City VARCHAR(100) DEFAULT '', State VARCHAR(100) DEFAULT '', Zip VARCHAR(100) DEFAULT '',
  HmPhone VARCHAR(30) DEFAULT '', WkPhone VARCHAR(30) DEFAULT '', WirelessPhone VARCHAR(30) DEFAULT '', Email VARCHAR(100) DEFAULT '',
  ChartNumber VARCHAR(100) DEFAULT '', Language VARCHAR(100) DEFAULT '', PriProv BIGINT NOT NULL DEFAULT 0, SecProv BIGINT NOT NULL DEFAULT 0,
  SmokingSnoMed VARCHAR(32) NOT NULL DEFAULT '', DateTStamp DATETIME NOT NULL DEFAULT '2026-01-05 08:00:00');
CREATE INDEX patient_name ON patient (LName, FName);
CREATE INDEX patient_born ON patient (Birthdate);
INSERT INTO patient (PatNum, LName, FName, MiddleI, Preferred, Title, PatStatus, Gender, Position, Birthdate, Address, Address2, City, State, Zip,
    HmPhone, WkPhone, WirelessPhone, Email, ChartNumber, Language, PriProv, SecProv, SmokingSnoMed, DateTStamp) VALUES
  (1, 'Whitlock', 'Harriet', 'Jane', 'Hattie', 'Mrs', 0, 1, 1, '1984-05-17', '3 Wattle Court', 'Unit 2', 'Southport', 'QLD', '4215',
    '(07)5550 2001', '', '0491 570 156', 'hattie@whitlock.example', 'W0001', 'eng', 1, 3, '8517006', '2026-02-10 09:30:00'),
  (2, 'Whitlock', 'Oscar', '', '', '', 0, 0, 2, '2016-11-02', '3 Wattle Court', 'Unit 2', 'Southport', 'QLD', '4215',
    '(07)5550 2001', '', '', '', '', 'eng', 1, 0, '', '2026-02-11 10:00:00'),
  -- Nothing is known of the birthday, and the language is in the practice's own words.
  (3, 'Nguyễn', 'Minh', '', '', '', 0, 2, 0, '0001-01-01', '', '', '', '', '',
    '', '', '0491-570-157', 'minh@nguyen.example', 'N0003', 'Cantonese', 4, 0, '266919005', '2026-03-01 16:45:10'),
  -- Inactive; the provider was deleted since.
  (4, 'O''Keefe', 'Brendan', 'P', '', 'Mr', 2, 0, 4, '1971-01-30', '88 Marine Parade', '', 'Labrador', 'QLD', '4215',
    '07 5550 2004', '07 5550 2099', '', '', '', '', 5, 0, '', '2024-07-01 12:00:00'),
  -- Archived; her primary provider is the dummy that bills.
  (5, 'Papadopoulos', 'Eleni', '', '', 'Ms', 3, 1, 3, '1949-09-09', '12 Acacia Avenue', '', 'Nerang', 'QLD', '4211',
    '0755502005', '', '', '', 'P0005', 'ell', 6, 3, '', '2021-04-04 04:04:04'),
  -- Deleted.
  (6, 'Duplicate', 'Harriet', '', '', '', 4, 1, 0, '1984-05-17', '', '', '', '', '', '', '', '', '', 'W0001B', '', 1, 0, '77176002', '2026-02-10 09:31:00'),
  -- A father who pays, and is no patient.
  (7, 'Whitlock', 'George', '', '', 'Mr', 1, 0, 1, '1980-02-29', '3 Wattle Court', 'Unit 2', 'Southport', 'QLD', '4215',
    '', '', '0491 570 158', 'george@whitlock.example', '', '', 1, 0, '', '2026-02-10 09:32:00'),
  -- Deceased, at a known time and at none.
  (8, 'Abernathy', 'Walter', '', 'Wal', '', 5, 0, 3, '1931-12-24', '', '', 'Southport', 'QLD', '4215', '', '', '', '', 'A0008', '', 1, 0, '', '2025-08-20 08:00:00'),
  (9, 'Abernathy', 'Doris', '', '', '', 5, 1, 3, '1935-03-03', '', '', '', '', '', '', '', '', '', '', '', 1, 0, '', '2019-01-01 00:00:00'),
  -- Prospective: has booked by the web, and was never in.
  (10, 'Singh', 'Jaspreet', '', '', '', 6, 2, 0, '1999-07-31', '', '', '', '', '', '', '', '+61 491 570 159', '', '', '', 2, 0, '', '2026-03-12 20:15:00');
UPDATE patient SET DateTimeDeceased = '2025-08-19 03:40:00' WHERE PatNum = 8;

CREATE TABLE patientnote (PatNum INTEGER PRIMARY KEY, ICEName VARCHAR(255), ICEPhone VARCHAR(30), Pronoun TINYINT NOT NULL DEFAULT 0);
INSERT INTO patientnote VALUES (1, 'George Whitlock', '0491 570 158', 0), (2, '', '', 0), (3, '', '', 3);
CREATE TABLE guardian (GuardianNum INTEGER PRIMARY KEY, PatNumChild BIGINT, PatNumGuardian BIGINT, Relationship TINYINT, IsGuardian TINYINT);
INSERT INTO guardian VALUES
  (1, 2, 1, 1, 1),      -- Oscar's mother
  (2, 2, 7, 0, 1),      -- Oscar's father, no patient
  (3, 2, 6, 8, 0),      -- a person who was deleted
  (4, 6, 7, 18, 0),     -- a patient who was deleted
  (5, 5, 10, 8, 0);     -- a caregiver
CREATE INDEX guardian_child ON guardian (PatNumChild);

CREATE TABLE definition (DefNum INTEGER PRIMARY KEY, Category TINYINT, ItemOrder SMALLINT DEFAULT 0, ItemName VARCHAR(255), ItemValue VARCHAR(255) DEFAULT '');
INSERT INTO definition (DefNum, Category, ItemName) VALUES (263, 35, 'General'), (264, 35, 'Hygienist'), (265, 35, 'Endodontics');
CREATE TABLE provider (
  ProvNum INTEGER PRIMARY KEY, Abbr VARCHAR(255), LName VARCHAR(100), FName VARCHAR(100), MI VARCHAR(100) DEFAULT '', Suffix VARCHAR(100) DEFAULT '',
  Specialty BIGINT DEFAULT 0, IsSecondary TINYINT DEFAULT 0, IsHidden TINYINT DEFAULT 0, IsNotPerson TINYINT DEFAULT 0, NationalProvID VARCHAR(255) DEFAULT '',
  ProvStatus TINYINT DEFAULT 0, Birthdate DATE DEFAULT '0001-01-01', DateTerm DATE DEFAULT '0001-01-01', DateTStamp DATETIME DEFAULT '2025-01-02 07:00:00');
INSERT INTO provider (ProvNum, Abbr, LName, FName, MI, Suffix, Specialty, IsSecondary, IsHidden, IsNotPerson, NationalProvID, ProvStatus, Birthdate, DateTerm, DateTStamp) VALUES
  (1, 'LIU',  'Liu', 'Catherine', 'M', 'BDSc', 263, 0, 0, 0, 'X100001', 0, '1975-06-01', '0001-01-01', '2025-01-02 07:00:00'),
  (2, 'ROSS', 'Rossi', 'Marco', '', '', 265, 0, 0, 0, '', 0, '0001-01-01', '0001-01-01', '2025-01-02 07:00:00'),
  (3, 'HYG1', 'Okafor', 'Ada', '', '', 264, 1, 0, 0, '', 0, '0001-01-01', '0001-01-01', '2025-01-02 07:00:00'),
  -- Hidden: she left, and her patients' records name her.
  (4, 'BELL', 'Bell', 'Iris', '', '', 263, 0, 1, 0, 'X100004', 0, '0001-01-01', '2024-12-31', '2025-01-01 00:00:00'),
  -- Deleted.
  (5, 'GONE', 'Gone', 'Was', '', '', 0, 0, 1, 0, '', 1, '0001-01-01', '0001-01-01', '2020-01-01 00:00:00'),
  -- A dummy that bills.
  (6, 'BILL', 'Banksia Street Dental Pty Ltd', '', '', '', 0, 0, 0, 1, 'X100006', 0, '0001-01-01', '0001-01-01', '2020-01-01 00:00:00');
CREATE TABLE providerclinic (ProviderClinicNum INTEGER PRIMARY KEY, ProvNum BIGINT, ClinicNum BIGINT, StateLicense VARCHAR(255), StateWhereLicensed VARCHAR(15));
INSERT INTO providerclinic VALUES (1, 1, 0, 'DEN0000000001', 'QLD'), (2, 1, 2, '', ''), (3, 2, 0, 'DEN0000000002', '');

CREATE TABLE clinic (
  ClinicNum INTEGER PRIMARY KEY, Description VARCHAR(255), Abbr VARCHAR(255), Address VARCHAR(255), Address2 VARCHAR(255), City VARCHAR(255),
  State VARCHAR(255), Zip VARCHAR(255), Phone VARCHAR(255), Fax VARCHAR(50), IsHidden TINYINT DEFAULT 0);
INSERT INTO clinic VALUES
  (1, 'Southport', 'SP', '14 Banksia Street', 'Level 1', 'Southport', 'QLD', '4215', '0755501234', '0755501235', 0),
  (2, 'Nerang', 'NER', '5 Station Street', '', 'Nerang', 'QLD', '4211', '', '', 1);
CREATE TABLE operatory (OperatoryNum INTEGER PRIMARY KEY, OpName VARCHAR(255), Abbrev VARCHAR(255), IsHidden TINYINT DEFAULT 0, ClinicNum BIGINT DEFAULT 0, DateTStamp DATETIME);
INSERT INTO operatory VALUES (1, 'Surgery 1', 'S1', 0, 1, '2025-01-01 00:00:00'), (2, 'Hygiene', 'HYG', 0, 1, '2025-01-01 00:00:00'),
  (3, 'Surgery 3', '', 1, 0, '2025-01-01 00:00:00');

CREATE TABLE carrier (CarrierNum INTEGER PRIMARY KEY, CarrierName VARCHAR(255), Address VARCHAR(255) DEFAULT '', Address2 VARCHAR(255) DEFAULT '', City VARCHAR(255) DEFAULT '',
  State VARCHAR(255) DEFAULT '', Zip VARCHAR(255) DEFAULT '', Phone VARCHAR(255) DEFAULT '', ElectID VARCHAR(255) DEFAULT '', IsHidden TINYINT DEFAULT 0, SecDateTEdit DATETIME);
INSERT INTO carrier VALUES
  (1, 'Southern Cross Mutual', 'PO Box 1', '', 'Brisbane', 'QLD', '4001', '1800 975 707', 'SCM01', 0, '2025-02-02 02:02:02'),
  (2, 'Old Fund', '', '', '', '', '', '', '', 1, '2015-02-02 02:02:02');
CREATE TABLE insplan (PlanNum INTEGER PRIMARY KEY, GroupName VARCHAR(50), GroupNum VARCHAR(25), CarrierNum BIGINT, IsMedical TINYINT DEFAULT 0);
INSERT INTO insplan VALUES (1, 'Extras Gold', 'G-77', 1, 0), (2, '', '', 2, 1);
CREATE TABLE inssub (InsSubNum INTEGER PRIMARY KEY, PlanNum BIGINT, Subscriber BIGINT, DateEffective DATE, DateTerm DATE, SubscriberID VARCHAR(255));
INSERT INTO inssub VALUES (1, 1, 7, '2023-07-01', '0001-01-01', 'SCM445566'), (2, 2, 4, '0001-01-01', '2024-06-30', 'OF-9'), (3, 1, 1, '2020-01-01', '2023-06-30', 'SCM112233');
CREATE TABLE patplan (PatPlanNum INTEGER PRIMARY KEY, PatNum BIGINT, Ordinal TINYINT, Relationship TINYINT, PatID VARCHAR(100) DEFAULT '', InsSubNum BIGINT, SecDateTEdit DATETIME);
INSERT INTO patplan VALUES
  (1, 2, 1, 2, '03', 1, '2024-01-01 00:00:00'),
  (2, 1, 1, 1, '02', 1, '2024-01-01 00:00:00'),
  (3, 4, 1, 0, '', 2, '2024-01-01 00:00:00'),
  (4, 6, 1, 0, '', 3, '2024-01-01 00:00:00'),     -- of a deleted patient
  (5, 1, 2, 0, '', 3, '2024-01-01 00:00:00'),
  (6, 5, 1, 4, '', 2, '2024-01-01 00:00:00');

CREATE TABLE appointmenttype (AppointmentTypeNum INTEGER PRIMARY KEY, AppointmentTypeName VARCHAR(255));
INSERT INTO appointmenttype VALUES (1, 'Check-up'), (2, 'Emergency');
CREATE TABLE appointment (
  AptNum INTEGER PRIMARY KEY, PatNum BIGINT, AptStatus TINYINT NOT NULL DEFAULT 0, Pattern VARCHAR(255) DEFAULT '', Op BIGINT DEFAULT 0, Note TEXT,
  ProvNum BIGINT DEFAULT 0, ProvHyg BIGINT DEFAULT 0, AptDateTime DATETIME NOT NULL DEFAULT '0001-01-01 00:00:00', ProcDescript TEXT,
  DateTStamp DATETIME DEFAULT '2026-03-01 08:00:00', DateTimeArrived DATETIME NOT NULL DEFAULT '0001-01-01 00:00:00', AppointmentTypeNum BIGINT DEFAULT 0,
  SecDateTEntry DATETIME NOT NULL DEFAULT '0001-01-01 00:00:00', Priority TINYINT NOT NULL DEFAULT 0);
CREATE INDEX appointment_patient ON appointment (PatNum);
CREATE INDEX appointment_day ON appointment (AptDateTime);
CREATE INDEX appointment_provider ON appointment (ProvNum);
INSERT INTO appointment (AptNum, PatNum, AptStatus, Pattern, Op, Note, ProvNum, ProvHyg, AptDateTime, ProcDescript, DateTStamp, DateTimeArrived, AppointmentTypeNum, SecDateTEntry, Priority) VALUES
  -- 50 minutes with the dentist and the hygienist; a treatment is planned for it.
  (101, 1, 1, '//XXXXXX//', 1, 'Nervous; allow time', 1, 3, '2026-04-14 09:00:00', '#14 MOD composite', '2026-03-01 08:00:00', '2026-04-14 00:00:00', 1, '2026-02-10 09:35:12', 0),
  (102, 1, 2, '/XXX', 1, '', 1, 0, '2026-02-10 09:00:00', 'Exam', '2026-02-10 10:00:00', '2026-02-10 08:52:00', 1, '2026-01-20 11:00:00', 0),
  -- Has arrived, and is wanted sooner.
  (103, 2, 1, 'XXXXXX', 2, NULL, 3, 0, '2026-03-12 15:30:00', 'Prophy', '2026-03-12 15:25:00', '2026-03-12 15:21:00', 0, '0001-01-01 00:00:00', 1),
  -- On the unscheduled list, once with the day that it was taken from and once without one.
  (104, 3, 3, '/XXXX/', 1, 'Will ring back', 4, 0, '2026-03-02 10:00:00', 'RCT', '2026-03-02 09:00:00', '0001-01-01 00:00:00', 0, '2026-02-02 02:02:02', 0),
  (105, 3, 3, '', 0, '', 4, 0, '0001-01-01 00:00:00', '', '2026-03-02 09:00:00', '0001-01-01 00:00:00', 0, '0001-01-01 00:00:00', 0),
  -- As soon as possible, as it was kept before there was a priority.
  (106, 4, 4, 'XX', 1, '', 5, 0, '2024-07-01 11:00:00', '', '2024-06-30 08:00:00', '0001-01-01 00:00:00', 2, '0001-01-01 00:00:00', 0),
  -- Broken.
  (107, 3, 5, '/XX/', 1, '', 2, 0, '2026-02-20 14:00:00', 'Exam', '2026-02-20 14:30:00', '0001-01-01 00:00:00', 0, '0001-01-01 00:00:00', 0),
  -- Planned: a template, with or without a day; and two notes in the book.
  (108, 1, 6, '/XXXXXXXX/', 0, '', 1, 0, '0001-01-01 00:00:00', 'Crown #14', '2026-02-10 10:00:00', '0001-01-01 00:00:00', 0, '0001-01-01 00:00:00', 0),
  (109, 1, 7, '/', 1, 'Ring the lab', 1, 0, '2026-04-14 08:00:00', '', '2026-02-10 10:00:00', '0001-01-01 00:00:00', 0, '0001-01-01 00:00:00', 0),
  (110, 1, 8, '/', 1, 'Rang the lab', 1, 0, '2026-04-13 08:00:00', '', '2026-02-10 10:00:00', '0001-01-01 00:00:00', 0, '0001-01-01 00:00:00', 0),
  -- Of a deleted patient; scheduled without a day; without a length, across no midnight; until after midnight.
  (111, 6, 1, '/XX/', 1, '', 1, 0, '2026-04-15 09:00:00', '', '2026-02-10 10:00:00', '0001-01-01 00:00:00', 0, '0001-01-01 00:00:00', 0),
  (112, 1, 1, '/XX/', 1, '', 1, 0, '0001-01-01 00:00:00', '', '2026-02-10 10:00:00', '0001-01-01 00:00:00', 0, '0001-01-01 00:00:00', 0),
  (113, 10, 1, NULL, 0, '', 6, 0, '2026-04-15 10:00:00', '', '2026-03-12 20:15:00', '0001-01-01 00:00:00', 0, '2026-03-12 20:15:00', 0),
  (114, 10, 1, 'XXXXXXXXXXXX', 0, '', 2, 0, '2026-04-16 23:30:00', '', '2026-03-12 20:16:00', '0001-01-01 00:00:00', 2, '2026-03-12 20:16:00', 1);

CREATE TABLE schedule (ScheduleNum INTEGER PRIMARY KEY, SchedDate DATE, StartTime TIME, StopTime TIME, SchedType TINYINT, ProvNum BIGINT DEFAULT 0, Note TEXT, Status TINYINT DEFAULT 0, DateTStamp DATETIME);
INSERT INTO schedule VALUES
  (201, '2026-04-14', '08:00:00', '12:30:00', 1, 1, '', 0, '2026-01-01 08:00:00'),
  (202, '2026-04-14', '13:30:00', '17:00:00', 1, 1, 'No extractions', 0, '2026-01-01 08:00:00'),
  (203, '2026-04-14', '08:00:00', '12:00:00', 1, 3, NULL, 0, '2026-01-01 08:00:00'),
  (204, '2026-04-25', '00:00:00', '00:00:00', 0, 0, 'Anzac Day', 2, '2026-01-01 08:00:00'),
  (205, '2026-04-14', '12:30:00', '13:30:00', 2, 0, 'Lunch', 0, '2026-01-01 08:00:00'),
  (206, '2026-04-14', '08:00:00', '17:00:00', 3, 0, '', 0, '2026-01-01 08:00:00'),
  (207, '2026-04-15', '08:00:00', '17:00:00', 1, 5, '', 0, '2026-01-01 08:00:00'),
  (208, '2026-04-16', '08:00:00', '17:00:00', 1, 1, '', 1, '2026-01-01 08:00:00');
CREATE TABLE scheduleop (ScheduleOpNum INTEGER PRIMARY KEY, ScheduleNum BIGINT, OperatoryNum BIGINT);
INSERT INTO scheduleop VALUES (1, 201, 1), (2, 202, 1), (3, 202, 2), (4, 205, 1);

CREATE TABLE allergydef (AllergyDefNum INTEGER PRIMARY KEY, Description VARCHAR(255), IsHidden TINYINT DEFAULT 0, SnomedType TINYINT, MedicationNum BIGINT DEFAULT 0, UniiCode VARCHAR(255) DEFAULT '');
INSERT INTO allergydef VALUES (1, 'None', 0, 0, 0, ''), (2, 'Penicillin', 0, 2, 2, ''), (3, 'Latex', 0, 1, 0, '2LQ0UUW8IN'), (4, 'Lactose', 1, 5, 0, ''), (5, 'Codeine', 0, 3, 0, 'UX6OWY2V7J');
CREATE TABLE allergy (AllergyNum INTEGER PRIMARY KEY, AllergyDefNum BIGINT, PatNum BIGINT, Reaction VARCHAR(255), StatusIsActive TINYINT, DateTStamp DATETIME, DateAdverseReaction DATE DEFAULT '0001-01-01', SnomedReaction VARCHAR(255) DEFAULT '');
INSERT INTO allergy VALUES
  (301, 2, 1, 'Hives on both arms', 1, '2026-02-10 09:40:00', '2009-08-01', '247472004'),
  (302, 3, 1, '', 1, '2026-02-10 09:41:00', '0001-01-01', ''),
  (303, 1, 2, '', 1, '2026-02-11 10:00:00', '0001-01-01', ''),
  (304, 4, 3, 'Bloating', 0, '2024-01-01 00:00:00', '0001-01-01', ''),
  (305, 5, 3, '', 1, '2024-01-01 00:00:00', '2015-05-05', '422400008'),
  (306, 2, 6, 'Rash', 1, '2026-02-10 09:40:00', '0001-01-01', '');
CREATE TABLE diseasedef (DiseaseDefNum INTEGER PRIMARY KEY, DiseaseName VARCHAR(255), ICD9Code VARCHAR(255) DEFAULT '', SnomedCode VARCHAR(255) DEFAULT '', Icd10Code VARCHAR(255) DEFAULT '');
INSERT INTO diseasedef VALUES (1, 'None', '', '', ''), (2, 'Asthma', '493.90', '195967001', 'J45.909'), (3, 'Hypertension', '', '38341003', 'I10'), (4, 'Clicking jaw', '', '', '');
CREATE TABLE disease (DiseaseNum INTEGER PRIMARY KEY, PatNum BIGINT, DiseaseDefNum BIGINT, PatNote TEXT, DateTStamp DATETIME, ProbStatus TINYINT, DateStart DATE, DateStop DATE);
INSERT INTO disease VALUES
  (401, 1, 2, 'Puffer before long visits', '2026-02-10 09:42:00', 0, '1996-01-01', '0001-01-01'),
  (402, 3, 3, '', '2026-03-01 16:45:00', 1, '0001-01-01', '2020-10-10'),
  (403, 3, 4, NULL, '2026-03-01 16:46:00', 2, '2018-02-03', '0001-01-01'),
  (404, 2, 1, '', '2026-02-11 10:00:00', 0, '0001-01-01', '0001-01-01'),
  -- Active again: the day on which it had stopped was left.
  (405, 4, 3, '', '2024-07-01 12:00:00', 0, '2010-01-01', '2012-01-01'),
  (406, 6, 2, '', '2024-07-01 12:00:00', 0, '0001-01-01', '0001-01-01');

CREATE TABLE snomed (SnomedNum INTEGER PRIMARY KEY, SnomedCode VARCHAR(255), Description VARCHAR(255));
INSERT INTO snomed VALUES (1, '247472004', 'Wheal (finding)'), (2, '195967001', 'Asthma (disorder)'), (3, '38341003', 'Hypertensive disorder, systemic arterial (disorder)'),
  (4, '8517006', 'Ex-smoker (finding)'), (5, '266919005', 'Never smoked tobacco (finding)');
CREATE TABLE icd10 (Icd10Num INTEGER PRIMARY KEY, Icd10Code VARCHAR(255), Description VARCHAR(255));
INSERT INTO icd10 VALUES (1, 'I10', 'Essential (primary) hypertension');
CREATE INDEX snomed_code ON snomed (SnomedCode);
CREATE INDEX icd10_code ON icd10 (Icd10Code);

CREATE TABLE medication (MedicationNum INTEGER PRIMARY KEY, MedName VARCHAR(255), RxCui BIGINT DEFAULT 0);
INSERT INTO medication VALUES (1, 'None', 0), (2, 'Amoxicillin', 723), (3, 'Salbutamol', 0), (4, 'Warfarin', 11289);
CREATE TABLE medicationpat (MedicationPatNum INTEGER PRIMARY KEY, PatNum BIGINT, MedicationNum BIGINT, PatNote TEXT, DateTStamp DATETIME, DateStart DATE, DateStop DATE, MedDescript VARCHAR(255) DEFAULT '', RxCui BIGINT DEFAULT 0);
INSERT INTO medicationpat VALUES
  (501, 1, 3, '2 puffs when needed', '2026-02-10 09:43:00', '0001-01-01', '0001-01-01', '', 0),
  (502, 3, 4, '3 mg nightly', '2026-03-01 16:47:00', '2019-05-01', '2021-05-01', '', 11289),
  (503, 3, 0, '', '2026-03-01 16:48:00', '2026-03-01', '2999-12-31', 'Ibuprofen 400 mg tablet', 197806),
  (504, 2, 1, '', '2026-02-11 10:00:00', '0001-01-01', '0001-01-01', '', 0),
  (505, 6, 4, '', '2026-02-11 10:00:00', '0001-01-01', '0001-01-01', '', 0);
CREATE TABLE rxpat (RxNum INTEGER PRIMARY KEY, PatNum BIGINT, RxDate DATE, Drug VARCHAR(255), Sig VARCHAR(255), Disp VARCHAR(255), Refills VARCHAR(30), ProvNum BIGINT, DateTStamp DATETIME, SendStatus TINYINT, PatientInstruction TEXT);
INSERT INTO rxpat VALUES
  (601, 1, '2026-02-10', 'Clindamycin 150 mg capsules', 'One capsule four times a day', '20 (twenty)', '0', 1, '2026-02-10 09:50:00', 3, 'Finish the course'),
  (602, 3, '2025-11-11', 'Chlorhexidine 0.2% mouthwash', 'Rinse twice a day', '300 mL', '1 per month', 4, '2025-11-11 11:11:00', 0, NULL),
  (603, 3, '2026-03-01', 'Paracetamol 500 mg tablets', '', '', '2', 5, '2026-03-01 17:00:00', 7, ''),
  (604, 6, '2026-03-01', 'Paracetamol 500 mg tablets', '', '', '', 1, '2026-03-01 17:00:00', 3, '');

CREATE TABLE procedurecode (CodeNum INTEGER PRIMARY KEY, ProcCode VARCHAR(15), Descript VARCHAR(255));
INSERT INTO procedurecode VALUES (1, 'D0120', 'periodic oral evaluation - established patient'), (2, 'D2393', 'resin-based composite - three surfaces, posterior'),
  (3, '~GRP~', 'Group Note'), (4, 'D9986', 'missed appointment'), (5, '022', 'Intraoral periapical radiograph'), (6, 'Miss', 'Missing tooth'), (7, 'D7140', 'extraction, erupted tooth or exposed root'),
  (8, 'D2740', 'crown - porcelain/ceramic');
CREATE TABLE procedurelog (
  ProcNum INTEGER PRIMARY KEY, PatNum BIGINT, AptNum BIGINT DEFAULT 0, ProcDate DATE, Surf VARCHAR(10) DEFAULT '', ToothNum VARCHAR(2) DEFAULT '', ProcStatus TINYINT,
  ProvNum BIGINT, ClinicNum BIGINT DEFAULT 0, CodeNum BIGINT, DateTP DATE DEFAULT '0001-01-01', DateTStamp DATETIME DEFAULT '2026-02-10 10:00:00', SecDateEntry DATETIME DEFAULT '0001-01-01 00:00:00');
CREATE INDEX procedurelog_appointment ON procedurelog (AptNum);
CREATE INDEX procedurelog_patient ON procedurelog (PatNum);
INSERT INTO procedurelog (ProcNum, PatNum, AptNum, ProcDate, Surf, ToothNum, ProcStatus, ProvNum, ClinicNum, CodeNum, DateTP, DateTStamp, SecDateEntry) VALUES
  (701, 1, 102, '2026-02-10', '', '', 2, 1, 1, 1, '2026-01-20', '2026-02-10 09:55:00', '2026-01-20 11:00:00'),
  (702, 1, 101, '2026-02-10', 'MOD', '14', 1, 1, 1, 2, '2026-02-10', '2026-02-10 09:56:00', '2026-02-10 09:56:00'),
  (703, 1, 0, '2026-02-10', '', '14', 1, 1, 1, 8, '0001-01-01', '2026-02-10 09:57:00', '2026-02-10 09:57:00'),
  (704, 1, 0, '2026-02-10', '', '', 3, 1, 1, 3, '0001-01-01', '2026-02-10 09:58:00', '2026-02-10 09:58:00'),      -- a group note
  (705, 3, 107, '2026-02-20', '', '', 2, 2, 1, 4, '0001-01-01', '2026-02-20 14:30:00', '2026-02-20 14:30:00'),    -- a missed appointment
  (706, 3, 0, '0001-01-01', '', '19', 4, 4, 0, 7, '0001-01-01', '2025-11-11 11:00:00', '2025-11-11 11:00:00'),    -- done elsewhere, none knows when
  (707, 3, 0, '2025-11-11', '', '30', 2, 4, 0, 5, '0001-01-01', '2025-11-11 11:01:00', '2025-11-11 11:01:00'),    -- with the practice's own code
  (708, 3, 0, '2025-11-11', '', '1', 7, 4, 0, 6, '0001-01-01', '2025-11-11 11:02:00', '2025-11-11 11:02:00'),     -- a missing tooth
  (709, 2, 0, '2026-02-11', 'B', 'K', 2, 3, 1, 5, '0001-01-01', '2026-02-11 10:10:00', '2026-02-11 10:10:00'),    -- a milk tooth
  (710, 1, 0, '2026-02-10', '', '', 6, 1, 1, 1, '0001-01-01', '2026-02-10 09:59:00', '2026-02-10 09:59:00'),      -- deleted
  (711, 1, 0, '2026-02-10', '', '32', 5, 1, 1, 7, '0001-01-01', '2026-02-10 09:59:30', '2026-02-10 09:59:30'),    -- referred
  (712, 6, 0, '2026-02-10', '', '', 2, 1, 1, 1, '0001-01-01', '2026-02-10 09:59:00', '2026-02-10 09:59:00'),
  (713, 4, 0, '2024-07-01', '', '8', 3, 5, 2, 7, '0001-01-01', '2024-07-01 12:00:00', '0001-01-01 00:00:00');     -- by a provider who was deleted

CREATE TABLE vitalsign (VitalsignNum INTEGER PRIMARY KEY, PatNum BIGINT, Height FLOAT, Weight FLOAT, BpSystolic INT, BpDiastolic INT, DateTaken DATE, Pulse INT);
INSERT INTO vitalsign VALUES (801, 1, 65.5, 150, 122, 78, '2026-02-10', 71), (802, 3, 0, 0, 141, 0, '2026-03-01', 0), (803, 6, 60, 100, 120, 80, '2026-02-10', 70);
CREATE TABLE vaccinedef (VaccineDefNum INTEGER PRIMARY KEY, CVXCode VARCHAR(255), VaccineName VARCHAR(255));
INSERT INTO vaccinedef VALUES (1, '45', 'hepatitis B vaccine, unspecified formulation');
CREATE TABLE vaccinepat (VaccinePatNum INTEGER PRIMARY KEY, VaccineDefNum BIGINT, DateTimeStart DATETIME, LotNumber VARCHAR(255) DEFAULT '', PatNum BIGINT, Note TEXT, CompletionStatus TINYINT,
  AdministrationNoteCode TINYINT, ProvNumAdminister BIGINT DEFAULT 0, DateExpire DATE DEFAULT '0001-01-01', ActionCode TINYINT DEFAULT 0);
INSERT INTO vaccinepat VALUES
  (901, 1, '2025-06-01 10:00:00', 'LOT-7', 1, '', 0, 0, 1, '2026-06-30', 0),
  (902, 0, '0001-01-01 00:00:00', '', 3, 'Declined', 1, 0, 0, '0001-01-01', 0),
  (903, 1, '1999-01-01 00:00:00', '', 3, '', 0, 4, 0, '0001-01-01', 2),
  (904, 1, '2025-06-01 10:00:00', '', 1, 'Entered twice', 0, 0, 1, '0001-01-01', 1);

-- Indexes that MySQL's tables have, too.
CREATE INDEX providerclinic_provider ON providerclinic (ProvNum);
CREATE INDEX patplan_patient ON patplan (PatNum);
CREATE INDEX scheduleop_schedule ON scheduleop (ScheduleNum);
CREATE INDEX schedule_day ON schedule (SchedDate);
CREATE INDEX allergy_patient ON allergy (PatNum);
CREATE INDEX disease_patient ON disease (PatNum);
CREATE INDEX medicationpat_patient ON medicationpat (PatNum);
CREATE INDEX rxpat_patient ON rxpat (PatNum);
CREATE INDEX vitalsign_patient ON vitalsign (PatNum);
CREATE INDEX vaccinepat_patient ON vaccinepat (PatNum);
CREATE INDEX appointment_hygienist ON appointment (ProvHyg);
