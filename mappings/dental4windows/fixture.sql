-- The practice that the cases of cases.yaml are asked of: a few rows of everything, each with its quirk. Nobody in it
-- exists.

CREATE TABLE Practice (ID integer PRIMARY KEY, Name varchar(80), ABN varchar(14), HPIO varchar(16), Phone varchar(20), Email varchar(100), Addr1 varchar(50), Addr2 varchar(50), Suburb varchar(40), State varchar(3), PostCode varchar(4), Changed timestamp);
INSERT INTO Practice VALUES (1, 'Bottlebrush Dental', '36 999 000 123', '8003621234000159', '03 5550 6000', 'smile@bottlebrush.example', '2 Bottlebrush Lane', '', 'Ballarat', 'VIC', '3350', '2025-07-01 08:30:15');

CREATE TABLE Locations (ID integer PRIMARY KEY, Name varchar(60), Phone varchar(20), Fax varchar(20), Email varchar(100), Addr1 varchar(50), Addr2 varchar(50), Suburb varchar(40), State varchar(3), PostCode varchar(4), Flags integer, Changed timestamp);
INSERT INTO Locations VALUES
  (1, 'Ballarat', '03 5550 6000', '(03) 5550 6001', 'desk@bottlebrush.example', '2 Bottlebrush Lane', '', 'Ballarat', 'VIC', '3350', 0, '2025-01-31 12:00:00'),
  -- Little is known.
  (2, 'Creswick', '0355506100', NULL, NULL, '1 Mill Street', NULL, 'Creswick', 'VIC', '3363', NULL, NULL),
  -- Deleted.
  (3, 'Old Rooms', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, '2015-01-05 09:00:00');

CREATE TABLE Providers (ID integer PRIMARY KEY, Code varchar(5), Title varchar(10), Surname varchar(40), Firstname varchar(40), Role varchar(30), AhpraNo varchar(13), HPII varchar(16), Phone varchar(20), Email varchar(100), Flags integer, Changed timestamp);
INSERT INTO Providers VALUES
  (1, 'WC', 'Dr', 'Chen', 'Wei', 'Dentist', 'DEN0001234567', '8003615666680017', '03 5550 6011', 'wei.chen@bottlebrush.example', 0, '2025-01-31 23:59:59'),
  -- An accent, an apostrophe; a role without a speciality.
  (2, 'AO', 'Ms', 'O''Neill', 'Áine', 'Hygienist', 'DEN0007654321', '8003619900010023', '03 5550 6012', '', 0, NULL),
  -- Has left.
  (3, 'PS', 'Dr', 'Smith', 'Peter', 'Orthodontist', NULL, NULL, NULL, NULL, 2, '2020-12-24 17:00:00'),
  -- Deleted.
  (4, 'XX', NULL, 'Deleted', 'Desk', NULL, NULL, NULL, NULL, NULL, 1, NULL),
  -- Nothing else but a name.
  (5, NULL, NULL, 'Chen-Smith', NULL, 'Prosthetist', NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE ProviderLocations (ID integer PRIMARY KEY, ProvID integer, LocID integer, ProviderNo varchar(8), Flags integer, Changed timestamp);
INSERT INTO ProviderLocations VALUES
  (1, 1, 1, '2447811A', 0, '2025-01-31 23:59:59'), (2, 1, 2, '2447812K', 0, NULL),
  -- No number; at a deleted place; deleted; of a deleted provider.
  (3, 2, 1, '', NULL, NULL), (4, 3, 3, '315562AK', 0, NULL), (5, 1, 3, '2447813Y', 1, NULL), (6, 4, 1, NULL, 0, NULL);

CREATE TABLE Funds (ID integer PRIMARY KEY, Name varchar(60));
INSERT INTO Funds VALUES (1, 'Wattle Health'), (2, 'Gumnut Mutual');

CREATE TABLE Patients (
  ID integer PRIMARY KEY, HeadID integer, CardNo varchar(12), Title varchar(10), Surname varchar(40), Firstname varchar(40),
  Middle varchar(40), PrefName varchar(40), DOB date, Gender varchar(10), ProvID integer, LocID integer, Addr1 varchar(50),
  Addr2 varchar(50), Suburb varchar(40), State varchar(3), PostCode varchar(4), HomePhone varchar(20), WorkPhone varchar(20),
  Mobile varchar(20), Email varchar(100), IHI varchar(16), MedicareNo varchar(10), MedicareRef varchar(1),
  MedicareExp varchar(7), DVANo varchar(9), FundID integer, FundMember varchar(20), FundRef varchar(2),
  Relationship varchar(20), Flags integer, Created timestamp, Changed timestamp
);
-- Everything is known: the head of a family.
INSERT INTO Patients VALUES
  (1, 1, 'C-1001', 'Mr', 'Smith', 'John', 'Andrew', 'Johnny', '1980-05-17', 'Male', 1, 1, 'Unit 3', '27 Acacia Avenue',
   'Ballarat', 'VIC', '3350', '03 5550 3001', '(03) 5550 3002', '0491 570 156', 'John.Smith@mail.example',
   '8003608166690503', '2950123481', '1', '05/2027', 'VX123456', 1, 'W-778', '01', '', 0, '2016-02-01 10:15:00', '2025-11-03 16:45:30');
-- His child, on his card and in his fund.
INSERT INTO Patients (ID, HeadID, CardNo, Surname, Firstname, DOB, Gender, ProvID, Suburb, State, PostCode, MedicareNo, MedicareRef, MedicareExp, FundID, FundMember, FundRef, Relationship, Flags, Created, Changed) VALUES
  (2, 1, 'C-1002', 'Smith', 'Aoife', '2015-02-28', 'Female', 2, 'Ballarat', 'VIC', '3350', '2950123481', '3', '05/2027', 1, 'W-778', '03', 'Father', 0, '2016-02-01 10:16:00', NULL);
-- Dead; an accent, an apostrophe; a letter for a word; whose head is deleted.
INSERT INTO Patients (ID, HeadID, CardNo, Title, Surname, Firstname, DOB, Gender, ProvID, Flags, Created, Changed) VALUES
  (3, 5, 'C-1003', 'Mrs', 'O''Brien', 'Siobhán', '1951-12-31', 'f', 1, 4, '2016-02-01 10:15:00', '2024-03-04 09:00:00');
-- Inactive; the day of birth is not known; a word of the office's own; a head, a provider and a fund that there are not.
INSERT INTO Patients (ID, HeadID, CardNo, Surname, Firstname, DOB, Gender, ProvID, MedicareExp, FundID, FundMember, Relationship, Flags, Created, Changed) VALUES
  (4, 99, 'C-1004', 'müller-smith', 'zoë', '1900-01-01', 'weiblich', 42, '', 42, 'G-1', 'Employer', 2, '2019-08-12 08:00:00', '2019-08-12 08:00:01');
-- Deleted: nowhere to be seen. With another bit set, too.
INSERT INTO Patients (ID, HeadID, CardNo, Surname, Firstname, DOB, Gender, IHI, Mobile, MedicareNo, FundID, FundMember, Flags, Created, Changed) VALUES
  (5, 5, 'C-1005', 'Smith', 'Deleted', '1980-05-17', 'Male', '8003609900001239', '0491 570 158', '2950123481', 1, 'W-779', 1, '2016-02-01 10:15:00', '2025-11-03 16:45:30'),
  (9, 1, 'C-1009', 'Smith', 'Gone', '1980-05-17', 'Male', NULL, NULL, NULL, NULL, NULL, 9, '2016-02-01 10:15:00', NULL);
-- Nothing is known; nothing, in blanks and zeros.
INSERT INTO Patients (ID) VALUES (6);
INSERT INTO Patients VALUES
  (7, 0, '', '', '', '', '', '', '1900-01-01', '', 0, 0, '', '', '', '', '', '', '', '', '', '', '', '', '', '', 0, '', '', '', 0, '2021-01-01 00:00:00', NULL);
-- Whom nobody reminds; a partner of the head; no card of the fund.
INSERT INTO Patients (ID, HeadID, CardNo, Title, Surname, Firstname, PrefName, DOB, Gender, ProvID, Email, IHI, FundID, FundMember, Relationship, Flags, Created, Changed) VALUES
  (8, 1, 'C-1008', 'Mx', 'Smithers', 'Alex', 'Sasha', '1980-06-01', 'Other', 1, 'sasha@mail.example', '8003601555007777', 2, '', 'Partner', 8, '2020-01-15 09:30:00', '2024-12-31 23:59:59');

CREATE TABLE Books (ID integer PRIMARY KEY, Name varchar(40), ProvID integer, LocID integer, Flags integer, Changed timestamp);
INSERT INTO Books VALUES
  (1, 'Dr Chen', 1, 1, 0, '2025-06-30 08:00:00'),
  -- A chair of nobody's; one that is closed, at a deleted place; deleted.
  (2, 'Chair 2', 0, 2, NULL, NULL), (3, 'Dr Smith', 3, 3, 2, NULL), (4, 'Wrong', 1, 1, 1, NULL);

CREATE TABLE AppStatus (ID integer PRIMARY KEY, Name varchar(30));
INSERT INTO AppStatus VALUES (1, 'Booked'), (2, 'Confirmed'), (3, 'Arrived'), (4, 'In chair'), (5, 'Departed'), (6, 'Failed to attend'), (7, 'Gone fishing');

CREATE TABLE AppClasses (ID integer PRIMARY KEY, Name varchar(30));
INSERT INTO AppClasses VALUES (1, 'Examination'), (2, 'Restoration'), (3, 'Emergency');

CREATE TABLE Appointments (
  ID integer PRIMARY KEY, BookID integer, PatID integer, ProvID integer, AppDate date, AppTime integer, AppLength integer,
  StatusID integer, ClassID integer, Notes long varchar, Flags integer, Created timestamp, Changed timestamp
);
INSERT INTO Appointments VALUES
  (1, 1, 1, 1, '2026-03-02', 495, 30, 2, 1, 'Nervous patient', 0, '2026-02-20 10:00:00', '2026-03-01 09:00:00'),
  -- Reserved; cancelled; deleted.
  (2, 1, 0, 1, '2026-03-02', 525, 60, 0, NULL, '', 2, '2026-02-20 10:05:00', NULL),
  (3, 2, 2, 2, '2026-03-02', 495, 30, 1, 2, NULL, 4, '2026-02-21 10:00:00', '2026-03-02 07:00:00'),
  (4, 1, 1, 1, '2026-03-02', 600, 15, 1, 1, NULL, 1, '2026-02-20 10:00:00', NULL),
  -- Of a deleted patient, over midnight; a status and a class without an entry; without a length, at no known book.
  (5, 3, 5, 3, '2019-07-10', 1425, 30, 5, 3, NULL, NULL, '2019-07-01 10:00:00', '2019-07-10 16:20:00'),
  (6, 1, 3, 4, '2024-02-29', 540, 30, 42, 42, NULL, 0, NULL, NULL),
  (7, 9, 8, 1, '2026-03-03', 600, NULL, 6, NULL, NULL, 0, '2026-02-28 10:00:00', NULL),
  -- Reserved, then cancelled.
  (8, 1, NULL, 1, '2026-03-04', 600, 30, 7, NULL, NULL, 6, NULL, NULL);

CREATE TABLE Visits (ID integer PRIMARY KEY, PatID integer, ProvID integer, LocID integer, AppID integer, VisitDate date, TimeIn integer, TimeOut integer, Complaint varchar(100), Flags integer, Changed timestamp);
INSERT INTO Visits VALUES
  (1, 1, 1, 1, 1, '2026-03-02', 497, 531, 'Broken filling', 0, '2026-03-02 09:00:00'),
  -- Without times, of a deleted provider at a deleted place, by a deleted appointment.
  (2, 2, 4, 3, 4, '2025-09-01', NULL, NULL, '', NULL, NULL),
  -- Deleted; of a deleted patient.
  (3, 1, 1, 1, 0, '2025-01-01', 540, 570, NULL, 1, NULL),
  (4, 5, 3, 1, 5, '2019-07-10', 960, 980, NULL, 0, NULL);

CREATE TABLE Items (ItemNo varchar(4), Descr varchar(80), PRIMARY KEY (ItemNo));
INSERT INTO Items VALUES
  ('011', 'Comprehensive oral examination'), ('022', 'Intraoral periapical or bitewing radiograph'), ('114', 'Removal of calculus'),
  ('521', 'Adhesive restoration - one surface - anterior tooth'), ('533', 'Adhesive restoration - three surfaces - posterior tooth'),
  ('311', 'Removal of a tooth'), ('615', 'Full crown - veneered');

CREATE TABLE Plans (ID integer PRIMARY KEY, PatID integer, ProvID integer, Name varchar(60), PlanDate date, EndDate date, State varchar(1), Notes long varchar, Flags integer, Changed timestamp);
INSERT INTO Plans VALUES
  (1, 1, 1, 'Crown 36', '2026-03-02', '1900-01-01', 'A', 'In two visits', 0, '2026-03-02 09:05:00'),
  -- Not begun, without items; over; deleted; of a deleted patient.
  (2, 2, 2, '', '1900-01-01', NULL, 'N', NULL, NULL, NULL),
  (3, 8, 1, 'Whitening', '2024-01-01', '2024-02-01', 'C', NULL, 0, NULL),
  (4, 1, 1, 'Wrong', '2026-03-02', NULL, 'A', NULL, 1, NULL),
  (5, 5, 3, 'Braces', '2019-07-10', NULL, '?', NULL, 0, NULL);

CREATE TABLE Treatments (
  ID integer PRIMARY KEY, PatID integer, ProvID integer, LocID integer, VisitID integer, PlanID integer, ItemNo varchar(4),
  Tooth varchar(2), Surfaces varchar(5), State varchar(1), PlanDate date, DoneDate date, Notes varchar(200), Flags integer,
  Created timestamp, Changed timestamp
);
INSERT INTO Treatments VALUES
  (1, 1, 1, 1, 1, 1, '533', '36', 'MOD', 'D', '1900-01-01', '2026-03-02', 'Old amalgam removed', 0, '2026-03-02 09:00:00', NULL),
  (2, 1, 1, 1, 1, NULL, '022', '', '', 'D', NULL, '2026-03-02', NULL, 0, '2026-03-02 09:01:00', '2026-03-02 09:10:00'),
  -- Charted: done elsewhere, on no known day; surfaces that the list does not have; a deciduous tooth.
  (3, 2, 2, 1, 0, 0, '521', '53', 'MBL', 'C', NULL, '1900-01-01', '', NULL, '2025-09-01 10:00:00', NULL),
  -- A quadrant; an item without an entry; a tooth that there is not.
  (4, 2, 2, 1, 2, NULL, '114', '10', NULL, 'D', NULL, '2025-09-01', NULL, 0, NULL, NULL),
  (5, 1, 1, 2, 3, 4, '999', '99', NULL, 'D', NULL, '2024-05-06', NULL, 0, NULL, NULL),
  -- Planned: in a plan; in a deleted one; in none.
  (6, 1, 1, 1, NULL, 1, '615', '36', '', 'P', '2026-03-02', NULL, 'Shade A2', 0, '2026-03-02 09:05:00', NULL),
  (7, 1, 1, 1, NULL, 4, '311', '18', NULL, 'P', '2026-03-03', NULL, NULL, 0, NULL, NULL),
  (8, 8, 4, 1, NULL, NULL, '011', NULL, NULL, 'P', '1900-01-01', NULL, NULL, 0, NULL, NULL),
  (9, 1, 1, 1, NULL, 1, '022', '36', NULL, 'P', '2026-03-01', NULL, NULL, 0, '2026-03-02 09:06:00', NULL),
  -- Deleted; of a deleted patient; of no state.
  (10, 1, 1, 1, 1, 1, '311', '36', NULL, 'D', NULL, '2026-03-02', NULL, 1, NULL, NULL),
  (11, 5, 3, 1, 4, 5, '311', '48', NULL, 'D', NULL, '2019-07-10', NULL, 0, NULL, NULL),
  (12, 1, 1, 1, 1, 1, '311', '36', NULL, '', NULL, '2026-03-02', NULL, 0, NULL, NULL),
  (13, 1, 1, 1, NULL, 1, '311', '36', NULL, 'P', '2026-03-02', NULL, NULL, 1, NULL, NULL);

CREATE TABLE MedConditions (ID integer PRIMARY KEY, Name varchar(60));
INSERT INTO MedConditions VALUES (1, 'Asthma'), (2, 'Heart murmur'), (3, 'Diabetes');

CREATE TABLE PatMedConditions (ID integer PRIMARY KEY, PatID integer, ConditionID integer, Other varchar(60), SinceYear integer, SinceMonth integer, EndDate date, ProvID integer, Notes varchar(200), Flags integer, Created timestamp, Changed timestamp);
INSERT INTO PatMedConditions VALUES
  (1, 1, 3, '', 2019, 7, '1900-01-01', 1, 'Diet', 4, '2019-08-01 10:00:00', NULL),
  -- In words; over since a day; of no known year.
  (2, 1, 0, 'Ménière''s disease', 0, 0, NULL, NULL, NULL, 0, NULL, NULL),
  (3, 2, 1, NULL, 2018, 0, '2024-01-31', 2, '', 2, '2018-05-05 10:00:00', '2024-02-01 10:00:00'),
  -- Deleted; of a deleted patient; a condition without an entry or words.
  (4, 1, 2, NULL, 2020, 1, NULL, 1, NULL, 1, NULL, NULL),
  (5, 5, 2, NULL, 2020, 1, NULL, 1, NULL, 0, NULL, NULL),
  (6, 8, 42, '', NULL, NULL, '2020-01-01', 4, NULL, NULL, NULL, NULL);

CREATE TABLE Allergies (ID integer PRIMARY KEY, PatID integer, Substance varchar(60), Reaction varchar(60), Severity varchar(10), SinceDate date, Notes varchar(200), Flags integer, Created timestamp, Changed timestamp);
INSERT INTO Allergies VALUES
  (1, 1, 'Penicillin', 'Rash', 'Moderate', '1999-04-01', 'By the patient', 4, '2016-02-01 10:20:00', NULL),
  (2, 2, 'Latex', '', '', '1900-01-01', NULL, 2, NULL, NULL),
  (3, 1, 'Lignocaine', 'Palpitations', 'Bad', NULL, NULL, NULL, '2020-02-02 09:00:00', NULL),
  -- Deleted; of a deleted patient.
  (4, 1, 'Codeine', 'Nausea', 'Mild', NULL, NULL, 1, NULL, NULL), (5, 5, 'Codeine', 'Nausea', 'Mild', NULL, NULL, 0, NULL, NULL);

CREATE TABLE Scripts (ID integer PRIMARY KEY, PatID integer, ProvID integer, VisitID integer, ScriptDate date, Drug varchar(80), Directions varchar(200), Qty integer, Repeats integer, Reason varchar(60), Flags integer, Changed timestamp);
INSERT INTO Scripts VALUES
  (1, 1, 1, 1, '2026-03-02', 'Amoxicillin 500 mg capsule', '1 capsule three times a day', 20, 0, 'Dental abscess', 0, '2026-03-02 09:12:00'),
  (2, 2, 4, 3, '1900-01-01', 'Chlorhexidine 0.2% mouth wash', '', NULL, NULL, '', NULL, NULL),
  (3, 1, 1, 1, '2026-03-02', 'Wrong', NULL, NULL, NULL, NULL, 1, NULL), (4, 5, 3, 4, '2019-07-10', 'Metronidazole', NULL, NULL, NULL, NULL, 0, NULL);

CREATE TABLE RecallTypes (ID integer PRIMARY KEY, Name varchar(40));
INSERT INTO RecallTypes VALUES (1, 'Six-month check and clean'), (2, 'Crown review');

CREATE TABLE Recalls (ID integer PRIMARY KEY, PatID integer, ProvID integer, TypeID integer, DueDate date, SentDate date, Method varchar(10), State varchar(1), Message varchar(200), Flags integer, Created timestamp, Changed timestamp);
INSERT INTO Recalls VALUES
  (1, 1, 1, 1, '2026-09-02', NULL, 'SMS', 'D', 'John, your check is due', 0, '2026-03-02 09:15:00', NULL),
  (2, 2, 2, 1, '2026-03-01', '2026-02-15', 'Letter', 'B', '', 0, '2025-09-01 10:30:00', '2026-02-20 09:00:00'),
  -- A way and a state without an entry, on no day, of a deleted provider; deleted; of a deleted patient.
  (3, 8, 4, 42, '1900-01-01', NULL, 'Pigeon', '?', NULL, NULL, NULL, NULL),
  (4, 1, 1, 1, '2026-09-02', NULL, 'SMS', 'D', NULL, 1, NULL, NULL), (5, 5, 3, 2, '2020-01-10', NULL, 'SMS', 'X', NULL, 0, NULL, NULL);

CREATE TABLE Documents (ID integer PRIMARY KEY, PatID integer, ProvID integer, Kind varchar(20), Descr varchar(80), DocDate date, Tooth varchar(2), FileExt varchar(4), Flags integer, Created timestamp, Changed timestamp);
INSERT INTO Documents VALUES
  (1, 1, 1, 'Radiograph', 'Bitewing right', '2026-03-02', '36', 'DCM', 0, '2026-03-02 09:02:00', NULL),
  (2, 2, NULL, 'Letter', 'From the orthodontist', '2025-08-01', '', 'PDF', NULL, '2025-08-04 09:00:00', '2025-08-05 09:00:00'),
  (3, 8, 4, '', 'Photograph', '1900-01-01', NULL, 'XYZ', 0, NULL, NULL),
  (4, 1, 1, 'Letter', 'Wrong', '2025-08-01', NULL, 'PDF', 1, NULL, NULL), (5, 5, 3, 'Letter', 'Gone', '2019-08-01', NULL, 'PDF', 0, NULL, NULL);
