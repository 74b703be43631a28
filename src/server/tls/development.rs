//! A CA and a certificate of our own, for where nobody else makes them.
//!
//! They are kept while they can be used and replaced when they cannot. A file that we did not make
//! is never replaced: ours carry the CA's name below. A key never leaves its file, which only its
//! owner may read. Two processes that start at once take turns.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::Material;

/// Where to keep them, and for which names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Development {
    /// The directory; it is made if it does not exist.
    pub dir: PathBuf,
    /// DNS names and addresses, besides `localhost`, 127.0.0.1 and ::1.
    pub names: Vec<String>,
}

/// The files, all of which exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevelopmentFiles {
    /// The CA's certificate: what a webhook's `caBundle` must hold.
    pub ca: PathBuf,
    /// The server's certificate.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Whether any of them was written now.
    pub written: bool,
}

/// Why there are no development certificates.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentError {
    /// The file system refuses.
    #[error("`{}`: {error}", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Something of somebody else's is in the way.
    #[error(
        "`{}` was not made by ringfence and is not replaced: name another directory, or give \
         the certificate by `--tls-cert` and `--tls-key`", path.display()
    )]
    Foreign {
        /// What.
        path: PathBuf,
    },
    /// A name cannot stand in a certificate.
    #[error("`{name}` is neither a DNS name nor an address")]
    Name {
        /// As given.
        name: String,
    },
    /// The certificate cannot be made.
    #[error("a development certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
}

const CA_NAME: &str = "Ringfence development CA";
const ALWAYS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
const DAY: Duration = Duration::from_secs(24 * 3600);
/// A clock that is a little behind ours must not find them not yet valid.
const BEFORE: Duration = DAY;
const CA_LASTS: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
const LEAF_LASTS: Duration = Duration::from_secs(365 * 24 * 3600);
/// What has less left is replaced.
pub(super) const MARGIN: Duration = Duration::from_secs(30 * 24 * 3600);

/// Finds usable certificates, or makes them.
///
/// # Errors
/// A name is none, the file system refuses, or a file in the way is not ours.
pub fn development(settings: &Development) -> Result<DevelopmentFiles, DevelopmentError> {
    let names = server_names(&settings.names)?;
    let dir = Dir(&settings.dir);
    let at = |name: &str| settings.dir.join(name);
    let mut files = DevelopmentFiles {
        ca: at("ca.crt"),
        cert: at("tls.crt"),
        key: at("tls.key"),
        written: false,
    };
    let now = SystemTime::now();
    if dir.is_usable(&names, now) {
        return Ok(files);
    }
    fs::create_dir_all(&settings.dir).map_err(dir.error(""))?;
    let lock = File::open(&settings.dir).map_err(dir.error(""))?;
    lock.lock().map_err(dir.error(""))?;
    // Another process may have made them while this one waited.
    if !dir.is_usable(&names, now) {
        dir.refuse_foreign()?;
        dir.make(&settings.names, now)?;
        files.written = true;
    }
    Ok(files)
}

fn all_names(given: &[String]) -> impl Iterator<Item = &str> {
    let extra = given.iter().map(String::as_str).filter(|name| !ALWAYS.contains(name));
    ALWAYS.into_iter().chain(extra)
}

fn server_names(given: &[String]) -> Result<Vec<ServerName<'static>>, DevelopmentError> {
    let parse = |name: &str| {
        ServerName::try_from(name.to_owned())
            .map_err(|_| DevelopmentError::Name { name: name.to_owned() })
    };
    all_names(given).map(parse).collect()
}

struct Dir<'a>(&'a Path);

impl Dir<'_> {
    fn error(&self, name: &str) -> impl Fn(io::Error) -> DevelopmentError {
        let path = self.0.join(name);
        move |error| DevelopmentError::Io { path: path.clone(), error }
    }

    fn certificate(&self, name: &str) -> Option<CertificateDer<'static>> {
        CertificateDer::from_pem_file(self.0.join(name)).ok()
    }

    /// Whether a client that trusts the CA would take the leaf, under every name, now and for a
    /// while, and the key is the leaf's.
    fn is_usable(&self, names: &[ServerName<'_>], now: SystemTime) -> bool {
        let (Some(ca), Some(leaf)) = (self.certificate("ca.crt"), self.certificate("tls.crt"))
        else {
            return false;
        };
        let pair = (fs::read(self.0.join("tls.crt")), fs::read(self.0.join("tls.key")));
        let (Ok(cert), Ok(key)) = pair else { return false };
        let mut roots = RootCertStore::empty();
        if Material::from_pem(&cert, &key).is_err() || roots.add(ca).is_err() {
            return false;
        }
        let provider = Arc::new(default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let Ok(verifier) = verifier.build() else { return false };
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let taken = |name: &ServerName<'_>, at: Duration| {
            let at = UnixTime::since_unix_epoch(at);
            verifier.verify_server_cert(&leaf, &[], name, &[], at).is_ok()
        };
        names.iter().all(|name| taken(name, now) && taken(name, now + MARGIN))
    }

    /// What is there and ours bears our CA's name; a key is ours beside a certificate of ours.
    fn refuse_foreign(&self) -> Result<(), DevelopmentError> {
        for (cert, key) in [("ca.crt", "ca.key"), ("tls.crt", "tls.key")] {
            let is_ours = self.certificate(cert).is_some_and(|der| is_issued_by_us(&der));
            for name in [cert, key] {
                let path = self.0.join(name);
                if !is_ours && path.symlink_metadata().is_ok() {
                    return Err(DevelopmentError::Foreign { path });
                }
            }
        }
        Ok(())
    }

    /// Certificates first: they say whose their keys are. Who is interrupted in between leaves a
    /// pair that does not fit, which the next attempt replaces.
    fn make(&self, names: &[String], now: SystemTime) -> Result<(), DevelopmentError> {
        let issuer = match self.issuer(now) {
            Some(issuer) => issuer,
            None => self.make_ca(now)?,
        };
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let names: Vec<String> = all_names(names).map(str::to_owned).collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "ringfence");
        params.not_before = date(now - BEFORE);
        params.not_after = date(now + LEAF_LASTS);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let cert = params.signed_by(&key, &issuer)?;
        self.write("tls.crt", &cert.pem(), 0o644)?;
        self.write("tls.key", &key.serialize_pem(), 0o600)
    }

    /// The CA that is there, if it outlives the leaf that it is to sign.
    fn issuer(&self, now: SystemTime) -> Option<Issuer<'static, KeyPair>> {
        let pem = fs::read_to_string(self.0.join("ca.crt")).ok()?;
        let key = fs::read_to_string(self.0.join("ca.key")).ok()?;
        let key = KeyPair::from_pem(&key).ok()?;
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
        let (_, ca) = X509Certificate::from_der(&der).ok()?;
        let is_its_key = ca.public_key().subject_public_key.data == key.public_key_raw();
        let lasts = super::Validity::of(&der)?.problem(now, LEAF_LASTS).is_none();
        (is_its_key && lasts).then(|| Issuer::from_ca_cert_pem(&pem, key).ok()).flatten()
    }

    fn make_ca(&self, now: SystemTime) -> Result<Issuer<'static, KeyPair>, DevelopmentError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, CA_NAME);
        params.not_before = date(now - BEFORE);
        params.not_after = date(now + CA_LASTS);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let cert = params.self_signed(&key)?;
        self.write("ca.crt", &cert.pem(), 0o644)?;
        self.write("ca.key", &key.serialize_pem(), 0o600)?;
        Ok(Issuer::new(params, key))
    }

    /// Readers see the old file or the new one. The temporary file bears its mode from its first
    /// byte on, and is left over by a process that was killed, never by another that is alive:
    /// the directory is locked.
    fn write(&self, name: &str, text: &str, mode: u32) -> Result<(), DevelopmentError> {
        let temporary = self.0.join(format!(".{name}.new"));
        let _ = fs::remove_file(&temporary);
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&temporary)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&temporary, self.0.join(name)));
        written.map_err(self.error(name))
    }
}

fn is_issued_by_us(certificate: &[u8]) -> bool {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return false };
    let mut names = certificate.issuer().iter_common_name();
    names.next().is_some_and(|name| name.as_str() == Ok(CA_NAME))
}

fn date(at: SystemTime) -> OffsetDateTime {
    OffsetDateTime::from(at)
}
