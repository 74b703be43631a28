//! A stream that keeps the clocks of its connection, and looks through its heads.
//!
//! hyper has one clock for a request's head, which runs while a connection is idle too. Here a
//! head's clock starts at its first byte, and an idle connection has a clock of its own. Head bytes
//! that came in one read with the request before are under the idle clock until the next byte:
//! whoever wants to hold a connection that long may as well send nothing.
//!
//! The clocks are read only where a read or write must wait, and share one timer, which is set only
//! when it would fire too late: a busy connection sets it about once in its shortest time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::Limits;
use super::heads::Heads;
use super::pace::{Pace, Stage, Step};
use crate::telemetry::{Metrics, Rejection};

/// See the module.
pub(super) struct Paced<S> {
    io: S,
    heads: Heads,
    pace: Arc<Pace>,
    limits: Arc<Limits>,
    metrics: Arc<Metrics>,
    /// The step in which a read last had to wait, and since when.
    waiting: Option<(Step, Instant)>,
    /// Since when the client has not taken what was written.
    stuck: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl<S> Paced<S> {
    pub(super) fn new(io: S, pace: Arc<Pace>, limits: Arc<Limits>, metrics: Arc<Metrics>) -> Self {
        let timer = Box::pin(tokio::time::sleep(limits.idle_time));
        let heads = Heads::default();
        Self { io, heads, pace, limits, metrics, waiting: None, stuck: None, timer }
    }

    /// The stream alone, without clocks.
    pub(super) fn into_inner(self) -> S {
        self.io
    }

    /// Ready once `deadline` has passed; until then the task will be woken in time. The clock is asked
    /// first: a task that has had its turn, as one has whose client never pauses, finds no timer elapsed.
    fn until(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        loop {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            if self.timer.is_elapsed() || deadline < self.timer.deadline() {
                self.timer.as_mut().reset(deadline);
            }
            ready!(self.timer.as_mut().poll(cx));
        }
    }

    /// How long a connection may wait for a request while others wait for its place.
    fn unless_crowded(&self, time: Duration) -> Duration {
        if self.pace.is_wanted() { time.min(self.limits.crowded_idle_time) } else { time }
    }

    /// A read has nothing: is that in order?
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let step = self.pace.step();
        let since = match self.waiting {
            Some((waiting, since)) if waiting == step => since,
            Some(_) | None => Instant::now(),
        };
        self.waiting = Some((step, since));
        let time = match step.stage {
            Stage::Idle => self.unless_crowded(self.limits.idle_time),
            Stage::Head => self.unless_crowded(self.limits.header_time),
            Stage::Body => self.pace.body_time(),
            Stage::Late | Stage::Work | Stage::Answer => return Poll::Pending,
        };
        ready!(self.until(cx, since + time));
        match step.stage {
            // The end of the stream, which is how hyper ends an idle connection in good order.
            Stage::Idle => Poll::Ready(Ok(())),
            Stage::Head => {
                self.metrics.rejection(Rejection::HeaderTimeout);
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            // Whoever reads the body runs on this task and is polled next.
            Stage::Body | Stage::Late | Stage::Work | Stage::Answer => {
                self.pace.expire_body();
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    /// A write or flush came to this; has it waited too long?
    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            return result;
        }
        let since = *self.stuck.get_or_insert_with(Instant::now);
        ready!(self.until(cx, since + self.limits.write_time));
        self.metrics.rejection(Rejection::WriteTimeout);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.io).poll_read(cx, buf) {
            Poll::Pending => self.wait(cx),
            Poll::Ready(result) => {
                let new = buf.filled_mut().get_mut(before..).unwrap_or_default();
                if !new.is_empty() {
                    self.heads.pass(new);
                    self.pace.received();
                }
                Poll::Ready(result)
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.io).poll_write(cx, buf);
        self.written(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.written(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    /// Only here has a whole response gone out: a client that takes a byte now and then gains
    /// nothing by it.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.io).poll_flush(cx);
        if let Poll::Ready(Ok(())) = result {
            self.stuck = None;
            self.pace.flushed();
        }
        self.written(cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.io).poll_shutdown(cx);
        self.written(cx, result)
    }
}
