//! The keys of a value from columns: one origin, and the options that belong to it.
//!
//! Takes the pairs of a value; gives its origin, or reports keys that do not go together.

use super::binding::Gone;
use super::conversion::{CHOOSING, Goal, Kind};
use super::diagnostic::Problem;
use super::names::nearest;
use super::source::Compiler;
use super::vocabulary::{self, ORIGINS, names};
use super::yaml::{Node, Pair, get};
use super::{rules, shape};

/// Whether an origin or an option gives something of that kind.
pub(super) fn suits(key: &str, kind: Kind) -> bool {
    match key {
        "format" | "unix" | "zone" => kind.is_calendar(),
        "precision" | "date" => matches!(kind, Kind::DateTime | Kind::Instant),
        "year" => matches!(kind, Kind::Date | Kind::DateTime),
        "divide" | "multiply" => matches!(kind, Kind::Integer | Kind::Decimal),
        "bit" | "is" => kind == Kind::Boolean,
        "measure" => matches!(kind, Kind::Decimal | Kind::Text),
        "compare" | "join" | "concat" | "to" => kind == Kind::Text,
        _ => true,
    }
}

/// Whether a mapping is a value from columns, where it might be an object as well.
pub(super) fn is_binding(pairs: &[Pair]) -> bool {
    ["column", "sql", "first"]
        .iter()
        .any(|origin| get(pairs, origin).is_some())
}

impl Compiler<'_> {
    /// Reports a value without an origin: one is misspelt, or the element was taken for one with parts.
    fn no_origin(&self, node: &Node, pairs: &[Pair], goal: &Goal) {
        let origins = ORIGINS.map(|origin| origin.key.name);
        let misspelt = pairs
            .iter()
            .find(|pair| nearest(&pair.key, origins).is_some());
        if let Some(pair) = misspelt {
            shape::unknown_key(self.at, pair, &origins, "a value");
            return;
        }
        let is_reference = goal.reference.is_some();
        let forgotten = [
            (
                "id",
                "the reference",
                "to",
                "the type that it leads to: `to: Practitioner`",
            ),
            (
                "month",
                "the date",
                "year",
                "the column of the year: `year: p.YEAR`",
            ),
            (
                "day",
                "the date",
                "year",
                "the column of the year: `year: p.YEAR`",
            ),
            (
                "seconds",
                "the time",
                "date",
                "the column of its day: `date: p.DAY`",
            ),
            (
                "minutes",
                "the time",
                "date",
                "the column of its day: `date: p.DAY`",
            ),
        ];
        let forgotten = forgotten.iter().find(|(beside, _, origin, _)| {
            get(pairs, beside).is_some() && (*origin != "to" || is_reference)
        });
        if let Some((_, what, origin, help)) = forgotten {
            shape::required(self.at, pairs, origin, &node.span, what, help);
            return;
        }
        let column = match pairs {
            [pair] => pair.value.as_text().filter(|text| text.starts_with('$')),
            _ => None,
        };
        let ty = goal.type_name();
        self.at.report(
            Problem::new(
                &rules::CONVERSION_KEYS,
                &node.span,
                "the value does not say where it comes from",
            )
            .label(format!("expected one value, a `{ty}`"))
            .help(match column {
                Some(column) => {
                    format!(
                        "the element has no parts: write `{}` alone",
                        shape::clip(column)
                    )
                }
                None => "name a column: `$p.X`, or `{ column: p.X, … }`".to_owned(),
            }),
        );
    }

    /// The one origin among the keys; the other keys must belong to it.
    pub(super) fn origin<'n>(
        &self,
        node: &Node,
        pairs: &'n [Pair],
        goal: &Goal,
    ) -> Result<(&'static str, &'n Node), Gone> {
        let known = |key: &str| {
            ORIGINS
                .iter()
                .any(|origin| origin.key.name == key || origin.has(key))
        };
        let mut origins = ORIGINS
            .iter()
            .filter_map(|origin| Some((origin, get(pairs, origin.key.name)?)));
        let Some((found, pair)) = origins.next() else {
            self.no_origin(node, pairs, goal);
            return Err(Gone::Wrong);
        };
        let origin = found.key.name;
        let keys: Vec<&'static str> = found.options.iter().map(|option| option.name).collect();
        let mut clean = true;
        for (other, second) in origins {
            let other = other.key.name;
            clean = false;
            self.at.report(
                Problem::new(
                    &rules::CONVERSION_KEYS,
                    &second.key_span,
                    format!("the value comes from `{origin}:` and from `{other}:`"),
                )
                .related(&pair.key_span, "one origin")
                .label("and another")
                .help(
                    "a value has one origin; `{ first: [ …, … ] }` takes the first that is there",
                ),
            );
        }
        let in_entry = names(&vocabulary::PLACED);
        for pair in pairs
            .iter()
            .filter(|pair| pair.key != origin && !keys.contains(&pair.key.as_str()))
        {
            match pair.key.as_str() {
                key if in_entry.contains(&key) => {
                    if !goal.entry {
                        clean = false;
                        self.misplaced(pair);
                    }
                }
                key if ORIGINS.iter().any(|other| other.key.name == key) => {}
                key if known(key) => {
                    clean = false;
                    let mut allowed = keys
                        .iter()
                        .map(|key| format!("`{key}`"))
                        .collect::<Vec<_>>()
                        .join(", ");
                    if allowed.is_empty() {
                        allowed = "nothing".into();
                    }
                    self.at.report(
                        Problem::new(
                            &rules::CONVERSION_KEYS,
                            &pair.key_span,
                            format!("`{key}:` does not go with `{origin}:`"),
                        )
                        .help(format!("beside `{origin}:` may stand {allowed}")),
                    );
                }
                _ => {
                    clean = false;
                    shape::unknown_key(self.at, pair, &keys, &format!("a value with `{origin}:`"));
                }
            }
        }
        if clean {
            Ok((origin, &pair.value))
        } else {
            Err(Gone::Wrong)
        }
    }

    /// Options that exclude each other, need each other, or mean nothing for the element.
    pub(super) fn options_agree(&self, pairs: &[Pair], goal: &Goal) -> Result<(), Gone> {
        let refuse = |pair: &Pair, message: String| {
            self.at.report(Problem::new(
                &rules::CONVERSION_KEYS,
                &pair.key_span,
                message,
            ));
            Err(Gone::Wrong)
        };
        let chosen: Vec<&Pair> = pairs
            .iter()
            .filter(|pair| CHOOSING.contains(&pair.key.as_str()))
            .collect();
        if let [first, second, ..] = chosen[..] {
            let scales = |pair: &Pair| matches!(pair.key.as_str(), "multiply" | "divide");
            if !(chosen.len() == 2 && scales(first) && scales(second)) {
                return refuse(
                    second,
                    format!("`{}:` does not go with `{}:`", second.key, first.key),
                );
            }
        }
        for (key, needed) in [("part", "codes"), ("is", "bit")] {
            if let (Some(pair), None) = (get(pairs, key), get(pairs, needed)) {
                return refuse(pair, format!("`{key}:` needs `{needed}:`"));
            }
        }
        for (key, of) in [
            ("format", "a date"),
            ("unix", "a date"),
            ("zone", "a date"),
            ("precision", "a dateTime"),
            ("divide", "a number"),
            ("multiply", "a number"),
        ] {
            let fits = suits(key, goal.kind);
            if let (Some(pair), false) = (get(pairs, key), fits) {
                return refuse(
                    pair,
                    format!(
                        "`{key}:` gives {of}, and the element is a `{}`",
                        goal.type_name()
                    ),
                );
            }
        }
        if let (Some(zone), Some(other)) = (
            get(pairs, "zone"),
            get(pairs, "format").or(get(pairs, "unix")),
        ) {
            return refuse(zone, format!("`zone:` does not go with `{}:`", other.key));
        }
        Ok(())
    }
}
