//! Honest traffic, and what it tells of a server.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Barrier, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::case::head;
use crate::server::{PATIENCE, Serving, ask, fixture};

/// Half of it are the bodies that may be held at once (64 MiB, and once more where one is copied);
/// the rest are connections, the program, and an allocator that gives back late.
const MOST_KIB: u64 = 256 * 1024;

/// Connections that are kept, as the API server keeps them.
const CLIENTS: u32 = 4;

/// Between two requests on one of them: 500 a second on all. A request that is answered late does not
/// move those after it, and its time counts from when it was due.
const PACE: Duration = Duration::from_millis(8);

/// Beside how many honest requests everything is tried, at the least.
pub const BESIDE: usize = 100;

/// Reviews on kept connections until told to end.
pub struct Honest<'a> {
    pub serving: &'a Serving,
    /// How long each took.
    answered: Mutex<Vec<Duration>>,
    /// One more has been answered, or has failed.
    news: Condvar,
    failed: AtomicUsize,
    end: AtomicBool,
}

impl<'a> Honest<'a> {
    /// Runs something beside them; all of them succeed.
    pub fn beside<T>(serving: &'a Serving, what: &str, run: impl FnOnce(&Self) -> T) -> T {
        let honest = Self {
            serving,
            answered: Mutex::default(),
            news: Condvar::new(),
            failed: AtomicUsize::new(0),
            end: AtomicBool::new(false),
        };
        let ready = Barrier::new(CLIENTS as usize + 1);
        println!("\n| {what} | answer | until then | resident after | honest p99 meanwhile |");
        let result = thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (honest, ready) = (&honest, &ready);
                scope.spawn(move || honest.ask(ready, client));
            }
            ready.wait();
            // A failed assertion must end the clients too.
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&honest)));
            honest.end.store(true, Relaxed);
            result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        let (answered, failed) = (honest.count(), honest.failed.load(Relaxed));
        let (p99, peak) = (honest.p99_after(0), memory(serving, "VmHWM"));
        println!(
            "| honest requests | {answered}, {failed} failed | | {} at most | {p99:.1?} |",
            megabytes(peak)
        );
        assert!(failed == 0, "{what}: {failed} of {answered} failed");
        assert!(peak < MOST_KIB, "{what}: {peak} KiB");
        result
    }

    fn ask(&self, ready: &Barrier, client: u32) {
        let body = fixture("create-pod.json");
        let request = [head(&format!("content-length: {}\r\n", body.len())), body].concat();
        let mut stream = self.serving.session();
        let mut once = || ask(&mut stream, &request).is_ok_and(|answer| answer.status == 200);
        assert!(once());
        ready.wait();
        let mut due = Instant::now() + PACE * client / CLIENTS;
        while !self.end.load(Relaxed) {
            // The pace of a busy API server, and no wait for anything.
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let good = once();
            if good {
                self.answered.lock().unwrap().push(due.elapsed());
            } else {
                self.failed.fetch_add(1, Relaxed);
            }
            self.news.notify_all();
            if !good {
                return;
            }
            due += PACE;
        }
    }

    /// How many have been answered.
    pub fn count(&self) -> usize {
        self.answered.lock().unwrap().len()
    }

    /// The 99th percentile of all but the first so many.
    fn p99_after(&self, first: usize) -> Duration {
        let mut times = self.answered.lock().unwrap()[first..].to_vec();
        times.sort_unstable();
        times.get(times.len() * 99 / 100).copied().unwrap_or_default()
    }

    /// Waits until enough have been answered after the first so many.
    pub fn wait_after(&self, first: usize) {
        let waits = |times: &mut Vec<Duration>| {
            times.len() < first + BESIDE && self.failed.load(Relaxed) == 0
        };
        let answered = self.answered.lock().unwrap();
        let waited = self.news.wait_timeout_while(answered, PATIENCE, waits).unwrap().1;
        assert!(!waited.timed_out(), "honest requests are stuck");
    }

    /// Prints what was tried, beside all requests but the first so many.
    pub fn row(&self, name: &str, answer: &str, took: Duration, first: usize) {
        let (resident, p99) = (megabytes(memory(self.serving, "VmRSS")), self.p99_after(first));
        println!("| {name} | {answer} | {took:.1?} | {resident} | {p99:.1?} |");
    }
}

fn megabytes(kib: u64) -> String {
    format!("{} MB", kib * 1024 / 1_000_000)
}

/// A figure of a process's memory, in KiB.
fn memory(serving: &Serving, figure: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", serving.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(figure)).unwrap();
    line.trim_matches([':', '\t', ' ', 'k', 'B']).parse().unwrap()
}
