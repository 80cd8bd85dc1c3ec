//! The directory: integrators and what is theirs.

use std::net::IpAddr;

use rusqlite::{Row, params};

use super::columns::Named;
use super::credentials;
use super::failure::{found, unless};
use super::tasks::Db;
use crate::gateway::id::{IntegratorId, QueryId, SiteId};
use crate::gateway::integrator::{AddressRange, Integrator, Key, Pairing};
use crate::store::{Change, Directory, PairingCode, StoreError};

pub(super) const NO_INTEGRATOR: &str = "there is no such integrator";

/// How often the directory was changed.
pub(super) fn version(db: &Db) -> Result<u64, StoreError> {
    let mut statement = db.sql.prepare_cached("SELECT version FROM directory")?;
    let version: i64 = statement.query_row([], |row| row.get(0))?;
    Ok(version.unsigned_abs())
}

/// The whole directory.
pub(super) fn read(db: &Db) -> Result<Directory, StoreError> {
    Ok(Directory {
        integrators: all(
            db,
            "SELECT id, name, created_at, rate, addresses, disabled FROM integrators ORDER BY name",
            integrator,
        )?,
        keys: all(
            db,
            "SELECT id, integrator, environment, hash, ends, created_at, expires_at, revoked_at FROM keys
             ORDER BY created_at, id",
            key,
        )?,
        pairings: all(
            db,
            "SELECT integrator, environment, site, enabled, changed_at FROM pairings",
            pairing,
        )?,
        logins: credentials::logins(db)?,
        webhooks: credentials::webhooks(db)?,
        pairing_codes: all(
            db,
            "SELECT site, integrator, hash, expires_at FROM pairing_codes",
            pairing_code,
        )?,
        authoritative: all(db, "SELECT site FROM authoritative", |row| row.get(0))?,
    })
}

pub(super) fn all<T>(
    db: &Db,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = db.sql.prepare_cached(sql)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn integrator(row: &Row<'_>) -> rusqlite::Result<Integrator> {
    let addresses: String = row.get(4)?;
    Ok(Integrator {
        id: row.get(0)?,
        name: row.get(1)?,
        created_at: row.get(2)?,
        rate: row.get(3)?,
        addresses: addresses
            .split_whitespace()
            .map(address)
            .collect::<Option<_>>()
            .ok_or(rusqlite::Error::IntegralValueOutOfRange(4, 0))?,
        disabled: row.get(5)?,
    })
}

fn address(text: &str) -> Option<AddressRange> {
    let (first, prefix) = text.split_once('/')?;
    Some(AddressRange {
        first: first.parse::<IpAddr>().ok()?,
        prefix: prefix.parse().ok()?,
    })
}

fn addresses(ranges: &[AddressRange]) -> String {
    let texts = ranges
        .iter()
        .map(|range| format!("{}/{}", range.first, range.prefix));
    texts.collect::<Vec<_>>().join(" ")
}

fn key(row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok(Key {
        id: row.get(0)?,
        integrator: row.get(1)?,
        environment: row.get::<_, Named<_>>(2)?.0,
        hash: row.get(3)?,
        ends: row.get(4)?,
        created_at: row.get(5)?,
        expires_at: row.get(6)?,
        revoked_at: row.get(7)?,
    })
}

fn pairing(row: &Row<'_>) -> rusqlite::Result<Pairing> {
    Ok(Pairing {
        integrator: row.get(0)?,
        environment: row.get::<_, Named<_>>(1)?.0,
        site: row.get(2)?,
        enabled: row.get(3)?,
        changed_at: row.get(4)?,
    })
}

fn pairing_code(row: &Row<'_>) -> rusqlite::Result<PairingCode> {
    Ok(PairingCode {
        site: row.get(0)?,
        integrator: row.get(1)?,
        hash: row.get(2)?,
        expires_at: row.get(3)?,
    })
}

/// Changes the directory. Gives the queries that went, whose pages are to go too.
///
/// # Errors
/// [`StoreError::Taken`], [`StoreError::Unknown`]
pub(super) fn change(db: &Db, change: Change) -> Result<Vec<QueryId>, StoreError> {
    let mut gone = Vec::new();
    match change {
        Change::AddIntegrator(it) => add_integrator(db, &it)?,
        Change::SetIntegrator(it) => set_integrator(db, &it)?,
        Change::RemoveIntegrator(id) => gone = remove_integrator(db, id)?,
        Change::AddKey(key) => add_key(db, &key)?,
        Change::RevokeKey(id, at) => {
            let sql = "UPDATE keys SET revoked_at = COALESCE(revoked_at, ?2) WHERE id = ?1";
            found(
                db.sql.execute(sql, params![id, at])?,
                "there is no such key",
            )?;
        }
        Change::SetPairing(pairing) => set_pairing(db, &pairing)?,
        Change::SetLogin(integrator, scope, login) => {
            credentials::set_login(db, integrator, &scope, &login)?;
        }
        Change::RemoveLogin(integrator, scope) => {
            credentials::remove_login(db, integrator, &scope)?;
        }
        Change::SetWebhook(target) => credentials::set_webhook(db, &target)?,
        Change::RemoveWebhook(integrator, environment) => {
            credentials::remove_webhook(db, integrator, environment)?;
        }
        Change::AddPairingCode(code) => add_pairing_code(db, &code)?,
        Change::PairByCode(hash, pairing) => {
            use_pairing_code(db, hash)?;
            set_pairing(db, &pairing)?;
        }
        Change::UsePairingCode(hash) => use_pairing_code(db, hash)?,
        Change::SetAuthoritative { site, others } => set_authoritative(db, site, &others)?,
        Change::ClearAuthoritative(site) => {
            let sql = "DELETE FROM authoritative WHERE site = ?1";
            found(db.sql.execute(sql, [site])?, "the site was not chosen")?;
        }
    }
    was_changed(db)?;
    Ok(gone)
}

fn use_pairing_code(db: &Db, hash: [u8; 32]) -> Result<(), StoreError> {
    let sql = "DELETE FROM pairing_codes WHERE hash = ?1";
    let used = db.sql.execute(sql, [hash])?;
    found(used, "there is no such pairing code")
}

/// Notes that the directory is another one.
pub(super) fn was_changed(db: &Db) -> Result<(), StoreError> {
    db.sql
        .execute("UPDATE directory SET version = version + 1", [])?;
    Ok(())
}

fn add_integrator(db: &Db, it: &Integrator) -> Result<(), StoreError> {
    db.sql
        .execute(
            "INSERT INTO integrators (id, name, created_at, rate, addresses, disabled)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                it.id,
                it.name,
                it.created_at,
                it.rate,
                addresses(&it.addresses),
                it.disabled
            ],
        )
        .map_err(unless(NAME_TAKEN, NO_INTEGRATOR))?;
    Ok(())
}

const NAME_TAKEN: &str = "an integrator of that name is there already";

fn set_integrator(db: &Db, it: &Integrator) -> Result<(), StoreError> {
    let changed = db
        .sql
        .execute(
            "UPDATE integrators SET name = ?2, rate = ?3, addresses = ?4, disabled = ?5 WHERE id = ?1",
            params![
                it.id,
                it.name,
                it.rate,
                addresses(&it.addresses),
                it.disabled
            ],
        )
        .map_err(unless(NAME_TAKEN, NO_INTEGRATOR))?;
    found(changed, NO_INTEGRATOR)
}

fn remove_integrator(db: &Db, id: IntegratorId) -> Result<Vec<QueryId>, StoreError> {
    let mut with_pages = db
        .sql
        .prepare("SELECT id FROM queries WHERE integrator = ?1 AND sealed_page_key IS NOT NULL")?;
    let gone = with_pages.query_map([id], |row| row.get(0))?;
    let gone = gone.collect::<Result<_, _>>()?;
    // What is theirs refers to them, and goes with them.
    let removed = db
        .sql
        .execute("DELETE FROM integrators WHERE id = ?1", [id])?;
    found(removed, NO_INTEGRATOR)?;
    // These need not be of an integrator that is here: callers of the configuration file have them, too.
    for of in ["queries", "registered", "deliveries"] {
        let sql = format!("DELETE FROM {of} WHERE integrator = ?1");
        db.sql.execute(&sql, [id])?;
    }
    Ok(gone)
}

fn add_key(db: &Db, key: &Key) -> Result<(), StoreError> {
    db.sql
        .execute(
            "INSERT INTO keys (id, integrator, environment, hash, ends, created_at, expires_at, revoked_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                key.id,
                key.integrator,
                Named(key.environment),
                key.hash,
                key.ends,
                key.created_at,
                key.expires_at,
                key.revoked_at
            ],
        )
        .map_err(unless("that key is there already", NO_INTEGRATOR))?;
    Ok(())
}

fn set_pairing(db: &Db, pairing: &Pairing) -> Result<(), StoreError> {
    db.sql
        .execute(
            "INSERT INTO pairings (integrator, environment, site, enabled, changed_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET enabled = excluded.enabled, changed_at = excluded.changed_at",
            params![
                pairing.integrator,
                Named(pairing.environment),
                pairing.site,
                pairing.enabled,
                pairing.changed_at
            ],
        )
        .map_err(unless("that pairing is there already", NO_INTEGRATOR))?;
    Ok(())
}

fn add_pairing_code(db: &Db, code: &PairingCode) -> Result<(), StoreError> {
    db.sql
        .execute(
            "INSERT INTO pairing_codes (hash, site, integrator, expires_at) VALUES (?1, ?2, ?3, ?4)",
            params![code.hash, code.site, code.integrator, code.expires_at],
        )
        .map_err(unless("that pairing code is there already", NO_INTEGRATOR))?;
    Ok(())
}

fn set_authoritative(db: &Db, site: SiteId, others: &[SiteId]) -> Result<(), StoreError> {
    for other in others {
        db.sql
            .execute("DELETE FROM authoritative WHERE site = ?1", [other])?;
    }
    db.sql.execute(
        "INSERT OR IGNORE INTO authoritative (site) VALUES (?1)",
        [site],
    )?;
    Ok(())
}
