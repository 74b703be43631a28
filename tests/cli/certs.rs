//! `ringfence certs`

use std::fs;

use x509_parser::extensions::GeneralName;

use super::program::run;

/// The names and addresses that a certificate is for.
fn names(pem: &[u8]) -> Vec<String> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem).unwrap();
    let certificate = pem.parse_x509().unwrap();
    let names = certificate.subject_alternative_name().unwrap().unwrap();
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => (*name).to_owned(),
        GeneralName::IPAddress(bytes) => format!("{bytes:?}"),
        other => panic!("{other:?}"),
    };
    names.value.general_names.iter().map(name).collect()
}

#[test]
fn they_are_made_then_kept_and_made_again_for_more_names() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("certs");
    let path = dir.to_str().unwrap();
    let leaf = || fs::read(dir.join("tls.crt")).unwrap();
    let ca = || fs::read(dir.join("ca.crt")).unwrap();
    let certs = |args: &[&str]| {
        run(&[&["certs", "--dir", path], args].concat()).hiding(folder.path(), "DIR").to_string()
    };

    let mut text = certs(&[]);
    let (first, authority) = (leaf(), ca());
    assert_eq!(names(&first)[0], "localhost");
    text += &certs(&[]);
    assert_eq!(leaf(), first);
    text += &certs(&["--name", "ringfence.example.com", "--name", "192.0.2.1"]);
    let more = names(&leaf());
    for name in ["localhost", "ringfence.example.com", "[192, 0, 2, 1]", "[127, 0, 0, 1]"] {
        assert!(more.iter().any(|is| is == name), "{name}: {more:?}");
    }
    assert_eq!(ca(), authority, "clients that trust the CA go on trusting it");
    text += &certs(&["--name", "not a name"]);
    insta::assert_snapshot!(text);
}

#[test]
fn where_they_cannot_be_written() {
    let run = run(&["certs", "--dir", "plain.txt/certs"]);
    insta::assert_snapshot!(run);
}
