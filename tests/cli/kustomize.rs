//! `ringfence review` of kustomize's folders.

use super::program::session;

#[test]
fn fragments_are_not_judged_and_resources_are() {
    insta::assert_snapshot!(session(&[
        &["review", "kustomize"],
        &["review", "-o", "json", "kustomize/base"],
        // Nothing tells what it is.
        &["review", "kustomize/overlay/host.yaml"],
        &["review", "--fix", "--dry-run", "kustomize/overlay"],
    ]));
}
