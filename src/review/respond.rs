//! Writes an answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// An answer to a review, without its uid.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// Why the request is refused; `None` allows it.
    pub refusal: Option<Status>,
    /// One line each, safe to print.
    pub warnings: Vec<String>,
    /// For the API server's audit log; it puts the webhook's name before the keys.
    pub audit: Vec<(&'static str, String)>,
    /// An RFC 6902 patch.
    pub patch: Option<Vec<u8>>,
}

/// A `metav1.Status`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// HTTP status code; the API server makes 400 of one below.
    pub code: u16,
    /// `Invalid`, `Forbidden` …
    pub reason: &'static str,
    /// Everything, with a first line that stands alone.
    pub message: String,
    /// What kubectl prints for 422.
    pub details: Details,
}

/// A `metav1.StatusDetails`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Details {
    /// API group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Name of the object.
    pub name: String,
    /// One for each finding.
    pub causes: Vec<Cause>,
    /// When a client may try the same again by itself, in seconds.
    #[serde(rename = "retryAfterSeconds", skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u8>,
}

/// A `metav1.StatusCause`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// `FieldValueInvalid` …
    pub reason: &'static str,
    /// The path for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// What was found and what to do.
    pub message: String,
}

struct Body<'a>(&'a str, &'a Response);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(uid, response) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("uid", uid)?;
        map.serialize_entry("allowed", &response.refusal.is_none())?;
        if let Some(status) = &response.refusal {
            map.serialize_entry("status", status)?;
        }
        if let Some(patch) = &response.patch {
            map.serialize_entry("patchType", "JSONPatch")?;
            map.serialize_entry("patch", &STANDARD.encode(patch))?;
        }
        if !response.audit.is_empty() {
            map.serialize_entry("auditAnnotations", &Entries(&response.audit))?;
        }
        if !response.warnings.is_empty() {
            map.serialize_entry("warnings", &response.warnings)?;
        }
        map.end()
    }
}

struct Entries<'a>(&'a [(&'static str, String)]);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl Response {
    /// An answer that allows and says nothing.
    #[must_use]
    pub fn allowed() -> Self {
        Self { refusal: None, warnings: Vec::new(), audit: Vec::new(), patch: None }
    }

    /// The review that answers the review with this uid.
    #[must_use]
    pub fn to_json(&self, uid: &str) -> Vec<u8> {
        let head = br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":"#;
        let mut bytes = Vec::with_capacity(512);
        bytes.extend_from_slice(head);
        // Writing strings and numbers into memory cannot fail; were it to, the truncated body is
        // no answer, which the API server takes for a refusal.
        if serde_json::to_writer(&mut bytes, &Body(uid, self)).is_ok() {
            bytes.push(b'}');
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(response: &Response, expect: &str) {
        let text = String::from_utf8(response.to_json("u\"1")).unwrap();
        let head = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":"#;
        assert_eq!(text, format!("{head}{expect}}}"));
    }

    #[test]
    fn what_is_absent_is_left_out() {
        check(&Response::allowed(), r#"{"uid":"u\"1","allowed":true}"#);
    }

    #[test]
    fn a_patch_comes_with_its_type() {
        let response = Response { patch: Some(b"[]".to_vec()), ..Response::allowed() };
        check(&response, r#"{"uid":"u\"1","allowed":true,"patchType":"JSONPatch","patch":"W10="}"#);
    }

    #[test]
    fn a_refusal_has_its_causes() {
        let cause = |field: &str| Cause {
            reason: "FieldValueInvalid",
            field: field.to_owned(),
            message: "m".to_owned(),
        };
        let status = Status {
            code: 422,
            reason: "Invalid",
            message: "a\nb".to_owned(),
            details: Details {
                group: "apps".to_owned(),
                kind: "Deployment".to_owned(),
                name: "web".to_owned(),
                causes: vec![cause("spec"), cause("")],
                retry_after: None,
            },
        };
        let response = Response {
            refusal: Some(status),
            warnings: vec!["w".to_owned()],
            audit: vec![("tenant", "alpha".to_owned())],
            patch: None,
        };
        check(
            &response,
            concat!(
                r#"{"uid":"u\"1","allowed":false,"status":{"code":422,"reason":"Invalid","message":"a\nb","#,
                r#""details":{"group":"apps","kind":"Deployment","name":"web","causes":["#,
                r#"{"reason":"FieldValueInvalid","field":"spec","message":"m"},"#,
                r#"{"reason":"FieldValueInvalid","message":"m"}]}},"#,
                r#""auditAnnotations":{"tenant":"alpha"},"warnings":["w"]}"#
            ),
        );
    }

    #[test]
    fn a_client_is_told_when_to_try_again() {
        let name = String::new;
        let details = Details {
            group: name(),
            kind: name(),
            name: name(),
            causes: Vec::new(),
            retry_after: Some(1),
        };
        let status =
            Status { code: 429, reason: "TooManyRequests", message: "m".to_owned(), details };
        check(
            &Response { refusal: Some(status), ..Response::allowed() },
            concat!(
                r#"{"uid":"u\"1","allowed":false,"status":{"code":429,"reason":"TooManyRequests","#,
                r#""message":"m","details":{"group":"","kind":"","name":"","causes":[],"#,
                r#""retryAfterSeconds":1}}}"#
            ),
        );
    }
}
