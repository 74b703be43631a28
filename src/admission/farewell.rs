//! What follows where a document of ours goes. It is told and never refused: tools delete in any order, and
//! what goes must be able to.

use super::case::Case;
use crate::domain::{Code, FieldPath, Finding, Fix, counted, first_of, sanitise};
use crate::policy::builtin_profiles;
use crate::policy::documents::PlatformSpec;
use crate::rules::{self, Report};
use crate::state::{Namespaces, Snapshot};

/// What follows, a warning for each thing, from the deletion of the document that a case is about.
pub(super) fn farewell(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(rule) = rules::rule(Code::Misfit) else { return findings };
    let name = case.request.object_name();
    let (snapshot, kind) = (case.snapshot, case.resource.kind);
    let told = match kind {
        "Tenant" => tenant(snapshot, &name),
        "Profile" => profile(snapshot, &name),
        "Platform" => platform(&snapshot.tenants.platform.spec),
        // What permits something closes behind itself.
        _ => Vec::new(),
    };
    let path = FieldPath::fields(&["metadata", "name"]);
    let mut report = Report::new(rule, &mut findings);
    for (what, follows, fix) in told {
        let found = format!("the deletion of {what}");
        report.add(path.clone(), found, follows, Fix::advice(fix));
    }
    findings
}

/// What goes, what follows, and what to do about it.
type Told = (String, String, &'static str);

fn tenant(snapshot: &Snapshot, name: &str) -> Vec<Told> {
    let Namespaces::Watched(all) = &*snapshot.namespaces else { return Vec::new() };
    let own = all.iter().filter(|(_, own)| own.tenant.as_deref() == Some(name));
    let mut own: Vec<&str> = own.map(|(name, _)| name.as_str()).collect();
    if own.is_empty() {
        return Vec::new();
    }
    own.sort_unstable();
    let what = format!("a Tenant with {}", counted(own.len(), "namespace"));
    let follows = format!("no pod comes into them any more, their seals stay: {}", names(&own));
    vec![(what, follows, "use ringfence tenant offboard, or make the Tenant again")]
}

fn profile(snapshot: &Snapshot, name: &str) -> Vec<Told> {
    const FIX: &str = "have them name another first, or make the Profile again";
    let built_in = |name: &str| {
        builtin_profiles().iter().any(|own| own.name.ends_with(&format!("/{name}.yaml")))
    };
    let to = if built_in(name) { name } else { "restricted" };
    let named = |profile: Option<&str>| profile.unwrap_or("restricted") == name;
    let tenants = snapshot.tenants.iter();
    let own = tenants.filter(|own| named(own.spec.profile.as_ref().map(|own| own.as_str())));
    let own: Vec<&str> = own.map(|own| own.name.as_str()).collect();
    let mut told = Vec::new();
    if !own.is_empty() {
        let what = format!("the Profile of {}", counted(own.len(), "tenant"));
        let follows = format!("they are held to the built-in {to}: {}", names(&own));
        told.push((what, follows, FIX));
    }
    let unowned = snapshot.tenants.platform.spec.unowned.as_ref();
    if unowned.is_some_and(|own| own.profile.as_str() == name) {
        let follows = match built_in(name) {
            true => format!("they are held to the built-in {to}"),
            false => "nothing is asked of them any more".to_owned(),
        };
        told.push(("the Profile of namespaces without a tenant".to_owned(), follows, FIX));
    }
    told
}

fn platform(spec: &PlatformSpec) -> Vec<Told> {
    let some = |list: Option<usize>| list.is_some_and(|count| count > 0);
    let follows = [
        (spec.rehearsal == Some(true), "what was only warned of is refused"),
        (
            some(spec.administrators.as_ref().map(Vec::len)),
            "who is listed as administrator is so by RBAC alone",
        ),
        (some(spec.shared.as_ref().map(Vec::len)), "the platform's services are closed to tenants"),
        (spec.unowned.is_some(), "nothing is asked of namespaces without a tenant"),
        (
            spec.cluster.is_some(),
            "what it says of the cluster's addresses and of DNS counts no more",
        ),
        (
            some(spec.reserved_names.as_ref().map(Vec::len))
                || some(spec.frozen_keys.as_ref().map(Vec::len))
                || some(spec.reserved_pod_labels.as_ref().map(Vec::len)),
            "of names and keys only the built-in ones are reserved",
        ),
    ];
    let told = follows.into_iter().filter(|(holds, _)| *holds).map(|(_, follows)| {
        ("the Platform".to_owned(), follows.to_owned(), "make the Platform again")
    });
    told.collect()
}

/// Names, as many as a warning's line bears.
fn names(all: &[&str]) -> String {
    first_of(all, 4, |name| sanitise(name, 24).into_owned()).join(", ")
}
