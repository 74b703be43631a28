//! How many namespaces a tenant may make, and which labels it may set on them.

use super::Tightener;
use crate::domain::Pattern;
use crate::policy::documents::{LabelKeys, NewNamespaces, TenantNamespaces};

/// What a tenant's owners may make of namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamespaceRules {
    /// How many there may be; `None` is any number.
    pub limit: Option<usize>,
    /// The labels that owners may set on them; `None` is all but frozen ones.
    pub label_keys: Option<LabelKeyRules>,
}

/// Keys of labels that may be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelKeyRules {
    /// Only these.
    Allow(Vec<Pattern>),
    /// All but these.
    Deny(Vec<Pattern>),
}

impl LabelKeyRules {
    fn of(keys: &LabelKeys) -> Self {
        match (&keys.allow, &keys.deny) {
            // Both cannot be: that is told where the document is read.
            (Some(allow), _) => Self::Allow(allow.clone()),
            (None, deny) => Self::Deny(deny.clone().unwrap_or_default()),
        }
    }

    /// Whether a key may be set.
    #[must_use]
    pub fn permit(&self, key: &str) -> bool {
        match self {
            Self::Allow(patterns) => patterns.iter().any(|pattern| pattern.matches(key)),
            Self::Deny(patterns) => !patterns.iter().any(|pattern| pattern.matches(key)),
        }
    }

    /// Why these keys are not tighter than `base`, if they are not.
    fn loosens(&self, base: &Self) -> Option<String> {
        let outside = |patterns: &[Pattern], wider: &[Pattern]| {
            let stray = patterns.iter().find(|own| !wider.iter().any(|wide| own.within(wide)));
            stray.map(ToString::to_string)
        };
        match (self, base) {
            (Self::Allow(own), Self::Allow(base)) => {
                outside(own, base).map(|stray| format!("`{stray}` is not within what may be set"))
            }
            (Self::Deny(own), Self::Deny(base)) => {
                outside(base, own).map(|left| format!("`{left}` is not denied any more"))
            }
            (Self::Allow(_), Self::Deny(_)) => {
                Some("`allow` cannot be compared with `deny`".to_owned())
            }
            (Self::Deny(_), Self::Allow(_)) => {
                Some("`deny` cannot be compared with `allow`".to_owned())
            }
        }
    }
}

/// What a profile's section comes to by itself.
pub(super) fn profile(own: Option<&NewNamespaces>) -> NamespaceRules {
    NamespaceRules {
        limit: own.and_then(|own| own.limit).map(|limit| limit.0 as usize),
        label_keys: own.and_then(|own| own.label_keys.as_ref()).map(LabelKeyRules::of),
    }
}

impl Tightener<'_> {
    pub(super) fn namespaces(
        &mut self,
        base: &NamespaceRules,
        own: Option<&TenantNamespaces>,
    ) -> NamespaceRules {
        let mut effective = base.clone();
        if let Some(limit) = own.and_then(|own| own.limit).map(|limit| limit.0 as usize) {
            let higher = base.limit.filter(|base| limit > *base);
            match higher.filter(|_| !self.field_may_loosen("namespaces.limit")) {
                Some(base) => {
                    let message = format!("limit {limit} is looser than {base}");
                    self.loosens("namespaces.limit", message);
                }
                None => effective.limit = Some(limit),
            }
        }
        if let Some(keys) = own.and_then(|own| own.label_keys.as_ref()).map(LabelKeyRules::of) {
            let looser = base.label_keys.as_ref().and_then(|base| keys.loosens(base));
            match looser.filter(|_| !self.field_may_loosen("namespaces.labelKeys")) {
                Some(message) => self.loosens("namespaces.labelKeys", message),
                None => effective.label_keys = Some(keys),
            }
        }
        effective
    }
}
