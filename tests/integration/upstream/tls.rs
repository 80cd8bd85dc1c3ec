//! Whom a key is told: an upstream whose certificate is trusted.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pilaster::passthrough::upstream::{Account, AccountOptions, Upstream};
use pilaster::passthrough::{Limits, PassthroughError, Pool};
use pilaster::secret::Secret;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

use super::api::Api;
use super::{KEY, options};
use crate::mappings::fixture;
use crate::practice::mapping_folder;

/// An issuer, as a file; and a server with a certificate of its, for a host.
fn server(host: &str, is_expired: bool, folder: &tempfile::TempDir) -> (ServerConfig, PathBuf) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, ca.self_signed(&ca_key).unwrap().pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    if is_expired {
        params.not_after = date_time_ymd(2020, 1, 1);
    }
    let certificate = params.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (config, file)
}

#[test]
fn only_a_trusted_upstream_is_asked() {
    let certificate = |words: &str| Err(PassthroughError::Certificate(words.to_owned()));
    let cases = [
        ("localhost", false, true, Ok(())),
        (
            "localhost",
            false,
            false,
            certificate("it is signed by none that is trusted"),
        ),
        (
            "other.example",
            false,
            true,
            certificate("it is for another host"),
        ),
        ("localhost", true, true, certificate("it has expired")),
    ];
    let practice = fixture(&mapping_folder("bp-premier"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let connect = |url: String, ca_file: Option<PathBuf>| {
        let account = Account::new(&AccountOptions {
            base_url: url,
            key: Secret::new(KEY),
            ca_file,
            rate: None,
            connect: Duration::from_secs(5),
        });
        let options = options(account.unwrap());
        let driver = Upstream::new(options, &Limits::default(), runtime.handle().clone());
        Pool::connected(Arc::new(driver.unwrap()), Limits::default()).map(drop)
    };
    for (host, is_expired, is_trusted, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let (config, file) = server(host, is_expired, &folder);
        let api = Api::over_tls(&practice.path, config);
        let connected = connect(api.url.clone(), is_trusted.then_some(file));
        assert_eq!(connected, expected, "{host}");
        assert_eq!(api.looks(), u32::from(expected.is_ok()));
    }
    // A server that speaks no TLS is not told the key either.
    let api = Api::new(&practice.path);
    let plain = connect(
        api.url.replace("http://127.0.0.1", "https://localhost"),
        None,
    );
    assert!(
        matches!(plain, Err(PassthroughError::Unreachable(_))),
        "{plain:?}"
    );
    assert_eq!(api.looks(), 0);
}
