//! The kinds of findings, as rules with what there is to know of them.

use crate::mapping::rules::rules;
use crate::mapping::{Rule, Severity};

rules! {
    MISSING_TABLE = "PV001", Error, "The database has no such table",
        "Nothing that is read from it can be served. It may have another name in this version of the product, lie in another catalogue or schema, or be hidden from the login, which needs SELECT on it.";
    MISSING_COLUMN = "PV002", Error, "The database has no such column",
        "A command that names it would fail. If only some versions of the product have it, declare it with `optional: true`: where it is not there, what it gives is left out.";
    MISSING_OPTIONAL = "PV003", Warning, "The database lacks an optional column",
        "The mapping allows for that: elements that the column alone gives are left out at this site, and searches that it would have answered are not offered. Nothing need be done.";
    WRONG_TYPE = "PV004", Warning, "A column has another type in the database",
        "Values are compared and converted by the type that the mapping declares. With another one a search may find less, or an element may be left out. Declare the type that the database has.";
    COLLATION = "PV005", Warning, "A column compares otherwise than the mapping says",
        "How searches of text are put to the database follows from the collation: with another one a search by name may find too much or too little. Declare what the database has, for all in `mapping.yaml` or for the column.";
    UNINDEXED = "PV006", Warning, "No index serves a common search",
        "The whole table is read for it. That is of no matter in a small table; in a large one searches are slow, and the practice's own work may suffer. The product's vendor can say whether an index may be added.";
}
