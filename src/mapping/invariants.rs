//! Invariants of R4's data types that a mapping breaks in every row.
//!
//! Takes an object's keys; warns where what R4 asks of them together cannot hold, whatever the row has. A resource
//! would be served all the same, and validators would refuse it.

use super::diagnostic::Problem;
use super::rules;
use super::source::Compiler;
use super::systems::constant;
use super::yaml::{Pair, Span, get};
use crate::fhir::ElementRef;

impl Compiler<'_> {
    /// Warns of the invariants of a Quantity, a ContactPoint or an Extension.
    pub(super) fn warn_invariants(&self, property: ElementRef, pairs: &[Pair], span: &Span) {
        let warn = |span: &Span, message: &str, help: &str| {
            self.at
                .report(Problem::new(&rules::INVARIANT, span, message).help(help));
        };
        match property.type_name() {
            "Quantity" | "SimpleQuantity" | "Age" | "Count" | "Distance" | "Duration" => {
                if let (Some(code), None) = (get(pairs, "code"), get(pairs, "system")) {
                    warn(
                        &code.key_span,
                        "a Quantity has a `code` of its unit and no `system` (qty-3)",
                        "for units of UCUM write `system: http://unitsofmeasure.org`; a unit that is text alone is `unit`",
                    );
                }
            }
            "ContactPoint" => {
                if let (Some(value), None) = (get(pairs, "value"), get(pairs, "system")) {
                    warn(
                        &value.key_span,
                        "a ContactPoint has a `value` and no `system` (cpt-2)",
                        "say what it is: `system: phone`, `email`, `fax`, `pager`, `url`, `sms` or `other`",
                    );
                }
            }
            "Extension" => {
                let says = |pair: &Pair| {
                    let name = pair.key.strip_prefix('_').unwrap_or(&pair.key);
                    name.starts_with("value") || name == "extension"
                };
                if !pairs.iter().any(says) {
                    warn(
                        span,
                        "an extension has neither a value nor extensions of its own (ext-1)",
                        "give it a value, with the type in its name: `valueString`, `valueCoding`",
                    );
                }
                // A part of an extension is named within it.
                let is_part = property.holder().name() == "Extension";
                if let Some(url) = get(pairs, "url").filter(|_| !is_part)
                    && constant(&url.value).is_some_and(|url| !url.contains(':'))
                {
                    warn(
                        &url.value.span,
                        "the `url` of an extension is not absolute",
                        "an extension is named by its canonical URL: `http://hl7.org.au/fhir/StructureDefinition/…`",
                    );
                }
            }
            _ => {}
        }
    }
}
