//! What stands in the cluster, beside what must.

use serde_json::{Map, Value};

use super::FIELD_MANAGER;
use super::barrier::TIER;
use super::managed::{HASH_ANNOTATION, MANAGED, Managed};
use super::normal::{amount, normal};
use crate::domain::{FieldPath, MANAGED_LABEL, sanitise};

/// How many differences are told.
const MOST: usize = 16;

/// What Calico's own controller keeps on each tier, so that none goes before its policies (`TierFinalizer` in
/// api/pkg/apis/projectcalico/v3 of projectcalico/calico).
const OF_TIERS: &str = "projectcalico.org/tier-controller";

/// How much of a value is shown.
const SHOWN: usize = 80;

/// How what the API server tells of an object differs from what is wanted: a line for each field, safe to
/// print. None where it says the same and nobody else's hand is on it. Labels and annotations of others
/// may stand beside ours; owners and finalizers may not, because by them others decide when it goes.
///
/// What differs in `roleRef` or in a quota's `scopes` cannot be changed: such an object is deleted and made
/// anew. All else is put right by an update with the whole object; server-side apply leaves what it does
/// not own.
#[must_use]
pub fn differs(wanted: &Managed, live: &Value) -> Option<Vec<String>> {
    let mut found = Found(Vec::new());
    let kind = wanted.kind();
    found.identity(wanted, live);
    found.marks(kind, &wanted.to_value(), live);
    let (said, stands) = (normal(kind, &wanted.to_value()), normal(kind, live));
    found.compare(&FieldPath::root(), &said, &stands);
    found.lines()
}

/// Whether a ResourceQuota counts: the controller-manager has taken up every figure that it sets. Until
/// then the API server admits whatever comes.
#[must_use]
pub fn enforced(live: &Value) -> bool {
    let hard = |part: &str| live.get(part)?.get("hard")?.as_object();
    let Some(set) = hard("spec").filter(|set| !set.is_empty()) else { return false };
    let taken_up = |(resource, figure): (&String, &Value)| {
        let counted = hard("status").and_then(|counted| counted.get(resource));
        counted.is_some_and(|counted| same_amount(figure, counted))
    };
    set.iter().all(taken_up)
}

/// Whether an object has our label, and nothing by which others decide when it goes.
pub(super) fn has_marks(kind: &str, live: &Value) -> bool {
    let label = of(live, "labels").and_then(|labels| labels.get(MANAGED_LABEL));
    label.and_then(Value::as_str) == Some(MANAGED)
        && HOLDS.iter().all(|field| held(kind, live, field).is_none())
}

/// Fields by which others decide when an object goes.
const HOLDS: [&str; 2] = ["ownerReferences", "finalizers"];

/// What one of these fields holds.
fn held<'a>(kind: &str, live: &'a Value, field: &str) -> Option<&'a Value> {
    let is_its_own = |one: &Value| kind == TIER.name && *one == OF_TIERS;
    let nothing = |all: &Value| all.as_array().is_some_and(|all| all.iter().all(is_its_own));
    of(live, field).filter(|all| !all.is_null() && !nothing(all))
}

/// Whether we made an object, whatever became of it: it has our hash, or fields of it are ours.
#[must_use]
pub fn is_ours(live: &Value) -> bool {
    let hash = of(live, "annotations").and_then(|all| all.get(HASH_ANNOTATION));
    let mut managers = of(live, "managedFields").and_then(Value::as_array).into_iter().flatten();
    let ours = |entry: &Value| entry.get("manager").and_then(Value::as_str) == Some(FIELD_MANAGER);
    hash.is_some() || managers.any(ours)
}

fn same_amount(one: &Value, other: &Value) -> bool {
    let (mut one, mut other) = (one.clone(), other.clone());
    amount(&mut one);
    amount(&mut other);
    one == other
}

struct Found(Vec<String>);

impl Found {
    fn identity(&mut self, wanted: &Managed, live: &Value) {
        let root = FieldPath::root();
        // Objects of a list come without these two.
        for (field, must) in [("apiVersion", wanted.api_version()), ("kind", wanted.kind())] {
            if let Some(stands) = live.get(field) {
                self.compare(&root.field(field), &Value::from(must), stands);
            }
        }
        let metadata = root.field("metadata");
        for (field, must) in [("name", Some(wanted.name())), ("namespace", wanted.namespace())] {
            self.optional(&metadata.field(field), must.map(Value::from).as_ref(), of(live, field));
        }
    }

    /// Our label and annotation, and nobody's owners and finalizers.
    fn marks(&mut self, kind: &str, wanted: &Value, live: &Value) {
        let metadata = FieldPath::fields(&["metadata"]);
        for (map, key) in [("labels", MANAGED_LABEL), ("annotations", HASH_ANNOTATION)] {
            let at = |object| of(object, map).and_then(|map: &Value| map.get(key));
            self.optional(&metadata.field(map).key(key), at(wanted), at(live));
        }
        for field in HOLDS {
            self.optional(&metadata.field(field), None, held(kind, live, field));
        }
    }

    fn optional(&mut self, path: &FieldPath, wanted: Option<&Value>, live: Option<&Value>) {
        match (wanted, live) {
            (Some(wanted), Some(live)) => self.compare(path, wanted, live),
            (Some(wanted), None) => {
                self.tell(format!("{path} is missing; it must be {}", shown(wanted)))
            }
            (None, Some(live)) => {
                self.tell(format!("{path}: found {}; it must be absent", shown(live)))
            }
            (None, None) => {}
        }
    }

    fn compare(&mut self, path: &FieldPath, wanted: &Value, live: &Value) {
        match (wanted, live) {
            (Value::Object(wanted), Value::Object(live)) => self.maps(path, wanted, live),
            (Value::Array(wanted), Value::Array(live)) => {
                for index in 0..wanted.len().max(live.len()) {
                    self.optional(&path.item(index, ""), wanted.get(index), live.get(index));
                }
            }
            (wanted, live) if wanted == live => {}
            (wanted, live) => {
                self.tell(format!("{path}: found {}; it must be {}", shown(live), shown(wanted)));
            }
        }
    }

    fn maps(&mut self, path: &FieldPath, wanted: &Map<String, Value>, live: &Map<String, Value>) {
        let foreign = live.keys().filter(|key| !wanted.contains_key(*key));
        for key in wanted.keys().chain(foreign) {
            let plain = key.len() <= SHOWN && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let path = match plain {
                true => path.field(key.clone()),
                false => path.key(&sanitise(key, SHOWN)),
            };
            self.optional(&path, wanted.get(key), live.get(key));
        }
    }

    fn tell(&mut self, line: String) {
        self.0.push(line);
    }

    fn lines(mut self) -> Option<Vec<String>> {
        let more = self.0.len().saturating_sub(MOST);
        self.0.truncate(MOST);
        if more > 0 {
            self.0.push(format!("and {more} more"));
        }
        (!self.0.is_empty()).then_some(self.0)
    }
}

fn of<'a>(object: &'a Value, field: &str) -> Option<&'a Value> {
    object.get("metadata")?.get(field)
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", sanitise(text, SHOWN)),
        value => format!("`{}`", sanitise(&value.to_string(), SHOWN)),
    }
}
