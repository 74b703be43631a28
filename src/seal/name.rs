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
    let hash = short(own);
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
    format!("{:032x}", fnv(text))
}

/// The same folded to 64 bits: its lower half alone mixes little.
fn short(text: &str) -> String {
    let whole = fnv(text);
    format!("{:016x}", (whole >> 64) ^ (whole & u128::from(u64::MAX)))
}

fn fnv(text: &str) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    text.bytes().fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
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
        check(&long, "ringfence-grant-ingress-bbbbbbbbbbbbbbbbbbbbb--03b6caa6ec6daf82");
        check("a.b", "ringfence-grant-ingress-a-b--25e0deac7b9c06c6");
        check("a-b", "ringfence-grant-ingress-a-b");
        check("system:Admin", "ringfence-grant-ingress-system-admin--be8e9b4353c5a3e0");
        check("a--b", "ringfence-grant-ingress-a--b--d176470493ed630f");
        check("::", "ringfence-grant-ingress--5220e7f2c0cdafa4");
    }

    #[test]
    fn no_two_are_called_the_same() {
        let long = |end: &str| format!("{}{end}", "a".repeat(60));
        let mut owns: Vec<String> =
            ["a.b", "a-b", "a_b", "A-b", "a--b", "--", ":"].map(ToOwned::to_owned).into();
        owns.extend(["1", "2", ".1", ".2"].map(long));
        // What is called as another comes out.
        let hashed: Vec<String> = owns.iter().map(|own| name("p", own)).collect();
        owns.extend(
            hashed.iter().filter_map(|name| name.strip_prefix("p-")).map(ToOwned::to_owned),
        );
        owns.sort();
        owns.dedup();
        let names: std::collections::BTreeSet<String> =
            owns.iter().map(|own| name("p", own)).collect();
        assert_eq!((owns.len(), names.len()), (19, 19), "{names:?}");
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // The empty text, and the test vectors of draft-eastlake-fnv for `a` and `foobar`.
        assert_eq!(hash(""), "6c62272e07bb014262b821756295c58d");
        assert_eq!(hash("a"), "d228cb696f1a8caf78912b704e4a8964");
        assert_eq!(hash("foobar"), "343e1662793c64bf6f0d3597ba446f18");
    }
}
