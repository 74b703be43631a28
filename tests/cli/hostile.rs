//! What is sent to a server by who means it no good: each gets its answer or its close, honest
//! requests go on beside it, and memory stays bounded.
//!
//! `cases` is the table, `twice` its part on keys that come twice, and `case` what a row means; `wire` is
//! how bytes go out and come back, and `renegotiation` how those do that no library would send. `honest`
//! is the traffic beside it all. `echoes` puts into every field of a review what no terminal should be
//! shown.

mod case;
mod cases;
mod echoes;
mod honest;
mod renegotiation;
mod twice;
mod wire;

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Instant;

use case::{Case, head};
use cases::TLS_1_1;
use honest::Honest;

use super::server::{Serving, Session, ask, connect, fixture};

#[test]
fn each_gets_its_answer_or_its_close() {
    let serving = Serving::start(&[]);
    let (slow, quick): (Vec<Case>, Vec<Case>) = cases::all().into_iter().partition(|it| it.slow);
    let wrong = Honest::beside(&serving, "sent one after another", |honest| {
        quick.iter().filter_map(|case| case.run(honest)).collect::<Vec<String>>()
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
    let wrong = Honest::beside(&serving, "sent at once", |honest| {
        thread::scope(|scope| {
            let all: Vec<_> = slow.iter().map(|it| scope.spawn(|| it.run(honest))).collect();
            all.into_iter().filter_map(|one| one.join().unwrap()).collect::<Vec<String>>()
        })
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Tries something that is no row of the table.
fn beside<T>(honest: &Honest<'_>, name: &str, run: impl FnOnce() -> (String, T)) -> T {
    let (first, from) = (honest.count(), Instant::now());
    let (answer, held) = run();
    let took = from.elapsed();
    honest.wait_after(first);
    honest.row(name, &answer, took, first);
    held
}

/// Makes connections by many threads at once.
fn many<T: Send>(threads: usize, each: usize, make: impl Fn() -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let batch = || (0..each).map(|_| make()).collect::<Vec<T>>();
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(batch)).collect();
        all.into_iter().flat_map(|one| one.join().unwrap()).collect()
    })
}

/// A session after its handshake.
fn greeted(serving: &Serving) -> Session {
    let mut session = serving.session();
    session.flush().unwrap();
    session
}

#[test]
fn honest_requests_go_on_beside_a_crowd() {
    let serving = Serving::start(&[]);
    Honest::beside(&serving, "a crowd", |honest| {
        let silent = || ("open".to_owned(), many(1, 1000, || connect(serving.admission)));
        drop(beside(honest, "1,000 connections, silent", silent));
        let greeting = || ("open".to_owned(), many(20, 50, || greeted(&serving)));
        drop(beside(honest, "1,000 connections, idle behind their handshake", greeting));
        // More than there are places: who comes new waits for one, and gets it.
        for (name, greets) in [("1,100 silent", false), ("1,100 idle behind their handshake", true)]
        {
            let crowd = || {
                let idle: Vec<TcpStream> = many(20, 55, || {
                    if greets { greeted(&serving).sock } else { connect(serving.admission) }
                });
                let from = Instant::now();
                let reply = serving.post("/validate", &fixture("create-pod.json"));
                assert_eq!(reply.status, 200, "{reply:?}");
                (format!("a new one gets 200 after {:.1?}", from.elapsed()), idle)
            };
            drop(beside(honest, name, crowd));
        }
        let attempt = || {
            let mut stream = connect(serving.admission);
            let _ = stream.write_all(TLS_1_1);
            let _ = stream.shutdown(Shutdown::Write);
            stream
        };
        beside(honest, "10,000 attempts, one after another", || {
            (0..10_000).for_each(|_| drop(attempt()));
            ("made".to_owned(), ())
        });
        beside(honest, "10,000 attempts, a thousand at a time", || {
            (0..10).for_each(|_| drop(many(100, 10, attempt)));
            ("made".to_owned(), ())
        });
    });
}

#[test]
fn honest_requests_go_on_beside_bodies_without_end() {
    let serving = Serving::start(&[]);
    Honest::beside(&serving, "bodies without end", |honest| {
        for count in [4, 32] {
            beside(honest, &format!("{count} at once"), || {
                let answers = many(count, 1, || case::said(&cases::endless(&serving)));
                let counted = |answer: &str| answers.iter().filter(|it| *it == answer).count();
                let (large, shed) = (counted("413 close"), counted("429 close"));
                assert_eq!(large + shed, count, "{answers:?}");
                (format!("{large} times 413, {shed} times 429"), ())
            });
        }
    });
}

/// Bodies of one size, of which all comes but the last byte; then that, all at once.
fn held_bodies(honest: &Honest<'_>, count: usize, length: usize) -> [usize; 2] {
    let review = fixture("create-pod.json");
    let body = review.trim_end().to_owned() + &" ".repeat(length - review.trim_end().len());
    let request = head(&format!("content-length: {length}\r\n")) + &body;
    let (most, last) = request.split_at(request.len() - 1);
    let mut clients = many(8, count / 8, || honest.serving.session());
    beside(honest, &format!("{count} bodies of {} KiB, a byte short", length / 1024), || {
        thread::scope(|scope| {
            for some in clients.chunks_mut(count / 8) {
                scope.spawn(move || {
                    some.iter_mut().for_each(|it| {
                        it.write_all(most.as_bytes()).unwrap();
                        it.flush().unwrap();
                    });
                });
            }
        });
        ("held".to_owned(), ())
    });
    beside(honest, "the last byte of each", || {
        let mut answers = Vec::new();
        for client in &mut clients {
            answers.push(ask(client, last).unwrap().status);
        }
        let counted = |status: u16| answers.iter().filter(|it| **it == status).count();
        let (read, shed) = (counted(200), counted(429));
        assert_eq!(read + shed, count, "{answers:?}");
        (format!("{read} times 200, {shed} times 429"), [read, shed])
    })
}

#[test]
fn honest_requests_go_on_beside_many_bodies_at_once() {
    let serving = Serving::start(&[]);
    Honest::beside(&serving, "bodies at once", |honest| {
        // All find room.
        let [read, _] = held_bodies(honest, 320, 64 * 1024);
        assert_eq!(read, 320);
        // Not all do, and what is kept for small ones they leave.
        let [read, shed] = held_bodies(honest, 96, 1024 * 1024);
        assert!((1..=48).contains(&read) && shed >= 48, "{read} read, {shed} shed");
    });
}
