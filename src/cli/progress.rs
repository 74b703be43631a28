//! How far long work has come, for who waits at a terminal.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Tells on stderr, where that is a terminal and the work takes more than a second.
pub(super) struct Progress {
    begun: Instant,
    told: Option<Instant>,
    terminal: bool,
}

impl Progress {
    const PATIENCE: Duration = Duration::from_secs(1);
    const BETWEEN: Duration = Duration::from_millis(100);

    pub(super) fn begun() -> Self {
        Self { begun: Instant::now(), told: None, terminal: io::stderr().is_terminal() }
    }

    /// Tells it in a line, in place of what was told before.
    pub(super) fn tell(&mut self, line: impl FnOnce() -> String) {
        let due = self.terminal
            && self.begun.elapsed() > Self::PATIENCE
            && self.told.is_none_or(|told| told.elapsed() > Self::BETWEEN);
        if due {
            self.told = Some(Instant::now());
            let _ = write!(io::stderr().lock(), "\r\x1b[K{}", line());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.told.is_some() {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}
