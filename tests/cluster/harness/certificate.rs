//! A throw-away certificate authority: the API server's certificate and its users'.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PublicKeyData as _, SigningKey as _,
};
use time::{Duration, OffsetDateTime};

const ISSUER: &str = "ringfence test authority";

/// A certificate and its private key, both in PEM.
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

/// Signs what the control plane and its users show each other.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, ISSUER);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        (params.not_before, params.not_after) = validity();
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::self_signed(params, key).unwrap() }
    }

    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A serving certificate for host names and addresses.
    pub fn server(&self, names: &[&str]) -> Identity {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        (params.not_before, params.not_after) = validity();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// A client certificate: CN is the user's name and each O one group.
    ///
    /// Written out in DER because rcgen holds one value per attribute type, hence one group.
    pub fn client(&self, user: &str, groups: &[&str]) -> Identity {
        const ECDSA_WITH_SHA256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
        const VERSION_3: &[u8] = &[0xa0, 3, 2, 1, 2];
        let algorithm = der(0x30, &[ECDSA_WITH_SHA256]);
        let key = KeyPair::generate().unwrap();
        let (not_before, not_after) = validity();
        let body = der(
            0x30,
            &[
                VERSION_3,
                &der(2, &[&[1]]),
                &algorithm,
                &distinguished_name(ISSUER, &[]),
                &der(0x30, &[&utc_time(not_before), &utc_time(not_after)]),
                &distinguished_name(user, groups),
                &key.subject_public_key_info(),
            ],
        );
        let signature = self.issuer.key().sign(&body).unwrap();
        let certificate = der(0x30, &[&body, &algorithm, &der(3, &[&[0], &signature])]);
        Identity { certificate: pem("CERTIFICATE", &certificate), key: key.serialize_pem() }
    }
}

/// From an hour ago, in case clocks are compared, for longer than any test runs.
fn validity() -> (OffsetDateTime, OffsetDateTime) {
    let now = OffsetDateTime::now_utc();
    (now - Duration::hours(1), now + Duration::days(2))
}

fn distinguished_name(common_name: &str, organizations: &[&str]) -> Vec<u8> {
    const COMMON_NAME: &[u8] = &[6, 3, 0x55, 4, 3];
    const ORGANIZATION: &[u8] = &[6, 3, 0x55, 4, 10];
    let attribute = |kind: &[u8], value: &str| {
        der(0x31, &[&der(0x30, &[kind, &der(0x0c, &[value.as_bytes()])])])
    };
    let mut parts: Vec<u8> =
        organizations.iter().flat_map(|group| attribute(ORGANIZATION, group)).collect();
    parts.extend(attribute(COMMON_NAME, common_name));
    der(0x30, &[&parts])
}

fn utc_time(at: OffsetDateTime) -> Vec<u8> {
    let text = format!(
        "{:02}{:02}{:02}{:02}{:02}{:02}Z",
        at.year() % 100,
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    der(0x17, &[text.as_bytes()])
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut encoded = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length @ ..=0x7f) => encoded.push(length),
        _ => {
            let length = content.len().to_be_bytes();
            let digits: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            encoded.push(0x80 | u8::try_from(digits.len()).unwrap());
            encoded.extend(digits);
        }
    }
    encoded.extend(content);
    encoded
}

fn pem(label: &str, content: &[u8]) -> String {
    let encoded = BASE64_STANDARD.encode(content);
    let lines: Vec<&str> =
        encoded.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
