//! References of images, by the distribution grammar.
//!
//! [`Reference::parse`] is `ParseNormalizedNamed` of github.com/distribution/reference v0.6, which
//! the kubelet and the container runtimes read images with: `nginx` is `docker.io/library/nginx`,
//! and the first segment is a registry only where it holds `.` or `:`, has an upper-case letter or is
//! `localhost`. The kubelet starts nothing that this grammar refuses, so what is refused here could
//! not have run; `tests/cluster` holds us to upstream on random references.
//!
//! One thing is refused that upstream takes: a first segment such as `my_registry.example`, which
//! counts as a registry by its `.` and is no host name by its `_`. Upstream then reads a reference
//! without any registry, and the runtimes go to that host all the same.
//!
//! Two things are not in a reference, and are the node's: which registry stands in for another
//! (mirrors), and where a runtime that is set up with short-name search looks for `nginx` (CRI-O's
//! `unqualified-search-registries`). Here `nginx` is Docker Hub's.
//!
//! Registries are compared as they are written: `Registry.example.com` is not `registry.example.com`,
//! and a port belongs to the name. A list of permitted ones then only refuses more.

mod pattern;
#[cfg(test)]
mod tests;

use std::fmt;

pub use pattern::{ImagePattern, InvalidImagePattern};

/// The registry of names without one.
const DOCKER_HUB: &str = "docker.io";
/// Its older name.
const DOCKER_INDEX: &str = "index.docker.io";
/// Where Docker Hub keeps images of one segment.
const LIBRARY: &str = "library";

/// The longest path, in bytes.
const LONGEST_PATH: usize = 255;
/// The longest tag, in bytes.
const LONGEST_TAG: usize = 128;
/// What stands for a tag and a digest that are both left out.
const LATEST: &str = "latest";

/// The algorithms of digests, and how many hexadecimal digits each has.
const ALGORITHMS: [(&str, usize); 3] = [("sha256", 64), ("sha384", 96), ("sha512", 128)];

/// An image: where it is, and which. Borrowed from the text that it was parsed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reference<'a> {
    domain: &'a str,
    /// Whether `library/` stands before `path`, unwritten.
    library: bool,
    path: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

/// Why a text is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum InvalidReference {
    /// Nothing stands there.
    #[error("no image is named")]
    Empty,
    /// 64 hexadecimal digits: the id of an image, which no registry serves.
    #[error("an image's id is not its name")]
    Identifier,
    /// The first segment counts as a registry, and is none.
    #[error("what stands before the first `/` is not a registry's name")]
    Registry,
    /// A segment of the path.
    #[error("a name has a-z and 0-9, with `.`, `_`, `__` or `-` between them")]
    Path,
    /// Too long a path.
    #[error("a name has at most 255 characters")]
    TooLong,
    /// A tag.
    #[error("a tag has at most 128 letters, digits, `_`, `.` and `-`")]
    Tag,
    /// A digest.
    #[error("a digest is `sha256:` and 64 of the characters 0-9 and a-f")]
    Digest,
}

impl<'a> Reference<'a> {
    /// Reads a reference.
    ///
    /// # Errors
    /// Why the text is none.
    pub fn parse(text: &'a str) -> Result<Self, InvalidReference> {
        if text.is_empty() {
            return Err(InvalidReference::Empty);
        }
        if text.len() == 64 && text.bytes().all(is_lower_hex) {
            return Err(InvalidReference::Identifier);
        }
        let (domain, rest) = split_domain(text);
        if !is_domain(domain) {
            return Err(InvalidReference::Registry);
        }
        // A path holds neither `@` nor `:`, and a digest's own `:` comes after its `@`.
        let (rest, digest) = split_once(rest, b'@');
        let (path, tag) = split_once(rest, b':');
        if !path.as_bytes().split(|byte| *byte == b'/').all(is_path_segment) {
            return Err(InvalidReference::Path);
        }
        let library = domain == DOCKER_HUB && !path.bytes().any(|byte| byte == b'/');
        let unwritten = if library { LIBRARY.len() + 1 } else { 0 };
        if path.len() + unwritten > LONGEST_PATH {
            return Err(InvalidReference::TooLong);
        }
        if !tag.is_none_or(is_tag) {
            return Err(InvalidReference::Tag);
        }
        if !digest.is_none_or(is_digest) {
            return Err(InvalidReference::Digest);
        }
        Ok(Self { domain, library, path, tag, digest })
    }

    /// The registry: a host, with its port where one is written.
    #[must_use]
    pub fn domain(&self) -> &'a str {
        self.domain
    }

    /// The segments of the path in the registry, at least one.
    pub fn segments(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let library = self.library.then_some(LIBRARY);
        library.into_iter().chain(self.path.split('/'))
    }

    /// The tag, where one is written.
    #[must_use]
    pub fn tag(&self) -> Option<&'a str> {
        self.tag
    }

    /// The digest, where one is written. Where there are both, runtimes go by the digest.
    #[must_use]
    pub fn digest(&self) -> Option<&'a str> {
        self.digest
    }

    /// The tag that the API server and the kubelet take for written: `latest` where there is neither
    /// tag nor digest.
    #[must_use]
    pub fn effective_tag(&self) -> Option<&'a str> {
        self.tag.or_else(|| self.digest.is_none().then_some(LATEST))
    }

    /// Whether what it names can be another image tomorrow by everybody's convention: `latest` or no
    /// tag, and no digest.
    #[must_use]
    pub fn is_latest(&self) -> bool {
        self.digest.is_none() && self.effective_tag() == Some(LATEST)
    }
}

impl fmt::Display for Reference<'_> {
    /// In full: `docker.io/library/nginx:1.27`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.domain)?;
        for segment in self.segments() {
            write!(f, "/{segment}")?;
        }
        if let Some(tag) = self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// What stands before the first `separator` of ASCII, and what stands behind it. The texts are short: a byte
/// at a time is quicker than setting out to search.
fn split_once(text: &str, separator: u8) -> (&str, Option<&str>) {
    let place = text.bytes().position(|byte| byte == separator);
    match place.and_then(|place| Some((text.get(..place)?, text.get(place + 1..)?))) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

/// The registry of a name, Docker Hub's where none is written, and the rest of it.
fn split_domain(text: &str) -> (&str, &str) {
    match split_once(text, b'/') {
        (DOCKER_INDEX, Some(rest)) => (DOCKER_HUB, rest),
        (first, Some(rest)) if names_registry(first) => (first, rest),
        _ => (DOCKER_HUB, text),
    }
}

/// Whether the first of several segments is taken for a registry. An upper-case letter makes it one
/// because paths have none.
fn names_registry(first: &str) -> bool {
    first == "localhost"
        || first.bytes().any(|byte| byte == b'.' || byte == b':' || byte.is_ascii_uppercase())
}

/// A host name or an address, and a port.
fn is_domain(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, Some(behind)) = split_once(rest, b']') else { return false };
            if address.is_empty() || !address.bytes().all(|b| b == b':' || b.is_ascii_hexdigit()) {
                return false;
            }
            let ("", port) = split_once(behind, b':') else { return false };
            (None, port)
        }
        None => {
            let (host, port) = split_once(text, b':');
            (Some(host), port)
        }
    };
    let is_port = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    port.is_none_or(is_port)
        && host.is_none_or(|it| it.as_bytes().split(|byte| *byte == b'.').all(is_host_label))
}

fn is_host_label(text: &[u8]) -> bool {
    !text.is_empty()
        && !text.starts_with(b"-")
        && !text.ends_with(b"-")
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// Lower-case letters and digits, with one separator at a time between them: `.`, `_`, `__` or any
/// number of `-`.
fn is_path_segment(text: &[u8]) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    // The separator that is open: nothing, `.`, `_`, `=` for `__`, or `-`. None may be at the start.
    let mut open = Some(b'.');
    for byte in text.iter().copied() {
        open = match (open, byte) {
            (_, byte) if alphanumeric(byte) => None,
            (None, b'.' | b'_' | b'-') => Some(byte),
            (Some(b'_'), b'_') => Some(b'='),
            (Some(b'-'), b'-') => Some(b'-'),
            _ => return false,
        };
    }
    open.is_none()
}

fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= LONGEST_TAG
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|byte| word(byte) || byte == b'.' || byte == b'-')
}

fn is_digest(text: &str) -> bool {
    let (algorithm, digits) = split_once(text, b':');
    digits.is_some_and(|digits| {
        ALGORITHMS.iter().any(|(name, length)| *name == algorithm && *length == digits.len())
            && digits.bytes().all(is_lower_hex)
    })
}

fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}
