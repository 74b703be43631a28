//! Pods, and ephemeral containers that are added to them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::patch::Patch;
use super::pull::PullPlan;
use crate::domain::FILLED_IN;
use crate::objects::json::write;
use crate::objects::{
    Capabilities, Container, ContainerList, ContainerSecurity, Pod, PodSpec, SeccompProfile,
};
use crate::policy::{EffectiveProfile, PodDefaults, Seccomp};

/// The API server refuses more than this in all annotations of an object together
/// (apimachinery `validation.TotalAnnotationSizeLimitB`).
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// The mark of a static pod that the kubelet mirrors; nobody may change it.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// The seccomp profile of a pod, as it was said before there was a field.
const SECCOMP_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";

/// Volumes that belong to a pod's group once it mounts them.
const GROUP_VOLUMES: [&str; 3] = ["persistentVolumeClaim", "ephemeral", "csi"];

/// What is filled in for the pod as a whole; `None` and `false` are nothing.
#[derive(Debug, Clone, PartialEq, Default)]
struct PodFill<'p> {
    seccomp_profile: Option<&'p str>,
    run_as_user: Option<i64>,
    run_as_group: Option<i64>,
    run_as_non_root: bool,
    fs_group: Option<i64>,
    fs_group_change_policy: bool,
}

const ON_ROOT_MISMATCH: &str = "OnRootMismatch";

impl PodFill<'_> {
    /// Field by field, each value as JSON.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let number = |value: Option<i64>| value.map(|value| value.to_string());
        let profile = |kind: &str| write::object([("type", write::text(kind))]);
        let policy = self.fs_group_change_policy.then(|| write::text(ON_ROOT_MISMATCH));
        let fields = [
            ("seccompProfile", self.seccomp_profile.map(profile)),
            ("runAsUser", number(self.run_as_user)),
            ("runAsGroup", number(self.run_as_group)),
            ("runAsNonRoot", self.run_as_non_root.then(|| "true".to_owned())),
            ("fsGroup", number(self.fs_group)),
            ("fsGroupChangePolicy", policy),
        ];
        fields.into_iter().filter_map(|(field, value)| Some((field, value?))).collect()
    }
}

/// What is filled in for one container.
#[derive(Debug, Clone, PartialEq)]
struct ContainerFill<'p> {
    list: ContainerList,
    index: usize,
    no_escalation: bool,
    drop: Vec<&'p str>,
}

/// What is filled in on one pod.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PodPlan<'p> {
    pod: PodFill<'p>,
    containers: Vec<ContainerFill<'p>>,
    pull: PullPlan,
}

/// What a pod on its creation, or the pod of a template, is given.
///
/// Windows pods must leave every Linux field unset, and mirror pods belong to the kubelet: the former
/// get no more than the pull policy that is forced, the latter nothing. A pod without containers is
/// the API server's to refuse.
#[must_use]
pub fn plan_pod<'p>(pod: &Pod<'_>, profile: &'p EffectiveProfile) -> PodPlan<'p> {
    let (spec, defaults) = (&pod.spec, &profile.pod_defaults);
    if pod.meta.annotations.contains_key(MIRROR) || spec.containers.is_empty() {
        return PodPlan::default();
    }
    let pull = PullPlan::pod(spec, profile.images.force_pull_policy);
    if spec.is_windows() {
        return PodPlan { pull, ..PodPlan::default() };
    }
    let containers = [ContainerList::Init, ContainerList::Regular, ContainerList::Ephemeral]
        .into_iter()
        .flat_map(|list| plan_list(spec, list, defaults, |_| true))
        .collect();
    let mut filled = plan_security(spec, defaults);
    // What the annotation says was a choice, and Kubernetes refuses a field that says something else
    // (core validation, `validateSeccompAnnotationsAndFieldsMatch`).
    let annotation = pod.meta.annotations.get(SECCOMP_ANNOTATION).map(AsRef::as_ref);
    if annotation.is_some_and(|text| !matches!(text, "runtime/default" | "docker/default")) {
        filled.seccomp_profile = None;
    }
    PodPlan { pod: filled, containers, pull }
}

/// What the ephemeral containers are given that an update adds.
#[must_use]
pub fn plan_ephemeral<'p>(
    pod: &Pod<'_>,
    old: &Pod<'_>,
    profile: &'p EffectiveProfile,
) -> PodPlan<'p> {
    let known: BTreeSet<&str> =
        old.spec.ephemeral_containers.iter().map(|container| container.name.as_ref()).collect();
    let added = |container: &Container<'_>| !known.contains(container.name.as_ref());
    let pull = PullPlan::ephemeral(&pod.spec, profile.images.force_pull_policy, added);
    if pod.spec.is_windows() {
        return PodPlan { pull, ..PodPlan::default() };
    }
    let containers = plan_list(&pod.spec, ContainerList::Ephemeral, &profile.pod_defaults, added);
    PodPlan { pod: PodFill::default(), containers, pull }
}

fn plan_security<'p>(spec: &PodSpec<'_>, defaults: &'p PodDefaults) -> PodFill<'p> {
    let security = spec.security.as_ref();
    let containers = || {
        let lists = [ContainerList::Init, ContainerList::Regular, ContainerList::Ephemeral];
        lists
            .into_iter()
            .flat_map(|list| list.of(spec))
            .map(|container| container.security.as_ref())
    };
    let pod_user = security.and_then(|own| own.run_as_user);
    let users = || containers().map(|own| own.and_then(|own| own.run_as_user));
    // Who asks for root by `runAsNonRoot: false` chose; giving a user would flip that silently.
    let chose_root = security.and_then(|own| own.run_as_non_root) == Some(false)
        || containers().any(|own| own.is_some_and(|own| own.run_as_non_root == Some(false)));
    let no_user = pod_user.is_none() && users().all(|user| user.is_none()) && !chose_root;
    let run_as_user = defaults.run_as_user.filter(|_| no_user);
    let ours = run_as_user.is_some();
    let none_is_root = ours || users().all(|user| user.or(pod_user).is_some_and(|user| user != 0));

    let unset = |set: Option<bool>| !set.unwrap_or(false);
    let needs_group = spec
        .volumes
        .iter()
        .any(|volume| GROUP_VOLUMES.iter().any(|source| volume.sources.contains(*source)));
    let fs_group = defaults
        .fs_group
        .filter(|_| ours && needs_group && unset(security.map(|own| own.fs_group.is_some())));
    PodFill {
        seccomp_profile: defaults
            .seccomp_profile
            .map(Seccomp::as_str)
            .filter(|_| unset(security.map(|own| own.seccomp.is_some()))),
        run_as_user,
        run_as_group: defaults
            .run_as_group
            .filter(|_| ours && unset(security.map(|own| own.run_as_group.is_some()))),
        run_as_non_root: defaults.run_as_non_root
            && none_is_root
            && unset(security.map(|own| own.run_as_non_root.is_some())),
        fs_group,
        fs_group_change_policy: fs_group.is_some()
            && unset(security.map(|own| own.fs_group_change_policy.is_some())),
    }
}

fn plan_list<'p>(
    spec: &PodSpec<'_>,
    list: ContainerList,
    defaults: &'p PodDefaults,
    included: impl Fn(&Container<'_>) -> bool,
) -> Vec<ContainerFill<'p>> {
    let numbered = list.of(spec).iter().enumerate();
    numbered
        .filter(|(_, container)| included(container))
        .map(|(index, container)| plan_container(list, index, container, defaults))
        .filter(|fill| fill.no_escalation || !fill.drop.is_empty())
        .collect()
}

fn plan_container<'p>(
    list: ContainerList,
    index: usize,
    container: &Container<'_>,
    defaults: &'p PodDefaults,
) -> ContainerFill<'p> {
    let security = container.security.as_ref();
    let capabilities = security.and_then(|own| own.capabilities.as_ref());
    let holds = |list: &[Cow<'_, str>], name: &str| list.iter().any(|own| own == name);
    let adds = |name: &str| capabilities.is_some_and(|own| holds(&own.add, name));
    let drops = |name: &str| capabilities.is_some_and(|own| holds(&own.drop, name));
    // Kubernetes refuses `false` beside these (core validation, ValidateSecurityContext).
    let escalates = security.is_some_and(|own| own.privileged == Some(true))
        || adds("CAP_SYS_ADMIN")
        || adds("SYS_ADMIN");
    let unset = security.is_none_or(|own| own.allow_privilege_escalation.is_none());
    // Runtimes let ALL in `drop` win over ALL in `add`: that would flip an explicit choice.
    let wants_all = adds("ALL") || drops("ALL");
    let drop = defaults.drop_capabilities.iter().map(String::as_str);
    ContainerFill {
        list,
        index,
        no_escalation: !defaults.allow_privilege_escalation && unset && !escalates,
        drop: drop.filter(|name| !wants_all && !drops(name)).collect(),
    }
}

impl PodPlan<'_> {
    /// Whether there is nothing to fill in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pod == PodFill::default() && self.containers.is_empty() && self.pull.is_empty()
    }

    /// Fills in, in memory.
    pub fn apply(&self, pod: &mut Pod<'_>) {
        self.pull.apply(&mut pod.spec);
        let fill = &self.pod;
        if *fill != PodFill::default() {
            let security = pod.spec.security.get_or_insert_default();
            if let Some(kind) = fill.seccomp_profile {
                security.seccomp = Some(SeccompProfile { kind: Cow::Owned(kind.to_owned()) });
            }
            security.run_as_user = fill.run_as_user.or(security.run_as_user);
            security.run_as_group = fill.run_as_group.or(security.run_as_group);
            security.fs_group = fill.fs_group.or(security.fs_group);
            if fill.run_as_non_root {
                security.run_as_non_root = Some(true);
            }
            if fill.fs_group_change_policy {
                security.fs_group_change_policy = Some(ON_ROOT_MISMATCH.into());
            }
        }
        for fill in &self.containers {
            let Some(container) = fill.list.of_mut(&mut pod.spec).get_mut(fill.index) else {
                continue;
            };
            let security = container.security.get_or_insert_default();
            if fill.no_escalation {
                security.allow_privilege_escalation = Some(false);
            }
            if !fill.drop.is_empty() {
                let capabilities = security.capabilities.get_or_insert_default();
                capabilities
                    .drop
                    .extend(fill.drop.iter().map(|name| Cow::Owned((*name).to_owned())));
            }
        }
    }

    /// The patch that fills in a pod on its creation and annotates what was filled in.
    #[must_use]
    pub fn patch(&self, pod: &Pod<'_>) -> Patch {
        let mut patch = self.patch_ephemeral(pod);
        let annotations = &pod.meta.annotations;
        let entry = if self.is_empty() { None } else { self.annotation(pod) };
        let entry = entry.into_iter().map(|value| (FILLED_IN.to_owned(), value)).collect();
        patch.add_entries("/metadata/annotations", !annotations.is_empty(), entry);
        patch
    }

    /// The patch that fills in the ephemeral containers which an update adds. The API server takes
    /// nothing but containers from such an update, so there is no annotation.
    #[must_use]
    pub fn patch_ephemeral(&self, pod: &Pod<'_>) -> Patch {
        let mut patch = Patch::default();
        let fields = self.pod.fields();
        if pod.spec.security.is_some() {
            for (field, value) in fields {
                patch.add(&format!("/spec/securityContext/{field}"), &value);
            }
        } else if !fields.is_empty() {
            patch.add("/spec/securityContext", &write::object(fields));
        }
        for fill in &self.containers {
            if let Some(container) = fill.list.of(&pod.spec).get(fill.index) {
                fill.patch(container, &mut patch);
            }
        }
        self.pull.patch(&mut patch);
        patch
    }

    /// What the annotation says: what it said before, if that was ours, and what is filled in now
    /// (a webhook that runs between our two turns may add containers). `None` where the object's
    /// annotations would grow past what the API server takes.
    fn annotation(&self, pod: &Pod<'_>) -> Option<String> {
        let annotations = &pod.meta.annotations;
        let before = annotations.get(FILLED_IN).map_or("", Cow::as_ref);
        let mut paths: Vec<String> = before
            .split(',')
            .filter(|path| path.starts_with("spec."))
            .map(str::to_owned)
            .chain(self.paths(pod))
            .collect();
        let mut seen = BTreeSet::new();
        paths.retain(|path| seen.insert(path.clone()));
        let value = paths.join(",");
        let size = |(key, value): (&Cow<'_, str>, &Cow<'_, str>)| key.len() + value.len();
        let total: usize = annotations.iter().map(size).sum();
        (total + FILLED_IN.len() + value.len() <= ANNOTATIONS_LIMIT).then_some(value)
    }

    fn paths(&self, pod: &Pod<'_>) -> Vec<String> {
        let fields = self.pod.fields().into_iter();
        let mut paths: Vec<String> =
            fields.map(|(field, _)| format!("spec.securityContext.{field}")).collect();
        for fill in &self.containers {
            let container = fill.list.of(&pod.spec).get(fill.index);
            let name = named(container.map(|container| container.name.as_ref()), fill.index);
            let at = format!("spec.{}[{name}].securityContext", fill.list.field());
            if fill.no_escalation {
                paths.push(format!("{at}.allowPrivilegeEscalation"));
            }
            if !fill.drop.is_empty() {
                paths.push(format!("{at}.capabilities.drop"));
            }
        }
        paths.extend(self.pull.paths(&pod.spec));
        paths
    }
}

/// What an item of a list is called: its name, or its place where it has none that is one.
pub(super) fn named(name: Option<&str>, index: usize) -> String {
    name.filter(|name| plain(name)).map_or_else(|| index.to_string(), str::to_owned)
}

/// Whether a name is one that Kubernetes takes: webhooks see an object before it is validated.
fn plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl ContainerFill<'_> {
    fn patch(&self, container: &Container<'_>, patch: &mut Patch) {
        let at = format!("/spec/{}/{}/securityContext", self.list.field(), self.index);
        let no_escalation = self.no_escalation.then(|| "false".to_owned());
        let drop = (!self.drop.is_empty()).then(|| write::texts(self.drop.iter().copied()));
        let Some(security) = &container.security else {
            let capabilities = drop.map(|drop| write::object([("drop", drop)]));
            let fields =
                [("allowPrivilegeEscalation", no_escalation), ("capabilities", capabilities)];
            let fields = fields.into_iter().filter_map(|(field, value)| Some((field, value?)));
            patch.add(&at, &write::object(fields));
            return;
        };
        if let Some(value) = no_escalation {
            patch.add(&format!("{at}/allowPrivilegeEscalation"), &value);
        }
        if let Some(drop) = drop {
            self.patch_drop(&at, security, drop, patch);
        }
    }

    fn patch_drop(
        &self,
        at: &str,
        security: &ContainerSecurity<'_>,
        drop: String,
        patch: &mut Patch,
    ) {
        match &security.capabilities {
            None => {
                patch.add(&format!("{at}/capabilities"), &write::object([("drop", drop)]));
            }
            Some(Capabilities { drop: dropped, .. }) if dropped.is_empty() => {
                patch.add(&format!("{at}/capabilities/drop"), &drop);
            }
            Some(_) => {
                for name in &self.drop {
                    patch.add(&format!("{at}/capabilities/drop/-"), &write::text(name));
                }
            }
        }
    }
}
