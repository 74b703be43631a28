//! When to stop: once to drain, twice to drop everything.

use std::future::{Future, pending};
use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Running,
    Draining,
    Aborting,
}

/// Says when to stop; clones say the same.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<Stage>);

/// Stops whatever listens to its [`Shutdown`].
#[derive(Debug)]
pub struct Trigger(watch::Sender<Stage>);

/// A pair that belongs together.
#[must_use]
pub fn channel() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(Stage::Running);
    (Trigger(sender), Shutdown(receiver))
}

/// Stops on SIGTERM and SIGINT. From here on they no longer end the process by themselves.
///
/// # Errors
/// The handlers cannot be installed.
pub fn on_signals() -> io::Result<Shutdown> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (trigger, shutdown) = channel();
    tokio::spawn(async move {
        loop {
            let name = tokio::select! {
                Some(()) = terminate.recv() => "SIGTERM",
                Some(()) = interrupt.recv() => "SIGINT",
                else => return,
            };
            tracing::info!(signal = name, "shutting down");
            trigger.signal();
        }
    });
    Ok(shutdown)
}

impl Trigger {
    /// The first call asks for draining, each further one for an end at once.
    pub fn signal(&self) {
        self.0.send_modify(|stage| {
            *stage = match stage {
                Stage::Running => Stage::Draining,
                Stage::Draining | Stage::Aborting => Stage::Aborting,
            };
        });
    }
}

impl Shutdown {
    /// Once draining is asked for.
    pub fn draining(&self) -> impl Future<Output = ()> + Send + 'static {
        self.reached(Stage::Draining)
    }

    /// Once everything is to be dropped.
    pub fn aborting(&self) -> impl Future<Output = ()> + Send + 'static {
        self.reached(Stage::Aborting)
    }

    fn reached(&self, stage: Stage) -> impl Future<Output = ()> + Send + 'static {
        let mut receiver = self.0.clone();
        async move {
            // Nobody is left who could ask for it: it never comes.
            if receiver.wait_for(|now| *now >= stage).await.is_err() {
                pending::<()>().await;
            }
        }
    }
}
