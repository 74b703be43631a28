//! The schemas of our kinds and the objects that fill them.

use ringfence::policy::documents::definitions;
use serde_json::Value;

/// A value of an object and the schema that it is held to.
#[derive(Debug, Clone)]
pub struct Place {
    /// The way through the schema: `Tenant.spec.owners[].kind`.
    pub path: String,
    /// The way through the object.
    pub pointer: String,
    pub schema: Value,
    pub object: Value,
}

impl Place {
    pub fn value(&self) -> &Value {
        self.object.pointer(&self.pointer).unwrap()
    }

    /// The object with another value here.
    pub fn with(&self, value: Value) -> Value {
        let mut object = self.object.clone();
        *object.pointer_mut(&self.pointer).unwrap() = value;
        object
    }

    /// As the API server writes it: `spec.owners[0].kind`.
    pub fn field(&self) -> String {
        let mut field = String::new();
        for step in self.pointer.split('/').skip(1) {
            match step.parse::<usize>() {
                Ok(index) => field += &format!("[{index}]"),
                Err(_) if field.is_empty() => field = step.to_owned(),
                Err(_) => field += &format!(".{step}"),
            }
        }
        field
    }
}

/// The schema of a kind, without its status.
fn schema(kind: &str) -> Value {
    let own = definitions().find(|own| own["spec"]["names"]["kind"] == kind).unwrap();
    let mut schema = own["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
    schema["properties"].as_object_mut().unwrap().remove("status");
    schema
}

/// Every way through the schemas.
pub fn paths() -> Vec<String> {
    fn walk(path: &str, schema: &Value, found: &mut Vec<String>) {
        found.push(path.to_owned());
        for (name, below) in schema["properties"].as_object().into_iter().flatten() {
            walk(&format!("{path}.{name}"), below, found);
        }
        for (keyword, step) in [("items", "[]"), ("additionalProperties", "{}")] {
            schema
                .get(keyword)
                .into_iter()
                .for_each(|own| walk(&format!("{path}{step}"), own, found));
        }
    }
    let mut found = Vec::new();
    for kind in ["Platform", "Profile", "Tenant", "Exemption", "Grant"] {
        walk(kind, &schema(kind), &mut found);
    }
    found
}

/// Every place of an object.
pub fn places(object: &Value) -> Vec<Place> {
    let kind = object["kind"].as_str().unwrap();
    let root = Place {
        path: kind.to_owned(),
        pointer: String::new(),
        schema: schema(kind),
        object: object.clone(),
    };
    let mut found = Vec::new();
    walk(root, &mut found);
    found
}

fn walk(place: Place, found: &mut Vec<Place>) {
    let below = |step: &str, key: &str, schema: &Value| Place {
        path: format!("{}{step}", place.path),
        pointer: format!("{}/{key}", place.pointer),
        schema: schema.clone(),
        object: place.object.clone(),
    };
    match place.value() {
        Value::Object(map) => {
            for key in map.keys() {
                if let Some(schema) = place.schema["properties"].get(key) {
                    walk(below(&format!(".{key}"), key, schema), found);
                } else if let Some(schema) = place.schema.get("additionalProperties") {
                    walk(below("{}", key, schema), found);
                }
            }
        }
        Value::Array(items) => {
            for index in 0..items.len() {
                walk(below("[]", &index.to_string(), &place.schema["items"]), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found.push(place);
}
