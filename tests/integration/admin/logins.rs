//! An integrator's own logins, and the products that they are for.

use super::*;

#[test]
fn an_integrator_has_logins_of_its_own() {
    let data = Data::with_integrator();
    let file = data.write("password", "from-the-file\n");
    let set = ["login", "set", "Example Health", "--user", "example"];
    let at_product = ["--product", "Best Practice"];
    let by_env = ["--password-env", "ADMIN_TEST_SECRET"];
    let told = data.done(&[&set[..], &at_product, &by_env].concat()).notes;
    assert_eq!(
        told,
        "SQL and FHIR of Example Health run as example at all sites of BestPractice\n"
    );
    data.done(&[&set[..], &["--site", SITE, "--password-file", &file]].concat());

    let (whose, site) = (data.integrator(), SITE.parse().expect("an id"));
    let password = |site: SiteId| {
        let index = Index::new(data.directory());
        let login = index.login(whose, site, "BestPractice").cloned();
        login.map(|login| login.password.reveal().to_owned())
    };
    assert_eq!(password(site).as_deref(), Some("from-the-file"));
    let other = OTHER_SITE.parse().expect("an id");
    assert_eq!(password(other).as_deref(), Some("from-the-environment"));

    let listed = data.json(&["login", "list"]);
    assert_eq!(listed[0]["site"], SITE);
    assert_eq!(listed[1]["product"], "BestPractice");
    assert_eq!(listed[1]["user"], "example");
    let remove = ["login", "remove", "Example Health"];
    data.done(&[&remove[..], &["--site", SITE]].concat());
    assert_eq!(password(site).as_deref(), Some("from-the-environment"));
    data.refused(
        &[&remove[..], &["--site", SITE]].concat(),
        "has no login at 8f1ae3f6",
    );
    data.done(&[&remove[..], &["--product", "bestpractice"]].concat());
    assert_eq!(data.json(&["login", "list"]), json!([]));
}

#[test]
fn a_site_that_knows_no_logins_is_told() {
    let data = Data::with_integrator();
    let config = data.write(
        "pilaster.toml",
        &format!(
            "[[key]]\ncaller = \"acme\"\nsecret = {{ env = \"ADMIN_TEST_SECRET\" }}\n[[site]]\nid = \"{SITE}\"\n\
             mapping = \"bp-premier\"\ntime-zone = \"Australia/Hobart\"\ndriver = \"sqlite\"\ndatabase = \"first.sqlite\"\n"
        ),
    );
    let set = ["login", "set", "Example Health", "--user", "example"];
    let by_env = ["--password-env", "ADMIN_TEST_SECRET", "--config", &config];
    let told = data.done(&[&set[..], &["--site", SITE], &by_env].concat());
    let warning = format!("warning: {SITE} is a SQLite file, which knows no logins");
    assert!(told.notes.contains(&warning), "{}", told.notes);
}

#[test]
fn a_product_that_nobody_knows_is_told() {
    let data = Data::with_integrator();
    let set = |product: &str, more: &[&str]| {
        let set = ["login", "set", "Example Health", "--user", "example"];
        let by_env = ["--password-env", "ADMIN_TEST_SECRET"];
        data.done(&[&set[..], &["--product", product], &by_env, more].concat())
            .notes
    };
    let told = set("Zedmd", &[]);
    for said in [
        "warning: no product is known as `Zedmd`",
        "Did you mean `Zedmed`?",
        "Best Practice, ",
    ] {
        assert!(told.contains(said), "{told}");
    }
    for known in ["zedmed", "Bp Premier", "Dental 4 Windows", "D4W"] {
        let told = set(known, &[]);
        assert!(!told.contains("warning"), "{told}");
    }
    // One that a site of the configuration is of is known, too.
    let site = |pms: &str, mapping: &str| {
        format!(
            "[[key]]\ncaller = \"acme\"\nsecret = {{ env = \"ADMIN_TEST_SECRET\" }}\n[[site]]\nid = \"{SITE}\"\n{pms}\
             mapping = \"{mapping}\"\ntime-zone = \"Australia/Hobart\"\ndriver = \"mssql\"\ndatabase = \"BPSPatients\"\n\
             [site.server]\nhost = \"localhost\"\nuser = \"x\"\npassword = {{ env = \"ADMIN_TEST_SECRET\" }}\n"
        )
    };
    let config = data.write(
        "pilaster.toml",
        &site("pms = \"Open Dental\"\n", "bp-premier"),
    );
    let told = set("open dental", &["--config", &config]);
    assert!(!told.contains("warning"), "{told}");
    let told = set("Open Dentl", &["--config", &config]);
    assert!(
        told.contains("Did you mean `Open Dental`?") && told.contains(&config),
        "{told}"
    );
    // A mapping that cannot be read keeps nobody from setting a login.
    let config = data.write("broken.toml", &site("", "none-such"));
    let told = set("Open Dental", &["--config", &config]);
    let unread = format!("known as `open dental` (the mappings of {config} cannot be read)");
    assert!(
        told.contains(&unread) && !told.contains("none-such"),
        "{told}"
    );

    // However it is spelt, it is one login, and the site's.
    let listed = data.json(&["login", "list"]);
    let products = listed.as_array().expect("a list").iter();
    let products = products.filter_map(|it| it["product"].as_str());
    let of_open_dental = products.filter(|name| name.to_lowercase() == "open dental");
    assert_eq!(of_open_dental.count(), 1, "{listed}");
    let index = Index::new(data.directory());
    let site = OTHER_SITE.parse().expect("an id");
    assert!(
        index
            .login(data.integrator(), site, "Open Dental")
            .is_some()
    );
    data.done(&[
        "login",
        "remove",
        "Example Health",
        "--product",
        "OPEN DENTAL",
    ]);
    let index = Index::new(data.directory());
    assert!(
        index
            .login(data.integrator(), site, "Open Dental")
            .is_none()
    );
}
