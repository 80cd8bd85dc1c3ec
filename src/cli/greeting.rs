//! What a person reads when the server has started: where it is, with what key, and what to try.

use std::path::PathBuf;
use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::serve::SITE;
use crate::server::{App, explain_base, fhir_base};
use crate::site::Site;

/// What a search has that a URL's fragment may not hold as it is.
const IN_FRAGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'`');

/// What a person reads.
pub(super) enum Greeting {
    One {
        site: Arc<Site>,
        what: String,
        is_demo: bool,
    },
    /// A mapping that has to be mended first.
    Waiting { what: String },
    Configured {
        path: PathBuf,
        /// What became of each site.
        lines: Vec<String>,
        has_operator: bool,
        /// The file has keys of callers'.
        has_keys: bool,
        /// The id of a site, and a type that it serves.
        example: Option<(String, &'static str)>,
    },
}

/// What is said of keys and of the explorer.
pub(super) struct WhatOpens {
    /// The subscription key of a server without configuration.
    pub key: &'static str,
    /// The operator's, or how it is called.
    pub operator_key: &'static str,
    pub has_explorer: bool,
}

impl Greeting {
    pub(super) fn text(&self, app: &App, opens: &WhatOpens) -> String {
        let root = app.root_url();
        match self {
            Greeting::One {
                site,
                what,
                is_demo,
            } => one(site, app, what, *is_demo, opens),
            Greeting::Waiting { what } => format!(
                "Serving {what}, as soon as the mapping has no errors\n\n\
                 {}FHIR base   {}\n\
                 docs        {root}/docs\n\
                 key         {}\n\n\
                 Ready; stop with Ctrl-C.\n",
                explorer(&root, opens, None),
                fhir_base(&root, SITE),
                opens.key,
            ),
            Greeting::Configured {
                path,
                lines,
                has_operator,
                has_keys,
                example,
            } => {
                let explain = match has_operator {
                    true => format!("explain     {}/{{path}}?…\n", explain_base(&root, "{site}")),
                    false => String::new(),
                };
                let example = example
                    .as_ref()
                    .map(|(site, name)| (site.as_str(), format!("{name}?_count=5")));
                let example = example
                    .as_ref()
                    .map(|(site, search)| (*site, search.as_str()));
                let whose = match has_keys {
                    true => "a key of the configuration",
                    false => "the key of an integrator, which `pilaster admin` makes",
                };
                let tries = match example {
                    Some((site, search)) => format!(
                        "\nTry, with {whose}:\n  curl -H 'Ocp-Apim-Subscription-Key: …' '{}/{search}&_pretty=true'\n",
                        fhir_base(&root, site)
                    ),
                    None => String::new(),
                };
                let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
                format!(
                    "Serving the sites of {}\n\n{}FHIR base   {}\ndocs        {root}/docs\n{explain}\nSites:\n{lines}{tries}\nReady; stop with Ctrl-C.\n",
                    path.display(),
                    explorer(&root, opens, example),
                    fhir_base(&root, "{site}"),
                )
            }
        }
    }
}

/// Where the explorer is, with a search of a site.
fn explorer(root: &str, opens: &WhatOpens, search: Option<(&str, &str)>) -> String {
    if !opens.has_explorer {
        return String::new();
    }
    let fragment = search.map_or_else(String::new, |(site, search)| {
        format!(
            "#site={site}&q={}",
            utf8_percent_encode(search, IN_FRAGMENT)
        )
    });
    format!("explorer    {root}/{fragment}\n")
}

/// Searches that have results.
fn one(site: &Site, app: &App, what: &str, is_demo: bool, opens: &WhatOpens) -> String {
    let root = app.root_url();
    let base = fhir_base(&root, SITE);
    let explain = match app.has_operator() {
        true => format!(
            "explain     {}/{{path}}?… with Authorization: Bearer {}\n",
            explain_base(&root, SITE),
            opens.operator_key
        ),
        false => String::new(),
    };
    let searches: Vec<String> = if is_demo {
        let today = jiff::Timestamp::now().to_zoned(site.zone().clone()).date();
        vec![
            "Patient?family=smith".to_owned(),
            format!("Appointment?date=ge{today}&_sort=date&_count=5"),
            "Practitioner?_count=5".to_owned(),
        ]
    } else {
        let types = site.mapping().resources.keys().take(3);
        types.map(|name| format!("{name}?_count=5")).collect()
    };
    let key = opens.key;
    let tries: String = searches
        .iter()
        .map(|search| {
            format!("  curl -H 'Ocp-Apim-Subscription-Key: {key}' '{base}/{search}&_pretty=true'\n")
        })
        .collect();
    format!(
        "Serving {what}\n\n\
         {}FHIR base   {base}\n\
         docs        {root}/docs\n\
         key         {key}\n\
         time zone   {}\n\
         {explain}\n\
         Try:\n{tries}\n\
         Ready; stop with Ctrl-C.\n",
        explorer(
            &root,
            opens,
            searches.first().map(|search| (SITE, search.as_str()))
        ),
        site.zone_name(),
    )
}
