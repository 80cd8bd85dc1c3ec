//! What the directory seals: integrators' own logins, the secrets of their webhooks; and the store's own secrets.

use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::columns::Named;
use super::directory::{NO_INTEGRATOR, all};
use super::failure::{found, unless};
use super::tasks::Db;
use crate::gateway::id::IntegratorId;
use crate::gateway::integrator::{Environment, Login, LoginScope, WebhookTarget};
use crate::seal::random_key;
use crate::secret::Secret;
use crate::store::StoreError;
use crate::store::seal::Place;

/// A login as it is sealed.
#[derive(Serialize, Deserialize)]
struct LoginText {
    user: String,
    password: String,
}

const SITE: &str = "site:";
const PRODUCT: &str = "product:";

fn login_scope(scope: &LoginScope) -> String {
    match scope {
        LoginScope::Site(site) => format!("{SITE}{site}"),
        LoginScope::Product(name) => format!("{PRODUCT}{name}"),
    }
}

fn read_login_scope(text: &str) -> Option<LoginScope> {
    if let Some(site) = text.strip_prefix(SITE) {
        return site.parse().ok().map(LoginScope::Site);
    }
    let name = text.strip_prefix(PRODUCT)?;
    Some(LoginScope::Product(name.to_owned()))
}

/// What tells a login from others.
fn login_row(integrator: IntegratorId, at: &str) -> Vec<u8> {
    [integrator.0.as_bytes(), at.as_bytes()].concat()
}

fn login_place(row: &[u8]) -> Place<'_> {
    Place {
        table: "logins",
        column: "sealed_login",
        row,
    }
}

/// All logins of integrators' own.
pub(super) fn logins(db: &Db) -> Result<Vec<(IntegratorId, LoginScope, Login)>, StoreError> {
    let sealed = all(
        db,
        "SELECT integrator, at, sealed_login FROM logins",
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let open = |(integrator, at, sealed): (IntegratorId, String, Vec<u8>)| {
        let text: LoginText = db.open_json(login_place(&login_row(integrator, &at)), &sealed)?;
        let login = Login {
            user: text.user,
            password: Secret::new(text.password),
        };
        let scope = read_login_scope(&at).ok_or(StoreError::Sealed)?;
        Ok((integrator, scope, login))
    };
    sealed.into_iter().map(open).collect()
}

/// What tells a webhook from others.
fn webhook_row(integrator: IntegratorId, environment: Environment) -> Vec<u8> {
    [integrator.0.as_bytes(), environment.name().as_bytes()].concat()
}

fn webhook_place<'r>(column: &'static str, row: &'r [u8]) -> Place<'r> {
    Place {
        table: "webhooks",
        column,
        row,
    }
}

/// Where all webhooks go.
pub(super) fn webhooks(db: &Db) -> Result<Vec<WebhookTarget>, StoreError> {
    let sealed = all(
        db,
        "SELECT integrator, environment, disabled, sealed_url, sealed_secret FROM webhooks",
        |row| {
            let target = WebhookTarget {
                integrator: row.get(0)?,
                environment: row.get::<_, Named<_>>(1)?.0,
                url: String::new(),
                secret: Secret::new(""),
                disabled: row.get(2)?,
            };
            Ok((target, row.get(3)?, row.get(4)?))
        },
    )?;
    let open = |(mut target, url, secret): (WebhookTarget, Vec<u8>, Vec<u8>)| {
        let row = webhook_row(target.integrator, target.environment);
        let open =
            |column, sealed: &[u8]| db.open_json::<String>(webhook_place(column, &row), sealed);
        target.url = open("sealed_url", &url)?;
        target.secret = Secret::new(open("sealed_secret", &secret)?);
        Ok(target)
    };
    sealed.into_iter().map(open).collect()
}

/// Sets an integrator's own login.
pub(super) fn set_login(
    db: &Db,
    integrator: IntegratorId,
    scope: &LoginScope,
    login: &Login,
) -> Result<(), StoreError> {
    let at = login_scope(scope);
    let text = LoginText {
        user: login.user.clone(),
        password: login.password.reveal().to_owned(),
    };
    let sealed = db.seal_json(login_place(&login_row(integrator, &at)), &text)?;
    db.sql
        .execute(
            "INSERT INTO logins (integrator, at, sealed_login) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET sealed_login = excluded.sealed_login",
            params![integrator, at, sealed],
        )
        .map_err(unless("that login is there already", NO_INTEGRATOR))?;
    Ok(())
}

/// Removes an integrator's own login.
pub(super) fn remove_login(
    db: &Db,
    integrator: IntegratorId,
    scope: &LoginScope,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM logins WHERE integrator = ?1 AND at = ?2";
    let removed = db
        .sql
        .execute(sql, params![integrator, login_scope(scope)])?;
    found(removed, "the integrator has no login there")
}

/// Sets where an integrator's webhooks go.
pub(super) fn set_webhook(db: &Db, target: &WebhookTarget) -> Result<(), StoreError> {
    let row = webhook_row(target.integrator, target.environment);
    let seal = |column, text: &str| db.seal_json(webhook_place(column, &row), text);
    db.sql
        .execute(
            "INSERT INTO webhooks (integrator, environment, url, sealed_url, sealed_secret, disabled)
             VALUES (?1, ?2, '', ?3, ?4, ?5)
             ON CONFLICT DO UPDATE
             SET sealed_url = excluded.sealed_url, sealed_secret = excluded.sealed_secret,
                disabled = excluded.disabled",
            params![
                target.integrator,
                Named(target.environment),
                seal("sealed_url", &target.url)?,
                seal("sealed_secret", target.secret.reveal())?,
                target.disabled
            ],
        )
        .map_err(unless("that webhook is there already", NO_INTEGRATOR))?;
    Ok(())
}

/// Seals the URLs of webhooks that stand as a former version kept them.
pub(super) fn seal_urls(db: &Db) -> Result<(), StoreError> {
    let open = all(
        db,
        "SELECT integrator, environment, url FROM webhooks WHERE sealed_url IS NULL",
        |row| {
            let environment = row.get::<_, Named<Environment>>(1)?.0;
            Ok((row.get(0)?, environment, row.get::<_, String>(2)?))
        },
    )?;
    for (integrator, environment, url) in open {
        let row = webhook_row(integrator, environment);
        let sealed = db.seal_json(webhook_place("sealed_url", &row), &url)?;
        db.sql.execute(
            "UPDATE webhooks SET url = '', sealed_url = ?3 WHERE integrator = ?1 AND environment = ?2",
            params![integrator, Named(environment), sealed],
        )?;
    }
    Ok(())
}

/// Removes an integrator's webhook.
pub(super) fn remove_webhook(
    db: &Db,
    integrator: IntegratorId,
    environment: Environment,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM webhooks WHERE integrator = ?1 AND environment = ?2";
    let removed = db
        .sql
        .execute(sql, params![integrator, Named(environment)])?;
    found(removed, "the integrator has no webhook in that environment")
}

fn secret_place(name: &'static str) -> Place<'static> {
    Place {
        table: "own_secrets",
        column: "sealed_secret",
        row: name.as_bytes(),
    }
}

/// A secret of the store's own, where it was made already.
pub(super) fn own_secret(db: &Db, name: &'static str) -> Result<Option<[u8; 32]>, StoreError> {
    let sql = "SELECT sealed_secret FROM own_secrets WHERE name = ?1";
    let mut statement = db.sql.prepare_cached(sql)?;
    let sealed: Option<Vec<u8>> = statement.query_row([name], |row| row.get(0)).optional()?;
    let Some(sealed) = sealed else {
        return Ok(None);
    };
    let secret = db.open(secret_place(name), &sealed)?;
    secret.try_into().map(Some).map_err(|_| StoreError::Sealed)
}

/// The same; made where it was not.
pub(super) fn make_own_secret(db: &Db, name: &'static str) -> Result<[u8; 32], StoreError> {
    if let Some(secret) = own_secret(db, name)? {
        return Ok(secret);
    }
    let secret = random_key()?;
    db.sql.execute(
        "INSERT INTO own_secrets (name, sealed_secret) VALUES (?1, ?2)",
        params![name, db.seal(secret_place(name), &secret)?],
    )?;
    Ok(secret)
}
