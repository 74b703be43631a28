//! RF3: where images come from, how they are named, and when they are pulled.
//!
//! Every reference of a pod is looked at: of init, regular and ephemeral containers, and of volumes
//! that hold an image's files. References are parsed ([`Reference`]), never compared as text.
//!
//! A reference that cannot be read breaks a rule of its own, and is left out of the others so that
//! one mistake is told once; where a profile is milder with that rule than with another, it breaks
//! the other too: what cannot be read is never in a list.
//!
//! [`Reference`]: crate::domain::Reference

mod naming;
mod pull;
mod registry;
mod table;
mod view;

pub use table::RULES;
pub use view::{ImageView, ImagesView};

use super::{Concern, PodView, Report, Terms};
use crate::domain::{Code, FieldPath, Finding, Mode, TenantName};
use crate::policy::ImagePolicy;

/// Judges the images of a pod by every rule of the family that the terms do not ignore. The tenant is
/// named in what the developer reads.
pub fn judge_images(
    pod: &PodView<'_>,
    policy: &ImagePolicy,
    tenant: Option<&TenantName>,
    terms: &impl Terms,
    findings: &mut Vec<Finding>,
) {
    let mut view = ImagesView::of(pod, policy, tenant);
    for rule in RULES {
        let own = terms.mode(rule.code);
        if let Concern::Images(judge) = rule.concern
            && own != Mode::Ignore
        {
            view.unreadable_break = own > terms.least(Code::ImageReference);
            let permits = |at: &FieldPath| terms.permit(rule.code, at);
            judge(&view, &mut Report::new(rule, findings).permitting(&permits));
        }
    }
}

#[cfg(test)]
mod tests;
