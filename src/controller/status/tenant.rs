//! What is seen of tenants in the cluster, and what their conditions are.

use std::collections::{BTreeSet, HashMap};

use super::super::keeper::Barriers;
use crate::isolation::{Doubt, Standing};
use crate::policy::documents::{Seal, TenantStatus, Truth};
use crate::policy::{Flaw, Said, mistakes};
use crate::report::proof;
use crate::state::{Namespaces, SealState, Snapshot};

/// The condition that a tenant is isolated.
pub(super) const ISOLATED: &str = "Isolated";
/// Its reason before there is a proof.
pub(super) const NOT_PROVEN: &str = "NotProven";

/// How many names a message tells.
const MOST_NAMES: usize = 20;

/// What is seen of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Seen {
    /// How many namespaces are its own.
    pub(super) namespaces: usize,
    /// Those of them that are not sealed.
    pub(super) unsealed: Vec<String>,
    /// Those of these that are left open because there are more than it may have.
    over: Vec<String>,
    /// Those that its document names and that have no tenant label yet.
    adopting: Vec<String>,
    /// Those that its document names and that have another label, with that.
    elsewhere: Vec<(String, String)>,
}

/// What is seen of each tenant, whether there is a Tenant of that name or not.
pub(super) fn seen(snapshot: &Snapshot) -> HashMap<String, Seen> {
    let mut all: HashMap<String, Seen> = HashMap::new();
    let Namespaces::Watched(known) = &*snapshot.namespaces else { return all };
    for (name, namespace) in known {
        let label = namespace.tenant.as_deref();
        let claim = snapshot.tenants.claim(name).map(|tenant| tenant.name.as_str());
        if let Some(tenant) = label.or(claim) {
            let seen = all.entry(tenant.to_owned()).or_default();
            seen.namespaces += 1;
            let state = snapshot.seals.of(name);
            if state != Some(SealState::Sealed) {
                seen.unsealed.push(name.clone());
            }
            if state == Some(SealState::OverLimit) {
                seen.over.push(name.clone());
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
    for Seen { unsealed, over, adopting, elsewhere, .. } in all.values_mut() {
        unsealed.sort_unstable();
        over.sort_unstable();
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
    let over = over(seen).filter(|_| sealed.reason != "Planned");
    let open = (sealed.status == Truth::False && sealed.reason == "Unsealed")
        .then(|| (sealed.reason, sealed.message.clone()));
    let unread = (of_documents.is_none() && flaws.is_empty())
        .then(|| ("NotInForce", "the document is not in force".to_owned()));
    let wrong = [mistakes(flaws), unread, elsewhere, adopting, over, open];
    vec![ready(wrong.into_iter().flatten().collect()), sealed]
}

/// Whether a tenant is isolated from all others, of which a proof says this, if it says anything.
pub(super) fn isolated(standing: Option<&Standing>) -> Said {
    let (status, reason, message) = match standing {
        None => (Truth::Unknown, NOT_PROVEN, "nothing proves or disproves it yet".to_owned()),
        Some(Standing::Isolated) => (Truth::True, "Proven", format!("nothing {PASSES}")),
        Some(Standing::Granted) => {
            (Truth::True, "Granted", format!("nothing but what Grants permit {PASSES}"))
        }
        Some(Standing::Open(leak)) => (Truth::False, "Open", proof::sentence(leak)),
        Some(Standing::Unknown(doubts)) => {
            let reason = doubts.first().map_or(NOT_PROVEN, Doubt::word);
            let texts: Vec<String> = doubts.iter().map(ToString::to_string).collect();
            (Truth::Unknown, reason, texts.join("; "))
        }
    };
    Said { kind: ISOLATED, status, reason, message }
}

/// What nothing does.
const PASSES: &str = "passes between a pod that it could have and one of another tenant, if the CNI enforces policies";

/// Which namespaces are left open because there are more than the limit.
fn over(seen: &Seen) -> Option<Reason> {
    let names = || names(seen.over.iter().map(|name| format!("`{name}`")));
    (!seen.over.is_empty()).then(|| {
        ("OverLimit", format!("over the limit of namespaces, and so not closed: {}", names()))
    })
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
            let open = seen.unsealed.iter().filter(|name| !seen.over.contains(name));
            let open: Vec<String> = open.map(|name| format!("`{name}`")).collect();
            match over(seen).filter(|_| open.is_empty()) {
                Some((reason, message)) => (Truth::False, reason, message),
                None => {
                    let message = format!("not closed: {}", names(open.into_iter()));
                    (Truth::False, "Unsealed", message)
                }
            }
        }
    };
    Said { kind: "Sealed", status, reason, message }
}

/// How a tenant's barriers stand, where the cluster has a kind of them and the tenant is sealed. It says nothing
/// of whether the tenant is ready: what stands in its namespaces closes them without.
pub(super) fn barred(
    of_documents: Option<&TenantStatus>,
    tenant: &str,
    barriers: &Barriers,
) -> Option<Said> {
    let profile = of_documents?.effective_profile.as_ref()?;
    if barriers.kinds.is_empty() || profile.seal == Some(Seal::Plan) {
        return None;
    }
    let kinds = names(barriers.kinds.iter().map(|kind| (*kind).to_owned()));
    let left = barriers.left.get(tenant);
    let left: Vec<String> = left.into_iter().flatten().map(left_by).collect();
    let (status, reason, message) = if barriers.open.contains(tenant) {
        (Truth::False, "NotKept", format!("not as it must be: {kinds}"))
    } else if left.is_empty() {
        (Truth::True, "Kept", format!("every other tenant is denied by {kinds} too"))
    } else {
        (Truth::False, "Partly", left.join("; "))
    };
    Some(Said { kind: "Barred", status, reason, message })
}

fn left_by((kind, left): (&&'static str, &BTreeSet<String>)) -> String {
    let names = names(left.iter().map(|name| format!("`{name}`")));
    format!(
        "for what grants permit, {kind} leaves to the policies in the namespaces alone: {names}"
    )
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
