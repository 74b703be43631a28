//! Image references and patterns of them, against a naive form of the distribution grammar.

use ringfence::domain::{ImagePattern, Reference};

/// One reference and two patterns, a line each.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let image = lines.next().unwrap_or_default();
    reference(image);
    let patterns: Vec<ImagePattern> = lines.by_ref().take(2).filter_map(pattern).collect();
    if let ([one, other], Ok(image)) = (&patterns[..], Reference::parse(image))
        && one.contains(other)
        && other.matches(&image)
    {
        assert!(one.matches(&image), "{one} contains {other}, and not its {image}");
    }
}

fn reference(text: &str) {
    let parsed = Reference::parse(text);
    let found = parsed.as_ref().ok().map(|own| Naive {
        domain: own.domain().to_owned(),
        path: own.segments().collect::<Vec<_>>().join("/"),
        tag: own.tag().map(str::to_owned),
        digest: own.digest().map(str::to_owned),
    });
    assert_eq!(found, naive(text), "{text:?}");
    if let Ok(own) = parsed {
        let printed = own.to_string();
        let again = Reference::parse(&printed).expect("what is printed is a reference");
        assert_eq!(again.to_string(), printed);
        assert_eq!((again.domain(), again.tag()), (own.domain(), own.tag()), "{text:?}");
        assert!(again.segments().eq(own.segments()), "{text:?}");
        assert_eq!((again.digest(), again.is_latest()), (own.digest(), own.is_latest()));
    }
}

/// A pattern, if the text is one, held to its laws.
fn pattern(text: &str) -> Option<ImagePattern> {
    let pattern: ImagePattern = text.parse().ok()?;
    let printed = pattern.to_string();
    assert_eq!(printed.parse().as_ref(), Ok(&pattern), "{text:?}");
    assert!(pattern.contains(&pattern), "{text:?}");
    let place = pattern.place();
    if let Ok(below) = Reference::parse(&format!("{place}/x/x")) {
        assert_eq!(pattern.matches(&below), pattern.is_wide(), "{text:?}");
    }
    // The place of all of a registry is no image of it.
    if let Ok(at) = Reference::parse(&place)
        && at.to_string() == place
    {
        assert_eq!(pattern.matches(&at), !pattern.is_wide(), "{text:?}");
    }
    Some(pattern)
}

#[derive(Debug, PartialEq, Eq)]
struct Naive {
    domain: String,
    path: String,
    tag: Option<String>,
    digest: Option<String>,
}

/// `ParseNormalizedNamed` by trying every way to take a text apart, less the first segments that it
/// takes for a registry and that are none.
fn naive(text: &str) -> Option<Naive> {
    if text.len() == 64 && hexadecimal(text) {
        return None;
    }
    let (domain, rest) = match text.split_once('/') {
        Some((first, rest)) if names_registry(first) => (first, rest.to_owned()),
        _ => ("docker.io", text.to_owned()),
    };
    let domain = if domain == "index.docker.io" { "docker.io" } else { domain };
    let rest = match domain {
        "docker.io" if !rest.contains('/') => format!("library/{rest}"),
        _ => rest,
    };
    let ends = || rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    let ways = ends().flat_map(|tag| ends().map(move |digest| (tag, digest)));
    let mut found = ways.filter(|(tag, digest)| tag <= digest).filter_map(|(tag_at, digest_at)| {
        let path = rest.get(..tag_at)?;
        let tag = optional(rest.get(tag_at..digest_at)?, ':')?;
        let digest = optional(rest.get(digest_at..)?, '@')?;
        let right = is_domain(domain)
            && path.len() <= 255
            && path.split('/').all(|part| is_component(part, true))
            && tag.is_none_or(is_tag)
            && digest.is_none_or(is_digest);
        right.then(|| Naive {
            domain: domain.to_owned(),
            path: path.to_owned(),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        })
    });
    let only = found.next();
    assert_eq!(found.next(), None, "the grammar has one reading of {text:?}");
    only
}

/// Nothing, or a mark and what follows it.
fn optional(text: &str, mark: char) -> Option<Option<&str>> {
    if text.is_empty() { Some(None) } else { text.strip_prefix(mark).map(Some) }
}

fn names_registry(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.to_lowercase() != first
}

fn is_domain(text: &str) -> bool {
    let digits = |port: &str| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit());
    let host = match text.rsplit_once(':') {
        Some((host, port)) if digits(port) && !port.contains(']') => host,
        _ => text,
    };
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(address) = address {
        return !address.is_empty() && address.chars().all(|c| c == ':' || c.is_ascii_hexdigit());
    }
    host.split('.').all(|label| {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        label.chars().all(inner) && edge(label.chars().next()) && edge(label.chars().last())
    })
}

/// A run of letters and digits, and then nothing, or one separator and the same again.
fn is_component(text: &str, first: bool) -> bool {
    let text = if first {
        text
    } else {
        let rest = text.trim_start_matches('-');
        let one = ["__", "_", "."].iter().find_map(|mark| text.strip_prefix(mark));
        match (rest.len() < text.len(), one) {
            (true, _) => rest,
            (false, Some(rest)) => rest,
            (false, None) => return text.is_empty(),
        }
    };
    let rest = text.trim_start_matches(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    rest.len() < text.len() && is_component(rest, false)
}

fn is_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=128).contains(&text.len())
        && text.starts_with(word)
        && text.chars().all(|c| word(c) || c == '.' || c == '-')
}

fn is_digest(text: &str) -> bool {
    [("sha256:", 64), ("sha384:", 96), ("sha512:", 128)].iter().any(|(algorithm, length)| {
        text.strip_prefix(algorithm).is_some_and(|hex| hex.len() == *length && hexadecimal(hex))
    })
}

fn hexadecimal(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}
