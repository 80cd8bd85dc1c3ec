//! The keys of `cases.yaml`: one list for the reader and for the JSON Schema.

use crate::mapping::vocabulary::{Form, Key, key, needed};

/// The most `next` links that a case follows.
pub(crate) const MOST_PAGES: i64 = 100;

/// The longest name of a case, in characters: a file's name takes no more than 255 bytes anywhere.
pub(crate) const LONGEST_NAME: usize = 100;

/// What the name of a case looks like, since a file has it: for editors, as a regular expression.
pub(crate) const NAME: &str = "^[A-Za-z0-9_-][A-Za-z0-9._-]*$";

/// Whether a text can be the name of a case: as [`NAME`] says, and no longer than [`LONGEST_NAME`].
pub(crate) fn is_name(text: &str) -> bool {
    let may_stand = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=LONGEST_NAME).contains(&text.len())
        && !text.starts_with('.')
        && text.bytes().all(may_stand)
}

/// A case.
pub(crate) const CASE: [Key; 9] = [
    needed(
        "name",
        Form::Is("caseName"),
        "The name of the case, and of its snapshot's file",
    ),
    key(
        "search",
        Form::Is("text"),
        "A search: `Patient?family=smith`; of one with a `form:` also `Patient/_search`",
    ),
    key(
        "form",
        Form::Is("anyText"),
        "The form body of a search by POST",
    ),
    key("read", Form::Is("text"), "A read: `Patient/1`"),
    key(
        "practice",
        Form::Is("isTrue"),
        "`true`: what the database says of the practice itself, by `practice:` of the manifest",
    ),
    key(
        "strict",
        Form::Flag,
        "`Prefer: handling=strict`: what is not known is refused",
    ),
    key(
        "follow",
        Form::Whole(0, MOST_PAGES),
        "How many `next` links to follow first",
    ),
    key(
        "depends_on_today",
        Form::Flag,
        "The values of the command depend on the day: they are not in the snapshot",
    ),
    needed("expect", Form::Is("expectation"), "What must come back"),
];

/// What a case expects.
pub(crate) const EXPECTATION: [Key; 9] = [
    key(
        "ids",
        Form::Is("expectedIds"),
        "The ids of the page's matches, in their order; or `in-any-order:`; or some that are among them",
    ),
    key("total", Form::Whole(0, i64::MAX), "The total"),
    key(
        "status",
        Form::Whole(200, 599),
        "The HTTP status; 200 where it is not said",
    ),
    key("code", Form::Is("text"), "The code of a refusal: `PP002`"),
    key(
        "commands",
        Form::Is("expectedCommands"),
        "How many commands ran, or `{ most: 3 }`",
    ),
    key("next", Form::Flag, "Whether a `next` link is there"),
    key(
        "fields",
        Form::Is("expectedFields"),
        "FHIRPath and what it gives: of the resource read, of every match, or under an id (`Patient/1`) of that resource",
    ),
    key(
        "bundle",
        Form::Is("expectedFields"),
        "FHIRPath and what it gives of the Bundle: `entry.count(): 2`",
    ),
    key(
        "practice",
        Form::Is("expectedPractice"),
        "What is said of the practice: `{ name: Harbour Street Medical, version: [] }`; `[]` is nothing",
    ),
];

/// `practice:` under `expect:`, by the keys of the manifest's `practice:`.
pub(crate) const PRACTICE: [Key; 3] = [
    key("name", Form::Is("expectedText"), "The practice's name"),
    key(
        "siteId",
        Form::Is("expectedText"),
        "The product's own number of the practice",
    ),
    key("version", Form::Is("expectedText"), "The product's version"),
];

/// `ids:` where their order does not count, or not all of them.
pub(crate) const IDS: [Key; 3] = [
    key(
        "in-any-order",
        Form::Is("anyTexts"),
        "All of them, in any order",
    ),
    key("contains", Form::Is("anyTexts"), "These are among them"),
    key("not", Form::Is("anyTexts"), "None of these is"),
];

/// `commands:` where there may be fewer.
pub(crate) const COMMANDS: [Key; 1] = [needed(
    "most",
    Form::Whole(0, u32::MAX as i64),
    "How many may run",
)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_to_the_reader_and_to_an_editor() {
        let schema =
            serde_json::json!({ "type": "string", "pattern": NAME, "maxLength": LONGEST_NAME });
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let (long, longest) = ("a".repeat(LONGEST_NAME + 1), "a".repeat(LONGEST_NAME));
        let names = [
            "patient-all",
            "a.b_c",
            "-a",
            "9",
            &longest,
            "",
            ".a",
            "a b",
            "a/b",
            "é",
            "a\n",
            &long,
        ];
        for (place, name) in names.into_iter().enumerate() {
            assert_eq!(is_name(name), place < 5, "{name:?}");
            assert_eq!(validator.is_valid(&name.into()), place < 5, "{name:?}");
        }
    }
}
