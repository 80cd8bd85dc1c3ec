//! The tables of the appointment book: who comes when, and who is there.

use crate::demo::table::{Table, datetime, int, varchar};

/// The appointment book. `APPOINTMENTTIME` and `ARRIVALTIME` are seconds since midnight,
/// `APPOINTMENTLENGTH` is in seconds.
pub static APPOINTMENTS: Table = Table {
    name: "APPOINTMENTS",
    key: 1,
    columns: &[
        int("RECORDID"),
        int("RECORDSTATUS"),
        int("INTERNALID"),
        int("USERID"),
        int("LOCATIONID"),
        int("VISITID"),
        datetime("APPOINTMENTDATE"),
        int("APPOINTMENTTIME"),
        int("APPOINTMENTLENGTH"),
        int("APPOINTMENTCODE"),
        int("APPOINTMENTTYPE"),
        int("URGENT"),
        varchar("REASON", 500),
        varchar("COMMENT", 500),
        int("ARRIVALTIME"),
        int("BOOKEDBY"),
        varchar("VIDEOURL", 250),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// Why and when an appointment was cancelled; its key is the appointment's.
pub static CANCELLEDAPPOINTMENTS: Table = Table {
    name: "CANCELLEDAPPOINTMENTS",
    key: 1,
    columns: &[
        int("APPOINTMENTID"),
        int("RECORDSTATUS"),
        datetime("CANCELLEDDATE"),
        int("CANCELLEDTIME"),
        varchar("REASON", 100),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// When someone sees patients in a week, or in one of several. Times and lengths are in seconds.
pub static SESSIONS: Table = Table {
    name: "SESSIONS",
    key: 1,
    columns: &[
        int("SESSIONID"),
        int("RECORDSTATUS"),
        int("USERID"),
        int("LOCATIONID"),
        int("DAYOFWEEK"),
        int("STARTTIME"),
        int("ENDTIME"),
        int("LENGTH"),
        datetime("STARTDATE"),
        datetime("ENDDATE"),
        int("WEEKS"),
        int("CYCLEWEEK"),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// The days on which someone is away, the last one included.
pub static DAYSAWAY: Table = Table {
    name: "DAYSAWAY",
    key: 1,
    columns: &[
        int("RECORDID"),
        int("RECORDSTATUS"),
        int("USERID"),
        datetime("STARTDATE"),
        datetime("FINISHDATE"),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};
