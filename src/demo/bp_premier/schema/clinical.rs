//! The tables of the clinical record: history, reactions, immunisations, medicines, measurements, results,
//! letters and visits.
//!
//! The columns are those that public integrations query. Widths and types that are not public are those
//! that the product has for columns of the same kind.

use crate::demo::table::{Table, char, datetime, int, varchar};

/// How bad something is, by code.
pub static SEVERITYCODES: Table = Table {
    name: "SEVERITYCODES",
    key: 1,
    columns: &[int("SEVERITYCODE"), char("DESCRIPTION", 20)],
};

/// Kinds of visit, by code.
pub static VISITTYPE: Table = Table {
    name: "VISITTYPE",
    key: 1,
    columns: &[int("VISITCODE"), char("VISITTYPE", 20)],
};

/// What a patient has or had, and operations. OPERATION stands for whatever the product tells these apart by, which is
/// not public. Of YEAR, MONTH and DAY, 0 is what is not known.
pub static PASTHISTORY: Table = Table {
    name: "PASTHISTORY",
    key: 1,
    columns: &[
        int("RECORDID"),
        int("RECORDSTATUS"),
        int("INTERNALID"),
        int("USERID"),
        int("YEAR"),
        int("MONTH"),
        int("DAY"),
        varchar("ITEMTEXT", 250),
        int("ITEMCODE"),
        int("STATUSCODE"),
        int("SEVERITYCODE"),
        int("PROVISIONAL"),
        varchar("DETAILS", 500),
        int("OPERATION"),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// What a patient reacts to.
pub static REACTIONS: Table = Table {
    name: "REACTIONS",
    key: 1,
    columns: &[
        int("RECORDID"),
        int("RECORDSTATUS"),
        int("INTERNALID"),
        int("ITEMTYPE"),
        int("ITEMCODE"),
        char("ITEMNAME", 50),
        int("REACTIONCODE"),
        char("REACTION", 50),
        int("SEVERITY"),
        varchar("COMMENT", 500),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// One row for a patient of whom something of this kind was asked. It has no RECORDSTATUS.
pub static CLINICAL: Table = Table {
    name: "CLINICAL",
    key: 1,
    columns: &[
        int("INTERNALID"),
        int("KNOWNALLERGIES"),
        int("SMOKINGSTATUS"),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// Vaccines that were given, here or elsewhere.
pub static IMMUNISATIONS: Table = Table {
    name: "IMMUNISATIONS",
    key: 1,
    columns: &[
        int("RECORDID"),
        int("RECORDSTATUS"),
        int("INTERNALID"),
        datetime("GIVENDATE"),
        char("VACCINENAME", 50),
        int("VACCINEID"),
        char("BATCHNUMBER", 20),
        int("SEQUENCE"),
        int("SITECODE"),
        char("ROUTE", 20),
        int("NOTGIVENHERE"),
        int("ADMINISTEREDBY"),
        datetime("EXPIRYDATE"),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// The medicines that a patient takes, or took until DELETIONDATE.
pub static CURRENTRX: Table = Table {
    name: "CURRENTRX",
    key: 1,
    columns: &[
        int("RECORDID"),
        int("RECORDSTATUS"),
        int("INTERNALID"),
        int("USERID"),
        int("PRODUCTID"),
        varchar("DRUGNAME", 150),
        int("RXSTATUS"),
        char("DOSE", 20),
        char("FREQUENCY", 30),
        char("FOOD", 30),
        char("ROUTE", 20),
        int("PRN"),
        varchar("INSTRUCTIONS", 300),
        int("QUANTITY"),
        int("REPEATS"),
        datetime("FIRSTDATE"),
        datetime("LASTDATE"),
        varchar("INDICATION", 250),
        datetime("DELETIONDATE"),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// Prescriptions; what is on them stands in `SCRIPTITEMS`.
pub static PRESCRIPTIONS: Table = Table {
    name: "PRESCRIPTIONS",
    key: 1,
    columns: &[
        int("SCRIPTID"),
        int("RECORDSTATUS"),
        int("INTERNALID"),
        int("USERID"),
        int("LOCATIONID"),
        datetime("SCRIPTDATE"),
        char("AUTHORITYNUMBER", 8),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// The items of prescriptions.
pub static SCRIPTITEMS: Table = Table {
    name: "SCRIPTITEMS",
    key: 1,
    columns: &[
        int("RECORDID"),
        int("RECORDSTATUS"),
        int("SCRIPTID"),
        int("PRODUCTID"),
        varchar("PRODUCTNAME", 150),
        char("DOSE", 20),
        char("FREQUENCY", 30),
        int("QUANTITY"),
        int("REPEATS"),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// What was measured at the practice; a blood pressure is two rows of one date and time.
pub static OBSERVATIONS: Table = Table {
    name: "OBSERVATIONS",
    key: 1,
    columns: &[
        int("RECORDID"),
        int("RECORDSTATUS"),
        int("INTERNALID"),
        datetime("OBSDATE"),
        int("OBSTIME"),
        varchar("DATANAME", 25),
        int("DATACODE"),
        char("DATAVALUE", 12),
        char("MODIFIER", 12),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// Reports of laboratories and other services.
pub static INVESTIGATIONS: Table = Table {
    name: "INVESTIGATIONS",
    key: 1,
    columns: &[
        int("REPORTID"),
        int("RECORDSTATUS"),
        int("INTERNALID"),
        char("TESTNAME", 80),
        datetime("COLLECTIONDATE"),
        datetime("REPORTDATE"),
        int("REPORTTIME"),
        varchar("PROVIDERNAME", 100),
        int("NORMALFLAG"),
        int("CHECKEDBY"),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// The single results of reports.
pub static REPORTVALUES: Table = Table {
    name: "REPORTVALUES",
    key: 1,
    columns: &[
        int("RECORDID"),
        int("RECORDSTATUS"),
        int("INTERNALID"),
        int("REPORTID"),
        datetime("REPORTDATE"),
        char("LOINCCODE", 32),
        int("BPCODE"),
        char("RESULTNAME", 32),
        char("RESULTVALUE", 20),
        char("UNITS", 20),
        char("RANGE", 20),
        char("ABNORMALFLAG", 3),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// Letters that came in.
pub static CORRESPONDENCEIN: Table = Table {
    name: "CORRESPONDENCEIN",
    key: 1,
    columns: &[
        int("DOCUMENTID"),
        int("RECORDSTATUS"),
        int("INTERNALID"),
        int("USERID"),
        datetime("CORRESPONDENCEDATE"),
        char("CATEGORY", 40),
        varchar("SUBJECT", 250),
        varchar("CONTACTNAME", 100),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// Letters that the practice wrote.
pub static CORRESPONDENCEOUT: Table = Table {
    name: "CORRESPONDENCEOUT",
    key: 1,
    columns: &[
        int("RECORDID"),
        int("RECORDSTATUS"),
        int("INTERNALID"),
        int("USERID"),
        datetime("CORRESPONDENCEDATE"),
        char("CATEGORY", 40),
        varchar("SUBJECT", 250),
        varchar("CONTACTNAME", 100),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// Visits, of which an appointment's VISITID names one. Times are seconds since midnight.
pub static VISITS: Table = Table {
    name: "VISITS",
    key: 1,
    columns: &[
        int("VISITID"),
        int("RECORDSTATUS"),
        int("INTERNALID"),
        int("USERID"),
        int("VISITCODE"),
        varchar("DRNAME", 100),
        datetime("VISITDATE"),
        int("STARTTIME"),
        int("ENDTIME"),
        int("DURATION"),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// What a visit was for.
pub static VISITREASON: Table = Table {
    name: "VISITREASON",
    key: 1,
    columns: &[
        int("RECORDID"),
        int("RECORDSTATUS"),
        int("VISITID"),
        varchar("REASON", 250),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};
