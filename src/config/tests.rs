//! What a file may say, and what is said of one that is wrong.

use std::collections::HashMap;

use super::*;
use crate::gateway::site::Product;
use crate::passthrough::mssql::Encryption;
use crate::relation::Dialect;

struct Variables(HashMap<&'static str, &'static str>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| (*value).to_owned())
    }
}

/// Of a server that is given its folder of data.
fn read_text(text: &str) -> Result<Read, String> {
    read_text_for(text, Use::Server { is_kept: true })
}

fn read_text_for(text: &str, wanted: Use) -> Result<Read, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pilaster.toml");
    std::fs::write(&path, text).expect("written");
    std::fs::write(folder.path().join("secret"), "from a file\n").expect("written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let owner = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(folder.path().join("secret"), owner).expect("private");
    }
    let environment = Variables(HashMap::from([
        ("PASSWORD", "hunter2"),
        ("CALLER_KEY", "a key of a caller"),
        ("EMPTY", ""),
        ("FIFTEEN", "é23456789012345"),
        ("SIXTEEN", "é234567890123456"),
        ("OPERATOR", "0123456789abcdef"),
        (
            "STATE",
            "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5",
        ),
    ]));
    super::site::config(&path, "pilaster.toml", text, &environment, wanted)
        .map_err(|problems| problems.render(false))
}

const KEY: &str = "[[key]]\ncaller = \"acme\"\nsecret = { env = \"CALLER_KEY\" }\n";

#[test]
fn a_whole_file_is_read() {
    let text = format!(
        r#"
listen = "127.0.0.1:8080"
base-url = "https://fhir.example.org/"
data = "kept"
trusted-proxies = ["10.0.0.0/8", "::1"]
operator-key = {{ env = "OPERATOR" }}

{KEY}
[[site]]
id = "8F1AE3F6-0C3F-4A5E-9A41-0A4A7F0D6A11"
name = "Harbour Street Medical"
pms-id = "12345"
mapping = "bp-premier"
time-zone = "Australia/Sydney"
driver = "mssql"

[site.server]
host = "192.0.2.10"
user = "pilaster_reader"
password = {{ file = "secret" }}

[site.databases]
BPSPATIENTS = "BPSPatients"

[site.limits]
connections = 2
wait = "500ms"
statement = "45s"
rows-mib = 8
page = 10
"#
    );
    let read = read_text(&text).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(read.warnings.is_empty(), "{}", read.warnings);
    let config = read.config;
    assert_eq!(config.keys.len(), 1);
    assert_eq!(config.keys[0].secret.reveal(), "a key of a caller");
    assert!(
        config
            .data
            .as_deref()
            .is_some_and(|data| data.ends_with("kept"))
    );
    let proxies = config.trusted_proxies.iter().map(ToString::to_string);
    assert_eq!(proxies.collect::<Vec<_>>(), ["10.0.0.0/8", "::1/128"]);
    assert_eq!(config.files.len(), 2);
    let [site] = &config.sites[..] else {
        panic!("one site")
    };
    assert_eq!(site.id, "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11");
    assert_eq!(site.mapping, MappingSource::Embedded);
    assert_eq!(
        site.databases,
        [(Arc::from("BPSPATIENTS"), "BPSPatients".to_owned())]
    );
    assert_eq!(site.limits.connections, 2);
    assert_eq!(site.limits.statement.as_secs(), 45);
    assert_eq!(site.limits.rows, 8 << 20);
    assert_eq!((site.count.default, site.count.most), (10, 200));
    let Server::Mssql(server) = &site.server else {
        panic!("{:?}", site.server)
    };
    let MssqlLogin::Sql { user, password } = &server.login else {
        panic!("{:?}", server.login)
    };
    assert_eq!(
        (user.as_str(), password.reveal()),
        ("pilaster_reader", "from a file")
    );
    assert_eq!(server.encrypt, Encryption::Required);
    assert_eq!(server.trust, Trust::System);
    assert!(!format!("{site:?}").contains("from a file"));
}

#[test]
fn every_problem_is_reported_with_its_place_and_no_secret_is_shown() {
    let text = r#"
listen = "localhost"
base-url = "ftp://x"
trusted-proxies = ["10.0.0.0/8", "10.0.0.0/33"]
lisen = "x"
operator-key = "0123456789abcdef"

[[key]]
caller = "acme"
secret = "hunter2"

[[key]]
caller = ""
secret = { env = "EMPTY" }

[[site]]
id = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11"
mapping = "bp-premier"
time-zone = "Australia/Sidney"
driver = "mssql"
[site.server]
host = "tcp:192.0.2.10,1433"
port = 70000
user = "x"
password = { env = "NOWHERE" }
encrypt = false
[site.databases]
BPSPATIENT = "x"
[site.limits]
wait = "1h"
page = 300
conections = 3

[[site]]
id = "8F1AE3F6-0C3F-4A5E-9A41-0A4A7F0D6A11"
mapping = "nowhere"
driver = "oracle"

[[site]]
id = "one"
mapping = "bp-premier"
time-zone = "UTC"
driver = "passthrough"
database = 3
[site.server]
url = "http://api.example.org"
site = "two"
key = { env = "PASSWORD", file = "secret" }
"#;
    let problems = read_text(text).expect_err("refused");
    for secret in ["hunter2", "0123456789abcdef"] {
        assert!(!problems.contains(secret), "{problems}");
    }
    insta::assert_snapshot!(problems);
}

/// A file of one site, with these lines for it.
fn site(lines: &str) -> String {
    format!(
        "{KEY}[[site]]\nid = \"8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11\"\nmapping = \"bp-premier\"\ntime-zone = \"Australia/Sydney\"\n{lines}\n"
    )
}

#[test]
fn a_firebird_server_has_to_encrypt_unless_the_file_does_without() {
    let server = |more: &str| {
        let text = site(&format!(
            "driver = \"firebird\"\n[site.server]\nhost = \"192.0.2.20\"\nuser = \"PILASTER\"\npassword = {{ env = \"PASSWORD\" }}\n{more}\n[site.databases]\nBPSPATIENTS = \"/x.fdb\""
        ));
        let read = read_text(&text).unwrap_or_else(|problems| panic!("{problems}"));
        let Server::Firebird(server) = &read.config.sites[0].server else {
            panic!("{:?}", read.config.sites[0].server)
        };
        (server.encrypt, read.warnings.to_string())
    };
    let (encrypt, warnings) = server("");
    assert!(encrypt && !warnings.contains("PC013"), "{warnings}");
    let (encrypt, warnings) = server("encrypt = false");
    assert!(
        !encrypt && warnings.contains("warning[PC013]"),
        "{warnings}"
    );
    assert!(warnings.contains("need not be encrypted"), "{warnings}");
}

#[cfg(feature = "odbc")]
#[test]
fn a_session_behind_odbc_begins_as_the_file_says_or_as_its_engine_needs() {
    let read = |more: &str| {
        read_text(&site(&format!(
            "driver = \"odbc\"\n[site.server]\nconnection = \"DSN=practice\"\n{more}\n[site.databases]\nBPSPATIENTS = \"x\""
        )))
    };
    let setup = |more: &str| {
        let read = read(more).unwrap_or_else(|problems| panic!("{problems}"));
        match &read.config.sites[0].server {
            Server::Odbc(server) => server.setup.join("; "),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        setup(""),
        "SET TEMPORARY OPTION isolation_level = 1; SET TEMPORARY OPTION blocking_timeout = 5000"
    );
    assert_eq!(setup("dialect = \"mssql\""), "");
    assert_eq!(setup("setup = []"), "");
    assert_eq!(
        setup("setup = [\"SET A = 1\", \"SET B = 2\"]"),
        "SET A = 1; SET B = 2"
    );
    for wrong in [
        "setup = \"SET A = 'hunter2'\"",
        "setup = [\"SET A = 'hunter2'\", 3]",
        "setup = [\"SET A = 'hunter2'\", \"\"]",
    ] {
        let problems = read(wrong).expect_err("refused");
        assert!(problems.contains("setup"), "{problems}");
        assert!(!problems.contains("hunter2"), "{problems}");
    }
}

#[test]
fn each_key_is_offered_once_in_place_of_one_that_is_not_known() {
    for driver in ["mssql", "firebird", "odbc"] {
        let text = site(&format!(
            "driver = \"{driver}\"\n[site.server]\nwhatever = 1\nconnection = \"DSN=practice\"\npassword = {{ env = \"PASSWORD\" }}"
        ));
        let problems = read_text(&text).expect_err("refused");
        let lines = problems.lines();
        let mut keys = lines.filter(|line| line.contains("the keys here are"));
        let keys = keys.next().expect("the keys");
        assert_eq!(keys.matches("password").count(), 1, "{driver}: {problems}");
    }
}

/// The server of a site on SQL Server, with these lines, and the warnings.
fn mssql(more: &str) -> Result<(MssqlServer, String), String> {
    let read = read_text(&site(&format!(
        "driver = \"mssql\"\n[site.server]\nhost = \"192.0.2.10\"\nuser = \"x\"\npassword = {{ env = \"PASSWORD\" }}\n{more}\n[site.databases]\nBPSPATIENTS = \"x\""
    )))?;
    match &read.config.sites[0].server {
        Server::Mssql(server) => Ok((server.clone(), read.warnings.to_string())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_sql_server_encrypts_is_said_in_four_ways() {
    let cases = [
        ("", Encryption::Required, ""),
        ("encrypt = true", Encryption::Required, ""),
        ("encrypt = \"strict\"", Encryption::Strict, ""),
        (
            "encrypt = false",
            Encryption::LoginOnly,
            "the login alone is encrypted",
        ),
        (
            "encrypt = \"off\"",
            Encryption::Off,
            "nothing is encrypted, the password included",
        ),
    ];
    for (line, expected, warning) in cases {
        let (server, warnings) = mssql(line).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(server.encrypt, expected, "{line}");
        assert_eq!(warnings.contains("PC013"), !warning.is_empty(), "{line}");
        assert!(warnings.contains(warning), "{warnings}");
    }
    for line in ["encrypt = \"yes\"", "encrypt = 1", "encrypt = [\"strict\"]"] {
        let problems = mssql(line).expect_err(line);
        assert!(problems.contains("PC006"), "{problems}");
        assert!(problems.contains("\"strict\""), "{problems}");
    }
}

#[test]
fn a_file_that_says_nothing_of_the_cloud_surface_has_its_defaults() {
    let read = read_text(&sqlite("", "")).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(read.config.cloud, Cloud::default());
    assert_eq!(read.config.keys[0].environment, None);
    let [site] = &read.config.sites[..] else {
        panic!("one site")
    };
    assert_eq!(site.passthrough, Passthrough::default());
    assert!(!site.passthrough.has_own_driver());
    let declared = site.declared().expect("a GUID");
    assert_eq!(declared.id.to_string(), site.id);
    assert_eq!(declared.environment, integrator::Environment::Production);
    assert_eq!(declared.product, Product::BestPractice);
    assert_eq!((declared.pms_id, declared.authoritative), (None, None));
    assert_eq!(declared.catalogues, [Arc::from("BPSPATIENTS")]);
}

/// A file of one site on SQLite, with lines for the file, the site, and below it.
fn sqlite(root: &str, site: &str) -> String {
    format!(
        "{root}\n{KEY}[[site]]\nid = \"8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11\"\nmapping = \"bp-premier\"\ntime-zone = \"Australia/Sydney\"\ndriver = \"sqlite\"\ndatabase = \"secret\"\n{site}\n"
    )
}

#[test]
fn a_whole_cloud_surface_is_read() {
    let root = "state-key = { env = \"STATE\" }\nrate-limit = 50\nwebhooks = { allow-private = true }\naudit = { retention-days = 30 }";
    let site = "environment = \"staging\"\npms = \"open dental\"\npms-id = \" 12345 \"\nauthoritative = true\n[site.passthrough]\nwrites = true\nconnections = 2\nwaiting = 10";
    let text = sqlite(root, site).replace("caller = ", "environment = \"staging\"\ncaller = ");
    let read = read_text(&text).unwrap_or_else(|problems| panic!("{problems}"));
    // It may be another's product, or one that is misspelt.
    let warnings = read.warnings.to_string();
    assert!(
        warnings.contains("warning[PC020]") && warnings.contains("1 warning"),
        "{warnings}"
    );
    let cloud = &read.config.cloud;
    let key = cloud.state_key.as_ref().expect("a key");
    assert_eq!(key.reveal(), &[0xa5; 32]);
    assert_eq!(cloud.rate_limit, Some(50));
    assert!(cloud.private_webhooks);
    assert_eq!(cloud.audit_retention.as_secs(), 30 * 86_400);
    let staging = integrator::Environment::Staging;
    assert_eq!(read.config.keys[0].environment, Some(staging));
    let [site] = &read.config.sites[..] else {
        panic!("one site")
    };
    assert_eq!(
        site.identity,
        Identity {
            environment: staging,
            product: Product::named("Open Dental"),
            pms_id: Some(Arc::from("12345")),
            authoritative: Some(true),
        }
    );
    let passthrough = &site.passthrough;
    assert!(passthrough.is_enabled && passthrough.writes && passthrough.has_own_driver());
    assert_eq!((passthrough.connections, passthrough.waiting), (2, 10));
    let read = read_text(&sqlite(
        "rate-limit = \"off\"",
        "passthrough = { enabled = false }",
    ));
    let config = read.unwrap_or_else(|problems| panic!("{problems}")).config;
    assert_eq!(config.cloud.rate_limit, None);
    assert!(!config.sites[0].passthrough.is_enabled);
}

#[test]
fn what_is_wrong_of_the_cloud_surface_is_said_and_no_secret_is_shown() {
    let root = "state-key = { env = \"PASSWORD\" }\nrate-limit = \"none\"\nwebhooks = { allow-private = 1 }\naudit = { retention-days = 0 }";
    let site = "environment = \"test\"\nauthoritative = true\n[site.passthrough]\nenabled = \"yes\"\nconnections = 0\nuser = \"x\"\nwriting = true";
    let problems = read_text(&sqlite(root, site)).expect_err("refused");
    assert!(!problems.contains("hunter2"), "{problems}");
    insta::assert_snapshot!(problems);
}

/// The entry of a site that names no server's login for passthrough but this.
fn passthrough(driver: &str, server: &str, lines: &str) -> Result<Read, String> {
    read_text(&site(&format!(
        "driver = \"{driver}\"\n[site.server]\n{server}\n[site.databases]\nBPSPATIENTS = \"x\"\n[site.passthrough]\n{lines}"
    )))
}

#[test]
fn statements_of_callers_may_have_a_login_of_their_own() {
    let host = "host = \"192.0.2.10\"\nuser = \"reader\"\npassword = { env = \"PASSWORD\" }";
    let integrated = "host = \"192.0.2.10\"\nlogin = \"integrated\"";
    let windows = format!("{host}\nlogin = \"windows\"");
    let login = "user = \"caller\"\npassword = { env = \"CALLER_KEY\" }";
    let server = |driver: &str, server: &str| {
        let read = passthrough(driver, server, login).unwrap_or_else(|it| panic!("{it}"));
        let site = &read.config.sites[0];
        assert!(site.passthrough.has_own_driver());
        let own = site.passthrough.server(&site.server);
        assert_ne!(own, site.server);
        own
    };
    let (user, password) = ("caller".to_owned(), Secret::new("a key of a caller"));
    let is_sql = MssqlLogin::Sql {
        user: user.clone(),
        password: password.clone(),
    };
    for said in [host, integrated] {
        let Server::Mssql(server) = server("mssql", said) else {
            panic!("no SQL Server")
        };
        assert_eq!(server.login, is_sql);
    }
    let Server::Mssql(of_windows) = server("mssql", &windows) else {
        panic!("no SQL Server")
    };
    let (of_user, of_password) = (user.clone(), password.clone());
    let expected = MssqlLogin::Windows {
        user: of_user,
        password: of_password,
    };
    assert_eq!(of_windows.login, expected);
    let Server::Firebird(firebird) = server("firebird", host) else {
        panic!("no Firebird")
    };
    assert_eq!((firebird.user, firebird.password), (user, password));
    let half = passthrough("mssql", host, "user = \"caller\"").expect_err("refused");
    assert!(
        half.contains("PC004") && half.contains("`password` is missing"),
        "{half}"
    );
    let writes = passthrough("mssql", host, "writes = false").expect_err("refused");
    assert!(
        writes.contains("the login decides what a statement may change"),
        "{writes}"
    );
    let upstream = "url = \"https://api.example.org\"\nsite = \"8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11\"\nkey = { env = \"PASSWORD\" }";
    let problems = passthrough("passthrough", upstream, login).expect_err("refused");
    assert!(
        problems.contains("the login is the upstream's"),
        "{problems}"
    );
}

#[test]
fn statements_of_callers_have_a_driver_of_their_own_where_fhirs_is_not_theirs() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut drivers = Drivers::new(runtime.handle().clone());
    let mut has_own = |text: &str| {
        let read = read_text(text).unwrap_or_else(|problems| panic!("{problems}"));
        let site = &read.config.sites[0];
        let driver = drivers.of_passthrough(site, Dialect::Sqlite);
        driver.expect("a driver").is_some()
    };
    assert!(!has_own(&sqlite("", "")));
    assert!(has_own(&sqlite("", "passthrough = { writes = true }")));
    let firebird = "driver = \"firebird\"\n[site.server]\nhost = \"192.0.2.20\"\nuser = \"reader\"\npassword = { env = \"PASSWORD\" }\n[site.databases]\nBPSPATIENTS = \"/x.fdb\"";
    let login = "[site.passthrough]\nuser = \"caller\"\npassword = { env = \"CALLER_KEY\" }";
    assert!(!has_own(&site(firebird)));
    assert!(has_own(&site(&format!("{firebird}\n{login}"))));
}

/// A file of several sites with one PMS ID, each with lines of its own; its errors, or its warnings.
fn one_pms_id(entries: &[&str]) -> Result<String, String> {
    let entries = (0..).zip(entries).map(|(number, lines)| {
        format!(
            "[[site]]\nid = \"8f1ae3f6-0c3f-4a5e-9a41-00000000000{number}\"\npms-id = \"12345\"\nmapping = \"bp-premier\"\ntime-zone = \"UTC\"\ndriver = \"sqlite\"\ndatabase = \"secret\"\n{lines}\n"
        )
    });
    let text: String = std::iter::once(KEY.to_owned()).chain(entries).collect();
    read_text(&text).map(|read| read.warnings.to_string())
}

#[test]
fn of_the_sites_of_a_pms_id_one_is_authoritative() {
    let (yes, no) = ("authoritative = true", "authoritative = false");
    let other = "environment = \"staging\"";
    for fits in [
        &["", yes][..],
        &["", no],
        &[no, "", no],
        &["", other],
        &["pms = \"Zedmed\"", ""],
    ] {
        assert_eq!(one_pms_id(fits), Ok(String::new()), "{fits:?}");
    }
    for unsaid in [&["", ""][..], &["", no, ""]] {
        let warnings = one_pms_id(unsaid).expect("a warning");
        assert!(warnings.contains("warning[PC019]"), "{warnings}");
    }
    for wrong in [&[yes, "", yes][..], &[no], &[no, no]] {
        let problems = one_pms_id(wrong).expect_err("refused");
        assert!(problems.contains("error[PC018]"), "{problems}");
        assert!(problems.contains("1 error"), "{problems}");
    }
    // Its place among the others of its practice is none of a site without a PMS ID.
    let problems = read_text(&sqlite("", yes)).expect_err("refused");
    assert!(problems.contains("there is no `pms-id` here"), "{problems}");
}

#[test]
fn a_certificate_may_bear_another_name() {
    let name = |more: &str| mssql(more).map(|(server, _)| server.certificate_name);
    assert_eq!(name(""), Ok(None));
    let other = "certificate-name = \"bps.example.org\"";
    assert_eq!(name(other), Ok(Some("bps.example.org".to_owned())));
    for wrong in [
        "certificate-name = \"CN=bps\"".to_owned(),
        format!("{other}\ntrust-any-certificate = true"),
    ] {
        let problems = name(&wrong).expect_err("refused");
        assert!(problems.contains("PC006"), "{problems}");
    }
}

#[test]
fn a_secret_of_any_type_is_not_to_stand_in_the_file() {
    for secret in ["12345", "12345.5", "true", "[\"12345\"]", "2026-01-05"] {
        let problems = read_text(&site(&format!(
            "driver = \"firebird\"\n[site.server]\nhost = \"h\"\nuser = \"x\"\npassword = {secret}\n[site.databases]\nBPSPATIENTS = \"x\""
        )));
        let problems = problems.expect_err("refused");
        assert!(problems.contains("error[PC007]"), "{problems}");
        assert!(problems.contains("password = { env = "), "{problems}");
        assert!(!problems.contains(secret), "{problems}");
    }
}

#[test]
fn the_nearest_driver_and_time_zone_are_named() {
    let text = site("driver = \"msql\"").replace("Australia/Sydney", "Australia/Brisban");
    let problems = read_text(&text).expect_err("refused");
    for name in ["mssql", "Australia/Brisbane"] {
        let help = format!("did you mean `{name}`?");
        assert!(problems.contains(&help), "{problems}");
    }
}

#[test]
fn the_nearest_folder_of_a_mapping_is_named() {
    let text = site("driver = \"sqlite\"\ndatabase = \"secret\"");
    let help = |mapping: &str| {
        let problems = read_text(&text.replace("bp-premier", mapping)).expect_err("refused");
        let help = problems.split("= help: ").nth(1).expect("help");
        help.lines().next().expect("a line").to_owned()
    };
    let near = concat!(env!("CARGO_MANIFEST_DIR"), "/mappings/zedmd");
    assert!(help(near).ends_with("/mappings/zedmed`?"), "{}", help(near));
    assert_eq!(
        help("bp-premeir"),
        "did you mean `bp-premier`, which is part of the program?"
    );
    assert!(help("somewhere").starts_with("a path begins at the folder of this file"));
}

#[test]
fn a_database_is_named_and_a_file_is_looked_for() {
    let read = |driver: &str, lines: &str| {
        let server = "[site.server]\nhost = \"h\"\nuser = \"x\"\npassword = { env = \"PASSWORD\" }";
        let server = if driver == "sqlite" { "" } else { server };
        let text = format!("driver = \"{driver}\"\n{server}\n[site.databases]\n{lines}");
        read_text(&site(&text)).map(|read| read.warnings.to_string())
    };
    for driver in ["mssql", "firebird", "sqlite"] {
        let problems = read(driver, "BPSPATIENTS = \" \"").expect_err("refused");
        assert!(
            problems.contains("`BPSPATIENTS` is empty") && problems.contains("1 error"),
            "{problems}"
        );
    }
    // It stands beside the configuration.
    assert_eq!(
        read("sqlite", "BPSPATIENTS = \"secret\""),
        Ok(String::new())
    );
    let warnings = read("sqlite", "BPSPATIENTS = \"later.sqlite\"").expect("a warning");
    assert!(
        warnings.contains("warning[PC016]") && warnings.contains("later.sqlite"),
        "{warnings}"
    );
    assert!(
        warnings.contains("note: it is looked for at ")
            && warnings.contains("help: correct the path"),
        "{warnings}"
    );
    let zedmed = concat!(env!("CARGO_MANIFEST_DIR"), "/mappings/zedmed");
    let one =
        site("driver = \"sqlite\"\n[site.databases]\nOFFICE = \"secret\"\nCLINICAL = \"secret\"")
            .replace("bp-premier", zedmed);
    let read_one = read_text(&one).unwrap_or_else(|problems| panic!("{problems}"));
    insta::assert_snapshot!(read_one.warnings, @r#"
    warning[PC017]: the catalogues `OFFICE` and `CLINICAL` are one database
      --> pilaster.toml:11:12
       |
    10 | OFFICE = "secret"
       |          -------- first here
    11 | CLINICAL = "secret"
       |            ^^^^^^^^ again here
       |
       = help: name the database of each, unless this one has the tables of both

    1 warning
    "#);
    let problems = read("sqlite", "BPSPATIENTS = \".\"").expect_err("refused");
    assert!(problems.contains("this is no file"), "{problems}");
}

#[test]
fn a_key_that_is_written_twice_is_shown_at_both_places() {
    let twice = format!("{KEY}caller = \"acme\"\npassword = \"hunter2\"\n");
    insta::assert_snapshot!(read_text(&twice).expect_err("refused"), @r#"
    error[PC009]: `caller` is written twice
     --> pilaster.toml:4:1
      |
    2 | caller = "acme"
      | ------ first here
    3 | secret = { env = "CALLER_KEY" }
    4 | caller = "acme"
      | ^^^^^^ again here
      |
      = help: keep the one that is meant; what is to be of another practice or caller stands below a [[site]] or [[key]] of its own

    1 error
    "#);
    let server = "[site.server]\nhost = \"h\"\npassword = \"hunter2\"\n";
    let twice = site(&format!("driver = \"mssql\"\n{server}{server}"));
    let problems = read_text(&twice).expect_err("refused");
    assert!(!problems.contains("hunter2"), "{problems}");
    insta::assert_snapshot!(problems, @"
    error[PC009]: `server` is written twice
      --> pilaster.toml:12:7
       |
     9 | [site.server]
       |       ------ first here
    ...
    12 | [site.server]
       |       ^^^^^^ again here
       |
       = help: write what belongs to it under one heading; another practice or caller begins with [[site]] or [[key]]

    1 error
    ");
}

#[test]
fn what_is_no_toml_shows_no_secret_either() {
    let problems = read_text("password = \"hunter2\" \"x\"\n").expect_err("refused");
    assert!(problems.contains("PC002"), "{problems}");
    assert!(!problems.contains("hunter2"), "{problems}");
}

const SERVER: Use = Use::Server { is_kept: false };

#[test]
fn an_empty_file_says_what_it_lacks() {
    let problems = read_text_for("", SERVER).expect_err("refused");
    assert!(
        problems.contains("`site` is missing") && problems.contains("nobody may ask"),
        "{problems}"
    );
}

#[test]
fn a_server_without_keys_needs_a_folder_of_integrators() {
    let without = |root: &str| sqlite(root, "").replace(KEY, "");
    let problems = read_text_for(&without(""), SERVER).expect_err("refused");
    insta::assert_snapshot!(problems);
    // An empty list is none either.
    assert!(read_text_for(&without("key = []"), SERVER).is_err());
    let of = |read: Result<Read, String>| {
        let read = read.unwrap_or_else(|problems| panic!("{problems}"));
        (read.config.keys.len(), read.warnings.to_string())
    };
    let fits = (0, String::new());
    assert_eq!(of(read_text_for(&without("data = \"kept\""), SERVER)), fits);
    assert_eq!(of(read_text(&without(""))), fits, "--data");
    // Who looks at a site asks nobody's leave.
    let sites = Use::Sites(Mappings::Needed);
    assert_eq!(of(read_text_for(&without(""), sites)), fits);
}

#[test]
fn a_server_without_a_folder_of_data_is_told_what_ends_with_it() {
    let text = sqlite("", "");
    let read = read_text_for(&text, SERVER).unwrap_or_else(|problems| panic!("{problems}"));
    insta::assert_snapshot!(read.warnings.to_string());
    for wanted in [
        Use::Server { is_kept: true },
        Use::Sites(Mappings::Needed),
        Use::Sites(Mappings::NotRead),
    ] {
        let read = read_text_for(&text, wanted).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(read.warnings.is_empty(), "{}", read.warnings);
    }
}

#[test]
fn a_caller_s_key_is_long_enough_not_to_be_guessed_and_is_not_shown() {
    let read = |name: &str| read_text(&sqlite("", "").replace("CALLER_KEY", name));
    // Characters are counted, not bytes.
    assert!(read("SIXTEEN").is_ok());
    for (name, value) in [("FIFTEEN", "é23456789012345"), ("PASSWORD", "hunter2")] {
        let problems = read(name).expect_err("refused");
        assert!(!problems.contains(value), "{problems}");
        let place = format!("secret = {{ env = \"{name}\" }}");
        for said in [
            "error[PC006]",
            "16 characters",
            &place,
            "openssl rand -hex 32",
        ] {
            assert!(problems.contains(said), "{said}: {problems}");
        }
    }
}

#[test]
fn a_file_that_is_not_there_is_a_problem_of_its_own() {
    let problems = read(Path::new("/nowhere/pilaster.toml"), &Process).expect_err("refused");
    assert!(problems.render(false).contains("error[PC001]"));
}

/// What nobody reads is reported as no key, as the second key of each table here is.
#[test]
fn every_key_of_the_page_is_read() {
    for table in keys::TABLES {
        for key in table.keys {
            let drivers = match (table.heading, key.drivers) {
                ("[site.server]", of) => of,
                _ => &["mssql"][..],
            };
            for driver in drivers {
                let line = format!("{} = [[1]], none-such = 1", key.name);
                let lines = line.replace(", ", "\n");
                let text = match table.heading {
                    "" => format!("{lines}\n"),
                    "Secrets" => format!("operator-key = {{ {line} }}\n"),
                    "[[key]]" | "[[site]]" => format!("{}\n{lines}\n", table.heading),
                    heading => format!("[[site]]\ndriver = \"{driver}\"\n{heading}\n{lines}\n"),
                };
                let problems = read_text(&text).expect_err("refused");
                assert!(problems.contains("no key `none-such`"), "{text}{problems}");
                let unread = format!("no key `{}`", key.name);
                assert!(!problems.contains(&unread), "{text}{problems}");
            }
        }
    }
}
