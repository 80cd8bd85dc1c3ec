//! The whole file: the server's own keys, the callers, and an entry for each practice.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use toml::de::DeTable;

use super::mask::mask;
use super::read::{Placed, Section, clip};
use super::secrets::Secrets;
use super::{
    Config, Environment, MappingSource, Mappings, Problems, Read, Server, SiteEntry, Use, callers,
    cloud, passthrough, practice, rules, server, twice,
};
use crate::gateway::integrator::AddressRange;
use crate::mapping::{
    At, Diagnostics, Mapping, Options, Problem, Report, SourceFile, Span, embedded, nearest,
    suggest,
};
use crate::passthrough::Limits;
use crate::plan::CountLimits;
use crate::server::{BaseUrl, OperatorKey};

/// Reads a configuration from its text.
pub(super) fn config(
    path: &Path,
    shown: &str,
    text: &str,
    environment: &dyn Environment,
    wanted: Use,
) -> Result<Read, Problems> {
    // Problems show lines of the file, which somebody may have written a secret into.
    let report = Report::new(vec![SourceFile::new(shown, &mask(text))]);
    let mut reading = Reading {
        secrets: Secrets {
            environment,
            folder: path.parent().unwrap_or(Path::new("")),
            files: Vec::new(),
        },
        mappings: match wanted {
            Use::Server { .. } => Mappings::Needed,
            Use::Sites(mappings) => mappings,
        },
        of_mappings: Vec::new(),
        folders: Vec::new(),
        mapping_failed: false,
    };
    let mut config = None;
    for at in report.files() {
        match DeTable::parse(text) {
            Ok(table) => {
                let root = Section::new(at, table.get_ref(), 0..0, "the file");
                config = reading.root(root, wanted);
            }
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                at.report(twice::problem(text, &error).unwrap_or_else(|| {
                    Problem::new(&rules::SYNTAX, &span, "this cannot be read as TOML").help(
                        "a text stands in quotes, which are closed in its line; a key is followed by `=` and one value",
                    )
                }));
            }
        }
    }
    let Reading {
        secrets,
        of_mappings,
        folders,
        mapping_failed,
        mappings: _,
    } = reading;
    let mut files = secrets.files;
    files.push(path.to_owned());
    let file = report.finish();
    match config {
        Some(config) if !file.has_errors() && !mapping_failed => Ok(Read {
            config: Config { files, ..config },
            warnings: file,
            mapping_warnings: of_mappings,
        }),
        _ => Err(Problems {
            file,
            mappings: of_mappings,
            files: files.into(),
            folders: folders.into(),
        }),
    }
}

struct Reading<'e> {
    secrets: Secrets<'e>,
    mappings: Mappings,
    /// What the mappings' own files say.
    of_mappings: Vec<Diagnostics>,
    /// The folders that hold them.
    folders: Vec<PathBuf>,
    mapping_failed: bool,
}

impl Reading<'_> {
    /// None where something of it is wrong, which is reported.
    fn root(&mut self, root: Section<'_>, wanted: Use) -> Option<Config> {
        let listen = root.parsed("listen", |text| {
            text.parse()
                .map_err(|_| "an address and a port, `127.0.0.1:8080` or `[::1]:8080`".to_owned())
        });
        let base_url = root.parsed("base-url", |text| {
            text.parse::<BaseUrl>().map_err(|error| error.to_string())
        });
        let trusted_proxies = root.list("trusted-proxies", |text| {
            let range = text.parse::<AddressRange>();
            range.map_err(|error| error.to_string())
        });
        let trusted_proxies = trusted_proxies.unwrap_or_default();
        let data = root.text("data");
        let operator_key = self.secrets.read(&root, "operator-key").and_then(|key| {
            let made = OperatorKey::new(key.reveal());
            if let Err(error) = &made {
                let span = root.get("operator-key").map_or(0..0, |value| value.span());
                root.invalid(&span, format!("`operator-key`: {error}"));
            }
            made.ok()
        });
        let explorer = root.boolean("explorer");
        let keys = callers::read(&root, &mut self.secrets);
        if let Use::Server { is_kept } = wanted {
            callers::check(&root, is_kept || root.has("data"));
        }
        let sections = root.sections("site", "the entry of a site");
        if sections.is_empty() {
            root.missing(
                "site",
                "a practice to serve: write [[site]] and its keys below it",
            );
        }
        let mut ids: Vec<Placed<String>> = Vec::new();
        let mut practices = Vec::new();
        let mut sites = Vec::new();
        for section in sections {
            sites.extend(self.site(section, &mut ids, &mut practices));
        }
        practice::check(root.at, &practices);
        let cloud = cloud::read(&root, &mut self.secrets);
        let folder = self.secrets.folder;
        root.done();
        Some(Config {
            listen: listen.map(|listen| listen.value),
            base_url: base_url.map(|url| url.value),
            trusted_proxies,
            data: data.map(|data| folder.join(data.value)),
            operator_key,
            explorer,
            keys,
            sites,
            cloud,
            files: Vec::new(),
        })
    }

    fn site(
        &mut self,
        site: Section<'_>,
        ids: &mut Vec<Placed<String>>,
        practices: &mut Vec<practice::Said>,
    ) -> Option<SiteEntry> {
        let id = site.need_text("id", "the GUID under which callers know it");
        let id = id.and_then(|id| {
            site.parse("id", id, |text| {
                uuid::Uuid::parse_str(text)
                    .map(|id| id.to_string())
                    .map_err(|_| {
                        "this is no GUID, such as `8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11`".to_owned()
                    })
            })
        });
        if let Some(id) = &id {
            if let Some(first) = ids.iter().find(|known| known.value == id.value) {
                site.report(
                    Problem::new(&rules::DUPLICATE, &id.span, "two sites have this id")
                        .related(&first.span, "the first"),
                );
            }
            ids.push(id.clone());
        }
        let name = site.text("name").map(|name| name.value.to_owned());
        let zone = site.need_text("time-zone", "the practice's IANA zone, `Australia/Sydney`");
        let zone = zone.and_then(|zone| {
            let found = TimeZone::get(zone.value).ok();
            if found.is_none() {
                let names: Vec<_> = jiff::tz::db().available().collect();
                let message = "`time-zone`: no IANA time zone has this name";
                site.no_such(&zone, message, names.iter().map(|name| name.as_str()));
            }
            found
        });
        let (source, mapping) = self.mapping(&site);
        let said = practice::read(&site, mapping.as_ref().map(|mapping| &*mapping.pms));
        let identity = said.identity.clone();
        practices.push(said);
        let server = server::read(&site, &mut self.secrets);
        let folder = self.secrets.folder;
        let databases = match self.mappings {
            Mappings::Needed => databases(&site, server.as_ref(), mapping.as_ref(), folder),
            Mappings::NotRead => listed(&site, server.as_ref(), folder),
        };
        if let (Some(server), Some(mapping)) = (&server, &mapping) {
            let engine = server.dialect().unwrap_or(mapping.engine);
            if engine != mapping.engine && *server != Server::Sqlite {
                let span = site
                    .get("mapping")
                    .map_or(site.span.clone(), |value| value.span());
                let message = format!(
                    "{} is written for {}, and the driver is for {engine}",
                    mapping.name, mapping.engine
                );
                site.report(
                    Problem::new(&rules::OTHER_ENGINE, &span, message).help(format!(
                        "name a mapping for {engine}, or the driver for {}",
                        mapping.engine
                    )),
                );
            }
        }
        let (limits, count) = limits(&site);
        let passthrough = passthrough::read(&site, server.as_ref(), &mut self.secrets);
        site.done();
        Some(SiteEntry {
            id: id?.value,
            name,
            identity,
            mapping: source?,
            zone: zone?,
            server: server?,
            databases: databases?,
            limits,
            count,
            passthrough,
        })
    }

    /// The mapping of a site: where it is, and what it says if it can be read.
    fn mapping(&mut self, site: &Section<'_>) -> (Option<MappingSource>, Option<Mapping>) {
        let named = site.need_text(
            "mapping",
            "the folder of its mapping, or `bp-premier`, which is part of the program",
        );
        let Some(named) = named else {
            return (None, None);
        };
        let folder = self.secrets.folder.join(named.value);
        if self.mappings == Mappings::NotRead {
            return (Some(MappingSource::Folder(folder)), None);
        }
        let source = if folder.is_dir() {
            self.folders.push(folder.clone());
            MappingSource::Folder(folder)
        } else if named.value == embedded::ID {
            MappingSource::Embedded
        } else {
            let message = format!(
                "there is no folder `{}` beside this file",
                clip(named.value)
            );
            let near = folders_beside(&folder);
            let problem = Problem::new(&rules::INVALID_VALUE, &named.span, message)
                .maybe_help(meant(named.value, &near));
            site.report(problem);
            return (None, None);
        };
        let of_mapping = match source.load(&Options::default()) {
            Ok(loaded) => {
                if !loaded.warnings.is_empty() {
                    self.keep(loaded.warnings);
                }
                return (Some(source), Some(loaded.mapping));
            }
            Err(problems) => problems,
        };
        self.mapping_failed = true;
        let problem = Problem::new(&rules::MAPPING, &named.span, "the mapping cannot be used");
        site.report(problem.note("its problems stand below"));
        self.keep(of_mapping);
        (Some(source), None)
    }

    /// Once, however many sites have the mapping.
    fn keep(&mut self, of_mapping: Diagnostics) {
        let text = of_mapping.to_string();
        if self
            .of_mappings
            .iter()
            .all(|known| known.to_string() != text)
        {
            self.of_mappings.push(of_mapping);
        }
    }
}

/// The folders where one is not: their names, a bounded number of them. None where nothing can be read.
fn folders_beside(missing: &Path) -> Vec<String> {
    const MOST: usize = 1000;
    let Some(Ok(entries)) = missing.parent().map(std::fs::read_dir) else {
        return Vec::new();
    };
    entries
        .take(MOST)
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// The folder that a name of a mapping is likely to be, among those beside it and the one of the program.
fn meant(name: &str, beside: &[String]) -> Option<String> {
    let (parent, last) = match name.rsplit_once('/') {
        Some((parent, last)) => (format!("{parent}/"), last),
        None => (String::new(), name),
    };
    if let Some(near) = nearest(last, beside.iter().map(String::as_str)) {
        return Some(format!("did you mean `{parent}{near}`?"));
    }
    match nearest(last, [embedded::ID]) {
        Some(own) => Some(format!(
            "did you mean `{own}`, which is part of the program?"
        )),
        None => Some(format!(
            "a path begins at the folder of this file; `{}` is part of the program",
            embedded::ID
        )),
    }
}

/// The databases that a site's entry names, each with its catalogue where that is said, and where they are listed.
/// None where that is said twice, which is reported.
type Named<'a> = (
    Vec<(Option<Placed<&'a str>>, Placed<&'a str>)>,
    Option<Span>,
);

fn named<'a>(site: &'a Section<'_>) -> Option<Named<'a>> {
    let one = site.text("database");
    let listed = site.section("databases", "the databases of a site");
    match (one, listed) {
        (Some(one), None) => Some((vec![(None, one)], None)),
        (None, Some(listed)) => {
            let pairs = listed.pairs().into_iter();
            let pairs = pairs.map(|(name, value)| (Some(name), value)).collect();
            Some((pairs, Some(listed.span)))
        }
        (Some(one), Some(_)) => {
            site.invalid(&one.span, "give `database` or [site.databases], not both");
            None
        }
        (None, None) => Some((Vec::new(), None)),
    }
}

/// A database as its driver has it: a file's path is relative to the configuration's folder.
fn value_of(server: &Server, folder: &Path, text: &str) -> String {
    match server {
        Server::Sqlite => folder.join(text).display().to_string(),
        _ => text.to_owned(),
    }
}

/// The databases as the entry lists them, where no mapping says which there are.
fn listed(
    site: &Section<'_>,
    server: Option<&Server>,
    folder: &Path,
) -> Option<Vec<(Arc<str>, String)>> {
    let (pairs, listed_at) = named(site)?;
    let server = server?;
    if pairs.is_empty() && !matches!(server, Server::Passthrough(_)) {
        let at = Site {
            at: site.at,
            entry: &site.span,
            listed: listed_at,
        };
        at.lacks("", server);
        return None;
    }
    // An upstream's default database needs no name.
    if pairs.is_empty() {
        return Some(vec![(Arc::from(""), String::new())]);
    }
    let is_one = pairs.len() == 1;
    let pairs = pairs.into_iter().map(|(name, value)| {
        let name = name.filter(|_| !is_one).map_or("", |name| name.value);
        (Arc::from(name), value_of(server, folder, value.value))
    });
    Some(pairs.collect())
}

/// Which database each of the mapping's catalogues is, the default one first.
fn databases(
    site: &Section<'_>,
    server: Option<&Server>,
    mapping: Option<&Mapping>,
    folder: &Path,
) -> Option<Vec<(Arc<str>, String)>> {
    let (pairs, listed_at) = named(site)?;
    let mapping = mapping?;
    let at = Site {
        at: site.at,
        entry: &site.span,
        listed: listed_at,
    };
    let mut strangers = false;
    for (name, _) in &pairs {
        if let Some(name) = name
            && !mapping.catalogues.is_empty()
            && !mapping
                .catalogues
                .iter()
                .any(|known| **known == *name.value)
        {
            at.unknown(name, mapping);
            strangers = true;
        }
    }
    let server = server?;
    let wanted = catalogues(mapping);
    // An upstream knows the practice's catalogues by the names that the mapping has.
    if pairs.is_empty() && matches!(server, Server::Passthrough(_)) {
        let named = |name: &Arc<str>| (Arc::clone(name), name.to_string());
        return Some(wanted.iter().map(|(name, _)| named(name)).collect());
    }
    let mut databases: Vec<(Arc<str>, String)> = Vec::new();
    let mut spans: Vec<&Span> = Vec::new();
    let mut complete = true;
    for (name, needed) in wanted {
        let found = pairs.iter().find(|(of, _)| match of {
            Some(of) => *of.value == *name || mapping.catalogues.is_empty(),
            None => databases.is_empty(),
        });
        match found {
            Some((_, value)) => {
                if *server == Server::Sqlite {
                    at.file(value, folder);
                }
                let database = value_of(server, folder, value.value);
                let mut earlier = databases.iter().zip(&spans);
                if let Some(((first, _), span)) = earlier.find(|((_, known), _)| *known == database)
                {
                    at.same((first, span), (&name, &value.span));
                }
                spans.push(&value.span);
                databases.push((name, database));
            }
            None if needed => {
                // It may be what is named wrongly.
                if !strangers {
                    at.lacks(&name, server);
                }
                complete = false;
            }
            None => {}
        }
    }
    complete.then_some(databases)
}

/// The mapping's catalogues, the default one first, and whether a table of it is there. One without a name where it
/// has none.
fn catalogues(mapping: &Mapping) -> Vec<(Arc<str>, bool)> {
    let is_used = |name: Option<&Arc<str>>| {
        let mut sources = mapping.sources.iter();
        sources.any(|source| source.relation.catalogue.as_ref() == name)
    };
    if mapping.catalogues.is_empty() {
        return vec![(Arc::from(""), true)];
    }
    let mut list = mapping.catalogues.iter().enumerate();
    // Tables of the default catalogue need not name it; its place is needed for the others to follow.
    list.by_ref()
        .map(|(place, name)| (Arc::clone(name), place == 0 || is_used(Some(name))))
        .collect()
}

struct Site<'a> {
    at: At<'a>,
    entry: &'a Span,
    listed: Option<Span>,
}

impl Site<'_> {
    fn unknown(&self, name: &Placed<&str>, mapping: &Mapping) {
        let names = mapping.catalogues.iter().map(|name| &**name);
        let problem = Problem::new(
            &rules::CATALOGUES,
            &name.span,
            format!("{} has no catalogue `{}`", mapping.name, clip(name.value)),
        );
        self.at
            .report(problem.maybe_help(suggest(name.value, names, "its catalogues are")));
    }

    /// What there is to say of a database's file. One that is empty has been reported.
    fn file(&self, named: &Placed<&str>, folder: &Path) {
        let path = folder.join(named.value);
        if path.is_file() || named.value.trim().is_empty() {
            return;
        }
        let looked_for = format!("it is looked for at {}", path.display());
        self.at.report(match path.exists() {
            true => Problem::new(&rules::INVALID_VALUE, &named.span, "this is no file")
                .note(looked_for)
                .help("give the path of the database's file itself"),
            false => Problem::new(&rules::NO_FILE, &named.span, "there is no such file yet")
                .note(looked_for)
                .help("correct the path, which begins at the folder of this file, or make the database there"),
        });
    }

    /// Two catalogues, each with the place where its database is named, which is the same.
    fn same(&self, first: (&str, &Span), second: (&str, &Span)) {
        let message = format!(
            "the catalogues `{}` and `{}` are one database",
            first.0, second.0
        );
        self.at.report(
            Problem::new(&rules::SAME_DATABASE, second.1, message)
                .label("again here")
                .related(first.1, "first here")
                .help("name the database of each, unless this one has the tables of both"),
        );
    }

    fn lacks(&self, name: &str, server: &Server) {
        let what = match server {
            Server::Sqlite => "the path of its file",
            Server::Firebird(_) => "its path or alias on the server",
            _ => "its name on the server",
        };
        let span = self.listed.as_ref().unwrap_or(self.entry);
        let problem = match name {
            "" => Problem::new(&rules::MISSING_KEY, span, "the site has no database")
                .help(format!("database = \"{what}\"")),
            name => Problem::new(
                &rules::CATALOGUES,
                span,
                format!("the site has no database for the catalogue `{name}`"),
            )
            .help(format!("{name} = \"{what}\" under [site.databases]")),
        };
        self.at.report(problem);
    }
}

/// The bounds of a site; what is not said is as elsewhere.
fn limits(site: &Section<'_>) -> (Limits, CountLimits) {
    let (mut limits, mut count) = (Limits::default(), CountLimits::default());
    let Some(section) = site.section("limits", "the limits of a site") else {
        return (limits, count);
    };
    let number = |key: &'static str, bounds, value: &mut usize| {
        if let Some(number) = section.number(key, bounds) {
            *value = number as usize;
        }
    };
    number("connections", 1..=64, &mut limits.connections);
    number("waiting", 0..=10_000, &mut limits.waiting);
    let mut mebibytes = limits.rows >> 20;
    number("rows-mib", 1..=1024, &mut mebibytes);
    limits.rows = mebibytes << 20;
    let time = |key: &'static str, value: &mut Duration| {
        // A request takes no longer.
        let longest = Duration::from_secs(60);
        let parsed = section.parsed(key, |text| {
            let parsed = text.parse::<jiff::SignedDuration>().ok();
            let parsed = parsed.and_then(|time| Duration::try_from(time).ok());
            parsed
                .filter(|time| !time.is_zero() && *time <= longest)
                .ok_or_else(|| "a time of up to a minute, `500ms`, `5s`, `1m`".to_owned())
        });
        if let Some(parsed) = parsed {
            *value = parsed.value;
        }
    };
    time("wait", &mut limits.wait);
    time("connect", &mut limits.connect);
    time("statement", &mut limits.statement);
    if let Some(default) = section.number("page", 1..=1000) {
        count.default = default;
    }
    if let Some(most) = section.number("page-most", 1..=1000) {
        count.most = most;
    }
    if count.default > count.most {
        let value = section.get("page").or_else(|| section.get("page-most"));
        let span = value.map_or(section.span.clone(), |value| value.span());
        section.invalid(
            &span,
            format!(
                "`page` ({}) is more than `page-most` ({})",
                count.default, count.most
            ),
        );
    }
    section.done();
    (limits, count)
}
