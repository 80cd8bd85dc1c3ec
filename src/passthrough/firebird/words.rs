//! A server's errors in words, for the caller whose statement it was.
//!
//! A server sends numbers with arguments; the sentences are the client's. An argument stands in a sentence where it is a name
//! of the schema, or where the caller's own statement has it: others may be values of a row.

use super::super::call::told;
use super::status::{DSQL_ERROR, DSQL_LINE_COL, Item, RANDOM, SQLERR, Status, is_name};

const EXCEPTIONS: [u32; 2] = [335_544_517, 335_544_848];
/// Where in a procedure or a trigger it was: in the server's own words, with names alone.
const STACK_TRACE: u32 = 335_544_842;
const TOKEN_UNKNOWN: u32 = 335_544_634;
const END_OF_COMMAND: u32 = 335_544_851;

/// What the numbers mean. `{n}` is the next argument where it is a name, `{v}` where it may be a value.
const SENTENCES: [(u32, &str); 76] = [
    (
        335_544_321,
        "arithmetic exception, numeric overflow, or string truncation",
    ),
    (335_544_334, "conversion error from string \"{v}\""),
    (335_544_336, "deadlock"),
    (335_544_345, "another transaction holds a lock"),
    (335_544_347, "column {n} may not have the value \"{v}\""),
    (335_544_348, "there is no current record"),
    (
        335_544_349,
        "a value is already there, in the unique index \"{n}\"",
    ),
    (335_544_351, "the schema could not be changed"),
    (335_544_352, "no permission for {n} access to {n} {n}"),
    (335_544_359, "the column only reads"),
    (335_544_361, "an update in a transaction that only reads"),
    (335_544_362, "the view {n} cannot be updated"),
    (335_544_378, "the feature is not supported"),
    (335_544_380, "the wrong number of arguments"),
    (335_544_381, "a limit of the engine is exceeded"),
    (335_544_395, "table {n} is not defined"),
    (335_544_396, "column {n} is not defined in table {n}"),
    (335_544_438, "function {n} is not defined"),
    (335_544_439, "function {n} could not be matched"),
    (335_544_451, "another transaction has changed the row"),
    (335_544_453, "object {n} is in use"),
    (335_544_463, "generator {n} is not defined"),
    (
        335_544_466,
        "violation of FOREIGN KEY constraint \"{n}\" on table \"{n}\"",
    ),
    (335_544_510, "a lock was waited for too long"),
    (335_544_511, "procedure {n} is not defined"),
    (335_544_512, "the inputs of procedure {n} are others"),
    (335_544_516, "exception {n} is not defined"),
    (
        335_544_530,
        "a PRIMARY KEY that a FOREIGN KEY needs cannot be deleted",
    ),
    (
        335_544_558,
        "violation of CHECK constraint {n} on view or table {n}",
    ),
    (
        335_544_565,
        "a character has no form in the other character set",
    ),
    (DSQL_ERROR, ""),
    (335_544_570, "invalid command"),
    (335_544_573, "data type unknown"),
    (335_544_578, "column unknown"),
    (335_544_580, "table unknown"),
    (335_544_581, "procedure unknown"),
    (
        335_544_583,
        "the statement takes other parameters, or gives other columns",
    ),
    (335_544_586, "function unknown"),
    (335_544_590, "an option is given more than once"),
    (
        335_544_599,
        "the number of columns is not that of the values",
    ),
    (335_544_606, "the expression is not supported"),
    (335_544_607, "the statement is not supported here"),
    (335_544_609, "index {n}"),
    (335_544_610, "exception {n}"),
    (335_544_611, "column {n}"),
    (335_544_614, "the statement is not supported"),
    (335_544_615, "a column is used with an aggregate"),
    (335_544_616, "invalid column reference"),
    (335_544_617, "invalid ORDER BY clause"),
    (335_544_620, "the alias {n} is used twice in the statement"),
    (335_544_626, "table {n}"),
    (335_544_627, "procedure {n}"),
    (335_544_630, "other objects depend on it"),
    (335_544_652, "several rows where there may be one"),
    (
        335_544_665,
        "violation of PRIMARY or UNIQUE KEY constraint \"{n}\" on table \"{n}\"",
    ),
    (335_544_668, "procedure {n} does not return any values"),
    (335_544_683, "too deep a recursion"),
    (335_544_708, "ambiguous column reference"),
    (335_544_709, "invalid aggregate reference"),
    (335_544_765, "an update of a database that only reads"),
    (335_544_778, "integer divide by zero"),
    (335_544_779, "integer overflow"),
    (335_544_794, "the operation was cancelled"),
    (335_544_810, "the value is beyond the range of dates"),
    (335_544_838, "what the FOREIGN KEY refers to is not there"),
    (335_544_839, "other rows refer to the record"),
    (335_544_849, "malformed string"),
    (335_544_850, "the outputs of procedure {n} are others"),
    (335_544_868, "procedure {n} gives no rows"),
    (335_544_879, "variable {n} may not have the value \"{v}\""),
    (335_544_880, "{n} may not have the value \"{v}\""),
    (335_544_914, "a string is longer than it may be"),
    (335_544_916, "a number is beyond its range"),
    (335_544_986, "a transaction may not be ended here"),
    (335_545_072, "the key is {v}"),
    (336_397_288, "DROP TABLE {n} failed"),
];

/// What a server reports of a statement, in one line.
pub(super) fn told(status: &Status, statement: &str) -> String {
    let mut sentences: Vec<String> = Vec::new();
    let mut is_exception = false;
    for item in status.items() {
        let sentence = match item.code {
            code if EXCEPTIONS.contains(&code) => {
                is_exception = true;
                continue;
            }
            // An exception's name, and then its text, which may be made of a row's values.
            RANDOM if is_exception => {
                is_exception = false;
                let name = item.words.first().filter(|word| is_name(word));
                name.map_or_else(
                    || "exception".to_owned(),
                    |name| format!("exception {name}"),
                )
            }
            RANDOM => {
                let words = item.words.first().map_or("", String::as_str);
                let shown = told::part(words, statement);
                match sentences.last_mut() {
                    // A name belongs to what is said of it.
                    Some(before) if !shown.is_empty() => {
                        before.push(' ');
                        before.push_str(shown);
                        continue;
                    }
                    _ => shown.to_owned(),
                }
            }
            STACK_TRACE => item.words.join(" "),
            _ => sentence(item, statement),
        };
        if !sentence.is_empty() {
            sentences.push(sentence);
        }
    }
    match sentences.is_empty() {
        true => format!("error {}", status.telling()),
        false => told::one_line(&sentences.join("; ")),
    }
}

fn sentence(item: &Item, statement: &str) -> String {
    let place = |what: &str| match item.numbers.as_slice() {
        [line, column, ..] => format!("{what}line {line}, column {column}"),
        _ => String::new(),
    };
    let known = SENTENCES.iter().find(|(code, _)| *code == item.code);
    let template = match (item.code, known) {
        // Every error of a statement's has one: SQLCODE says less than what comes with it.
        (SQLERR, _) => return String::new(),
        (DSQL_LINE_COL, _) => return place("at "),
        (TOKEN_UNKNOWN, _) => return place("unexpected at "),
        (END_OF_COMMAND, _) => return place("unexpected end at "),
        (_, Some((_, template))) => *template,
        (code, None) => return format!("error {code}"),
    };
    let mut words = item.words.iter();
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        out.push_str(before);
        let word = words.next().map_or("", String::as_str);
        let (kind, behind) = behind.split_at(2);
        out.push_str(match kind {
            "n}" if is_name(word) => word,
            _ => told::part(word, statement),
        });
        rest = behind;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(code: u32, words: &[&str], numbers: &[i32]) -> Item {
        Item {
            code,
            words: words.iter().map(|&word| word.to_owned()).collect(),
            numbers: numbers.to_vec(),
        }
    }

    #[test]
    fn names_are_told_and_values_are_not() {
        let statement = "SELECT NOPE FROM T WHERE A = 'Jones'";
        let cases = [
            (
                vec![
                    item(DSQL_ERROR, &[], &[]),
                    item(SQLERR, &[], &[-206]),
                    item(335_544_578, &[], &[]),
                    item(RANDOM, &["NOPE"], &[]),
                    item(DSQL_LINE_COL, &[], &[1, 8]),
                ],
                "column unknown NOPE; at line 1, column 8",
            ),
            (
                vec![item(335_544_334, &["Smith"], &[])],
                "conversion error from string \"…\"",
            ),
            (
                vec![item(335_544_334, &["Jones"], &[])],
                "conversion error from string \"Jones\"",
            ),
            (
                vec![
                    item(335_544_665, &["INTEG_2", "T"], &[]),
                    item(335_545_072, &["(\"NAME\" = 'Smith')"], &[]),
                ],
                "violation of PRIMARY or UNIQUE KEY constraint \"INTEG_2\" on table \"T\"; the key is …",
            ),
            (
                vec![
                    item(335_544_517, &[], &[7]),
                    item(RANDOM, &["E_TAKEN"], &[]),
                    item(RANDOM, &["Smith has it"], &[]),
                    item(STACK_TRACE, &["At procedure 'P' line: 3, col: 5"], &[]),
                ],
                "exception E_TAKEN …; At procedure 'P' line: 3, col: 5",
            ),
            (vec![item(DSQL_ERROR, &[], &[])], "error 335544569"),
            (vec![item(335_544_999, &["x"], &[])], "error 335544999"),
        ];
        for (items, expected) in cases {
            assert_eq!(told(&Status::of(items), statement), expected);
        }
    }

    #[test]
    fn every_number_has_one_sentence() {
        assert!(SENTENCES.is_sorted_by(|a, b| a.0 < b.0));
    }
}
