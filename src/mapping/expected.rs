//! The elements of an object against R4's definition: those that it does not have, and those that it requires.
//!
//! Takes the keys of an object and its structure; reports what is wrong with them, and what there is instead.

use super::diagnostic::Problem;
use super::element::Frame;
use super::names::{nearest, suggest};
use super::source::{self, Compiler};
use super::yaml::{Pair, Span};
use super::{coded, rules, shape};
use crate::fhir::{self, Element, Structure, TypeKind};

/// Keys of a value from columns. In an object, where they are no elements, they show that it was taken for one.
const VALUE_KEYS: [&str; 7] = ["to", "column", "sql", "first", "join", "concat", "date"];

/// The key by which an object was meant as a value from columns.
pub(super) fn value_key<'n>(pairs: &'n [Pair], structure: &'static Structure) -> Option<&'n Pair> {
    pairs.iter().find(|pair| {
        VALUE_KEYS.contains(&pair.key.as_str()) && structure.element(&pair.key).is_none()
    })
}

impl Compiler<'_> {
    /// Reports an object that was meant as a value from columns. Its other keys belong to that.
    pub(super) fn is_no_value(&self, pair: &Pair, structure: &'static Structure) {
        let help = match (structure.name(), pair.key.as_str()) {
            ("Reference", _) => "write it as `reference: { to: …, id: … }`".to_owned(),
            (name, _) => format!("a {name} has parts: give each of them its value"),
        };
        self.at.report(
            Problem::new(
                &rules::UNKNOWN_ELEMENT,
                &pair.key_span,
                format!("{} has no element `{}`", structure.name(), pair.key),
            )
            .help(help),
        );
    }

    /// Reports the elements that R4 requires and that are not given.
    pub(super) fn required(
        &self,
        span: &Span,
        structure: &'static Structure,
        given: &[&'static Element],
        frame: Frame,
    ) {
        for element in structure.elements().filter(|element| element.min() > 0) {
            if given.iter().any(|given| std::ptr::eq(*given, element)) {
                continue;
            }
            let owner = structure.name();
            let mut problem = Problem::new(
                &rules::REQUIRED_ELEMENT,
                span,
                format!("{owner} has no `{}`, which R4 requires", element.name()),
            );
            if let Some(set) = element.binding().filter(|set| set.is_listed()) {
                problem = problem.maybe_help(suggest("", coded::set_codes(set), "its codes are"));
            } else if element.is_choice() {
                let names = structure
                    .typed(element)
                    .map(|property| property.json_name())
                    .collect::<Vec<_>>();
                problem = problem.maybe_help(suggest(
                    "",
                    names.iter().map(|name| &**name),
                    "give one of",
                ));
            } else {
                problem = problem.maybe_help(may_stand(element));
            }
            if frame.root {
                problem = problem.label("in these elements");
            }
            self.at.report(problem);
        }
    }

    pub(super) fn unknown_element(&self, pair: &Pair, structure: &'static Structure) {
        let key = pair.key.as_str();
        if self.at.is_full() {
            // It is counted; what it might have been is not sought.
            self.at
                .report(Problem::new(&rules::UNKNOWN_ELEMENT, &pair.key_span, ""));
            return;
        }
        if matches!(key, "each" | "if") {
            self.misplaced(pair);
            return;
        }
        let problem = Problem::new(
            &rules::UNKNOWN_ELEMENT,
            &pair.key_span,
            format!("{} has no element `{}`", structure.name(), shape::clip(key)),
        );
        let is_resource = fhir::resource_type(structure.name()).is_some();
        if is_resource && source::KEYS.contains(&key) {
            let help =
                "it is a key of the source: it begins in the first column, as `elements:` does";
            self.at.report(problem.help(help));
            return;
        }
        let help = choice_of(key, structure).or_else(|| {
            let names: Vec<_> = structure
                .properties()
                .map(|property| property.json_name())
                .collect();
            let names = names.iter().map(|name| &**name);
            match is_resource {
                true => nearest(key, names)
                    .map(|name| format!("did you mean `{name}`?"))
                    .or_else(|| own_elements(structure)),
                false => suggest(key, names.filter(|name| !name.starts_with('_')), "it has"),
            }
        });
        self.at.report(problem.maybe_help(help));
    }
}

/// What to write for the name of a choice: without a type, with one that it does not have, or as R4's pages name it.
fn choice_of(key: &str, structure: &'static Structure) -> Option<String> {
    let bare = key.strip_suffix("[x]");
    let choices = || structure.elements().filter(|element| element.is_choice());
    let stem = match bare {
        None => choices()
            .map(Element::stem)
            .find(|stem| is_of_choice(key, stem))?,
        Some(bare) => nearest(bare, choices().map(Element::stem))?,
    };
    let element = choices().find(|element| element.stem() == stem)?;
    let names: Vec<_> = structure
        .typed(element)
        .map(|property| property.json_name())
        .collect();
    let names = names.iter().map(|name| &**name);
    let ty = key.strip_prefix(stem).unwrap_or_default();
    // The stem, which they have in common, makes no type near to another.
    let types = names.clone().filter_map(|name| name.strip_prefix(stem));
    if let Some(ty) = nearest(ty, types).filter(|_| bare.is_none()) {
        return Some(format!("did you mean `{stem}{ty}`?"));
    }
    let help = suggest("", names, "its name has the type in it");
    match bare {
        Some(bare) if bare != stem => help.map(|help| format!("did you mean `{stem}[x]`? {help}")),
        _ => help,
    }
}

/// Whether a name is that of a choice, without a type or with one that it does not have.
fn is_of_choice(key: &str, stem: &str) -> bool {
    key.strip_prefix(stem)
        .is_some_and(|ty| ty.is_empty() || ty.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// The elements of a resource type, without those that every type has.
fn own_elements(structure: &'static Structure) -> Option<String> {
    let of_all: Vec<_> = fhir::structure("DomainResource")?
        .elements()
        .map(Element::name)
        .collect();
    let own: Vec<_> = structure
        .elements()
        .map(Element::name)
        .filter(|name| !of_all.contains(name))
        .collect();
    suggest("", own, "it has")
}

/// What may stand for an element.
fn may_stand(element: &Element) -> Option<String> {
    let [ty] = element.types() else { return None };
    let one = match (ty.name(), ty.kind()) {
        ("Reference", _) => "{ reference: { to: …, id: … } }".to_owned(),
        ("CodeableConcept", _) => "{ text: … }` or `{ column: …, codes: … }".to_owned(),
        ("Coding", _) => "{ column: …, codes: … }".to_owned(),
        (_, TypeKind::Primitive(_)) => "$p.X` or a constant, `…".to_owned(),
        _ => {
            let first = ty
                .structure()?
                .elements()
                .map(Element::name)
                .find(|name| !matches!(*name, "id" | "extension" | "modifierExtension"))?;
            format!("{{ {first}: … }}")
        }
    };
    let one = match element.is_list() {
        true => format!("[ {} ]", one.replace("` or `", " ]` or `[ ")),
        false => one,
    };
    let targets = match ty.targets() {
        [] => String::new(),
        targets => format!(", a reference to {}", targets.join(", ")),
    };
    Some(format!("write `{}: {one}`{targets}", element.name()))
}
