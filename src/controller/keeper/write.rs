//! Lays, mends and takes away objects of a seal.

use std::time::Duration;

use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions};
use kube::{Api, Client};
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::super::served::resource;
use super::drift::{Author, Drift};
use super::objects::{self, KINDS, Object};
use crate::seal::{FIELD_MANAGER, Managed, differs, is_ours};
use crate::telemetry::SealFailure;

/// What is to be done with one object.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) object: Object,
    pub(super) what: What,
    /// What others did to it.
    pub(super) drift: Option<Drift>,
}

/// See [`Step`].
#[derive(Debug)]
pub(super) enum What {
    /// It is not seen, and must be there.
    Lay(Managed),
    /// It is there, and not as it must be.
    Mend(Managed),
    /// It is there, with this uid, and nothing wants it.
    Take(String),
    /// It was seen with this uid, and may be gone.
    Look(String),
}

/// What became of a step.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) object: Object,
    pub(super) outcome: Result<After, WriteError>,
    /// How many writes were asked for.
    pub(super) writes: u32,
}

/// How a step ended well.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum After {
    /// It was written, because of what others had done where there is any. How it stands now, the watch
    /// tells.
    Written(Option<Drift>),
    /// It is there with this uid.
    Stands(String),
    /// It is not there, with this uid.
    Gone(String),
}

/// An object cannot be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// Somebody else's object has its name.
    #[error(
        "an object of this name is there that is not ours: it is left alone, and what it should do counts as undone"
    )]
    Foreign,
    /// The API server takes something else than it is given.
    #[error("it does not stay as it is written: {0}")]
    Unruly(String),
    /// The API server refuses.
    #[error("{0}")]
    Refused(#[from] kube::Error),
    /// It does not answer.
    #[error("the API server does not answer")]
    Late,
    /// A mistake of ours.
    #[error("writing it panicked")]
    Panicked,
    /// It sends what is no object.
    #[error("it cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl WriteError {
    /// What is counted under.
    pub(super) fn failure(&self) -> SealFailure {
        match self {
            Self::Foreign => SealFailure::NameTaken,
            Self::Unruly(_) => SealFailure::Unruly,
            Self::Late => SealFailure::Timeout,
            Self::Panicked => SealFailure::Panic,
            Self::Refused(_) | Self::Json(_) => SealFailure::Refused,
        }
    }

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

/// How long one object may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Does all steps in a namespace, in their order: what closes it comes first.
pub(super) async fn all(client: &Client, steps: Vec<Step>) -> Vec<Done> {
    let mut done = Vec::new();
    for Step { object, what, drift } in steps {
        let mut writer = Writer { api: api(client, &object), writes: 0 };
        let outcome = timeout(PATIENCE, writer.step(&object.name, what, drift)).await;
        let outcome = outcome.unwrap_or(Err(WriteError::Late));
        done.push(Done { object, outcome, writes: writer.writes });
    }
    done
}

fn api(client: &Client, object: &Object) -> Api<DynamicObject> {
    // Every object comes from a watch of these kinds or from the seal, which has no others.
    let kind = objects::kind(object.kind).unwrap_or(KINDS[0]);
    objects::api(client, &resource(kind), &object.namespace)
}

struct Writer {
    api: Api<DynamicObject>,
    writes: u32,
}

impl Writer {
    async fn step(
        &mut self,
        name: &str,
        what: What,
        drift: Option<Drift>,
    ) -> Result<After, WriteError> {
        match what {
            What::Lay(wanted) => {
                let there = self.get(name).await?;
                if there.as_ref().is_some_and(|live| !is_ours(live)) {
                    return Err(WriteError::Foreign);
                }
                self.lay(&wanted).await?;
                // One that is there although no watch tells of it has lost our label.
                let changed = there.map(|live| Drift::Changed(Author::of(&live)));
                Ok(After::Written(changed.or(drift)))
            }
            What::Mend(wanted) => {
                self.lay(&wanted).await?;
                Ok(After::Written(drift))
            }
            What::Take(uid) => {
                self.delete(name, &uid).await?;
                Ok(After::Written(None))
            }
            What::Look(uid) => {
                let there = self.get(name).await?;
                let same = there.is_some_and(|live| text(&live, "uid") == uid);
                Ok(if same { After::Stands(uid) } else { After::Gone(uid) })
            }
        }
    }

    async fn get(&self, name: &str) -> Result<Option<Value>, WriteError> {
        let there = self.api.get_opt(name).await?;
        Ok(there.map(serde_json::to_value).transpose()?)
    }

    /// Applies an object, and makes it stand as it is wanted where applying leaves something of others.
    async fn lay(&mut self, wanted: &Managed) -> Result<(), WriteError> {
        let applied = self.apply(wanted).await?;
        if differs(wanted, &applied).is_none() {
            return Ok(());
        }
        let live = match self.replace(wanted, &applied).await {
            Err(kube::Error::Api(status)) if status.code == 422 && is_fixed(wanted) => {
                self.delete(wanted.name(), text(&applied, "uid")).await?;
                self.apply(wanted).await?
            }
            replaced => replaced?,
        };
        match differs(wanted, &live) {
            None => Ok(()),
            Some(lines) => Err(WriteError::Unruly(lines.join("; "))),
        }
    }

    async fn apply(&mut self, wanted: &Managed) -> Result<Value, kube::Error> {
        let params = PatchParams::apply(FIELD_MANAGER).force();
        self.writes += 1;
        let applied =
            self.api.patch(wanted.name(), &params, &Patch::Apply(wanted.to_value())).await;
        match applied {
            // A part that can never be changed: the object that stands is looked at as it is.
            Err(kube::Error::Api(status)) if status.code == 422 && is_fixed(wanted) => {
                let live = self.api.get(wanted.name()).await?;
                serde_json::to_value(live).map_err(kube::Error::SerdeError)
            }
            applied => serde_json::to_value(applied?).map_err(kube::Error::SerdeError),
        }
    }

    /// Writes the whole object; labels and annotations of others stay.
    async fn replace(&mut self, wanted: &Managed, live: &Value) -> Result<Value, kube::Error> {
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
        let object: DynamicObject =
            serde_json::from_value(object).map_err(kube::Error::SerdeError)?;
        let manager = Some(FIELD_MANAGER.to_owned());
        let params = PostParams { field_manager: manager, ..PostParams::default() };
        self.writes += 1;
        let replaced = self.api.replace(wanted.name(), &params, &object).await?;
        serde_json::to_value(replaced).map_err(kube::Error::SerdeError)
    }

    async fn delete(&mut self, name: &str, uid: &str) -> Result<(), kube::Error> {
        let preconditions = Preconditions { uid: Some(uid.to_owned()), ..Preconditions::default() };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        self.writes += 1;
        match self.api.delete(name, &params).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            deleted => deleted.map(|_| ()),
        }
    }
}

fn is_fixed(wanted: &Managed) -> bool {
    FIXED.contains(&wanted.kind())
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    let value = object.get("metadata").and_then(|metadata| metadata.get(field));
    value.and_then(Value::as_str).unwrap_or_default()
}

fn map(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}
