//! Aliases, merge keys and keys, as `decode.go` of go.yaml.in/yaml/v2 v2.4.4 and
//! `convertToJSONableObject` of sigs.k8s.io/yaml v1.6 read them.

use std::collections::HashMap;

use super::scalar::{self, Scalar};
use super::tree::{Id, Raw, RawNode, Tree};
use super::{
    Document, Duplicate, Entry, Identity, Kind, MAX_DEPTH, MapBuilder, Node, Span, YamlError,
};

/// How many bytes of text aliases may repeat. Go sets no bound, but the API server takes no request
/// of more than 3 MiB.
const MAX_REPEATED: usize = 16 << 20;

/// The document of a tree; none where it is null, as kubectl skips it.
pub(super) fn document(tree: &Tree) -> Result<Option<Document>, YamlError> {
    let mut decoder = Decoder {
        tree,
        depth: 0,
        // The document itself
        decoded: 1,
        by_alias: 0,
        repeated: 0,
        following: Vec::new(),
        duplicates: Vec::new(),
        unsayable: HashMap::new(),
    };
    let root = decoder.node(tree.root)?;
    decoder.settle(&root)?;
    if root.kind == Kind::Null {
        return Ok(None);
    }
    Ok(Some(Document {
        line: root.span.line,
        bytes: root.span.bytes.clone(),
        root,
        duplicates: decoder.duplicates,
    }))
}

struct Decoder<'a> {
    tree: &'a Tree,
    depth: usize,
    decoded: usize,
    by_alias: usize,
    /// The bytes of text that came by aliases.
    repeated: usize,
    /// The aliases that are being followed.
    following: Vec<Id>,
    duplicates: Vec<Duplicate>,
    /// Nodes that JSON has no words for, by where they begin; until it is known that they stay,
    /// they are null.
    unsayable: HashMap<usize, YamlError>,
}

impl<'a> Decoder<'a> {
    fn node(&mut self, id: Id) -> Result<Node, YamlError> {
        let raw = self.raw(id)?;
        self.count(&raw.span)?;
        if self.depth >= MAX_DEPTH {
            return fail(&raw.span, "values are nested too deeply");
        }
        self.depth += 1;
        let kind = match &raw.raw {
            Raw::Scalar { text, plain, tag } => {
                self.repeat(text, &raw.span)?;
                json(resolve(raw, text, *plain, tag.as_deref())?).ok_or_else(|| {
                    let message = "json has no word for infinity or for what is no number";
                    YamlError { span: raw.span.clone(), message: message.to_owned() }
                })
            }
            Raw::List(items) => {
                let items = items.iter().map(|item| self.node(*item));
                Ok(Kind::List(items.collect::<Result<_, _>>()?))
            }
            Raw::Map(children) => {
                let mut map = MapBuilder::default();
                self.map(children, &mut map)?;
                map.finish()
            }
            Raw::Alias(target) => Ok(self.follow(id, *target, Self::node)?.kind),
        };
        self.depth -= 1;
        let kind = kind.unwrap_or_else(|error| {
            self.unsayable.insert(raw.span.bytes.start, error);
            Kind::Null
        });
        Ok(Node { span: raw.span.clone(), kind })
    }

    /// Fails for what JSON cannot say, unless a later key has overridden it.
    fn settle(&self, node: &Node) -> Result<(), YamlError> {
        if self.unsayable.is_empty() {
            return Ok(());
        }
        match &node.kind {
            Kind::Null => self.unsayable.get(&node.span.bytes.start).cloned().map_or(Ok(()), Err),
            Kind::List(items) => items.iter().try_for_each(|item| self.settle(item)),
            Kind::Map(entries) => entries.iter().try_for_each(|entry| self.settle(&entry.value)),
            Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => Ok(()),
        }
    }

    fn raw(&self, id: Id) -> Result<&'a RawNode, YamlError> {
        let lost = || YamlError { span: Span::default(), message: "a value is missing".to_owned() };
        self.tree.nodes.get(id).ok_or_else(lost)
    }

    /// Go's bound on what aliases may blow up.
    fn count(&mut self, span: &Span) -> Result<(), YamlError> {
        self.decoded += 1;
        self.by_alias += usize::from(!self.following.is_empty());
        let ratio = self.by_alias as f64 / self.decoded as f64;
        if self.by_alias > 100 && self.decoded > 1000 && ratio > allowed_ratio(self.decoded) {
            return fail(span, "document contains excessive aliasing");
        }
        Ok(())
    }

    fn repeat(&mut self, text: &str, span: &Span) -> Result<(), YamlError> {
        if !self.following.is_empty() {
            self.repeated += text.len();
        }
        if self.repeated > MAX_REPEATED {
            return fail(span, "aliases repeat too much text");
        }
        Ok(())
    }

    fn follow<T>(
        &mut self,
        alias: Id,
        target: Id,
        read: impl FnOnce(&mut Self, Id) -> Result<T, YamlError>,
    ) -> Result<T, YamlError> {
        if self.following.contains(&alias) {
            return fail(&self.raw(alias)?.span, "this alias stands inside of what it names");
        }
        self.following.push(alias);
        let found = read(self, target);
        self.following.pop();
        found
    }

    fn map(&mut self, children: &[Id], map: &mut MapBuilder) -> Result<(), YamlError> {
        let mut own = MapBuilder::default();
        for pair in children.chunks(2) {
            let &[key, value] = pair else { continue };
            let raw = self.raw(key)?;
            if is_merge(raw) {
                self.merge(value, map)?;
                continue;
            }
            let scalar = self.key(key)?;
            let identity = self.identity(&scalar);
            let name = scalar::key(scalar).unwrap_or_else(|message| {
                map.odd.get_or_insert(YamlError { span: raw.span.clone(), message });
                String::new()
            });
            let span = raw.span.clone();
            let entry = Entry { key: name, key_span: span, value: self.node(value)? };
            // Only what one map's text says twice is a mistake: overriding what was merged is what
            // merging is for.
            let mark = Entry { value: null(), ..entry.clone_key() };
            if let Some(first) = own.set(identity.clone(), mark) {
                let second = entry.key_span.clone();
                self.duplicates.push(Duplicate { key: entry.key.clone(), first, second });
            }
            map.set(identity, entry);
        }
        Ok(())
    }

    fn key(&mut self, id: Id) -> Result<Scalar, YamlError> {
        let raw = self.raw(id)?;
        self.count(&raw.span)?;
        match &raw.raw {
            Raw::Scalar { text, plain, tag } => {
                self.repeat(text, &raw.span)?;
                resolve(raw, text, *plain, tag.as_deref())
            }
            Raw::Alias(target) => self.follow(id, *target, Self::key),
            Raw::List(_) | Raw::Map(_) => fail(&raw.span, "a key must be a scalar"),
        }
    }

    fn identity(&self, key: &Scalar) -> Identity {
        match key {
            Scalar::Text(text) => Identity::Text(text.clone()),
            Scalar::Bool(value) => Identity::Bool(*value),
            Scalar::Int(value) => Identity::Int(*value),
            Scalar::Float(value) if value.is_nan() => Identity::NotANumber(self.decoded),
            // Adding zero takes the sign from zero.
            Scalar::Float(value) => Identity::Float((*value + 0.0).to_bits()),
            // No key of JSON comes of these.
            Scalar::Null | Scalar::Uint(_) => Identity::NotANumber(self.decoded),
        }
    }

    /// Go merges where `<<` stands: keys above it are overridden, keys below it override.
    fn merge(&mut self, id: Id, map: &mut MapBuilder) -> Result<(), YamlError> {
        let raw = self.raw(id)?;
        match &raw.raw {
            Raw::List(items) => {
                // Earlier ones take precedence.
                items.iter().rev().try_for_each(|item| self.merge_map(*item, map))
            }
            Raw::Map(_) | Raw::Alias(_) | Raw::Scalar { .. } => self.merge_map(id, map),
        }
    }

    fn merge_map(&mut self, id: Id, map: &mut MapBuilder) -> Result<(), YamlError> {
        let raw = self.raw(id)?;
        self.count(&raw.span)?;
        if self.depth >= MAX_DEPTH {
            return fail(&raw.span, "values are nested too deeply");
        }
        self.depth += 1;
        match &raw.raw {
            Raw::Map(children) => self.map(children, map)?,
            Raw::Alias(target) if matches!(self.raw(*target)?.raw, Raw::Map(_)) => {
                self.follow(id, *target, |this, target| this.merge_map(target, map))?;
            }
            Raw::Alias(_) | Raw::List(_) | Raw::Scalar { .. } => {
                return fail(&raw.span, "`<<` wants a map or a list of maps");
            }
        }
        self.depth -= 1;
        Ok(())
    }
}

impl Entry {
    fn clone_key(&self) -> Self {
        Self { key: self.key.clone(), key_span: self.key_span.clone(), value: null() }
    }
}

fn null() -> Node {
    Node { span: Span::default(), kind: Kind::Null }
}

fn is_merge(node: &RawNode) -> bool {
    match &node.raw {
        Raw::Scalar { text, plain, tag } => {
            text == "<<"
                && (*plain || matches!(tag.as_deref(), Some("!" | "tag:yaml.org,2002:merge")))
        }
        Raw::List(_) | Raw::Map(_) | Raw::Alias(_) => false,
    }
}

fn resolve(
    node: &RawNode,
    text: &str,
    plain: bool,
    tag: Option<&str>,
) -> Result<Scalar, YamlError> {
    scalar::resolve(text, plain, tag)
        .map_err(|message| YamlError { span: node.span.clone(), message })
}

/// None where JSON has no word for it.
fn json(scalar: Scalar) -> Option<Kind> {
    Some(match scalar {
        Scalar::Null => Kind::Null,
        Scalar::Bool(value) => Kind::Bool(value),
        Scalar::Int(value) => Kind::Number(value.into()),
        // The API server has no whole numbers that large.
        Scalar::Uint(value) => Kind::Number(scalar::json_number(value as f64)?),
        Scalar::Float(value) => Kind::Number(scalar::json_number(value)?),
        Scalar::Text(text) => Kind::String(text),
    })
}

fn allowed_ratio(decoded: usize) -> f64 {
    // `alias_ratio_range_low` and `_high` of decode.go
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    let decoded = (decoded as f64).clamp(LOW, HIGH);
    0.99 - 0.89 * ((decoded - LOW) / (HIGH - LOW))
}

fn fail<T>(span: &Span, message: &str) -> Result<T, YamlError> {
    Err(YamlError { span: span.clone(), message: message.to_owned() })
}
