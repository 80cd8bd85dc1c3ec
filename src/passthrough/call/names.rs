//! Named parameters as markers, for engines whose statements know no names.
//!
//! Takes a text with `@name` in it and the command's arguments; gives the text with a `?` for each, and which argument each
//! marker takes. A name that stands in text, in a quoted name or in a comment is none, and one that was not declared stays
//! as it is. A text may have markers itself instead: these take the inputs in the order in which they were declared.

use super::bind::{Argument, refused};
use super::lexer::{Kind, Lexis, tokens};
use super::{Call, CallError};

/// A text whose parameters have places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub text: String,
    /// The argument that each marker takes, by its place among the arguments.
    pub markers: Vec<usize>,
}

/// Puts a marker for each name of an input. Names are compared without regard to case; the whole name counts, so that `@p1`
/// is not found in `@p10`.
///
/// # Errors
/// [`CallError::Command`] where an input is not used, where names and markers are mixed, and where markers are not as many as
/// inputs.
pub fn placed(call: &Call, arguments: &[Argument<'_>], lexis: Lexis) -> Result<Placed, CallError> {
    let lowered: Vec<String> = arguments
        .iter()
        .map(|argument| argument.name.to_lowercase())
        .collect();
    let mut placed = Placed {
        text: String::with_capacity(call.text.len()),
        markers: Vec::new(),
    };
    let mut bare = 0;
    for token in tokens(&call.text, lexis) {
        let named = match token.kind {
            Kind::Named => {
                let name = token.text[1..].to_lowercase();
                lowered
                    .iter()
                    .position(|lowered| *lowered == name)
                    .filter(|place| arguments[*place].is_input())
            }
            _ => None,
        };
        bare += usize::from(token.kind == Kind::Marker);
        match named {
            Some(place) => {
                placed.markers.push(place);
                placed.text.push('?');
            }
            None => placed.text.push_str(token.text),
        }
    }
    let inputs = || {
        arguments
            .iter()
            .enumerate()
            .filter(|(_, argument)| argument.is_input())
    };
    if bare > 0 && placed.markers.is_empty() {
        placed.markers.extend(inputs().map(|(place, _)| place));
        let count = placed.markers.len();
        return match bare == count {
            true => Ok(placed),
            false => Err(CallError::Command(format!(
                "the text has {bare} markers (`?`), and the command {count} parameters that go in"
            ))),
        };
    }
    if bare > 0 {
        return Err(CallError::Command(
            "the text has names (`@name`) and markers (`?`) for parameters: use one or the other"
                .to_owned(),
        ));
    }
    match inputs().find(|(place, _)| !placed.markers.contains(place)) {
        Some((_, unused)) => Err(refused(
            unused.place,
            unused.ty,
            "the text does not use it: write its name with an `@`, or leave it out",
        )),
        None => Ok(placed),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::bind::ArgumentValue;
    use super::super::{CommandType, Direction, ExecutionMode, ParameterType};
    use super::*;

    fn place(text: &str, names: &[&str]) -> Result<Placed, CallError> {
        let arguments: Vec<Argument<'_>> = names
            .iter()
            .enumerate()
            .map(|(place, name)| Argument {
                place,
                name: name.trim_start_matches('>'),
                direction: match name.starts_with('>') {
                    true => Direction::Output,
                    false => Direction::Input,
                },
                ty: ParameterType::Int,
                size: None,
                value: ArgumentValue::Null,
            })
            .collect();
        let call = Call {
            text: Arc::from(text),
            mode: ExecutionMode::Reader,
            kind: CommandType::Text,
            parameters: Vec::new(),
            catalogue: None,
        };
        placed(&call, &arguments, Lexis::FIREBIRD)
    }

    #[test]
    fn names_become_markers() {
        let cases: [(&str, &[&str], &str, &[usize]); 6] = [
            (
                "SELECT * FROM T WHERE A = @a AND B = @B OR C=@a",
                &["b", "A"],
                "SELECT * FROM T WHERE A = ? AND B = ? OR C=?",
                &[1, 0, 1],
            ),
            ("@p10 + @p1", &["p1", "p10"], "? + ?", &[1, 0]),
            ("@p1 + @p1x", &["p1"], "? + @p1x", &[0]),
            (
                "'@a' || \"@a\" /* @a */ || @a -- @a",
                &["a"],
                "'@a' || \"@a\" /* @a */ || ? -- @a",
                &[0],
            ),
            (
                "EXECUTE PROCEDURE P(?, ?)",
                &["a", ">o", "b"],
                "EXECUTE PROCEDURE P(?, ?)",
                &[0, 2],
            ),
            ("@é@a", &["É", "a"], "??", &[0, 1]),
        ];
        for (text, names, expected, markers) in cases {
            let placed = place(text, names).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(
                (placed.text.as_str(), placed.markers.as_slice()),
                (expected, markers)
            );
        }
    }

    #[test]
    fn what_would_be_lost_is_refused() {
        let message =
            |text: &str, names: &[&str]| place(text, names).expect_err("refused").to_string();
        assert_eq!(
            message("SELECT '@b', @a", &["a", "b"]),
            "parameter 2 (Int): the text does not use it: write its name with an `@`, or leave it out"
        );
        assert_eq!(
            message("SELECT ?, ?", &["a"]),
            "the text has 2 markers (`?`), and the command 1 parameters that go in"
        );
        assert_eq!(
            message("SELECT ?, @a", &["a"]),
            "the text has names (`@name`) and markers (`?`) for parameters: use one or the other"
        );
    }

    proptest! {
        /// Whatever else stands in a text, only declared names are replaced.
        #[test]
        fn the_rest_of_a_text_stays(parts in proptest::collection::vec(
            prop_oneof![
                Just("@one"), Just("@ONE"), Just("@two"), Just("@other"), Just("'@one'"), Just("\"@two\""),
                Just("/* @one */"), Just("-- @one\n"), Just("'it''s'"), Just(" = "), Just("é"), Just("q'{'}'"),
            ],
            0..20,
        )) {
            let text = parts.iter().fold(" @one @two ".to_owned(), |text, part| text + part + " ");
            let placed = place(&text, &["one", "two"]).expect("both are used");
            let mut expected = text;
            for name in ["@one ", "@ONE ", "@two "] {
                // Only what stands alone has a blank behind it in these parts, but for the comment's.
                expected = expected.replace("/* @one */", "/*1*/").replace(name, "? ").replace("/*1*/", "/* @one */");
            }
            prop_assert_eq!(placed.markers.len(), placed.text.matches("? ").count());
            prop_assert_eq!(placed.text, expected);
        }
    }
}
