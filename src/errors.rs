//! Every error that a caller can meet: one table, from which the documentation page is generated.
//!
//! A stage's error enum names a [`Code`] for each variant; the HTTP status and the OperationOutcome
//! issue type follow from the table, so that the two can never disagree between stages.

/// A stable error code. `PS…` search text, `PP…` plan, `PD…` database, `PH…` HTTP, `PG…` gateway: who may ask what, `PJ…`
/// journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Stable and documented: `PS001`.
    pub id: &'static str,
    /// HTTP status that it is answered with.
    pub status: u16,
    /// Code of the value set issue-type (R4 `OperationOutcome.issue.code`).
    pub issue: &'static str,
    /// One line: what happened.
    pub title: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// `OperationOutcome.issue.expression` of a parameter: `http.` and its name without a modifier (R4, of errors in
/// HTTP parameters).
pub fn expression(parameter: &str) -> String {
    let name = parameter
        .split_once(':')
        .map_or(parameter, |(name, _)| name);
    format!("http.{name}")
}

macro_rules! codes {
    ($($name:ident = $id:literal, $status:literal, $issue:literal, $title:literal, $remedy:literal;)*) => {
        $(#[doc = $title] pub const $name: Code = Code { id: $id, status: $status, issue: $issue, title: $title, remedy: $remedy };)*
        /// All codes, in the order of the documentation page.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    SEARCH_SYNTAX = "PS001", 400, "invalid", "The query string or form body cannot be read", "Percent-encode reserved characters and write name=value pairs joined by &.";
    SEARCH_VALUE = "PS002", 400, "value", "A value does not have the form of its parameter's type", "Write the value as the message says.";
    SEARCH_MODIFIER = "PS003", 400, "not-supported", "A modifier does not apply to the parameter", "Use a modifier that the CapabilityStatement lists for the parameter, or none.";
    SEARCH_PREFIX = "PS004", 400, "value", "A prefix does not apply to the parameter", "Use eq, ne, gt, lt, ge, le, sa, eb or ap, on numbers, dates and quantities only.";
    SEARCH_TOO_MANY = "PS005", 400, "too-costly", "Too many parameters or values", "Split the search into several.";
    SEARCH_REPEATED = "PS006", 400, "invalid", "A result parameter is given twice", "Give _count, _total, _summary, _elements, _type, _format, _pretty and _cursor once, and _sort in the URL or in the body.";
    SEARCH_RESULT_PARAMETER = "PS007", 400, "value", "A result parameter has a value that it does not take", "Use one of the values that the message lists.";
    SEARCH_TOO_LONG = "PS008", 414, "too-long", "The query string is too long", "Send the search as a form-encoded POST to _search.";
    SEARCH_NAME = "PS009", 400, "invalid", "A parameter's name, chain or _has cannot be followed", "Write the name as the message says; a chain needs reference parameters, and a type where there are several.";
    SEARCH_BODY_TOO_LONG = "PS010", 413, "too-long", "The form body is too long", "Split the search into several.";
    UNKNOWN_PARAMETER = "PP001", 400, "not-supported", "A search parameter is not known here", "See the CapabilityStatement for the parameters of this resource.";
    UNSUPPORTED_PARAMETER = "PP002", 400, "not-supported", "The parameter is R4's, but this practice's mapping cannot answer it", "See the CapabilityStatement for the parameters of this resource.";
    UNSUPPORTED_MODIFIER = "PP003", 400, "not-supported", "The modifier is R4's, but is not offered for the parameter", "Use one of the modifiers that the message lists, or none.";
    UNSUPPORTED_FEATURE = "PP004", 400, "not-supported", "The search goes by other resources in a way that is not offered here", "Search the other resource first and use its ids.";
    UNSUPPORTED_SORT = "PP005", 400, "not-supported", "The resource cannot be sorted by that parameter", "Sort by one of the parameters that the message lists.";
    UNKNOWN_ELEMENT = "PP006", 400, "value", "_elements names an element that the resource does not have", "Name top-level elements of the resource.";
    CURSOR = "PP007", 400, "invalid", "The page link is not valid here", "Follow next links unchanged, with the key and the site that received them, while its mapping and the caller's own login there are the same; or start the search anew.";
    TOO_MANY_COMPARISONS = "PP008", 400, "too-costly", "The search compares more than it may", "Give fewer values; name the types, with _type or as in subject:Patient.name; or search step by step.";
    TOO_MANY_VALUES = "PP009", 400, "too-costly", "The search compares more values than a command takes", "Split the search into several.";
    TOO_MANY_TABLES = "PP010", 400, "too-costly", "The search goes by more tables than a command may", "Name the types of the chain, as in subject:Patient.name, or search step by step.";
    SEVERAL_TYPES = "PP011", 400, "not-supported", "A search of several types cannot be answered so", "Name the types with _type, at the base and nowhere else, and filter by what all of them have.";
    NOT_IN_COMPARTMENT = "PP012", 404, "not-supported", "No such resources are in such a compartment here", "Search the type itself, by a parameter that the CapabilityStatement lists for it.";
    OPERATION_PARAMETER = "PP013", 400, "not-supported", "The operation does not take the parameter", "Give the operation's own parameters only; the message lists them.";
    TOO_MANY_STEPS = "PP014", 400, "too-costly", "The search includes by more references than it may", "Name the references to include, as in _include=Appointment:patient, and use :iterate where it is needed only.";
    UNBOUNDED = "PP015", 400, "required", "The search leaves open from when until when, or asks for too long a time", "Give the parameter that the message names twice: from one day on (ge), and before another (lt).";
    SEVERAL_MATCHES = "PP016", 412, "multiple-matches", "Several patients have the identifier", "Give the identifier's system too, as in identifier=system|value; or search for the patient, and ask by id.";
    OPERATION_VALUE = "PP017", 400, "value", "A parameter of the operation is missing, or has a value that it does not take", "Write the parameter as the message says.";
    TOO_MANY_ELSEWHERE = "PP018", 400, "too-costly", "The search goes by too much in another database of the practice", "Narrow what the chain or _has says of it: each is asked by itself there. Or search the other resource first, and use its ids.";
    DATABASE_TIMEOUT = "PD001", 504, "timeout", "The practice database did not answer in time", "Narrow the search, or try again later.";
    DATABASE_BUSY = "PD002", 503, "transient", "Too many requests wait for the practice database, or another program keeps it locked", "Try again after the seconds that Retry-After says.";
    DATABASE_SCHEMA = "PD003", 500, "exception", "The practice database lacks a table or column of the mapping", "Check that the mapping belongs to this version of the product.";
    DATABASE_FAILED = "PD004", 500, "exception", "The practice database refused the command", "Tell the operator the request's id: the log holds the engine's code.";
    DATABASE_OPEN = "PD005", 503, "transient", "The practice database cannot be opened", "Try again later; tell the operator if it stays so.";
    DATABASE_TOO_LARGE = "PD006", 500, "too-costly", "The answer is larger than may be held", "Ask for fewer entries with _count, or fewer elements with _elements.";
    DATABASE_UNREACHABLE = "PD007", 503, "transient", "The practice's database server cannot be reached", "Try again after the seconds that Retry-After says; tell the operator if it stays so.";
    DATABASE_LOST = "PD008", 503, "transient", "The connection to the practice's database server was cut", "Try again after the seconds that Retry-After says.";
    DATABASE_LOGIN = "PD009", 503, "exception", "The practice's database server refuses Pilaster's login", "Tell the operator: the user or password of the site's configuration is not that of the server.";
    DATABASE_MISSING = "PD010", 503, "exception", "The practice's database server does not open the database", "Tell the operator: the site's configuration names a database that is not there, or that the login may not open.";
    DATABASE_CERTIFICATE = "PD011", 503, "exception", "The certificate of the practice's database server is not trusted", "Tell the operator: it has expired, is for another host, or is signed by none of those that the site trusts.";
    DATABASE_PERMISSION = "PD012", 500, "exception", "The login may not read a table of the mapping", "Tell the operator: the login needs SELECT on the tables that the mapping names.";
    UPSTREAM_REFUSED = "PD013", 503, "exception", "The upstream SQL passthrough refuses Pilaster's key", "Tell the operator: the key of the site's configuration is not valid there, or not for this site.";
    UPSTREAM_LIMIT = "PD014", 429, "throttled", "The upstream SQL passthrough takes no more queries for now", "Try again after the seconds that Retry-After says.";
    UPSTREAM_OFFLINE = "PD015", 503, "transient", "The upstream SQL passthrough cannot reach the practice", "Try again after the seconds that Retry-After says; tell the practice if it stays so.";
    UPSTREAM_FAILED = "PD016", 503, "transient", "The upstream SQL passthrough failed", "Try again later; tell the operator if it stays so.";
    CALLERS_LOGIN = "PD017", 403, "forbidden", "The practice's database server refuses the caller's own login", "Ask the operator to set the login anew, or the practice to let it in: a new login counts at once, a mended one within a minute.";
    CALLERS_PERMISSION = "PD018", 403, "forbidden", "The caller's own login may not read what the request needs", "Ask the practice to grant the login SELECT on the tables of the resource; or ask for less, without _include, chains or $summary.";
    LOGIN_NOT_CARRIED = "PD019", 403, "forbidden", "The site takes no login of a caller's own", "Ask the operator: the site is reached as the login of an upstream or of a data source; an integrator that has a login of its own there is let in as nobody else.";
    UNKNOWN_SITE = "PH001", 404, "not-found", "There is no such site", "Check the site's id in the URL.";
    UNKNOWN_RESOURCE_TYPE = "PH002", 404, "not-supported", "The resource type is not served at this site", "See the CapabilityStatement for the types that are.";
    NO_SUCH_RESOURCE = "PH003", 404, "not-found", "There is no such resource", "Search for it: ids are those of search results.";
    UNAUTHORISED = "PH004", 401, "login", "There is no valid key in the request", "Send the subscription key in the header Ocp-Apim-Subscription-Key, and no other beside it.";
    NOT_ACCEPTABLE = "PH005", 406, "not-supported", "The answer cannot have the asked format", "Ask for application/fhir+json or application/fhir+xml, by Accept or _format.";
    UNSUPPORTED_MEDIA_TYPE = "PH006", 415, "not-supported", "The body has a media type that is not read", "Send a search, or what a token is asked for with, as application/x-www-form-urlencoded, a resource as application/fhir+json, and a command as application/json.";
    BODY_TOO_LARGE = "PH007", 413, "too-long", "The body is too large", "Split what it asks for into several requests.";
    METHOD_NOT_ALLOWED = "PH008", 405, "not-supported", "The method does not apply to the path", "Use GET or HEAD to read and search, POST with _search to search.";
    UNKNOWN_PATH = "PH009", 404, "not-found", "There is nothing at the path", "FHIR paths are metadata, {resource}, {resource}/{id}, {compartment}/{id}/{resource}, Patient/{id}/$everything, Patient/{id}/$summary and Patient/$summary.";
    INTERNAL = "PH010", 500, "exception", "Something failed here", "Tell the operator the request's id.";
    TOO_SLOW = "PH011", 504, "timeout", "The request took too long", "Narrow the search, or try again later.";
    TOO_BUSY = "PH012", 503, "transient", "Too many requests are under way", "Try again after the seconds that Retry-After says.";
    NOT_FOR_READS = "PH013", 400, "not-supported", "The parameter does not apply to a read", "Search with _id to combine an id with other parameters.";
    BODY_TOO_SLOW = "PH014", 408, "timeout", "The body did not arrive in time", "Send the body at once, or try again.";
    BODY_UNREADABLE = "PH015", 400, "invalid", "The body cannot be read to its end", "Send the whole body, in the length or the chunks that were announced.";
    URI_TOO_LONG = "PH016", 414, "too-long", "The URL is too long", "Send the search as a form-encoded POST to _search.";
    NOT_THE_OPERATOR = "PH017", 401, "login", "There is no valid operator's key in the request", "Send the operator's key in the header Authorization, after the word Bearer.";
    EXPLAIN_PARAMETER = "PH018", 400, "value", "explain-dialect or explain-run cannot be read", "Give each once at the most, with one of the values that the message lists.";
    NOT_HTTP = "PH019", 400, "invalid", "The head of the request cannot be read", "Send HTTP/1.1, with a URL that is percent-encoded.";
    HEAD_TOO_LARGE = "PH020", 431, "too-long", "The head of the request is too large", "Send fewer and shorter headers.";
    BODY_NOT_FHIR = "PH021", 400, "structure", "The body is not the FHIR resource that is asked for", "Send what the message names, as application/fhir+json.";
    BATCH_TOO_LARGE = "PH022", 400, "too-costly", "The batch, or what it asks for, is too large", "Send several batches.";
    MAPPING_BROKEN = "PH023", 503, "transient", "The mapping of the site is being written, and has errors", "Mend the mapping: /health/ready and the terminal say what is wrong. It is served as soon as it is saved without errors.";
    DEVICE_TOKEN = "PG001", 401, "login", "There is no valid token of a device in the request", "Send the token in the header Authorization, after the word Bearer, and the device's id in the header DeviceId; ask for another token when it has expired.";
    OTHER_ENVIRONMENT = "PG002", 401, "login", "The key is of the other environment", "Use the key of the environment that the site is in.";
    INTEGRATION_DISABLED = "PG003", 403, "forbidden", "The integration is disabled", "Ask the operator.";
    ADDRESS_REFUSED = "PG004", 403, "forbidden", "The request comes from an address that the integration may not use", "Ask the operator to allow the address.";
    NOT_PAIRED = "PG005", 403, "forbidden", "The integration is not enabled at the site", "Pair the site with a pairingCode that the practice gave, which every product needs, or ask the practice to enable the integration. Check the site's id, too.";
    TOKEN_OF_OTHER_SITE = "PG006", 403, "forbidden", "The token is of another site", "Ask for a token of this site.";
    NOT_AUTHORITATIVE = "PG007", 403, "forbidden", "The database is a copy, and not the one that its practice works with", "Look the practice up by its PMS id: the answer is the authoritative site.";
    PASSTHROUGH_OFF = "PG008", 403, "forbidden", "SQL passthrough is off at the site", "Use the FHIR API, or ask the operator.";
    RATE_LIMITED = "PG009", 429, "throttled", "The integration sends more queries than it may", "Try again after the seconds that Retry-After says; async queries do not count.";
    BODY_NOT_JSON = "PG010", 400, "invalid", "The body is no JSON", "Send JSON in UTF-8.";
    BODY_FIELD = "PG011", 400, "value", "A field of the body is missing, or has a value that it does not take", "Write the field as the message says.";
    COMMAND_REFUSED = "PG012", 400, "not-supported", "The command cannot be given to the site's database", "Change the command as the message says.";
    TOO_MANY_REGISTERED = "PG013", 400, "too-costly", "As many registered queries are enabled as may be", "Cancel one that is not needed.";
    NO_SUCH_QUERY = "PG014", 404, "not-found", "There is no such query", "Check the query's id, and the site's: a query is found under the site that it was sent to, and for a day after its result.";
    NO_SUCH_PAGE = "PG015", 404, "not-found", "There is no such page, or no result yet", "Read the query: its result lists its pages, which are numbered from 1.";
    PAGE_EXPIRED = "PG016", 410, "expired", "The page is kept no more", "Send the query again.";
    SITE_OFFLINE = "PG017", 503, "transient", "The practice is offline", "Try again later, or send an async query when it is online.";
    SITE_UNREACHABLE = "PG018", 503, "transient", "The practice cannot be reached", "Try again later; tell the practice if it stays so.";
    QUEUE_FULL = "PG019", 503, "throttled", "As many queries wait for the practice as may", "Try again after the seconds that Retry-After says.";
    QUEUE_EXPIRED = "PG020", 504, "timeout", "The query waited as long as it may", "Give it more time with maxTimeInQueue, or send it as async.";
    STATEMENT_TIMEOUT = "PG021", 504, "timeout", "The statement did not end in time", "Narrow the statement, or send it as async.";
    STATE_UNAVAILABLE = "PG022", 503, "transient", "What the server keeps cannot be read or written now", "Try again after the seconds that Retry-After says; tell the operator if it stays so.";
    REQUEST_PARAMETER = "PG023", 400, "value", "A parameter is missing, or has a value that it does not take", "Give each parameter that the message names once, as it says.";
    NOTHING_FOUND_YET = "PG024", 404, "not-found", "No run of the registered query has succeeded yet", "Read the query: it says how many of its runs succeeded, and how the last one failed.";
    AUDIT_PARAMETER = "PJ001", 400, "value", "A parameter of the journal's export cannot be read", "Give from, to, integrator, site, kind and _format once each at the most, as the message says.";
    JOURNAL_FAILED = "PJ002", 503, "transient", "The journal cannot be read or written", "Try again later; the log says what is wrong with it.";
}
