//! One document beside those in force, as a cluster sends it. Others may come later, in any order: what does
//! not fit yet is no mistake, and counts for nothing until it does.

use super::effective;
use super::fit::{self, Known};
use super::one::{Flaw, flaws};
use super::problems::Problems;
use super::read::{Loaded, Read};
use super::report::Source;
use super::tenants::Tenants;
use crate::policy::documents::TenantSpec;

/// What of a document, in JSON, that has no mistake does not fit to those in force.
#[must_use]
pub fn misfits(text: &str, tenants: &Tenants) -> Vec<Flaw> {
    let source = [Source { name: String::new(), text: String::new() }];
    let mut problems = Problems::of(&source);
    let mut read = Read::default();
    read.source(0, text, &mut problems);
    let shared = tenants.platform.spec.shared.iter().flatten();
    let known = Known {
        profiles: tenants.profiles.keys().cloned().collect(),
        tenants: tenants.iter().map(|tenant| tenant.name.to_string()).collect(),
        shared: shared.map(|service| service.name.to_string()).collect(),
    };
    fit::references(&read, known, &mut problems);
    fit::addresses(&read, &tenants.platform.ranges(), &mut problems);
    for own in &read.platforms {
        let claim = |name: &str| tenants.claim(name).map(|tenant| tenant.name.as_str());
        fit::tenants_places(own, claim, &mut problems);
    }
    for own in &read.tenants {
        claims(own, tenants, &mut problems);
        loosenings(own, tenants, &mut problems);
    }
    flaws(text, problems.into_found().into_iter().map(|(_, misfit)| misfit))
}

fn claims(own: &Loaded<TenantSpec>, tenants: &Tenants, problems: &mut Problems<'_>) {
    let names = own.spec.namespaces.iter().flat_map(|own| own.names.iter().flatten());
    for (index, name) in names.enumerate() {
        let other = tenants.claim(name.as_str()).filter(|it| it.name.as_str() != own.name);
        if let Some(other) = other {
            let place = own.place(&format!("/namespaces/names/{index}"));
            let message = format!("the namespace `{name}` is tenant `{}`'s already", other.name);
            problems.add(own.source, &place, message);
        }
    }
}

fn loosenings(own: &Loaded<TenantSpec>, tenants: &Tenants, problems: &mut Problems<'_>) {
    let name = own.spec.profile.as_ref().map_or("restricted", |profile| profile.as_str());
    let Some(base) = tenants.profiles.get(name) else { return };
    let (effective, loosenings) = effective::tenant(base, &own.spec);
    for loosening in loosenings {
        let message = format!("{}, which profile `{name}` says", loosening.message);
        let place = own.place(&loosening.tenant);
        problems.help(own.source, &place, message, Some(loosening.help()));
    }
    fit::forced(problems, own, &effective);
}
