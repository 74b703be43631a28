//! Reads a review.

use std::borrow::Cow;

use crate::domain::{Operation, Requester};
use crate::objects::decode::{self, object};
use crate::objects::json::DEEPEST;
use crate::objects::{Carried, Malformed, Object, Raw, from_json};

/// A body that names no uid, and so cannot be answered by a review.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the body is not an AdmissionReview with a uid: {0}")]
pub struct Unreadable(String);

/// A review whose uid could be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Review<'a> {
    /// What the answer must repeat.
    pub uid: Cow<'a, str>,
    /// What is asked, or why it cannot be read.
    pub request: Result<Request<'a>, Malformed>,
}

object! {
    /// The whole body.
    struct Envelope<'de> {
        api_version: Cow<'de, str> = "apiVersion",
        kind: Cow<'de, str> = "kind",
        request: Option<Request<'de>> = "request",
    }
}

object! {
    struct UidEnvelope<'de> {
        request: UidRequest<'de> = "request",
    }
}

object! {
    struct UidRequest<'de> {
        uid: Cow<'de, str> = "uid",
    }
}

object! {
    /// What is asked. The objects stay text, all but pods: who judges them reads them.
    pub struct Request<'de> {
        uid: Cow<'de, str> = "uid",
        kind: GroupVersionKind<'de> = "kind",
        resource: GroupVersionResource<'de> = "resource",
        subresource: Cow<'de, str> = "subResource",
        /// Empty where the API server has yet to make the name, and on deletions of a collection.
        name: Cow<'de, str> = "name",
        /// Empty for cluster-scoped resources; a namespace's own name for namespaces.
        namespace: Cow<'de, str> = "namespace",
        /// One of [`Operation`]; see [`Request::operation`].
        verb: Cow<'de, str> = "operation",
        user: UserInfo<'de> = "userInfo",
        /// Absent on DELETE.
        object: Carried<'de> = "object",
        /// Absent on CREATE and CONNECT.
        old_object: Raw<'de> = "oldObject",
        /// Must have no effect beside the answer.
        dry_run: bool = "dryRun",
    }
}

object! {
    /// A kind.
    pub struct GroupVersionKind<'de> {
        group: Cow<'de, str> = "group",
        version: Cow<'de, str> = "version",
        kind: Cow<'de, str> = "kind",
    }
}

object! {
    /// A resource.
    pub struct GroupVersionResource<'de> {
        group: Cow<'de, str> = "group",
        version: Cow<'de, str> = "version",
        resource: Cow<'de, str> = "resource",
    }
}

object! {
    /// Who asks.
    pub struct UserInfo<'de> {
        username: Cow<'de, str> = "username",
        groups: Vec<Cow<'de, str>> = "groups",
    }
}

impl Request<'_> {
    /// What is done; `None` for an operation that nobody knows.
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        Operation::ALL.into_iter().find(|operation| operation.as_str() == self.verb)
    }

    /// The object's name, or the beginning of the name to be made.
    #[must_use]
    pub fn object_name(&self) -> Cow<'_, str> {
        if !self.name.is_empty() {
            return Cow::Borrowed(&self.name);
        }
        let text = self.object.text().or(self.old_object.text());
        let object = text.and_then(|text| from_json::<Object<'_>>(text).ok()).unwrap_or_default();
        let meta = object.meta;
        if meta.name.is_empty() { meta.generate_name } else { meta.name }
    }

    /// The kind of what is meant: streams come with options, which are of kinds of their own.
    #[must_use]
    pub fn object_kind(&self) -> &str {
        match self.kind.kind.as_ref() {
            "PodExecOptions" | "PodAttachOptions" | "PodPortForwardOptions" | "PodProxyOptions" => {
                "Pod"
            }
            "ServiceProxyOptions" => "Service",
            "NodeProxyOptions" => "Node",
            kind => kind,
        }
    }

    /// Who asks.
    #[must_use]
    pub fn requester(&self) -> Requester {
        Requester {
            name: self.user.username.to_string(),
            groups: self.user.groups.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Reads a review whose lists and objects are nested at most `levels` deep. What follows an unreadable
/// place is lost, but not what came before it: a uid that was read is answered.
///
/// # Errors
/// [`Unreadable`] where no uid was read.
pub fn read(text: &str, levels: usize) -> Result<Review<'_>, Unreadable> {
    let mut envelope = Envelope::default();
    let read = decode::into(&mut envelope, text, levels);
    let uid = match envelope.request.as_ref().map(|request| request.uid.clone()) {
        Some(uid) if !uid.is_empty() => uid,
        _ => uid(text)?,
    };
    let request = read.and_then(|()| of_our_version(envelope));
    Ok(Review { uid, request })
}

/// The uid of a review, whatever else is wrong with it.
///
/// # Errors
/// [`Unreadable`] where there is none.
pub fn uid(text: &str) -> Result<Cow<'_, str>, Unreadable> {
    let mut envelope = UidEnvelope::default();
    // What was read before an error counts.
    let read = decode::into(&mut envelope, text, DEEPEST);
    match (envelope.request.uid, read) {
        (uid, _) if !uid.is_empty() => Ok(uid),
        (_, Err(error)) => Err(Unreadable(error.to_string())),
        (_, Ok(())) => Err(Unreadable("request.uid is missing".to_owned())),
    }
}

fn of_our_version(envelope: Envelope<'_>) -> Result<Request<'_>, Malformed> {
    if envelope.api_version != "admission.k8s.io/v1" {
        let found = crate::domain::sanitise(&envelope.api_version, 80);
        return Err(Malformed::at(
            "apiVersion",
            format!("found {found:?}, expected admission.k8s.io/v1"),
        ));
    }
    if envelope.kind != "AdmissionReview" {
        let found = crate::domain::sanitise(&envelope.kind, 80);
        return Err(Malformed::at("kind", format!("found {found:?}, expected AdmissionReview")));
    }
    envelope.request.ok_or_else(|| Malformed::at("request", "is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn uid_and_error(text: &str) -> (String, Option<String>) {
        let review = read(text, DEEPEST).unwrap();
        (review.uid.to_string(), review.request.err().map(|error| error.to_string()))
    }

    const HEAD: &str = r#""apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview""#;

    #[test]
    fn a_review_is_read_without_its_objects() {
        let text = format!(
            r#"{{{HEAD},"request":{{"uid":"u","operation":"CREATE","userInfo":{{"username":"jo","groups":["g"],"extra":{{"a":["b"]}}}},"object":{{"a":1.50}},"oldObject":null,"options":{{}}}}}}"#
        );
        let request = read(&text, DEEPEST).unwrap().request.unwrap();
        assert_eq!(request.object.text(), Some(r#"{"a":1.50}"#));
        assert_eq!(request.old_object.text(), None);
        assert_eq!(request.operation(), Some(Operation::Create));
        assert_eq!(request.requester(), Requester { name: "jo".into(), groups: vec!["g".into()] });
    }

    #[test]
    fn a_uid_that_was_read_is_kept_whatever_follows() {
        let check = |text: &str, error: &str| {
            assert_eq!(uid_and_error(text), ("u".to_owned(), Some(error.to_owned())), "{text}");
        };
        check(
            &format!(r#"{{{HEAD},"request":{{"uid":"u","dryRun":3}}}}"#),
            "request.dryRun: found the number 3, expected a boolean at line 1 column 92",
        );
        check(
            &format!(r#"{{{HEAD},"request":{{"uid":"u","object":{{"#),
            "request.object: the text ends where a key is expected at line 1 column 93",
        );
        check(
            &format!(r#"{{{HEAD},"request":{{"dryRun":3,"uid":"u"}}}}"#),
            "request.dryRun: found the number 3, expected a boolean at line 1 column 82",
        );
        check(
            r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{"uid":"u"}}"#,
            "apiVersion: found \"admission.k8s.io/v1beta1\", expected admission.k8s.io/v1",
        );
        check(
            r#"{"apiVersion":"admission.k8s.io/v1","request":{"uid":"u"}}"#,
            "kind: found \"\", expected AdmissionReview",
        );
        check(
            &format!(r#"{{{HEAD},"request":{{"uid":"u"}}}} {{}}"#),
            "something follows the end at line 1 column 85",
        );
    }

    #[test]
    fn what_is_nested_too_deep_is_answered() {
        let text = format!(r#"{{{HEAD},"request":{{"object":[[[]]],"uid":"u"}}}}"#);
        assert!(read(&text, 5).unwrap().request.is_ok());
        let review = read(&text, 4).unwrap();
        let error = review.request.unwrap_err().to_string();
        let expect = "request.object: lists and objects are nested too deep at line 1 column 84";
        assert_eq!((review.uid.as_ref(), error.as_str()), ("u", expect));
    }

    #[test]
    fn without_a_uid_there_is_nothing_to_answer() {
        for text in [
            "",
            "null",
            "{}",
            "[]",
            "\u{0}",
            r#"{"request":null}"#,
            r#"{"request":{"uid":""}}"#,
            r#"{"request":{"uid":7}}"#,
            r#"{"request":{"#,
        ] {
            assert!(read(text, DEEPEST).is_err(), "{text}");
        }
    }
}
