//! How much a list, a map or a text may hold. The definitions of our kinds say it, and a file is held to
//! what a cluster would take.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::documents::definitions;
use crate::objects::yaml::{Kind, Node, Span};

/// The bounds of each kind's `spec`; the definitions are not kept for them.
static SPECS: LazyLock<HashMap<String, Bounds>> = LazyLock::new(|| {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let bounds = |own: Value| {
        let kind = own.pointer("/spec/names/kind").and_then(text)?;
        Some((kind, Bounds::of(own.pointer(SPEC)?)))
    };
    definitions().filter_map(bounds).collect()
});

const SPEC: &str = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";

/// What no bound lies below, but for lengths that values check themselves.
const LEAST_ITEMS: usize = 16;
const LEAST_KEYS: usize = 32;
const LEAST_CHARACTERS: usize = 253;

/// Whether something may be beyond a bound. Nearly no document has such a thing, and for the others the
/// definitions need not be made.
fn doubtful(node: &Node) -> bool {
    match &node.kind {
        Kind::List(items) => {
            !(1..=LEAST_ITEMS).contains(&items.len()) || items.iter().any(doubtful)
        }
        Kind::Map(entries) => {
            entries.len() > LEAST_KEYS || entries.iter().any(|entry| doubtful(&entry.value))
        }
        Kind::String(text) => text.chars().count() > LEAST_CHARACTERS,
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => false,
    }
}

/// What in the `spec` of a kind holds more or less than it may.
pub(super) fn broken(kind: &str, spec: &Node) -> Vec<(Span, String)> {
    let mut found = Vec::new();
    if !doubtful(spec) {
        return found;
    }
    SPECS.get(kind).into_iter().for_each(|bounds| bounds.walk(spec, &mut found));
    found
}

/// What a schema bounds, and what the schemas below it do.
#[derive(Default)]
struct Bounds {
    /// Whether a list must hold something.
    filled: bool,
    items: Option<usize>,
    keys: Option<usize>,
    characters: Option<usize>,
    named: BTreeMap<String, Bounds>,
    /// Of items, and of the values of what has no names.
    each: Option<Box<Bounds>>,
}

impl Bounds {
    fn of(schema: &Value) -> Self {
        let bound = |keyword: &str| {
            let number = schema.get(keyword).and_then(Value::as_u64);
            number.and_then(|number| usize::try_from(number).ok())
        };
        let named = schema.get("properties").and_then(Value::as_object);
        let named = named.into_iter().flat_map(Map::iter);
        let each = schema.get("items").or_else(|| schema.get("additionalProperties"));
        Self {
            filled: bound("minItems").is_some_and(|least| least > 0),
            items: bound("maxItems"),
            keys: bound("maxProperties"),
            characters: bound("maxLength"),
            named: named.map(|(name, schema)| (name.clone(), Self::of(schema))).collect(),
            each: each.map(|schema| Box::new(Self::of(schema))),
        }
    }

    fn walk(&self, node: &Node, found: &mut Vec<(Span, String)>) {
        let mut more = |count: usize, most: Option<usize>, what: &str, of: &str| {
            if let Some(most) = most.filter(|most| count > *most) {
                let message = format!("this {what} has {count} {of}, more than {most}");
                found.push((node.span.clone(), message));
            }
        };
        match &node.kind {
            Kind::List(items) => {
                more(items.len(), self.items, "list", "items");
                if items.is_empty() && self.filled {
                    found.push((node.span.clone(), "this list must not be empty".to_owned()));
                }
                if let Some(each) = &self.each {
                    items.iter().for_each(|item| each.walk(item, found));
                }
            }
            Kind::Map(entries) => {
                more(entries.len(), self.keys, "map", "keys");
                for entry in entries {
                    let bounds = self.named.get(&entry.key).or(self.each.as_deref());
                    bounds.into_iter().for_each(|bounds| bounds.walk(&entry.value, found));
                }
            }
            Kind::String(text) => {
                more(text.chars().count(), self.characters, "text", "characters");
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(bounds: &Bounds) -> usize {
        let Bounds { items, keys, named, each, .. } = bounds;
        assert!(items.is_none_or(|most| most >= LEAST_ITEMS), "{items:?}");
        assert!(keys.is_none_or(|most| most >= LEAST_KEYS), "{keys:?}");
        let below = named.values().chain(each.as_deref());
        usize::from(items.is_some() || keys.is_some()) + below.map(held).sum::<usize>()
    }

    #[test]
    fn no_bound_lies_below_what_is_passed_over() {
        let held: usize = SPECS.values().map(held).sum();
        assert!(SPECS.len() == 5 && held > 50, "{held}");
    }
}
