//! Documents, from their text to what tenants are held to.

use jiff::Timestamp;
use ringfence::domain::{Code, RuleKey};
use ringfence::objects::yaml;
use ringfence::policy::documents::ProfileSpec;
use ringfence::policy::{
    Amounts, Documents, EffectiveProfile, Source, check, embedded, load, survey,
};
use serde_json::{Value, json};

use super::dice::{self, Dice};
use super::schema::DOCUMENTS;
use super::styles::Style;

/// A text with documents, alone and beside the example set.
pub fn run(data: &[u8]) {
    let text = dice::input(data, made);
    let fuzzed = || Source { name: "fuzzed".to_owned(), text: text.clone() };
    let mut beside = embedded();
    beside.push(fuzzed());
    for sources in [vec![fuzzed()], beside] {
        match load(&sources) {
            Err(report) => {
                assert!(!report.problems.is_empty());
                assert!(!report.to_string().is_empty());
            }
            Ok(documents) => {
                each_is_of_use(&text);
                none_is_looser(&documents);
                told(&sources, &documents);
            }
        }
    }
    for document in yaml::documents(&text).into_iter().flatten() {
        // It must not panic, whatever it says.
        let _ = check(&document.to_json());
    }
}

/// A few documents, in any style.
fn made(dice: &mut Dice<'_>) -> String {
    let mut text = String::new();
    while dice.more() && text.len() < 10_000 {
        let (kind, spec) = dice.one(&DOCUMENTS);
        let name = dice.word(&["default", "restricted", "alpha", "x", "own"]);
        let style: Vec<u8> = (0..4).map(|_| dice.byte()).collect();
        let spec = spec.made(dice).to_string();
        let spec: Value = serde_json::from_str(&spec).unwrap_or_default();
        let document = json!({
            "apiVersion": "ringfence.dev/v1alpha1", "kind": kind, "metadata": {"name": name},
            "spec": spec,
        });
        text += &Style::new(&style).document(&document);
        text += "---\n";
    }
    text
}

/// What cannot be used is never passed over: a set that holds it is refused as a whole, and what is in
/// force stays.
fn each_is_of_use(text: &str) {
    for read in yaml::documents(text) {
        let document = read.unwrap_or_else(|error| panic!("taken, and not read: {error}: {text}"));
        assert!(document.duplicates.is_empty(), "taken with a key twice: {text}");
        let checked = check(&document.to_json());
        assert!(checked.is_ok(), "taken, and wrong alone: {checked:?}: {text}");
    }
}

/// Everything that is printed of documents in force.
fn told(sources: &[Source], documents: &Documents) {
    let survey = survey(sources, &[]).unwrap_or_else(|report| panic!("only loaded: {report}"));
    let now = Timestamp::UNIX_EPOCH;
    let _ = (survey.counts(), survey.notices(now), documents.expired(now));
    for tenant in &documents.tenants {
        assert!(survey.tenant(&tenant.name, now).is_some(), "{}", tenant.name);
    }
}

/// A tenant lets nothing pass that its profile by itself does not, but where the profile says so.
fn none_is_looser(documents: &Documents) {
    let tenants = documents.resolve();
    for tenant in &documents.tenants {
        let name = tenant.spec.profile.as_ref().map_or("restricted", |name| name.as_str());
        let profile = documents.profiles.iter().find(|profile| profile.name == name);
        let profile = &profile.expect("a tenant's profile is there").spec;
        let base = alone(documents, profile);
        let own = &tenants.tenant(&tenant.name).expect("a tenant is resolved").profile;
        let free = profile.overridable.clone().unwrap_or_default();
        for field in looser(own, &base) {
            let section = field.split('.').next().unwrap_or_default();
            let may =
                free.fields.iter().flatten().any(|own| [field, section].contains(&own.as_str()));
            assert!(may, "{field} of {} is looser: {own:?}\n{base:?}", tenant.name);
        }
        for code in Code::ALL {
            let may = free.rules.iter().flatten().any(|key| match key {
                RuleKey::All => true,
                RuleKey::Family(family) => *family == code.family(),
                RuleKey::Rule(own) => own == code,
                RuleKey::Held(_) => false,
            });
            assert!(may || own.modes.of(*code) >= base.modes.of(*code), "{code}");
        }
    }
}

/// What a profile comes to, written anew, for a tenant that says nothing.
fn alone(documents: &Documents, profile: &ProfileSpec) -> EffectiveProfile {
    let document = |kind: &str, name: &str, spec: Value| {
        json!({
            "apiVersion": "ringfence.dev/v1alpha1", "kind": kind, "metadata": {"name": name},
            "spec": spec,
        })
        .to_string()
    };
    let written = |spec: serde_json::Result<Value>| spec.expect("what is read can be written");
    let mut platform = written(serde_json::to_value(&*documents.platform));
    // Which names a profile of no other name.
    platform["unowned"] = json!({"profile": "restricted"});
    let text = [
        document("Platform", "default", platform),
        document("Profile", "own", written(serde_json::to_value(profile))),
        document("Tenant", "x", json!({"profile": "own"})),
    ];
    let source = Source { name: "written".to_owned(), text: text.join("\n") };
    let documents = load(&[source]).unwrap_or_else(|report| panic!("{report}"));
    EffectiveProfile::clone(&documents.resolve().tenant("x").expect("it is there").profile)
}

/// The fields in which `own` lets something pass that `base` does not.
fn looser(own: &EffectiveProfile, base: &EffectiveProfile) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut field = |name, looser: bool| found.extend(looser.then_some(name));
    field("podSecurity.level", own.pod_security.level < base.pod_security.level);
    field("podSecurity.version", own.pod_security.version != base.pod_security.version);
    field("serviceAccounts.automountToken", own.automount_token && !base.automount_token);
    let (a, b) = (&own.pod_defaults, &base.pod_defaults);
    field("podDefaults.runAsNonRoot", a.run_as_non_root != b.run_as_non_root);
    field("podDefaults.runAsUser", a.run_as_user != b.run_as_user);
    field("podDefaults.runAsGroup", a.run_as_group != b.run_as_group);
    field("podDefaults.fsGroup", a.fs_group != b.fs_group);
    field("podDefaults.seccompProfile", a.seccomp_profile != b.seccomp_profile);
    let escalation = a.allow_privilege_escalation != b.allow_privilege_escalation;
    field("podDefaults.allowPrivilegeEscalation", escalation);
    field("podDefaults.dropCapabilities", a.drop_capabilities != b.drop_capabilities);
    let (a, b) = (&own.images, &base.images);
    field("images.requireDigest", !a.require_digest && b.require_digest);
    field("images.forbidLatest", !a.forbid_latest && b.forbid_latest);
    field("images.registries", wider(&a.registries, &b.registries, |b, a| b.contains(a)));
    field("images.pullPolicies", wider(&a.pull_policies, &b.pull_policies, PartialEq::eq));
    let forced = b.force_pull_policy.is_some() && a.force_pull_policy != b.force_pull_policy;
    field("images.forcePullPolicy", forced);
    let more = |own: Option<usize>, base: Option<usize>| {
        base.is_some_and(|base| own.is_none_or(|own| own > base))
    };
    field("namespaces.limit", more(own.namespaces.limit, base.namespaces.limit));
    let sets = |profile: &EffectiveProfile, key| {
        profile.namespaces.label_keys.as_ref().is_none_or(|own| own.permit(key))
    };
    let keys = ["team", "app/a", "app/b", "a", "x", "b/c", ""];
    field("namespaces.labelKeys", keys.iter().any(|key| sets(own, key) && !sets(base, key)));
    let (a, b) = (&own.network, &base.network);
    field("network.intraTenant", a.intra_tenant < b.intra_tenant);
    field("network.shared", a.shared.iter().any(|name| !b.shared.contains(name)));
    field("network.oneSided", a.one_sided < b.one_sided);
    let opened = a.outside.iter().any(|own| {
        let held = |base: &ringfence::policy::Outside| {
            base.cidr.contains(&own.cidr) && own.ports.within(&base.ports)
        };
        !b.outside.iter().any(held)
    });
    field("network.outside", opened);
    field("seal", own.seal < base.seal);
    field("quota", higher(&own.quota, &base.quota));
    let limits = higher(&own.limits.default, &base.limits.default)
        || higher(&own.limits.default_request, &base.limits.default_request);
    field("limits", limits);
    found
}

/// Whether a list has an item that none of the other stands for; no list is wider than any.
fn wider<T>(own: &Option<Vec<T>>, base: &Option<Vec<T>>, holds: impl Fn(&T, &T) -> bool) -> bool {
    let Some(base) = base else { return false };
    let held = |own: &T| base.iter().any(|base| holds(base, own));
    own.as_ref().is_none_or(|own| !own.iter().all(held))
}

fn higher(own: &Amounts, base: &Amounts) -> bool {
    base.iter().any(|(key, held)| own.get(key).is_none_or(|own| own > held))
}
