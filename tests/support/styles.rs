//! The same value written in many ways.

use serde_json::Value;

/// Decisions about style, from random bytes that are used again and again.
pub struct Style<'a> {
    bytes: &'a [u8],
    at: usize,
    comments: usize,
}

impl<'a> Style<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, comments: 0 }
    }

    /// A number below `of`.
    fn pick(&mut self, of: usize) -> usize {
        let Some(byte) = self.bytes.get(self.at % self.bytes.len().max(1)) else { return 0 };
        self.at += 1;
        // Another decision each time that the bytes come around.
        (usize::from(*byte) + self.at / self.bytes.len()) % of
    }

    fn comment(&mut self) -> String {
        self.comments += 1;
        format!("# comment: {}", self.comments)
    }

    /// A document: YAML in blocks or in flow, or JSON in lines or in one; with any line breaks.
    pub fn document(&mut self, value: &Value) -> String {
        let text = match self.pick(8) {
            0 => value.to_string() + "\n",
            1 => serde_json::to_string_pretty(value).unwrap() + "\n",
            2 => self.flow(value) + "\n",
            _ => self.block(value, 0, false),
        };
        if self.pick(8) == 0 { text.replace('\n', "\r\n") } else { text }
    }

    /// Comments and blank lines that may stand before a line.
    fn before(&mut self, indent: usize) -> String {
        match self.pick(6) {
            0 => format!("{}{}\n", " ".repeat(indent), self.comment()),
            1 => format!("\n{}\n", self.comment()),
            2 => "\n".to_owned(),
            _ => String::new(),
        }
    }

    /// A comment that may stand at the end of a line.
    fn after(&mut self) -> String {
        if self.pick(6) == 0 { format!("  {}", self.comment()) } else { String::new() }
    }

    /// Lines of this indentation; the first one without it where it continues a line.
    fn block(&mut self, value: &Value, indent: usize, mut inline: bool) -> String {
        let mut text = String::new();
        let mut start = |style: &mut Self, text: &mut String| {
            if !std::mem::take(&mut inline) {
                text.push_str(&style.before(indent));
                text.push_str(&" ".repeat(indent));
            }
        };
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    start(self, &mut text);
                    text.push_str(&self.string(key));
                    text.push(':');
                    text.push_str(&self.held(value, indent));
                }
            }
            Value::Array(items) => {
                for item in items {
                    start(self, &mut text);
                    let nests = matches!(item, Value::Object(map) if !map.is_empty());
                    if nests && self.pick(4) > 0 {
                        text.push_str("- ");
                        text.push_str(&self.block(item, indent + 2, true));
                    } else {
                        let scalar = self.flow(item);
                        text.push_str(&format!("- {scalar}{}\n", self.after()));
                    }
                }
            }
            _ => text.push_str(&(self.flow(value) + "\n")),
        }
        text
    }

    /// What stands behind a key's colon.
    fn held(&mut self, value: &Value, indent: usize) -> String {
        let empty = match value {
            Value::Object(map) => map.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Null if self.pick(3) == 0 => return self.after() + "\n",
            _ => true,
        };
        if empty || self.pick(5) == 0 {
            return format!(" {}{}\n", self.flow(value), self.after());
        }
        let deeper = match value {
            Value::Array(_) if self.pick(2) == 0 => indent,
            _ => indent + 2 + 2 * self.pick(2),
        };
        format!("{}\n{}", self.after(), self.block(value, deeper, false))
    }

    fn flow(&mut self, value: &Value) -> String {
        match value {
            Value::Object(map) => {
                let pairs: Vec<String> = map
                    .iter()
                    .map(|(key, value)| format!("{}: {}", self.string(key), self.flow(value)))
                    .collect();
                format!("{{{}}}", pairs.join(", "))
            }
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::String(text) => self.string(text),
            Value::Bool(true) => ["true", "yes", "on", "True"][self.pick(4)].to_owned(),
            Value::Bool(false) => ["false", "no", "off", "FALSE"][self.pick(4)].to_owned(),
            Value::Null => ["null", "~"][self.pick(2)].to_owned(),
            Value::Number(number) => number.to_string(),
        }
    }

    fn string(&mut self, text: &str) -> String {
        let tame = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "_./-".contains(c))
            && !["y", "n", "yes", "no", "on", "off"].contains(&text.to_ascii_lowercase().as_str());
        match self.pick(6) {
            0 => Value::from(text).to_string(),
            1 => format!("'{}'", text.replace('\'', "''")),
            _ if tame => text.to_owned(),
            _ => Value::from(text).to_string(),
        }
    }
}
