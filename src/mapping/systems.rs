//! The systems of codes from a required value set.
//!
//! Takes a Coding, or the entries of a code table that gives one, and the value set that R4 requires; reports a code
//! without its system, and one of another system: to a reader it is another code. An element of the type `code` has
//! no system of its own.

use super::binding::Gone;
use super::diagnostic::Problem;
use super::model::{Code, CodeTable};
use super::source::Compiler;
use super::yaml::{Node, Pair, get};
use super::{rules, shape};
use crate::fhir::ValueSet;

impl Compiler<'_> {
    /// Checks a Coding that is written with its parts.
    pub(super) fn has_system(
        &self,
        pairs: &[Pair],
        set: Option<&'static ValueSet>,
    ) -> Result<(), Gone> {
        let (Some(set), Some(code)) = (set.filter(|set| set.is_listed()), get(pairs, "code"))
        else {
            return Ok(());
        };
        let constant = constant(&code.value);
        let right = systems(set, constant);
        let (span, message) = match get(pairs, "system") {
            None => (&code.value.span, without_system(constant)),
            Some(pair) => match self::constant(&pair.value) {
                Some(system) if !right.contains(&system) => {
                    (&pair.value.span, of_system(constant, system, set))
                }
                _ => return Ok(()),
            },
        };
        let help = match right[..] {
            [system] => format!("write `system: {system}`"),
            _ => one_of(&right),
        };
        self.at
            .report(Problem::new(&rules::OUTSIDE_BINDING, span, message).help(help));
        Err(Gone::Wrong)
    }
}

/// What is wrong with the system of a code table's entry, and what to do: None where it is the value set's.
pub(super) fn of_entry(
    table: &CodeTable,
    code: &Code,
    set: &'static ValueSet,
) -> Option<(String, String)> {
    let own = table.system_of(code).map(|system| &**system);
    let is_listed = |(system, listed): (&str, &str)| Some(system) == own && *listed == *code.code;
    if set.codes().any(is_listed) {
        return None;
    }
    let right = systems(set, Some(&code.code));
    let message = match own {
        None => without_system(Some(&code.code)),
        Some(system) => of_system(Some(&code.code), system, set),
    };
    let help = match right[..] {
        [system] if own.is_none() => {
            format!("give the table its system: `{{ system: \"{system}\", values: {{ … }} }}`")
        }
        _ => one_of(&right),
    };
    Some((message, help))
}

/// The systems of a value set that have the code; all of them where it comes from the row.
fn systems(set: &'static ValueSet, code: Option<&str>) -> Vec<&'static str> {
    let mut systems = Vec::new();
    for (system, listed) in set.codes() {
        if code.is_none_or(|code| code == listed) && !systems.contains(&system) {
            systems.push(system);
        }
    }
    systems
}

fn without_system(code: Option<&str>) -> String {
    let code = code.map_or("the code".to_owned(), |code| {
        format!("`{}`", shape::clip(code))
    });
    format!("{code} stands without its system, and R4 requires both")
}

fn of_system(code: Option<&str>, system: &str, set: &ValueSet) -> String {
    let (system, set) = (shape::clip(system), set.name());
    match code {
        Some(code) => format!(
            "`{}` of the system `{system}` is not in the element's value set `{set}`",
            shape::clip(code)
        ),
        None => format!("no code of the system `{system}` is in the element's value set `{set}`"),
    }
}

fn one_of(systems: &[&str]) -> String {
    let quoted: Vec<_> = systems.iter().map(|system| format!("`{system}`")).collect();
    match systems.len() {
        1 => format!("its system is {}", quoted.join(", ")),
        _ => format!("its systems are {}", quoted.join(", ")),
    }
}

/// The text of a constant; None where the value comes from the row.
pub(super) fn constant(node: &Node) -> Option<&str> {
    let text = node.as_text()?;
    match text.strip_prefix('$') {
        Some(escaped) => escaped.starts_with('$').then_some(escaped),
        None => Some(text),
    }
}
