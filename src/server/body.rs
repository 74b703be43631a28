//! Reading a body: in one piece where its length is known, under a bound and a budget.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::Instant;

use super::budget::{Budget, Share};
use super::pace::Pace;
use super::refusal::Refusal;

/// How much of a stated length is reserved before it has come. Most reviews are smaller, and are
/// read in one piece. Were it the whole, four clients that state 16 MiB and send nothing would hold
/// the default budget.
pub(super) const BELIEVED: usize = 64 * 1024;

/// A body, and the bounds that it is read under.
pub(super) struct Reader<'a, B> {
    body: B,
    /// Where nothing says it beforehand, only reading shows that a body is at its end.
    ended: bool,
    started: Instant,
    largest: usize,
    budget: &'a Budget,
    pace: &'a Pace,
}

/// Bytes, and their part of the budget.
pub(super) struct Held<'a> {
    pub(super) bytes: Bytes,
    _share: Share<'a>,
}

impl<'a, B: Body<Data = Bytes> + Unpin> Reader<'a, B> {
    /// Of at most `largest` bytes, from now on.
    pub(super) fn new(body: B, largest: usize, budget: &'a Budget, pace: &'a Pace) -> Self {
        Self { body, ended: false, started: Instant::now(), largest, budget, pace }
    }

    /// When the head had come.
    pub(super) fn started(&self) -> Instant {
        self.started
    }

    /// Whether nothing of the body is left to read.
    pub(super) fn is_at_end(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    /// Whether the body says of itself that it is too large.
    pub(super) fn is_too_large(&self) -> bool {
        usize::try_from(self.body.size_hint().lower()).map_or(true, |length| length > self.largest)
    }

    /// The whole body. Room is reserved before bytes are read where their number is stated and
    /// small, else as they come.
    pub(super) async fn read(&mut self) -> Result<Held<'a>, Refusal> {
        if self.is_too_large() {
            return Err(Refusal::BodyTooLarge);
        }
        // At most `largest`, which is a usize.
        let stated = self.body.size_hint().exact().map_or(0, |length| length as usize);
        let mut reserved = stated.min(BELIEVED);
        let mut share = self.budget.take(reserved).ok_or(Refusal::NoRoom)?;
        let Some(first) = self.data().await? else {
            return Ok(Held { bytes: Bytes::new(), _share: share });
        };
        self.reserve(&mut share, &mut reserved, first.len(), stated)?;
        if first.len() == stated {
            return Ok(Held { bytes: first, _share: share });
        }
        let mut whole = Vec::with_capacity(reserved);
        whole.extend_from_slice(&first);
        drop(first);
        while let Some(data) = self.data().await? {
            let length = whole.len().saturating_add(data.len());
            self.reserve(&mut share, &mut reserved, length, stated)?;
            // What is taken of memory is what is taken of the budget.
            whole.reserve_exact(reserved.saturating_sub(whole.len()));
            whole.extend_from_slice(&data);
        }
        Ok(Held { bytes: whole.into(), _share: share })
    }

    /// Throws the rest of the body away, so that the connection can be used again; false if that
    /// cannot be done within the body's bounds.
    pub(super) async fn discard(&mut self) -> bool {
        let mut total = 0_usize;
        loop {
            match self.data().await {
                Ok(Some(data)) => total = total.saturating_add(data.len()),
                Ok(None) => return true,
                Err(_) => return false,
            }
            if total > self.largest {
                return false;
            }
        }
    }

    /// Makes room for `length` bytes: up to twice as much as before, so that no byte is moved often, and
    /// never more than can come.
    fn reserve(
        &self,
        share: &mut Share<'_>,
        reserved: &mut usize,
        length: usize,
        stated: usize,
    ) -> Result<(), Refusal> {
        if length > self.largest {
            return Err(Refusal::BodyTooLarge);
        }
        if length <= *reserved {
            return Ok(());
        }
        let most = if stated == 0 { self.largest } else { stated };
        let goal = reserved.saturating_mul(2).min(most).max(length);
        let more = goal.saturating_sub(*reserved);
        if !share.grow(more) {
            return Err(Refusal::NoRoom);
        }
        *reserved = reserved.saturating_add(more);
        Ok(())
    }

    /// The next piece of data, or the end.
    async fn data(&mut self) -> Result<Option<Bytes>, Refusal> {
        // Where the length was stated, the end shows without another turn of the connection.
        while !self.is_at_end() {
            let frame = poll_fn(|cx| match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(frame) => Poll::Ready(Ok(frame)),
                Poll::Pending if self.pace.body_is_late() => Poll::Ready(Err(Refusal::BodyLate)),
                Poll::Pending => Poll::Pending,
            });
            match frame.await?.map(|frame| frame.map(Frame::into_data)) {
                None => self.ended = true,
                Some(Ok(Ok(data))) => return self.in_time(data).map(Some),
                // Trailers say nothing that we want to know.
                Some(Ok(Err(_trailers))) => {}
                Some(Err(_)) => return Err(Refusal::BodyBroken),
            }
        }
        Ok(None)
    }

    /// The stream's clock is read where it must wait, and a client that sends all the time keeps it from
    /// that.
    fn in_time(&self, data: Bytes) -> Result<Bytes, Refusal> {
        let is_late = !self.is_at_end() && self.started.elapsed() > self.pace.body_time();
        if is_late { Err(Refusal::BodyLate) } else { Ok(data) }
    }
}
