//! A client of TLS 1.2 that asks for another handshake, which no library here does: the session is
//! taken out of the library's hands, and records are written with its keys.

use std::io::{Read, Write};

use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider};
use rustls::crypto::cipher::{
    InboundOpaqueMessage, MessageDecrypter, MessageEncrypter, OutboundPlainMessage,
    Tls12AeadAlgorithm,
};
use rustls::{ConnectionTrafficSecrets, ContentType, ProtocolVersion, SupportedCipherSuite};

use super::cases::TLS_1_1;
use super::wire::Got;
use crate::server::{Serving, client, connect, session_as};

/// In place of the alert by which a server refuses, which is not the end.
pub const REFUSED: &str = "<no renegotiation>";

/// The alert's level and kind: a warning, `no_renegotiation`.
const NO_RENEGOTIATION: [u8; 2] = [1, 100];

const VERSION: ProtocolVersion = ProtocolVersion::TLSv1_2;
const SUITE: SupportedCipherSuite = cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256;

/// Asks so many times, and then sends a request.
pub fn asked(serving: &Serving, times: usize, then: &[u8]) -> Got {
    let provider =
        rustls::crypto::CryptoProvider { cipher_suites: vec![SUITE], ..default_provider() };
    let mut config = client(&[serving.root()], provider);
    config.enable_secret_extraction = true;
    let mut session = session_as(connect(serving.admission), config);
    session.flush().unwrap();
    let mut socket = session.sock;
    let secrets = session.conn.dangerous_extract_secrets().unwrap();
    let (mut sealing, mut opening) = (sealing(secrets.tx.1), opening(secrets.rx.1));

    // The record's own head is the library's to write.
    let hello = &TLS_1_1[5..];
    let asked = std::iter::repeat_n((ContentType::Handshake, hello), times);
    for (number, (typ, payload)) in
        (secrets.tx.0..).zip(asked.chain([(ContentType::ApplicationData, then)]))
    {
        let plain = OutboundPlainMessage { typ, version: VERSION, payload: payload.into() };
        let record = sealing.encrypt(plain, number).unwrap().encode();
        // Whoever is refused for good may not be able to send the rest.
        let _ = socket.write_all(&record);
    }
    let (mut got, mut records) = (Got::nothing(), Vec::new());
    let read = socket.read_to_end(&mut records);
    assert!(read.is_ok() || !matches!(read.unwrap_err().kind(), std::io::ErrorKind::WouldBlock));
    let mut rest = &mut records[..];
    for number in secrets.rx.0.. {
        let Some((head, behind)) = rest.split_at_mut_checked(5) else { break };
        let length = u16::from_be_bytes([head[3], head[4]]).into();
        let (payload, behind) = behind.split_at_mut(length);
        let opaque = InboundOpaqueMessage::new(ContentType::from(head[0]), VERSION, payload);
        let plain = opening.decrypt(opaque, number).unwrap();
        match plain.typ {
            ContentType::Alert if plain.payload == NO_RENEGOTIATION => got.take(REFUSED.as_bytes()),
            ContentType::ApplicationData => got.take(plain.payload),
            _ => {}
        }
        rest = behind;
    }
    got.end();
    got
}

fn algorithm() -> &'static dyn Tls12AeadAlgorithm {
    let SupportedCipherSuite::Tls12(suite) = SUITE else { panic!("a suite of TLS 1.2") };
    suite.aead_alg
}

fn sealing(secrets: ConnectionTrafficSecrets) -> Box<dyn MessageEncrypter> {
    let ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } = secrets else { panic!("a key") };
    algorithm().encrypter(key, iv.as_ref(), &[])
}

fn opening(secrets: ConnectionTrafficSecrets) -> Box<dyn MessageDecrypter> {
    let ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } = secrets else { panic!("a key") };
    algorithm().decrypter(key, iv.as_ref())
}
