//! Secrets: those that are made here, and those that are read from where they are kept.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::failure::AdminError;
use crate::gateway::integrator::Environment;
use crate::secret::Secret;
use crate::secret_file::{self, is_variable_name};

/// What is random of a key.
const RANDOM_BYTES: usize = 32;
/// Digits and letters that cannot be taken for one another when they are read out or written by hand: Crockford's, whose
/// number is that of five bits.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a pairing code, 60 bits, and of each of its groups.
const CODE: usize = 12;
const GROUP: usize = 4;

/// A new subscription key: what it is and where it counts can be seen, so that those who search files for secrets find it;
/// then 256 random bits.
///
/// # Errors
/// [`AdminError::Random`]
pub(super) fn subscription_key(environment: Environment) -> Result<Secret, AdminError> {
    random_text(match environment {
        Environment::Staging => "pil_stg_",
        Environment::Production => "pil_prd_",
    })
}

/// A new secret that signs messages.
///
/// # Errors
/// [`AdminError::Random`]
pub(super) fn webhook_secret() -> Result<Secret, AdminError> {
    random_text("pil_whs_")
}

fn random_text(prefix: &str) -> Result<Secret, AdminError> {
    let bytes: [u8; RANDOM_BYTES] = random()?;
    let text = BASE64_URL_SAFE_NO_PAD.encode(bytes);
    Ok(Secret::new(format!("{prefix}{text}")))
}

fn random<const N: usize>() -> Result<[u8; N], AdminError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| AdminError::Random)?;
    Ok(bytes)
}

/// A new pairing code, as it is read out: `7KQ2-M9XD-04TR`.
///
/// # Errors
/// [`AdminError::Random`]
pub(super) fn pairing_code() -> Result<Secret, AdminError> {
    let bytes: [u8; CODE] = random()?;
    let letters = bytes.map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
    let groups = letters.chunks(GROUP).map(|group| group.iter().collect());
    Ok(Secret::new(groups.collect::<Vec<String>>().join("-")))
}

/// The last four characters of a key, by which a person tells it from others.
pub(super) fn ending(key: &Secret) -> String {
    let text = key.reveal();
    let at = text.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
    text[at..].to_owned()
}

/// Where a password is kept: never on the command line, which everyone on the machine can see.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Password {
    /// The file that holds the password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The environment variable that holds the password
    #[arg(long, value_name = "VARIABLE")]
    password_env: Option<String>,
}

impl Password {
    /// # Errors
    /// As [`read`]
    pub(super) fn read(&self) -> Result<Secret, AdminError> {
        let (file, variable) = (self.password_file.as_deref(), self.password_env.as_deref());
        // One of them is there: clap has seen to it.
        read(file, variable, "--password-env")?.ok_or(AdminError::NoVariableName {
            option: "--password-env",
        })
    }
}

/// The secret of a file or a variable; None where neither is named. `option` names the variable.
///
/// # Errors
/// [`AdminError::NoVariableName`], [`AdminError::NoVariable`], [`AdminError::SecretFile`]
pub(super) fn read(
    file: Option<&Path>,
    variable: Option<&str>,
    option: &'static str,
) -> Result<Option<Secret>, AdminError> {
    match (file, variable) {
        (Some(path), _) => {
            let read = secret_file::read(path).map(Some);
            read.map_err(|source| AdminError::SecretFile {
                path: path.to_owned(),
                source,
            })
        }
        (None, Some(name)) => read_variable(name, option).map(Some),
        (None, None) => Ok(None),
    }
}

fn read_variable(name: &str, option: &'static str) -> Result<Secret, AdminError> {
    if !is_variable_name(name) {
        return Err(AdminError::NoVariableName { option });
    }
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(Secret::new(value)),
        _ => Err(AdminError::NoVariable {
            name: name.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::caller::code_hash;

    #[test]
    fn a_key_says_what_it_is_and_fits_a_header() {
        for (environment, prefix) in [
            (Environment::Staging, "pil_stg_"),
            (Environment::Production, "pil_prd_"),
        ] {
            let key = subscription_key(environment).expect("a key");
            let random = key.reveal().strip_prefix(prefix).expect("a prefix");
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(random).expect("base64");
            assert_eq!(bytes.len(), RANDOM_BYTES);
            assert_eq!(ending(&key), random[random.len() - 4..]);
            let other = subscription_key(environment).expect("a key");
            assert_ne!(key, other);
        }
        assert_eq!(ending(&Secret::new("abc")), "abc");
    }

    #[test]
    fn a_code_is_known_however_it_was_written_down() {
        let code = pairing_code().expect("a code");
        let text = code.reveal();
        assert_eq!(text.len(), CODE + CODE / GROUP - 1);
        let hash = code_hash(text);
        let told = text.to_lowercase().replace('-', " ");
        assert_eq!(code_hash(&told), hash);
        assert_eq!(code_hash(&told.replace('0', "o").replace('1', "l")), hash);
        assert_ne!(code_hash(pairing_code().expect("a code").reveal()), hash);
    }

    #[test]
    fn what_is_no_name_of_a_variable_is_not_shown() {
        let named = |name: &str| read(None, Some(name), "--password-env");
        let message = named("my secret!").expect_err("refused").to_string();
        assert!(message.contains("--password-env"), "{message}");
        assert!(!message.contains("my secret!"), "{message}");
        let unset = named("PILASTER_TEST_NOT_SET");
        assert!(matches!(unset, Err(AdminError::NoVariable { .. })));
        assert_eq!(read(None, None, "").expect("nothing"), None);
    }
}
