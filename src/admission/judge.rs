//! What is refused.

use super::case::{Case, Fault, Stage, malformed, pod, required, unread};
use super::{document, exempt, kept, network, pod_metadata, stream, tenancy};
use crate::defaults::{PodPlan, plan_ephemeral, plan_pod};
use crate::domain::{Class, FieldPath, Finding, Operation, Verdict};
use crate::objects::{
    Labelled, Malformed, Pod, TemplateKind, as_stored, from_json, template_changed,
};
use crate::policy::EffectiveProfile;
use crate::rules::{PodView, Shape, is_significant, judge_images, judge_pod};
use crate::state::Standing;

/// Judges a case: every finding at once.
#[must_use]
pub fn judge(case: &Case<'_>) -> Verdict {
    let changes = matches!(case.operation, Operation::Create | Operation::Update);
    let findings = match case.resource.shape {
        Shape::Pod if changes => in_namespace(case, judge_whole_pod),
        Shape::Template(kind) if changes => {
            in_namespace(case, |case, profile| judge_template(case, profile, kind))
        }
        Shape::ServiceAccount if changes => in_namespace(case, |case, _| readable(case)),
        Shape::Namespace if case.operation != Operation::Connect => tenancy::namespace(case),
        Shape::PodStatus if case.operation == Operation::Update => pod_metadata::status(case),
        Shape::Kept
        | Shape::KeptClusterwide
        | Shape::PluginPolicy
        | Shape::PluginPolicyClusterwide
        | Shape::KeptPolicyClusterwide
            if case.operation != Operation::Connect =>
        {
            policy_or_kept(case)
        }
        Shape::Document => document::document(case),
        Shape::Stream if case.operation == Operation::Connect => stream::stream(case),
        Shape::NodeStream if case.operation == Operation::Connect => stream::node_stream(case),
        // What no rule looks at: it is known, and so admitted.
        Shape::Pod
        | Shape::PodStatus
        | Shape::Template(_)
        | Shape::ServiceAccount
        | Shape::Namespace
        | Shape::Kept
        | Shape::KeptClusterwide
        | Shape::PluginPolicy
        | Shape::PluginPolicyClusterwide
        | Shape::KeptPolicyClusterwide
        | Shape::Stream
        | Shape::NodeStream
        | Shape::Cordoned
        | Shape::Passed => unread(case).map(|()| Vec::new()),
    };
    let mut findings = findings.unwrap_or_else(|fault| vec![fault.finding()]);
    if let Standing::Owned(tenant) = case.standing
        && !case.resource.cluster_scoped()
    {
        findings.extend(tenancy::cordoned(case, tenant));
        findings.extend(tenancy::unsealed(case, tenant));
    }
    match case.standing.profile() {
        Some(profile) => exempt::marked(case, Verdict::of(findings, |code| profile.mode(code))),
        None => Verdict::enforced(findings),
    }
}

/// What the controller keeps some of, and network policies.
fn policy_or_kept(case: &Case<'_>) -> Result<Vec<Finding>, Fault> {
    match case.resource.shape {
        Shape::Kept | Shape::KeptClusterwide => {
            let mut findings = kept::kept(case)?;
            findings.extend(network::policy(case)?);
            Ok(findings)
        }
        Shape::KeptPolicyClusterwide => match kept::kept(case)? {
            findings if findings.is_empty() => network::plugin_policy(case),
            findings => Ok(findings),
        },
        _ => unread(case).and_then(|()| network::plugin_policy(case)),
    }
}

fn in_namespace(
    case: &Case<'_>,
    judge: impl Fn(&Case<'_>, &EffectiveProfile) -> Result<Vec<Finding>, Fault>,
) -> Result<Vec<Finding>, Fault> {
    match case.standing {
        Standing::Owned(_) | Standing::Unowned(_) => {
            case.standing.profile().map_or_else(|| Ok(Vec::new()), |profile| judge(case, profile))
        }
        Standing::Orphaned if is_upkeep(case)? => Ok(Vec::new()),
        Standing::Orphaned | Standing::Unknown => Err(case.unknown_namespace()),
    }
}

/// Whether the control plane changes nothing of an object that anything would be judged by: it counts
/// and scales, and takes finalizers away, without which what is deleted never goes.
fn is_upkeep(case: &Case<'_>) -> Result<bool, Fault> {
    if case.class(None) != Class::ControlPlane {
        return Ok(false);
    }
    let Some(old) = old_text(case)? else { return Ok(false) };
    let text = required("object", case.request.object.text())?;
    let in_object = |error: Malformed| malformed("object", &error);
    match case.resource.shape {
        Shape::Pod => {
            let pod = pod(case)?;
            let old: Pod<'_> = from_json(old).map_err(|error| malformed("oldObject", &error))?;
            Ok(!is_significant(&pod.spec, &old.spec))
        }
        Shape::Template(kind) => {
            template_changed(kind, text, old).map(|changed| !changed).map_err(in_object)
        }
        Shape::PodStatus
        | Shape::ServiceAccount
        | Shape::Namespace
        | Shape::Document
        | Shape::Kept
        | Shape::KeptClusterwide
        | Shape::PluginPolicy
        | Shape::PluginPolicyClusterwide
        | Shape::KeptPolicyClusterwide
        | Shape::Stream
        | Shape::NodeStream
        | Shape::Cordoned
        | Shape::Passed => Ok(false),
    }
}

fn readable(case: &Case<'_>) -> Result<Vec<Finding>, Fault> {
    let text = required("object", case.request.object.text())?;
    from_json::<Labelled<'_>>(text).map_err(|error| malformed("object", &error))?;
    Ok(Vec::new())
}

fn judge_whole_pod(case: &Case<'_>, profile: &EffectiveProfile) -> Result<Vec<Finding>, Fault> {
    let mut pod = pod(case)?;
    let old = old_text(case)?;
    let old: Option<Pod<'_>> =
        old.map(from_json).transpose().map_err(|error| malformed("oldObject", &error))?;
    let mut findings =
        pod_metadata::judged(case, &pod.meta, old.as_ref().map(|old| &old.meta), FieldPath::root());
    if old.as_ref().is_some_and(|old| !is_significant(&pod.spec, &old.spec)) {
        return Ok(findings);
    }
    if case.stage == Stage::Manifest {
        let pod = pod.to_mut();
        as_stored(pod, false);
        plan(case, pod, old.as_ref(), profile).apply(pod);
    }
    findings.extend(judged(&pod, FieldPath::root(), case, profile));
    Ok(findings)
}

/// What an update changes. A manifest comes without it, and is judged whole.
fn old_text<'a>(case: &Case<'a>) -> Result<Option<&'a str>, Fault> {
    let text = case.request.old_object.text();
    match (case.operation, case.stage) {
        (Operation::Update, Stage::Admission) => required("oldObject", text).map(Some),
        (Operation::Update, Stage::Manifest) => Ok(text),
        (Operation::Create | Operation::Delete | Operation::Connect, _) => Ok(None),
    }
}

/// What the mutating webhook would fill in.
fn plan<'p>(
    case: &Case<'_>,
    pod: &Pod<'_>,
    old: Option<&Pod<'_>>,
    profile: &'p EffectiveProfile,
) -> PodPlan<'p> {
    match (case.resource.subresource, old) {
        ("", None) => plan_pod(pod, profile),
        ("ephemeralcontainers", Some(old)) => plan_ephemeral(pod, old, profile),
        _ => PodPlan::default(),
    }
}

fn judge_template(
    case: &Case<'_>,
    profile: &EffectiveProfile,
    kind: TemplateKind,
) -> Result<Vec<Finding>, Fault> {
    let text = required("object", case.request.object.text())?;
    let in_object = |error: Malformed| malformed("object", &error);
    let template = kind.decode(text).map_err(in_object)?;
    let old = old_text(case)?;
    if let Some(old) = old
        && !template_changed(kind, text, old).map_err(in_object)?
    {
        return Ok(Vec::new());
    }
    let Some(mut pod) = template.pod else { return Ok(Vec::new()) };
    if case.stage == Stage::Manifest {
        as_stored(&mut pod, true);
    }
    plan_pod(&pod, profile).apply(&mut pod);
    let mut findings = pod_metadata::judged(case, &pod.meta, None, kind.path());
    findings.extend(judged(&pod, kind.path(), case, profile));
    Ok(findings)
}

fn judged<'a>(
    pod: &Pod<'_>,
    at: FieldPath,
    case: &Case<'a>,
    profile: &'a EffectiveProfile,
) -> Vec<Finding> {
    let security = &profile.pod_security;
    let view = PodView { pod, at, version: security.version.resolve(case.snapshot.latest) };
    let tenant = case.standing.tenant().map(|tenant| &tenant.name);
    let terms = exempt::Terms::of(case, profile);
    let mut findings = Vec::new();
    judge_pod(&view, security.level, &terms, &mut findings);
    judge_images(&view, &profile.images, tenant, &terms, &mut findings);
    findings
}
