-- The practice that the cases of cases.yaml are asked of: a few rows of everything, each with its quirk.
-- Nobody in it exists. The tests pad each char(n) column to its length, as SQL Server holds it, so that the
-- rows can be read here.

-- What the integer codes mean. 42 stands in rows and has no entry, as in practices of some age.
CREATE TABLE TITLES (TITLECODE integer PRIMARY KEY, TITLE char(30));
INSERT INTO TITLES VALUES (1, 'Mr'), (2, 'Mrs'), (3, 'Ms'), (6, 'Dr');

CREATE TABLE SEX (SEXCODE integer PRIMARY KEY, SEX char(10));
INSERT INTO SEX VALUES (1, 'Female'), (2, 'Male'), (3, 'Other'), (4, 'Unknown'), (5, 'Not asked');

CREATE TABLE ETHNICITY (ETHNICCODE integer PRIMARY KEY, ETHNICTYPE char(50));
INSERT INTO ETHNICITY VALUES
  (1, 'Aboriginal'),
  (2, 'Torres Strait Islander'),
  (3, 'Aboriginal and Torres Strait Islander'),
  (4, 'Neither Aboriginal nor Torres Strait Islander'),
  (9, 'Not stated'),
  (12, 'Not in the code table');

CREATE TABLE PENSIONTYPE (PENSIONCODE integer PRIMARY KEY, PENSIONTYPE char(30));
INSERT INTO PENSIONTYPE VALUES
  (1, 'Pensioner Concession Card'), (2, 'Health Care Card'), (3, 'Commonwealth Seniors Card');

CREATE TABLE DVATYPE (DVACODE integer PRIMARY KEY, DVATYPE char(10));
INSERT INTO DVATYPE VALUES (1, 'Gold'), (2, 'White'), (3, 'Orange'), (4, 'Lilac');

CREATE TABLE PATIENTSTATUS (STATUSCODE integer PRIMARY KEY, STATUSTEXT char(12));
INSERT INTO PATIENTSTATUS VALUES (1, 'Active'), (2, 'Inactive'), (3, 'Deceased');

CREATE TABLE USERGROUPS (GROUPCODE integer PRIMARY KEY, GROUPNAME char(60));
INSERT INTO USERGROUPS VALUES (1, 'Doctor'), (2, 'Nurse'), (3, 'Receptionist');

CREATE TABLE APPOINTMENTCODES (APPOINTMENTCODE integer PRIMARY KEY, DESCRIPTION char(20));
INSERT INTO APPOINTMENTCODES VALUES
  (1, 'Booked'), (2, 'Waiting'), (3, 'With doctor'), (4, 'At billing'), (5, 'Invoiced'), (6, 'Completed'), (7, 'Paid');

CREATE TABLE APPOINTMENTTYPES (APPOINTMENTCODE integer PRIMARY KEY, DESCRIPTION char(30));
INSERT INTO APPOINTMENTTYPES VALUES (1, 'Standard appt.'), (2, 'Long appt.'), (3, 'New patient');

-- The practice: one row.
CREATE TABLE PRACTICE (
  PRACTICEID integer PRIMARY KEY, RECORDSTATUS int, PRACTICENAME varchar(100), HPIO char(16), ABN char(14),
  CREATED datetime, UPDATED datetime
);
INSERT INTO PRACTICE VALUES
  (1, 1, 'Banksia Street Medical Centre', '8003621234000159', '36 999 000 123', '2015-01-05 09:00:00', '2025-07-01 08:30:15');

CREATE TABLE LOCATIONS (
  LOCATIONID integer PRIMARY KEY, RECORDSTATUS int, LOCATIONNAME varchar(100), ADDRESS1 char(50), ADDRESS2 char(50),
  CITY char(40), POSTCODE char(4), PHONE char(14), AHPHONE char(14), FAX char(14), EMAIL varchar(250), HPIO char(16),
  ABN varchar(14), CREATED datetime, UPDATED datetime
);
INSERT INTO LOCATIONS (LOCATIONID, RECORDSTATUS, LOCATIONNAME, ADDRESS1, ADDRESS2, CITY, POSTCODE, PHONE, FAX, EMAIL, CREATED, UPDATED) VALUES
  (1, 1, 'Banksia Street', 'Suite 2', '14 Banksia Street', 'Toowoomba', '4350', '07 5550 1000', '(07) 5550 1001', 'desk@banksia.example', '2015-01-05 09:00:00', '2024-02-29 12:00:00'),
  -- Little is known of the branch; it was never updated.
  (2, 1, 'Wattle Creek', '1 Wattle Creek Road', '', 'Gatton', '4343', '0755502000', NULL, NULL, '2020-06-01 10:00:00', NULL),
  -- Deleted.
  (3, 2, 'Old Rooms', '9 Banksia Street', '', 'Toowoomba', '4350', '07 5550 9000', NULL, NULL, '2009-01-05 09:00:00', '2015-01-05 09:00:00');

CREATE TABLE USERS (
  USERID integer PRIMARY KEY, RECORDSTATUS int, USERSTATUS int, GROUPCODE int, TITLECODE int, LOCATIONID int,
  SURNAME char(100), FIRSTNAME char(30), PROVIDERNO char(8), PRESCRIBERNO char(7), REGISTRATIONNO char(20), HPII char(16),
  PHONE char(14), MOBILEPHONE char(14), EMAIL varchar(250), CREATED datetime, UPDATED datetime
);
INSERT INTO USERS (USERID, RECORDSTATUS, USERSTATUS, GROUPCODE, TITLECODE, LOCATIONID, SURNAME, FIRSTNAME, PRESCRIBERNO, REGISTRATIONNO, HPII, PHONE, MOBILEPHONE, EMAIL, CREATED, UPDATED) VALUES
  (1, 1, 1, 1, 6, 1, 'Chen', 'Wei', '1234567', 'MED0001234567', '8003615666680017', '07 5550 1011', '0491 570 006', 'wei.chen@banksia.example', '2015-01-05 09:00:00', '2025-01-31 23:59:59'),
  -- A nurse: no prescriber number, an accent, an apostrophe.
  (2, 1, 1, 2, 3, 1, 'O''Neill', 'Áine', '', 'NMW0007654321', '8003619900010023', '07 5550 1012', NULL, '', '2018-03-01 09:00:00', NULL),
  -- Has left.
  (3, 1, 2, 1, 6, 2, 'Smith', 'Peter', '7654321', NULL, NULL, NULL, NULL, NULL, '2010-01-05 09:00:00', '2020-12-24 17:00:00'),
  -- Deleted.
  (4, 2, 1, 3, 1, 1, 'Deleted', 'Desk', NULL, NULL, NULL, NULL, NULL, NULL, '2010-01-05 09:00:00', '2011-01-05 09:00:00'),
  -- A code without an entry, and nothing else but a name.
  (5, 1, 1, 42, 42, NULL, 'Chen-Smith', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE PROVIDER_LOCATION (
  RECORDID integer PRIMARY KEY, RECORDSTATUS int, USERID int, LOCATIONID int, PROVIDERNUMBER char(8),
  CREATED datetime, UPDATED datetime
);
INSERT INTO PROVIDER_LOCATION VALUES
  (1, 1, 1, 1, '2447811A', '2015-01-05 09:00:00', '2025-01-31 23:59:59'),
  (2, 1, 1, 2, '2447812K', '2020-06-01 10:00:00', NULL),
  -- No number, and a group that has no SNOMED code.
  (3, 1, 2, 1, '', '2018-03-01 09:00:00', NULL),
  -- Of someone who has left, at a place that is not known.
  (4, 1, 3, 0, '315562AK', '2010-01-05 09:00:00', NULL),
  -- Deleted.
  (5, 2, 1, 3, '2447813Y', '2010-01-05 09:00:00', NULL),
  (6, 1, 5, NULL, NULL, NULL, NULL);

CREATE TABLE NEXTOFKIN (
  NEXTOFKINID integer PRIMARY KEY, RECORDSTATUS int, SURNAME char(40), FIRSTNAME char(30), CONTACTPHONE char(14),
  RELATIONSHIP char(20), CREATED datetime, UPDATED datetime
);
INSERT INTO NEXTOFKIN VALUES
  (1, 1, 'Smith', 'Margaret', '07 5550 2001', 'Mother', '2016-02-01 10:15:00', '2020-02-02 09:00:00'),
  (2, 1, '', 'Aoife', '', '', '2016-02-01 10:15:00', NULL),
  -- Deleted.
  (3, 2, 'Smithers', 'Robin', '07 5550 2003', 'Brother', '2020-01-15 09:30:00', '2021-01-15 09:30:00');

CREATE TABLE PATIENTS (
  INTERNALID integer PRIMARY KEY, RECORDSTATUS int, PATIENTSTATUS int, EXTERNALID char(12), RECORDNO char(10), IHI char(16),
  TITLECODE int, FIRSTNAME char(40), MIDDLENAME char(30), SURNAME char(40), PREFERREDNAME char(30), ADDRESS1 char(40),
  ADDRESS2 char(40), CITY char(40), POSTCODE char(4), POSTALADDRESS char(40), POSTALCITY char(40), POSTALPOSTCODE char(4),
  COUNTRY char(60), DOB datetime, DATEOFDEATH datetime, SEXCODE int, ETHNICCODE int, HOMEPHONE char(14), WORKPHONE char(14),
  MOBILEPHONE char(14), MEDICARENO char(13), MEDICARELINENO char(1), MEDICAREEXPIRY char(10), PENSIONCODE int,
  PENSIONNO char(14), PENSIONEXPIRY datetime, DVACODE int, DVANO char(14), HEALTHFUNDNO char(20),
  HEALTHFUNDNAME varchar(100), USERID int, NEXTOFKINID int, CREATED datetime, UPDATED datetime
);

-- Everything is known.
INSERT INTO PATIENTS VALUES
  (1, 1, 1, 'EXT-0001', '1001', '8003608166690503', 1, 'John', 'Andrew', 'Smith', 'Johnny', 'Unit 3', '27 Acacia Avenue',
   'Toowoomba', '4350', 'PO Box 12', 'Gatton', '4343', 'Australia', '1980-05-17 00:00:00', NULL, 2, 1, '07 5550 3001',
   '(07) 5550 3002', '0491 570 156', '2950123481', '1', '05/2027', 1, '123456789A', '2027-05-31 00:00:00', 1, 'QX123456',
   '', '', 1, 1, '2016-02-01 10:15:00', '2025-11-03 16:45:30');
-- Dead, an accent, an apostrophe, two e-mails, and a date of death on a leap day.
INSERT INTO PATIENTS (INTERNALID, RECORDSTATUS, PATIENTSTATUS, RECORDNO, TITLECODE, FIRSTNAME, SURNAME, CITY, POSTCODE, DOB, DATEOFDEATH, SEXCODE, ETHNICCODE, MEDICARENO, MEDICARELINENO, MEDICAREEXPIRY, USERID, NEXTOFKINID, CREATED, UPDATED) VALUES
  (2, 1, 3, '1002', 2, 'Siobhán', 'O''Brien', 'Toowoomba', '4350', '1951-12-31 00:00:00', '2024-02-29 00:00:00', 1, 4, '3951234581', '2', '12/2024', 1, 2, '2016-02-01 10:15:00', '2024-03-04 09:00:00');
-- A hyphen, accents, codes that are NULL; never updated.
INSERT INTO PATIENTS (INTERNALID, RECORDSTATUS, PATIENTSTATUS, RECORDNO, FIRSTNAME, MIDDLENAME, SURNAME, ADDRESS1, CITY, POSTCODE, COUNTRY, DOB, HOMEPHONE, MOBILEPHONE, DVACODE, DVANO, USERID, CREATED) VALUES
  (3, 1, 1, '1003', 'Zoë', 'Anne', 'Müller-Smith', '4 Wattle Creek Road', 'Gatton', '4343', 'Australia', '1980-05-01 00:00:00', '(07) 5550-3003', '+61 491570157', 2, 'QSS98765', 2, '2019-08-12 08:00:00');
-- In lower case, inactive, and every code without an entry in its table.
INSERT INTO PATIENTS (INTERNALID, RECORDSTATUS, PATIENTSTATUS, RECORDNO, TITLECODE, FIRSTNAME, SURNAME, DOB, SEXCODE, ETHNICCODE, PENSIONCODE, PENSIONNO, DVACODE, DVANO, USERID, NEXTOFKINID, CREATED, UPDATED) VALUES
  (4, 1, 2, '1004', 42, 'jane', 'smith', '1999-12-31 00:00:00', 42, 42, 42, '987654321B', 42, 'NX55555', 0, 42, '2019-08-12 08:00:00', '2019-08-12 08:00:01');
-- Deleted: nowhere to be seen.
INSERT INTO PATIENTS (INTERNALID, RECORDSTATUS, PATIENTSTATUS, RECORDNO, IHI, FIRSTNAME, SURNAME, DOB, SEXCODE, MOBILEPHONE, USERID, CREATED, UPDATED) VALUES
  (5, 2, 1, '1005', '8003609900001239', 'Deleted', 'Smith', '1980-05-17 00:00:00', 2, '0491 570 158', 1, '2016-02-01 10:15:00', '2025-11-03 16:45:30');
-- Nothing is known.
INSERT INTO PATIENTS (INTERNALID, RECORDSTATUS) VALUES (6, 1);
-- Nothing is known either, in blanks and zeros.
INSERT INTO PATIENTS VALUES
  (7, 1, 0, '', '', '', 0, '', '', '', '', '', '', '', '', '', '', '', '', NULL, NULL, 0, 0, '', '', '', '', '', '', 0, '',
   NULL, 0, '', '', '', 0, 0, '2021-01-01 00:00:00', NULL);
-- A card without its person, without an expiry; a name that begins as another does.
INSERT INTO PATIENTS (INTERNALID, RECORDSTATUS, PATIENTSTATUS, RECORDNO, IHI, TITLECODE, FIRSTNAME, SURNAME, PREFERREDNAME, POSTALADDRESS, DOB, SEXCODE, ETHNICCODE, MEDICARENO, MEDICARELINENO, MEDICAREEXPIRY, PENSIONCODE, PENSIONNO, USERID, CREATED, UPDATED) VALUES
  (8, 1, 1, '1008', '8003601555007777', 3, 'Alex', 'Smithers', 'Sasha', 'Locked Bag 7', '1980-06-01 00:00:00', 3, 9, '4952345681', '', '00/0000', 3, '111222333C', 1, '2020-01-15 09:30:00', '2024-12-31 23:59:59');
-- Two on one card, born on one day; a name outside Latin-1; a practitioner that there is not.
INSERT INTO PATIENTS (INTERNALID, RECORDSTATUS, PATIENTSTATUS, RECORDNO, FIRSTNAME, SURNAME, CITY, POSTCODE, DOB, SEXCODE, ETHNICCODE, MEDICARENO, MEDICARELINENO, MEDICAREEXPIRY, USERID, CREATED, UPDATED) VALUES
  (9, 1, 1, '1009', 'Thị', 'Nguyễn', 'Gatton', '4343', '2001-01-01 00:00:00', 1, 12, '5953456781', '1', '01/2030', 42, '2022-02-02 02:02:02', '2024-12-31 23:59:59'),
  (10, 1, 1, '1010', 'Thi', 'Ng', 'GATTON', '4343', '2001-01-01 00:00:00', 4, 3, '5953456781', '2', '01/2030', 1, '2022-02-02 02:02:02', '2025-01-01 00:00:00'),
-- Characters that mean something in LIKE; the last in the alphabet; a sex that the code table does not have.
  (11, 1, 1, '1011', 'Test_1', 'Zz_Test [100%]', NULL, NULL, '2020-02-29 00:00:00', 5, 2, NULL, NULL, NULL, 1, '2023-05-05 05:05:05', '2023-05-05 05:05:05');

CREATE TABLE EMAIL (
  RECORDID integer PRIMARY KEY, RECORDSTATUS int, INTERNALID int, EMAIL varchar(250), CREATED datetime, UPDATED datetime
);
INSERT INTO EMAIL (RECORDID, RECORDSTATUS, INTERNALID, EMAIL) VALUES
  (1, 1, 1, 'John.Smith@mail.example'),
  (2, 1, 2, 'siobhan@mail.example'),
  (3, 1, 2, 'obrien@work.example'),
  -- Deleted, blank, and of someone deleted.
  (4, 2, 2, 'old@mail.example'),
  (5, 1, 3, ''),
  (6, 1, 5, 'deleted@mail.example');

-- Times are seconds since midnight, lengths are seconds.
CREATE TABLE APPOINTMENTS (
  RECORDID integer PRIMARY KEY, RECORDSTATUS int, INTERNALID int, USERID int, LOCATIONID int, APPOINTMENTDATE datetime,
  APPOINTMENTTIME int, APPOINTMENTLENGTH int, APPOINTMENTCODE int, APPOINTMENTTYPE int, REASON varchar(500),
  COMMENT varchar(500), CREATED datetime, UPDATED datetime
);
INSERT INTO APPOINTMENTS VALUES
  (1, 1, 1, 1, 1, '2026-03-02 00:00:00', 29700, 900, 1, 1, 'Check-up', 'Bring "results" & scripts', '2026-02-01 11:00:00', '2026-02-10 12:30:00'),
  -- A reserved time: no patient.
  (2, 1, 0, 1, 1, '2026-03-02 00:00:00', 32400, 1800, 1, 2, 'Reserved', '', '2026-02-01 11:00:00', NULL),
  -- Cancelled: dead in the book, alive in the table of cancellations.
  (3, 2, 3, 1, 1, '2026-03-02 00:00:00', 30600, 900, 1, 1, '', '', '2026-02-01 11:00:00', '2026-02-27 15:00:00'),
  -- Deleted.
  (4, 2, 1, 1, 1, '2026-03-02 00:00:00', 31500, 900, 1, 1, '', '', '2026-02-01 11:00:00', '2026-02-27 15:00:00'),
  -- Done and paid; a type without an entry.
  (5, 1, 2, 2, 2, '2024-02-28 00:00:00', 54000, 600, 7, 42, NULL, NULL, '2024-02-20 09:00:00', '2024-02-28 16:00:00'),
  -- A status without an entry, of a patient who was deleted.
  (6, 1, 5, 2, 1, '2026-03-03 00:00:00', 36000, 900, 42, 3, NULL, NULL, '2026-02-20 09:00:00', NULL),
  -- Over midnight.
  (7, 1, 8, 1, 2, '2026-03-03 00:00:00', 85800, 1800, 2, 2, NULL, NULL, '2026-03-01 09:00:00', '2026-03-03 23:45:00'),
  -- A day without a time.
  (8, 1, 9, 2, 1, '2026-03-04 00:00:00', NULL, 900, 3, 1, NULL, NULL, '2026-03-01 09:00:00', '2026-03-04 09:00:00'),
  -- Nothing is known.
  (9, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  -- At midnight, without a length.
  (10, 1, 10, 1, 0, '2026-03-05 00:00:00', 0, 0, 6, 1, NULL, NULL, '2026-03-01 09:00:00', '2026-03-05 00:10:00');

CREATE TABLE CANCELLEDAPPOINTMENTS (
  APPOINTMENTID integer PRIMARY KEY, CANCELLEDDATE datetime, CANCELLEDTIME int, REASON varchar(100)
);
INSERT INTO CANCELLEDAPPOINTMENTS VALUES (3, '2026-02-27 00:00:00', 54000, 'Patient unwell');

-- DAYOFWEEK 1 is Sunday; times and lengths are seconds.
CREATE TABLE SESSIONS (
  SESSIONID integer PRIMARY KEY, RECORDSTATUS int, USERID int, LOCATIONID int, DAYOFWEEK int, STARTTIME int, ENDTIME int,
  LENGTH int, STARTDATE datetime, ENDDATE datetime, WEEKS int, CYCLEWEEK int, CREATED datetime, UPDATED datetime
);
INSERT INTO SESSIONS VALUES
  (1, 1, 1, 1, 2, 28800, 34200, 900, '2015-01-05 00:00:00', NULL, 1, 1, '2015-01-05 09:00:00', '2025-07-01 08:30:15'),
  -- An appointment in the middle of a slot; ends in the middle of one.
  (2, 1, 2, 1, 3, 35400, 38400, 1200, '2018-03-01 00:00:00', '2026-12-31 00:00:00', 1, 1, '2018-03-01 09:00:00', NULL),
  -- Deleted.
  (3, 2, 1, 1, 2, 46800, 50400, 900, '2015-01-05 00:00:00', NULL, 1, 1, '2015-01-05 09:00:00', '2016-01-05 09:00:00'),
  -- Every other week, the second of two: on the 25th, not on the 18th of February.
  (4, 1, 1, 2, 4, 32400, 34200, 900, '2026-02-18 00:00:00', NULL, 2, 2, '2026-02-01 09:00:00', NULL),
  -- Of someone who has left, and of someone who was deleted.
  (5, 1, 3, 2, 2, 32400, 36000, 900, '2010-01-05 00:00:00', NULL, 1, 1, '2010-01-05 09:00:00', NULL),
  (6, 1, 4, 1, 2, 32400, 36000, 900, '2010-01-05 00:00:00', NULL, 1, 1, '2010-01-05 09:00:00', NULL),
  -- Nothing is known but the times, until a day; no length; cycles without a beginning.
  (7, 1, 5, NULL, 5, 0, 1800, 600, NULL, '2026-03-05 00:00:00', NULL, NULL, NULL, NULL),
  (8, 1, 5, NULL, 5, 36000, 39600, 0, NULL, NULL, 1, 1, NULL, NULL),
  (9, 1, 5, NULL, 6, 36000, 37800, 900, NULL, NULL, 2, 1, NULL, NULL),
  -- In the night: an appointment reaches over midnight.
  (10, 1, 1, 2, 4, 0, 2700, 900, '2015-01-05 00:00:00', NULL, 0, NULL, '2015-01-05 09:00:00', NULL),
  -- At a location that was deleted; an appointment without a length.
  (11, 1, 1, 3, 5, 0, 900, 900, '2015-01-05 00:00:00', NULL, 1, 1, '2015-01-05 09:00:00', NULL);

CREATE TABLE DAYSAWAY (RECORDID integer PRIMARY KEY, RECORDSTATUS int, USERID int, STARTDATE datetime, FINISHDATE datetime);
INSERT INTO DAYSAWAY VALUES
  (1, 1, 2, '2026-03-09 00:00:00', '2026-03-11 00:00:00'),
  -- A day by itself; deleted.
  (2, 1, 1, '2026-03-09 00:00:00', NULL),
  (3, 2, 2, '2026-03-03 00:00:00', '2026-03-03 00:00:00');

-- How bad something is; 42 has no entry here either.
CREATE TABLE SEVERITYCODES (SEVERITYCODE integer PRIMARY KEY, DESCRIPTION char(20));
INSERT INTO SEVERITYCODES VALUES (1, 'Mild'), (2, 'Moderate'), (3, 'Severe'), (4, 'Not in the code table');

CREATE TABLE PASTHISTORY (
  RECORDID integer PRIMARY KEY, RECORDSTATUS int, INTERNALID int, USERID int, YEAR int, MONTH int, DAY int,
  ITEMTEXT varchar(250), STATUSCODE int, SEVERITYCODE int, PROVISIONAL int, DETAILS text, CREATED datetime, UPDATED datetime
);
INSERT INTO PASTHISTORY VALUES
  -- Everything is known.
  (1, 1, 1, 1, 2019, 7, 23, 'Type 2 diabetes mellitus', 1, 2, 0, 'HbA1c 8.1% at diagnosis', '2019-07-24 09:30:00', '2025-11-03 16:45:30'),
  -- The year only, over, and never updated.
  (2, 1, 1, 2, 2008, 0, 0, 'Pneumonia', 2, 0, 0, '', '2016-02-01 10:20:00', NULL),
  -- Year and month, not certain.
  (3, 1, 2, 1, 2021, 11, 0, 'Ménière''s disease', 1, 1, 1, NULL, '2021-11-15 14:00:00', NULL),
  -- No date at all, in zeros and in NULL; codes without an entry, by nobody.
  (4, 1, 3, 0, 0, 0, 0, 'Asthma', 42, 42, NULL, NULL, '2019-08-12 08:00:00', NULL),
  (5, 1, 3, NULL, NULL, NULL, NULL, 'Atopic eczema', NULL, NULL, 7, NULL, NULL, NULL),
  -- Deleted; and of a patient who was.
  (6, 2, 1, 1, 2020, 1, 1, 'Entered in error', 1, 3, 0, '', '2020-01-01 09:00:00', '2020-01-02 09:00:00'),
  (7, 1, 5, 1, 2020, 2, 29, 'Hypertension', 1, 4, 0, '', '2020-03-01 09:00:00', NULL),
  -- What it is, nobody typed; blanks before the text; no day of the calendar.
  (8, 1, 8, 1, 2022, 5, 5, '', 1, 0, 0, '', '2022-05-05 09:00:00', NULL),
  (9, 1, 8, 1, 2023, 2, 31, '  Migraine ', 1, 3, 0, '  ', '2023-03-01 09:00:00', NULL),
  -- Of nobody.
  (10, 1, NULL, 1, 2024, 1, 1, 'Gout', 1, 0, 0, NULL, '2024-01-01 09:00:00', NULL);

-- Operations: one of which the year is known, one that was deleted, one of a patient who was, one without a name.
ALTER TABLE PASTHISTORY ADD COLUMN OPERATION int;
UPDATE PASTHISTORY SET OPERATION = 0 WHERE RECORDID < 5;
INSERT INTO PASTHISTORY (RECORDID, RECORDSTATUS, INTERNALID, USERID, YEAR, MONTH, DAY, ITEMTEXT, DETAILS, CREATED, UPDATED, OPERATION) VALUES
  (21, 1, 1, 1, 1998, 0, 0, 'Appendicectomy', 'Laparoscopic', '2016-02-01 10:20:00', '2025-11-03 16:45:30', 1),
  (22, 1, 2, 4, 2023, 9, 14, 'Total knee replacement - left', '', '2023-10-02 10:00:00', NULL, 1),
  (23, 2, 1, 1, 2020, 1, 1, 'Entered in error', '', '2020-01-01 09:00:00', '2020-01-02 09:00:00', 1),
  (24, 1, 5, 1, 2020, 2, 29, 'Cholecystectomy', '', '2020-03-01 09:00:00', NULL, 1),
  (25, 1, 8, 1, 0, 0, 0, '', NULL, NULL, NULL, 1),
  (26, 1, 3, 42, NULL, NULL, NULL, ' Tonsillectomy ', NULL, NULL, NULL, 1);

CREATE TABLE REACTIONS (
  RECORDID integer PRIMARY KEY, RECORDSTATUS int, INTERNALID int, ITEMTYPE int, ITEMNAME char(50), REACTION char(50),
  SEVERITY int, COMMENT varchar(500), CREATED datetime, UPDATED datetime
);
INSERT INTO REACTIONS VALUES
  (1, 1, 1, 3, 'Penicillins', 'Anaphylaxis', 3, 'Ambulance, 2017', '2017-04-01 10:00:00', '2025-11-03 16:45:30'),
  (2, 1, 1, 2, 'Codeine', 'Nausea and vomiting', 1, '', '2018-04-01 10:00:00', NULL),
  -- That, not how; a severity without a reaction.
  (3, 1, 2, 1, 'Cefalexin 500 mg capsule', '', 2, NULL, '2019-04-01 10:00:00', NULL),
  (4, 1, 2, 2, 'Ibuprofen', NULL, NULL, NULL, '2019-04-02 10:00:00', NULL),
  -- No drug; a severity without an entry.
  (5, 1, 3, 0, 'Peanuts', 'Angioedema', 42, NULL, NULL, NULL),
  -- Deleted.
  (6, 2, 1, 3, 'Sulfonamides', 'Rash', 1, NULL, '2017-04-01 10:00:00', '2017-04-02 10:00:00'),
  -- To what, nobody typed.
  (7, 1, 8, NULL, '', 'Rash', 4, NULL, '2020-04-01 10:00:00', NULL);

-- 0 nobody asked, 1 none are known, 2 there are some; smoking: 0 nobody asked, 1 never, 2 gave up, 3 does.
CREATE TABLE CLINICAL (
  INTERNALID integer PRIMARY KEY, KNOWNALLERGIES int, SMOKINGSTATUS int, CREATED datetime, UPDATED datetime
);
INSERT INTO CLINICAL VALUES
  (1, 2, 3, '2016-02-01 10:15:00', '2025-11-03 16:45:30'),
  (2, 2, 2, '2016-02-01 10:15:00', NULL),
  (3, 2, 0, '2019-08-12 08:00:00', NULL),
  (4, 1, 1, '2019-08-12 08:00:00', '2024-06-01 08:00:00'),
  (6, NULL, NULL, NULL, NULL),
  (8, 0, 42, '2020-01-15 09:30:00', NULL),
  (9, 1, 1, NULL, NULL);

CREATE TABLE IMMUNISATIONS (
  RECORDID integer PRIMARY KEY, RECORDSTATUS int, INTERNALID int, GIVENDATE datetime, VACCINENAME char(50),
  BATCHNUMBER char(20), SEQUENCE int, ROUTE char(20), NOTGIVENHERE int, ADMINISTEREDBY int, EXPIRYDATE datetime,
  CREATED datetime, UPDATED datetime
);
INSERT INTO IMMUNISATIONS VALUES
  (1, 1, 11, '2020-04-29 00:00:00', 'DTPa-hepB-IPV-Hib', 'A701B001', 1, 'Intramuscular', 0, 2, '2021-06-30 00:00:00', '2020-04-29 10:00:00', NULL),
  (2, 1, 11, '2020-04-29 00:00:00', 'Rotavirus live attenuated', 'A703B002', 1, 'Oral', 0, 2, '2020-12-31 00:00:00', '2020-04-29 10:00:05', '2020-04-30 09:00:00'),
  -- Elsewhere.
  (3, 1, 11, '2020-06-29 00:00:00', 'DTPa-hepB-IPV-Hib', '', 2, '', 1, 0, NULL, '2020-07-15 10:00:00', NULL),
  -- When, nobody remembers; where, neither.
  (4, 1, 1, NULL, 'Measles-mumps-rubella', NULL, 0, NULL, NULL, NULL, NULL, '2016-02-01 10:30:00', NULL),
  -- A time of day in a column of days; a number that means nothing.
  (5, 1, 1, '2025-05-02 11:20:00', 'Influenza quadrivalent inactivated', 'A710B005', NULL, 'Intramuscular', 7, 42, '2025-12-31 00:00:00', '2025-05-02 11:20:00', NULL),
  -- Deleted.
  (6, 2, 1, '2025-05-02 00:00:00', 'Influenza quadrivalent inactivated', '', 0, '', 0, 2, NULL, '2025-05-02 11:25:00', '2025-05-02 11:26:00'),
  -- With what, nobody typed: no Immunization.
  (7, 1, 8, '2024-05-02 00:00:00', '', '', 0, '', 0, 2, NULL, '2024-05-02 11:25:00', NULL);

CREATE TABLE CURRENTRX (
  RECORDID integer PRIMARY KEY, RECORDSTATUS int, INTERNALID int, USERID int, PRODUCTID int, DRUGNAME varchar(150),
  DOSE char(20), FREQUENCY char(30), FOOD char(30), ROUTE char(20), PRN int, INSTRUCTIONS varchar(300),
  FIRSTDATE datetime, LASTDATE datetime, INDICATION varchar(250), DELETIONDATE datetime, CREATED datetime, UPDATED datetime
);
INSERT INTO CURRENTRX VALUES
  (1, 1, 1, 1, 101, 'Metformin 500 mg tablet', '1 tablet', 'Twice a day', 'With food', 'Oral', 0, 'Swallow whole', '2019-07-24 00:00:00', '2025-11-03 00:00:00', 'Type 2 diabetes mellitus', NULL, '2019-07-24 09:30:00', '2025-11-03 16:45:30'),
  -- When needed; little is said; begun when, nobody knows.
  (2, 1, 1, 2, 104, 'Salbutamol 100 microgram/actuation inhalation', '2 puffs', NULL, '', '', 1, '', NULL, '2024-01-15 00:00:00', '', NULL, '2024-01-15 10:00:00', NULL),
  -- Over.
  (3, 1, 2, 0, 151, 'Doxycycline 100 mg tablet', '1 tablet', 'Daily', 'With food', 'Oral', 0, 'Until all taken', '2023-06-01 00:00:00', '2023-06-01 00:00:00', 'Acute bronchitis', '2023-06-08 00:00:00', '2023-06-01 10:00:00', '2023-06-08 10:00:00'),
  -- The same drug for another reason.
  (7, 1, 2, 0, 151, 'Doxycycline 100 mg tablet', '1 tablet', 'Daily', '', 'Oral', 0, '', '2024-03-01 00:00:00', '2024-03-01 00:00:00', 'Cellulitis', '2024-03-08 00:00:00', '2024-03-01 10:00:00', '2024-03-08 10:00:00'),
  -- Deleted.
  (4, 2, 1, 1, 103, 'Atorvastatin 40 mg tablet', '1 tablet', 'At night', '', 'Oral', 0, '', '2020-01-01 00:00:00', '2020-01-01 00:00:00', '', NULL, '2020-01-01 10:00:00', '2020-01-02 10:00:00'),
  -- Nothing is known but what.
  (5, 1, 3, NULL, NULL, ' Paracetamol 500 mg tablet ', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  -- Not even that: no MedicationStatement.
  (6, 1, 8, 1, 0, '', '', '', '', '', 0, '', '2022-01-01 00:00:00', NULL, '', NULL, '2022-01-01 10:00:00', NULL);

CREATE TABLE PRESCRIPTIONS (
  SCRIPTID integer PRIMARY KEY, RECORDSTATUS int, INTERNALID int, USERID int, SCRIPTDATE datetime
);
INSERT INTO PRESCRIPTIONS VALUES
  (1, 1, 1, 1, '2025-11-03 00:00:00'),
  (2, 1, 1, 1, '2025-05-05 00:00:00'),
  (3, 1, 2, 3, '2023-06-01 00:00:00'),
  -- By nobody, without a date.
  (4, 1, 3, 0, NULL);

CREATE TABLE SCRIPTITEMS (
  RECORDID integer PRIMARY KEY, RECORDSTATUS int, SCRIPTID int, PRODUCTID int, PRODUCTNAME varchar(150), DOSE char(20),
  FREQUENCY char(30), QUANTITY int, REPEATS int, CREATED datetime, UPDATED datetime
);
INSERT INTO SCRIPTITEMS VALUES
  -- In use: it was prescribed last on that day.
  (1, 1, 1, 101, 'Metformin 500 mg tablet', '1 tablet', 'Twice a day', 100, 5, '2025-11-03 16:45:00', '2025-11-03 16:45:30'),
  -- Not on the list any more; and one before the last.
  (2, 1, 1, 103, 'Atorvastatin 40 mg tablet', '1 tablet', 'At night', 30, 5, '2025-11-03 16:45:00', NULL),
  (3, 1, 2, 101, 'Metformin 500 mg tablet', '1 tablet', 'Twice a day', 100, 0, '2025-05-05 10:00:00', NULL),
  -- Over.
  (4, 1, 3, 151, 'Doxycycline 100 mg tablet', '1 tablet', 'Daily', 7, NULL, '2023-06-01 10:00:00', NULL),
  -- Deleted.
  (5, 2, 1, 102, 'Perindopril arginine 5 mg tablet', '1 tablet', 'Daily', 30, 5, '2025-11-03 16:45:00', '2025-11-03 16:46:00'),
  -- By nobody; and of a prescription that is not there: no MedicationRequest.
  (6, 1, 4, NULL, 'Paracetamol 500 mg tablet', NULL, '', NULL, NULL, NULL, NULL),
  (7, 1, 42, 101, 'Metformin 500 mg tablet', '1 tablet', 'Twice a day', 100, 5, '2025-11-03 16:45:00', NULL);

-- Times are seconds since midnight; values are text.
CREATE TABLE OBSERVATIONS (
  RECORDID integer PRIMARY KEY, RECORDSTATUS int, INTERNALID int, OBSDATE datetime, OBSTIME int, DATANAME varchar(25),
  DATACODE int, DATAVALUE char(12), CREATED datetime, UPDATED datetime
);
INSERT INTO OBSERVATIONS VALUES
  -- One visit: both halves of a blood pressure, and more.
  (1, 1, 1, '2025-11-03 00:00:00', 59400, 'BP systolic', 3, '142', '2025-11-03 16:30:00', NULL),
  (2, 1, 1, '2025-11-03 00:00:00', 59400, 'BP diastolic', 4, '88', '2025-11-03 16:30:00', NULL),
  (3, 1, 1, '2025-11-03 00:00:00', 59400, 'Weight', 8, '92.5', '2025-11-03 16:30:00', '2025-11-03 16:45:30'),
  (4, 1, 1, '2025-11-03 00:00:00', 59400, 'BSL', 6, '>20.0', '2025-11-03 16:30:00', NULL),
  -- Another day: only one half; and a half that is no number, with its other half.
  (5, 1, 1, '2025-05-05 00:00:00', 36000, 'BP systolic', 3, '150', '2025-05-05 10:00:00', NULL),
  (6, 1, 2, '2024-02-29 00:00:00', 36000, 'BP systolic', 3, 'refused', '2024-02-29 10:00:00', NULL),
  (7, 1, 2, '2024-02-29 00:00:00', 36000, 'BP diastolic', 4, '80', '2024-02-29 10:00:00', NULL),
  -- Text where a number was asked for, a code without an entry, no code, no unit's code.
  (8, 1, 2, '2024-02-29 00:00:00', 36000, 'Height', 7, 'not measured', '2024-02-29 10:00:00', NULL),
  (9, 1, 3, '2019-08-12 00:00:00', 28800, 'Peak flow', 42, '410', '2019-08-12 08:00:00', NULL),
  (10, 1, 3, '2019-08-12 00:00:00', NULL, 'Remark', NULL, '5', '2019-08-12 08:00:00', NULL),
  (11, 1, 3, '2019-08-12 00:00:00', 28800, 'Hip', 18, '101', '2019-08-12 08:00:00', NULL),
  -- No value; deleted; a pair of which one half was deleted.
  (12, 1, 3, '2019-08-12 00:00:00', 28800, 'Temp', 1, '', '2019-08-12 08:00:00', NULL),
  (13, 2, 1, '2025-11-03 00:00:00', 59400, 'Weight', 8, '925', '2025-11-03 16:30:00', '2025-11-03 16:31:00'),
  (14, 1, 8, '2025-01-01 00:00:00', 36000, 'BP systolic', 3, '120', '2025-01-01 10:00:00', NULL),
  (15, 2, 8, '2025-01-01 00:00:00', 36000, 'BP diastolic', 4, '70', '2025-01-01 10:00:00', '2025-01-01 10:01:00');

CREATE TABLE REPORTVALUES (
  RECORDID integer PRIMARY KEY, RECORDSTATUS int, INTERNALID int, REPORTID int, REPORTDATE datetime, LOINCCODE char(32),
  RESULTNAME char(32), RESULTVALUE char(20), UNITS char(20), "RANGE" char(20), ABNORMALFLAG char(3), CREATED datetime,
  UPDATED datetime
);
INSERT INTO REPORTVALUES VALUES
  (1, 1, 1, 1, '2025-10-30 00:00:00', '4548-4', 'HbA1c', '8.1', '%', '<6.5', 'H', '2025-10-30 22:00:00', '2025-11-03 16:45:30'),
  (2, 1, 1, 1, '2025-10-30 00:00:00', '59261-8', 'HbA1c (IFCC)', '65', 'mmol/mol', '<48', 'H', '2025-10-30 22:00:00', NULL),
  -- A comparator; a unit without an entry; no flag.
  (3, 1, 1, 2, '2025-10-30 00:00:00', '32294-1', 'Albumin/Creatinine Ratio', '<0.6', 'mg/mmol', '<3.5', '', '2025-10-30 22:00:00', NULL),
  (4, 1, 2, 3, '2024-03-01 00:00:00', '', 'Vitamin D', '61', 'furlongs', '50 - 150', NULL, '2024-03-01 22:00:00', NULL),
  -- Words.
  (5, 1, 2, 3, '2024-03-01 00:00:00', NULL, 'Culture', 'No growth', '', '', 'XX', '2024-03-01 22:00:00', NULL),
  -- No date, no value, of a report that is not there.
  (6, 1, 3, 42, NULL, '718-7', 'Haemoglobin', NULL, 'g/L', '115-165', 'LL', NULL, NULL),
  -- Deleted; and without any name.
  (7, 2, 1, 1, '2025-10-30 00:00:00', '4548-4', 'HbA1c', '81', '%', '<6.5', 'HH', '2025-10-30 22:00:00', '2025-10-31 22:00:00'),
  (8, 1, 8, 3, '2024-03-01 00:00:00', '', '', '1', '', '', '', '2024-03-01 22:00:00', NULL);

CREATE TABLE INVESTIGATIONS (
  REPORTID integer PRIMARY KEY, RECORDSTATUS int, INTERNALID int, TESTNAME char(80), COLLECTIONDATE datetime,
  REPORTDATE datetime, REPORTTIME int, PROVIDERNAME varchar(100), CREATED datetime, UPDATED datetime
);
INSERT INTO INVESTIGATIONS VALUES
  (1, 1, 1, 'Glycated haemoglobin', '2025-10-29 00:00:00', '2025-10-30 00:00:00', 79200, 'Banksia Pathology (example)', '2025-10-30 22:00:00', '2025-11-03 16:45:30'),
  (2, 1, 1, 'Urine albumin', '2025-10-29 00:00:00', '2025-10-30 00:00:00', 79200, '', '2025-10-30 22:00:00', NULL),
  (3, 1, 2, 'Vitamin D', NULL, '2024-03-01 00:00:00', NULL, NULL, '2024-03-01 22:00:00', NULL),
  -- A picture: it has no values.
  (4, 1, 2, 'X-ray chest', '2024-03-05 08:15:00', '2024-03-05 00:00:00', 43200, 'Banksia Imaging (example)', '2024-03-05 12:00:00', NULL),
  -- Deleted; and without a name: no DiagnosticReport.
  (5, 2, 1, 'Lipids', '2025-10-29 00:00:00', '2025-10-30 00:00:00', 79200, '', '2025-10-30 22:00:00', '2025-10-31 08:00:00'),
  (6, 1, 3, '', NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE CORRESPONDENCEIN (
  DOCUMENTID integer PRIMARY KEY, RECORDSTATUS int, INTERNALID int, CORRESPONDENCEDATE datetime, CATEGORY char(40),
  SUBJECT varchar(250), CONTACTNAME varchar(100), CREATED datetime, UPDATED datetime
);
INSERT INTO CORRESPONDENCEIN VALUES
  (1, 1, 1, '2025-09-01 00:00:00', 'Specialist letter', 'Ophthalmology – "stable"', 'Dr Iris Lens (example)', '2025-09-02 09:00:00', '2025-11-03 16:45:30'),
  -- About what, nobody typed; of no day either: no DocumentReference.
  (2, 1, 2, '2024-03-06 00:00:00', '', '', NULL, '2024-03-06 09:00:00', NULL),
  (3, 1, 2, NULL, 'Discharge summary', '', NULL, '2024-03-06 09:00:00', NULL),
  -- Deleted.
  (4, 2, 1, '2025-09-01 00:00:00', 'Specialist letter', 'Of someone else', '', '2025-09-02 09:00:00', '2025-09-02 09:05:00');

CREATE TABLE CORRESPONDENCEOUT (
  RECORDID integer PRIMARY KEY, RECORDSTATUS int, INTERNALID int, USERID int, CORRESPONDENCEDATE datetime,
  CATEGORY char(40), SUBJECT varchar(250), CREATED datetime, UPDATED datetime
);
INSERT INTO CORRESPONDENCEOUT VALUES
  (1, 1, 1, 1, '2025-08-01 00:00:00', 'Referral letter', 'Referral to ophthalmology', '2025-08-01 10:00:00', NULL),
  (2, 1, 3, 0, '2024-01-10 00:00:00', 'Certificate', 'Medical certificate', '2024-01-10 10:00:00', NULL);

-- 1 and 12 are public; 42 has no entry.
CREATE TABLE VISITTYPE (VISITCODE integer PRIMARY KEY, VISITTYPE char(20));
INSERT INTO VISITTYPE VALUES (1, 'Surgery'), (2, 'Home'), (6, 'Telehealth'), (12, 'Non Visit'), (13, 'Workshop');

-- Times are seconds since midnight.
CREATE TABLE VISITS (
  VISITID integer PRIMARY KEY, RECORDSTATUS int, INTERNALID int, USERID int, VISITCODE int, DRNAME varchar(100),
  VISITDATE datetime, STARTTIME int, ENDTIME int, CREATED datetime, UPDATED datetime
);
INSERT INTO VISITS VALUES
  (1, 1, 1, 1, 1, 'Dr Wei Chen', '2025-11-03 00:00:00', 59400, 60330, '2025-11-03 16:30:00', '2025-11-03 16:45:30'),
  (2, 1, 1, 2, 6, 'Áine O''Neill', '2025-05-05 00:00:00', 36000, 36600, '2025-05-05 10:00:00', NULL),
  -- At home; not ended, by nobody who is known.
  (3, 1, 2, 0, 2, 'Dr Locum', '2024-02-29 00:00:00', 36000, NULL, '2024-02-29 10:00:00', NULL),
  -- Codes: not in the code table, without an entry, none.
  (4, 1, 3, 1, 13, '', '2019-08-12 00:00:00', 28800, 29700, '2019-08-12 08:00:00', NULL),
  (5, 1, 3, 1, 42, NULL, '2019-08-13 00:00:00', 28800, 29700, '2019-08-13 08:00:00', NULL),
  (6, 1, 8, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  -- Without the patient; deleted.
  (7, 1, 1, 1, 12, 'Dr Wei Chen', '2025-10-31 00:00:00', 30000, 30300, '2025-10-31 08:20:00', NULL),
  (8, 2, 1, 1, 1, 'Dr Wei Chen', '2025-11-03 00:00:00', 59400, 60330, '2025-11-03 16:30:00', '2025-11-03 16:31:00');

CREATE TABLE VISITREASON (RECORDID integer PRIMARY KEY, RECORDSTATUS int, VISITID int, REASON varchar(250));
INSERT INTO VISITREASON VALUES
  (1, 1, 1, 'Type 2 diabetes mellitus'), (2, 1, 1, 'Prescription renewal'), (3, 2, 1, 'Deleted'), (4, 1, 2, ''), (5, 1, 3, 'Chest pain');

-- A next of kin who was deleted.
UPDATE PATIENTS SET NEXTOFKINID = 3 WHERE INTERNALID = 8;

-- A member of a health fund, and one whose fund has no name.
UPDATE PATIENTS SET HEALTHFUNDNO = '12345678', HEALTHFUNDNAME = 'Wattle Health (example)' WHERE INTERNALID = 3;
UPDATE PATIENTS SET HEALTHFUNDNO = '87654321', HEALTHFUNDNAME = '' WHERE INTERNALID = 8;
