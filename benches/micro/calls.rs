//! The calls that are measured.

use std::collections::HashMap;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use ringfence::admission::{Case, judge};
use ringfence::domain::{Decision, Verdict, Version};
use ringfence::objects::json::DEEPEST;
use ringfence::policy::{self, Source};
use ringfence::review::{Response, envelope};
use ringfence::server::{Admission as _, Answer, Door, Endpoint};
use ringfence::state::{Builder, Change, Handle, Namespace};
use ringfence::telemetry::{Metrics, logs};

use crate::reviews::{self, Review};

/// Something that is done again and again.
#[derive(Debug)]
pub struct Call {
    pub name: &'static str,
    /// What it is compared to.
    pub reference: Option<&'static str>,
    review: fn() -> Review,
    does: Does,
}

#[derive(Debug, Clone, Copy)]
enum Does {
    /// The door answers, and the answer is as expected.
    Answer(Endpoint, Expect, Scene, Log),
    /// The envelope is read, and nothing judged.
    Envelope,
    /// The envelope is read and the object judged.
    Judge,
    /// An answer is written.
    Respond,
    /// The same bytes are read into k8s-openapi's types.
    Typed(Object),
    /// The documents of so many tenants are loaded.
    Load(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Allowed,
    Denied,
    Unreadable,
}

#[derive(Debug, Clone, Copy)]
enum Object {
    Pod,
    Deployment,
}

/// What is in force beside the example set of two tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scene {
    /// So many tenants, by documents alone.
    Tenants(usize),
    /// A cluster of so many sealed namespaces, ten of each tenant.
    Namespaces(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Log {
    Off,
    On,
}

use Does::{Answer as Answers, Envelope, Judge, Load, Respond, Typed};
use Endpoint::{Mutate, Validate};
use Expect::{Allowed, Denied, Unreadable};
use Log::{Off, On};
use Scene::{Namespaces, Tenants};

const EXAMPLE: Scene = Tenants(0);
const MANY: Scene = Tenants(1_000);
const VERY_MANY: Scene = Tenants(10_000);
const FEW_CLOSED: Scene = Namespaces(10);
const MANY_CLOSED: Scene = Namespaces(10_000);

const fn call(
    name: &'static str,
    reference: Option<&'static str>,
    review: fn() -> Review,
    does: Does,
) -> Call {
    Call { name, reference, review, does }
}

/// In the order of the table.
pub const ALL: &[Call] = &[
    call("typed pod", None, reviews::pod, Typed(Object::Pod)),
    call("read the envelope", Some("typed pod"), reviews::pod, Envelope),
    call("read and judge", Some("typed pod"), reviews::pod, Judge),
    call("respond", Some("typed pod"), reviews::pod, Respond),
    call("pod", Some("typed pod"), reviews::pod, Answers(Validate, Allowed, EXAMPLE, Off)),
    call("pod, logged", Some("pod"), reviews::pod, Answers(Validate, Allowed, EXAMPLE, On)),
    call("pod, denied", Some("pod"), reviews::denied_pod, Answers(Validate, Denied, EXAMPLE, Off)),
    call("pod, on /mutate", Some("pod"), reviews::pod, Answers(Mutate, Allowed, EXAMPLE, Off)),
    call("small pod", Some("pod"), reviews::small_pod, Answers(Validate, Allowed, EXAMPLE, Off)),
    call(
        "small pod, filled in",
        Some("small pod"),
        reviews::bare_pod,
        Answers(Mutate, Allowed, EXAMPLE, Off),
    ),
    call("pod, 1,000 tenants", Some("pod"), reviews::pod, Answers(Validate, Allowed, MANY, Off)),
    call(
        "pod, 10,000 tenants",
        Some("pod"),
        reviews::pod,
        Answers(Validate, Allowed, VERY_MANY, Off),
    ),
    call(
        "pod, 10 namespaces",
        Some("pod"),
        reviews::pod,
        Answers(Validate, Allowed, FEW_CLOSED, Off),
    ),
    call(
        "pod, 10,000 namespaces",
        Some("pod, 10 namespaces"),
        reviews::pod,
        Answers(Validate, Allowed, MANY_CLOSED, Off),
    ),
    call("typed deployment", None, reviews::deployment, Typed(Object::Deployment)),
    call(
        "deployment",
        Some("typed deployment"),
        reviews::deployment,
        Answers(Validate, Allowed, EXAMPLE, Off),
    ),
    call(
        "deployment, scaled",
        Some("typed deployment"),
        reviews::scaled_deployment,
        Answers(Validate, Allowed, EXAMPLE, Off),
    ),
    call("secret", Some("pod"), reviews::secret, Answers(Validate, Allowed, EXAMPLE, Off)),
    call(
        "no review",
        Some("pod"),
        || Review("{\"request\":[]}".to_owned()),
        Answers(Validate, Unreadable, EXAMPLE, Off),
    ),
    call("load 100 tenants", None, || Review(String::new()), Load(100)),
];

impl Call {
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|call| call.name == name)
    }

    /// How many times it is done to tell its time.
    pub fn often(&self) -> u64 {
        match self.does {
            Load(_) => 4,
            Answers(..) | Envelope | Judge | Respond | Typed(_) => 2_000,
        }
    }

    /// Whether its cost is ours, and its documents few enough to count often.
    pub fn is_held(&self) -> bool {
        !matches!(self.does, Typed(_) | Answers(_, _, VERY_MANY, _))
    }

    /// The size of what is read.
    pub fn bytes(&self) -> usize {
        (self.review)().0.len()
    }

    /// How long it takes so many times.
    pub fn run(&self, times: u64) -> Result<Duration> {
        let body = Bytes::from((self.review)().0);
        match self.does {
            Answers(endpoint, expect, scene, log) => {
                let metrics = Arc::new(Metrics::new());
                let format = logs::Format::Text;
                let _logs = match log {
                    On => Some(logs::init(format, "info", metrics.lost_lines())?),
                    Off => None,
                };
                let door = Door::new(in_force(scene)?, None, metrics, 500);
                ensure!(answered(&door, endpoint, &body) == Some(expect), "another answer");
                measured(times, || answered(&door, endpoint, &body))
            }
            Envelope => {
                let text = str::from_utf8(&body)?;
                ensure!(envelope::read(text, DEEPEST).is_ok(), "not read");
                measured(times, || envelope::read(text, DEEPEST).is_ok())
            }
            Judge => {
                let handle = in_force(EXAMPLE)?;
                let text = str::from_utf8(&body)?;
                let judged = || -> Option<Verdict> {
                    let request = envelope::read(text, DEEPEST).ok()?.request.ok()?;
                    let snapshot = handle.snapshot()?;
                    let standing = snapshot.standing(&request.namespace);
                    let case = Case::new(&request, &snapshot, standing, Timestamp::now()).ok()?;
                    Some(judge(&case))
                };
                ensure!(
                    judged().is_some_and(|it| it.decision() == Decision::Admit),
                    "not admitted"
                );
                measured(times, judged)
            }
            Respond => measured(times, || {
                let audit = vec![("tenant", "alpha".to_owned())];
                Response { audit, ..Response::allowed() }.to_json(reviews::UID)
            }),
            Typed(Object::Pod) => typed::<Pod>(times, &body),
            Typed(Object::Deployment) => typed::<Deployment>(times, &body),
            Load(tenants) => {
                let sources = sources(tenants);
                ensure!(policy::load(&sources).is_ok(), "not loaded");
                measured(times, || policy::load(&sources).is_ok())
            }
        }
    }
}

/// As k8s.io/api/admission/v1 has it, with the objects typed.
#[derive(Debug, serde::Deserialize)]
struct AdmissionReview<T> {
    #[expect(dead_code, reason = "it is only read")]
    request: AdmissionRequest<T>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only read")]
struct AdmissionRequest<T> {
    uid: String,
    kind: Kind,
    resource: Resource,
    sub_resource: Option<String>,
    name: Option<String>,
    namespace: Option<String>,
    operation: String,
    user_info: k8s_openapi::api::authentication::v1::UserInfo,
    object: Option<T>,
    old_object: Option<T>,
    dry_run: Option<bool>,
}

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "it is only read")]
struct Kind {
    group: String,
    version: String,
    kind: String,
}

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "it is only read")]
struct Resource {
    group: String,
    version: String,
    resource: String,
}

fn typed<T: serde::de::DeserializeOwned>(times: u64, body: &Bytes) -> Result<Duration> {
    serde_json::from_slice::<AdmissionReview<T>>(body)?;
    measured(times, || serde_json::from_slice::<AdmissionReview<T>>(body).ok())
}

fn in_force(scene: Scene) -> Result<Handle> {
    let handle = Handle::default();
    let tenants = match scene {
        Tenants(tenants) => tenants,
        Namespaces(namespaces) => namespaces / PER_TENANT,
    };
    let documents = policy::load(&sources(tenants)).ok().context("the documents do not load")?;
    let documents = Change::Tenants(documents.resolve());
    match scene {
        Tenants(_) => Builder::without_cluster(handle.clone()).apply(documents),
        Namespaces(namespaces) => Builder::in_cluster(handle.clone(), Version::NEWEST)
            .with_seals()
            .apply_all([documents].into_iter().chain(closed(namespaces))),
    }
    Ok(handle)
}

const PER_TENANT: usize = 10;

/// The namespaces of tenants and the review's own, all of them sealed.
fn closed(count: usize) -> impl Iterator<Item = Change> {
    let others = (1..count).map(|number| {
        let tenant = format!("team-{}", number / PER_TENANT);
        (format!("{tenant}-{number}"), Namespace::labelled(Some(&tenant)))
    });
    let own = (reviews::NAMESPACE.to_owned(), Namespace::labelled(Some("alpha")));
    let all: HashMap<String, Namespace> = others.chain([own]).collect();
    let sealed: Vec<Change> =
        all.keys().map(|name| Change::Sealed(name.clone(), Arc::default())).collect();
    let before = [Change::Ranges(policy::ToldRanges::default()), Change::Namespaces(all)];
    before.into_iter().chain(sealed)
}

/// The example set, and so many tenants beside it.
fn sources(tenants: usize) -> Vec<Source> {
    let mut sources = policy::embedded();
    sources.extend((0..tenants).map(|number| Source {
        name: format!("tenant-{number}.yaml"),
        text: reviews::tenant(number),
    }));
    sources
}

/// Nothing is waited for where there is no cluster to ask.
fn answered(door: &Door, endpoint: Endpoint, body: &Bytes) -> Option<Expect> {
    let mut answer = pin!(door.answer(endpoint, body, Instant::now()));
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Answer::Review { decision: Decision::Deny, .. }) => Some(Denied),
        Poll::Ready(Answer::Review { .. }) => Some(Allowed),
        Poll::Ready(Answer::Unreadable { .. }) => Some(Unreadable),
        Poll::Pending => None,
    }
}

fn measured<T>(times: u64, mut each: impl FnMut() -> T) -> Result<Duration> {
    let start = Instant::now();
    for _ in 0..times {
        black_box(counted(&mut each));
    }
    Ok(start.elapsed())
}

/// What [`counted`] is called in this program's symbols.
pub const COUNTED: &str = "micro::calls::counted";

/// Valgrind counts what happens in here.
#[inline(never)]
fn counted<T>(each: &mut impl FnMut() -> T) -> T {
    each()
}
