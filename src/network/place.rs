//! Where something stands in an object that is in no file.

/// The path to what an RFC 6901 pointer names, as people write it; of the whole object where it comes from:
/// `spec.ingress[0]` of `/spec/ingress/0`, `the cluster` of nothing.
#[must_use]
pub fn place_in(source: &str, pointer: &str) -> String {
    if pointer.is_empty() {
        return source.to_owned();
    }
    let mut text = String::new();
    for step in pointer.split('/').skip(1) {
        if step.bytes().all(|byte| byte.is_ascii_digit()) {
            text.push_str(&format!("[{step}]"));
        } else {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(step);
        }
    }
    text
}
