//! Which images: one, or all below a path.

use std::fmt;
use std::str::FromStr;

use super::{InvalidReference, Reference};

/// One image whatever its tag and digest (`ghcr.io/example/app`), or every image below a registry or
/// a path at any depth, and not the path itself (`registry.example.com/*`,
/// `registry.example.com/team/*`).
///
/// What has no registry is completed as references are: `nginx` is `docker.io/library/nginx`, and
/// `example/*` is `docker.io/example/*`. `docker.io/*` is all of Docker Hub.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImagePattern {
    domain: String,
    /// Empty for all of a registry.
    path: Vec<String>,
    /// Whether it stands for what lies below the path, and not for the path.
    below: bool,
}

/// A text that is no pattern of images.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidImagePattern {
    /// No image without tag, and no path with `/*` behind it.
    #[error(
        "`{0}` is not a pattern of images: write an image without tag, or a path that ends in `/*`"
    )]
    Shape(String),
    /// A registry's name alone, which would be an image of Docker Hub.
    #[error(
        "`{0}` alone would be an image of Docker Hub: write `{0}/*` for all images of a registry"
    )]
    RegistryAlone(String),
    /// Right but for one part.
    #[error("`{text}` is not a pattern of images: {reason}")]
    Part {
        /// As it was written.
        text: String,
        /// What is wrong with it.
        reason: InvalidReference,
    },
}

impl ImagePattern {
    /// Whether the image is one of those that the pattern stands for.
    #[must_use]
    pub fn matches(&self, image: &Reference<'_>) -> bool {
        let mut theirs = image.segments();
        self.domain == image.domain()
            && self.path.iter().all(|own| theirs.next() == Some(own.as_str()))
            && theirs.next().is_some() == self.below
    }

    /// Whether every image that `other` stands for is one that this pattern stands for.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        let Some(rest) = other.path.strip_prefix(self.path.as_slice()) else { return false };
        let deeper = !rest.is_empty();
        self.domain == other.domain
            && if self.below { deeper || other.below } else { !deeper && !other.below }
    }

    /// Whether it stands for more than one image.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        self.below
    }

    /// Where its images are, without `/*`.
    #[must_use]
    pub fn place(&self) -> String {
        let mut text = self.domain.clone();
        for segment in &self.path {
            text.push('/');
            text.push_str(segment);
        }
        text
    }
}

impl FromStr for ImagePattern {
    type Err = InvalidImagePattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = || InvalidImagePattern::Shape(text.to_owned());
        let part = |reason| InvalidImagePattern::Part { text: text.to_owned(), reason };
        let base = text.strip_suffix("/*");
        if text.is_empty() || base.unwrap_or(text).contains(['*', '@']) {
            return Err(shape());
        }
        let Some(base) = base else {
            if !text.contains('/') && text.contains('.') || text == "localhost" {
                return Err(InvalidImagePattern::RegistryAlone(text.to_owned()));
            }
            let image = Reference::parse(text).map_err(part)?;
            if image.tag().is_some() {
                return Err(shape());
            }
            return Ok(Self::of(&image, 0));
        };
        // A registry alone has no path; with a path of two segments it is an image to the grammar,
        // and nothing is completed to `library/`.
        const BELOW: &str = "x/x";
        let image = format!("{base}/{BELOW}");
        let image = Reference::parse(&image).map_err(part)?;
        if image.tag().is_some() {
            return Err(shape());
        }
        Ok(Self { below: true, ..Self::of(&image, 2) })
    }
}

impl ImagePattern {
    /// The pattern of an image, without the last segments.
    fn of(image: &Reference<'_>, without: usize) -> Self {
        let mut path: Vec<String> = image.segments().map(str::to_owned).collect();
        path.truncate(path.len().saturating_sub(without));
        Self { domain: image.domain().to_owned(), path, below: false }
    }
}

impl fmt::Display for ImagePattern {
    /// In full: `docker.io/library/nginx`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())?;
        f.write_str(if self.below { "/*" } else { "" })
    }
}
