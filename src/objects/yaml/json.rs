//! A stream of JSON objects, read as kubectl reads one: objects one after the other, each with the
//! place of every value.

use super::{
    Document, Duplicate, Entry, Identity, Kind, MAX_DEPTH, MapBuilder, Node, Span, YamlError,
    scalar,
};

/// What was read as JSON.
pub(super) struct Stream {
    pub(super) documents: Vec<Result<Document, YamlError>>,
    pub(super) failed: Option<Failed>,
}

/// Where and why JSON ended before the text did.
pub(super) struct Failed {
    /// Behind the last value.
    pub(super) at: usize,
    pub(super) error: YamlError,
    /// How many values came before, those that are `null` among them.
    pub(super) values: usize,
}

/// The text from byte `start` on as JSON, where it begins as kubectl expects of JSON.
pub(super) fn sniff(text: &str, start: usize) -> Option<Stream> {
    /// How far kubectl looks.
    const SIGHT: usize = 4096;
    let text_itself = text.get(start..)?;
    let trimmed = text_itself.trim_start();
    (trimmed.starts_with('{') && text_itself.len() - trimmed.len() < SIGHT).then_some(())?;
    let mut stream = Stream { documents: Vec::new(), failed: None };
    let mut reader = Reader {
        text,
        at: start,
        line: 1,
        counted: start,
        column: 1,
        depth: 0,
        duplicates: Vec::new(),
        odd: None,
    };
    let mut values = 0;
    loop {
        let at = reader.at;
        reader.skip_space();
        if reader.peek().is_none() {
            return Some(stream);
        }
        let root = match reader.value() {
            Ok(root) => root,
            Err(error) => {
                stream.failed = Some(Failed { at, error, values });
                return Some(stream);
            }
        };
        values += 1;
        let duplicates = std::mem::take(&mut reader.duplicates);
        if let Some(error) = reader.odd.take() {
            stream.documents.push(Err(error));
        } else if root.kind != Kind::Null {
            let (line, bytes) = (root.span.line, root.span.bytes.clone());
            stream.documents.push(Ok(Document { line, bytes, root, duplicates }));
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    /// The place whose column is known: a text may be one long line, and is counted once.
    counted: usize,
    column: usize,
    depth: usize,
    duplicates: Vec<Duplicate>,
    /// A value that is well written but nothing that kubectl can hold: it loses its document, and
    /// only that.
    odd: Option<YamlError>,
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
                (self.counted, self.column) = (self.at, 1);
            }
        }
    }

    fn here(&mut self) -> Span {
        self.column += self.text.get(self.counted..self.at).unwrap_or_default().chars().count();
        self.counted = self.at;
        Span { line: self.line, column: self.column, bytes: self.at..self.at }
    }

    fn fail<T>(&mut self, message: &str) -> Result<T, YamlError> {
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
            if let Some(first) = map.set(Identity::Text(key.clone()), entry) {
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
        let rest = self.text.get(self.at..).unwrap_or_default();
        let words =
            [("true", Kind::Bool(true)), ("false", Kind::Bool(false)), ("null", Kind::Null)];
        for (word, kind) in words {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        self.fail("a json value must stand here")
    }

    fn digits(&mut self) -> Result<(), YamlError> {
        if self.take(|byte| byte.is_ascii_digit()).is_empty() {
            return self.fail("a digit must stand here");
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Kind, YamlError> {
        let place = self.here();
        self.eat(b'-');
        // What follows a zero belongs to the number no more.
        if !self.eat(b'0') {
            self.digits()?;
        }
        let whole = self.at;
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        let text = self.text.get(place.bytes.start..self.at).unwrap_or_default();
        if self.at == whole
            && let Ok(integer) = text.parse::<i64>()
        {
            return Ok(Kind::Number(integer.into()));
        }
        let number = text.parse().ok().and_then(scalar::json_number);
        if number.is_none() {
            let message = "this number is too large".to_owned();
            self.odd.get_or_insert(YamlError { span: place, message });
        }
        Ok(number.map_or(Kind::Null, Kind::Number))
    }

    fn string(&mut self) -> Result<String, YamlError> {
        let place = self.here();
        let mut text = String::new();
        self.at += 1;
        loop {
            text.push_str(self.take(|byte| byte != b'"' && byte != b'\\' && byte >= 0x20));
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return self.fail("a control character must be written as an escape"),
                None => {
                    let message = "this string has no end".to_owned();
                    return Err(YamlError { span: place, message });
                }
            }
        }
        self.at += 1;
        Ok(text)
    }

    fn escape(&mut self) -> Result<char, YamlError> {
        self.at += 1;
        let character = match self.peek() {
            Some(known @ (b'"' | b'\\' | b'/')) => char::from(known),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            Some(_) | None => return self.fail("json does not know this escape"),
        };
        self.at += 1;
        Ok(character)
    }

    /// The character of one `\u` escape, or of two that are a surrogate pair; as in Go, half of a
    /// pair is U+FFFD.
    fn unicode(&mut self) -> Result<char, YamlError> {
        let Some(high) = self.unit(self.at + 1) else {
            return self.fail("`\\u` wants four hexadecimal digits");
        };
        self.at += 5;
        let escaped = self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u"));
        let low = if escaped { self.unit(self.at + 2) } else { None };
        let pair = low.and_then(|low| char::decode_utf16([high, low]).next()?.ok());
        if (0xD800..0xDC00).contains(&high)
            && let Some(character) = pair
        {
            self.at += 6;
            return Ok(character);
        }
        Ok(char::from_u32(u32::from(high)).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.text.get(at..at + 4)?;
        let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        hexadecimal.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    }
}
