//! The directory changes as it is told to, and shows that it did.

use super::samples::{
    DAY, HOUR, at, begins, call, integrator, query, registered, scope, scope_with_webhook, start,
    succeed, webhook,
};
use crate::gateway::id::{IntegratorId, KeyId, SiteId};
use crate::gateway::integrator::{
    AddressRange, Environment, Integrator, Key, Login, LoginScope, Pairing,
};
use crate::gateway::link::Nature;
use crate::secret::Secret;
use crate::store::{Change, Directory, PairingCode, Store, StoreError};

/// Of an integrator of its own alone, what a directory says.
async fn directory_of(store: &dyn Store, id: IntegratorId) -> Directory {
    let mut directory = store.directory().await.expect("directory");
    directory.integrators.retain(|it| it.id == id);
    directory.keys.retain(|key| key.integrator == id);
    directory.pairings.retain(|it| it.integrator == id);
    directory.logins.retain(|(of, ..)| *of == id);
    directory.webhooks.retain(|it| it.integrator == id);
    directory
        .pairing_codes
        .retain(|code| code.integrator == Some(id));
    directory
}

/// Makes a change, which is to be seen by the directory's number.
pub async fn changes(store: &dyn Store, change: Change) {
    let before = store.directory_version().await.expect("version");
    store.change(change).await.expect("changed");
    let after = store.directory_version().await.expect("version");
    assert_ne!(before, after);
}

async fn is_unknown(store: &dyn Store, change: Change) {
    let refused = store.change(change).await;
    assert!(
        matches!(refused, Err(StoreError::Unknown(_))),
        "{refused:?}"
    );
}

async fn is_taken(store: &dyn Store, change: Change) {
    let refused = store.change(change).await;
    assert!(matches!(refused, Err(StoreError::Taken(_))), "{refused:?}");
}

pub async fn integrators_and_keys(store: &dyn Store) {
    let mut it = integrator();
    is_unknown(store, Change::SetIntegrator(it.clone())).await;
    changes(store, Change::AddIntegrator(it.clone())).await;
    is_taken(
        store,
        Change::AddIntegrator(Integrator {
            id: IntegratorId::generate(),
            ..it.clone()
        }),
    )
    .await;
    it.name = format!("{} (renamed)", it.name);
    it.rate = Some(30);
    it.disabled = true;
    it.addresses = vec![
        AddressRange {
            first: "192.0.2.0".parse().expect("an address"),
            prefix: 24,
        },
        AddressRange {
            first: "2001:db8::".parse().expect("an address"),
            prefix: 32,
        },
    ];
    changes(store, Change::SetIntegrator(it.clone())).await;

    let key = Key {
        id: KeyId::generate(),
        integrator: it.id,
        environment: Environment::Production,
        hash: [7; 32],
        ends: "9f3a".to_owned(),
        created_at: start(),
        expires_at: Some(at(DAY)),
        revoked_at: None,
    };
    changes(store, Change::AddKey(key.clone())).await;
    let same = Key {
        id: KeyId::generate(),
        ..key.clone()
    };
    is_taken(store, Change::AddKey(same)).await;
    let of_nobody = Key {
        id: KeyId::generate(),
        integrator: IntegratorId::generate(),
        hash: [9; 32],
        ..key.clone()
    };
    is_unknown(store, Change::AddKey(of_nobody)).await;
    changes(store, Change::RevokeKey(key.id, at(HOUR))).await;
    // The first time counts.
    changes(store, Change::RevokeKey(key.id, at(DAY))).await;
    is_unknown(store, Change::RevokeKey(KeyId::generate(), at(HOUR))).await;

    let directory = directory_of(store, it.id).await;
    assert_eq!(directory.integrators, [it]);
    let revoked = Key {
        revoked_at: Some(at(HOUR)),
        ..key
    };
    assert_eq!(directory.keys, [revoked]);
}

pub async fn pairings_and_codes(store: &dyn Store) {
    let scope = scope(store).await;
    let mut pairing = Pairing {
        integrator: scope.integrator,
        environment: scope.environment,
        site: scope.site,
        enabled: true,
        changed_at: start(),
    };
    changes(store, Change::SetPairing(pairing.clone())).await;
    pairing.enabled = false;
    pairing.changed_at = at(HOUR);
    changes(store, Change::SetPairing(pairing.clone())).await;
    let code = PairingCode {
        site: scope.site,
        integrator: Some(scope.integrator),
        hash: [1; 32],
        expires_at: at(HOUR),
    };
    changes(store, Change::AddPairingCode(code.clone())).await;
    is_taken(store, Change::AddPairingCode(code.clone())).await;
    let directory = directory_of(store, scope.integrator).await;
    assert_eq!(directory.pairings, [pairing.clone()]);
    assert_eq!(directory.pairing_codes, [code]);
    let other = Pairing {
        site: SiteId::generate(),
        ..pairing.clone()
    };
    let by_code = Change::PairByCode([7; 32], other.clone());
    is_unknown(store, by_code.clone()).await;
    let paired = store.directory().await.expect("read").pairings;
    assert!(
        !paired.contains(&other),
        "a code that is none pairs nothing"
    );
    changes(store, Change::UsePairingCode([1; 32])).await;
    is_unknown(store, Change::PairByCode([1; 32], other)).await;
    is_unknown(store, Change::UsePairingCode([1; 32])).await;

    let (first, second) = (SiteId::generate(), SiteId::generate());
    for (site, other) in [(first, second), (second, first), (second, first)] {
        let others = vec![other];
        changes(store, Change::SetAuthoritative { site, others }).await;
        let directory = store.directory().await.expect("directory");
        assert_eq!(directory.authoritative, [site]);
    }
    changes(store, Change::ClearAuthoritative(second)).await;
    let directory = store.directory().await.expect("directory");
    assert_eq!(directory.authoritative, []);
    is_unknown(store, Change::ClearAuthoritative(second)).await;
}

pub async fn logins_and_webhooks(store: &dyn Store) {
    let scope = scope(store).await;
    let id = scope.integrator;
    let login = |password| Login {
        user: "reader".to_owned(),
        password: Secret::new(password),
    };
    let product = LoginScope::Product("BestPractice".to_owned());
    let site = LoginScope::Site(scope.site);
    changes(store, Change::SetLogin(id, product.clone(), login("one"))).await;
    changes(store, Change::SetLogin(id, site.clone(), login("two"))).await;
    changes(store, Change::SetLogin(id, site.clone(), login("three"))).await;
    let directory = directory_of(store, id).await;
    let mut passwords = directory
        .logins
        .iter()
        .map(|(_, scope, login)| (scope == &site, login.password.reveal().to_owned()))
        .collect::<Vec<_>>();
    passwords.sort();
    assert_eq!(
        passwords,
        [(false, "one".to_owned()), (true, "three".to_owned())]
    );
    changes(store, Change::RemoveLogin(id, site.clone())).await;
    is_unknown(store, Change::RemoveLogin(id, site)).await;
    is_unknown(
        store,
        Change::SetLogin(IntegratorId::generate(), product, login("one")),
    )
    .await;

    let mut target = webhook(&scope);
    changes(store, Change::SetWebhook(target.clone())).await;
    target.secret = Secret::new("another");
    target.disabled = true;
    changes(store, Change::SetWebhook(target.clone())).await;
    assert_eq!(directory_of(store, id).await.webhooks, [target]);
    changes(store, Change::RemoveWebhook(id, scope.environment)).await;
    is_unknown(store, Change::RemoveWebhook(id, scope.environment)).await;
}

pub async fn an_integrator_goes_with_all_that_is_theirs(store: &dyn Store) {
    let scope = scope_with_webhook(store).await;
    let waits = query(&scope);
    let done = query(&scope);
    for query in [&waits, &done] {
        let added = store.add_query(query.clone(), call("select 1")).await;
        added.expect("added");
    }
    succeed(store, &done, &[b"[{},{}]"]).await;
    let watched = registered(&scope);
    let kept = store
        .register(watched.clone(), call("select 2"), usize::MAX)
        .await;
    kept.expect("kept");

    changes(store, Change::RemoveIntegrator(scope.integrator)).await;
    is_unknown(store, Change::RemoveIntegrator(scope.integrator)).await;
    let directory = directory_of(store, scope.integrator).await;
    assert!(directory.integrators.is_empty() && directory.webhooks.is_empty());
    for query in [&waits, &done] {
        let found = store.query(&scope, query.id).await.expect("looked");
        assert_eq!(found, None);
    }
    let page = store
        .page(&scope, done.id, 1, start())
        .await
        .expect("looked");
    assert!(page.is_none());
    assert!(!begins(store, waits.id, Nature::Reads).await);
    assert_eq!(store.registered(&scope).await, Ok(Vec::new()));
}

pub async fn secrets_of_its_own(store: &dyn Store) {
    let one = store.own_secret("one").await.expect("made");
    assert_eq!(store.own_secret("one").await, Ok(one));
    let other = store.own_secret("other").await.expect("made");
    assert_ne!(one, other);
}
