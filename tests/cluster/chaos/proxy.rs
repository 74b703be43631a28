//! What stands between a replica and the API server, and can cut every connection.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A proxy that ends with the test process.
pub struct Proxy {
    pub port: u16,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    pub fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let open = Arc::new(Mutex::new(Vec::new()));
        let of_thread = Arc::clone(&open);
        thread::spawn(move || {
            for client in listener.incoming() {
                // Whoever comes while the API server is away is told so.
                let Ok(server) = TcpStream::connect(target) else { continue };
                let client = client.unwrap();
                join(&client, &server);
                join(&server, &client);
                of_thread.lock().unwrap().extend([client, server]);
            }
        });
        Self { port, open }
    }

    /// Ends every connection; how many there were.
    pub fn cut(&self) -> usize {
        let streams: Vec<TcpStream> = self.open.lock().unwrap().drain(..).collect();
        let ended = streams.iter().filter(|stream| stream.shutdown(Shutdown::Both).is_ok());
        ended.count() / 2
    }
}

/// Passes on what comes, until either side ends.
fn join(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}
