//! A case and a practice → what it asked, the commands that ran, and the answer.

use std::fmt::Write as _;

use serde_json::Value;
use thiserror::Error;

use super::commands::{self, Shown};
use super::model::{Case, Question, Search};
use super::practice::{BASE, Practice, next_cursor};
use crate::cursor::Cursor;
use crate::plan::Handling;
use crate::search::{Input, SearchRequest};
use crate::site::{Answer, SearchCall, SiteError};

/// What a case gave.
pub struct Ran {
    /// What was asked, as the snapshot begins.
    pub asked: String,
    /// Of the last page; none where there is no answer.
    pub commands: Vec<Shown>,
    pub answer: Result<Answered, SiteError>,
    /// What the link to the last page stands for; None for the first.
    pub(super) resumed: Option<Cursor>,
}

/// An answer, read.
pub struct Answered {
    /// A resource, or a Bundle; or what is said of the practice, `{"name": "…"}`.
    pub json: Value,
    /// Statements that ran.
    pub commands: u32,
    /// Resources in it that match.
    pub entries: usize,
}

/// Why a case cannot be looked at.
#[derive(Debug, Error)]
pub enum RunError {
    #[error("page {page} is asked for, and page {} has no `next` link", page - 1)]
    NoNextPage { page: usize },
    #[error("page {page} is refused: {source}")]
    Page { page: usize, source: SiteError },
    #[error("the answer is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the commands cannot be shown: {0}")]
    Commands(#[from] SiteError),
    #[error("a page link is not this practice's own")]
    Cursor,
}

/// Runs a case.
///
/// # Errors
/// Pages that are not there. A refusal is an answer like any other.
pub fn run(practice: &Practice, case: &Case) -> Result<Ran, RunError> {
    match &case.question {
        Question::Search(search) => run_search(practice, search),
        Question::Read(read) => {
            let answer = practice.read(read);
            let commands = match &answer {
                Ok(_) => commands::of_read(practice, read)?,
                Err(_) => Vec::new(),
            };
            Ok(Ran {
                asked: read.clone(),
                commands,
                answer: read_answer(answer)?,
                resumed: None,
            })
        }
        Question::Practice => Ok(Ran {
            asked: "practice".to_owned(),
            commands: commands::of_practice(practice)?,
            answer: read_answer(of_practice(practice))?,
            resumed: None,
        }),
    }
}

/// What the database says of the practice, by the keys of the manifest's `practice:`.
fn of_practice(practice: &Practice) -> Result<Answer, SiteError> {
    let said = practice.wait(practice.site.practice_metadata())?;
    let said = [
        ("name", said.practice_name),
        ("siteId", said.practice_management_site_id),
        ("version", said.practice_management_version),
    ];
    let said = said
        .into_iter()
        .filter_map(|(key, text)| Some((key, Value::from(&*text?))));
    let json: Value = said.collect();
    Ok(Answer {
        body: json.to_string().into_bytes(),
        commands: u32::from(practice.site.mapping().practice.is_some()),
        ..Answer::default()
    })
}

/// The call of a search's first page.
pub(super) fn call(search: &Search) -> SearchCall {
    SearchCall {
        form: search.form.as_bytes().to_vec(),
        handling: Handling::strict_if(search.strict),
        ..Practice::call(&search.text)
    }
}

impl Case {
    /// The answer to the case, of the last page that it follows and there is.
    ///
    /// # Errors
    /// What a caller is told.
    pub fn ask(&self, practice: &Practice) -> Result<Answer, SiteError> {
        let search = match &self.question {
            Question::Search(search) => search,
            Question::Read(read) => return practice.read(read),
            Question::Practice => return of_practice(practice),
        };
        let mut call = call(search);
        let mut answer = practice.answer(call.clone())?;
        for _ in 0..search.follow {
            let bundle = serde_json::from_slice(&answer.body).unwrap_or_default();
            let Some(cursor) = next_cursor(&bundle) else {
                break;
            };
            turn_to(&mut call, &cursor);
            answer = practice.answer(call.clone())?;
        }
        Ok(answer)
    }
}

/// Makes of a call that of the page behind a link.
fn turn_to(call: &mut SearchCall, cursor: &str) {
    call.query = format!("_cursor={cursor}").into_bytes();
    call.form.clear();
}

fn run_search(practice: &Practice, search: &Search) -> Result<Ran, RunError> {
    let mut asked = search.text.clone();
    // Writing to a String cannot fail.
    if !search.form.is_empty() {
        let _ = write!(asked, "\n{}", search.form);
    }
    if search.strict {
        asked.push_str("\nPrefer: handling=strict");
    }
    let mut call = call(search);
    let mut answer = read_answer(practice.answer(call.clone()))?;
    let mut commands = match &answer {
        Ok(answer) => of_first_page(practice, &call, answer)?,
        Err(_) => Vec::new(),
    };
    let mut resumed = None;
    for page in 2..search.follow + 2 {
        let before = answer.map_err(|source| RunError::Page {
            page: page - 1,
            source,
        })?;
        let cursor = next_cursor(&before.json).ok_or(RunError::NoNextPage { page })?;
        let opened = practice
            .open_cursor(&cursor, &call.resource)
            .ok_or(RunError::Cursor)?;
        commands = of_next_page(practice, &call, &opened)?;
        resumed = Some(opened);
        turn_to(&mut call, &cursor);
        answer = read_answer(practice.answer(call.clone()))?;
        asked.push_str("\nnext");
    }
    Ok(Ran {
        asked,
        commands,
        answer,
        resumed,
    })
}

/// The commands of a search's first page, and of what goes with it.
fn of_first_page(
    practice: &Practice,
    call: &SearchCall,
    answer: &Answered,
) -> Result<Vec<Shown>, RunError> {
    let calls = practice.site.calls();
    let given = Input {
        query: &call.query,
        form: &call.form,
    };
    let request = calls.parse(&call.resource, given)?;
    let plan = calls.plan(&request, BASE, call.handling)?;
    let mut commands = commands::of_plan(practice, &plan)?;
    commands.extend(commands::of_included(
        practice,
        &request,
        call.handling,
        &answer.json,
    )?);
    Ok(commands)
}

/// The commands of the page behind a link.
fn of_next_page(
    practice: &Practice,
    call: &SearchCall,
    opened: &Cursor,
) -> Result<Vec<Shown>, RunError> {
    let calls = practice.site.calls();
    let input = Input::query(&opened.query);
    let request: SearchRequest = calls.parse(&call.resource, input)?;
    let resource = calls.served(&request.resource)?;
    let context = calls.context(BASE, call.handling);
    let planner = practice.site.planner();
    let plan = planner
        .search(resource, &request, &opened.places, &context)
        .map_err(SiteError::from)?;
    Ok(commands::of_plan(practice, &plan)?)
}

/// A refusal stays one; an answer that is no JSON is an error of another sort.
fn read_answer(
    answer: Result<Answer, SiteError>,
) -> Result<Result<Answered, SiteError>, serde_json::Error> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(refusal) => return Ok(Err(refusal)),
    };
    Ok(Ok(Answered {
        json: serde_json::from_slice(&answer.body)?,
        commands: answer.commands,
        entries: answer.entries,
    }))
}
