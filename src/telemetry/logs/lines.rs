//! Lines on their way out.
//!
//! A line costs whoever logs it a copy into memory. A thread writes what has gathered, many lines at
//! once under load, so that neither a slow disk nor a reader that has stopped holds up an answer.
//! What finds no room is counted and said; nothing waits for room.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tracing_subscriber::fmt::MakeWriter;

/// How long lines gather.
const GATHER: Duration = Duration::from_millis(50);
/// How many bytes are written without waiting for more.
const ENOUGH: usize = 64 * 1024;
/// How many bytes wait at most: some five thousand decisions.
const ROOM: usize = 2 * 1024 * 1024;
/// How long an end waits for what is not written yet.
const PATIENCE: Duration = Duration::from_secs(1);

/// Takes lines; clones share them.
#[derive(Clone)]
pub(super) struct Lines(Arc<Shared>);

struct Shared {
    waiting: Mutex<Waiting>,
    /// There is something to write, or a reason to write it now.
    come: Condvar,
    /// Everything is written.
    gone: Condvar,
    lost: Counter,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Lines that found no room since the last that was written.
    lost: u64,
    /// Somebody waits for the last of it.
    urgent: bool,
    /// Some of it is being written.
    busy: bool,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.lost == 0
    }
}

impl Lines {
    /// Lines that a thread of their own writes to `out`; `lost` counts those that find no room.
    ///
    /// # Errors
    /// There is no thread.
    pub(super) fn to(out: impl Write + Send + 'static, lost: Counter) -> io::Result<Self> {
        let shared =
            Shared { waiting: Mutex::default(), come: Condvar::new(), gone: Condvar::new(), lost };
        let lines = Self(Arc::new(shared));
        let writer = lines.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.0.write_to(out))?;
        Ok(lines)
    }

    /// Waits until everything is written, for a second at most.
    pub(super) fn flush(&self) {
        let Self(shared) = self;
        let mut waiting = shared.lock();
        waiting.urgent = true;
        shared.come.notify_one();
        let is_left = |waiting: &mut Waiting| !waiting.is_empty() || waiting.busy;
        let waited = shared.gone.wait_timeout_while(waiting, PATIENCE, is_left);
        waited.unwrap_or_else(PoisonError::into_inner).0.urgent = false;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Whoever panicked left whole lines.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, line: &[u8]) {
        let mut waiting = self.lock();
        let length = waiting.bytes.len();
        if length + line.len() > ROOM {
            waiting.lost += 1;
            self.lost.inc();
            return;
        }
        waiting.bytes.extend_from_slice(line);
        let is_enough = length < ENOUGH && waiting.bytes.len() >= ENOUGH;
        drop(waiting);
        if length == 0 || is_enough {
            self.come.notify_one();
        }
    }

    fn write_to(&self, mut out: impl Write) {
        let mut batch = Vec::new();
        loop {
            let lost = self.gathered(&mut batch);
            // There is nowhere to say that a log cannot be written.
            let _ = out.write_all(&batch);
            if lost > 0 {
                let _ = writeln!(out, "{lost} lines of the log were lost: it was read too slowly");
            }
            let _ = out.flush();
            batch.clear();
        }
    }

    /// Waits for lines and moves them to `batch`; how many were lost behind them.
    fn gathered(&self, batch: &mut Vec<u8>) -> u64 {
        let mut waiting = self.lock();
        waiting.busy = false;
        while waiting.is_empty() {
            self.gone.notify_all();
            waiting = self.come.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let is_patient = |it: &mut Waiting| !it.urgent && it.bytes.len() < ENOUGH;
        let more = self.come.wait_timeout_while(waiting, GATHER, is_patient);
        let mut waiting = more.unwrap_or_else(PoisonError::into_inner).0;
        std::mem::swap(&mut waiting.bytes, batch);
        waiting.busy = true;
        std::mem::take(&mut waiting.lost)
    }
}

/// One event's line; the layer writes it in one piece.
pub(super) struct Line<'a>(&'a Shared);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.take(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Hands on what is written, each piece once it is asked for.
    struct Slow(Receiver<()>, Sender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.send(bytes.to_owned()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Lines, Counter, Sender<()>, Receiver<Vec<u8>>) {
        let (ask, asked) = channel();
        let (written, read) = channel();
        let lost = Counter::default();
        (Lines::to(Slow(asked, written), lost.clone()).unwrap(), lost, ask, read)
    }

    #[test]
    fn what_was_logged_is_written_in_order_before_a_flush_ends() {
        let (lines, lost, ask, read) = slow();
        for number in 0..100 {
            writeln!(lines.make_writer(), "line {number}").unwrap();
        }
        // More than enough: nobody waits.
        (0..1_000).for_each(|_| ask.send(()).unwrap());
        lines.flush();
        let text: Vec<u8> = read.try_iter().flatten().collect();
        let expect: String = (0..100).map(|number| format!("line {number}\n")).collect();
        assert_eq!(String::from_utf8(text).unwrap(), expect);
        assert_eq!(lost.get(), 0);
    }

    #[test]
    fn who_logs_never_waits_and_what_finds_no_room_is_counted_and_said() {
        let (lines, lost, ask, read) = slow();
        let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
        // Nothing is written: twice as much as there is room for, and what the writer holds.
        let most = 2 * ROOM / line.len() + ROOM / line.len();
        for _ in 0..most {
            lines.make_writer().write_all(&line).unwrap();
        }
        assert!(lost.get() > 0);
        drop((0..most).map(|_| ask.send(())).collect::<Vec<_>>());
        lines.flush();
        let text = String::from_utf8(read.try_iter().flatten().collect()).unwrap();
        let written = text.lines().filter(|line| line.starts_with('x')).count();
        assert_eq!(written as u64 + lost.get(), most as u64);
        let told: u64 = text
            .lines()
            .filter_map(|line| line.split_once(" lines of")?.0.parse::<u64>().ok())
            .sum();
        assert_eq!(told, lost.get());
    }
}
