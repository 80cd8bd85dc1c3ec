//! Certificates for the stand-in, made anew for each test: sound ones and unsound ones.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::version::TLS12;

/// What is the matter with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sound,
    Expired,
    OfAnotherHost,
    /// It signed itself, and says that it is an authority.
    OwnAuthority,
}

/// The stand-in's side of TLS, and the authority that signed its certificate.
pub struct Certificate {
    pub config: Arc<ServerConfig>,
    /// PEM
    pub authority: String,
}

impl Certificate {
    pub fn new(kind: Kind) -> Certificate {
        let host = match kind {
            Kind::OfAnotherHost => "elsewhere.example",
            _ => "localhost",
        };
        let mut params = CertificateParams::new([host.to_owned()]).expect("a host");
        if kind == Kind::Expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        }
        let key = KeyPair::generate().expect("a key");
        let (certificate, authority) = if kind == Kind::OwnAuthority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let own = params.self_signed(&key).expect("a certificate");
            let pem = own.pem();
            (own, pem)
        } else {
            let mut authority = CertificateParams::default();
            // Two of one name would be told apart by their signatures alone.
            let name = format!("Authority of {}", uuid::Uuid::new_v4());
            authority.distinguished_name.push(DnType::CommonName, name);
            authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
            let signer = KeyPair::generate().expect("a key");
            let issuer = CertifiedIssuer::self_signed(authority, signer).expect("an authority");
            let signed = params.signed_by(&key, &issuer).expect("a certificate");
            (signed, issuer.pem())
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        // As SQL Server speaks it in TDS 7; TDS 8 names its protocol.
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_protocol_versions(&[&TLS12])
                .expect("TLS 1.2")
                .with_no_client_auth()
                .with_single_cert(vec![certificate.der().clone()], key)
                .expect("a certificate");
        config.alpn_protocols = vec![b"tds/8.0".to_vec()];
        Certificate {
            config: Arc::new(config),
            authority,
        }
    }
}
