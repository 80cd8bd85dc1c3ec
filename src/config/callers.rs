//! Who may ask: the keys of the file, and whether anybody can where it has none.

use super::read::Section;
use super::secrets::Secrets;
use super::{KeyEntry, practice, rules};
use crate::mapping::{Problem, Span};

/// Characters of a caller's secret, at the least: what it opens is not slowed down by wrong guesses.
const SHORTEST: usize = 16;

/// The entries that are right; what is wrong of one is reported.
pub(super) fn read(root: &Section<'_>, secrets: &mut Secrets<'_>) -> Vec<KeyEntry> {
    let mut keys: Vec<KeyEntry> = Vec::new();
    let mut spans: Vec<Span> = Vec::new();
    for section in root.sections("key", "the entry of a key") {
        let caller = section.need_text("caller", "whose key it is, for shares and page links");
        let secret = secrets.need(
            &section,
            "secret",
            "the subscription key: { env = \"NAME\" } or { file = \"path\" }",
        );
        let environment = practice::environment(&section);
        if let Some(secret) = &secret
            && secret.reveal().chars().count() < SHORTEST
        {
            let span = section
                .get("secret")
                .map_or(section.span.clone(), |value| value.span());
            let message = format!(
                "`secret`: the key that is kept here has less than {SHORTEST} characters, and can be guessed"
            );
            section.report(Problem::new(&rules::INVALID_VALUE, &span, message).help(
                "`openssl rand -hex 32` makes one; keep it there, and give it to the caller",
            ));
        }
        if let (Some(caller), Some(secret)) = (caller, secret) {
            if let Some(first) = keys.iter().position(|known| known.secret == secret) {
                let message = "another entry has the same secret: whose key it is cannot be told";
                section.report(
                    Problem::new(&rules::DUPLICATE, &section.span, message)
                        .label("again here")
                        .related(&spans[first], "first here")
                        .help("give each caller a secret of its own"),
                );
            }
            spans.push(section.span.clone());
            keys.push(KeyEntry {
                caller: caller.value.to_owned(),
                secret,
                environment,
            });
        }
        section.done();
    }
    keys
}

/// Of a server: whether anybody can ask it, and whether what it notes outlives it. `is_kept`: it has a folder of data.
pub(super) fn check(root: &Section<'_>, is_kept: bool) {
    if is_kept {
        // Integrators with keys of their own stand in the state there.
        return;
    }
    let has_entry = root.get("key").is_some_and(|keys| {
        keys.get_ref()
            .as_array()
            .is_none_or(|list| !list.is_empty())
    });
    if !has_entry {
        root.report(
            Problem::new(
                &rules::MISSING_KEY,
                &root.span,
                "nobody may ask: the file has no `key`, and no `data` for integrators with keys of their own",
            )
            .help("write [[key]] with `caller` and `secret`; or name a folder, `data = \"…\"` or `--data DIR`, and let callers in with `pilaster admin --data DIR integrator add NAME --key`"),
        );
        return;
    }
    root.report(
        Problem::new(
            &rules::TEMPORARY,
            &root.span,
            "`data` is missing: the state and the audit trail end with the server",
        )
        .note("these are temporary: integrators, pairings, queries with their results, webhooks, who asked which practice when, and the key of page links")
        .help("name a folder that keeps them: `data = \"…\"` before the first heading, or `--data DIR`"),
    );
}
