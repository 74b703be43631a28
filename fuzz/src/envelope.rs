//! The envelope of a review, against a naive reading.

use ringfence::objects::json::DEEPEST;
use ringfence::review::envelope::{read, uid};

use super::dice;
use super::schema::{REVIEW, Shape, UID, decoded};
use super::tree::{self, Tree};

/// A review.
pub fn run(data: &[u8]) {
    let text = dice::input(data, |dice| REVIEW.made(dice).to_string());
    the_uid(&text);
    for levels in [DEEPEST, 6] {
        the_request(&text, levels);
    }
}

/// What nobody reads yet, and of which only the end is looked for.
const OBJECTS: [&[&str]; 2] = [&["request", "object"], &["request", "oldObject"]];

/// What Go reads in a text, if anything; of objects that are no JSON as much as ends them.
fn naive(shape: &Shape, loose: &[&[&str]], text: &str, levels: usize) -> Option<Tree> {
    let tree = tree::read_loosely(text, levels, loose)?;
    let read = decoded(shape, None, &tree).ok()?;
    Some(read.unwrap_or(Tree::Null))
}

fn the_uid(text: &str) {
    let found = uid(text);
    if let Ok(found) = &found {
        assert!(!found.is_empty());
    }
    if let Some(expect) = naive(&UID, &[], text, DEEPEST) {
        let expect = expect.at(&["request", "uid"]).text();
        assert_eq!(found.as_deref().unwrap_or_default(), expect, "{text:?}");
    }
}

fn the_request(text: &str, levels: usize) {
    let expect = naive(&REVIEW, &OBJECTS, text, levels)
        .filter(|own| own.at(&["apiVersion"]).text() == "admission.k8s.io/v1")
        .filter(|own| own.at(&["kind"]).text() == "AdmissionReview")
        .map(|own| own.at(&["request"]).clone())
        .filter(|own| *own != Tree::Null);
    let Ok(review) = read(text, levels) else {
        assert!(uid(text).is_err(), "a uid that can be read is answered: {text:?}");
        return;
    };
    assert!(!review.uid.is_empty());
    assert_eq!(review.request.is_ok(), expect.is_some(), "{text:?}: {:?}", review.request);
    let (Ok(request), Some(expect)) = (review.request, expect) else { return };
    let own = expect.at(&["uid"]).text();
    if !own.is_empty() {
        assert_eq!(review.uid, own, "{text:?}");
    }
    let found = [
        (&request.uid, &["uid"][..]),
        (&request.kind.group, &["kind", "group"]),
        (&request.kind.version, &["kind", "version"]),
        (&request.kind.kind, &["kind", "kind"]),
        (&request.resource.group, &["resource", "group"]),
        (&request.resource.version, &["resource", "version"]),
        (&request.resource.resource, &["resource", "resource"]),
        (&request.subresource, &["subResource"]),
        (&request.name, &["name"]),
        (&request.namespace, &["namespace"]),
        (&request.verb, &["operation"]),
        (&request.user.username, &["userInfo", "username"]),
    ];
    for (found, at) in found {
        assert_eq!(found.as_ref(), expect.at(at).text(), "{at:?} of {text:?}");
    }
    let groups = expect.at(&["userInfo", "groups"]).items().iter().map(Tree::text);
    assert!(request.user.groups.iter().eq(groups), "{text:?}");
    assert_eq!(request.dry_run, *expect.at(&["dryRun"]) == Tree::Bool(true), "{text:?}");
    the_object(request.object.text(), expect.at(&["object"]));
    the_object(request.old_object.text(), expect.at(&["oldObject"]));
    // What is made of them on the way.
    let _ = (request.operation(), request.requester());
    assert!(request.name.is_empty() || request.object_name() == request.name);
}

fn the_object(found: Option<&str>, expect: &Tree) {
    let found = found
        .map(|text| tree::read(text, DEEPEST).unwrap_or_else(|| Tree::Broken(text.to_owned())));
    assert_eq!(found.as_ref().unwrap_or(&Tree::Null), expect);
}
