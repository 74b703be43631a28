//! Answers that the server gives by itself, before or instead of the rules'.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

use crate::telemetry::Rejection;

/// Why a request gets no verdict. client-go shows the text of a plain body to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NotFound,
    /// The method; it holds those that are allowed.
    Method(&'static str),
    ContentType,
    ContentEncoding,
    BodyTooLarge,
    BodyLate,
    BodyBroken,
    Busy,
    NoRoom,
    /// A fault of ours in the answer to a fault of ours.
    Internal,
}

impl Refusal {
    pub(super) fn rejection(self) -> Option<Rejection> {
        Some(match self {
            Self::NotFound | Self::Method(_) => Rejection::NotFound,
            Self::ContentType | Self::ContentEncoding => Rejection::UnsupportedEncoding,
            Self::BodyTooLarge => Rejection::BodyTooLarge,
            Self::BodyLate => Rejection::BodyTimeout,
            Self::BodyBroken => Rejection::BodyBroken,
            Self::Busy => Rejection::Busy,
            Self::NoRoom => Rejection::BudgetExhausted,
            Self::Internal => return None,
        })
    }

    fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::ContentType | Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyLate => StatusCode::REQUEST_TIMEOUT,
            Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::Busy | Self::NoRoom => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::NotFound => "no such path: ringfence answers `/validate` and `/mutate`\n",
            Self::Method(_) => "this method is not answered here\n",
            Self::ContentType => "the content type must be `application/json`\n",
            Self::ContentEncoding => "compressed bodies are not read\n",
            Self::BodyTooLarge => "the review is larger than ringfence reads\n",
            Self::BodyLate => "the review did not arrive in time\n",
            Self::BodyBroken => "the review did not arrive whole\n",
            Self::Busy => "too many reviews at once, try again\n",
            Self::NoRoom => "too many bytes of reviews at once, try again\n",
            Self::Internal => "ringfence failed to answer\n",
        }
    }

    /// The API server tries 429 again only where `Retry-After` says when.
    fn header(self) -> Option<(http::HeaderName, &'static str)> {
        match self {
            Self::Method(allowed) => Some((ALLOW, allowed)),
            Self::ContentEncoding => Some((ACCEPT_ENCODING, "identity")),
            Self::Busy | Self::NoRoom => Some((RETRY_AFTER, "1")),
            Self::NotFound
            | Self::ContentType
            | Self::BodyTooLarge
            | Self::BodyLate
            | Self::BodyBroken
            | Self::Internal => None,
        }
    }

    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = respond(
            self.status(),
            "text/plain; charset=utf-8",
            Bytes::from_static(self.text().as_bytes()),
        );
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// A whole response of one piece, so that head and body leave in one write.
pub(super) fn respond(
    status: StatusCode,
    content_type: &'static str,
    body: Bytes,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
