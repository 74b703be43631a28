//! Values that are set: in place where there is one, else as new keys and items.

use super::places::{Editor, Spot};
use super::{Patch, Plan};
use crate::domain::EditValue;
use crate::objects::yaml::{Entry, Kind, Node};

/// How a flow map or list is written.
#[derive(Clone, Copy)]
struct Flow {
    /// As JSON: keys and strings in double quotes.
    json: bool,
    /// Without spaces behind colons and commas.
    compact: bool,
}

const PLAIN: Flow = Flow { json: false, compact: false };

impl Editor<'_> {
    /// Another value where there is one.
    pub(super) fn replace(
        self,
        spot: Spot<'_>,
        value: &EditValue,
    ) -> Result<Vec<Plan>, &'static str> {
        let node = spot.node;
        if self.is_nothing(node) {
            return Ok(vec![self.fill(spot, scalar(value, self.style(spot), ""))?]);
        }
        let old = self.slice(node.span.bytes.clone());
        let block = matches!(node.kind, Kind::Map(_) | Kind::List(_))
            && !self.is_flow(node)
            && !self.is_alias(node);
        if block {
            return Ok(vec![self.collapse(spot, &scalar(value, PLAIN, ""))?]);
        }
        let written = scalar(value, self.style(spot), old);
        let end = self.end(node);
        Ok(vec![vec![Patch { bytes: node.span.bytes.start..end, with: written }]])
    }

    /// New keys: the first of them in the map at the spot, the rest inside of it.
    pub(super) fn insert(
        self,
        spot: Spot<'_>,
        keys: &[String],
        value: &EditValue,
    ) -> Result<Vec<Plan>, &'static str> {
        let node = spot.node;
        let entries = match &node.kind {
            Kind::Map(entries) => entries,
            Kind::Null if self.is_nothing(node) => return self.fill_map(spot, keys, value),
            Kind::Null => {
                let with = braced(keys, value, self.style(spot));
                return Ok(vec![vec![Patch { bytes: node.span.bytes.clone(), with }]]);
            }
            _ => return Err("a value stands where a map must be"),
        };
        let own = |entry: &&Entry| entry.key_span.bytes.start >= node.span.bytes.start;
        let Some(last) = entries.iter().filter(own).max_by_key(|it| it.key_span.bytes.start) else {
            let with = braced(keys, value, self.style(spot));
            let bytes = node.span.bytes.clone();
            return Ok(vec![vec![Patch { bytes, with }]]);
        };
        if self.is_flow(node) {
            return Ok(vec![self.insert_flow(node, last, keys, value)]);
        }
        Ok(self.insert_block(node, last, keys, value))
    }

    fn insert_flow(self, node: &Node, last: &Entry, keys: &[String], value: &EditValue) -> Plan {
        let style = self.flow_style(node);
        let written = pairs(keys, value, style);
        let end = self.entry_end(&last.key_span, &last.value);
        let close = node.span.bytes.end.saturating_sub(1).max(end);
        let rest = self.slice(end..close);
        if let Some(comma) = rest.find(',') {
            let at = end + comma + 1;
            return vec![Patch::insert(at, format!(" {written}"))];
        }
        let key = last.key_span.bytes.start;
        if rest.contains('\n') && self.begins_line(key) {
            let indent = self.slice(self.line_start(key)..key);
            return vec![Patch::insert(end, format!(",{}{indent}{written}", self.line_break()))];
        }
        let space = if style.compact { "" } else { " " };
        vec![Patch::insert(end, format!(",{space}{written}"))]
    }

    /// After the last key, or before the first one.
    fn insert_block(
        self,
        node: &Node,
        last: &Entry,
        keys: &[String],
        value: &EditValue,
    ) -> Vec<Plan> {
        let first = node.span.bytes.start;
        let indent = last.key_span.column - 1;
        let lines = self.block(keys, value, indent);
        let end = self.entry_end(&last.key_span, &last.value);
        let mut plans = Vec::new();
        if self.ends_line(end) {
            let text = format!("{}{}{lines}", self.line_break(), " ".repeat(indent));
            plans.push(vec![Patch::insert(self.line_end(end), text)]);
        }
        let text = format!("{lines}{}{}", self.line_break(), " ".repeat(indent));
        plans.push(vec![Patch::insert(first, text)]);
        plans
    }

    /// Keys one below the other; the first line without its indentation.
    fn block(self, keys: &[String], value: &EditValue, indent: usize) -> String {
        let mut text = String::new();
        for (depth, key) in keys.iter().enumerate() {
            if depth > 0 {
                text.push_str(self.line_break());
                text.push_str(&" ".repeat(indent + 2 * depth));
            }
            text.push_str(&word(key, PLAIN, ""));
            text.push(':');
        }
        format!("{text} {}", scalar(value, PLAIN, ""))
    }

    /// A map where there is nothing behind a key.
    fn fill_map(
        self,
        spot: Spot<'_>,
        keys: &[String],
        value: &EditValue,
    ) -> Result<Vec<Plan>, &'static str> {
        let style = self.style(spot);
        let flow = self.fill(spot, braced(keys, value, style))?;
        let block = spot.parent.is_some_and(|parent| !self.is_flow(parent));
        let (true, Some(key)) = (block, spot.key) else { return Ok(vec![flow]) };
        let end = self.after_colon(key);
        if !self.ends_line(end) {
            return Ok(vec![flow]);
        }
        let indent = key.column + 1;
        let lines = self.block(keys, value, indent);
        let text = format!("{}{}{lines}", self.line_break(), " ".repeat(indent));
        Ok(vec![vec![Patch::insert(self.line_end(end), text)], flow])
    }

    /// A value where there is nothing behind a key.
    fn fill(self, spot: Spot<'_>, written: String) -> Result<Plan, &'static str> {
        let key = spot.key.ok_or("nothing stands there")?;
        Ok(vec![Patch::insert(self.after_colon(key), format!(" {written}"))])
    }

    /// One item more, at the end of a list.
    pub(super) fn append(self, spot: Spot<'_>, text: &str) -> Result<Vec<Plan>, &'static str> {
        let node = spot.node;
        let Kind::List(items) = &node.kind else {
            return Err("a value stands where a list must be");
        };
        if self.is_alias(node) {
            return Err(super::places::ALIAS);
        }
        let Some(last) = items.last() else {
            let with = format!("[{}]", word(text, self.style(spot), ""));
            return Ok(vec![vec![Patch { bytes: node.span.bytes.clone(), with }]]);
        };
        let end = self.end(last);
        if self.is_flow(node) {
            let quoted = self.slice(last.span.bytes.clone());
            let word = word(text, self.flow_style(node), quoted);
            return Ok(vec![vec![Patch::insert(end, format!(", {word}"))]]);
        }
        let word = word(text, PLAIN, self.slice(last.span.bytes.clone()));
        let indent = " ".repeat(node.span.column - 1);
        let line = format!("{}{indent}- {word}", self.line_break());
        Ok(vec![vec![Patch::insert(self.line_end(end), line)]])
    }

    /// How what stands around a spot is written.
    fn style(self, spot: Spot<'_>) -> Flow {
        let parent = spot.parent.filter(|parent| self.is_flow(parent));
        parent.map_or(PLAIN, |parent| self.flow_style(parent))
    }

    fn flow_style(self, node: &Node) -> Flow {
        let Kind::Map(entries) = &node.kind else {
            let json = self.byte(node.span.bytes.start + 1) == Some(b'"');
            return Flow { json, compact: false };
        };
        let Some(first) = entries.first() else { return PLAIN };
        let json = self.byte(first.key_span.bytes.start) == Some(b'"');
        let after = self.after_colon(&first.key_span);
        Flow { json, compact: json && !matches!(self.byte(after), Some(b' ' | b'\n' | b'\r')) }
    }
}

fn pairs(keys: &[String], value: &EditValue, style: Flow) -> String {
    let colon = if style.compact { ":" } else { ": " };
    let Some((key, rest)) = keys.split_first() else { return String::new() };
    let value = if rest.is_empty() { scalar(value, style, "") } else { braced(rest, value, style) };
    format!("{}{colon}{value}", word(key, style, ""))
}

fn braced(keys: &[String], value: &EditValue, style: Flow) -> String {
    format!("{{{}}}", pairs(keys, value, style))
}

/// A value on one line, in the quotes that the old one had.
fn scalar(value: &EditValue, style: Flow, old: &str) -> String {
    match value {
        EditValue::Bool(value) => value.to_string(),
        EditValue::Number(value) => value.to_string(),
        EditValue::Text(text) => word(text, style, old),
        EditValue::List(texts) => {
            let texts: Vec<String> = texts.iter().map(|text| word(text, style, "")).collect();
            format!("[{}]", texts.join(if style.compact { "," } else { ", " }))
        }
        EditValue::EmptyObject => "{}".to_owned(),
    }
}

/// A string; in quotes where YAML could take it for something else.
fn word(text: &str, style: Flow, old: &str) -> String {
    // YAML 1.1 reads these as booleans or null.
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic());
    let tame = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let plain =
        begins && text.chars().all(tame) && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if old.starts_with('\'') && plain {
        return format!("'{text}'");
    }
    if plain && !style.json && !old.starts_with('"') {
        return text.to_owned();
    }
    serde_json::Value::from(text).to_string()
}
