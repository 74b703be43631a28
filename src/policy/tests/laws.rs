//! A law of all effective profiles: none is looser than the tenant's profile, but where the profile says
//! so.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use crate::domain::{Code, Mode, Reference, RuleKey};
use crate::policy::documents::{Overridable, ProfileSpec, PullPolicy, TenantSpec};
use crate::policy::effective::{self, Amounts, EffectiveProfile, Outside};
use crate::policy::values::FIELDS;

/// An object with some of these fields, each with one of its values.
fn some(fields: Vec<(&'static str, Vec<Value>)>) -> impl Strategy<Value = Value> {
    let names = fields.len();
    let values: Vec<_> = fields
        .into_iter()
        .map(|(name, values)| select(values).prop_map(move |value| (name.to_owned(), value)))
        .collect();
    (values, subsequence((0..names).collect::<Vec<_>>(), 0..=names)).prop_map(|(values, taken)| {
        let taken = taken.into_iter().filter_map(|index| values.get(index).cloned());
        Value::Object(taken.collect::<Map<_, _>>())
    })
}

/// The sections that a profile and a tenant share.
fn sections() -> impl Strategy<Value = Value> {
    let modes = || ["ignore", "audit", "warn", "enforce"].map(|mode| json!(mode)).to_vec();
    let bools = || vec![json!(true), json!(false)];
    let users = || vec![json!(0), json!(7), json!(1000)];
    let amounts = || ["1", "1000m", "1001m", "1Ki", "1k", "0.5"].map(|text| json!(text)).to_vec();
    let lists = |lists: &[Value]| lists.to_vec();
    (
        some(["*", "RF2", "RF2003", "RF3", "RF3004"].map(|key| (key, modes())).to_vec()),
        some(vec![
            ("level", lists(&[json!("privileged"), json!("baseline"), json!("restricted")])),
            ("version", lists(&[json!("latest"), json!("v1.30")])),
        ]),
        some(vec![
            ("omit", lists(&[json!([]), json!(["runAsUser"]), json!(["fsGroup", "dropCapabilities"])])),
            ("runAsNonRoot", bools()),
            ("runAsUser", users()),
            ("runAsGroup", users()),
            ("fsGroup", users()),
            ("allowPrivilegeEscalation", bools()),
            ("dropCapabilities", lists(&[json!([]), json!(["ALL"]), json!(["NET_RAW"])])),
        ]),
        some(vec![("automountToken", bools())]),
        some(vec![
            ("registries", lists(&[json!([]), json!(["r.io/*"]), json!(["r.io/a/*", "s.io/x"]), json!(["s.io/*", "r.io/a/*"])])),
            ("requireDigest", bools()),
            ("forbidLatest", bools()),
            ("pullPolicies", lists(&[json!(["Always"]), json!(["Never", "Always"]), json!(["IfNotPresent"])])),
            ("forcePullPolicy", lists(&[json!("Always"), json!("Never")])),
        ]),
        some(vec![
            ("limit", lists(&[json!(0), json!(5), json!(9)])),
            ("labelKeys", lists(&[
                json!({"allow": ["team", "app/*"]}), json!({"allow": ["app/a"]}), json!({"allow": []}),
                json!({"deny": ["team"]}), json!({"deny": ["*"]}), json!({"deny": []}),
            ])),
        ]),
        some(vec![
            ("intraTenant", lists(&[json!("tenant"), json!("namespace"), json!("none")])),
            ("shared", lists(&[json!([]), json!(["a"]), json!(["b", "a"])])),
            ("outside", lists(&[
                json!([]),
                json!([{"cidr": "0.0.0.0/0", "ports": [{"port": 443}]}]),
                json!([{"cidr": "203.0.113.0/24"}]),
                json!([{"cidr": "203.0.113.0/25", "ports": [{"protocol": "UDP"}, {"port": 400, "endPort": 500}]},
                       {"cidr": "2001:db8::/32", "ports": [{"port": 443}]}]),
                json!([{"cidr": "203.0.113.7/32", "ports": [{"port": 443}]}]),
            ])),
            ("oneSided", lists(&[json!("ignore"), json!("warn"), json!("enforce")])),
        ]),
        select(vec![json!(null), json!("plan"), json!("keep")]),
        some(["pods", "cpu", "requests.nvidia.com/gpu"].map(|key| (key, amounts())).to_vec()),
        (some(vec![("cpu", amounts())]), some(vec![("cpu", amounts()), ("memory", amounts())])),
    )
        .prop_map(|(rules, security, defaults, accounts, images, namespaces, network, seal, quota, limits)| {
            json!({
                "rules": rules, "podSecurity": security, "podDefaults": defaults,
                "serviceAccounts": accounts, "images": images, "namespaces": namespaces,
                "network": network, "seal": seal, "quota": quota,
                "limits": {"default": limits.0, "defaultRequest": limits.1},
            })
        })
}

fn overridable() -> impl Strategy<Value = Value> {
    let rules = subsequence(vec!["*", "RF2", "RF2003", "RF3", "RF3004"], 0..=2);
    let fields = subsequence(FIELDS.to_vec(), 0..=4);
    (rules, fields).prop_map(|(rules, fields)| json!({"rules": rules, "fields": fields}))
}

/// Whether a rule's mode may be loosened.
fn rule_is_free(free: &Overridable, code: Code) -> bool {
    free.rules.iter().flatten().any(|key| match key {
        RuleKey::All => true,
        RuleKey::Family(family) => *family == code.family(),
        RuleKey::Rule(own) => *own == code,
        RuleKey::Held(_) => false,
    })
}

fn admits(profile: &EffectiveProfile, image: &str) -> bool {
    let image = Reference::parse(image).unwrap();
    let lists = profile.images.registries.as_ref();
    lists.is_none_or(|own| own.iter().any(|pattern| pattern.matches(&image)))
}

fn opens(outside: &[Outside], cidr: &str, ports: &str) -> bool {
    let port = serde_json::from_str(ports).unwrap();
    let one =
        Outside { cidr: cidr.parse().unwrap(), ports: effective::Ports::of(Some(&vec![port])) };
    outside.iter().any(|own| own.cidr.contains(&one.cidr) && one.ports.within(&own.ports))
}

fn higher(amounts: &Amounts, base: &Amounts) -> bool {
    base.iter().any(|(key, held)| amounts.get(key).is_none_or(|own| own > held))
}

/// Tells a field and whether it is looser.
type Tell<'a> = &'a mut dyn FnMut(&'static str, bool);

/// The fields in which `own` lets something pass that `base` does not.
fn looser(own: &EffectiveProfile, base: &EffectiveProfile) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut field = |name, looser: bool| found.extend(looser.then_some(name));
    looser_pods(own, base, &mut field);
    looser_images(own, base, &mut field);
    looser_namespaces(own, base, &mut field);
    looser_network(own, base, &mut field);
    found
}

fn looser_pods(own: &EffectiveProfile, base: &EffectiveProfile, field: Tell<'_>) {
    field("podSecurity.level", own.pod_security.level < base.pod_security.level);
    field("podSecurity.version", own.pod_security.version != base.pod_security.version);
    let (a, b) = (&own.pod_defaults, &base.pod_defaults);
    field("podDefaults.runAsNonRoot", a.run_as_non_root != b.run_as_non_root);
    field("podDefaults.runAsUser", a.run_as_user != b.run_as_user);
    field("podDefaults.runAsGroup", a.run_as_group != b.run_as_group);
    field("podDefaults.fsGroup", a.fs_group != b.fs_group);
    field(
        "podDefaults.allowPrivilegeEscalation",
        a.allow_privilege_escalation != b.allow_privilege_escalation,
    );
    field("podDefaults.dropCapabilities", a.drop_capabilities != b.drop_capabilities);
    field("serviceAccounts.automountToken", own.automount_token && !base.automount_token);
}

fn looser_images(own: &EffectiveProfile, base: &EffectiveProfile, field: Tell<'_>) {
    let images = ["r.io/a:1", "r.io/a/b:1", "s.io/x:1", "s.io/y/z:1", "t.io/x:1"];
    field(
        "images.registries",
        images.iter().any(|image| admits(own, image) && !admits(base, image)),
    );
    field("images.requireDigest", !own.images.require_digest && base.images.require_digest);
    field("images.forbidLatest", !own.images.forbid_latest && base.images.forbid_latest);
    let pulls = |profile: &EffectiveProfile, policy| {
        profile.images.pull_policies.as_ref().is_none_or(|own| own.contains(&policy))
    };
    let policies = [PullPolicy::Always, PullPolicy::IfNotPresent, PullPolicy::Never];
    field(
        "images.pullPolicies",
        policies.iter().any(|own_| pulls(own, *own_) && !pulls(base, *own_)),
    );
    let forced = base.images.force_pull_policy;
    field("images.forcePullPolicy", forced.is_some() && own.images.force_pull_policy != forced);
}

fn looser_namespaces(own: &EffectiveProfile, base: &EffectiveProfile, field: Tell<'_>) {
    let more = match (own.namespaces.limit, base.namespaces.limit) {
        (_, None) => false,
        (own, Some(base)) => own.is_none_or(|own| own > base),
    };
    field("namespaces.limit", more);
    let sets = |profile: &EffectiveProfile, key: &str| {
        profile.namespaces.label_keys.as_ref().is_none_or(|own| own.permit(key))
    };
    let keys = ["team", "app/a", "app/b", "other"];
    field("namespaces.labelKeys", keys.iter().any(|key| sets(own, key) && !sets(base, key)));
}

fn looser_network(own: &EffectiveProfile, base: &EffectiveProfile, field: Tell<'_>) {
    let (a, b) = (&own.network, &base.network);
    field("network.intraTenant", a.intra_tenant < b.intra_tenant);
    field("network.shared", a.shared.iter().any(|name| !b.shared.contains(name)));
    field("network.oneSided", a.one_sided < b.one_sided);
    let ranges = [
        "0.0.0.0/0",
        "203.0.113.0/24",
        "203.0.113.0/25",
        "203.0.113.7/32",
        "9.9.9.9/32",
        "2001:db8::/32",
    ];
    let ports = [
        r#"{"port": 443}"#,
        r#"{"port": 450}"#,
        r#"{"protocol": "UDP", "port": 443}"#,
        r#"{"protocol": "SCTP"}"#,
    ];
    let pairs = || ranges.iter().flat_map(|range| ports.iter().map(move |port| (range, port)));
    let opened = pairs()
        .any(|(range, port)| opens(&a.outside, range, port) && !opens(&b.outside, range, port));
    field("network.outside", opened);
    field("seal", own.seal < base.seal);
    field("quota", higher(&own.quota, &base.quota));
    let limits = higher(&own.limits.default, &base.limits.default)
        || higher(&own.limits.default_request, &base.limits.default_request);
    field("limits", limits);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_effective_profile_is_looser_only_where_the_profile_says_so(
        profile in sections(),
        free in overridable(),
        tenant in sections(),
    ) {
        let mut profile = profile;
        profile["overridable"] = free;
        let profile: ProfileSpec = serde_json::from_value(profile).unwrap();
        let tenant: TenantSpec = serde_json::from_value(tenant).unwrap();
        let free = profile.overridable.clone().unwrap();
        let base = effective::profile(&profile);
        let (own, loosenings) = effective::tenant(&profile, &tenant);
        let may = |field: &str| {
            let section = field.split('.').next().unwrap();
            free.fields.iter().flatten().any(|own| [field, section].contains(&own.as_str()))
        };
        for field in looser(&own, &base) {
            prop_assert!(may(field), "{} is looser: {:?}\n{:?}", field, own, base);
        }
        for code in Code::ALL {
            let (own, base): (Mode, Mode) = (own.modes.of(*code), base.modes.of(*code));
            prop_assert!(own >= base || rule_is_free(&free, *code), "{} {} {}", code, own, base);
        }
        // As a Profile of its own it is the same.
        prop_assert_eq!(&effective::profile(&own.to_spec()), &own);
        // And whatever is told as a loosening is one that nothing permits.
        for told in loosenings {
            if let effective::Permit::Field(field) = told.permit {
                prop_assert!(!may(field), "{}", told.message);
            }
        }
    }
}
