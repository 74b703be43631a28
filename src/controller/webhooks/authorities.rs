//! Whom the API server must trust to trust every replica.

use std::collections::BTreeSet;
use std::path::Path;

use k8s_openapi::api::coordination::v1::Lease;
use kube::api::ListParams;
use kube::{Api, Client};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::controller::lease::{AUTHORITIES_ANNOTATION, REPLICA_LABEL};

/// The CAs in our file and those that replicas tell of, as PEM in a fixed order: a new one comes as soon
/// as a replica has it, and an old one stays while a replica has no other.
///
/// # Errors
/// There is none, and why.
pub(super) async fn bundle(
    file: &Path,
    client: &Client,
    namespace: &str,
) -> Result<String, String> {
    let mut all = certificates(&own(file)?)?;
    let leases: Api<Lease> = Api::namespaced(client.clone(), namespace);
    let of_replicas = ListParams::default().labels(&format!("{REPLICA_LABEL}=true"));
    let listed = leases.list(&of_replicas).await.map_err(|error| error.to_string())?;
    for lease in listed {
        let told = lease.metadata.annotations.and_then(|mut it| it.remove(AUTHORITIES_ANNOTATION));
        // What another replica cannot read, it complains of itself.
        all.extend(told.and_then(|text| certificates(&text).ok()).unwrap_or_default());
    }
    Ok(all.iter().map(|certificate| pem(certificate)).collect())
}

/// What the file of our CA holds.
///
/// # Errors
/// It cannot be read.
pub fn own(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("`{}`: {error}", file.display()))
}

fn certificates(text: &str) -> Result<BTreeSet<Vec<u8>>, String> {
    let read: Result<BTreeSet<Vec<u8>>, _> = CertificateDer::pem_slice_iter(text.as_bytes())
        .map(|certificate| certificate.map(|it| it.to_vec()))
        .collect();
    let all = read.map_err(|error| error.to_string())?;
    if all.is_empty() { Err("the file holds no PEM certificate".to_owned()) } else { Ok(all) }
}

fn pem(certificate: &[u8]) -> String {
    use base64::Engine as _;
    const LINE: usize = 64;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let mut lines = String::from("-----BEGIN CERTIFICATE-----\n");
    for (index, letter) in text.chars().enumerate() {
        if index > 0 && index % LINE == 0 {
            lines.push('\n');
        }
        lines.push(letter);
    }
    lines + "\n-----END CERTIFICATE-----\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_has_each_once_in_a_fixed_order() {
        let (a, b) = (pem(&[1; 100]), pem(&[2; 10]));
        let both = certificates(&format!("a comment\n{b}{a}{b}")).unwrap();
        let text: String = both.iter().map(|it| pem(it)).collect();
        assert_eq!(text, format!("{a}{b}"));
        assert!(text.lines().all(|line| line.len() <= 64));
        assert!(certificates("nothing").is_err());
    }
}
