//! The images of a pod as the rules look at them.

use crate::domain::{FieldPath, InvalidReference, Reference, TenantName, sanitise};
use crate::objects::ContainerList;
use crate::policy::{ImagePolicy, PullPolicy};
use crate::rules::PodView;
use crate::rules::pod_security::ContainerView;

/// How much of a reference is shown: one of the longest names, or a usual one with its digest.
const SHOWN: usize = 300;

/// The images of a pod, and what they are held to.
pub struct ImagesView<'a> {
    pod: &'a PodView<'a>,
    /// What they are held to.
    pub policy: &'a ImagePolicy,
    /// Whose pod it is.
    pub tenant: Option<&'a TenantName>,
    /// Whether a reference that cannot be read breaks the rule at hand.
    pub(super) unreadable_break: bool,
    images: Vec<ImageView<'a>>,
}

/// A reference and where it stands.
pub struct ImageView<'a> {
    at: ImageAt<'a>,
    /// As it is written.
    pub text: &'a str,
    /// As it is read.
    pub reference: Result<Reference<'a>, InvalidReference>,
    /// The pull policy as it is written; empty where it is left out.
    written_policy: &'a str,
}

#[derive(Clone, Copy)]
enum ImageAt<'a> {
    Container(ContainerView<'a>),
    Volume(usize, &'a str),
}

impl<'a> ImagesView<'a> {
    pub(super) fn of(
        pod: &'a PodView<'a>,
        policy: &'a ImagePolicy,
        tenant: Option<&'a TenantName>,
    ) -> Self {
        let containers = pod.containers().map(|of| {
            let container = of.container;
            (ImageAt::Container(of), &*container.image, &*container.image_pull_policy)
        });
        let volumes = pod.pod.spec.volumes.iter().enumerate().filter_map(|(index, volume)| {
            let image = volume.image.as_ref()?;
            Some((ImageAt::Volume(index, &volume.name), &*image.reference, &*image.pull_policy))
        });
        let images = containers.chain(volumes).map(|(at, text, written_policy)| ImageView {
            at,
            text,
            reference: Reference::parse(text),
            written_policy,
        });
        let images = images.collect();
        Self { pod, policy, tenant, unreadable_break: false, images }
    }

    /// Every image, in the order of the pod's lists.
    pub fn images(&self) -> impl Iterator<Item = &ImageView<'a>> {
        self.images.iter()
    }

    /// The images that break a rule of this test.
    pub fn breaking(
        &self,
        test: impl Fn(&Reference<'_>) -> bool,
    ) -> impl Iterator<Item = &ImageView<'a>> {
        let unreadable = self.unreadable_break;
        self.images.iter().filter(move |image| image.reference.as_ref().map_or(unreadable, &test))
    }

    /// The path to an image's reference.
    #[must_use]
    pub fn path(&self, image: &ImageView<'_>) -> FieldPath {
        match image.at {
            ImageAt::Container(of) => self.pod.container(of).field("image"),
            ImageAt::Volume(index, name) => self.volume(index, name).field("reference"),
        }
    }

    /// The path to an image's pull policy, and the field's name.
    #[must_use]
    pub fn policy_path(&self, image: &ImageView<'_>) -> (FieldPath, &'static str) {
        let (at, field) = match image.at {
            ImageAt::Container(of) => (self.pod.container(of), "imagePullPolicy"),
            ImageAt::Volume(index, name) => (self.volume(index, name), "pullPolicy"),
        };
        (at.field(field), field)
    }

    fn volume(&self, index: usize, name: &str) -> FieldPath {
        self.pod.spec("volumes").item(index, name).field("image")
    }
}

impl ImageView<'_> {
    /// The reference in full, or as it is written where it cannot be read; safe to print.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.reference {
            Ok(reference) => sanitise(&reference.to_string(), SHOWN).into_owned(),
            Err(InvalidReference::Empty) => "nothing".to_owned(),
            Err(_) => format!("`{}`", sanitise(self.text, SHOWN)),
        }
    }

    /// The pull policy as it is written, if it is.
    #[must_use]
    pub fn written_policy(&self) -> Option<&str> {
        (!self.written_policy.is_empty()).then_some(self.written_policy)
    }

    /// The pull policy that the API server gives an image without one (kubernetes 1.37
    /// `pkg/apis/core/v1/defaults.go`). It goes by the tag even where there is a digest.
    #[must_use]
    pub fn default_policy(&self) -> PullPolicy {
        let tag = self.reference.as_ref().ok().and_then(Reference::effective_tag);
        if tag == Some("latest") { PullPolicy::Always } else { PullPolicy::IfNotPresent }
    }

    /// Whether it is an ephemeral container's: nobody writes those by hand.
    #[must_use]
    pub fn is_ephemeral(&self) -> bool {
        matches!(self.at, ImageAt::Container(of) if of.list == ContainerList::Ephemeral)
    }
}
