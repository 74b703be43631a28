//! Documents that fit together and where everything in them stands: for who wants to know what is in
//! force and why, and what somebody should know of although it is no mistake.

use jiff::Timestamp;

use super::documents::Rules;
use super::exemptions::days_left;
use super::in_force::{InForce, Reader};
use super::load::Documents;
use super::read::{Loaded, Read};
use super::report::{Source, did_you_mean};
use crate::domain::{RuleKey, TenantName};
use crate::objects::yaml::Span;

/// How near an end must be to be told.
pub(super) const NEAR: i64 = 14;
/// How far ahead the end of an Exemption or a Grant may lie when it is written, in days.
pub const LONGEST: i64 = 180;

/// Documents with their places.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The documents.
    pub documents: Documents,
    pub(super) read: Read,
    pub(super) sources: Vec<Source>,
    /// How many of the sources are built in.
    pub(super) built_in: usize,
}

/// What somebody should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `file:line:column`
    pub place: String,
    /// What.
    pub message: String,
}

/// How many documents of a kind there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The kind.
    pub kind: &'static str,
    /// How many were given.
    pub given: usize,
    /// How many are built in, less those that a given one replaces.
    pub built_in: usize,
}

impl Survey {
    /// How many documents of each kind there are.
    #[must_use]
    pub fn counts(&self) -> [Counted; 5] {
        let Read { platforms, profiles, tenants, exemptions, grants, .. } = &self.read;
        [
            self.counted("Platform", platforms),
            self.counted("Profile", profiles),
            self.counted("Tenant", tenants),
            self.counted("Exemption", exemptions),
            self.counted("Grant", grants),
        ]
    }

    fn counted<T>(&self, kind: &'static str, documents: &[Loaded<T>]) -> Counted {
        let built_in = documents.iter().filter(|own| own.source < self.built_in).count();
        Counted { kind, given: documents.len() - built_in, built_in }
    }

    /// What is in force for a tenant, if it is there.
    #[must_use]
    pub fn tenant(&self, name: &str, now: Timestamp) -> Option<InForce> {
        Reader { survey: self, now }.tenant(name)
    }

    /// The tenant that a slip could have turned into `name`: `did you mean …`
    #[must_use]
    pub fn suggestion(&self, name: &str) -> Option<String> {
        did_you_mean(name, self.documents.tenants.iter().map(|tenant| tenant.name.as_str()))
    }

    pub(super) fn place(&self, source: usize, span: &Span) -> String {
        let name = self.sources.get(source).map_or("", |source| source.name.as_str());
        format!("{name}:{}:{}", span.line, span.column)
    }

    /// What has ended, ends soon or has no effect, in the order of the sources.
    #[must_use]
    pub fn notices(&self, now: Timestamp) -> Vec<Notice> {
        let mut notices = Notices { survey: self, now, found: Vec::new() };
        for own in &self.read.platforms {
            if own.spec.rehearsal == Some(true) {
                let message = "nothing is refused: every denial is a warning".to_owned();
                notices.add(own, "/rehearsal", message);
            }
        }
        for own in &self.read.profiles {
            notices.held_rules(own, own.spec.rules.as_ref());
        }
        for own in &self.read.tenants {
            notices.held_rules(own, own.spec.rules.as_ref());
        }
        for own in &self.read.exemptions {
            let spec = &own.spec;
            notices.end(own, "Exemption", spec.expires_at.0);
            for (index, key) in spec.rules.iter().enumerate() {
                notices.held(own, &format!("/rules/{index}"), *key);
            }
            notices.namespaces(own, "/namespaces", &spec.tenant, &spec.namespaces);
        }
        for own in &self.read.grants {
            notices.end(own, "Grant", own.spec.expires_at.0);
            for (side, party) in [("from", &own.spec.from), ("to", &own.spec.to)] {
                if let (Some(tenant), Some(names)) = (&party.tenant, &party.namespaces) {
                    notices.namespaces(own, &format!("/{side}/namespaces"), tenant, names);
                }
            }
        }
        notices.found.sort_by_key(|(at, _)| *at);
        notices.found.into_iter().map(|(_, notice)| notice).collect()
    }
}

struct Notices<'a> {
    survey: &'a Survey,
    now: Timestamp,
    found: Vec<((usize, usize, usize), Notice)>,
}

impl Notices<'_> {
    fn add<T>(&mut self, own: &Loaded<T>, at: &str, message: String) {
        let span = own.place(at);
        let place = self.survey.place(own.source, &span);
        self.found.push(((own.source, span.line, span.column), Notice { place, message }));
    }

    fn end<T>(&mut self, own: &Loaded<T>, kind: &str, end: Timestamp) {
        let days = days_left(end, self.now);
        let name = &own.name;
        let message = if end <= self.now {
            format!("{kind} {name} ended at {end} and permits nothing any more")
        } else if days <= NEAR {
            let s = if days == 1 { "" } else { "s" };
            format!("{kind} {name} ends at {end}, in {days} day{s}")
        } else if days > LONGEST {
            format!(
                "{kind} {name} ends at {end}, in {days} days: one that is written now may last \
                 {LONGEST}, and a cluster takes no other"
            )
        } else {
            return;
        };
        self.add(own, "/expiresAt", message);
    }

    fn held_rules<T>(&mut self, own: &Loaded<T>, rules: Option<&Rules>) {
        for key in rules.iter().flat_map(|rules| rules.0.keys()) {
            self.held(own, &format!("/rules/{key}"), *key);
        }
    }

    fn held<T>(&mut self, own: &Loaded<T>, at: &str, key: RuleKey) {
        let held = match key {
            RuleKey::Held(_) => true,
            RuleKey::Family(family) => !family.in_force(),
            RuleKey::All | RuleKey::Rule(_) => false,
        };
        if held {
            self.add(own, at, format!("the rules of {key} are not yet in force: it has no effect"));
        }
    }

    /// Namespaces that are not the tenant's by their names; a label may make one its own.
    fn namespaces<T>(
        &mut self,
        own: &Loaded<T>,
        at: &str,
        tenant: &TenantName,
        names: &[impl AsRef<str>],
    ) {
        let tenants = self.survey.documents.resolve();
        for (index, name) in names.iter().map(AsRef::as_ref).enumerate() {
            let message = match tenants.claim(name) {
                Some(owner) if owner.name == *tenant => continue,
                Some(owner) => format!(
                    "the namespace `{name}` is tenant `{}`'s: for tenant `{tenant}` it has no effect",
                    owner.name
                ),
                None => format!(
                    "tenant `{tenant}` does not name the namespace `{name}`: it has an effect only \
                     where the label ringfence.dev/tenant makes it the tenant's"
                ),
            };
            self.add(own, &format!("{at}/{index}"), message);
        }
    }
}
