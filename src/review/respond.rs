//! Writes an answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::objects::json::write::quoted;

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
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, PartialEq)]
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
    pub retry_after: Option<u8>,
}

/// A `metav1.StatusCause`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// `FieldValueInvalid` …
    pub reason: &'static str,
    /// The path for people.
    pub field: String,
    /// What was found and what to do.
    pub message: String,
}

/// Adds a field, whose name and what goes before it are `before`.
fn field(json: &mut String, before: &str, value: &str) {
    json.push_str(before);
    quoted(json, value);
}

impl Status {
    /// The status as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.write(&mut json);
        json
    }

    fn write(&self, json: &mut String) {
        let Self { code, reason, message, details } = self;
        json.push_str(r#"{"code":"#);
        json.push_str(&code.to_string());
        field(json, r#","reason":"#, reason);
        field(json, r#","message":"#, message);
        field(json, r#","details":{"group":"#, &details.group);
        field(json, r#","kind":"#, &details.kind);
        field(json, r#","name":"#, &details.name);
        json.push_str(r#","causes":["#);
        for (index, cause) in details.causes.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            json.push_str(comma);
            field(json, r#"{"reason":"#, cause.reason);
            if !cause.field.is_empty() {
                field(json, r#","field":"#, &cause.field);
            }
            field(json, r#","message":"#, &cause.message);
            json.push('}');
        }
        json.push(']');
        if let Some(seconds) = details.retry_after {
            json.push_str(r#","retryAfterSeconds":"#);
            json.push_str(&seconds.to_string());
        }
        json.push_str("}}");
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
        let Self { refusal, warnings, audit, patch } = self;
        let mut json = String::with_capacity(self.length());
        json.push_str(r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","#);
        field(&mut json, r#""response":{"uid":"#, uid);
        json.push_str(r#","allowed":"#);
        json.push_str(if refusal.is_none() { "true" } else { "false" });
        if let Some(status) = refusal {
            json.push_str(r#","status":"#);
            status.write(&mut json);
        }
        if let Some(patch) = patch {
            json.push_str(r#","patchType":"JSONPatch","patch":""#);
            STANDARD.encode_string(patch, &mut json);
            json.push('"');
        }
        for (index, (key, value)) in audit.iter().enumerate() {
            json.push_str(if index == 0 { r#","auditAnnotations":{"# } else { "," });
            quoted(&mut json, key);
            field(&mut json, ":", value);
        }
        json.push_str(if audit.is_empty() { "" } else { "}" });
        for (index, warning) in warnings.iter().enumerate() {
            field(&mut json, if index == 0 { r#","warnings":["# } else { "," }, warning);
        }
        json.push_str(if warnings.is_empty() { "" } else { "]" });
        json.push_str("}}");
        json.into_bytes()
    }

    /// About as many bytes as it takes.
    fn length(&self) -> usize {
        const USUAL: usize = 512;
        // A message says what its causes say.
        let refusal = self.refusal.as_ref().map_or(0, |status| 3 * status.message.len());
        let patch = self.patch.as_ref().map_or(0, |patch| 2 * patch.len());
        USUAL + refusal + patch
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
