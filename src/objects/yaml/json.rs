//! A stream of JSON objects, read as kubectl reads one: objects one after the other, each with the
//! place of every value.

use serde_json::Number;

use super::{
    Document, Duplicate, Entry, Kind, MAX_DEPTH, MapBuilder, Node, Span, YamlError, scalar,
};

/// What was read as JSON.
pub(super) struct Stream {
    pub(super) documents: Vec<Document>,
    /// Where and why JSON ended before the text did.
    pub(super) failed: Option<(usize, YamlError)>,
}

/// The text as JSON, where it begins as kubectl expects of JSON.
pub(super) fn sniff(text: &str) -> Option<Stream> {
    text.trim_start().starts_with('{').then_some(())?;
    let mut stream = Stream { documents: Vec::new(), failed: None };
    let mut reader =
        Reader { text, at: 0, line: 1, line_start: 0, depth: 0, duplicates: Vec::new() };
    loop {
        let start = reader.at;
        reader.skip_space();
        if reader.peek().is_none() {
            return Some(stream);
        }
        match reader.value() {
            Ok(root) if root.kind == Kind::Null => {}
            Ok(root) => {
                let duplicates = std::mem::take(&mut reader.duplicates);
                stream.documents.push(Document { line: root.span.line, root, duplicates });
            }
            Err(error) => {
                stream.failed = Some((start, error));
                return Some(stream);
            }
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    line_start: usize,
    depth: usize,
    duplicates: Vec<Duplicate>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek() {
            self.at += 1;
            if byte == b'\n' {
                self.line += 1;
                self.line_start = self.at;
            }
        }
    }

    fn here(&self) -> Span {
        let before = self.text.get(self.line_start..self.at).unwrap_or_default();
        Span { line: self.line, column: before.chars().count() + 1, bytes: self.at..self.at }
    }

    fn fail<T>(&self, message: &str) -> Result<T, YamlError> {
        Err(YamlError { span: self.here(), message: message.to_owned() })
    }

    fn value(&mut self) -> Result<Node, YamlError> {
        let mut span = self.here();
        let kind = match self.peek() {
            Some(b'{') => self.nested(Self::map)?,
            Some(b'[') => self.nested(Self::list)?,
            Some(b'"') => Kind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => self.word()?,
            None => return self.fail("the json text ends where a value must stand"),
        };
        span.bytes.end = self.at;
        Ok(Node { span, kind })
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Kind, YamlError>,
    ) -> Result<Kind, YamlError> {
        if self.depth >= MAX_DEPTH {
            return self.fail("values are nested too deeply");
        }
        self.depth += 1;
        self.at += 1;
        let kind = read(self);
        self.depth -= 1;
        kind
    }

    fn map(&mut self) -> Result<Kind, YamlError> {
        let mut map = MapBuilder::default();
        self.skip_space();
        if self.eat(b'}') {
            return Ok(Kind::Map(map.entries));
        }
        loop {
            self.skip_space();
            let mut key_span = self.here();
            if self.peek() != Some(b'"') {
                return self.fail("a key in double quotes must stand here");
            }
            let key = self.string()?;
            key_span.bytes.end = self.at;
            self.skip_space();
            if !self.eat(b':') {
                return self.fail("`:` must stand between a key and its value");
            }
            self.skip_space();
            let entry =
                Entry { key: key.clone(), key_span: key_span.clone(), value: self.value()? };
            if let Some(first) = map.set(entry) {
                self.duplicates.push(Duplicate { key, first, second: key_span });
            }
            self.skip_space();
            if self.eat(b'}') {
                return Ok(Kind::Map(map.entries));
            }
            if !self.eat(b',') {
                return self.fail("`,` or `}` must stand here");
            }
        }
    }

    fn list(&mut self) -> Result<Kind, YamlError> {
        let mut items = Vec::new();
        self.skip_space();
        if self.eat(b']') {
            return Ok(Kind::List(items));
        }
        loop {
            self.skip_space();
            items.push(self.value()?);
            self.skip_space();
            if self.eat(b']') {
                return Ok(Kind::List(items));
            }
            if !self.eat(b',') {
                return self.fail("`,` or `]` must stand here");
            }
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// The bytes from here on for which `inside` holds.
    fn take(&mut self, inside: impl Fn(u8) -> bool) -> &str {
        let start = self.at;
        while self.peek().is_some_and(&inside) {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn word(&mut self) -> Result<Kind, YamlError> {
        let place = self.here();
        let kind = match self.take(|byte| byte.is_ascii_alphanumeric()) {
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "null" => Kind::Null,
            _ => {
                let message = "a json value must stand here".to_owned();
                return Err(YamlError { span: place, message });
            }
        };
        Ok(kind)
    }

    fn number(&mut self) -> Result<Kind, YamlError> {
        let place = self.here();
        let text = self
            .take(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
        let number = serde_json::from_str::<Number>(text).ok().and_then(|number| {
            match number.as_f64().filter(|_| number.is_f64()) {
                Some(float) => scalar::json_number(float),
                None => Some(number),
            }
        });
        let message = || "a json number must stand here".to_owned();
        number.map(Kind::Number).ok_or_else(|| YamlError { span: place, message: message() })
    }

    fn string(&mut self) -> Result<String, YamlError> {
        let place = self.here();
        let start = self.at;
        self.at += 1;
        loop {
            self.take(|byte| byte != b'"' && byte != b'\\' && byte >= 0x20);
            match self.peek() {
                Some(b'"') => break,
                // The byte behind a backslash is no end, whatever it is.
                Some(b'\\') => self.at += 2,
                Some(_) => return self.fail("a control character must be written as an escape"),
                None => {
                    return Err(YamlError {
                        span: place,
                        message: "this string has no end".to_owned(),
                    });
                }
            }
        }
        self.at += 1;
        let raw = self.text.get(start..self.at).unwrap_or_default();
        let message = || "a string holds an escape that json does not know".to_owned();
        // Go reads half of a surrogate pair as U+FFFD; serde_json refuses it, and so do we.
        serde_json::from_str(raw).map_err(|_| YamlError { span: place, message: message() })
    }
}
