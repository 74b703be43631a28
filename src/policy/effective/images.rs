//! The `images` section: where a tenant's images may come from, and how they are named and pulled.

use super::{Tightener, show};
use crate::domain::ImagePattern;
use crate::policy::documents::{Images, PullPolicy};

/// What a tenant's images are held to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePolicy {
    /// Where they may come from; `None` is anywhere.
    pub registries: Option<Vec<ImagePattern>>,
    /// Whether each must be named by its digest.
    pub require_digest: bool,
    /// Whether `latest` and no tag are refused where there is no digest.
    pub forbid_latest: bool,
    /// The pull policies that there may be, in order; `None` is any.
    pub pull_policies: Option<Vec<PullPolicy>>,
    /// The pull policy that each is given, whatever it says.
    pub force_pull_policy: Option<PullPolicy>,
}

impl ImagePolicy {
    /// The pull policies that are admitted; `None` is any. Where one is forced and no list says more,
    /// it is the only one: it counts too where filling in was missed.
    #[must_use]
    pub fn admitted_pull_policies(&self) -> Option<&[PullPolicy]> {
        let forced = self.force_pull_policy.as_ref().map(std::slice::from_ref);
        self.pull_policies.as_deref().or(forced)
    }

    /// The policy that is forced although no list admits it, if there is such a contradiction.
    pub(in crate::policy) fn contradiction(&self) -> Option<PullPolicy> {
        let admitted = self.pull_policies.as_ref()?;
        self.force_pull_policy.filter(|forced| !admitted.contains(forced))
    }
}

impl PullPolicy {
    /// As in a pod.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}

/// What a profile's section comes to by itself.
pub(super) fn images(own: Option<&Images>) -> ImagePolicy {
    let own = own.cloned().unwrap_or_default();
    ImagePolicy {
        registries: own.registries,
        require_digest: own.require_digest.unwrap_or(false),
        forbid_latest: own.forbid_latest.unwrap_or(true),
        pull_policies: own.pull_policies.map(sorted),
        force_pull_policy: own.force_pull_policy,
    }
}

fn sorted(mut policies: Vec<PullPolicy>) -> Vec<PullPolicy> {
    policies.sort_unstable();
    policies.dedup();
    policies
}

impl Tightener<'_> {
    /// A tenant's section over its profile's. Of a list that reaches further than the profile's, what
    /// lies in both holds.
    pub(super) fn images(&mut self, base: &ImagePolicy, own: Option<&Images>) -> ImagePolicy {
        let Some(own) = own else { return base.clone() };
        ImagePolicy {
            registries: self.registries(base.registries.as_ref(), own.registries.as_ref()),
            require_digest: self.never_off(
                "images.requireDigest",
                base.require_digest,
                own.require_digest,
            ),
            forbid_latest: self.never_off(
                "images.forbidLatest",
                base.forbid_latest,
                own.forbid_latest,
            ),
            pull_policies: self
                .pull_policies(base.pull_policies.as_ref(), own.pull_policies.as_ref()),
            force_pull_policy: self.forced(base.force_pull_policy, own.force_pull_policy),
        }
    }

    fn registries(
        &mut self,
        base: Option<&Vec<ImagePattern>>,
        own: Option<&Vec<ImagePattern>>,
    ) -> Option<Vec<ImagePattern>> {
        let field = "images.registries";
        let (Some(held), Some(wanted)) = (base, own) else { return own.or(base).cloned() };
        if self.field_may_loosen(field) {
            return own.cloned();
        }
        let mut effective = Vec::new();
        for (index, own) in wanted.iter().enumerate() {
            if held.iter().any(|held| held.contains(own)) {
                effective.push(own.clone());
            } else {
                effective.extend(held.iter().filter(|held| own.contains(held)).cloned());
                self.loosens_item(field, index, format!("`{own}` is not within {}", listed(held)));
            }
        }
        Some(effective)
    }

    fn pull_policies(
        &mut self,
        base: Option<&Vec<PullPolicy>>,
        own: Option<&Vec<PullPolicy>>,
    ) -> Option<Vec<PullPolicy>> {
        let field = "images.pullPolicies";
        let wanted = own.map(|own| sorted(own.clone()));
        let (Some(held), Some(wanted)) = (base, &wanted) else { return wanted.or(base.cloned()) };
        if self.field_may_loosen(field) {
            return Some(wanted.clone());
        }
        for (index, own) in own.into_iter().flatten().enumerate() {
            if !held.contains(own) {
                let names: Vec<_> = held.iter().map(|held| held.as_str()).collect();
                let message = format!("`{}` is not within {}", own.as_str(), listed(&names));
                self.loosens_item(field, index, message);
            }
        }
        Some(wanted.iter().copied().filter(|own| held.contains(own)).collect())
    }

    /// A switch that a tenant may turn on and not off.
    fn never_off(&mut self, field: &'static str, base: bool, own: Option<bool>) -> bool {
        match own {
            Some(false) if base && !self.field_may_loosen(field) => {
                self.loosens(field, "`false` is looser than `true`".to_owned());
                true
            }
            Some(own) => own,
            None => base,
        }
    }

    fn forced(&mut self, base: Option<PullPolicy>, own: Option<PullPolicy>) -> Option<PullPolicy> {
        let field = "images.forcePullPolicy";
        match (base, own) {
            (Some(held), Some(wanted)) if held != wanted && !self.field_may_loosen(field) => {
                self.loosens(field, format!("{} is not {}", show(&wanted), show(&held)));
                base
            }
            _ => own.or(base),
        }
    }

    /// As [`loosens`](Self::loosens), of one item of a list.
    pub(super) fn loosens_item(&mut self, field: &'static str, index: usize, message: String) {
        self.loosens(field, message);
        if let Some(last) = self.found.last_mut() {
            last.tenant = format!("{}/{index}", last.tenant);
        }
    }
}

/// `[a, b]`, or `[]`
pub(super) fn listed(items: &[impl ToString]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    format!("`[{}]`", items.join(", "))
}
