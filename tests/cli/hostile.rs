//! What is sent to a server by who means it no good: each gets its answer or its close, honest
//! requests go on beside it, and memory stays bounded.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::server::{Serving, ask, connect, fixture};

/// Half of it are the bodies that may be held at once (64 MiB, and once more where one is copied);
/// the rest are connections, the program, and an allocator that gives back late.
const MOST_KIB: u64 = 256 * 1024;

/// How bytes go out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wire {
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
}
use Wire::{OnlyH2, Raw, RawDrip, Tls, TlsDrip};

/// What is sent, and what must come back: the statuses in their order, each with what its body says
/// (`allowed`, `denied` or `unreadable`; a refused head has none), then the close. Where the server
/// may end before the client has sent all, and so reset the answer, `|` parts the two.
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

/// What two readers of HTTP might see two requests in, or one.
fn smuggled() -> Vec<Case> {
    let te = |value: &str| hidden_after(&format!("transfer-encoding: {value}\r\n"));
    vec![
        case(
            "length and chunked",
            Tls,
            hidden_after("content-length: 5\r\ntransfer-encoding: chunked\r\n"),
            "400 unreadable close",
        ),
        case("chunked, identity", Tls, te("chunked, identity"), "400 close"),
        case("identity, chunked", Tls, te("identity, chunked"), "400 unreadable 404 close"),
        case("xchunked", Tls, te("xchunked"), "400 close"),
        case("chunked with a tab", Tls, te("\tchunked"), "400 unreadable 404 close"),
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
            "400 unreadable 404 close",
        ),
        case(
            "two hosts",
            Tls,
            head("host: y\r\nconnection: close\r\ncontent-length: 2\r\n") + "{}",
            "400 unreadable close",
        ),
    ]
}

fn heads() -> Vec<Case> {
    let many = "x-a: b\r\n".repeat(1000);
    let long = format!("x-a: {}\r\n", "b".repeat(1 << 20));
    let uri = format!("POST /{} HTTP/1.1\r\nhost: x\r\n\r\n", "u".repeat(1 << 17));
    let slow = head("content-length: 9999\r\n");
    let named = |line: &str| format!("{line}\r\nhost: x\r\nconnection: close\r\n\r\n");
    vec![
        case("half a head", Tls, "POST /val", "close"),
        case("a head drop by drop", TlsDrip(0), head(&"x-a: b\r\n".repeat(99)), "close"),
        case("a body drop by drop", TlsDrip(slow.len()), slow + &" ".repeat(9999), "408 close"),
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
        case("1,000 headers", Tls, head(&many), "431 close"),
        case("1 MiB header", Tls, head(&long), "431 close"),
        case("long URI", Tls, uri, "431 close"),
        case("pipelined", Tls, hidden_after("content-length: 5\r\n"), "400 unreadable 404 close"),
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
        case("half a handshake, drop by drop", RawDrip, &TLS_1_1[..20], "close"),
        case("only HTTP/2 offered", OnlyH2, HIDDEN, "alert close"),
    ]
}

/// As Go reads it, the second value counts.
const TWICE: &str =
    r#""spec":{"hostNetwork":false,"hostNetwork":true,"containers":[{"name":"x"}]}"#;

fn bodies() -> Vec<Case> {
    let pod = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/reviews/pod.json");
    let pod = fs::read_to_string(pod).unwrap();
    let within =
        |text: &str| whole(pod.replacen("\"spec\"", &format!("{text},\"spec\""), 1).as_bytes());
    let deep = format!("\"x\":{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let keys: Vec<String> = (0..1_000_000).map(|n| format!("\"k{n}\":1")).collect();
    let keys = format!("\"x\":{{{}}}", keys.join(","));
    vec![
        case("depth 10^5", Tls, within(&deep), "200 denied close"),
        case(
            "depth 10^5, unclosed",
            Tls,
            whole("[".repeat(100_000).as_bytes()),
            "400 unreadable close",
        ),
        case("10^6 keys", Tls, within(&keys), "200 allowed close"),
        case(
            "a key twice in the envelope",
            Tls,
            whole(pod.replacen("\"request\"", "\"request\":{},\"request\"", 1).as_bytes()),
            "200 allowed close",
        ),
        case("a judged key twice, the last is bad", Tls, within(TWICE), "200 denied close"),
        case("a key twice in an object", Tls, within("\"spec\":{}"), "200 allowed close"),
        case(
            "10^6 digits",
            Tls,
            within(&format!("\"x\":{}", "9".repeat(1_000_000))),
            "200 allowed close",
        ),
        case("1e999999", Tls, within("\"x\":1e999999"), "200 allowed close"),
        case(
            "a string of 8 MiB",
            Tls,
            within(&format!("\"x\":\"{}\"", "s".repeat(8 << 20))),
            "200 allowed close",
        ),
        case("half an object", Tls, whole(&pod.as_bytes()[..pod.len() / 2]), "200 denied close"),
        case("something behind it", Tls, whole(format!("{pod}}}").as_bytes()), "200 denied close"),
        case("no JSON in an object", Tls, within("\"x\":tru"), "200 denied close"),
        case("64 MiB", Tls, whole(&vec![b' '; 64 << 20]), "413 close|close"),
        case("17 MiB", Tls, whole(&vec![b' '; 17 << 20]), "413 close|close"),
        case("bad UTF-8", Tls, whole(b"{\"kind\":\"\xff\xfe\"}"), "400 unreadable close"),
        case("a lone surrogate", Tls, within(r#""x":"\ud800""#), "200 allowed close"),
    ]
}

/// Everything that comes back until the close, as a case states it.
fn answer(serving: &Serving, case: &Case) -> String {
    let (got, ended) = match case.wire {
        Tls => exchanged(&mut serving.session(), &case.sent),
        Raw => exchanged(&mut connect(serving.admission), &case.sent),
        TlsDrip(first) => {
            let mut session = serving.session();
            let (first, rest) = case.sent.split_at(first);
            session.write_all(first).unwrap();
            dripped(session, |it| &it.sock, rest)
        }
        RawDrip => dripped(connect(serving.admission), |it| it, &case.sent),
        OnlyH2 => {
            let mut stream = serving.session_of(&[b"h2".to_vec()]);
            let result = exchanged(&mut stream, &case.sent);
            // The client's library reads the alert for us.
            if result.0.is_empty() { (vec![ALERT], result.1) } else { result }
        }
    };
    let text = String::from_utf8_lossy(&got);
    let mut words: Vec<&str> = Vec::new();
    for reply in text.split("HTTP/1.1 ").skip(1) {
        words.extend(reply.get(..3));
        let body = reply.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let said = [
            ("\"allowed\":true", "allowed"),
            ("\"allowed\":false", "denied"),
            ("\"error\":", "unreadable"),
        ];
        words.extend(said.iter().find(|(key, _)| body.contains(key)).map(|(_, word)| *word));
    }
    if got.first() == Some(&ALERT) {
        words.push("alert");
    }
    words.push(if ended { "close" } else { "no answer and no close" });
    words.join(" ")
}

/// TLS's type of record for alerts.
const ALERT: u8 = 21;

/// What comes back, and whether the end came. Who is answered early may not be able to send the rest,
/// and may be reset after the answer.
fn exchanged(stream: &mut (impl Read + Write), sent: &[u8]) -> (Vec<u8>, bool) {
    let mut got = Vec::new();
    let _ = stream.write_all(sent).and_then(|()| stream.flush());
    let ended = stream.read_to_end(&mut got);
    (got, !ended.is_err_and(|error| is_silence(&error)))
}

fn is_silence(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

/// The same, a byte whenever nothing has come for a while; it begins again at its end.
fn dripped<S: Read + Write>(
    mut stream: S,
    socket: impl Fn(&S) -> &TcpStream,
    sent: &[u8],
) -> (Vec<u8>, bool) {
    const WHILE: Duration = Duration::from_millis(250);
    let most = Duration::from_secs(60).as_millis() / WHILE.as_millis();
    socket(&stream).set_read_timeout(Some(WHILE)).unwrap();
    let mut got = Vec::new();
    for byte in sent.iter().cycle().take(usize::try_from(most).unwrap()) {
        if stream.write_all(&[*byte]).and_then(|()| stream.flush()).is_err() {
            let _ = stream.read_to_end(&mut got);
            return (got, true);
        }
        match stream.read_to_end(&mut got) {
            Err(error) if is_silence(&error) => {}
            Ok(_) | Err(_) => return (got, true),
        }
    }
    (got, false)
}

/// A figure of a process's memory, in KiB.
fn memory(serving: &Serving, figure: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", serving.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(figure)).unwrap();
    line.trim_matches([':', '\t', ' ', 'k', 'B']).parse().unwrap()
}

/// How many honest requests what was opened is held for.
const HELD: usize = 500;

/// Reviews on kept connections, as the API server sends them, until told to end.
#[derive(Default)]
struct Honest {
    answered: Mutex<Vec<Duration>>,
    failed: AtomicUsize,
    end: AtomicBool,
}

impl Honest {
    fn ask(&self, serving: &Serving, ready: &Barrier) {
        let body = fixture("create-pod.json");
        let request = [head(&format!("content-length: {}\r\n", body.len())), body].concat();
        let mut stream = serving.session();
        let mut once = || ask(&mut stream, &request).is_ok_and(|answer| answer.status == 200);
        assert!(once());
        ready.wait();
        while !self.end.load(Relaxed) {
            let asked = Instant::now();
            let good = once();
            if !good {
                self.failed.fetch_add(1, Relaxed);
                return;
            }
            self.answered.lock().unwrap().push(asked.elapsed());
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
            let answered = || honest.answered.lock().unwrap().len();
            let least = answered() + HELD;
            let end = Instant::now() + Duration::from_secs(60);
            while answered() < least && honest.failed.load(Relaxed) == 0 {
                assert!(Instant::now() < end, "{what}: honest requests are stuck");
                thread::yield_now();
            }
            honest.end.store(true, Relaxed);
            result
        });
        let (mut times, failed) =
            (honest.answered.into_inner().unwrap(), honest.failed.into_inner());
        times.sort_unstable();
        let answered = times.len();
        let p99 = times[answered * 99 / 100];
        let peak = memory(serving, "VmHWM");
        println!("| {what} | {answered} | {failed} | {p99:.1?} | {} MB |", peak * 1024 / 1_000_000);
        assert!(failed == 0, "{what}: {failed} of {answered} failed");
        assert!(peak < MOST_KIB, "{what}: {peak} KiB");
        result
    }
}

#[test]
fn each_gets_its_answer_or_its_close() {
    let serving = Serving::start(&[]);
    let cases: Vec<Case> =
        [sessions(), heads(), smuggled(), bodies()].into_iter().flatten().collect();
    let timed = |case| {
        let from = Instant::now();
        (answer(&serving, case), from.elapsed())
    };
    let got: Vec<(String, Duration)> = Honest::beside(&serving, "all cases at once", || {
        thread::scope(|scope| {
            let all: Vec<_> = cases.iter().map(|case| scope.spawn(move || timed(case))).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        })
    });
    let mut wrong = Vec::new();
    for (case, (got, took)) in cases.iter().zip(&got) {
        println!("| {} | {got} | {took:.1?} |", case.name);
        if case.expect.split('|').all(|expect| expect != got.as_str()) {
            wrong.push(format!("{}: {got}, not {}", case.name, case.expect));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn honest_requests_go_on_beside_a_crowd() {
    let serving = Serving::start(&[]);
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
