//! What is seen of tenants in the cluster, and what their conditions are.

use std::collections::HashMap;

use crate::policy::documents::{Seal, TenantStatus, Truth};
use crate::policy::{Flaw, Said, mistakes};
use crate::state::{Namespaces, Seals, Snapshot};

/// How many names a message tells.
const MOST_NAMES: usize = 20;

/// What is seen of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Seen {
    /// How many namespaces are its own.
    pub(super) namespaces: usize,
    /// Those of them that are not sealed.
    pub(super) unsealed: Vec<String>,
    /// Those that its document names and that have no tenant label yet.
    adopting: Vec<String>,
    /// Those that its document names and that have another label, with that.
    elsewhere: Vec<(String, String)>,
}

/// What is seen of each tenant, whether there is a Tenant of that name or not.
pub(super) fn seen(snapshot: &Snapshot) -> HashMap<String, Seen> {
    let mut all: HashMap<String, Seen> = HashMap::new();
    let Namespaces::Watched(known) = &*snapshot.namespaces else { return all };
    let is_sealed = |name: &String| match &snapshot.seals {
        Seals::Unwatched => false,
        Seals::Watched(sealed) => sealed.contains(name),
    };
    for (name, namespace) in known {
        let label = namespace.tenant.as_deref();
        let claim = snapshot.tenants.claim(name).map(|tenant| tenant.name.as_str());
        if let Some(tenant) = label.or(claim) {
            let seen = all.entry(tenant.to_owned()).or_default();
            seen.namespaces += 1;
            if !is_sealed(name) {
                seen.unsealed.push(name.clone());
            }
        }
        match (claim, label) {
            (Some(claim), None) => {
                all.entry(claim.to_owned()).or_default().adopting.push(name.clone());
            }
            (Some(claim), Some(label)) if claim != label => {
                let elsewhere = (name.clone(), label.to_owned());
                all.entry(claim.to_owned()).or_default().elsewhere.push(elsewhere);
            }
            _ => {}
        }
    }
    for Seen { unsealed, adopting, elsewhere, .. } in all.values_mut() {
        unsealed.sort_unstable();
        adopting.sort_unstable();
        elsewhere.sort_unstable();
    }
    all
}

/// A word for programs and why, for people.
type Reason = (&'static str, String);

/// The conditions of a tenant, of which the documents say this, if it is one that can be used.
pub(super) fn conditions_of(
    of_documents: Option<&TenantStatus>,
    seen: &Seen,
    flaws: &[Flaw],
) -> Vec<Said> {
    let sealed = sealed(of_documents, seen);
    let adopting = (!seen.adopting.is_empty()).then(|| {
        let names = names(seen.adopting.iter().map(|name| format!("`{name}`")));
        ("Adopting", format!("without the tenant's label, and so not guarded yet: {names}"))
    });
    let elsewhere = (!seen.elsewhere.is_empty()).then(|| {
        let said = seen.elsewhere.iter().map(|(name, label)| format!("`{name}` (`{label}`)"));
        ("LabelStands", format!("the label of another tenant stands and holds: {}", names(said)))
    });
    let open = (sealed.status == Truth::False && sealed.reason != "Planned")
        .then(|| (sealed.reason, sealed.message.clone()));
    let unread = (of_documents.is_none() && flaws.is_empty())
        .then(|| ("NotInForce", "the document is not in force".to_owned()));
    let wrong = [mistakes(flaws), unread, elsewhere, adopting, open];
    let isolated = Said {
        kind: "Isolated",
        status: Truth::Unknown,
        reason: "NotProven",
        message: "nothing proves or disproves it yet".to_owned(),
    };
    vec![ready(wrong.into_iter().flatten().collect()), sealed, isolated]
}

fn ready(wrong: Vec<Reason>) -> Said {
    let (status, reason) = match wrong.first() {
        Some((reason, _)) => (Truth::False, *reason),
        None => (Truth::True, "InForce"),
    };
    let messages: Vec<String> = wrong.into_iter().map(|(_, message)| message).collect();
    let message = match status {
        Truth::True => "all that the document says is in force".to_owned(),
        _ => messages.join("; "),
    };
    Said { kind: "Ready", status, reason, message }
}

fn sealed(of_documents: Option<&TenantStatus>, seen: &Seen) -> Said {
    let profile = of_documents.and_then(|status| status.effective_profile.as_ref());
    let (status, reason, message) = match profile {
        None => {
            (Truth::Unknown, "NotInForce", "nothing says what its namespaces must hold".to_owned())
        }
        Some(profile) if profile.seal == Some(Seal::Plan) => {
            (Truth::False, "Planned", "the profile says to lay nothing".to_owned())
        }
        Some(_) if seen.unsealed.is_empty() => {
            (Truth::True, "Sealed", "each namespace holds what closes it".to_owned())
        }
        Some(_) => {
            let names = names(seen.unsealed.iter().map(|name| format!("`{name}`")));
            (Truth::False, "Unsealed", format!("not closed: {names}"))
        }
    };
    Said { kind: "Sealed", status, reason, message }
}

/// The first of them, and how many more there are.
fn names(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(MOST_NAMES);
    let mut names: Vec<String> = all.take(MOST_NAMES).collect();
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}
