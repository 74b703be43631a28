//! What is sent to a server by who means it no good: each gets its answer or its close, honest
//! requests go on beside it, and memory stays bounded.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use super::server::{Serving, connect, fixture};

/// Half of it are the bodies that may be held at once (64 MiB, and once more where one is copied);
/// the rest are connections, the program, and an allocator that gives back late.
const MOST_KIB: u64 = 256 * 1024;

/// Whether bytes go out inside of TLS, or as they are.
#[derive(Clone, Copy)]
enum Wire {
    Tls,
    Raw,
}
use Wire::{Raw, Tls};

/// What is sent, and what must come back: the statuses in their order, then the close. Where the
/// server may end before the client has sent all, and so reset the answer, `|` parts the two.
struct Case {
    name: &'static str,
    wire: Wire,
    sent: Vec<u8>,
    expect: &'static str,
}

fn case(name: &'static str, wire: Wire, sent: impl Into<Vec<u8>>, expect: &'static str) -> Case {
    Case { name, wire, sent: sent.into(), expect }
}

/// A request with these header lines instead of a length.
fn head(lines: &str) -> String {
    format!("POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{lines}\r\n")
}

/// A request that is whole, and the last of its connection.
fn whole(body: &[u8]) -> Vec<u8> {
    let lines = format!("connection: close\r\ncontent-length: {}\r\n", body.len());
    [head(&lines).as_bytes(), body].concat()
}

/// The request that a smuggler hides: were it taken for one, there would be a 404 for it.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

fn hidden_after(lines: &str) -> String {
    head(lines) + "0\r\n\r\n" + HIDDEN
}

fn heads() -> Vec<Case> {
    let te = |value: &str| hidden_after(&format!("transfer-encoding: {value}\r\n"));
    let many = "x-a: b\r\n".repeat(1000);
    let long = format!("x-a: {}\r\n", "b".repeat(1 << 20));
    let uri = format!("POST /{} HTTP/1.1\r\nhost: x\r\n\r\n", "u".repeat(1 << 17));
    let named = |line: &str| format!("{line}\r\nhost: x\r\nconnection: close\r\n\r\n");
    vec![
        case("slow head", Tls, "POST /val", "close"),
        case("no body comes", Tls, head("content-length: 10\r\n"), "408 close"),
        case("too short a body", Tls, head("content-length: 10\r\n") + "{}", "408 close"),
        case("negative length", Tls, head("content-length: -1\r\n"), "400 close"),
        case("huge length", Tls, head("content-length: 99999999999999999999\r\n"), "400 close"),
        case("64 MiB stated", Tls, head("content-length: 67108864\r\n"), "413 close"),
        case(
            "two lengths",
            Tls,
            head("content-length: 2\r\ncontent-length: 3\r\n") + "{}",
            "400 close",
        ),
        case("length list", Tls, head("content-length: 2, 3\r\n") + "{}", "400 close"),
        case(
            "chunked without end",
            Tls,
            head("transfer-encoding: chunked\r\n") + "2\r\n{}\r\n",
            "408 close",
        ),
        case(
            "chunk size overflows",
            Tls,
            head("transfer-encoding: chunked\r\n") + "fffffffffffffffff\r\n",
            "400 close",
        ),
        case(
            "chunk size is no number",
            Tls,
            head("transfer-encoding: chunked\r\n") + "-1\r\n",
            "400 close",
        ),
        case(
            "length and chunked",
            Tls,
            hidden_after("content-length: 5\r\ntransfer-encoding: chunked\r\n"),
            "400 close",
        ),
        case("chunked, identity", Tls, te("chunked, identity"), "400 close"),
        case("identity, chunked", Tls, te("identity, chunked"), "400 404 close"),
        case("xchunked", Tls, te("xchunked"), "400 close"),
        case("chunked with a tab", Tls, te("\tchunked"), "400 404 close"),
        case("folded header", Tls, hidden_after("transfer-encoding:\r\n chunked\r\n"), "400 close"),
        case(
            "space before colon",
            Tls,
            hidden_after("transfer-encoding : chunked\r\n"),
            "400 close",
        ),
        case(
            "bare LF",
            Tls,
            hidden_after("content-length: 5\r\n").replace("\r\n", "\n"),
            "400 404 close",
        ),
        case(
            "two hosts",
            Tls,
            head("host: y\r\nconnection: close\r\ncontent-length: 2\r\n") + "{}",
            "400 close",
        ),
        case("1,000 headers", Tls, head(&many), "431 close"),
        case("1 MiB header", Tls, head(&long), "431 close"),
        case("long URI", Tls, uri, "431 close"),
        case("pipelined", Tls, hidden_after("content-length: 5\r\n"), "400 404 close"),
        case("method", Tls, named("DELETE /validate HTTP/1.1"), "405 close"),
        case("path", Tls, named("POST /nowhere HTTP/1.1"), "404 close"),
        case("type", Tls, named("POST /validate HTTP/1.1"), "415 close"),
        case(
            "gzip",
            Tls,
            head("content-encoding: gzip\r\nconnection: close\r\ncontent-length: 2\r\n") + "{}",
            "415 close",
        ),
        case("h2 preface", Tls, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "close"),
    ]
}

/// TLS 1.1 at most, one suite, no extension.
const TLS_1_1: &[u8] = &[
    22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 2, 0, 47, 1, 0,
];

fn sessions() -> Vec<Case> {
    vec![
        case("half a handshake", Raw, &TLS_1_1[..20], "close"),
        case("TLS 1.1", Raw, TLS_1_1, "alert close"),
        case("plain HTTP", Raw, HIDDEN, "alert close"),
        case("garbage", Raw, [0xa5; 4096], "alert close"),
        case("silence", Raw, "", "close"),
    ]
}

fn bodies() -> Vec<Case> {
    let pod = fixture("create-pod.json");
    let within =
        |text: &str| whole(pod.replacen("\"spec\"", &format!("{text},\"spec\""), 1).as_bytes());
    let deep = format!("\"x\":{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let keys: Vec<String> = (0..1_000_000).map(|n| format!("\"k{n}\":1")).collect();
    let keys = format!("\"x\":{{{}}}", keys.join(","));
    vec![
        case("depth 10^5", Tls, within(&deep), "200 close"),
        case("depth 10^5, unclosed", Tls, whole("[".repeat(100_000).as_bytes()), "400 close"),
        case("10^6 keys", Tls, within(&keys), "200 close"),
        case(
            "a key twice in the envelope",
            Tls,
            whole(pod.replacen("\"request\"", "\"request\":{},\"request\"", 1).as_bytes()),
            "200 close",
        ),
        case("a key twice in an object", Tls, within("\"spec\":{}"), "200 close"),
        case("10^6 digits", Tls, within(&format!("\"x\":{}", "9".repeat(1_000_000))), "200 close"),
        case("1e999999", Tls, within("\"x\":1e999999"), "200 close"),
        case(
            "a string of 8 MiB",
            Tls,
            within(&format!("\"x\":\"{}\"", "s".repeat(8 << 20))),
            "200 close",
        ),
        case("17 MiB", Tls, whole(&vec![b' '; 17 << 20]), "413 close|close"),
        case("bad UTF-8", Tls, whole(b"{\"kind\":\"\xff\xfe\"}"), "400 close"),
        case("a lone surrogate", Tls, within(r#""x":"\ud800""#), "200 close"),
    ]
}

/// Everything that comes back until the close, as a case states it.
fn answer(serving: &Serving, case: &Case) -> String {
    let mut got = Vec::new();
    // Who is answered early may not be able to send the rest, and may be reset after the answer.
    let ended = match case.wire {
        Tls => {
            let mut stream = serving.session();
            let _ = stream.write_all(&case.sent).and_then(|()| stream.flush());
            stream.read_to_end(&mut got)
        }
        Raw => {
            let mut stream = connect(serving.admission);
            let _ = stream.write_all(&case.sent);
            stream.read_to_end(&mut got)
        }
    };
    let text = String::from_utf8_lossy(&got);
    let mut words: Vec<&str> =
        text.match_indices("HTTP/1.1 ").filter_map(|(at, _)| text.get(at + 9..at + 12)).collect();
    if got.first() == Some(&21) {
        words.push("alert");
    }
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    words.push(match ended {
        Err(error) if matches!(error.kind(), TimedOut | WouldBlock) => "no answer and no close",
        _ => "close",
    });
    words.join(" ")
}

/// A figure of a process's memory, in KiB.
fn memory(serving: &Serving, figure: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", serving.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(figure)).unwrap();
    line.trim_matches([':', '\t', ' ', 'k', 'B']).parse().unwrap()
}

/// Reviews on kept connections, as the API server sends them, until told to end.
#[derive(Default)]
struct Honest {
    answered: AtomicUsize,
    failed: AtomicUsize,
    end: AtomicBool,
}

impl Honest {
    fn ask(&self, serving: &Serving, ready: &Barrier) {
        let body = fixture("create-pod.json");
        let request = [head(&format!("content-length: {}\r\n", body.len())), body].concat();
        let mut stream = serving.session();
        let mut once = || {
            stream.write_all(request.as_bytes())?;
            let mut got = [0; 64 * 1024];
            let count = stream.read(&mut got)?;
            std::io::Result::Ok(got[..count].starts_with(b"HTTP/1.1 200"))
        };
        assert!(once().unwrap());
        ready.wait();
        while !self.end.load(Relaxed) {
            let good = once().unwrap_or(false);
            if !good {
                self.failed.fetch_add(1, Relaxed);
                return;
            }
            self.answered.fetch_add(1, Relaxed);
            // The pace of a busy API server, and no measure of anything.
            thread::sleep(Duration::from_millis(8));
        }
    }

    /// Runs something beside them; all of them succeed.
    fn beside<T>(serving: &Serving, what: &str, run: impl FnOnce() -> T) -> T {
        let (honest, ready) = (Self::default(), Barrier::new(5));
        let result = thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| honest.ask(serving, &ready));
            }
            ready.wait();
            let result = run();
            let seen = honest.answered.load(Relaxed);
            let end = Instant::now() + Duration::from_secs(60);
            while honest.answered.load(Relaxed) == seen && honest.failed.load(Relaxed) == 0 {
                assert!(Instant::now() < end, "{what}: honest requests are stuck");
                thread::yield_now();
            }
            honest.end.store(true, Relaxed);
            result
        });
        let (answered, failed) = (honest.answered.into_inner(), honest.failed.into_inner());
        let peak = memory(serving, "VmHWM");
        println!("{what}: honest {answered}, failed {failed}; peak {peak} KiB");
        assert!(failed == 0 && answered > 0, "{what}: {failed} of {answered} failed");
        assert!(peak < MOST_KIB, "{what}: {peak} KiB");
        result
    }
}

#[test]
fn each_gets_its_answer_or_its_close() {
    let serving = Serving::start(&["--policies", "policies"]);
    let cases: Vec<Case> = [sessions(), heads(), bodies()].into_iter().flatten().collect();
    let got: Vec<String> = Honest::beside(&serving, "cases", || {
        thread::scope(|scope| {
            let all: Vec<_> =
                cases.iter().map(|case| scope.spawn(|| answer(&serving, case))).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        })
    });
    let mut wrong = Vec::new();
    for (case, got) in cases.iter().zip(&got) {
        println!("{:30} {got}", case.name);
        if case.expect.split('|').all(|expect| expect != got) {
            wrong.push(format!("{}: {got}, not {}", case.name, case.expect));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn honest_requests_go_on_beside_a_crowd() {
    let serving = Serving::start(&["--policies", "policies"]);
    let idle: Vec<TcpStream> = Honest::beside(&serving, "1,000 idle connections", || {
        (0..1000).map(|_| connect(serving.admission)).collect()
    });
    drop(idle);
    // More than there are places: who comes new waits for one, and gets it.
    let idle: Vec<TcpStream> = Honest::beside(&serving, "a new one beside 1,100 idle", || {
        let idle = (0..1100).map(|_| connect(serving.admission)).collect();
        let from = Instant::now();
        let reply = serving.post("/validate", &fixture("create-pod.json"));
        println!("a new connection is answered {} after {:?}", reply.status, from.elapsed());
        assert_eq!(reply.status, 200, "{reply:?}");
        idle
    });
    drop(idle);
    Honest::beside(&serving, "10,000 connection attempts", || {
        for _ in 0..10_000 {
            let mut stream = connect(serving.admission);
            let _ = stream.write_all(TLS_1_1);
            let _ = stream.shutdown(Shutdown::Write);
        }
    });
}
