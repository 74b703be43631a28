//! Documents → how they fit together: names that are there, namespaces that only one wants, tenants
//! within their profiles.

use std::collections::HashMap;
use std::sync::Arc;

use super::builtin::builtin_profiles;
use super::check::Checker;
use super::documents::{PlatformSpec, ProfileSpec, SubjectKind, TenantSpec};
use super::effective::{self, EffectiveProfile, Loosening, Permit};
use super::problems::{Lost, Problems};
use super::ranges::ClusterRanges;
use super::read::{Loaded, Read};
use super::report::did_you_mean;
use super::tenants::Tenants;
use crate::domain::TenantName;

pub(super) fn named<T>(
    documents: &[Loaded<T>],
    wanted: impl Fn(&Loaded<T>) -> bool,
) -> Vec<String> {
    documents
        .iter()
        .filter(|document| wanted(document))
        .map(|document| document.name.clone())
        .collect()
}

/// Documents on the way to fitting together.
pub(super) struct Set<'a> {
    pub(super) read: Read,
    pub(super) problems: Problems<'a>,
}

impl Set<'_> {
    /// Everything that is wrong, and every tenant with its profile.
    pub(super) fn tenants(&mut self) -> Tenants {
        self.twice();
        self.check();
        self.references();
        self.grants();
        self.claims();
        self.resolve()
    }

    /// Two documents of one kind and name.
    fn twice(&mut self) {
        let Self { read, problems } = self;
        twice("Platform", &read.platforms, problems);
        twice("Profile", &read.profiles, problems);
        twice("Tenant", &read.tenants, problems);
        twice("Exemption", &read.exemptions, problems);
        twice("Grant", &read.grants, problems);
    }

    fn check(&mut self) {
        check(&self.read, &mut self.problems);
    }

    /// Names of documents that are not there.
    fn references(&mut self) {
        let Self { read, problems } = self;
        let shared = read.platforms.iter().flat_map(|own| own.spec.shared.iter().flatten());
        let known = Known {
            profiles: named(&read.profiles, |_| true),
            tenants: named(&read.tenants, |_| true),
            shared: shared.map(|service| service.name.to_string()).collect(),
        };
        references(read, known, problems);
    }

    /// Grants whose addresses are the cluster's own.
    fn grants(&mut self) {
        let Self { read, problems } = self;
        // What is lost may say which ranges are the cluster's.
        if read.platforms.is_empty()
            && read.lost.iter().any(|lost| lost.may_be("Platform", "default", ""))
        {
            return;
        }
        let platform = read.platforms.first().map(|own| &own.spec);
        let ranges = ClusterRanges::of(platform.and_then(|spec| spec.cluster.as_ref()));
        addresses(read, &ranges, problems);
    }

    /// Namespaces that two want.
    fn claims(&mut self) {
        let Self { read, problems } = self;
        let torn = read.torn.as_deref();
        let mut claims: HashMap<&str, (&Loaded<TenantSpec>, String)> = HashMap::new();
        for own in with(&read.tenants, torn.map(|torn| &torn.tenants)) {
            let names = own.spec.namespaces.iter().flat_map(|own| own.names.iter().flatten());
            for (index, name) in names.enumerate() {
                let at = format!("/namespaces/names/{index}");
                match claims.get(name.as_str()) {
                    Some((other, place)) if other.name != own.name => {
                        let place = problems.place(other.source, &other.place(place));
                        let message = format!(
                            "the namespace `{name}` is tenant `{}`'s already: {place}",
                            other.name
                        );
                        problems.add(own.source, &own.place(&at), message);
                    }
                    Some(_) => {}
                    None => {
                        claims.insert(name.as_str(), (own, at));
                    }
                }
            }
        }
        let claim = |name: &str| claims.get(name).map(|(tenant, _)| tenant.name.as_str());
        for own in with(&read.platforms, torn.map(|torn| &torn.platforms)) {
            tenants_places(own, claim, problems);
        }
    }

    /// Every tenant with its profile; what is missing is told already.
    fn resolve(&mut self) -> Tenants {
        let Self { read, problems } = self;
        let platform =
            read.platforms.first().map(|own| Arc::new(own.spec.clone())).unwrap_or_default();
        let profile = |name: &str| read.profiles.iter().find(|profile| profile.name == name);
        let unowned =
            platform.unowned.as_ref().and_then(|unowned| profile(unowned.profile.as_str()));
        let unowned = unowned.map(|own| Arc::new(effective::profile(&own.spec)));
        for own in &read.profiles {
            forced(problems, own, &effective::profile(&own.spec));
        }
        let mut tenants = Tenants::new(platform, unowned);
        let built_in = builtin_profiles().len();
        for own in &read.tenants {
            let name = own.spec.profile.as_ref().map_or("restricted", |profile| profile.as_str());
            let (Some(base), Ok(tenant)) = (profile(name), own.name.parse::<TenantName>()) else {
                continue;
            };
            // A profile of that name that cannot be used may have let the tenant do so.
            let lost = |lost: &Lost| lost.may_be("Profile", name, name);
            if base.source < built_in && read.lost.iter().any(lost) {
                continue;
            }
            let (effective, loosenings) = effective::tenant(&base.spec, &own.spec);
            for loosening in loosenings {
                loosened(problems, own, base, &loosening);
            }
            forced(problems, own, &effective);
            tenants.add(tenant, &own.spec, effective);
        }
        tenants
    }
}

/// The names that are there.
pub(super) struct Known {
    pub(super) profiles: Vec<String>,
    pub(super) tenants: Vec<String>,
    pub(super) shared: Vec<String>,
}

/// Names that documents use and that are not there.
pub(super) fn references(read: &Read, known: Known, problems: &mut Problems<'_>) {
    let lost = &read.lost;
    let names = |kind, known| Names { kind, known, lost };
    let profiles = names("Profile", known.profiles);
    let tenants = names("Tenant", known.tenants);
    let shared = names(SHARED, known.shared);
    let torn = read.torn.as_deref();
    for own in with(&read.platforms, torn.map(|torn| &torn.platforms)) {
        let name = own.spec.unowned.as_ref().map(|unowned| &unowned.profile);
        profiles.check(problems, own, "/unowned/profile", name);
    }
    for own in with(&read.profiles, torn.map(|torn| &torn.profiles)) {
        let names = own.spec.network.as_ref().and_then(|network| network.shared.as_ref());
        shared.check_all(problems, own, "/network/shared", names);
    }
    for own in with(&read.tenants, torn.map(|torn| &torn.tenants)) {
        profiles.check(problems, own, "/profile", own.spec.profile.as_ref());
        let names = own.spec.network.as_ref().and_then(|network| network.shared.as_ref());
        shared.check_all(problems, own, "/network/shared", names);
    }
    for own in with(&read.exemptions, torn.map(|torn| &torn.exemptions)) {
        tenants.check(problems, own, "/tenant", Some(&own.spec.tenant));
    }
    for own in with(&read.grants, torn.map(|torn| &torn.grants)) {
        tenants.check(problems, own, "/from/tenant", own.spec.from.tenant.as_ref());
        tenants.check(problems, own, "/to/tenant", own.spec.to.tenant.as_ref());
    }
}

/// Grants whose addresses meet the cluster's own.
pub(super) fn addresses(read: &Read, ranges: &ClusterRanges, problems: &mut Problems<'_>) {
    for own in &read.grants {
        for (side, party) in [("from", &own.spec.from), ("to", &own.spec.to)] {
            for (index, cidr) in party.cidrs.iter().flatten().enumerate() {
                if let Some((message, help)) = ranges.met_by(cidr) {
                    let place = own.place(&format!("/{side}/cidrs/{index}"));
                    problems.help(own.source, &place, message, help);
                }
            }
        }
    }
}

/// What a Platform takes for the platform's and lies in a tenant's namespace.
pub(super) fn tenants_places<'t>(
    own: &Loaded<PlatformSpec>,
    claim: impl Fn(&str) -> Option<&'t str>,
    problems: &mut Problems<'_>,
) {
    let spec = &own.spec;
    for (index, subject) in spec.administrators.iter().flatten().enumerate() {
        let account = subject.kind == SubjectKind::ServiceAccount;
        let namespace = subject.namespace.as_ref().filter(|_| account);
        if let Some(tenant) = namespace.and_then(|name| claim(name.as_str())) {
            let place = own.place(&format!("/administrators/{index}/namespace"));
            let message =
                format!("an account of tenant `{tenant}`'s namespace is never the platform");
            problems.add(own.source, &place, message);
        }
    }
    for (index, service) in spec.shared.iter().flatten().enumerate() {
        if let Some(tenant) = service.namespace.as_ref().and_then(|name| claim(name.as_str())) {
            let place = own.place(&format!("/shared/{index}/namespace"));
            let message = format!(
                "a shared service is the platform's, and this namespace is tenant `{tenant}`'s"
            );
            problems.add(own.source, &place, message);
        }
    }
}

/// What each document says by itself, also what is left of those that have mistakes.
pub(super) fn check(read: &Read, problems: &mut Problems<'_>) {
    for read in [Some(read), read.torn.as_deref()].into_iter().flatten() {
        each(&read.platforms, problems, |mut checker| checker.platform());
        each(&read.profiles, problems, |mut checker| checker.profile());
        each(&read.tenants, problems, |mut checker| checker.tenant());
        each(&read.exemptions, problems, |mut checker| checker.exemption());
        each(&read.grants, problems, |mut checker| checker.grant());
    }
}

fn each<T>(
    documents: &[Loaded<T>],
    problems: &mut Problems<'_>,
    check: impl Fn(Checker<'_, '_, T>),
) {
    for own in documents {
        let before = problems.count();
        check(Checker::of(own, problems));
        problems.forget_explained(before, &own.gaps);
    }
}

fn twice<T>(kind: &str, documents: &[Loaded<T>], problems: &mut Problems<'_>) {
    let mut first: HashMap<&str, &Loaded<T>> = HashMap::new();
    for own in documents {
        match first.get(own.name.as_str()) {
            Some(other) => {
                let place = problems.place(other.source, &other.name_place());
                let message = format!("there is a {kind} `{}` already: {place}", own.name);
                problems.add(own.source, &own.name_place(), message);
            }
            None => {
                first.insert(&own.name, own);
            }
        }
    }
}

/// Documents, and what is left of others.
fn with<'a, T>(
    documents: &'a [Loaded<T>],
    torn: Option<&'a Vec<Loaded<T>>>,
) -> impl Iterator<Item = &'a Loaded<T>> {
    documents.iter().chain(torn.into_iter().flatten())
}

/// What a Platform's services are called.
const SHARED: &str = "shared service";

/// The names of one kind that are there.
struct Names<'a> {
    kind: &'static str,
    known: Vec<String>,
    lost: &'a [Lost],
}

impl Names<'_> {
    /// Whether something that cannot be used may be what is named.
    fn may_be_lost(&self, name: &str) -> bool {
        self.lost.iter().any(|lost| match self.kind {
            SHARED => lost.may_be("Platform", "default", name),
            kind => lost.may_be(kind, name, name),
        })
    }

    fn check<T>(
        &self,
        problems: &mut Problems<'_>,
        own: &Loaded<T>,
        at: &str,
        name: Option<&impl ToString>,
    ) {
        let Some(name) = name.map(ToString::to_string) else { return };
        if self.known.contains(&name) || self.may_be_lost(&name) {
            return;
        }
        let lost = self.lost.iter().filter_map(|lost| lost.name_of(self.kind));
        let help = did_you_mean(&name, self.known.iter().map(String::as_str).chain(lost));
        let message = format!("there is no {} `{name}`", self.kind);
        let before = problems.count();
        problems.help(own.source, &own.place(at), message, help);
        problems.forget_explained(before, &own.gaps);
    }

    fn check_all<T>(
        &self,
        problems: &mut Problems<'_>,
        own: &Loaded<T>,
        at: &str,
        names: Option<&Vec<impl ToString>>,
    ) {
        for (index, name) in names.into_iter().flatten().enumerate() {
            self.check(problems, own, &format!("{at}/{index}"), Some(name));
        }
    }
}

/// A pull policy that is forced and not admitted, where the document has a part in that.
pub(super) fn forced<T>(
    problems: &mut Problems<'_>,
    own: &Loaded<T>,
    effective: &EffectiveProfile,
) {
    let there = ["/images/forcePullPolicy", "/images/pullPolicies"];
    let place = there.into_iter().find(|pointer| own.has(pointer));
    if let (Some(at), Some(forced)) = (place, effective.images.contradiction()) {
        let forced = forced.as_str();
        let message =
            format!("`{forced}` is forced on every container, and `pullPolicies` is without it");
        problems.add(own.source, &own.place(at), message);
    }
}

fn loosened(
    problems: &mut Problems<'_>,
    tenant: &Loaded<TenantSpec>,
    profile: &Loaded<ProfileSpec>,
    loosening: &Loosening,
) {
    let there = loosening.profile.iter().find(|pointer| profile.has(pointer));
    let place = there.map_or_else(|| profile.name_place(), |pointer| profile.place(pointer));
    let place = problems.place(profile.source, &place);
    let message = format!("{}, which profile `{}` says: {place}", loosening.message, profile.name);
    let place = tenant.place(&loosening.tenant);
    problems.help(tenant.source, &place, message, Some(loosening.help()));
}

impl Loosening {
    /// What would let the tenant do so.
    pub(super) fn help(&self) -> String {
        let permit = match &self.permit {
            Permit::Rule(key) => format!("rules: [{key}]"),
            Permit::Field(field) => format!("fields: [{field}]"),
        };
        format!("a tenant may only tighten, unless the profile says `overridable: {{{permit}}}`")
    }
}
