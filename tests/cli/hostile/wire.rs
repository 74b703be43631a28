//! How hostile bytes go out, and what comes back: read while there is still something to send.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustls::ClientConnection;

use crate::server::{PATIENCE, Serving, Session, connect};

/// How bytes go out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Inside of TLS.
    Tls,
    /// The same, but after so many one at a time.
    TlsDrip(usize),
    /// As they are.
    Raw,
    /// The same, one at a time.
    RawDrip,
    /// Inside of TLS by which only HTTP/2 is offered.
    OnlyH2,
    /// Inside of TLS 1.2, after so many times asking for another handshake.
    Renegotiating(usize),
}

/// TLS's type of record for alerts.
pub const ALERT: u8 = 21;

/// What came back.
pub struct Got {
    pub bytes: Vec<u8>,
    /// When the last of it did, or the end if nothing did.
    pub at: Instant,
    /// Whether the end came.
    pub ended: bool,
}

impl Got {
    pub fn nothing() -> Self {
        Self { bytes: Vec::new(), at: Instant::now(), ended: false }
    }

    pub fn take(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.bytes.extend_from_slice(bytes);
            self.at = Instant::now();
        }
    }

    pub fn end(&mut self) {
        self.ended = true;
        if self.bytes.is_empty() {
            self.at = Instant::now();
        }
    }
}

/// A connection whose two directions do not wait for each other.
struct Channel {
    socket: TcpStream,
    tls: Option<Mutex<ClientConnection>>,
}

impl Channel {
    fn raw(socket: TcpStream) -> Self {
        Self { socket, tls: None }
    }

    /// After its handshake.
    fn of(mut session: Session) -> io::Result<Self> {
        session.flush()?;
        Ok(Self { socket: session.sock, tls: Some(Mutex::new(session.conn)) })
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &self.tls else { return (&self.socket).write_all(bytes) };
        for piece in bytes.chunks(16 * 1024) {
            let mut records = Vec::new();
            {
                let mut tls = tls.lock().unwrap();
                tls.writer().write_all(piece)?;
                while tls.wants_write() {
                    tls.write_tls(&mut records)?;
                }
            }
            (&self.socket).write_all(&records)?;
        }
        Ok(())
    }

    /// Everything until the end.
    fn received(&self) -> Got {
        let mut got = Got::nothing();
        let mut piece = [0; 16 * 1024];
        loop {
            let count = match (&self.socket).read(&mut piece) {
                Ok(count) => count,
                Err(error) if is_silence(&error) => return got,
                Err(_) => 0,
            };
            let goes_on = match &self.tls {
                None => {
                    got.take(&piece[..count]);
                    count > 0
                }
                Some(tls) => opened(&mut tls.lock().unwrap(), &piece[..count], &mut got),
            };
            if !goes_on {
                got.end();
                return got;
            }
        }
    }
}

/// Takes what is in some records; false at the end.
fn opened(tls: &mut ClientConnection, mut records: &[u8], got: &mut Got) -> bool {
    if records.is_empty() {
        return false;
    }
    while !records.is_empty() {
        let read = tls.read_tls(&mut records).is_ok();
        if !read || tls.process_new_packets().is_err() {
            return false;
        }
        let mut plain = Vec::new();
        match tls.reader().read_to_end(&mut plain) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => got.take(&plain),
            Ok(_) | Err(_) => {
                got.take(&plain);
                return false;
            }
        }
    }
    true
}

fn is_silence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

/// Sends some bytes, and others again and again, until the end comes.
pub fn exchanged(serving: &Serving, wire: Wire, sent: &[u8], again: &[u8]) -> Got {
    let channel = match wire {
        Wire::Raw | Wire::RawDrip => Ok(Channel::raw(connect(serving.admission))),
        Wire::Tls | Wire::TlsDrip(_) => Channel::of(serving.session()),
        Wire::OnlyH2 => Channel::of(serving.session_of(&[b"h2".to_vec()])),
        Wire::Renegotiating(times) => return super::renegotiation::asked(serving, times, sent),
    };
    let channel = match channel {
        Ok(channel) => channel,
        // The client's library reads the alert for us.
        Err(error) => {
            let mut got = Got::nothing();
            got.take(if error.to_string().contains("fatal alert") { &[ALERT] } else { &[] });
            got.end();
            return got;
        }
    };
    let first = match wire {
        Wire::TlsDrip(first) => first,
        Wire::RawDrip => 0,
        Wire::Raw | Wire::Tls | Wire::OnlyH2 | Wire::Renegotiating(_) => sent.len(),
    };
    let (first, drops) = sent.split_at(first);
    let (channel, (end, ended)) = (&channel, mpsc::channel::<()>());
    thread::scope(|scope| {
        scope.spawn(move || {
            // Who is answered early may not be able to send the rest.
            let _ = channel.send(first).and_then(|()| dripped(channel, drops, &ended));
            while !again.is_empty() && ended.try_recv() != Err(mpsc::TryRecvError::Disconnected) {
                if channel.send(again).is_err() {
                    return;
                }
            }
        });
        let got = channel.received();
        drop(end);
        let _ = channel.socket.shutdown(Shutdown::Both);
        got
    })
}

/// A byte whenever nothing has come for a while; it begins again at its end.
fn dripped(channel: &Channel, drops: &[u8], ended: &Receiver<()>) -> io::Result<()> {
    const WHILE: Duration = Duration::from_millis(250);
    let most = PATIENCE.as_millis() / WHILE.as_millis();
    for byte in drops.iter().cycle().take(usize::try_from(most).unwrap()) {
        channel.send(&[*byte])?;
        if ended.recv_timeout(WHILE) != Err(RecvTimeoutError::Timeout) {
            break;
        }
    }
    Ok(())
}
