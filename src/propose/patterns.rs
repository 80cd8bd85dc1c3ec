//! What the names of a practice database look like: the words of tables and columns for each resource, as data.
//!
//! A name is read as words ([`super::words`]): `PatNum`, `PAT_NUM` and `PATIENTNUMBER` are all `patient number`. A column
//! fits a [`Slot`] when its words are those of one of the slot's spellings, apart from the table's own words and from
//! those that say nothing ([`HARMLESS`]), and its type is of the slot's kind. `elements` is the resource as it would
//! stand in a mapping, with slots in braces: `{family}` is the column as a value, `$p.SURNAME`, and `{.family}` the column
//! alone, `p.SURNAME`; `{unit?number}` asks for another slot to be filled as well. A line is kept when all of its slots are
//! filled, of a list in brackets when one of them is; a line that begins with `| ` stands in for the one before it where
//! that is not kept; and a line without slots is kept with what stands below it, or by itself where nothing does.

/// Spellings of one word, or of several: what a name has, and what it is read as. Plurals need not be here.
pub(super) const SPELLINGS: &[(&str, &str)] = &[
    ("addr", "address"),
    ("adr", "address"),
    ("aller", "allergy"),
    ("app", "appointment"),
    ("appt", "appointment"),
    ("apt", "appointment"),
    ("booking", "appointment"),
    ("bdate", "birth date"),
    ("birthday", "birth date"),
    ("born", "birth date"),
    ("cell", "mobile"),
    ("ceased", "end"),
    ("changed", "updated"),
    ("client", "patient"),
    ("clinician", "practitioner"),
    ("cond", "condition"),
    ("consult", "encounter"),
    ("consultation", "encounter"),
    ("contra", "allergy"),
    ("created", "created"),
    ("customer", "patient"),
    ("dentist", "practitioner"),
    ("descr", "text"),
    ("description", "text"),
    ("desc", "text"),
    ("diag", "condition"),
    ("diagnosis", "condition"),
    ("diagnoses", "condition"),
    ("disease", "condition"),
    ("dob", "birth date"),
    ("dod", "death date"),
    ("doc", "practitioner"),
    ("doctor", "practitioner"),
    ("dr", "practitioner"),
    ("drug", "medication"),
    ("email", "email"),
    ("emp", "user"),
    ("employee", "user"),
    ("finish", "end"),
    ("fname", "first name"),
    ("forename", "first name"),
    ("immunization", "vaccine"),
    ("immunisation", "vaccine"),
    ("injection", "vaccine"),
    ("insert", "created"),
    ("lname", "last name"),
    ("loc", "location"),
    ("lot", "batch"),
    ("med", "medication"),
    ("medicine", "medication"),
    ("meds", "medication"),
    ("min", "minute"),
    ("mname", "middle name"),
    ("modified", "updated"),
    ("modify", "updated"),
    ("nbr", "number"),
    ("no", "number"),
    ("nr", "number"),
    ("num", "number"),
    ("obs", "observation"),
    ("mail", "email"),
    ("measurement", "observation"),
    ("measure", "observation"),
    ("vital", "observation"),
    ("pat", "patient"),
    ("pcode", "postcode"),
    ("ph", "phone"),
    ("physician", "practitioner"),
    ("prefname", "preferred name"),
    ("pref", "preferred"),
    ("prescription", "prescription"),
    ("problem", "condition"),
    ("prov", "practitioner"),
    ("provider", "practitioner"),
    ("pt", "patient"),
    ("qty", "quantity"),
    ("reaction", "reaction"),
    ("resident", "patient"),
    ("rx", "prescription"),
    ("script", "prescription"),
    ("sex", "gender"),
    ("stamp", "stamp"),
    ("staff", "user"),
    ("suburb", "city"),
    ("town", "city"),
    ("tel", "phone"),
    ("telephone", "phone"),
    ("therapist", "practitioner"),
    ("traveler", "patient"),
    ("traveller", "patient"),
    ("vaccination", "vaccine"),
    ("visit", "encounter"),
    ("zip", "postcode"),
];

/// Words of a table's name that say nothing of what is in it.
pub(super) const NOISE: &[&str] = &[
    "tbl",
    "tb",
    "dbo",
    "data",
    "master",
    "main",
    "info",
    "record",
    "detail",
    "file",
    "list",
    "current",
    "view",
    "vw",
    "all",
    "past",
    "register",
    "demographic",
    "table",
];

/// Words of a column's name that do not change what it means.
pub(super) const HARMLESS: &[&str] = &[
    "of", "the", "usual", "current", "main", "primary", "own", "legal", "full", "value", "text",
];

/// What a key that could be any table's is called: it says nothing of whose it is.
pub(super) const GENERIC_KEYS: &[&str] = &[
    "id",
    "record id",
    "row id",
    "key",
    "code",
    "number",
    "pk",
    "guid",
];

/// Which columns can fill a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Of whatever type: that there is a value is what says something.
    Any,
    /// Text or a whole number.
    Code,
    Whole,
    Number,
    /// With or without a time.
    Day,
    /// With a time.
    Moment,
    /// The key of what this type of resource is made of.
    Reference(&'static str),
}

/// A place of a resource that a column may fill.
#[derive(Debug)]
pub(super) struct Slot {
    pub name: &'static str,
    pub kind: Kind,
    /// Its spellings, with `;` between them.
    pub words: &'static str,
    /// `a family name`
    pub looks_like: &'static str,
}

/// What a resource's table looks like.
#[derive(Debug)]
pub(super) struct Pattern {
    pub resource: &'static str,
    pub file: &'static str,
    pub alias: &'static str,
    /// What its table may be called, with `;` between the names.
    pub table: &'static str,
    /// Slots without which a table is not proposed; one of those with `|` between them.
    pub needs: &'static [&'static str],
    /// With so many slots filled a table is proposed whatever its name is.
    pub by_columns: Option<usize>,
    /// R4 requires no element of it: its first lines alone can be checked.
    pub may_be_bare: bool,
    pub slots: &'static [Slot],
    pub elements: &'static str,
}

const fn slot(
    name: &'static str,
    kind: Kind,
    words: &'static str,
    looks_like: &'static str,
) -> Slot {
    Slot {
        name,
        kind,
        words,
        looks_like,
    }
}

/// Of every source: what tells that a row is not there any more, and when it was written.
pub(super) const OF_ROWS: &[Slot] = &[
    slot(
        "deletedNumber",
        Kind::Whole,
        "deleted; is deleted; deleted flag",
        "a mark of what was deleted",
    ),
    slot(
        "deletedText",
        Kind::Text,
        "deleted; is deleted; deleted flag",
        "a mark of what was deleted",
    ),
    slot(
        "deletedWhen",
        Kind::Any,
        "deleted on; deleted at; deleted date; date deleted; deleted time; deleted date time; removed on; removed at; removed date; date removed; inactive date; date inactive; inactive on; inactive since; inactivated on; inactivated at; deactivated on; deactivated at; archived on; archived at; archived date; date archived",
        "when it was deleted",
    ),
    slot(
        "updated",
        Kind::Moment,
        "updated; last updated; updated date; updated at; updated on; date updated; last updated date; updated time; updated date time; date t stamp; stamp; last edit; sec date t edit",
        "when it was last written",
    ),
    slot(
        "created",
        Kind::Moment,
        "created; created date; date created; created at; created on; created time; entry date; date entered",
        "when it was first written",
    ),
];

const PATIENT: Kind = Kind::Reference("Patient");
const PRACTITIONER: Kind = Kind::Reference("Practitioner");
const LOCATION: Kind = Kind::Reference("Location");
const OF_PATIENT: &str = "patient id; patient number; patient code; patient; patient key";
const OF_PRACTITIONER: &str = "practitioner id; practitioner number; practitioner code; practitioner; practitioner key; user id; user number; user code; user; treating practitioner; primary practitioner id";
const OF_LOCATION: &str = "location id; location number; location code; location; clinic id; clinic number; clinic code; clinic; practice id; site id";

const BIRTH: &str = "birth date; date birth; birth";

const fn patient() -> Slot {
    slot("patient", PATIENT, OF_PATIENT, "whose it is")
}

/// The resources that are looked for.
pub(super) const PATTERNS: &[Pattern] = &[
    Pattern {
        resource: "Patient",
        file: "patient",
        alias: "p",
        table: "patient; person; people",
        needs: &["family|fullName", "birth|birthText|birthNumber|genderText|genderNumber"],
        by_columns: Some(7),
        may_be_bare: true,
        slots: &[
            slot("family", Kind::Text, "surname; family name; last name; family; l name", "a family name"),
            slot("given", Kind::Text, "first name; given name; given; first; name first; f name", "a given name"),
            slot("middle", Kind::Text, "middle name; second name; middle; middle i; mi", "a second given name"),
            slot("preferred", Kind::Text, "preferred name; preferred; known as; nick name; nickname; alias", "a name in daily use"),
            slot("title", Kind::Text, "title; salutation; prefix; name title", "a title"),
            slot("fullName", Kind::Text, "name; patient name; display name", "a whole name"),
            slot("birth", Kind::Day, BIRTH, "a day of birth"),
            slot("birthText", Kind::Text, BIRTH, "a day of birth, as text: is its layout YYYYMMDD, DD/MM/YYYY or YYYY-MM-DD?"),
            slot("birthNumber", Kind::Whole, BIRTH, "a day of birth, as a number: is it YYYYMMDD? Seconds since 1970 are `unix: true`"),
            slot("death", Kind::Day, "death date; date death; death; deceased date; date deceased; date time deceased", "a day of death"),
            slot("genderText", Kind::Text, "gender; gender code", "a gender"),
            slot("genderNumber", Kind::Whole, "gender; gender code", "a gender, as a number: which is which?"),
            slot("home", Kind::Text, "home phone; phone home; hm phone; phone; home", "a telephone number at home"),
            slot("work", Kind::Text, "work phone; phone work; wk phone; business phone", "a telephone number at work"),
            slot("mobile", Kind::Text, "mobile; mobile phone; phone mobile; mobile number; wireless phone", "a mobile number"),
            slot("email", Kind::Text, "email; email address; e email; e email address", "an e-mail address"),
            slot("line1", Kind::Text, "address 1; address line 1; street; street 1; address; address line; address street; home address 1", "a street"),
            slot("line2", Kind::Text, "address 2; address line 2; street 2; home address 2", "a second line of the address"),
            slot("city", Kind::Text, "city; home city; address city", "a suburb or town"),
            slot("state", Kind::Text, "state; home state; address state", "a state"),
            slot("postcode", Kind::Code, "postcode; post code; home postcode; address postcode; postal code", "a postcode"),
            slot("country", Kind::Text, "country; home country", "a country"),
            slot("ihi", Kind::Text, "ihi; ihi number", "an Individual Healthcare Identifier"),
            slot("medicare", Kind::Text, "medicare number; medicare; medicare card number", "a Medicare number"),
            slot("dva", Kind::Text, "dva number; dva; dva file number", "a DVA file number"),
            slot("file", Kind::Code, "file number; chart number; record number; ur number; urn; mrn; card number; external id", "a number of the practice's own"),
            slot("activeNumber", Kind::Whole, "active; is active", "whether the patient is current"),
            slot("activeText", Kind::Text, "active; is active", "whether the patient is current"),
            slot("practitioner", PRACTITIONER, OF_PRACTITIONER, "the usual practitioner"),
        ],
        elements: "\
identifier:
  - { system: \"http://ns.electronichealth.net.au/id/hi/ihi/1.0\", value: {ihi} }
  - { system: \"http://ns.electronichealth.net.au/id/medicare-number\", value: {medicare} }
  - { system: \"http://ns.electronichealth.net.au/id/dva\", value: {dva} }
  - { type: { text: File Number }, value: {file} }
active: {activeNumber}
| active: { column: {.activeText}, codes: { Y: true, T: true, \"*\": false } }
name:
  - use: official
    family: {family}
    given: [ {given}, {middle} ]
    prefix: [ {title} ]
    text: {fullName}
  - { use: usual, given: [ {preferred} ] }
telecom:
  - { system: phone, use: home, value: { column: {.home}, compare: digits } }
  - { system: phone, use: work, value: { column: {.work}, compare: digits } }
  - { system: phone, use: mobile, value: { column: {.mobile}, compare: digits } }
  - { system: email, value: {email} }
gender: { column: {.genderText}, codes: { M: male, F: female, \"*\": unknown } }
| gender: { column: {.genderNumber}, codes: { 1: male, 2: female, \"*\": unknown } }
birthDate: {birth}
| birthDate: { column: {.birthText}, format: YYYYMMDD }
| birthDate: { column: {.birthNumber}, format: YYYYMMDD }
deceasedDateTime: {death}
address:
  - use: home
    line: [ {line1}, {line2} ]
    city: {city}
    state: {state}
    postalCode: {postcode}
    country: {country}
generalPractitioner:
  - reference: { to: Practitioner, id: {.practitioner} }
",
    },
    Pattern {
        resource: "Practitioner",
        file: "practitioner",
        alias: "d",
        table: "practitioner; user",
        needs: &["family|fullName"],
        by_columns: None,
        may_be_bare: true,
        slots: &[
            slot("family", Kind::Text, "surname; family name; last name; family; l name", "a family name"),
            slot("given", Kind::Text, "first name; given name; given; first; f name", "a given name"),
            slot("middle", Kind::Text, "middle name; second name; middle; middle i; mi", "a second given name"),
            slot("title", Kind::Text, "title; salutation; prefix", "a title"),
            slot("fullName", Kind::Text, "name; practitioner name; display name", "a whole name"),
            slot("hpii", Kind::Text, "hpii; hpi i; hpii number", "a Healthcare Provider Identifier of an individual"),
            slot("ahpra", Kind::Text, "ahpra; ahpra number; registration number", "an Ahpra registration number"),
            slot("prescriber", Kind::Text, "prescriber number; prescriber", "a prescriber number"),
            slot("npi", Kind::Text, "npi; national practitioner id; national prov id; national practitioner number", "a number of the country's register"),
            slot("phone", Kind::Text, "phone; work phone; phone work", "a telephone number"),
            slot("mobile", Kind::Text, "mobile; mobile phone; phone mobile; mobile number", "a mobile number"),
            slot("email", Kind::Text, "email; email address", "an e-mail address"),
            slot("specialty", Kind::Text, "specialty; speciality; role; discipline", "a specialty"),
            slot("activeNumber", Kind::Whole, "active; is active", "whether they are there still"),
            slot("activeText", Kind::Text, "active; is active", "whether they are there still"),
        ],
        elements: "\
identifier:
  - { system: \"http://ns.electronichealth.net.au/id/hi/hpii/1.0\", value: {hpii} }
  - { system: \"http://hl7.org.au/id/ahpra-registration-number\", value: {ahpra} }
  - { system: \"http://ns.electronichealth.net.au/id/medicare-prescriber-number\", value: {prescriber} }
  - { type: { text: NPI }, value: {npi} }
active: {activeNumber}
| active: { column: {.activeText}, codes: { Y: true, T: true, \"*\": false } }
name:
  - family: {family}
    given: [ {given}, {middle} ]
    prefix: [ {title} ]
    text: {fullName}
telecom:
  - { system: phone, use: work, value: { column: {.phone}, compare: digits } }
  - { system: phone, use: mobile, value: { column: {.mobile}, compare: digits } }
  - { system: email, value: {email} }
qualification:
  - code: { text: {specialty} }
",
    },
    Pattern {
        resource: "Location",
        file: "location",
        alias: "l",
        table: "location; clinic; site; branch; room; operatory",
        needs: &["name"],
        by_columns: None,
        may_be_bare: true,
        slots: &[
            slot("name", Kind::Text, "name; location name; clinic name; site name; branch name; text; op name", "a name"),
            slot("phone", Kind::Text, "phone; work phone", "a telephone number"),
            slot("fax", Kind::Text, "fax; fax number", "a fax number"),
            slot("email", Kind::Text, "email; email address", "an e-mail address"),
            slot("line1", Kind::Text, "address 1; address line 1; street; address; address line", "a street"),
            slot("line2", Kind::Text, "address 2; address line 2; street 2", "a second line of the address"),
            slot("city", Kind::Text, "city", "a suburb or town"),
            slot("state", Kind::Text, "state", "a state"),
            slot("postcode", Kind::Code, "postcode; post code; postal code", "a postcode"),
        ],
        elements: "\
name: {name}
telecom:
  - { system: phone, use: work, value: { column: {.phone}, compare: digits } }
  - { system: fax, use: work, value: { column: {.fax}, compare: digits } }
  - { system: email, use: work, value: {email} }
address:
  line: [ {line1}, {line2} ]
  city: {city}
  state: {state}
  postalCode: {postcode}
",
    },
    Pattern {
        resource: "Organization",
        file: "organization",
        alias: "o",
        table: "practice; organization; organisation; company",
        needs: &["name"],
        by_columns: None,
        may_be_bare: false,
        slots: &[
            slot("name", Kind::Text, "name; practice name; organization name; organisation name; company name; text", "a name"),
            slot("hpio", Kind::Text, "hpio; hpi o", "a Healthcare Provider Identifier of an organisation"),
            slot("abn", Kind::Text, "abn", "an Australian Business Number"),
            slot("phone", Kind::Text, "phone; work phone", "a telephone number"),
            slot("email", Kind::Text, "email; email address", "an e-mail address"),
            slot("line1", Kind::Text, "address 1; address line 1; street; address; address line", "a street"),
            slot("line2", Kind::Text, "address 2; address line 2; street 2", "a second line of the address"),
            slot("city", Kind::Text, "city", "a suburb or town"),
            slot("state", Kind::Text, "state", "a state"),
            slot("postcode", Kind::Code, "postcode; post code; postal code", "a postcode"),
        ],
        elements: "\
identifier:
  - { system: \"http://ns.electronichealth.net.au/id/hi/hpio/1.0\", value: {hpio} }
  - { system: \"http://hl7.org.au/id/abn\", value: {abn} }
name: {name}
telecom:
  - { system: phone, use: work, value: { column: {.phone}, compare: digits } }
  - { system: email, use: work, value: {email} }
address:
  - line: [ {line1}, {line2} ]
    city: {city}
    state: {state}
    postalCode: {postcode}
",
    },
    Pattern {
        resource: "Appointment",
        file: "appointment",
        alias: "a",
        table: "appointment; encounter",
        needs: &["patient", "start|clock|minutes|date"],
        by_columns: None,
        may_be_bare: false,
        slots: &[
            patient(),
            slot("practitioner", PRACTITIONER, OF_PRACTITIONER, "with whom it is"),
            slot("location", LOCATION, OF_LOCATION, "where it is"),
            slot("start", Kind::Moment, "start time; start; date time; start date time; start date; date; from", "when it begins"),
            slot("end", Kind::Moment, "end time; end; end date time; end date; to; until", "when it ends"),
            slot("date", Kind::Day, "date; day; start date", "the day"),
            slot("clock", Kind::Whole, "time; start time; start; from; from minute; start minute; from time", "the time of day, as a number"),
            slot("minutes", Kind::Whole, "length; duration; minute; length minute", "how long it takes"),
            slot("text", Kind::Text, "reason; note; comment; text", "a remark"),
        ],
        elements: "\
status: booked  # R4 requires it: which column says how it stands?
comment: {text}
start: { date: {.date}, minutes: {.clock} }
| start: {start}
end: { date: {.date}, minutes: {.clock}, plus: {.minutes} }
| end: {end}
minutesDuration: {minutes}
participant:
  - { actor: { reference: { to: Patient, id: {.patient} } }, status: accepted }
  - { actor: { reference: { to: Practitioner, id: {.practitioner} } }, status: accepted }
  - { actor: { reference: { to: Location, id: {.location} } }, status: accepted }
",
    },
    Pattern {
        resource: "Encounter",
        file: "encounter",
        alias: "e",
        table: "encounter",
        needs: &["patient", "start|date"],
        by_columns: None,
        may_be_bare: false,
        slots: &[
            patient(),
            slot("practitioner", PRACTITIONER, OF_PRACTITIONER, "who saw the patient"),
            slot("location", LOCATION, OF_LOCATION, "where it was"),
            slot("start", Kind::Moment, "start time; start; date time; start date time; from", "when it began"),
            slot("date", Kind::Day, "date; day; start date", "the day"),
            slot("end", Kind::Moment, "end time; end; end date time; until", "when it ended"),
            slot("reason", Kind::Text, "reason; complaint; presenting complaint; reason encounter", "a reason"),
        ],
        elements: "\
status: finished  # R4 requires it: which column says how it stands?
class: { system: \"http://terminology.hl7.org/CodeSystem/v3-ActCode\", code: AMB }  # R4 requires it: are all of them ambulatory?
subject: { reference: { to: Patient, id: {.patient} } }
participant:
  - individual: { reference: { to: Practitioner, id: {.practitioner} } }
period:
  start: {start}
  | start: {date}
  end: {end}
reasonCode:
  - text: {reason}
location:
  - location: { reference: { to: Location, id: {.location} } }
",
    },
    Pattern {
        resource: "AllergyIntolerance",
        file: "allergy",
        alias: "a",
        table: "allergy; reaction; adverse reaction; allergy reaction; patient allergy",
        needs: &["patient", "substance|definition"],
        by_columns: None,
        may_be_bare: false,
        slots: &[
            patient(),
            slot("substance", Kind::Text, "substance; allergy; allergen; item name; name; allergy name; agent; medication; medication name", "what is not tolerated"),
            slot("definition", Kind::Code, "allergy def number; allergy def id; substance id; allergen id", "what is not tolerated, in a table of its own"),
            slot("reaction", Kind::Text, "reaction; manifestation; symptom; reaction text", "how it shows"),
            slot("onset", Kind::Day, "onset date; date onset; since date; reaction date; date adverse reaction; date; onset", "since when"),
            slot("note", Kind::Text, "note; comment; remark", "a remark"),
        ],
        elements: "\
code: { text: {substance} }
patient: { reference: { to: Patient, id: {.patient} } }
onsetDateTime: {onset}
note:
  - text: {note}
reaction:
  - manifestation: [ { text: {reaction} } ]
",
    },
    Pattern {
        resource: "Condition",
        file: "condition",
        alias: "h",
        table: "condition; history; medical history; medication condition; patient condition; patient problem; medical condition",
        needs: &["patient", "problem|definition"],
        by_columns: None,
        may_be_bare: false,
        slots: &[
            patient(),
            slot("problem", Kind::Text, "condition; item text; item; name; condition name; title; other", "what it is"),
            slot("definition", Kind::Code, "condition def number; condition def id; condition id; condition code; item code", "what it is, in a table of its own"),
            slot("onset", Kind::Day, "onset date; date onset; start date; date start; date; since date; onset", "since when"),
            slot("end", Kind::Day, "end date; date end; resolved date; date stop; stop date", "until when"),
            slot("note", Kind::Text, "note; comment; detail; remark; patient note", "a remark"),
        ],
        elements: "\
code: { text: {problem} }
subject: { reference: { to: Patient, id: {.patient} } }
onsetDateTime: {onset}
abatementDateTime: {end}
note:
  - text: {note}
",
    },
    Pattern {
        resource: "Immunization",
        file: "immunization",
        alias: "v",
        table: "vaccine; patient vaccine; vaccine dose; dose",
        needs: &["patient", "vaccine|definition", "date"],
        by_columns: None,
        may_be_bare: false,
        slots: &[
            patient(),
            slot("practitioner", PRACTITIONER, "administered by; given by; practitioner id; practitioner number; practitioner code; practitioner; user id", "who gave it"),
            slot("vaccine", Kind::Text, "vaccine; vaccine name; name; vaccine text", "which vaccine"),
            slot("definition", Kind::Code, "vaccine def number; vaccine def id; vaccine id; vaccine code", "which vaccine, in a table of its own"),
            slot("date", Kind::Day, "date; day; given date; date given; given on; given; date time; date time start; administered date; start date", "when it was given"),
            slot("batch", Kind::Text, "batch; batch number", "a batch number"),
            slot("expiry", Kind::Day, "expiry date; expiry; date expire; date expiry", "until when it is good"),
            slot("note", Kind::Text, "note; comment", "a remark"),
        ],
        elements: "\
status: completed  # R4 requires it: which rows say that it was not given?
vaccineCode: { text: {vaccine} }
| vaccineCode: { coding: [ { code: {definition} } ] }
patient: { reference: { to: Patient, id: {.patient} } }
occurrenceDateTime: {date}
lotNumber: {batch}
expirationDate: {expiry}
performer:
  - actor: { reference: { to: Practitioner, id: {.practitioner} } }
note:
  - text: {note}
",
    },
    Pattern {
        resource: "MedicationStatement",
        file: "medication-statement",
        alias: "m",
        table: "medication; patient medication; current prescription; medication list; regular medication",
        needs: &["patient", "medication|definition"],
        by_columns: None,
        may_be_bare: false,
        slots: &[
            patient(),
            slot("medication", Kind::Text, "medication; medication name; medication text; name; product name", "which medicine"),
            slot("definition", Kind::Code, "medication id; medication number; medication code; product id", "which medicine, in a table of its own"),
            slot("start", Kind::Day, "start date; date start; first date; start; begin date", "since when"),
            slot("end", Kind::Day, "end date; date stop; stop date; last date; end; date end", "until when"),
            slot("dose", Kind::Text, "dose; dosage; direction; instruction; patient note; sig", "how it is taken"),
        ],
        elements: "\
status: unknown  # R4 requires it: which column says whether it is taken still?
medicationCodeableConcept: { text: {medication} }
| medicationCodeableConcept: { coding: [ { code: {definition} } ] }
subject: { reference: { to: Patient, id: {.patient} } }
effectivePeriod:
  start: {start}
  end: {end}
dosage:
  - text: {dose}
",
    },
    Pattern {
        resource: "MedicationRequest",
        file: "medication-request",
        alias: "s",
        table: "prescription; prescription item; patient prescription",
        needs: &["patient", "medication|definition"],
        by_columns: None,
        may_be_bare: false,
        slots: &[
            patient(),
            slot("practitioner", PRACTITIONER, "prescriber; prescriber id; practitioner id; practitioner number; practitioner code; practitioner; user id", "who prescribed it"),
            slot("medication", Kind::Text, "medication; medication name; medication text; name; product name", "which medicine"),
            slot("definition", Kind::Code, "medication id; medication number; medication code; product id", "which medicine, in a table of its own"),
            slot("date", Kind::Day, "date; prescription date; date written; written; written date; start date", "when it was written"),
            slot("repeats", Kind::Whole, "repeat; refill", "how often it may be dispensed again"),
            slot("dose", Kind::Text, "dose; dosage; direction; instruction; sig", "how it is taken"),
        ],
        elements: "\
status: unknown  # R4 requires it: which column says how it stands?
intent: order
medicationCodeableConcept: { text: {medication} }
| medicationCodeableConcept: { coding: [ { code: {definition} } ] }
subject: { reference: { to: Patient, id: {.patient} } }
authoredOn: {date}
requester: { reference: { to: Practitioner, id: {.practitioner} } }
dosageInstruction:
  - text: {dose}
dispenseRequest:
  numberOfRepeatsAllowed: {repeats}
",
    },
    Pattern {
        resource: "Observation",
        file: "observation",
        alias: "o",
        table: "observation; result; result value; report value; vital sign",
        needs: &["patient", "what|whatCode", "number|text"],
        by_columns: None,
        may_be_bare: false,
        slots: &[
            patient(),
            slot("what", Kind::Text, "name; data name; observation name; result name; test name; observation type; type; kind; test; text", "what was observed"),
            slot("whatCode", Kind::Code, "code; data code; loinc code; loinc; observation code; type; observation type", "what was observed, as a code"),
            slot("date", Kind::Day, "date; observation date; date taken; taken; result date; report date; date time; taken date; taken time; observed", "when"),
            slot("number", Kind::Number, "value; data value; result value; observation value; result", "the value"),
            slot("text", Kind::Text, "value; data value; result value; observation value; result", "the value, as text"),
            slot("unit", Kind::Text, "unit; units", "the unit"),
        ],
        elements: "\
status: unknown  # R4 requires it: are all of them final?
code:
  text: {what}
  | coding: [ { code: {whatCode} } ]
subject: { reference: { to: Patient, id: {.patient} } }
effectiveDateTime: {date}
valueQuantity:
  value: {number}
  unit: {unit?number}
valueString: {text}
",
    },
];
