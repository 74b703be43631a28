mod definitions;
mod laws;
mod network;
mod status;
mod surveys;
mod usable;

use super::*;
use crate::domain::{Code, Level, Mode, PolicyVersion, Version};

fn sources(texts: &[(&str, &str)]) -> Vec<Source> {
    let source =
        |(name, text): &(&str, &str)| Source { name: (*name).to_owned(), text: (*text).to_owned() };
    texts.iter().map(source).collect()
}

/// The resolved set of one file.
fn tenants(text: &str) -> std::sync::Arc<Tenants> {
    match load(&sources(&[("a.yaml", text)])) {
        Ok(documents) => documents.resolve(),
        Err(report) => panic!("{report}"),
    }
}

/// The report on one file.
fn report(text: &str) -> String {
    load(&sources(&[("a.yaml", text)])).unwrap_err().to_string()
}

/// A document of a kind with this spec.
fn document(kind: &str, name: &str, spec: &str) -> String {
    let spec = spec.replace('\n', "\n  ");
    format!(
        "apiVersion: ringfence.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  {spec}\n---\n"
    )
}

fn defaults(user: Option<i64>) -> PodDefaults {
    PodDefaults {
        run_as_non_root: user.is_some(),
        run_as_user: user,
        run_as_group: user.map(|_| 3000),
        fs_group: user.map(|_| 2000),
        seccomp_profile: Some(Seccomp::RuntimeDefault),
        allow_privilege_escalation: user.is_none(),
        drop_capabilities: user.iter().map(|_| "ALL".to_owned()).collect(),
    }
}

#[test]
fn the_embedded_set_and_the_built_in_profiles_load() {
    let tenants = load(&embedded()).unwrap().resolve();
    let alpha = tenants.tenant("alpha").unwrap();
    assert_eq!(alpha.profile.pod_defaults, defaults(Some(1000)));
    assert_eq!(alpha.profile.pod_security.level, Level::Restricted);
    assert!(!alpha.profile.automount_token);
    let images = ImagePolicy {
        registries: None,
        require_digest: false,
        forbid_latest: true,
        pull_policies: None,
        force_pull_policy: None,
    };
    assert_eq!(alpha.profile.images, images);
    assert_eq!(alpha.profile.modes.of(Code::Privileged), Mode::Enforce);
    assert_eq!(alpha.labels.get("cost-center").map(String::as_str), Some("42"));
    let beta = tenants.tenant("beta").unwrap();
    assert_eq!(beta.profile.pod_defaults, defaults(None));
    assert_eq!(beta.profile.pod_security.level, Level::Baseline);
    let unowned = tenants.unowned.as_ref().unwrap();
    assert_eq!(unowned.modes.of(Code::Privileged), Mode::Audit);
    assert_eq!(unowned.modes.of(Code::UnknownNamespace), Mode::Enforce);
    assert_eq!(unowned.pod_defaults, PodDefaults { seccomp_profile: None, ..defaults(None) });
    assert!(unowned.automount_token);
    assert_eq!(tenants.contact, "#platform-team");
    assert_eq!(tenants.claim("alpha-dev").map(|tenant| tenant.name.as_str()), Some("alpha"));
    assert!(tenants.claim("gamma-dev").is_none());
}

#[test]
fn nothing_given_is_no_tenant_and_an_error_never() {
    let documents = load(&[]).unwrap();
    let names: Vec<_> = documents.profiles.iter().map(|profile| profile.name.as_str()).collect();
    assert_eq!(names, ["audit-only", "baseline", "restricted"]);
    assert_eq!(documents.resolve().contact, "your platform team");
    assert!(documents.resolve().unowned.is_none());
}

#[test]
fn owners_are_users_groups_and_accounts() {
    let tenants = load(&embedded()).unwrap().resolve();
    let check = |user: &str, groups: &[&str], expect: &[&str]| {
        let groups: Vec<_> = groups.iter().map(ToString::to_string).collect();
        let owned = tenants.owned_by(user, &groups);
        let names: Vec<_> = owned.iter().map(|tenant| tenant.name.as_str()).collect();
        assert_eq!(names, expect, "{user} {groups:?}");
    };
    check("jo", &["alpha-devs"], &["alpha"]);
    check("jo", &["alpha-devs", "beta-devs"], &["alpha", "beta"]);
    check("jo", &["alpha-oncall"], &[]);
    check("alpha-devs", &[], &[]);
    check("system:serviceaccount:alpha-ci:deployer", &[], &["alpha"]);
    check("system:serviceaccount:beta-ci:deployer", &[], &[]);
    check("deployer", &[], &[]);
}

#[test]
fn every_field_of_the_reference_loads() {
    let tenants = tenants(include_str!("tests/reference.yaml"));
    let alpha = tenants.tenant("alpha").unwrap();
    assert_eq!(alpha.profile.modes.of(Code::Privileged), Mode::Enforce);
    assert_eq!(tenants.platform.administrators.len(), 1);
    assert_eq!(tenants.grants.len(), 1);
    assert_eq!(alpha.spec.quota.as_ref().unwrap()["pods"].as_str(), "50");
}

#[test]
fn a_document_replaces_a_built_in_one_of_its_name() {
    let profile = document("Profile", "restricted", "rules: {\"*\": warn}");
    let tenants = tenants(&(profile + &document("Tenant", "a", "{}")));
    let profile = &tenants.tenant("a").unwrap().profile;
    assert_eq!(profile.modes.of(Code::Privileged), Mode::Warn);
    assert_eq!(profile.modes.of(Code::Internal), Mode::Enforce);
}

#[test]
fn the_longest_key_wins_and_a_tenant_only_tightens() {
    let check = |profile: &str, tenant: &str, expect: [Mode; 2]| {
        let profile = document("Profile", "own", profile);
        let tenant = document("Tenant", "a", &format!("profile: own\nrules: {tenant}"));
        let tenants = tenants(&(profile + &tenant));
        let modes = &tenants.tenant("a").unwrap().profile.modes;
        let found = [Code::Privileged, Code::HostPorts].map(|code| modes.of(code));
        assert_eq!(found, expect, "{tenant}");
    };
    use Mode::{Audit, Enforce, Ignore, Warn};
    check("{}", "{}", [Enforce, Enforce]);
    check("rules: {\"*\": audit}", "{}", [Audit, Audit]);
    check("rules: {\"*\": audit, RF2003: warn}", "{}", [Warn, Audit]);
    check("rules: {RF2: audit, RF2003: ignore}", "{}", [Ignore, Audit]);
    check("rules: {\"*\": audit}", "{RF2003: enforce}", [Enforce, Audit]);
    check("rules: {\"*\": audit, RF2003: enforce}", "{RF2: warn}", [Enforce, Warn]);
    check("rules: {\"*\": audit, RF2003: warn}", "{\"*\": enforce}", [Enforce, Enforce]);
    check("rules: {RF2: warn}", "{RF2003: warn, RF2: enforce}", [Warn, Enforce]);
    let free = "overridable: {rules: [RF2003]}";
    check(free, "{RF2003: ignore}", [Ignore, Enforce]);
    check("overridable: {rules: [\"*\"]}", "{RF2: warn}", [Warn, Warn]);
    check("overridable: {rules: [RF2]}", "{RF2003: warn}", [Warn, Enforce]);
}

#[test]
fn a_tenants_fields_stand_over_the_profiles_where_they_may() {
    let check = |profile: &str, tenant: &str| {
        let profile = document("Profile", "own", profile);
        let tenant = document("Tenant", "a", &format!("profile: own\n{tenant}"));
        let tenants = tenants(&(profile + &tenant));
        EffectiveProfile::clone(&tenants.tenant("a").unwrap().profile)
    };
    let level = "podSecurity: {level: baseline, version: v1.30}";
    let found = check(level, "podSecurity: {level: restricted}").pod_security;
    let version = PolicyVersion::Pinned(Version(30));
    assert_eq!(found, PodSecurity { level: Level::Restricted, version });
    let free = "overridable: {fields: [podSecurity.version, podDefaults]}";
    let found = check(free, "podSecurity: {version: v1.31}").pod_security;
    assert_eq!(found.version, PolicyVersion::Pinned(Version(31)));
    let found = check(free, "podDefaults: {runAsUser: 7, omit: [fsGroup]}").pod_defaults;
    assert_eq!(found, PodDefaults { fs_group: None, ..defaults(Some(7)) });
    let own = "podDefaults: {runAsUser: 7, omit: [fsGroup], dropCapabilities: []}";
    let found = check(own, "podDefaults: {runAsUser: 7}").pod_defaults;
    let expect = defaults(Some(7));
    assert_eq!(found, PodDefaults { fs_group: None, drop_capabilities: vec![], ..expect });
    let open = "serviceAccounts: {automountToken: true}";
    assert!(check(open, "cordoned: false").automount_token);
    assert!(!check(open, "serviceAccounts: {automountToken: false}").automount_token);
    assert!(check("overridable: {fields: [serviceAccounts]}", open).automount_token);
}

#[test]
fn a_tenants_images_stand_within_the_profiles() {
    let check = |profile: &str, tenant: &str, expect: &str| {
        let profile = document("Profile", "own", profile);
        let tenant = document("Tenant", "a", &format!("profile: own\nimages: {tenant}"));
        let images = tenants(&(profile + &tenant)).tenant("a").unwrap().profile.images.clone();
        let ImagePolicy { registries, require_digest, forbid_latest, .. } = &images;
        let registries = registries.as_ref().map(|all| all.iter().map(ToString::to_string));
        let registries =
            registries.map_or("any".to_owned(), |all| all.collect::<Vec<_>>().join(" "));
        let pulls = images.admitted_pull_policies();
        let forced = images.force_pull_policy;
        let found = format!("{registries} {require_digest} {forbid_latest} {pulls:?} {forced:?}");
        assert_eq!(found, expect, "{tenant}");
    };
    check("{}", "{}", "any false true None None");
    let lists = "images: {registries: [r.io/*, nginx], pullPolicies: [Never, Always]}";
    check(lists, "{}", "r.io/* docker.io/library/nginx false true Some([Always, Never]) None");
    check("{}", "{registries: [r.io/a]}", "r.io/a false true None None");
    let own = "{registries: [r.io/a/*, r.io/*], pullPolicies: [Always]}";
    check(lists, own, "r.io/a/* r.io/* false true Some([Always]) None");
    check(lists, "{registries: []}", " false true Some([Always, Never]) None");
    let off = "images: {requireDigest: false, forbidLatest: false}";
    check(off, "{requireDigest: true, forbidLatest: true}", "any true true None None");
    check(off, "{}", "any false false None None");
    let forced = "images: {forcePullPolicy: Always}";
    check("{}", "{forcePullPolicy: Never}", "any false true Some([Never]) Some(Never)");
    check(forced, "{forcePullPolicy: Always}", "any false true Some([Always]) Some(Always)");
    check(
        forced,
        "{pullPolicies: [IfNotPresent, Always]}",
        "any false true Some([Always, IfNotPresent]) Some(Always)",
    );
    let all = "images: {registries: [r.io/*], requireDigest: true, pullPolicies: [Always], forcePullPolicy: Always}\noverridable: {fields: [images]}";
    check(
        all,
        "{registries: [s.io/*], requireDigest: false, forbidLatest: false, pullPolicies: [Never], forcePullPolicy: Never}",
        "s.io/* false false Some([Never]) Some(Never)",
    );
}

#[test]
fn images_that_loosen_are_told_with_both_places() {
    let files = sources(&[("images.yaml", include_str!("tests/images.yaml"))]);
    insta::assert_snapshot!(load(&files).unwrap_err());
}

#[test]
fn every_mistake_of_every_file_is_told_at_its_place() {
    let files = sources(&[
        ("policies/profiles.yaml", include_str!("tests/profiles.yaml")),
        ("policies/tenants.yaml", include_str!("tests/tenants.yaml")),
        (
            "policies/rest.json",
            "{\"apiVersion\": \"ringfence.dev/v1alpha1\", \"kind\": \"Grant\", \"metadata\": {\"name\": \"g\"}, \"spec\": {\"to\": {\"tenant\": \"Beta\"}}}",
        ),
    ]);
    insta::assert_snapshot!(load(&files).unwrap_err());
}

#[test]
fn documents_that_do_not_fit_together_are_told_with_both_places() {
    let files = sources(&[
        ("a.yaml", include_str!("tests/apart-a.yaml")),
        ("b.yaml", include_str!("tests/apart-b.yaml")),
    ]);
    insta::assert_snapshot!(load(&files).unwrap_err());
}

#[test]
fn a_document_that_is_none_of_ours_is_refused() {
    insta::assert_snapshot!(report(include_str!("tests/strangers.yaml")));
}

#[test]
fn a_document_that_cannot_be_used_explains_only_names_that_may_be_its_own() {
    let check = |broken: &str, expect: &[&str]| {
        let good = document("Tenant", "a", "profile: own\nnetwork: {shared: [web]}")
            + &document("Exemption", "e", EXEMPTION);
        let found = report(&format!("{broken}\n---\n{good}"));
        let names = ["no Profile `own`", "no shared service `web`", "no Tenant `b`"];
        let told: Vec<_> = names.into_iter().filter(|name| found.contains(name)).collect();
        assert_eq!(told, expect, "{broken}\n{found}");
    };
    let (profile, web, b) = ("no Profile `own`", "no shared service `web`", "no Tenant `b`");
    check(&document("Profile", "own", "seal: yes"), &[web, b]);
    check(&document("Profile", "other", "seal: yes"), &[profile, web, b]);
    check(&document("Tenant", "b", "seal: yes"), &[profile, web]);
    check(&document("Platform", "default", "seal: yes"), &[profile, b]);
    check(&document("Platform", "other", "{}"), &[profile, b]);
    check(&document("Profil", "own", "{}"), &[web, b]);
    check("a: [", &[profile, web, b]);
    check("kind: Profile\nmetadata: {name: own", &[web, b]);
    check("kind: Tenant\nmetadata: {name: own", &[profile, web, b]);
    check("kind: Platform\nmetadata: {name: default}\nspec: {shared: [{name: web]", &[profile, b]);
    check("\"kind\": \"Pro\\u0066ile\", a: [", &[]);
}

#[test]
fn a_built_in_profile_says_nothing_where_one_of_its_name_is_broken() {
    let tenant = document("Tenant", "a", "podSecurity: {level: baseline}");
    let check = |profile: &str, expect: bool| {
        let found = report(&format!("{profile}\n---\n{tenant}"));
        assert_eq!(found.contains("is looser than"), expect, "{profile}\n{found}");
    };
    check(&document("Profile", "restricted", "seal: yes"), false);
    check("kind: Profile\nmetadata: {name: restricted", false);
    check(&document("Profile", "other", "seal: yes"), true);
}

#[test]
fn a_namespace_that_two_claim_is_told_also_of_broken_tenants() {
    let claim = "namespaces: {names: [x], limit: many}";
    let found = report(&(document("Tenant", "a", claim) + &document("Tenant", "b", claim)));
    assert!(found.contains("a.yaml:11:24: the namespace `x` is tenant `a`'s already"), "{found}");
}

const EXEMPTION: &str = "tenant: b\nrules: [RF2]\nnamespaces: [x]\nowner: jo\nreason: because\nexpiresAt: 2027-03-01T00:00:00Z";

#[test]
fn a_file_that_cannot_be_read_hides_no_mistake_of_the_others() {
    let unread = [Problem::of_source("b.yaml", "it cannot be read")];
    let text = document("Tenant", "a", "profile: own\nsael: keep");
    let found = load_beside(&sources(&[("a.yaml", &text)]), &unread).unwrap_err().to_string();
    insta::assert_snapshot!(found, @r"
    b.yaml: it cannot be read

    a.yaml:6:3: there is no field `sael`
          sael: keep
          ^^^^
    help: did you mean `seal`?
    ");
}

#[test]
fn the_crds_are_structural_and_carry_no_defaults() {
    for crd in documents::definitions() {
        let kind = crd["spec"]["names"]["kind"].as_str().unwrap();
        assert_eq!(crd["spec"]["scope"], "Cluster", "{kind}");
        let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        walk(schema, &mut |node| {
            for wrong in ["default", "$ref", "oneOf", "patternProperties", "definitions"] {
                // `default` is also the name of a field of ours.
                let field = wrong == "default" && node.get("defaultRequest").is_some();
                assert!(field || node.get(wrong).is_none(), "{kind}: {wrong} in {node:?}");
            }
        });
        described(&schema["properties"]["spec"], kind);
    }
}

fn walk(
    node: &serde_json::Value,
    look: &mut dyn FnMut(&serde_json::Map<String, serde_json::Value>),
) {
    if let Some(map) = node.as_object() {
        look(map);
        map.values().for_each(|value| walk(value, look));
    }
    node.as_array().into_iter().flatten().for_each(|value| walk(value, look));
}

/// Every property tells its user what it is.
fn described(schema: &serde_json::Value, at: &str) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let at = format!("{at}.{name}");
        assert!(property["description"].is_string(), "{at}");
        described(property, &at);
        described(&property["items"], &at);
    }
}
