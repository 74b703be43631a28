//! A certificate and a key that fit, and who clients must be.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer, X509Certificate};

/// When a certificate is valid, in seconds since 1970, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: i64,
    /// The last second.
    pub not_after: i64,
}

/// Why a certificate, key or CA cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadMaterial {
    /// No PEM, or none of a certificate.
    #[error("the certificate cannot be read: {0}")]
    Certificate(pem::Error),
    /// PEM around something else.
    #[error("the certificate cannot be read: it is no X.509 certificate")]
    NotX509,
    /// No PEM, or none of a private key.
    #[error("the private key cannot be read: {0}")]
    Key(pem::Error),
    /// The key is of an unknown kind, or not the certificate's.
    #[error("the private key does not fit the certificate: {0}")]
    Mismatch(rustls::Error),
    /// The client CA is no PEM, or holds no certificate.
    #[error("the client ca cannot be read: {0}")]
    ClientCa(pem::Error),
    /// The client CA cannot be trusted.
    #[error("the client ca cannot be used: {0}")]
    ClientVerifier(String),
    /// rustls refuses it.
    #[error("the certificate cannot be used: {0}")]
    Config(rustls::Error),
}

/// What handshakes are made with.
#[derive(Debug, Clone)]
pub struct Material {
    pub(super) config: Arc<ServerConfig>,
    pub(super) validity: Validity,
}

impl Material {
    /// A chain (leaf first) and its key, for any client.
    ///
    /// # Errors
    /// The texts are not PEM of what they should be, or do not fit each other.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, BadMaterial> {
        Self::build(chain, key, None)
    }

    /// The same, for clients that show a certificate of `client_ca` (PEM, one or more).
    ///
    /// # Errors
    /// As [`Material::from_pem`], and the CA cannot be read.
    pub fn with_client_ca(chain: &[u8], key: &[u8], client_ca: &[u8]) -> Result<Self, BadMaterial> {
        Self::build(chain, key, Some(client_ca))
    }

    pub(super) fn build(
        chain: &[u8],
        key: &[u8],
        client_ca: Option<&[u8]>,
    ) -> Result<Self, BadMaterial> {
        let provider = Arc::new(default_provider());
        let chain = certificates(chain).map_err(BadMaterial::Certificate)?;
        let leaf = chain.first().ok_or(BadMaterial::Certificate(pem::Error::NoItemsFound))?;
        let validity = Validity::of(leaf).ok_or(BadMaterial::NotX509)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(BadMaterial::Key)?;
        let certified =
            CertifiedKey::from_der(chain, key, &provider).map_err(BadMaterial::Mismatch)?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(BadMaterial::Config)?;
        let builder = match client_ca {
            None => builder.with_no_client_auth(),
            Some(ca) => builder.with_client_cert_verifier(verifier(ca, provider)?),
        };
        let resolver = Arc::new(SingleCertAndKey::from(certified));
        let mut config = builder.with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self { config: Arc::new(config), validity })
    }
}

fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, pem::Error> {
    CertificateDer::pem_slice_iter(text).collect()
}

fn verifier(
    ca: &[u8],
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, BadMaterial> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca).map_err(BadMaterial::ClientCa)? {
        roots.add(certificate).map_err(|error| BadMaterial::ClientVerifier(error.to_string()))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| BadMaterial::ClientVerifier(error.to_string()))
}

impl Validity {
    /// What a certificate says.
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let validity = certificate.validity();
        Some(Self {
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
        })
    }

    /// Why a certificate with this validity should not be shown at `now`: it is not valid yet, or
    /// not for `least` more.
    #[must_use]
    pub fn problem(self, now: SystemTime, least: Duration) -> Option<String> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let least = i64::try_from(least.as_secs()).unwrap_or(i64::MAX);
        let left = self.not_after.saturating_sub(now);
        if now < self.not_before {
            Some(format!("it becomes valid in {} s", self.not_before.saturating_sub(now)))
        } else if left < 0 {
            Some(format!("it ended {} s ago", left.saturating_neg()))
        } else if left < least {
            Some(format!("it ends in {left} s"))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_must_be_valid_now_and_for_a_while() {
        let validity = Validity { not_before: 1_000, not_after: 9_000 };
        let check = |now: u64, expect: Option<&str>| {
            let now = UNIX_EPOCH + Duration::from_secs(now);
            let problem = validity.problem(now, Duration::from_secs(3_600));
            assert_eq!(problem.as_deref(), expect);
        };
        check(999, Some("it becomes valid in 1 s"));
        check(1_000, None);
        check(5_400, None);
        check(5_401, Some("it ends in 3599 s"));
        check(9_000, Some("it ends in 0 s"));
        check(9_001, Some("it ended 1 s ago"));
    }
}
