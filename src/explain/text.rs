//! An explanation as a person reads it: asked, plan, command, rows, answer, from top to bottom.

use std::fmt::Write as _;

use serde::Serialize;

use super::table::Table;
use super::tree::{Style, Tree, harmless};
use super::{
    ChildExplanation, Explanation, PartExplanation, Ran, Subject, json, relation, request, sql,
};
use crate::passthrough::{Command, CommandParameter};
use crate::relation::{Expr, Join, Select, Shared};

/// Characters of a table that is still read across.
const WIDE: usize = 120;
const INDENT: &str = "  ";

/// The explanation as text, its lines ended by `\n`; `colour` allows a terminal's codes for bold and faint.
/// Every other control character, whatever it came from, is written as `\u{…}`.
pub fn render_text(explanation: &Explanation, colour: bool) -> String {
    let mut page = Page {
        out: String::with_capacity(4096),
        style: Style { colour },
    };
    page.title(explanation);
    page.asked(explanation);
    page.plan(explanation);
    page.commands(explanation);
    page.rows(explanation);
    page.answer(explanation);
    page.out
}

/// The commands of an explanation and the rows that they brought, without the rest.
pub fn render_evidence(explanation: &Explanation, colour: bool) -> String {
    let mut page = Page {
        out: String::with_capacity(4096),
        style: Style { colour },
    };
    page.commands(explanation);
    page.rows(explanation);
    page.out
}

struct Page {
    out: String,
    style: Style,
}

impl Page {
    fn title(&mut self, explanation: &Explanation) {
        let query = match &explanation.asked {
            Subject::Search(request) => request.to_query(),
            Subject::Read { .. } => String::new(),
        };
        let asked = match query.is_empty() {
            true => explanation.path.clone(),
            false => format!("{}?{query}", explanation.path),
        };
        self.style.bold(&mut self.out, &harmless(&asked));
        self.out.push('\n');
        let about = format!(
            "mapping {}, dialect {}, time zone {}",
            explanation.mapping, explanation.dialect, explanation.zone
        );
        self.note(&about);
    }

    fn asked(&mut self, explanation: &Explanation) {
        self.heading("Asked");
        self.tree(&asked_tree(explanation));
    }

    fn plan(&mut self, explanation: &Explanation) {
        self.heading("Plan");
        let is_search = matches!(explanation.asked, Subject::Search(_));
        if is_search {
            let page = &explanation.page;
            let count = match (page.count, page.count_lowered) {
                (0, _) => "the total only".to_owned(),
                (1, false) => "1 entry a page".to_owned(),
                (count, true) => format!("{count} entries a page (lowered to the cap)"),
                (count, false) => format!("{count} entries a page"),
            };
            let total = match (page.count, page.total) {
                (0, _) => "",
                (_, true) => ", with the total",
                (_, false) => ", without the total",
            };
            self.line(&format!("{count}{total}"));
        }
        if explanation.parts.is_empty() {
            self.line("no source of the type can have an answer: nothing runs");
        }
        for tree in plan_trees(explanation) {
            self.tree(&tree);
        }
    }

    fn commands(&mut self, explanation: &Explanation) {
        if explanation.parts.is_empty() {
            return;
        }
        self.heading("Command");
        let mut first = true;
        let is_one = explanation.parts.len() == 1 && explanation.included.is_empty();
        for part in &explanation.parts {
            self.gap(&mut first);
            if !part.select.can_match() {
                let name = source_name(part);
                self.note_in(&format!("{name}: nothing of it can match, so nothing runs"));
                continue;
            }
            for asked in &part.asked_first {
                let name = source_name(part);
                let database = match &asked.catalogue {
                    Some(_) => "of another database",
                    None => "of the default database",
                };
                let meanwhile = match part.ran {
                    Some(_) => "",
                    None => {
                        "; what it gives is a list in the next, where one value stands for it here"
                    }
                };
                self.note_in(&format!("{name}: asked first, {database}{meanwhile}"));
                self.command(asked);
                self.gap(&mut first);
            }
            if !is_one || !part.children.is_empty() || !part.asked_first.is_empty() {
                self.note_in(&source_name(part));
            }
            self.command(&part.command);
            self.children(part, &mut first);
        }
        for part in explanation
            .included
            .iter()
            .filter(|part| part.select.can_match())
        {
            self.gap(&mut first);
            self.note_in(&format!(
                "{}: included, here for a page with one resource of each source, of the id 0",
                source_name(part)
            ));
            self.command(&part.command);
            self.children(part, &mut first);
        }
    }

    fn children(&mut self, part: &PartExplanation, first: &mut bool) {
        for child in &part.children {
            self.gap(first);
            let parents = if child.ran.is_some() {
                "for the parents of the page"
            } else {
                "for the parents of the page, here one without a key"
            };
            self.note_in(&format!("{}: {parents}", child.name));
            self.command(&child.command);
        }
    }

    fn command(&mut self, command: &Command) {
        if let Some(catalogue) = &command.catalogue {
            self.note_in(&format!("in the catalogue {catalogue}"));
        }
        // The mapping's own text in it may be anything that a YAML file holds.
        for line in sql::lines(&command.command.text, "SELECT ".len()) {
            self.line(&line);
        }
        if command.command.parameters.is_empty() {
            return;
        }
        self.out.push('\n');
        let mut table = Table::new(["parameter", "type", "value"]);
        for parameter in &command.command.parameters {
            let value = parameter.value.as_deref().unwrap_or("NULL");
            table.row([&parameter.name, &type_of(parameter), value]);
        }
        table.write(&mut self.out, INDENT, self.style);
    }

    fn rows(&mut self, explanation: &Explanation) {
        if !explanation.parts.iter().any(|part| part.ran.is_some()) {
            return;
        }
        self.heading("Rows");
        let mut first = true;
        for part in &explanation.parts {
            if let Some(ran) = &part.ran {
                self.gap(&mut first);
                self.ran(&source_name(part), &part.columns, ran);
            }
            for child in &part.children {
                if let Some(ran) = &child.ran {
                    self.gap(&mut first);
                    self.ran(&child.name, &child.columns, ran);
                }
            }
        }
    }

    fn ran(&mut self, name: &str, columns: &[String], ran: &Ran) {
        let shown = match (ran.count, ran.rows.len()) {
            (1, 1) => "1 row".to_owned(),
            (count, shown) if count == shown => format!("{count} rows"),
            (count, shown) => format!("{count} rows, the first {shown} of them"),
        };
        self.note_in(&format!("{name}: {shown}"));
        if !ran.query_plan.is_empty() {
            let steps = ran.query_plan.iter().map(Tree::line);
            self.tree(&Tree::line("how the engine ran it").with(steps));
        }
        if ran.rows.is_empty() {
            return;
        }
        let mut table = Table::new(columns);
        for row in &ran.rows {
            table.row(row.iter().map(|cell| match cell {
                serde_json::Value::Null => "NULL".to_owned(),
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            }));
        }
        if table.width() <= WIDE {
            table.write(&mut self.out, INDENT, self.style);
        } else {
            table.write_down(&mut self.out, INDENT, self.style);
        }
    }

    fn answer(&mut self, explanation: &Explanation) {
        if let Some(answer) = &explanation.answer {
            self.heading("Answer");
            for line in json::indented(answer.text()).lines() {
                self.line(line);
            }
        }
        if let Some(timings) = &explanation.timings {
            self.heading("Time");
            let stages = [
                ("parse", timings.parse),
                ("plan", timings.plan),
                ("sql", timings.sql),
                ("database", timings.database),
                ("assemble", timings.assemble),
            ];
            for (stage, micros) in stages {
                self.line(&format!("{stage:<8} {micros:>8} µs"));
            }
        }
    }

    fn heading(&mut self, text: &str) {
        self.out.push('\n');
        self.style.bold(&mut self.out, text);
        self.out.push('\n');
    }

    fn line(&mut self, text: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "{INDENT}{}", harmless(text));
    }

    fn note(&mut self, text: &str) {
        self.style.faint(&mut self.out, &harmless(text));
        self.out.push('\n');
    }

    fn note_in(&mut self, text: &str) {
        self.out.push_str(INDENT);
        self.note(text);
    }

    fn tree(&mut self, tree: &Tree) {
        tree.write(&mut self.out, INDENT, self.style);
    }

    /// A blank line, but not the first time.
    fn gap(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.out.push('\n');
        }
    }
}

/// What was asked.
fn asked_tree(explanation: &Explanation) -> Tree {
    match &explanation.asked {
        Subject::Search(request) => request::tree(&explanation.path, request, &explanation.dates),
        Subject::Read { resource, id } => {
            Tree::line(&**resource).with([Tree::keyed("id", super::quoted(id))])
        }
    }
}

/// What is read, a tree for each source.
fn plan_trees(explanation: &Explanation) -> Vec<Tree> {
    let mut types = explanation.parts.iter().map(|part| part.resource);
    let first = types.next();
    let is_one = types.all(|of| Some(of) == first);
    let role = (!is_one).then_some("matches");
    let parts = explanation.parts.iter().map(|part| part_tree(part, role));
    let included = explanation.included.iter();
    let included = included.map(|part| part_tree(part, Some("included")));
    parts.chain(included).collect()
}

/// What was asked and how it is planned as people read them, for a page that shows them.
#[derive(Debug, Serialize)]
pub(super) struct Outline {
    asked: Tree,
    plan: Vec<Tree>,
}

impl Outline {
    pub(super) fn of(explanation: &Explanation) -> Outline {
        Outline {
            asked: asked_tree(explanation),
            plan: plan_trees(explanation),
        }
    }
}

/// `Patient`, or `Patient kin` where the type has named sources.
fn source_name(part: &PartExplanation) -> String {
    match &part.source {
        Some(name) => format!("{} {name}", part.resource),
        None => part.resource.to_owned(),
    }
}

/// `role`: what the part is beside the search itself.
fn part_tree(part: &PartExplanation, role: Option<&'static str>) -> Tree {
    let Select {
        source,
        filter,
        after,
        columns,
        order,
        limit,
        total,
        count_only,
        ..
    } = &part.select;
    let name = part
        .source
        .as_ref()
        .map_or_else(String::new, |name| format!("{name}: "));
    let from = relation::table(&source.table);
    let joins = super::joined(&part.select);
    let head = format!("{name}from {from}  ({})", part.place);
    let head = match role {
        Some(role) => Tree::keyed(role, format!("{} {head}", part.resource)),
        None => Tree::line(head),
    };
    let mut tree = head
        .with(made(&source.joins, joins))
        .with(all("rows", relation::conditions(&source.rows)))
        .with(all("filter", relation::conditions(filter)))
        .with(all("after", relation::conditions(after)));
    if *count_only {
        return tree.with([Tree::keyed("columns", "the number of rows")]);
    }
    if !order.is_empty() {
        let order: Vec<String> = order.iter().map(relation::order).collect();
        tree = tree.with([Tree::keyed("order", order.join(", "))]);
    }
    tree.with([self::columns(columns, *total)])
        .with(limit.map(|limit| {
            let slot = Expr::Slot(limit);
            Tree::keyed(
                "limit",
                format!("{}, one more than the page", relation::expr(&slot)),
            )
        }))
        .with(part.children.iter().map(child_tree))
}

fn child_tree(child: &ChildExplanation) -> Tree {
    let select = &child.select;
    let order: Vec<String> = select.child.order.iter().map(relation::order).collect();
    let table = relation::table(&select.child.table);
    Tree::keyed("children", format!("{}: from {table}", child.name))
        .with(made(&select.child.joins, select.joins))
        .with(all(
            "rows",
            relation::child_conditions(&select.child.on, &select.child.filter),
        ))
        .with((!order.is_empty()).then(|| Tree::keyed("order", order.join(", "))))
        .with([columns(&select.columns, false)])
}

/// What comes back: in one line, or in several below where there is much of it.
fn columns(columns: &[Expr], total: bool) -> Tree {
    const LINE: usize = 80;
    let mut names: Vec<String> = columns.iter().map(relation::expr).collect();
    names.extend(total.then(|| "the total".to_owned()));
    let mut lines: Vec<String> = Vec::new();
    for name in names {
        match lines.last_mut() {
            Some(line) if line.chars().count() + name.chars().count() < LINE => {
                line.push_str(", ");
                line.push_str(&name);
            }
            _ => lines.push(name),
        }
    }
    if lines.len() > 1 {
        Tree::keyed("columns", "").with(lines.into_iter().map(Tree::line))
    } else {
        Tree::keyed("columns", lines.pop().unwrap_or_default())
    }
}

/// The lookups that a select makes.
fn made(joins: &[Shared<Join>], wanted: u64) -> impl Iterator<Item = Tree> {
    joins
        .iter()
        .filter(move |join| wanted & (1 << join.index) != 0)
        .map(|join| relation::join(join))
}

/// Conditions that all must hold, under their key: one stands beside it, several below.
fn all(key: &'static str, mut conditions: Vec<Tree>) -> Option<Tree> {
    match conditions.len() {
        0 => None,
        1 => conditions.pop().map(|only| only.under(key)),
        _ => Some(Tree::keyed(key, "AND").with(conditions)),
    }
}

/// `Char(40)`
fn type_of(parameter: &CommandParameter) -> String {
    match parameter.size {
        Some(size) => format!("{}({size})", parameter.ty),
        None => parameter.ty.to_owned(),
    }
}
