//! The words of the specification and the enums that stand for them, both ways.
//!
//! One table per enum, so that what is read and what is printed cannot differ.

use super::ast::{Modifier, ParameterKind, Prefix, Summary, Total};

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $type {
            $(#[$doc])*
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word that the specification has for it.
            pub fn word(self) -> &'static str {
                match self { $($type::$variant => $word),* }
            }

            /// The value that `word` stands for, if any.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some($type::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// The prefixes of R4 §3.1.1.4.5.
    Prefix { Eq = "eq", Ne = "ne", Gt = "gt", Lt = "lt", Ge = "ge", Le = "le", Sa = "sa", Eb = "eb", Ap = "ap" }
}
words! {
    /// The values of `_total` (R4 §3.1.1.5.2).
    Total { None = "none", Estimate = "estimate", Accurate = "accurate" }
}
words! {
    /// The values of `_summary` (R4 §3.1.1.5.8).
    Summary { True = "true", Text = "text", Data = "data", Count = "count", False = "false" }
}
words! {
    /// The types of search parameter (R4 §3.1.1.4.3).
    ParameterKind {
        Number = "number", Date = "date", String = "string", Token = "token", Reference = "reference",
        Composite = "composite", Quantity = "quantity", Uri = "uri", Special = "special",
    }
}

impl Modifier {
    /// The modifier as it stands after the colon: `exact`, `of-type`, or a resource type.
    pub fn word(&self) -> &str {
        match self {
            Modifier::Missing => "missing",
            Modifier::Exact => "exact",
            Modifier::Contains => "contains",
            Modifier::Not => "not",
            Modifier::Text => "text",
            Modifier::In => "in",
            Modifier::NotIn => "not-in",
            Modifier::Below => "below",
            Modifier::Above => "above",
            Modifier::OfType => "of-type",
            Modifier::Identifier => "identifier",
            Modifier::Type(resource) => resource,
        }
    }
}
