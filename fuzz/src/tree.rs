//! JSON by its grammar (RFC 8259), read one character at a time and kept as it is written: keys that
//! come twice, numbers as text. Slow and plain on purpose; what the program reads is held to it.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A string; as in Go half of a surrogate pair is U+FFFD.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// An object, in order.
    Object(Vec<(String, Tree)>),
    /// Something between brackets that is no JSON; see [`read_loosely`].
    Broken(String),
}

/// The value that a text is, if it is JSON and nested at most so deep.
pub fn read(text: &str, levels: usize) -> Option<Tree> {
    read_loosely(text, levels, &[])
}

/// The same, where the value behind any of these keys need only have as many closing brackets as opening
/// ones: whoever reads it finds out whether it is JSON.
pub fn read_loosely(text: &str, levels: usize, loose: &[&[&str]]) -> Option<Tree> {
    let mut rest = text.chars().peekable();
    let value = value(&mut rest, levels, loose)?;
    spaces(&mut rest);
    rest.next().is_none().then_some(value)
}

/// What stands from a bracket to where as many have been closed, without regard to their kinds; `None`
/// where that is nowhere, or where more are open at once.
pub fn between_brackets(rest: &mut Rest<'_>, levels: usize) -> Option<String> {
    let (mut text, mut open, mut in_string, mut escaped) = (String::new(), 0, false, false);
    loop {
        let next = rest.next()?;
        text.push(next);
        // What JSON does not allow outside of strings means the same there.
        let is_escaped = std::mem::take(&mut escaped);
        match next {
            '\\' => escaped = !is_escaped,
            '"' => in_string ^= !is_escaped,
            '{' | '[' if !in_string => open += 1,
            '}' | ']' if !in_string => open -= 1,
            _ => {}
        }
        if open > levels {
            return None;
        }
        if open == 0 {
            return Some(text);
        }
    }
}

/// What is left of a text.
pub type Rest<'a> = Peekable<Chars<'a>>;

pub fn spaces(rest: &mut Rest<'_>) {
    while rest.next_if(|c| matches!(c, ' ' | '\t' | '\n' | '\r')).is_some() {}
}

/// `loose` are the keys that lead on from here.
fn value(rest: &mut Rest<'_>, levels: usize, loose: &[&[&str]]) -> Option<Tree> {
    spaces(rest);
    match rest.peek()? {
        '{' | '[' if loose.contains(&&[][..]) => {
            let text = between_brackets(rest, levels)?;
            Some(read(&text, levels).unwrap_or(Tree::Broken(text)))
        }
        '{' => object(rest, levels.checked_sub(1)?, loose),
        '[' => list(rest, levels.checked_sub(1)?),
        '"' => string(rest).map(Tree::Text),
        '-' | '0'..='9' => number(rest).map(Tree::Number),
        't' => word(rest, "true").map(|()| Tree::Bool(true)),
        'f' => word(rest, "false").map(|()| Tree::Bool(false)),
        'n' => word(rest, "null").map(|()| Tree::Null),
        _ => None,
    }
}

fn word(rest: &mut Rest<'_>, word: &str) -> Option<()> {
    word.chars().all(|c| rest.next() == Some(c)).then_some(())
}

fn object(rest: &mut Rest<'_>, levels: usize, loose: &[&[&str]]) -> Option<Tree> {
    let mut members = Vec::new();
    rest.next();
    spaces(rest);
    if rest.next_if_eq(&'}').is_some() {
        return Some(Tree::Object(members));
    }
    loop {
        spaces(rest);
        rest.peek().filter(|c| **c == '"')?;
        let key = string(rest)?;
        spaces(rest);
        rest.next_if_eq(&':')?;
        let own = loose.iter().filter(|keys| keys.first() == Some(&key.as_str()));
        let own: Vec<_> = own.filter_map(|keys| keys.get(1..)).collect();
        members.push((key, value(rest, levels, &own)?));
        spaces(rest);
        match rest.next()? {
            ',' => {}
            '}' => return Some(Tree::Object(members)),
            _ => return None,
        }
    }
}

fn list(rest: &mut Rest<'_>, levels: usize) -> Option<Tree> {
    let mut items = Vec::new();
    rest.next();
    spaces(rest);
    if rest.next_if_eq(&']').is_some() {
        return Some(Tree::List(items));
    }
    loop {
        items.push(value(rest, levels, &[])?);
        spaces(rest);
        match rest.next()? {
            ',' => {}
            ']' => return Some(Tree::List(items)),
            _ => return None,
        }
    }
}

fn number(rest: &mut Rest<'_>) -> Option<String> {
    let mut text = String::new();
    text.extend(rest.next_if_eq(&'-'));
    match rest.next_if_eq(&'0') {
        Some(zero) => text.push(zero),
        None => digits(rest, &mut text)?,
    }
    if let Some(point) = rest.next_if_eq(&'.') {
        text.push(point);
        digits(rest, &mut text)?;
    }
    if let Some(mark) = rest.next_if(|c| matches!(c, 'e' | 'E')) {
        text.push(mark);
        text.extend(rest.next_if(|c| matches!(c, '+' | '-')));
        digits(rest, &mut text)?;
    }
    Some(text)
}

fn digits(rest: &mut Rest<'_>, text: &mut String) -> Option<()> {
    let before = text.len();
    while let Some(digit) = rest.next_if(char::is_ascii_digit) {
        text.push(digit);
    }
    (text.len() > before).then_some(())
}

fn string(rest: &mut Rest<'_>) -> Option<String> {
    rest.next();
    // In UTF-16, so that two escapes in a row make one character where they are halves of one.
    let mut units = Vec::new();
    loop {
        let mut buffer = [0; 2];
        match rest.next()? {
            '"' => return Some(String::from_utf16_lossy(&units)),
            '\\' => match rest.next()? {
                c @ ('"' | '\\' | '/') => units.push(c as u16),
                'b' => units.push(8),
                'f' => units.push(12),
                'n' => units.push(10),
                'r' => units.push(13),
                't' => units.push(9),
                'u' => {
                    let digits: String = rest.by_ref().take(4).collect();
                    let hex = digits.len() == 4 && digits.chars().all(|c| c.is_ascii_hexdigit());
                    units.push(hex.then(|| u16::from_str_radix(&digits, 16).ok())??);
                }
                _ => return None,
            },
            '\0'..='\x1f' => return None,
            c => units.extend_from_slice(c.encode_utf16(&mut buffer)),
        }
    }
}

impl Tree {
    /// The value behind these keys of objects, `null` where there is none.
    pub fn at(&self, keys: &[&str]) -> &Self {
        let mut at = self;
        for key in keys {
            at = at.members().iter().find(|(own, _)| own == key).map_or(&Self::Null, |(_, at)| at);
        }
        at
    }

    /// The text of a string, and of nothing.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    /// The members of an object; anything else has none.
    pub fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// The items of a list; anything else has none.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// Whether no key comes twice, and no item of a list is null: as the API server encodes objects.
    pub fn is_encoded(&self) -> bool {
        let mut keys: Vec<_> = self.members().iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        let (members, items) = (self.members().iter(), self.items().iter());
        keys.is_sorted_by(|a, b| a < b)
            && members.map(|(_, value)| value).all(Self::is_encoded)
            && items.clone().all(|item| *item != Self::Null && item.is_encoded())
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comma = |f: &mut fmt::Formatter<'_>, at| if at > 0 { f.write_str(",") } else { Ok(()) };
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(text) => f.write_str(text),
            Self::Broken(text) => f.write_str(text),
            Self::Text(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
            Self::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    comma(f, at)?;
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (at, (key, value)) in members.iter().enumerate() {
                    comma(f, at)?;
                    write!(f, "{}:{value}", serde_json::Value::from(key.as_str()))?;
                }
                f.write_str("}")
            }
        }
    }
}
