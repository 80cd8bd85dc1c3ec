//! A case as it was read: what is asked, and what must be true of the answer.

use crate::fhir::fhirpath::Expression;

/// One case of `cases.yaml`.
#[derive(Debug, Clone)]
pub struct Case {
    /// The snapshot's file name.
    pub name: String,
    /// Of `cases.yaml`, counted from 1.
    pub line: u32,
    pub question: Question,
    /// The values of the command depend on the day: they are not in the snapshot.
    pub depends_on_today: bool,
    pub expect: Expect,
}

/// What is asked.
#[derive(Debug, Clone)]
pub enum Question {
    Search(Search),
    /// `Patient/1`, and `?_elements=…` after it where wanted.
    Read(String),
    /// What the database says of the practice itself.
    Practice,
}

/// A search of one resource type.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// `Patient?family=smith`
    pub text: String,
    /// The form body of a search by POST.
    pub form: String,
    /// `Prefer: handling=strict`
    pub strict: bool,
    /// How many `next` links to follow first.
    pub follow: usize,
}

/// What must be true of the answer. What is None is not looked at.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// Of the page's matches; of a read, of the resource.
    pub ids: Option<Ids>,
    pub total: Option<u64>,
    /// HTTP status; 200 where neither it nor `code` is given.
    pub status: Option<u16>,
    /// Of the table of errors.
    pub code: Option<String>,
    /// Statements that ran.
    pub commands: Option<Commands>,
    /// Whether a `next` link is there.
    pub next: Option<bool>,
    pub fields: Vec<FieldCheck>,
    /// What is said of the practice, by the key of the manifest's `practice:`; None where nothing is.
    pub practice: Vec<(&'static str, Option<String>)>,
}

/// Which ids there must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ids {
    /// These and no others, in this order.
    InOrder(Vec<String>),
    /// These and no others.
    InAnyOrder(Vec<String>),
    /// These among others, and none of those.
    Among {
        contains: Vec<String>,
        not: Vec<String>,
    },
}

/// How many statements may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commands {
    Exactly(u32),
    AtMost(u32),
}

/// An expression, and the values that it must give.
#[derive(Debug, Clone)]
pub struct FieldCheck {
    pub of: Subject,
    pub expression: Expression,
    /// The expression as it was written.
    pub text: String,
    /// As YAML writes them, in order; none where the expression must lead to nothing.
    pub values: Vec<String>,
}

/// What an expression looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Every match of a search, of which there must be one; of a read, the resource.
    Each,
    /// `Patient/1`, wherever in the answer.
    Resource(String),
    /// The Bundle.
    Bundle,
}

impl Case {
    /// The search, where it is one.
    pub fn search(&self) -> Option<&Search> {
        match &self.question {
            Question::Search(search) => Some(search),
            Question::Read(_) | Question::Practice => None,
        }
    }

    /// `Patient/1`, where it is a read.
    pub fn read(&self) -> Option<&str> {
        match &self.question {
            Question::Search(_) | Question::Practice => None,
            Question::Read(read) => Some(read),
        }
    }

    /// It asks what the database says of the practice.
    pub fn is_of_practice(&self) -> bool {
        matches!(self.question, Question::Practice)
    }

    /// The resource type that is asked for; empty where it is the practice.
    pub fn resource(&self) -> &str {
        match &self.question {
            Question::Search(search) => search.text.split('?').next().unwrap_or_default(),
            Question::Read(read) => read.split(['/', '?']).next().unwrap_or_default(),
            Question::Practice => "",
        }
    }

    /// A caller is told why there is no answer.
    pub fn is_refused(&self) -> bool {
        self.expect.is_refusal()
    }
}

impl Expect {
    pub(super) fn is_refusal(&self) -> bool {
        self.code.is_some() || self.status.is_some_and(|status| status != 200)
    }
}
