//! Every key that a configuration file may have: one table, from which the page of them is generated.
//!
//! The readers ask for keys by name. In builds with debug assertions, which the tests are, a key that a reader asks for
//! and that is not here ends the program; and the tests give every key that is here to the readers. So the page has all
//! keys, and no others.

use std::fmt::Write as _;

/// A table of the file, with its keys.
#[derive(Debug)]
pub struct Table {
    /// What messages call it: `the entry of a site`.
    pub what: &'static str,
    /// How it is headed: `[[site]]`. Empty for the file itself.
    pub heading: &'static str,
    /// What it is for.
    pub about: &'static str,
    pub keys: &'static [Key],
}

/// A key of a table.
#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    /// The drivers for which it has a meaning; all of them where there is none.
    pub drivers: &'static [&'static str],
    /// What may stand there: `text`, `true or false`, a whole number.
    pub form: &'static str,
    /// What holds where it is not given; None where it must be.
    pub default: Option<&'static str>,
    pub meaning: &'static str,
}

const SECRET: &str = "`{ env = \"NAME\" }` or `{ file = \"path\" }`";

const fn key(
    name: &'static str,
    form: &'static str,
    default: Option<&'static str>,
    meaning: &'static str,
) -> Key {
    of(&[], name, form, default, meaning)
}

const fn of(
    drivers: &'static [&'static str],
    name: &'static str,
    form: &'static str,
    default: Option<&'static str>,
    meaning: &'static str,
) -> Key {
    Key {
        name,
        drivers,
        form,
        default,
        meaning,
    }
}

/// In the order of the page.
pub static TABLES: &[Table] = &[
    Table {
        what: "the file",
        heading: "",
        about: "The server itself. These stand before the first heading.",
        keys: &[
            key(
                "listen",
                "an address and a port",
                Some("`127.0.0.1:8080`"),
                "Where it listens. `--listen` counts before it. Taken up at a start only.",
            ),
            key(
                "base-url",
                "an http or https URL",
                Some("as callers reach it"),
                "What links in answers begin with, where callers see another URL than this machine does. Taken up at a start only.",
            ),
            key(
                "trusted-proxies",
                "a list of addresses and ranges, such as `[\"10.0.0.0/8\"]`",
                Some("none"),
                "Proxies that are believed when they say in `X-Forwarded-For` who calls. Without it the address that integrators' lists and the audit trail know is the proxy's. Taken up at a start only.",
            ),
            key(
                "data",
                "a folder",
                Some("a temporary one"),
                "Keeps what outlives a start: the state (integrators, queries, result pages), the key that seals it, the audit trail, the key of page links. Without it all of that ends with the server, which `config check` and `serve` warn of. Taken up at a start only.",
            ),
            key(
                "operator-key",
                SECRET,
                Some("none: the paths are not there"),
                "The key of the operator's paths, 16 characters or more.",
            ),
            key(
                "explorer",
                "`true`, `false`",
                Some("`false`"),
                "Whether the explorer is served at `/`. It asks for the operator's key, which must be given then. Taken up at a start only.",
            ),
            key(
                "state-key",
                SECRET,
                Some("a key that is made and kept in `data`"),
                "Seals what the cloud surface keeps: 32 bytes as 64 hexadecimal digits. Taken up at a start only.",
            ),
            key(
                "rate-limit",
                "1 to 10000, `\"off\"`",
                Some("15"),
                "Queries of one integrator in any rolling 5 seconds, of those that count; `off`: no bound. An integrator may have a number of its own.",
            ),
            key(
                "webhooks",
                "`[webhooks]`",
                Some("as below"),
                "Messages to integrators.",
            ),
            key(
                "audit",
                "`[audit]`",
                Some("as below"),
                "Who asked whom when.",
            ),
            key(
                "key",
                "`[[key]]`, any number",
                Some("none: integrators of the state alone"),
                "Who may ask. Without one, `data` has to be named: integrators with keys of their own stand in the state there.",
            ),
            key("site", "`[[site]]`, one or more", None, "The practices."),
        ],
    },
    Table {
        what: "the entry of a key",
        heading: "[[key]]",
        about: "A caller's subscription key. A caller may have several.",
        keys: &[
            key(
                "caller",
                "text",
                None,
                "Whose key it is. Shares of a site's connections, and page links, are the caller's.",
            ),
            key(
                "secret",
                SECRET,
                None,
                "The key that requests bring in `Ocp-Apim-Subscription-Key`, 16 characters or more. One that the state has as a key of an integrator's is taken as that one's, with its limits, also where it was revoked there; the log says so.",
            ),
            key(
                "environment",
                "`staging`, `production`",
                Some("both"),
                "Where it counts: a key of one is refused at a site of the other.",
            ),
        ],
    },
    Table {
        what: "the webhooks",
        heading: "[webhooks]",
        about: "Where messages to integrators may go.",
        keys: &[key(
            "allow-private",
            "`true`, `false`",
            Some("`false`"),
            "Also to addresses of private networks and of this machine, and by plain http to any: for a test. What is changed counts from the next message on, also for webhooks that were set before.",
        )],
    },
    Table {
        what: "the audit trail",
        heading: "[audit]",
        about: "Who asked which site when; never what.",
        keys: &[key(
            "retention-days",
            "1 to 36525",
            Some("2557"),
            "How long it is kept. Taken up at a start only.",
        )],
    },
    Table {
        what: "the entry of a site",
        heading: "[[site]]",
        about: "A practice.",
        keys: &[
            key(
                "id",
                "a GUID",
                None,
                "Under which callers know it; it stands in the URL.",
            ),
            key(
                "name",
                "text",
                Some("none"),
                "The practice's name, for people: in its CapabilityStatement, and in the site's metadata where its database says none.",
            ),
            key(
                "pms-id",
                "text",
                Some("none"),
                "The product's own number of the practice, by which it is looked up. Without it the first 8 characters of `id` stand in.",
            ),
            key(
                "pms",
                "`Best Practice`, `Zedmed`, `D4w`, or another product's name",
                Some("what the mapping says"),
                "The product, by which the practice is looked up, and for which logins are. A name that neither the API nor the mapping has is a warning.",
            ),
            key(
                "environment",
                "`staging`, `production`",
                Some("`production`"),
                "Whose keys may ask it.",
            ),
            key(
                "authoritative",
                "`true`, `false`",
                Some("the first with its `pms-id` is"),
                "Whether it is the one that is asked, of several databases with one `pms-id`. An operator's choice counts before it.",
            ),
            key(
                "mapping",
                "a folder, or `\"bp-premier\"`",
                None,
                "The mapping, relative to the file. `bp-premier` is part of the program, where there is no such folder.",
            ),
            key(
                "time-zone",
                "an IANA zone",
                None,
                "Of the practice: `Australia/Sydney`. Dates and times without an offset are its.",
            ),
            key(
                "driver",
                "`mssql`, `firebird`, `odbc`, `passthrough`, `sqlite`",
                None,
                "How the databases are reached.",
            ),
            key(
                "server",
                "`[site.server]`",
                Some("none, for `sqlite`"),
                "The database server.",
            ),
            key(
                "database",
                "text",
                Some("see `[site.databases]`"),
                "The database of a mapping without catalogues: its name on the server; on Firebird its path or alias there, for `sqlite` the file.",
            ),
            key(
                "databases",
                "`[site.databases]`",
                Some("see `database`"),
                "The database of each catalogue.",
            ),
            key(
                "limits",
                "`[site.limits]`",
                Some("as below"),
                "The site's bounds.",
            ),
            key(
                "passthrough",
                "`[site.passthrough]`",
                Some("as below"),
                "SQL of callers' own.",
            ),
        ],
    },
    Table {
        what: "the server of a site",
        heading: "[site.server]",
        about: "Below the `[[site]]` that it belongs to. Which keys there are depends on the driver.",
        keys: &[
            of(
                &["mssql", "firebird"],
                "host",
                "a name or an address",
                None,
                "Of the database server, without port or scheme.",
            ),
            of(
                &["mssql", "firebird"],
                "port",
                "1 to 65535",
                Some("1433, 3050"),
                "Not beside `instance`.",
            ),
            of(
                &["mssql"],
                "instance",
                "text",
                Some("none"),
                "A named instance, whose port is looked up.",
            ),
            of(
                &["mssql"],
                "login",
                "`sql`, `windows`, `integrated`",
                Some("`sql`"),
                "A login of the server's; a Windows user, `user = \"DOMAIN\\\\name\"`; or who the program runs as.",
            ),
            of(
                &["mssql", "firebird", "odbc"],
                "user",
                "text",
                None,
                "Who logs in; SELECT on what the mapping names is enough. Not with `login = \"integrated\"`; may be left out for `odbc`.",
            ),
            of(
                &["mssql", "firebird", "odbc"],
                "password",
                SECRET,
                None,
                "As for `user`.",
            ),
            of(
                &["mssql"],
                "encrypt",
                "`true`, `false`, `\"strict\"`, `\"off\"`",
                Some("`true`"),
                "All is encrypted; the login alone; all by TDS 8.0; nothing. The second and the last are reported as unsafe.",
            ),
            of(
                &["firebird"],
                "encrypt",
                "`true`, `false`",
                Some("`true`"),
                "Whether the server has to encrypt the connection. `false` is reported as unsafe.",
            ),
            of(
                &["mssql", "passthrough"],
                "trusted-authority",
                "a PEM file",
                Some("those of the system"),
                "Whose certificates are believed; for `passthrough` beside the system's.",
            ),
            of(
                &["mssql"],
                "trust-any-certificate",
                "`true`, `false`",
                Some("`false`"),
                "Whoever answers is believed: reported as unsafe.",
            ),
            of(
                &["mssql"],
                "certificate-name",
                "a name or an address",
                Some("`host`"),
                "What the certificate is for, where that is not `host`.",
            ),
            of(
                &["firebird"],
                "charset",
                "`UTF8`, `WIN1252`, `ISO8859_1`, `NONE`",
                Some("`UTF8`"),
                "Of the connection. `UTF8` lets the server convert, `NONE` takes bytes as they are.",
            ),
            of(
                &["odbc"],
                "connection",
                "text",
                None,
                "The connection string, without user, password and database: `Driver=SQL Anywhere 17;Host=192.0.2.10`.",
            ),
            of(
                &["odbc"],
                "database-attribute",
                "text",
                Some("`DatabaseName`"),
                "What of the connection string names the database.",
            ),
            of(
                &["odbc"],
                "dialect",
                "`sqlanywhere`, `mssql`, `firebird`, `sqlite`",
                Some("`sqlanywhere`"),
                "What the database behind it speaks.",
            ),
            of(
                &["odbc"],
                "setup",
                "a list of statements",
                Some("isolation level 1 and a wait for locks of 5 s, for `sqlanywhere`"),
                "With which each connection begins.",
            ),
            of(
                &["passthrough"],
                "url",
                "an https URL",
                None,
                "Of the SQL passthrough API, without its paths; http for this computer only.",
            ),
            of(
                &["passthrough"],
                "site",
                "a GUID",
                None,
                "The practice's there.",
            ),
            of(
                &["passthrough"],
                "key",
                SECRET,
                None,
                "The subscription key there.",
            ),
            of(
                &["passthrough"],
                "rate",
                "0 to 1000000",
                Some("15"),
                "Queries that the account may send in any 5 seconds; 0: no bound. Sites of one account share it.",
            ),
        ],
    },
    Table {
        what: "the databases of a site",
        heading: "[site.databases]",
        about: "A key for each catalogue of the mapping, with the database that it is at this practice. Not for `passthrough`, unless they have other names there.",
        keys: &[],
    },
    Table {
        what: "the limits of a site",
        heading: "[site.limits]",
        about: "All of them may be left out. Times are written `500ms`, `5s`, and are a minute at most.",
        keys: &[
            key(
                "connections",
                "1 to 64",
                Some("4"),
                "To each of its databases.",
            ),
            key(
                "waiting",
                "0 to 10000",
                Some("256"),
                "Requests of one caller that wait for a connection; a further one gets 503.",
            ),
            key("wait", "a time", Some("5s"), "How long they wait."),
            key(
                "connect",
                "a time",
                Some("5s"),
                "How long it may take to make a connection.",
            ),
            key(
                "statement",
                "a time",
                Some("30s"),
                "How long the statements of a request may take together.",
            ),
            key(
                "rows-mib",
                "1 to 1024",
                Some("64"),
                "Mebibytes of one statement's rows.",
            ),
            key(
                "page",
                "1 to 1000",
                Some("20"),
                "Entries of a page, where `_count` is not given.",
            ),
            key(
                "page-most",
                "1 to 1000",
                Some("200"),
                "Entries of a page at the most.",
            ),
        ],
    },
    Table {
        what: "SQL passthrough at a site",
        heading: "[site.passthrough]",
        about: "SQL of callers' own, for those whom the practice has paired with. It runs as the caller's own login, where it has one and the database knows logins.",
        keys: &[
            key(
                "enabled",
                "`true`, `false`",
                Some("`true`"),
                "Whether it is offered here.",
            ),
            of(
                &["sqlite"],
                "writes",
                "`true`, `false`",
                Some("`false`"),
                "Whether statements may change the file. On a database server the login decides that.",
            ),
            key(
                "connections",
                "1 to 64",
                Some("4"),
                "Statements that run at a time.",
            ),
            key(
                "waiting",
                "1 to 100000",
                Some("1000"),
                "Statements of one integrator that wait, immediate ones and others counted apart; a further one gets 503.",
            ),
            of(
                &["mssql", "firebird", "odbc"],
                "user",
                "text",
                Some("that of `[site.server]`"),
                "Who logs in for callers that have no login of their own.",
            ),
            of(
                &["mssql", "firebird", "odbc"],
                "password",
                SECRET,
                Some("that of `[site.server]`"),
                "As for `user`.",
            ),
        ],
    },
    Table {
        what: "the place of a secret",
        heading: "Secrets",
        about: "A secret is named where it is kept, and never written out: `password = { env = \"BP_PASSWORD\" }`.",
        keys: &[
            key(
                "env",
                "text",
                Some("see `file`"),
                "An environment variable that holds it.",
            ),
            key(
                "file",
                "text",
                Some("see `env`"),
                "A file that holds it, relative to the configuration; only its owner should read it.",
            ),
        ],
    },
];

/// Whether the table that messages call `what` has a key of that name.
pub(super) fn is_listed(what: &str, name: &str) -> bool {
    let mut tables = TABLES.iter().filter(|table| table.what == what);
    tables.any(|table| table.keys.iter().any(|key| key.name == name))
}

/// All of them, as a page of Markdown.
pub fn page() -> String {
    let mut page = String::from(
        "# The configuration file\n\n\
         TOML, at most 1 MiB. Paths are relative to its folder. `pilaster config check FILE` reports every problem with its \
         place; there is no key that is ignored.\n",
    );
    for table in TABLES {
        let heading = match table.heading {
            "" => "The server".to_owned(),
            heading if heading.starts_with('[') => format!("`{heading}`"),
            heading => heading.to_owned(),
        };
        // Writing to a String cannot fail.
        let _ = write!(page, "\n## {heading}\n\n{}\n", table.about);
        if table.keys.is_empty() {
            continue;
        }
        let of_drivers = table.keys.iter().any(|key| !key.drivers.is_empty());
        page.push_str(match of_drivers {
            true => {
                "\n| key | driver | what stands there | without it | |\n|---|---|---|---|---|\n"
            }
            false => "\n| key | what stands there | without it | |\n|---|---|---|---|\n",
        });
        for key in table.keys {
            let _ = write!(page, "| `{}` |", key.name);
            if of_drivers {
                let drivers = match key.drivers {
                    [] => "all".to_owned(),
                    drivers => drivers.join(", "),
                };
                let _ = write!(page, " {drivers} |");
            }
            let default = key.default.unwrap_or("it must be there");
            let _ = writeln!(page, " {} | {default} | {} |", key.form, key.meaning);
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Cloud, Passthrough};
    use crate::passthrough::Limits;
    use crate::plan::CountLimits;

    #[test]
    fn the_defaults_are_those_of_the_program() {
        let limits = TABLES.iter().find(|table| table.heading == "[site.limits]");
        let of = |name: &str| {
            let key = limits?.keys.iter().find(|key| key.name == name)?;
            key.default
        };
        let (pool, count) = (Limits::default(), CountLimits::default());
        let seconds = |time: std::time::Duration| format!("{}s", time.as_secs());
        for (name, expected) in [
            ("connections", pool.connections.to_string()),
            ("waiting", pool.waiting.to_string()),
            ("wait", seconds(pool.wait)),
            ("connect", seconds(pool.connect)),
            ("statement", seconds(pool.statement)),
            ("rows-mib", (pool.rows >> 20).to_string()),
            ("page", count.default.to_string()),
            ("page-most", count.most.to_string()),
        ] {
            assert_eq!(of(name), Some(expected.as_str()), "{name}");
        }
    }

    #[test]
    fn the_defaults_of_the_cloud_surface_are_those_of_the_program() {
        let of = |heading: &str, name: &str| {
            let table = TABLES.iter().find(|table| table.heading == heading)?;
            let key = table.keys.iter().find(|key| key.name == name)?;
            key.default
        };
        let (cloud, site) = (Cloud::default(), Passthrough::default());
        let days = cloud.audit_retention.as_secs() / (24 * 60 * 60);
        let limit = cloud.rate_limit.map(|limit| limit.to_string());
        let flag = |value: bool| Some(format!("`{value}`"));
        for (heading, name, expected) in [
            ("", "rate-limit", limit),
            ("[webhooks]", "allow-private", flag(cloud.private_webhooks)),
            ("[audit]", "retention-days", Some(days.to_string())),
            ("[site.passthrough]", "enabled", flag(site.is_enabled)),
            ("[site.passthrough]", "writes", flag(site.writes)),
            (
                "[site.passthrough]",
                "connections",
                Some(site.connections.to_string()),
            ),
            (
                "[site.passthrough]",
                "waiting",
                Some(site.waiting.to_string()),
            ),
        ] {
            assert_eq!(of(heading, name), expected.as_deref(), "{heading} {name}");
        }
    }

    #[test]
    fn the_page_has_a_row_for_each_key() {
        let page = page();
        for table in TABLES {
            for key in table.keys {
                assert!(
                    page.contains(&format!("| `{}` |", key.name)),
                    "{}",
                    key.name
                );
            }
        }
        insta::assert_snapshot!(page);
    }
}
