//! Sources → documents that fit together, or everything that is wrong with them.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::builtin::builtin_profiles;
use super::documents::{ExemptionSpec, GrantSpec, PlatformSpec, ProfileSpec, TenantSpec};
use super::exemptions::Exemptions;
use super::fit::{Set, named};
use super::problems::{Lost, Misfit, Problems};
use super::read::{Loaded, Read};
use super::report::{Problem, Report, Source};
use super::survey::Survey;
use super::tenants::{Named, Tenants};
use crate::domain::fingerprint;

/// Documents that fit together.
#[derive(Debug, Clone)]
pub struct Documents {
    /// The Platform, `default`; where there is no document it says nothing.
    pub platform: Arc<PlatformSpec>,
    /// The profiles, built-in ones too, by name.
    pub profiles: Vec<Named<ProfileSpec>>,
    /// The tenants, by name.
    pub tenants: Vec<Named<TenantSpec>>,
    /// The exemptions, by name.
    pub exemptions: Vec<Named<ExemptionSpec>>,
    /// The grants, by name.
    pub grants: Vec<Named<GrantSpec>>,
    resolved: Arc<Tenants>,
}

impl Documents {
    /// What has ended, and so permits nothing any more: a line for each document.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> Vec<String> {
        let line = |kind: &str, name: &str, at: Timestamp| {
            (at <= now).then(|| format!("{kind} {name} ended at {at} and permits nothing any more"))
        };
        let exemptions = self.exemptions.iter();
        let exemptions =
            exemptions.filter_map(|it| line("Exemption", &it.name, it.spec.expires_at.0));
        let grants = self.grants.iter();
        exemptions
            .chain(grants.filter_map(|it| line("Grant", &it.name, it.spec.expires_at.0)))
            .collect()
    }

    /// The documents as decisions need them.
    #[must_use]
    pub fn resolve(&self) -> Arc<Tenants> {
        Arc::clone(&self.resolved)
    }
}

/// Reads every document of every source. The built-in profiles are there without being given.
///
/// # Errors
/// Everything that is wrong in any source: a set of files is taken whole or not at all.
pub fn load(sources: &[Source]) -> Result<Documents, Report> {
    load_beside(sources, &[])
}

/// The same, where some sources could not be read at all: the others are still looked at, so that
/// everything is told at once.
///
/// # Errors
/// As [`load`]; what could not be read stands first.
pub fn load_beside(sources: &[Source], unread: &[Problem]) -> Result<Documents, Report> {
    let all = with_builtin(sources);
    let (read, tenants) = fitting(&all, unread)?;
    Ok(documents(read, tenants))
}

/// Reads one document of each source.
///
/// # Errors
/// Everything that is wrong: the index of the source, the line and column of the place, and what.
pub(super) fn load_each(sources: &[Source]) -> Result<Documents, Vec<(usize, Misfit)>> {
    let own = builtin_profiles().len();
    let all = with_builtin(sources);
    let (set, tenants) = fit(&all, 0);
    let found = set.problems.into_found();
    if found.is_empty() {
        return Ok(documents(set.read, tenants));
    }
    Err(found.into_iter().map(|(source, misfit)| (source.saturating_sub(own), misfit)).collect())
}

/// Reads every document of every source, and keeps where everything stands.
///
/// # Errors
/// As [`load_beside`].
pub fn survey(sources: &[Source], unread: &[Problem]) -> Result<Survey, Report> {
    let all = with_builtin(sources);
    let (read, tenants) = fitting(&all, unread)?;
    let documents = documents(read.clone(), tenants);
    Ok(Survey { documents, read, sources: all, built_in: builtin_profiles().len() })
}

fn with_builtin(sources: &[Source]) -> Vec<Source> {
    builtin_profiles().into_iter().chain(sources.iter().cloned()).collect()
}

fn fitting(all: &[Source], unread: &[Problem]) -> Result<(Read, Tenants), Report> {
    let (set, tenants) = fit(all, unread.len());
    match set.problems.into_report(unread) {
        Some(report) => Err(report),
        None => Ok((set.read, tenants)),
    }
}

/// What all sources hold beside `unread` ones, and what is wrong with it.
fn fit(all: &[Source], unread: usize) -> (Set<'_>, Tenants) {
    let own = builtin_profiles().len();
    let mut problems = Problems::of(all);
    let mut read = Read::default();
    // What could not be read may be any document.
    read.lost.extend((0..unread).map(|_| Lost::default()));
    for (index, source) in all.iter().enumerate() {
        read.source(index, &source.text, &mut problems);
    }
    // A document of the same name replaces a built-in one.
    let given = named(&read.profiles, |profile| profile.source >= own);
    read.profiles.retain(|profile| profile.source >= own || !given.contains(&profile.name));
    let mut set = Set { read, problems };
    let tenants = set.tenants();
    (set, tenants)
}

fn documents(read: Read, mut tenants: Tenants) -> Documents {
    let exemptions = sorted(read.exemptions);
    let grants = sorted(read.grants);
    tenants.exemptions = Exemptions::of(&exemptions);
    tenants.grants.clone_from(&grants);
    let profiles = sorted(read.profiles);
    let by_name = profiles.iter().map(|own| (own.name.clone(), Arc::new(own.spec.clone())));
    tenants.profiles = by_name.collect();
    let own = sorted(read.tenants);
    let platform = Arc::clone(&tenants.platform.spec);
    tenants.revision =
        revision(&(&*platform, pairs(&profiles), pairs(&own), pairs(&exemptions), pairs(&grants)));
    Documents { platform, profiles, tenants: own, exemptions, grants, resolved: Arc::new(tenants) }
}

fn pairs<T>(documents: &[Named<T>]) -> Vec<(&str, &T)> {
    documents.iter().map(|document| (document.name.as_str(), &document.spec)).collect()
}

/// A name for what documents say.
fn revision(documents: &impl Serialize) -> String {
    // These types always serialize.
    fingerprint(&serde_json::to_string(documents).unwrap_or_default())
}

fn sorted<T>(documents: Vec<Loaded<T>>) -> Vec<Named<T>> {
    let mut named: Vec<_> = documents
        .into_iter()
        .map(|document| Named { name: document.name, spec: document.spec })
        .collect();
    named.sort_by(|a, b| a.name.cmp(&b.name));
    named
}
