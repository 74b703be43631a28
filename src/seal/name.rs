//! Names of objects, and the hash that tells two texts apart.

/// The longest name that all kinds take: an RFC 1123 label.
const LONGEST: usize = 63;

/// What stands before the hash in a name that has one. A name without a hash never holds it, so that
/// the two cannot collide.
const MARK: &str = "--";

/// The name of an object that is made for something that has a name itself: `prefix-own`, and where that
/// is no RFC 1123 label or is too long, `prefix-` with what fits of it and a hash of all.
pub(super) fn name(prefix: &str, own: &str) -> String {
    let whole = format!("{prefix}-{own}");
    if whole.len() <= LONGEST && is_label(own) && !own.contains(MARK) {
        return whole;
    }
    let hash = hash(own).split_off(16);
    let room = LONGEST.saturating_sub(prefix.len() + 1 + MARK.len() + hash.len());
    let head: String = own.chars().take(room).map(plain).collect();
    match head.trim_matches('-') {
        "" => format!("{prefix}{MARK}{hash}"),
        head => format!("{prefix}-{head}{MARK}{hash}"),
    }
}

fn plain(character: char) -> char {
    let lower = character.to_ascii_lowercase();
    if lower.is_ascii_lowercase() || lower.is_ascii_digit() { lower } else { '-' }
}

fn is_label(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.chars().all(|character| plain(character) == character)
}

/// 128 bits of FNV-1a in hexadecimal. What is hashed is the platform's, and two texts of one hash would
/// open nothing: one object would stand for both.
pub(super) fn hash(text: &str) -> String {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let step = |hash: u128, byte: u8| (hash ^ u128::from(byte)).wrapping_mul(PRIME);
    format!("{:032x}", text.bytes().fold(BASIS, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_where_it_can_be() {
        let check = |own: &str, expect: &str| {
            assert_eq!(name("ringfence-grant-ingress", own), expect);
        };
        check("web", "ringfence-grant-ingress-web");
        let longest = "a".repeat(LONGEST - "ringfence-grant-ingress-".len());
        check(&longest, &format!("ringfence-grant-ingress-{longest}"));
        let long = "b".repeat(40);
        check(&long, "ringfence-grant-ingress-bbbbbbbbbbbbbbbbbbbbb--5e32fc232861830d");
        check("a.b", "ringfence-grant-ingress-a-b--836dbc7978175ee4");
        check("a-b", "ringfence-grant-ingress-a-b");
        check("system:Admin", "ringfence-grant-ingress-system-admin--cf03a643b32b3fc9");
        check("a--b", "ringfence-grant-ingress-a--b--b806e976c2981178");
        check("::", "ringfence-grant-ingress--5aa073305566b44d");
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // The empty text, and the test vectors of draft-eastlake-fnv for `a` and `foobar`.
        assert_eq!(hash(""), "6c62272e07bb014262b821756295c58d");
        assert_eq!(hash("a"), "d228cb696f1a8caf78912b704e4a8964");
        assert_eq!(hash("foobar"), "343e1662793c64bf6f0d3597ba446f18");
    }
}
