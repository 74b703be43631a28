//! The eight kinds that hold a template of pods.

use serde_json::Value;

use super::decode::{Decode, Malformed, Raw, Unread, from_json, object};
use super::json::differ_in_a_string;
use super::meta::Meta;
use super::pod::Pod;
use crate::domain::FieldPath;

/// Where a kind keeps its template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateKind {
    /// `spec.template`: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, ReplicationController.
    Spec,
    /// `spec.jobTemplate.spec.template`: CronJob.
    JobTemplate,
    /// `template`: PodTemplate.
    Top,
}

impl TemplateKind {
    /// The path to the template.
    #[must_use]
    pub fn path(self) -> FieldPath {
        FieldPath::fields(match self {
            Self::Spec => &["spec", "template"],
            Self::JobTemplate => &["spec", "jobTemplate", "spec", "template"],
            Self::Top => &["template"],
        })
    }

    /// Decodes an object of this shape; a template of `None` is a ReplicationController that has
    /// none.
    ///
    /// # Errors
    /// [`Malformed`] where the text is not such an object.
    pub fn decode(self, text: &str) -> Result<Template<'_>, Malformed> {
        Ok(match self {
            Self::Spec => {
                let Workload { meta, spec } = from_json(text)?;
                Template { meta, pod: spec.template }
            }
            Self::JobTemplate => {
                let CronJob { meta, spec } = from_json(text)?;
                Template { meta, pod: spec.job.spec.template }
            }
            Self::Top => {
                let PodTemplate { meta, template } = from_json(text)?;
                Template { meta, pod: template }
            }
        })
    }
}

/// A workload and the pod that it would run.
#[derive(Debug, Clone, PartialEq)]
pub struct Template<'de> {
    /// The workload's own metadata.
    pub meta: Meta<'de>,
    /// The pod.
    pub pod: Option<Pod<'de>>,
}

object! {
    /// A workload with `spec.template`.
    pub struct Workload<'de> {
        meta: Meta<'de> = "metadata",
        spec: WorkloadSpec<'de> = "spec",
    }
}

object! {
    /// Its spec, and the spec of a CronJob's job.
    pub struct WorkloadSpec<'de> {
        template: Option<Pod<'de>> = "template",
    }
}

object! {
    /// A CronJob.
    pub struct CronJob<'de> {
        meta: Meta<'de> = "metadata",
        spec: CronJobSpec<'de> = "spec",
    }
}

object! {
    /// Its spec.
    pub struct CronJobSpec<'de> {
        job: JobTemplate<'de> = "jobTemplate",
    }
}

object! {
    /// Its job.
    pub struct JobTemplate<'de> {
        spec: WorkloadSpec<'de> = "spec",
    }
}

object! {
    /// A PodTemplate.
    pub struct PodTemplate<'de> {
        meta: Meta<'de> = "metadata",
        template: Option<Pod<'de>> = "template",
    }
}

object! {
    struct RawTemplate<'de> {
        meta: Unread = "metadata",
        template: Raw<'de> = "template",
    }
}

object! {
    struct RawSpec<'de> {
        meta: Unread = "metadata",
        spec: RawTemplate<'de> = "spec",
    }
}

object! {
    struct RawJob<'de> {
        job: RawSpec<'de> = "jobTemplate",
    }
}

object! {
    struct RawCronJob<'de> {
        meta: Unread = "metadata",
        spec: RawJob<'de> = "spec",
    }
}

/// Whether an update changes the template, its metadata too. Order of keys does not matter, nor
/// whether a field is absent, null or empty: as apimachinery's `equality.Semantic`.
///
/// # Errors
/// [`Malformed`] where one of the texts is not such an object.
pub fn template_changed(kind: TemplateKind, new: &str, old: &str) -> Result<bool, Malformed> {
    let (new, old) = (raw_template(kind, new)?, raw_template(kind, old)?);
    if new == old {
        return Ok(false);
    }
    if let (Some(new), Some(old)) = (new, old)
        && differ_in_a_string(new, old)
    {
        return Ok(true);
    }
    Ok(comparable(new)? != comparable(old)?)
}

fn raw_template(kind: TemplateKind, text: &str) -> Result<Option<&str>, Malformed> {
    fn read<'de, T: Decode<'de>>(text: &'de str) -> Result<T, Malformed> {
        from_json(text)
    }
    let raw = match kind {
        TemplateKind::Spec => read::<RawSpec<'_>>(text)?.spec.template,
        TemplateKind::JobTemplate => read::<RawCronJob<'_>>(text)?.spec.job.spec.template,
        TemplateKind::Top => read::<RawTemplate<'_>>(text)?.template,
    };
    Ok(raw.text())
}

fn comparable(text: Option<&str>) -> Result<Option<Value>, Malformed> {
    let value = serde_json::from_str(text.unwrap_or("null"))
        .map_err(|error| Malformed::whole(error.to_string()))?;
    Ok(without_empties(value))
}

fn without_empties(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(map) => {
            let map: serde_json::Map<String, Value> = map
                .into_iter()
                .filter_map(|(key, value)| Some((key, without_empties(value)?)))
                .collect();
            (!map.is_empty()).then_some(Value::Object(map))
        }
        Value::Array(items) => (!items.is_empty()).then(|| {
            let items = items.into_iter();
            Value::Array(items.map(|item| without_empties(item).unwrap_or(Value::Null)).collect())
        }),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shape_finds_its_template() {
        let check = |kind: TemplateKind, text: &str| {
            let template = kind.decode(text).unwrap();
            assert_eq!(template.meta.name, "n");
            assert_eq!(template.pod.unwrap().spec.containers[0].name, "app", "{kind:?}");
        };
        let pod = r#"{"spec":{"containers":[{"name":"app"}]}}"#;
        let name = r#""metadata":{"name":"n"}"#;
        check(TemplateKind::Spec, &format!(r#"{{{name},"spec":{{"template":{pod}}}}}"#));
        check(
            TemplateKind::JobTemplate,
            &format!(r#"{{{name},"spec":{{"jobTemplate":{{"spec":{{"template":{pod}}}}}}}}}"#),
        );
        check(TemplateKind::Top, &format!(r#"{{{name},"template":{pod}}}"#));
        assert_eq!(TemplateKind::Spec.decode("{}").unwrap().pod, None);
    }

    #[test]
    fn a_template_changes_when_its_meaning_does() {
        let check = |new: &str, old: &str, expect: bool| {
            let wrap =
                |template: &str| format!(r#"{{"spec":{{"replicas":1,"template":{template}}}}}"#);
            let changed = template_changed(TemplateKind::Spec, &wrap(new), &wrap(old));
            assert_eq!(changed, Ok(expect), "{new} {old}");
        };
        check("{}", "{}", false);
        check(r#"{"a":1,"b":[{}]}"#, r#"{"b":[{}],"a":1}"#, false);
        check(r#"{"a":null,"b":{},"c":[]}"#, "{}", false);
        check(r#"{"a":1}"#, r#"{"a":2}"#, true);
        check(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, true);
        check(r#"{"a":[{},1]}"#, r#"{"a":[1]}"#, true);
        check(r#"{"a":false}"#, "{}", true);
        check("null", "{}", false);
    }

    #[test]
    fn what_stands_outside_the_template_does_not_count() {
        let new = r#"{"metadata":{"labels":{"a":"b"}},"spec":{"replicas":9,"template":{"x":1}}}"#;
        let old = r#"{"spec":{"template":{"x":1}}}"#;
        assert_eq!(template_changed(TemplateKind::Spec, new, old), Ok(false));
        let cron = |x: i32| {
            format!(
                r#"{{"spec":{{"jobTemplate":{{"metadata":{{"y":{x}}},"spec":{{"template":{{"x":1}}}}}}}}}}"#
            )
        };
        assert_eq!(template_changed(TemplateKind::JobTemplate, &cron(1), &cron(2)), Ok(false));
    }
}
