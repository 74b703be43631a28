//! What breaks one bound of a schema, and what keeps to it.

use serde_json::{Map, Value, json};

use super::places::Place;

/// An object that breaks one bound, and its neighbour that keeps to it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The bound: `Tenant.spec.owners maxItems`.
    pub name: String,
    pub bad: Value,
    pub good: Value,
    /// The field that the API server must name.
    pub field: String,
}

/// Texts of a length that a pattern takes.
type Made = fn(usize) -> String;

const LABEL: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
const SUBDOMAIN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
const LABEL_KEY: &str = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";
const LABEL_VALUE: &str = "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$";
const IMAGES: &str = r"^[A-Za-z0-9\[][-A-Za-z0-9._:/\[\]]*(/\*)?$";
const QUANTITY: &str = r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$";

/// Each pattern: a text that it takes, one that it does not, and long ones that it takes.
const PATTERNS: &[(&str, &str, &str, Made)] = &[
    (LABEL, "a-b", "a.b", letters),
    (SUBDOMAIN, "a.b", "a..b", letters),
    ("^[a-z0-9][-a-z0-9]*$", "a-", "-a", letters),
    (r"^\P{Cc}*$", "an ü", "a\nb", wide),
    (LABEL_KEY, "a.b/c_d", "a/b/c", label_key),
    (LABEL_VALUE, "a_b", "-a", letters),
    (r"^([^*\s]+\*?|\*[^*\s]*)$", "*-a", "a*b", wide),
    (IMAGES, "a.io/b/*", "a.io/b*", image),
    ("^[A-Z][A-Z0-9_]*$", "NET_RAW", "net_raw", |length| "A".repeat(length)),
    (r"^(\*|RF[1-9]([0-9]{3})?)$", "RF3", "RF20", letters),
    (r"^(latest|v1\.(0|[1-9][0-9]{0,8}))$", "v1.30", "v1.030", letters),
    (QUANTITY, "1.5Gi", "1 Gi", letters),
];

/// The same of formats.
const FORMATS: &[(&str, &str, &str, Made)] = &[
    ("date-time", "2027-03-01T00:00:00.5+01:00", "2027-03-01", letters),
    ("cidr", "198.51.100.0/24", "198.51.100.0", letters),
];

fn letters(length: usize) -> String {
    "a".repeat(length)
}

/// Characters count, not bytes.
fn wide(length: usize) -> String {
    "ü".repeat(length)
}

/// A name of 63 behind a prefix.
fn label_key(length: usize) -> String {
    format!("{}/{}", letters(length - 64), letters(63))
}

/// A path of 255 behind a registry.
fn image(length: usize) -> String {
    let registry = format!("a.{}", letters(length - 256 - 2));
    format!("{registry}/{}", letters(255))
}

/// Every bound of a place.
pub fn cases(place: &Place) -> Vec<Case> {
    let mut found = Found { place, cases: Vec::new() };
    let schema = place.schema.as_object().unwrap();
    for (keyword, bound) in schema {
        found.keyword(keyword, bound);
    }
    if schema.contains_key("properties") && !place.pointer.is_empty() {
        let mut bad = place.value().clone();
        bad["unknownField"] = json!("x");
        found.add_at("unknownField", bad, place.value().clone(), ".unknownField");
    }
    found.cases
}

struct Found<'a> {
    place: &'a Place,
    cases: Vec<Case>,
}

impl Found<'_> {
    fn add(&mut self, bound: &str, bad: Value, good: Value) {
        self.add_at(bound, bad, good, "");
    }

    fn add_at(&mut self, bound: &str, bad: Value, good: Value, below: &str) {
        let Place { path, .. } = self.place;
        self.cases.push(Case {
            name: format!("{path} {bound}"),
            bad: self.place.with(bad),
            good: self.place.with(good),
            field: format!("{}{below}", self.place.field()).trim_start_matches('.').to_owned(),
        });
    }

    fn keyword(&mut self, keyword: &str, bound: &Value) {
        let whole = bound.as_i64().unwrap_or_default();
        let count = usize::try_from(whole).unwrap_or_default();
        let value = self.place.value().clone();
        match keyword {
            "type" if self.place.pointer.is_empty() => {}
            "type" | "x-kubernetes-int-or-string" => self.add(keyword, wrong_type(bound), value),
            "enum" => self.add(keyword, json!("none-of-these"), value),
            "minimum" => self.add(keyword, json!(whole - 1), json!(whole)),
            "maximum" => self.add(keyword, json!(whole + 1), json!(whole)),
            "minLength" => self.add(keyword, json!(""), json!(letters(count))),
            "maxLength" => {
                let made = self.made();
                self.add(keyword, json!(made(count + 1)), json!(made(count)));
            }
            "pattern" => {
                let (_, right, wrong, _) = named(PATTERNS, bound);
                self.add(keyword, json!(wrong), json!(right));
            }
            "format" => {
                let (_, right, wrong, _) = named(FORMATS, bound);
                self.add(keyword, json!(wrong), json!(right));
            }
            "minItems" => self.add(keyword, json!([]), value),
            "maxItems" => self.add(keyword, items(&value, count + 1), items(&value, count)),
            "maxProperties" => {
                self.add(keyword, entries(&value, count + 1), entries(&value, count))
            }
            "x-kubernetes-list-type" => {
                let twice = json!([value[0], value[0]]);
                self.add_at(keyword, twice, value, "[1]");
            }
            "required" => self.required(bound),
            // What holds no value, and what the other tables hold.
            "description"
            | "properties"
            | "items"
            | "additionalProperties"
            | "title"
            | "x-kubernetes-list-map-keys"
            | "x-kubernetes-validations" => {}
            _ => panic!("no case for {keyword}"),
        }
    }

    fn required(&mut self, names: &Value) {
        let value = self.place.value().clone();
        for name in names.as_array().unwrap().iter().map(|name| name.as_str().unwrap()) {
            let mut bad = value.clone();
            bad.as_object_mut().unwrap().remove(name);
            self.add_at(&format!("required {name}"), bad, value.clone(), &format!(".{name}"));
        }
    }

    /// Long texts that keep to all other bounds.
    fn made(&self) -> Made {
        let schema = &self.place.schema;
        let pattern = schema.get("pattern").map(|pattern| named(PATTERNS, pattern).3);
        pattern.unwrap_or_else(|| named(FORMATS, &schema["format"]).3)
    }
}

fn named<'a>(
    table: &'a [(&str, &str, &str, Made)],
    name: &Value,
) -> &'a (&'a str, &'a str, &'a str, Made) {
    let found = table.iter().find(|(own, ..)| name == own);
    found.unwrap_or_else(|| panic!("no texts for {name}"))
}

fn wrong_type(right: &Value) -> Value {
    match right.as_str() {
        Some("string") => json!(7),
        // An integer or a string.
        None => json!(true),
        Some(_) => json!("x"),
    }
}

/// So many items, told apart where they have names.
fn items(value: &Value, count: usize) -> Value {
    let item = |index: usize| {
        let mut item = value[0].clone();
        if item.get("direction").is_some() {
            item["name"] = json!(format!("s{index}"));
        }
        item
    };
    (0..count).map(item).collect()
}

/// So many entries; where keys are codes of rules, with those that are held.
fn entries(value: &Value, count: usize) -> Value {
    let map = value.as_object().unwrap();
    let (key, value) = map.iter().next_back().unwrap();
    let key = |index: usize| match key.as_str() {
        code if code.starts_with("RF") => format!("RF{}", 5000 + index),
        "cpu" | "memory" => format!("kubernetes.io/k{index}"),
        "pods" | "requests.cpu" | "limits.memory" => format!("count/k{index}"),
        _ => format!("k{index}"),
    };
    Value::Object((0..count).map(|index| (key(index), value.clone())).collect::<Map<_, _>>())
}
