//! What a person typed → who or what is meant.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::failure::AdminError;
use crate::gateway::id::{IntegratorId, SiteId};
use crate::gateway::integrator::{Environment, Integrator, Key};
use crate::gateway::moment::Moment;
use crate::mapping::suggest;
use crate::store::Directory;

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;

/// The integrator of a name or an id. Case makes no difference.
///
/// # Errors
/// [`AdminError::NoIntegrator`] with the nearest name
pub(super) fn integrator<'d>(
    directory: &'d Directory,
    asked: &str,
) -> Result<&'d Integrator, AdminError> {
    let all = &directory.integrators;
    let named = || all.iter().find(|one| is_same_name(&one.name, asked));
    let found = match asked.parse::<IntegratorId>() {
        Ok(id) => all.iter().find(|one| one.id == id),
        Err(_) => named(),
    };
    found.ok_or_else(|| AdminError::NoIntegrator {
        asked: asked.to_owned(),
        meant: suggest(
            asked,
            all.iter().map(|one| one.name.as_str()),
            "those there are",
        ),
    })
}

/// Whether a name is an integrator's: names that differ in case alone are one.
pub(super) fn is_same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// An integrator's name; a placeholder for one that is gone, whose id would say no more.
pub(super) fn name_of(directory: &Directory, id: IntegratorId) -> &str {
    let mut all = directory.integrators.iter();
    all.find(|one| one.id == id)
        .map_or("(removed)", |one| one.name.as_str())
}

/// A name that can be given: what people read, and what is no id.
pub(super) fn new_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME {
        return Err(format!("a name has 1 to {LONGEST_NAME} characters"));
    }
    if name.chars().any(char::is_control) {
        return Err("a name has no control characters".to_owned());
    }
    match name.parse::<IntegratorId>() {
        Ok(_) => Err("this is a GUID, which would be taken for an id".to_owned()),
        Err(_) => Ok(name.to_owned()),
    }
}

/// A site's id.
pub(super) fn site(text: &str) -> Result<SiteId, String> {
    text.parse().map_err(|_| {
        "a site is named by its id, a GUID such as 8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11".to_owned()
    })
}

/// `staging` or `production`.
pub(super) fn environment() -> impl TypedValueParser<Value = Environment> {
    PossibleValuesParser::new(Environment::ALL.map(Environment::name))
        .try_map(|name| name.parse::<Environment>())
}

/// The one environment of some; None where there is none of them, or both.
pub(super) fn only(mut all: impl Iterator<Item = Environment>) -> Option<Environment> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// An integrator's keys that open something now.
pub(super) fn usable_keys(
    directory: &Directory,
    of: IntegratorId,
    now: Moment,
) -> impl Iterator<Item = &Key> {
    let is_usable = move |key: &&Key| {
        let is_over = |at: Option<Moment>| at.is_some_and(|at| at <= now);
        key.integrator == of && !is_over(key.revoked_at) && !is_over(key.expires_at)
    };
    directory.keys.iter().filter(is_usable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Directory {
        let integrators = names.iter().map(|name| Integrator {
            id: IntegratorId::generate(),
            name: (*name).to_owned(),
            created_at: Moment::from_millis(0),
            rate: None,
            addresses: Vec::new(),
            disabled: false,
        });
        Directory {
            integrators: integrators.collect(),
            ..Directory::default()
        }
    }

    #[test]
    fn an_integrator_is_found_by_name_and_by_id() {
        let directory = named(&["Example Health", "Other"]);
        let found = |asked: &str| integrator(&directory, asked).map(|one| one.id);
        let id = directory.integrators[0].id;
        for asked in ["Example Health", "example health", &id.to_string()] {
            assert_eq!(found(asked).expect("found"), id, "{asked}");
        }
        let near = found("Exmaple Health").expect_err("none").to_string();
        assert!(near.contains("did you mean `Example Health`?"), "{near}");
        let far = found("Nobody at all").expect_err("none").to_string();
        assert!(
            far.contains("those there are: `Example Health`, `Other`"),
            "{far}"
        );
        let id = IntegratorId::generate().to_string();
        assert!(found(&id).is_err());
    }

    #[test]
    fn a_name_is_for_people_and_is_no_id() {
        assert_eq!(
            new_name(" Example Health ").as_deref(),
            Ok("Example Health")
        );
        let long = "x".repeat(LONGEST_NAME + 1);
        let id = IntegratorId::generate().to_string();
        for wrong in ["", "  ", "a\u{1b}[2J", &long, &id] {
            assert!(new_name(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_only_environment_is_the_one_that_all_are_of() {
        use Environment::{Production, Staging};
        assert_eq!(only([Staging, Staging].into_iter()), Some(Staging));
        assert_eq!(only([Staging, Production].into_iter()), None);
        assert_eq!(only([].into_iter()), None);
    }
}
