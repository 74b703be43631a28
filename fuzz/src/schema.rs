//! The fields that the program reads, with their Go types: what objects are made by, and what a naive
//! decoder reads them by.

mod documents;
mod pod;
mod wire;

use serde_json::Value;

use super::dice::Dice;
use super::tree::Tree;

pub use documents::DOCUMENTS;
pub use pod::{POD, SOURCES};
pub use wire::{REVIEW, UID};

/// A Go type, as far as its decoder cares.
pub enum Shape {
    Bool,
    Int32,
    Int64,
    /// A string, with values that mean something.
    Text(&'static [&'static str]),
    /// What `null` empties.
    Pointer(&'static Shape),
    List(&'static Shape),
    /// A map of strings, with keys and values that mean something.
    Map(&'static [&'static str], &'static [&'static str]),
    /// A struct.
    Object(&'static [Field]),
    /// A struct of which the keys that hold an object matter.
    Volume,
    /// What is kept as it is; a later `null` does not take it away.
    Raw,
    /// What is not read, made of one of these texts.
    Other(&'static [&'static str]),
}

/// A key, and what it holds.
pub type Field = (&'static str, Shape);

/// Numbers at the edges of the types.
const NUMBERS: [&str; 12] = [
    "0",
    "1",
    "1000",
    "65535",
    "-1",
    "-0",
    "2147483647",
    "2147483648",
    "-2147483649",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
];

/// What a field seldom holds.
const ODD: [&str; 16] = [
    "null",
    "1.0",
    "1e3",
    "\"\"",
    "\"x\"",
    "true",
    "[]",
    "{}",
    "[null]",
    "[{}]",
    "{\"\":null}",
    "[[[[]]]]",
    "-0.0",
    "1E+2",
    "{\"a\":{\"a\":{\"a\":1}}}",
    "\"\\ud800\"",
];

/// Strings that are hard on whoever prints, cuts or compares them.
const TEXTS: [&str; 12] = [
    "",
    "~",
    "/",
    "~1",
    "a/b~c",
    "\u{202e}x",
    "a\n\u{1b}[31m",
    "\u{0}",
    "ä\u{10ffff}",
    "ALL",
    "0",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

/// Parts of keys that are hard on whoever makes a pointer of them.
pub const KEYS: [&str; 10] = ["", "~", "/", "~0", "~1", "a", "0", "-", "\u{e4}", "%2F\""];

fn read(text: &str) -> Tree {
    super::tree::read(text, 100).expect("the text is JSON")
}

fn text(dice: &mut Dice<'_>, likely: &[&str]) -> String {
    let byte = usize::from(dice.byte());
    let pool = if byte < 220 && !likely.is_empty() { likely } else { &TEXTS };
    pool.get(byte % pool.len()).map_or_else(String::new, |text| (*text).to_owned())
}

impl Shape {
    /// A value that mostly is of this type.
    pub fn made(&self, dice: &mut Dice<'_>) -> Tree {
        match dice.byte() {
            0..=229 => self.right(dice),
            230..=240 => Tree::Null,
            _ => read(dice.word(&ODD)),
        }
    }

    fn right(&self, dice: &mut Dice<'_>) -> Tree {
        match self {
            Self::Bool => Tree::Bool(dice.byte() % 2 == 1),
            Self::Int32 | Self::Int64 => Tree::Number(dice.word(&NUMBERS).to_owned()),
            Self::Text(likely) => Tree::Text(text(dice, likely)),
            Self::Pointer(inner) => inner.right(dice),
            Self::List(item) => {
                let mut items = Vec::new();
                while dice.more() {
                    items.push(item.made(dice));
                }
                Tree::List(items)
            }
            Self::Map(keys, values) => {
                let mut members = Vec::new();
                while dice.more() {
                    members.push((text(dice, keys), Self::Text(values).made(dice)));
                }
                Tree::Object(members)
            }
            Self::Object(fields) => {
                let mut members = Vec::new();
                while dice.more() {
                    members.push(member(dice, fields));
                }
                Tree::Object(members)
            }
            Self::Volume => pod::volume(dice),
            Self::Raw => read(dice.word(&ODD)),
            Self::Other(texts) => read(dice.word(texts)),
        }
    }
}

/// A member of a struct; seldom one whose key is none of its fields', or only almost.
fn member(dice: &mut Dice<'_>, fields: &[Field]) -> (String, Tree) {
    let byte = usize::from(dice.byte());
    let (key, shape) = fields.get(byte % fields.len()).expect("a struct has fields");
    let key = match byte {
        0..=239 => (*key).to_owned(),
        240..=247 => key.to_uppercase(),
        _ => text(dice, &[]),
    };
    (key, shape.made(dice))
}

/// What Go's decoder makes of a value that it decodes into what a field holds; `None` is the type's
/// zero, and an error where the value has another type. It merges what comes twice: structs field by
/// field, lists item by item, maps key by key. A list that hides items of the one before is an error: Go
/// may bring them back. What is not read is left out.
pub fn decoded(shape: &Shape, held: Option<Tree>, value: &Tree) -> Result<Option<Tree>, ()> {
    match (shape, value) {
        (Shape::Other(_), _) => Ok(held),
        (Shape::Pointer(_) | Shape::List(_) | Shape::Map(..), Tree::Null) => Ok(None),
        (Shape::Pointer(inner), value) => {
            let held = held.or_else(|| Some(zero(inner)));
            decoded(inner, held, value)
        }
        (_, Tree::Null) => Ok(held),
        (Shape::Bool, Tree::Bool(_)) | (Shape::Text(_), Tree::Text(_)) | (Shape::Raw, _) => {
            Ok(Some(value.clone()))
        }
        (Shape::Int32, Tree::Number(text)) => integer(text.parse::<i32>().map(i64::from)),
        (Shape::Int64, Tree::Number(text)) => integer(text.parse::<i64>()),
        (Shape::List(item), Tree::List(items)) => {
            let Some(Tree::List(held)) = held.or(Some(Tree::List(Vec::new()))) else {
                return Err(());
            };
            if !items.is_empty() && items.len() < held.len() {
                return Err(());
            }
            let held = held.into_iter().map(Some).chain(std::iter::repeat(None));
            let read = items.iter().zip(held).map(|(value, held)| {
                let held = held.or_else(|| Some(zero(item)));
                decoded(item, held, value).map(|item| item.unwrap_or(Tree::Null))
            });
            Ok(Some(Tree::List(read.collect::<Result<_, _>>()?)))
        }
        (Shape::Map(..), Tree::Object(members)) => {
            let mut map = object(held);
            for (key, value) in members {
                let text = decoded(&Shape::Text(&[]), None, value)?;
                put(&mut map, key, Some(text.unwrap_or_else(|| Tree::Text(String::new()))));
            }
            Ok(Some(Tree::Object(map)))
        }
        (Shape::Object(fields), Tree::Object(members)) => {
            let mut own = object(held);
            for (key, value) in members {
                let Some((_, shape)) = fields.iter().find(|(field, _)| field == key) else {
                    continue;
                };
                let held = take(&mut own, key);
                put(&mut own, key, decoded(shape, held, value)?);
            }
            Ok(Some(Tree::Object(own)))
        }
        (Shape::Volume, Tree::Object(members)) => pod::decoded_volume(object(held), members),
        _ => Err(()),
    }
}

fn integer(read: Result<i64, std::num::ParseIntError>) -> Result<Option<Tree>, ()> {
    read.map(|number| Some(Tree::Number(number.to_string()))).map_err(|_| ())
}

/// What a new item of a list is, and what a new pointer points to.
fn zero(shape: &Shape) -> Tree {
    match shape {
        Shape::Bool => Tree::Bool(false),
        Shape::Int32 | Shape::Int64 => Tree::Number("0".to_owned()),
        Shape::Text(_) => Tree::Text(String::new()),
        Shape::Object(_) | Shape::Volume => Tree::Object(Vec::new()),
        Shape::Pointer(_) | Shape::List(_) | Shape::Map(..) | Shape::Raw | Shape::Other(_) => {
            Tree::Null
        }
    }
}

fn object(held: Option<Tree>) -> Vec<(String, Tree)> {
    match held {
        Some(Tree::Object(members)) => members,
        _ => Vec::new(),
    }
}

fn take(members: &mut Vec<(String, Tree)>, key: &str) -> Option<Tree> {
    let at = members.iter().position(|(own, _)| own == key)?;
    Some(members.remove(at).1)
}

fn put(members: &mut Vec<(String, Tree)>, key: &str, value: Option<Tree>) {
    take(members, key);
    members.extend(value.map(|value| (key.to_owned(), value)));
}

/// A text as the API server would encode what it reads in it: of the fields that the program reads those
/// that are set, each once. `None` where it would not read it.
pub fn encoded(shape: &Shape, text: &str) -> Option<Value> {
    let tree = super::tree::read(text, 100)?;
    let read = decoded(shape, None, &tree).ok()?;
    let read = read.unwrap_or_else(|| Tree::Object(Vec::new()));
    let mut value: Value = serde_json::from_str(&read.to_string()).expect("it can be written");
    // A struct is written even where nothing in it is set.
    if let (Shape::Object(fields), Value::Object(map)) = (shape, &mut value) {
        for (key, _) in fields.iter().filter(|(_, shape)| matches!(shape, Shape::Object(_))) {
            map.entry(*key).or_insert_with(|| Value::Object(serde_json::Map::new()));
        }
    }
    Some(value)
}
