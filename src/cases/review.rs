//! Differences and a person's answers → what is accepted.
//!
//! The answers are read line by line from whatever is given, so that a test can be the person.

use std::io::{self, BufRead, Read as _, Write};

use super::diff;
use super::report::{Paint, Style};
use crate::explain::harmless;

/// The longest answer that is read, in bytes.
const LONGEST: u64 = 1000;
/// Lines of a new snapshot that are shown.
const MOST: usize = 200;

/// Something to decide on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A case without a snapshot: its text.
    New { case: String, text: String },
    /// A case that gives something else than its snapshot: both texts.
    Changed {
        case: String,
        before: String,
        text: String,
    },
    /// A snapshot of no case.
    Stale { case: String },
}

impl Change {
    /// The case, or the stale snapshot, by its name.
    pub fn case(&self) -> &str {
        match self {
            Change::New { case, .. } | Change::Changed { case, .. } | Change::Stale { case } => {
                case
            }
        }
    }
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is right: it is kept; a stale one is deleted.
    Accept,
    /// It is wrong: the mapping has to be mended, or the case.
    Reject,
    /// It is left as it is for now.
    Skip,
}

/// Shows the changes one by one and asks what to do; gives a decision for each, in order. Those that are left when a person
/// quits or goes away are skipped.
///
/// # Errors
/// Where answers cannot be read, or the text cannot be written.
pub fn review(
    changes: &[Change],
    input: &mut dyn BufRead,
    out: &mut dyn Write,
    paint: Paint,
) -> io::Result<Vec<Decision>> {
    let mut answers = Vec::with_capacity(changes.len());
    for (index, change) in changes.iter().enumerate() {
        write!(out, "{}", shown(change, index + 1, changes.len(), paint))?;
        match ask(change, input, out)? {
            Choice::This(answer) => answers.push(answer),
            Choice::All => {
                answers.resize(changes.len(), Decision::Accept);
                break;
            }
            Choice::Quit => break,
        }
    }
    answers.resize(changes.len(), Decision::Skip);
    Ok(answers)
}

enum Choice {
    This(Decision),
    All,
    Quit,
}

fn ask(change: &Change, input: &mut dyn BufRead, out: &mut dyn Write) -> io::Result<Choice> {
    let accept = match change {
        Change::Stale { .. } => "delete it",
        _ => "accept",
    };
    loop {
        write!(
            out,
            "\n[a] {accept}  [r] reject  [s] skip  [all] accept this and the rest  [q] quit  [?] help: "
        )?;
        out.flush()?;
        let mut line = Vec::new();
        (&mut *input).take(LONGEST).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            // Nobody is there any more.
            writeln!(out)?;
            return Ok(Choice::Quit);
        }
        return Ok(match String::from_utf8_lossy(&line).trim() {
            "a" | "accept" | "y" | "yes" => Choice::This(Decision::Accept),
            "d" | "delete" if matches!(change, Change::Stale { .. }) => {
                Choice::This(Decision::Accept)
            }
            "r" | "reject" => Choice::This(Decision::Reject),
            "s" | "skip" | "n" | "no" => Choice::This(Decision::Skip),
            "all" => Choice::All,
            "q" | "quit" => Choice::Quit,
            "?" | "h" | "help" => {
                write!(out, "{}", meaning(change))?;
                continue;
            }
            _ => {
                write!(out, "a, r, s, all or q; ? explains them")?;
                continue;
            }
        });
    }
}

/// What each answer does.
fn meaning(change: &Change) -> String {
    let accept = match change {
        Change::New { .. } => "it is right: it is kept as the snapshot of the case",
        Change::Changed { .. } => "it is right: it takes the place of the snapshot",
        Change::Stale { .. } => "the snapshot is of no case any more: it is deleted",
    };
    format!(
        "\n\
         a, y  {accept}\n\
         r     it is wrong: nothing is written, and it is named at the end, to be mended\n\
         s, n  nothing is written, and it is asked again next time\n\
         all   this one and all that follow are right, and are not shown\n\
         q     no more questions: what was accepted is kept, the rest is skipped\n"
    )
}

fn shown(change: &Change, number: usize, of: usize, paint: Paint) -> String {
    let word = match change {
        Change::New { .. } => "new",
        Change::Changed { .. } => "changed",
        Change::Stale { .. } => "stale",
    };
    let title = paint.styled(Style::Bold, &format!("{word}: {}", change.case()));
    let count = paint.styled(Style::Faint, &format!("({number} of {of})"));
    let body = match change {
        Change::New { text, .. } => whole(text, paint),
        Change::Changed { before, text, .. } => diff::lines(before, text, "  ", paint),
        Change::Stale { .. } => "  no case has this name\n".to_owned(),
    };
    format!("\n{title} {count}\n\n{body}")
}

/// A new text, every line of it new.
fn whole(text: &str, paint: Paint) -> String {
    let mut out = String::new();
    for line in text.trim_end().lines().take(MOST) {
        let line = format!("+ {}", harmless(line));
        out.push_str(&format!(
            "  {}\n",
            paint.styled(Style::Good, line.trim_end())
        ));
    }
    let more = text.trim_end().lines().count().saturating_sub(MOST);
    if more > 0 {
        out.push_str(&format!("  … and {more} lines more\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Decision::{Accept, Reject, Skip};
    use super::*;

    fn changes() -> Vec<Change> {
        vec![
            Change::New {
                case: "one".to_owned(),
                text: "Patient/1\n".to_owned(),
            },
            Change::Changed {
                case: "two".to_owned(),
                before: "a\nb\n".to_owned(),
                text: "a\nc\n".to_owned(),
            },
            Change::Stale {
                case: "three".to_owned(),
            },
        ]
    }

    fn answered(typed: &str) -> (Vec<Decision>, String) {
        let mut out = Vec::new();
        let answers = review(
            &changes(),
            &mut typed.as_bytes(),
            &mut out,
            Paint { colour: false },
        );
        let text = String::from_utf8(out).expect("text");
        (answers.expect("answers"), text)
    }

    #[test]
    fn each_change_is_shown_and_decided() {
        let (answers, text) = answered("a\nr\ns\n");
        assert_eq!(answers, [Accept, Reject, Skip]);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn one_answer_may_be_for_all() {
        assert_eq!(answered("r\nall\n").0, [Reject, Accept, Accept]);
        assert_eq!(answered("skip\nq\n").0, [Skip, Skip, Skip]);
        assert_eq!(answered("accept\na\ndelete\n").0, [Accept, Accept, Accept]);
    }

    #[test]
    fn what_is_no_answer_is_asked_again() {
        let (answers, text) = answered("perhaps\nd\n\na\nq\n");
        assert_eq!(answers, [Accept, Skip, Skip]);
        assert_eq!(text.matches("a, r, s, all or q").count(), 3);
    }

    #[test]
    fn the_answers_are_explained_and_yes_and_no_are_known() {
        let (answers, text) = answered("?\ny\nn\n?\nno\n");
        assert_eq!(answers, [Accept, Skip, Skip]);
        assert!(text.contains("a, y  it is right: it is kept"), "{text}");
        assert!(text.contains("it is deleted"), "{text}");
    }

    #[test]
    fn whoever_goes_away_accepts_nothing_more() {
        assert_eq!(answered("a\n").0, [Accept, Skip, Skip]);
        assert_eq!(answered("").0, [Skip, Skip, Skip]);
        // No line's end: bounded, and no answer.
        assert_eq!(answered(&"a".repeat(5000)).0, [Skip, Skip, Skip]);
    }
}
