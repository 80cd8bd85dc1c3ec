//! Which modifiers R4 defines for which kind of parameter (§3.1.1.4.4 and the sections of the kinds).
//!
//! `:missing` is for all but composite ("Modifiers are not used on composite parameters", §3.1.1.4.17)
//! and special ("The general modifiers and comparators do not apply", §3.1.1.4.21) parameters.

use super::ast::{Modifier, ParameterKind};

/// The modifiers that R4 defines for parameters of a kind; a reference also takes its target types.
pub fn allowed_modifiers(kind: ParameterKind) -> &'static [Modifier] {
    use Modifier::*;
    match kind {
        ParameterKind::String => &[Missing, Exact, Contains, Text],
        ParameterKind::Token => &[Missing, Text, Not, Above, Below, In, NotIn, OfType],
        ParameterKind::Reference => &[Missing, Identifier, Above, Below],
        ParameterKind::Uri => &[Missing, Above, Below],
        ParameterKind::Number | ParameterKind::Date | ParameterKind::Quantity => &[Missing],
        ParameterKind::Composite | ParameterKind::Special => &[],
    }
}

/// Reads a modifier; the error says which would do. `targets` are the types that a reference may lead
/// to, empty where they are not known: then any type will do.
pub(super) fn modifier(
    word: &str,
    kind: ParameterKind,
    targets: &[&str],
) -> Result<Modifier, String> {
    if let Some(modifier) = allowed_modifiers(kind)
        .iter()
        .find(|modifier| modifier.word() == word)
    {
        return Ok(modifier.clone());
    }
    let is_type = matches!(super::name::resource_type(word), Ok(("", _)));
    if kind == ParameterKind::Reference
        && is_type
        && (targets.is_empty() || targets.contains(&word))
    {
        return Ok(Modifier::Type(word.to_owned()));
    }
    Err(describe(kind, targets))
}

/// The words that would do, as a part of a message.
fn describe(kind: ParameterKind, targets: &[&str]) -> String {
    let modifiers = allowed_modifiers(kind).iter();
    let words: Vec<String> = modifiers.map(|of| format!(":{}", of.word())).collect();
    let kind_word = kind.word();
    if words.is_empty() {
        return format!("a {kind_word} parameter of R4 takes none");
    }
    let mut text = format!("a {kind_word} parameter of R4 takes {}", words.join(", "));
    if kind == ParameterKind::Reference {
        // A reference to any resource has more targets than a message should.
        match targets {
            [] => text.push_str(" or a resource type"),
            _ if targets.len() > 12 => text.push_str(" or one of its resource types"),
            _ => {
                text.push_str(" or one of the types ");
                text.push_str(&targets.join(", "));
            }
        }
    }
    text
}
