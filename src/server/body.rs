//! Reading a body: in one piece where its length is known, under a bound and a budget.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};

use super::budget::{Budget, Share};
use super::pace::Pace;
use super::refusal::Refusal;

/// The bounds that one body is read under.
pub(super) struct Reader<'a> {
    /// The largest body, in bytes.
    pub(super) largest: usize,
    pub(super) budget: &'a Budget,
    pub(super) pace: &'a Pace,
}

/// Bytes, and their part of the budget.
pub(super) struct Held<'a> {
    pub(super) bytes: Bytes,
    _share: Share<'a>,
}

impl<'a> Reader<'a> {
    /// Whether the body says of itself that it is too large.
    pub(super) fn is_too_large(&self, body: &impl Body) -> bool {
        usize::try_from(body.size_hint().lower()).map_or(true, |length| length > self.largest)
    }

    /// The whole body. A length that is stated is reserved before the first byte is read, and none
    /// is read where there is no room for all of them.
    pub(super) async fn read<B>(&self, body: &mut B) -> Result<Held<'a>, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        if self.is_too_large(body) {
            return Err(Refusal::BodyTooLarge);
        }
        // At most `largest`, which is a usize.
        let stated = body.size_hint().exact().map_or(0, |length| length as usize);
        let mut share = self.budget.take(stated).ok_or(Refusal::NoRoom)?;
        let Some(first) = self.data(body).await? else {
            return Ok(Held { bytes: Bytes::new(), _share: share });
        };
        let mut reserved = stated;
        self.reserve(&mut share, &mut reserved, first.len())?;
        if first.len() == stated {
            return Ok(Held { bytes: first, _share: share });
        }
        let mut whole = BytesMut::with_capacity(reserved);
        whole.extend_from_slice(&first);
        drop(first);
        while let Some(data) = self.data(body).await? {
            self.reserve(&mut share, &mut reserved, whole.len().saturating_add(data.len()))?;
            whole.extend_from_slice(&data);
        }
        Ok(Held { bytes: whole.freeze(), _share: share })
    }

    /// Throws the rest of the body away, so that the connection can be used again; false if that
    /// cannot be done within the body's bounds.
    pub(super) async fn discard<B>(&self, body: &mut B) -> bool
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let mut total = 0_usize;
        loop {
            match self.data(body).await {
                Ok(Some(data)) => total = total.saturating_add(data.len()),
                Ok(None) => return true,
                Err(_) => return false,
            }
            if total > self.largest {
                return false;
            }
        }
    }

    /// A body of unknown length reserves as it grows.
    fn reserve(
        &self,
        share: &mut Share<'_>,
        reserved: &mut usize,
        length: usize,
    ) -> Result<(), Refusal> {
        if length > self.largest {
            return Err(Refusal::BodyTooLarge);
        }
        let more = length.saturating_sub(*reserved);
        if !share.grow(more) {
            return Err(Refusal::NoRoom);
        }
        *reserved = reserved.saturating_add(more);
        Ok(())
    }

    /// The next piece of data, or the end.
    async fn data<B>(&self, body: &mut B) -> Result<Option<Bytes>, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        loop {
            let frame = poll_fn(|cx| match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Ready(frame) => Poll::Ready(Ok(frame)),
                Poll::Pending if self.pace.body_is_late() => Poll::Ready(Err(Refusal::BodyLate)),
                Poll::Pending => Poll::Pending,
            });
            match frame.await?.map(|frame| frame.map(Frame::into_data)) {
                None => return Ok(None),
                Some(Ok(Ok(data))) => return Ok(Some(data)),
                // Trailers say nothing that we want to know.
                Some(Ok(Err(_trailers))) => {}
                Some(Err(_)) => return Err(Refusal::BodyBroken),
            }
        }
    }
}
