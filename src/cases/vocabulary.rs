//! The keys of `cases.yaml`: one list for the reader and for the JSON Schema.

use crate::mapping::vocabulary::{Form, Key, key, needed};

/// The most `next` links that a case follows.
pub(crate) const MOST_PAGES: i64 = 100;

/// A case.
pub(crate) const CASE: [Key; 8] = [
    needed(
        "name",
        Form::Is("caseName"),
        "The name of the case, and of its snapshot's file",
    ),
    key(
        "search",
        Form::Is("text"),
        "A search: `Patient?family=smith`",
    ),
    key(
        "form",
        Form::Is("anyText"),
        "The form body of a search by POST",
    ),
    key("read", Form::Is("text"), "A read: `Patient/1`"),
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
pub(crate) const EXPECTATION: [Key; 8] = [
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
