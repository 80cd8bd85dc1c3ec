//! Which practice a site's entry is, as the API knows it, and which of several entries with one PMS ID is asked.

use std::sync::Arc;

use super::read::{Placed, Section};
use super::rules;
use crate::gateway::integrator::Environment;
use crate::gateway::site::Product;
use crate::mapping::{At, Problem, Span, nearest};

/// A practice's place in the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub environment: Environment,
    /// The product. Where no mapping is read and the entry does not say it, what the entry calls its mapping.
    pub product: Product,
    /// The product's own number of the practice.
    pub pms_id: Option<Arc<str>>,
    /// Whether it is the authoritative one of its PMS ID, where that is said.
    pub authoritative: Option<bool>,
}

/// What an entry says, with the places that problems across entries are shown at.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) identity: Identity,
    pub(super) pms_id: Option<Span>,
    authoritative: Option<Span>,
}

/// The environment that an entry of a site, or of a key, names.
pub(super) fn environment(entry: &Section<'_>) -> Option<Environment> {
    let named = entry.parsed("environment", |text| {
        text.parse().map_err(|why: &'static str| why.to_owned())
    });
    named.map(|named| named.value)
}

/// Reads the keys of an entry. `of_mapping` is the product that its mapping is for.
pub(super) fn read(site: &Section<'_>, of_mapping: Option<&str>) -> Said {
    let pms = site.text("pms");
    let pms_id = site.text("pms-id");
    let authoritative = site.boolean("authoritative");
    let span = |key| site.get(key).map(toml::Spanned::span);
    if let (Some(pms), Some(of_mapping)) = (&pms, of_mapping) {
        check_product(site, pms, of_mapping);
    }
    let named_mapping = || {
        site.get("mapping")
            .and_then(|value| value.get_ref().as_str())
    };
    let product = pms
        .map(|pms| pms.value)
        .or(of_mapping)
        .or_else(named_mapping)
        .unwrap_or_default();
    if let (Some(_), None, Some(at)) = (authoritative, &pms_id, span("authoritative")) {
        site.invalid(
            &at,
            "`authoritative` is said of one of the databases that have a PMS ID in common, and there is no `pms-id` here",
        );
    }
    Said {
        identity: Identity {
            environment: environment(site).unwrap_or(Environment::Production),
            product: Product::named(product),
            pms_id: pms_id.as_ref().map(|id| Arc::from(id.value.trim())),
            authoritative,
        },
        pms_id: pms_id.map(|Placed { span, .. }| span),
        authoritative: span("authoritative"),
    }
}

/// Warns of a product that neither the API nor the mapping has a name for: it may be another one, or misspelt.
fn check_product(site: &Section<'_>, pms: &Placed<&str>, of_mapping: &str) {
    let product = Product::named(pms.value);
    if product.is_known() || product == Product::named(of_mapping) {
        return;
    }
    let nearest = nearest(pms.value, Product::NAMES.into_iter().chain([of_mapping]));
    let help = match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => {
            "leave it where it is the product's name; leave `pms` out for what the mapping says"
                .to_owned()
        }
    };
    let known = Product::NAMES.map(|name| format!("`{name}`")).join(", ");
    site.report(
        Problem::new(
            &rules::UNKNOWN_PRODUCT,
            &pms.span,
            "no product is known by this name",
        )
        .note(format!(
            "names that are known: {known}; the mapping says `{of_mapping}`"
        ))
        .help(help),
    );
}

/// Of the entries with one PMS ID exactly one can be asked. Reports where two say that they are the one, where none may
/// be, and, as a warning, where it is not said.
pub(super) fn check(at: At<'_>, all: &[Said]) {
    let mut seen: Vec<usize> = Vec::new();
    for (place, first) in all.iter().enumerate() {
        let (Some(first_at), false) = (&first.pms_id, seen.contains(&place)) else {
            continue;
        };
        let same: Vec<usize> = (place..all.len())
            .filter(|other| is_same(&first.identity, &all[*other].identity))
            .collect();
        seen.extend(&same);
        let with = |wanted: bool| {
            let said = same.iter().map(|place| &all[*place]);
            said.filter(move |said| said.identity.authoritative == Some(wanted))
        };
        let spans: Vec<&Span> = with(true)
            .filter_map(|said| said.authoritative.as_ref())
            .collect();
        if let [one, others @ ..] = &spans[..]
            && !others.is_empty()
        {
            for other in others {
                at.report(
                    Problem::new(
                        &rules::AUTHORITATIVE,
                        other,
                        "another site with this PMS ID is authoritative",
                    )
                    .label("and this")
                    .related(one, "this is")
                    .help("let one of them be it: the others cannot be asked"),
                );
            }
            continue;
        }
        if with(false).count() == same.len() {
            at.report(
                Problem::new(
                    &rules::AUTHORITATIVE,
                    first_at,
                    "no site with this PMS ID is authoritative, so that none can be asked",
                )
                .help("say `authoritative = true` of the one that the practice works with"),
            );
            continue;
        }
        if let ([_, second, ..], true) = (&same[..], spans.is_empty())
            && same.len() - with(false).count() > 1
        {
            let span = all[*second].pms_id.as_ref().unwrap_or(first_at);
            at.report(
                Problem::new(
                    &rules::SHARED_PMS_ID,
                    span,
                    "another site has this PMS ID, and it is not said which of them is authoritative",
                )
                .label("again here")
                .related(first_at, "first here")
                .note("the first of which nothing is said counts, unless an operator chooses another; the others cannot be asked")
                .help("say `authoritative = true` of the one that the practice works with"),
            );
        }
    }
}

/// Whether two sites are looked up by the same.
fn is_same(one: &Identity, other: &Identity) -> bool {
    one.pms_id.is_some()
        && one.pms_id == other.pms_id
        && one.product == other.product
        && one.environment == other.environment
}
