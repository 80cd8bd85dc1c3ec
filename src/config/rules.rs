//! The rules that a configuration file is checked by.

use crate::mapping::rules::rules;
use crate::mapping::{Rule, Severity};

rules! {
    FILE = "PC001", Error, "The file cannot be read",
        "It is not there, may not be read, is no UTF-8 or has more than 1 MiB.";
    SYNTAX = "PC002", Error, "The file is not TOML",
        "The text cannot be read from the place shown on.";
    UNKNOWN_KEY = "PC003", Error, "A key that has no meaning here",
        "Nothing is ignored silently: a key that is misspelt would otherwise look as if it worked.";
    MISSING_KEY = "PC004", Error, "A key that must be there is missing",
        "The message says which, and what it is for.";
    WRONG_TYPE = "PC005", Error, "A value of another type belongs here",
        "The message says which.";
    INVALID_VALUE = "PC006", Error, "The value of a key is not one that it takes",
        "The message says what is expected.";
    PLAIN_SECRET = "PC007", Error, "A secret stands in the file",
        "Files are copied, shown and kept in version control. Name the environment variable, { env = \"NAME\" }, or the file, { file = \"path\" }, that holds it; and change the secret, since it has been written down.";
    NO_SECRET = "PC008", Error, "A secret is not to be had",
        "The environment variable is not set, or the file cannot be read or is empty.";
    DUPLICATE = "PC009", Error, "The same thing is said twice",
        "Only one of them could count, and which is a guess.";
    CATALOGUES = "PC010", Error, "The databases are not those that the mapping needs",
        "A mapping names its catalogues; the entry says for each of them which database of the practice it is.";
    MAPPING = "PC011", Error, "The mapping cannot be used",
        "Its own problems are listed below. `pilaster mapping check` shows them too.";
    NOT_BUILT = "PC012", Error, "The driver is not in this build",
        "Some drivers need libraries of the system and are built on request: the message says how.";
    UNSAFE = "PC013", Warning, "The connection can be read or changed on its way",
        "Passwords and health data travel on it.";
    OTHER_ENGINE = "PC014", Warning, "The mapping is written for another engine",
        "SQL of the mapping's own may have no text for this one, and what depends on it is then refused at the start.";
    READABLE_SECRET = "PC015", Warning, "Others on the machine can read the secret's file",
        "Give it to the user whom the program runs as, and to nobody else: chmod 600.";
    NO_FILE = "PC016", Warning, "The file of a database is not there",
        "The site answers 503 until it is. A path that is relative begins at the folder of the configuration file; `pilaster demo create` writes a demo's.";
    SAME_DATABASE = "PC017", Warning, "Two catalogues of a mapping are one database",
        "A mapping names several catalogues since the product keeps them in several databases: what is asked of the one would not be found in the other. A copy in which all tables were put into one file may be named twice.";
}
