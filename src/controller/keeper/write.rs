//! Lays, mends and takes away objects of a seal.

use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions};
use kube::{Api, Client};
use serde_json::{Map, Value};

use super::objects::{KINDS, Object, resource};
use crate::seal::{FIELD_MANAGER, Managed, differs, is_ours};

/// What is to be done with one object.
#[derive(Debug)]
pub(super) enum Step {
    /// It is not seen, and must be there.
    Lay(Object, Managed),
    /// It is there, and not as it must be.
    Mend(Object, Managed),
    /// It is there, with this uid, and nothing wants it.
    Take(Object, String),
}

impl Step {
    pub(super) fn object(&self) -> &Object {
        match self {
            Self::Lay(object, _) | Self::Mend(object, _) | Self::Take(object, _) => object,
        }
    }
}

/// What became of a step. How the object stands now, the watch tells.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) object: Object,
    pub(super) outcome: Result<(), WriteError>,
}

/// An object cannot be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// Somebody else's object has its name.
    #[error(
        "an object of this name is there that is not ours: it is left alone, and the namespace counts as unsealed"
    )]
    Foreign,
    /// The API server takes something else than it is given.
    #[error("it does not stay as it is written: {0}")]
    Unruly(String),
    /// The API server refuses.
    #[error("{0}")]
    Refused(#[from] kube::Error),
    /// It sends what is no object.
    #[error("it cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl WriteError {
    /// Whether the namespace is going, or gone: nothing is laid there any more.
    pub(super) fn is_of_the_end(&self) -> bool {
        let Self::Refused(kube::Error::Api(status)) = self else { return false };
        let causes = status.details.iter().flat_map(|details| &details.causes);
        status.code == 404 || causes.into_iter().any(|cause| cause.reason == "NamespaceTerminating")
    }
}

/// Kinds of which a part can never be changed: they are deleted and made anew. What closes a namespace
/// is not among them.
const FIXED: [&str; 3] = ["RoleBinding", "ClusterRoleBinding", "ResourceQuota"];

/// Does all steps in a namespace, in their order: what closes it comes first.
pub(super) async fn all(client: &Client, steps: Vec<Step>) -> Vec<Done> {
    let mut done = Vec::new();
    for step in steps {
        let object = step.object().clone();
        let outcome = one(client, step).await;
        done.push(Done { object, outcome });
    }
    done
}

async fn one(client: &Client, step: Step) -> Result<(), WriteError> {
    let api = api(client, step.object());
    match step {
        Step::Lay(object, wanted) => {
            let there = api.get_opt(&object.name).await?;
            let there = there.map(serde_json::to_value).transpose()?;
            if there.is_some_and(|live| !is_ours(&live)) {
                return Err(WriteError::Foreign);
            }
            lay(&api, &wanted).await
        }
        Step::Mend(_, wanted) => lay(&api, &wanted).await,
        Step::Take(object, uid) => {
            delete(&api, &object.name, &uid).await?;
            Ok(())
        }
    }
}

fn api(client: &Client, object: &Object) -> Api<DynamicObject> {
    let kind = KINDS.iter().find(|(kind, ..)| *kind == object.kind);
    // Every object comes from a watch of these kinds or from the seal, which has no others.
    let resource = resource(*kind.unwrap_or(&KINDS[0]));
    match object.namespace.as_str() {
        "" => Api::all_with(client.clone(), &resource),
        namespace => Api::namespaced_with(client.clone(), namespace, &resource),
    }
}

/// Applies an object, and makes it stand as it is wanted where applying leaves something of others.
async fn lay(api: &Api<DynamicObject>, wanted: &Managed) -> Result<(), WriteError> {
    let applied = apply(api, wanted).await?;
    if differs(wanted, &applied).is_none() {
        return Ok(());
    }
    let live = match replace(api, wanted, &applied).await {
        Err(kube::Error::Api(status)) if status.code == 422 && FIXED.contains(&wanted.kind()) => {
            delete(api, wanted.name(), text(&applied, "uid")).await?;
            apply(api, wanted).await?
        }
        replaced => replaced?,
    };
    match differs(wanted, &live) {
        None => Ok(()),
        Some(lines) => Err(WriteError::Unruly(lines.join("; "))),
    }
}

async fn apply(api: &Api<DynamicObject>, wanted: &Managed) -> Result<Value, kube::Error> {
    let params = PatchParams::apply(FIELD_MANAGER).force();
    let applied = api.patch(wanted.name(), &params, &Patch::Apply(wanted.to_value())).await;
    match applied {
        // A part that can never be changed: the object that stands is looked at as it is.
        Err(kube::Error::Api(status)) if status.code == 422 && FIXED.contains(&wanted.kind()) => {
            serde_json::to_value(api.get(wanted.name()).await?).map_err(kube::Error::SerdeError)
        }
        applied => serde_json::to_value(applied?).map_err(kube::Error::SerdeError),
    }
}

/// Writes the whole object; labels and annotations of others stay.
async fn replace(
    api: &Api<DynamicObject>,
    wanted: &Managed,
    live: &Value,
) -> Result<Value, kube::Error> {
    let mut object = wanted.to_value();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in ["uid", "resourceVersion"] {
            metadata.insert(field.to_owned(), text(live, field).into());
        }
        for field in ["labels", "annotations"] {
            let mut all = map(live.get("metadata").and_then(|it| it.get(field)));
            all.extend(map(metadata.get(field)));
            metadata.insert(field.to_owned(), Value::Object(all));
        }
    }
    let object: DynamicObject = serde_json::from_value(object).map_err(kube::Error::SerdeError)?;
    let params =
        PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
    let replaced = api.replace(wanted.name(), &params, &object).await?;
    serde_json::to_value(replaced).map_err(kube::Error::SerdeError)
}

async fn delete(api: &Api<DynamicObject>, name: &str, uid: &str) -> Result<(), kube::Error> {
    let preconditions = Preconditions { uid: Some(uid.to_owned()), ..Preconditions::default() };
    let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
    match api.delete(name, &params).await {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        deleted => deleted.map(|_| ()),
    }
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    let value = object.get("metadata").and_then(|metadata| metadata.get(field));
    value.and_then(Value::as_str).unwrap_or_default()
}

fn map(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}
