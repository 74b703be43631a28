//! Handshakes and certificates.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use tempfile::TempDir;

use super::support::{
    Client, Rig, builder_for, development_in, post, showing, start, start_with, trusting,
};
use crate::server::tls::{
    Development, DevelopmentError, DevelopmentFiles, Files, Source, development,
};
use crate::server::{Limits, Settings};

#[tokio::test]
async fn both_versions_of_tls_are_spoken_and_only_http_1() {
    let rig = start(Limits::default()).await;
    for version in [&TLS12, &TLS13] {
        let config = builder_for(rig.root(), &[version]).with_no_client_auth();
        let mut client = rig.connect_as(config).await.expect("a handshake");
        client.exchange(post("/validate", "a")).await.is(200, "validate 1");
        let (_, session) = client.0.get_ref();
        assert_eq!(session.protocol_version(), Some(version.version));
        assert_eq!(session.tls13_tickets_received(), 0);
    }
    let mut config = trusting(rig.root());
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let client = rig.connect_as(config.clone()).await.expect("a handshake");
    assert_eq!(client.0.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    config.alpn_protocols = vec![b"h2".to_vec()];
    assert!(rig.connect_as(config).await.is_err());
    rig.rejected("handshake_failed", 1).await;
}

#[tokio::test]
async fn with_a_client_ca_a_certificate_must_be_shown() {
    let with_ca = |dir: &TempDir| {
        let client_ca = Some(dir.path().join("ca.crt"));
        Files { client_ca, ..development_in(dir) }
    };
    let rig = start_with(Settings::default(), with_ca).await;
    let read = |name: &str| fs::read_to_string(rig.certs.path().join(name)).expect("a file");
    let ca_key = KeyPair::from_pem(&read("ca.key")).expect("a key");
    let issuer = rcgen::Issuer::from_ca_cert_pem(&read("ca.crt"), ca_key).expect("a ca");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(["kube-apiserver".to_owned()]).expect("a name");

    let ours = params.clone().signed_by(&key, &issuer).expect("a certificate");
    let mut client = attempt(&rig, ours.der(), &key).await.expect("a handshake");
    client.exchange(post("/validate", "a")).await.is(200, "validate 1");

    // In TLS 1.3 the client believes in the handshake before the server has refused it.
    let theirs = params.self_signed(&key).expect("a certificate");
    if let Ok(mut client) = attempt(&rig, theirs.der(), &key).await {
        client.send_what_is_taken(post("/validate", "a")).await;
        client.ended().await;
    }
    rig.rejected("handshake_failed", 1).await;
    if let Ok(mut client) = rig.connect_as(trusting(rig.root())).await {
        client.send_what_is_taken(post("/validate", "a")).await;
        client.ended().await;
    }
    rig.rejected("handshake_failed", 2).await;
    rig.counted(r#"reviews_total{endpoint="validate",decision="admit"} 1"#).await;
}

async fn attempt(
    rig: &Rig,
    certificate: &CertificateDer<'static>,
    key: &KeyPair,
) -> std::io::Result<Client> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    rig.connect_as(showing(rig.root(), vec![certificate.clone()], key)).await
}

/// Files as a Secret's volume has them: names that point through `..data` to a directory.
fn secret(dir: &TempDir) -> Files {
    write_pair(&dir.path().join("one"), "localhost");
    symlink("one", dir.path().join("..data")).expect("a link");
    for name in ["tls.crt", "tls.key", "ca.crt"] {
        symlink(format!("..data/{name}"), dir.path().join(name)).expect("a link");
    }
    let (cert, key) = (dir.path().join("tls.crt"), dir.path().join("tls.key"));
    Files { source: Source::Files { cert, key }, client_ca: None }
}

/// A self-signed pair, its certificate also as the CA.
fn write_pair(dir: &Path, name: &str) {
    fs::create_dir_all(dir).expect("a directory");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new([name.to_owned()]).expect("a name");
    let cert = params.self_signed(&key).expect("a certificate").pem();
    fs::write(dir.join("tls.crt"), &cert).expect("a file");
    fs::write(dir.join("ca.crt"), &cert).expect("a file");
    fs::write(dir.join("tls.key"), key.serialize_pem()).expect("a file");
}

const SWAPPED: &str = r#"tls_certificate_reloads_total{result="success"} 1"#;
const REFUSED: &str = r#"tls_certificate_reloads_total{result="failure"} 1"#;

#[tokio::test]
async fn a_secrets_symlink_swap_is_followed() {
    let rig = start_with(Settings::default(), secret).await;
    let old = rig.root();
    let mut kept = rig.connect().await;
    let dir = rig.certs.path();
    write_pair(&dir.join("two"), "localhost");
    symlink("two", dir.join("..data_tmp")).expect("a link");
    fs::rename(dir.join("..data_tmp"), dir.join("..data")).expect("a swap");
    rig.counted(SWAPPED).await;
    rig.connect().await.exchange(post("/validate", "a")).await.is(200, "validate 1");
    assert!(rig.connect_as(trusting(old)).await.is_err());
    kept.exchange(post("/validate", "a")).await.is(200, "validate 1");
}

#[tokio::test]
async fn a_rename_is_followed() {
    let rig = start_with(Settings::default(), secret).await;
    let dir = rig.certs.path();
    write_pair(&dir.join("two"), "localhost");
    for name in ["tls.crt", "tls.key", "ca.crt"] {
        fs::rename(dir.join("two").join(name), dir.join(name)).expect("a rename");
    }
    rig.counted(SWAPPED).await;
    rig.connect().await.exchange(post("/validate", "a")).await.is(200, "validate 1");
}

#[tokio::test]
async fn what_cannot_be_used_changes_nothing() {
    for spoil in [mismatch, empty, removed] {
        let rig = start_with(Settings::default(), secret).await;
        let dir = rig.certs.path();
        let before = fs::read(dir.join("one/tls.key")).expect("a file");
        spoil(&dir.join("one"));
        rig.counted(REFUSED).await;
        rig.connect().await.exchange(post("/validate", "a")).await.is(200, "validate 1");
        // Once it is mended, the next change is followed as ever.
        fs::write(dir.join("one/tls.key"), before).expect("a file");
        write_pair(&dir.join("one"), "localhost");
        rig.counted(SWAPPED).await;
        rig.counted(REFUSED).await;
    }
}

fn mismatch(dir: &Path) {
    let key = KeyPair::generate().expect("a key");
    fs::write(dir.join("tls.key"), key.serialize_pem()).expect("a file");
}

fn empty(dir: &Path) {
    fs::write(dir.join("tls.crt"), "").expect("a file");
}

fn removed(dir: &Path) {
    fs::remove_file(dir.join("tls.key")).expect("a file");
}

fn make(dir: &Path, names: &[&str]) -> Result<DevelopmentFiles, DevelopmentError> {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    development(&Development { dir: dir.into(), names })
}

#[test]
fn development_certificates_are_kept_while_they_can_be_used() {
    let dir = TempDir::new().expect("a directory");
    let dir = dir.path().join("certs");
    let read = |name: &str| fs::read(dir.join(name)).expect("a file");
    assert!(make(&dir, &["a.example"]).expect("certificates").written);
    let (ca, leaf) = (read("ca.crt"), read("tls.crt"));
    assert!(!make(&dir, &["a.example"]).expect("certificates").written);
    assert!(!make(&dir, &[]).expect("certificates").written);
    assert_eq!(read("tls.crt"), leaf);
    // Another name takes another leaf of the same CA.
    assert!(make(&dir, &["10.0.0.1", "b.example"]).expect("certificates").written);
    assert_eq!(read("ca.crt"), ca);
    assert_ne!(read("tls.crt"), leaf);
    for (name, mode) in [("ca.key", 0o600), ("tls.key", 0o600), ("tls.crt", 0o644)] {
        let metadata = fs::metadata(dir.join(name)).expect("a file");
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{name}");
    }
    // A lost key or a spoilt pair is made again; a CA without its key cannot sign and goes too.
    mismatch(&dir);
    assert!(make(&dir, &[]).expect("certificates").written);
    fs::remove_file(dir.join("ca.key")).expect("a file");
    assert!(!make(&dir, &[]).expect("certificates").written);
    assert!(make(&dir, &["c.example"]).expect("certificates").written);
    assert_ne!(read("ca.crt"), ca);
}

#[test]
fn development_certificates_replace_nobody_elses() {
    for name in ["tls.crt", "tls.key", "ca.crt", "ca.key"] {
        let dir = TempDir::new().expect("a directory");
        let path = dir.path().join(name);
        fs::write(&path, "theirs").expect("a file");
        let error = make(dir.path(), &[]).expect_err("it is in the way");
        assert!(matches!(&error, DevelopmentError::Foreign { path: is } if *is == path), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "theirs");
    }
    let dir = TempDir::new().expect("a directory");
    write_pair(dir.path(), "elsewhere.example");
    assert!(matches!(make(dir.path(), &[]), Err(DevelopmentError::Foreign { .. })));
    let error = make(dir.path(), &["a b"]).expect_err("no name");
    assert_eq!(error.to_string(), "`a b` is neither a DNS name nor an address");
}
