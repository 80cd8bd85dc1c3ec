//! Every mapping under `mappings/`, tested by what lies beside it.
//!
//! A mapping's folder holds `fixture.sql` (tables and rows for SQLite), a `fixture.<CATALOGUE>.sql` for each
//! further catalogue, and `cases.yaml` (searches and reads, with what they must give). Each case runs on the
//! fixture; what it gave, with the commands in the dialect of the mapping's own engine, is a snapshot in
//! `snapshots/<mapping>/<case>.snap`. A new folder is found and tested without a change here.
//!
//! What else is asked of every case: its resources are R4 by fhirbolt's strict model, and a command for SQL
//! Server parses with an independent parser.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pilaster::fhir::outcome::{Issue, OperationOutcome};
use pilaster::mapping::Mapping;
use pilaster::passthrough::{CellRef, Command, PassthroughError, Rows};
use pilaster::plan::{
    self, AcrossSelect, ChildPart, Included, MOST_INCLUDED, Part, Plan, Planner, Selection,
};
use pilaster::relation::{Dialect, Value as SqlValue};
use pilaster::search::{Input, SearchRequest};
use pilaster::site::{Answer, SearchCall, SiteError, elsewhere};
use pilaster::sql::{self, Statement};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::Value;

use crate::practice::{BASE, Practice, id, load, matches, next_cursor, parse};

/// One case of `cases.yaml`: a search or a read, and what it must give.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The snapshot's file name.
    pub name: String,
    /// `Patient?family=smith`
    pub search: Option<String>,
    /// The form body of a search by POST.
    #[serde(default)]
    pub form: String,
    /// `Patient/1`
    pub read: Option<String>,
    /// `Prefer: handling=strict`
    #[serde(default)]
    pub strict: bool,
    /// How many `next` links to follow first.
    #[serde(default)]
    pub follow: usize,
    /// The values of the command depend on the day: they are not in the snapshot.
    #[serde(default)]
    depends_on_today: bool,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// Of the page's matches, in order.
    ids: Option<Vec<String>>,
    total: Option<u64>,
    /// HTTP status; 200 where it is not given.
    status: Option<u16>,
    /// Of the table of errors.
    code: Option<String>,
    /// Statements that ran.
    commands: Option<u32>,
    /// Whether a `next` link is there.
    next: Option<bool>,
}

/// A command of a case, for the snapshot.
struct Shown {
    statement: Statement,
    values: Vec<SqlValue>,
    catalogue: Option<Arc<str>>,
}

#[test]
fn every_case_of_every_mapping() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let mut failures = Vec::new();
    let mut folders = 0;
    for folder in folders_of(&root) {
        folders += 1;
        failures.extend(mapping_failures(&folder));
    }
    assert!(folders > 0, "no mapping under {}", root.display());
    assert!(
        failures.is_empty(),
        "{} failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn folders_of(root: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// Runs a mapping's cases; gives a line for each that failed.
fn mapping_failures(folder: &Path) -> Vec<String> {
    let mapping_id = folder.file_name().unwrap().to_string_lossy().into_owned();
    let practice = fixture(folder);
    let cases = cases(folder);
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("snapshots")
        .join(&mapping_id);
    let mut failures = Vec::new();
    let mut names = BTreeSet::new();
    for case in &cases {
        if !names.insert(format!("{}.snap", case.name)) {
            failures.push(format!("{mapping_id}: two cases are named {}", case.name));
        }
        let run = catch_unwind(AssertUnwindSafe(|| {
            let shown = check(&practice, case);
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(&snapshots);
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| insta::assert_snapshot!(case.name.as_str(), shown));
        }));
        if run.is_err() {
            failures.push(format!("{mapping_id}: {}", case.name));
        }
    }
    for stale in stale_snapshots(&snapshots, &names) {
        failures.push(format!("{mapping_id}: {stale} belongs to no case"));
    }
    failures
}

/// The cases that lie beside a mapping.
pub fn cases(folder: &Path) -> Vec<Case> {
    let path = folder.join("cases.yaml");
    serde_saphyr::from_str(&read(&path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Case {
    /// A caller is told why there is no answer.
    pub fn is_refused(&self) -> bool {
        self.expect.status.is_some_and(|status| status != 200)
    }

    /// The answer to the case, of the last page that it follows and there is.
    pub fn ask(&self, practice: &Practice) -> Result<Answer, SiteError> {
        let Some(search) = &self.search else {
            return practice.read(self.read.as_deref().unwrap_or_default());
        };
        let mut call = SearchCall {
            form: self.form.as_bytes().to_vec(),
            strict: self.strict,
            ..Practice::call(search)
        };
        let mut answer = practice.answer(call.clone())?;
        for _ in 0..self.follow {
            let Some(cursor) = next_cursor(&parse(&answer.body)) else {
                break;
            };
            call.query = format!("_cursor={cursor}").into_bytes();
            call.form.clear();
            answer = practice.answer(call.clone())?;
        }
        Ok(answer)
    }
}

fn stale_snapshots(folder: &Path, names: &BTreeSet<String>) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".snap") && !names.contains(name))
        .collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The mapping over its fixture.
pub fn fixture(folder: &Path) -> Practice {
    fixture_with(folder, |_| {})
}

/// The mapping over its fixture, to which `more` adds.
pub fn fixture_with(folder: &Path, more: impl FnOnce(&mut Connection)) -> Practice {
    let mapping = load(folder);
    let tables = mapping.tables.values();
    let others: BTreeSet<Arc<str>> = tables.filter_map(|it| it.catalogue.clone()).collect();
    let catalogues = || std::iter::once(None).chain(others.iter().map(|name| Some(&**name)));
    let mut scripts = catalogues()
        .map(|catalogue| {
            let file = match catalogue {
                None => "fixture.sql".to_owned(),
                Some(name) => format!("fixture.{name}.sql"),
            };
            read(&folder.join(file)) + &paddings(&mapping, catalogue)
        })
        .collect::<Vec<_>>()
        .into_iter();
    let mut more = Some(more);
    Practice::with_catalogues(mapping, catalogues(), |_, connection| {
        let script = scripts.next().expect("a script for each");
        connection.execute_batch(&script).unwrap();
        // Of the default catalogue, which comes first.
        if let Some(more) = more.take() {
            more(connection);
        }
    })
}

/// Pads every `char(n)` column of a catalogue, as the practice's engine does and SQLite does not.
fn paddings(mapping: &Mapping, catalogue: Option<&str>) -> String {
    let mut script = String::new();
    for table in mapping
        .tables
        .values()
        .filter(|table| table.derived.is_none() && table.catalogue.as_deref() == catalogue)
    {
        for column in table
            .columns
            .values()
            .filter(|column| column.ty.is_padded())
        {
            let length = column
                .ty
                .to_string()
                .split_once('(')
                .and_then(|(_, rest)| rest.trim_end_matches(')').parse::<usize>().ok())
                .unwrap_or(1);
            let name = &column.name;
            writeln!(
                script,
                "UPDATE {} SET {name} = {name} || SUBSTR('{}', 1, {length} - LENGTH({name})) WHERE LENGTH({name}) < {length};",
                table.name,
                " ".repeat(length),
            )
            .unwrap();
        }
    }
    script
}

/// Runs a case, holds it against what it expects, and gives the snapshot's text.
pub fn check(practice: &Practice, case: &Case) -> String {
    let (asked, commands, answer) = match (&case.search, &case.read) {
        (Some(search), None) => run_search(practice, case, search),
        (None, Some(read)) => (
            read.clone(),
            read_commands(practice, read),
            practice.read(read),
        ),
        _ => panic!("{}: a case is either a search or a read", case.name),
    };
    for command in &commands {
        if practice.site.mapping().engine == Dialect::Mssql {
            parses_as_tsql(&command.statement.text);
        }
    }
    let mut shown = format!("{asked}\n");
    match answer {
        Ok(answer) => {
            expect_answer(case, &answer);
            assert_eq!(
                answer.commands as usize,
                commands.len(),
                "commands shown and commands run"
            );
            for (index, command) in commands.iter().enumerate() {
                show_command(&mut shown, index + 1, command, case.depends_on_today);
            }
            let mut json = parse(&answer.body);
            redact(&mut json);
            write!(
                shown,
                "\n--- answer\n{}\n",
                serde_json::to_string_pretty(&json).unwrap()
            )
            .unwrap();
        }
        Err(error) => {
            expect_refusal(case, &error);
            write!(shown, "\n--- {}\n", refusal(&error)).unwrap();
        }
    }
    shown
}

fn expect_answer(case: &Case, answer: &Answer) {
    let json = parse(&answer.body);
    let expect = &case.expect;
    assert_eq!(expect.status.unwrap_or(200), 200, "status");
    assert_eq!(expect.code, None, "code");
    if let Some(ids) = &expect.ids {
        let found = matches(&json);
        let found: Vec<&str> = match case.read {
            Some(_) => vec![id(&json)],
            None => found.iter().map(id).collect(),
        };
        assert_eq!(&found, ids, "ids");
        assert_eq!(answer.entries, ids.len(), "entries");
    }
    if let Some(total) = expect.total {
        assert_eq!(json["total"].as_u64(), Some(total), "total");
    }
    if let Some(commands) = expect.commands {
        assert_eq!(answer.commands, commands, "commands");
    }
    if let Some(next) = expect.next {
        assert_eq!(next_cursor(&json).is_some(), next, "next link");
    }
}

fn expect_refusal(case: &Case, error: &SiteError) {
    let code = error.code();
    assert_eq!(
        (Some(code.status), Some(code.id)),
        (case.expect.status, case.expect.code.as_deref()),
        "{error}"
    );
}

/// What a refusal says, as the OperationOutcome that a caller gets.
fn refusal(error: &SiteError) -> String {
    let code = error.code();
    let mut issue = Issue::error(&code, error.to_string());
    if let Some(expression) = error.expression() {
        issue = issue.at(expression);
    }
    let outcome = OperationOutcome::new(issue.with_diagnostics(code.remedy));
    let json = serde_json::to_string_pretty(&outcome).unwrap();
    format!("refused with {} {}\n{json}", code.status, code.id)
}

/// Runs a search, and the `next` links that the case follows; the commands are the last page's.
fn run_search(
    practice: &Practice,
    case: &Case,
    search: &str,
) -> (String, Vec<Shown>, Result<Answer, SiteError>) {
    let mut call = SearchCall {
        form: case.form.as_bytes().to_vec(),
        strict: case.strict,
        ..Practice::call(search)
    };
    let mut asked = search.to_owned();
    if !case.form.is_empty() {
        write!(asked, "\n{}", case.form).unwrap();
    }
    if case.strict {
        asked.push_str("\nPrefer: handling=strict");
    }
    let input = Input {
        query: &call.query,
        form: &call.form,
    };
    let commands = practice
        .site
        .calls()
        .parse(&call.resource, input)
        .and_then(|request| practice.plan_page(&request, &[], case.strict))
        .map_or_else(|_| Vec::new(), |plan| commands_of(practice, &plan));
    let mut answer = practice.answer(call.clone());
    let mut commands = commands;
    if let (Ok(answer), Ok(request)) = (&answer, practice.parse(search)) {
        commands.extend(included(practice, &request, &parse(&answer.body)));
    }
    for page in 0..case.follow {
        let body = answer
            .unwrap_or_else(|error| panic!("page {}: {error}", page + 1))
            .body;
        let cursor = next_cursor(&parse(&body)).expect("a next link");
        let opened = practice.open_cursor(&cursor, &call.resource);
        let request = practice
            .parse(&format!("{}?{}", call.resource, opened.query))
            .unwrap();
        let plan = practice
            .plan_page(&request, &opened.places, case.strict)
            .unwrap();
        commands = commands_of(practice, &plan);
        call.query = format!("_cursor={cursor}").into_bytes();
        call.form.clear();
        answer = practice.answer(call.clone());
        asked.push_str("\nnext");
    }
    (asked, commands, answer)
}

fn read_commands(practice: &Practice, read: &str) -> Vec<Shown> {
    let (path, query) = read.split_once('?').unwrap_or((read, ""));
    let (resource, id) = path.split_once('/').unwrap();
    let Some(served) = practice.site.resource(resource) else {
        return Vec::new();
    };
    let Ok(request) = practice.parse(&format!("{resource}?{query}")) else {
        return Vec::new();
    };
    let Ok(selection) = Planner::selection(served, &request) else {
        return Vec::new();
    };
    let plan = practice.site.planner().read(served, id, &selection);
    commands_of(practice, &plan)
}

/// The commands of a plan in the dialect of the mapping's engine, as far as they are run; those for children by the
/// rows that the fixture has for the page.
fn commands_of(practice: &Practice, plan: &Plan) -> Vec<Shown> {
    let mut shown = Vec::new();
    let mut children = Vec::new();
    for part in &plan.parts {
        let mut part = part.clone();
        shown.extend(asked_elsewhere(practice, &mut part));
        if !part.select.can_match() {
            continue;
        }
        shown.push(Shown {
            statement: sql::select(&part.select, practice.site.mapping().engine).unwrap(),
            values: part.values.clone(),
            catalogue: part.source.relation.catalogue.clone(),
        });
        children.extend(children_of(practice, &part, plan.count as usize));
    }
    shown.extend(children);
    shown
}

/// The commands that ask another catalogue first; what the fixture has there is put into the part.
fn asked_elsewhere(practice: &Practice, part: &mut Part) -> Vec<Shown> {
    let site = &practice.site;
    let mut shown = Vec::new();
    while let Some(ask) = part.asks_elsewhere() {
        let here = elsewhere::statement(&ask, site.engine()).unwrap();
        let rows: Result<Rows, PassthroughError> = site
            .pool()
            .run_now(|session| session.execute(&here, &ask.values));
        let rows = rows.unwrap();
        let last = rows.width() - 1;
        let found: BTreeSet<String> = (0..rows.len())
            .filter_map(|row| match rows.cell(row, last) {
                CellRef::Int(number) => Some(number.to_string()),
                CellRef::Text(text) => Some(String::from_utf8_lossy(text).trim().to_owned()),
                _ => None,
            })
            .collect();
        let statement = elsewhere::statement(&ask, site.mapping().engine.into()).unwrap();
        shown.push(Shown {
            catalogue: statement.catalogue.clone(),
            statement,
            values: ask.values,
        });
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert!(part.settle(&found, 1_000));
    }
    shown
}

/// The commands of the includes, and of the children of what they bring.
fn included(practice: &Practice, request: &SearchRequest, bundle: &Value) -> Vec<Shown> {
    let site = &practice.site;
    let sources = &site.mapping().sources;
    let page: Vec<Included> = site
        .resource(&request.resource)
        .map_or_else(Vec::new, |resource| {
            let of_source = |place: usize| {
                let prefix = sources[place].name.as_ref().map(|name| format!("{name}-"));
                let ids = matches(bundle)
                    .iter()
                    .map(|found| id(found).to_owned())
                    .filter(|id| prefix.as_ref().is_none_or(|prefix| id.starts_with(prefix)))
                    .collect();
                Included { source: place, ids }
            };
            resource
                .sources
                .iter()
                .map(|&place| of_source(place))
                .collect()
        });
    let mut shown = Vec::new();
    for include in &request.includes {
        let steps = practice
            .with_context(|context| site.planner().include(include, &page, request, context));
        for across in &steps.across {
            let engine = practice.site.mapping().engine;
            let statement = match &across.ids {
                AcrossSelect::Source(select) => sql::select(select, engine),
                AcrossSelect::Child(select) => sql::children(select, engine),
            };
            let statement = statement.unwrap();
            shown.push(Shown {
                values: across.values.clone(),
                catalogue: statement.catalogue.clone(),
                statement,
            });
            // What the ids name is read by them.
            let entries = bundle["entry"].as_array().into_iter().flatten();
            let ids: BTreeSet<&str> = entries
                .filter(|entry| entry["search"]["mode"] == "include")
                .map(|entry| &entry["resource"])
                .filter(|resource| resource["resourceType"] == across.resource)
                .filter_map(|resource| resource["id"].as_str())
                .collect();
            let ids: Vec<&str> = ids.into_iter().collect();
            let resource = site.resource(across.resource).unwrap();
            let selection = Selection::of(request.summary, &[]);
            let plan = site.planner().read_all(resource, &ids, &selection);
            shown.extend(commands_of(practice, &plan));
        }
        for (_, part) in steps.parts {
            shown.push(Shown {
                statement: sql::select(&part.select, practice.site.mapping().engine).unwrap(),
                values: part.values.clone(),
                catalogue: part.source.relation.catalogue.clone(),
            });
            shown.extend(children_of(practice, &part, MOST_INCLUDED as usize));
        }
    }
    shown
}

fn children_of(practice: &Practice, part: &Part, most: usize) -> Vec<Shown> {
    child_parts(practice, most, part)
        .into_iter()
        .map(|child| Shown {
            statement: sql::children(&child.select, practice.site.mapping().engine).unwrap(),
            values: child.values,
            catalogue: part.source.relation.catalogue.clone(),
        })
        .collect()
}

fn child_parts(practice: &Practice, most: usize, part: &Part) -> Vec<ChildPart> {
    if most == 0 {
        return Vec::new();
    }
    let statement = practice.site.statement(&part.select).unwrap();
    let rows = practice
        .site
        .pool()
        .run_now(|session| session.execute(&statement, &part.values))
        .unwrap();
    let used = rows.len().min(most);
    let parents = |places: &[usize]| {
        let mut parents: Vec<Vec<SqlValue>> = Vec::new();
        for row in 0..used {
            let key: Vec<SqlValue> = places
                .iter()
                .map(|&column| rows.cell(row, column).to_value())
                .collect();
            if !key.contains(&SqlValue::Null) && !parents.contains(&key) {
                parents.push(key);
            }
        }
        parents
    };
    part.view
        .children
        .iter()
        .map(|child| (child, parents(&child.parent)))
        .filter(|(_, parents)| !parents.is_empty())
        .map(|(child, parents)| {
            plan::children(child, part.source.relation.catalogue.as_ref(), &parents)
        })
        .collect()
}

fn show_command(out: &mut String, number: usize, shown: &Shown, depends_on_today: bool) {
    let command = Command::new(&shown.statement, &shown.values).command;
    write!(out, "\n--- command {number}").unwrap();
    if let Some(catalogue) = &shown.catalogue {
        write!(out, " in {catalogue}").unwrap();
    }
    write!(out, "\n{}\n", command.text).unwrap();
    for parameter in &command.parameters {
        let size = parameter
            .size
            .map_or_else(String::new, |size| format!("({size})"));
        let value = match &parameter.value {
            _ if depends_on_today => "…".to_owned(),
            Some(value) => format!("{value:?}"),
            None => "NULL".to_owned(),
        };
        writeln!(out, "  {} {}{size} = {value}", parameter.name, parameter.ty).unwrap();
    }
}

/// Takes out what differs from run to run: the Bundle's own id and what is sealed in page links.
pub fn redact(json: &mut Value) {
    if json["resourceType"] != "Bundle" {
        return;
    }
    json["id"] = Value::from("[random]");
    for link in json["link"].as_array_mut().into_iter().flatten() {
        let url = link["url"].as_str().unwrap();
        assert!(url.starts_with(BASE), "{url}");
        let url = match url.split_once("_cursor=") {
            Some((before, _)) => format!("{before}_cursor=[sealed]"),
            None => url.to_owned(),
        };
        link["url"] = Value::from(url);
    }
}

/// An independent parser's SQL Server dialect reads the command.
pub fn parses_as_tsql(text: &str) {
    if let Err(problem) = tsql(text) {
        panic!("not T-SQL: {problem}\n{text}");
    }
}

/// What the parser reads a command as, or says is wrong with it.
pub fn tsql(text: &str) -> Result<Vec<sqlparser::ast::Statement>, String> {
    use sqlparser::dialect::MsSqlDialect;
    use sqlparser::parser::Parser;
    let statements =
        Parser::parse_sql(&MsSqlDialect {}, text).map_err(|problem| problem.to_string())?;
    // What other dialects have, and the parser takes for any.
    for (foreign, what) in [
        (" LIMIT ", "LIMIT"),
        ("||", "||"),
        ("`", "a backtick"),
        ("?", "?"),
    ] {
        if outside_of_literals(text).contains(foreign) {
            return Err(format!("{what} is of another dialect"));
        }
    }
    Ok(statements)
}

/// A command without what stands in quotes and brackets.
fn outside_of_literals(text: &str) -> String {
    let mut until = None;
    text.chars()
        .filter(|c| match until {
            Some(end) => {
                if *c == end {
                    until = None;
                }
                false
            }
            None => {
                until = match c {
                    '\'' => Some('\''),
                    '[' => Some(']'),
                    _ => None,
                };
                until.is_none()
            }
        })
        .collect()
}

#[test]
fn what_is_no_tsql_is_found_out() {
    let sound = "SELECT TOP (@p1) [p].[A] AS [p_A] FROM [T] AS [p] WHERE [p].[A] = CAST(@p2 AS varchar(40)) ORDER BY [p].[A]";
    parses_as_tsql(sound);
    let changes = [
        ("SELECT", "SELEC"),
        ("[p].[A] AS", "[p].[A],, AS"),
        ("FROM", "FORM"),
        ("(40))", "(40)"),
        ("WHERE", "WHERE WHERE"),
        ("ORDER BY", "ORDER"),
        ("TOP (@p1)", "TOP (@p1"),
        ("ORDER BY [p].[A]", "ORDER BY [p].[A] LIMIT 5"),
        ("@p2", "?2"),
        ("CAST(@p2 AS varchar(40))", "@p2 || 'x'"),
    ];
    for (from, to) in changes {
        let broken = sound.replacen(from, to, 1);
        assert!(tsql(&broken).is_err(), "{broken}");
    }
}
