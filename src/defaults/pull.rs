//! The pull policy that a profile forces: the one thing that is overwritten. The API server fills
//! in a policy where there is none before it asks us, so that nobody can tell a choice from that.

use std::borrow::Cow;

use super::patch::Patch;
use super::pod::named;
use crate::objects::json::write;
use crate::objects::{Container, ContainerList, PodSpec};
use crate::policy::PullPolicy;

/// The images of one pod whose policy is another, and what it becomes.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct PullPlan(Vec<(ImageAt, &'static str)>);

/// Where an image is named.
#[derive(Debug, Clone, Copy, PartialEq)]
enum ImageAt {
    Container(ContainerList, usize),
    Volume(usize),
}

impl PullPlan {
    /// Every container and image volume of a pod.
    pub(super) fn pod(spec: &PodSpec<'_>, forced: Option<PullPolicy>) -> Self {
        let mut plan = Self::default();
        let Some(forced) = forced.map(PullPolicy::as_str) else { return plan };
        for list in ContainerList::ALL {
            plan.list(spec, list, forced, |_| true);
        }
        for (index, volume) in spec.volumes.iter().enumerate() {
            if volume.image.as_ref().is_some_and(|image| image.pull_policy != forced) {
                plan.0.push((ImageAt::Volume(index), forced));
            }
        }
        plan
    }

    /// The ephemeral containers that `added` says are new.
    pub(super) fn ephemeral(
        spec: &PodSpec<'_>,
        forced: Option<PullPolicy>,
        added: impl Fn(&Container<'_>) -> bool,
    ) -> Self {
        let mut plan = Self::default();
        if let Some(forced) = forced {
            plan.list(spec, ContainerList::Ephemeral, forced.as_str(), added);
        }
        plan
    }

    fn list(
        &mut self,
        spec: &PodSpec<'_>,
        list: ContainerList,
        forced: &'static str,
        included: impl Fn(&Container<'_>) -> bool,
    ) {
        for (index, container) in list.of(spec).iter().enumerate() {
            if included(container) && container.image_pull_policy != forced {
                self.0.push((ImageAt::Container(list, index), forced));
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn apply(&self, spec: &mut PodSpec<'_>) {
        for (at, forced) in &self.0 {
            let policy = match *at {
                ImageAt::Container(list, index) => list
                    .of_mut(spec)
                    .get_mut(index)
                    .map(|container| &mut container.image_pull_policy),
                ImageAt::Volume(index) => spec
                    .volumes
                    .get_mut(index)
                    .and_then(|volume| volume.image.as_mut())
                    .map(|image| &mut image.pull_policy),
            };
            if let Some(policy) = policy {
                *policy = Cow::Borrowed(forced);
            }
        }
    }

    pub(super) fn patch(&self, patch: &mut Patch) {
        for (at, forced) in &self.0 {
            let path = match at {
                ImageAt::Container(list, index) => {
                    format!("/spec/{}/{index}/imagePullPolicy", list.field())
                }
                ImageAt::Volume(index) => format!("/spec/volumes/{index}/image/pullPolicy"),
            };
            patch.add(&path, &write::text(forced));
        }
    }

    /// The paths, as the annotation says them.
    pub(super) fn paths(&self, spec: &PodSpec<'_>) -> Vec<String> {
        let path = |(at, _): &(ImageAt, _)| match *at {
            ImageAt::Container(list, index) => {
                let name = list.of(spec).get(index).map(|container| container.name.as_ref());
                format!("spec.{}[{}].imagePullPolicy", list.field(), named(name, index))
            }
            ImageAt::Volume(index) => {
                let name = spec.volumes.get(index).map(|volume| volume.name.as_ref());
                format!("spec.volumes[{}].image.pullPolicy", named(name, index))
            }
        };
        self.0.iter().map(path).collect()
    }
}
