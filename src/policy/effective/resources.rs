//! `seal`, `quota` and `limits`: what the controller lays in each namespace. The figures are those
//! of the documents alone; the built-in ones stand below them in the seal.

use std::collections::BTreeMap;

use super::Tightener;
use crate::policy::documents::Limits;
use crate::policy::values::Quantity;

/// Amounts by resource.
pub type Amounts = BTreeMap<String, Quantity>;

/// A LimitRange of containers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerLimits {
    /// Limits of containers that have none.
    pub default: Amounts,
    /// Requests of containers that have none.
    pub default_request: Amounts,
}

/// What a profile's section comes to by itself.
pub(super) fn limits(own: Option<&Limits>) -> ContainerLimits {
    let own = own.cloned().unwrap_or_default();
    ContainerLimits {
        default: own.default.unwrap_or_default(),
        default_request: own.default_request.unwrap_or_default(),
    }
}

impl Tightener<'_> {
    pub(super) fn limits(
        &mut self,
        base: &ContainerLimits,
        own: Option<&Limits>,
    ) -> ContainerLimits {
        let Some(own) = own else { return base.clone() };
        let request = own.default_request.as_ref();
        ContainerLimits {
            default: self.amounts("limits", "/default", &base.default, own.default.as_ref()),
            default_request: self.amounts(
                "limits",
                "/defaultRequest",
                &base.default_request,
                request,
            ),
        }
    }

    /// Each amount may be lower than the profile's, or of a resource that it does not name.
    pub(super) fn amounts(
        &mut self,
        field: &'static str,
        below: &str,
        base: &Amounts,
        own: Option<&Amounts>,
    ) -> Amounts {
        let mut effective = base.clone();
        for (resource, wanted) in own.into_iter().flatten() {
            match base.get(resource).filter(|held| wanted > *held) {
                Some(held) if !self.field_may_loosen(field) => {
                    self.loosens(
                        field,
                        format!("`{wanted}` for {resource} is looser than `{held}`"),
                    );
                    if let Some(last) = self.found.last_mut() {
                        let key = resource.replace('~', "~0").replace('/', "~1");
                        last.tenant = format!("/{field}{below}/{key}");
                        last.profile.insert(0, last.tenant.clone());
                    }
                }
                _ => {
                    effective.insert(resource.clone(), wanted.clone());
                }
            }
        }
        effective
    }
}
