//! JSON as the API server's Go decoder reads it, without copying.
//!
//! sigs.k8s.io/json decodes *into* a value, and that shows: a key that comes twice merges with what
//! the first one left (structs field by field, lists item by item, maps key by key), `null` empties
//! a pointer, list or map and leaves a plain field as it is, an unknown key is skipped, keys are case
//! sensitive, and a number with a fraction or an exponent is no integer. [`Decode`] is that: a value
//! decoded in place. A side effect serves the envelope: what was read before an error stays.

mod values;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use values::Text;
pub use values::{Keys, Present, Raw};

/// A value that JSON is decoded into.
pub trait Decode<'de>: Default {
    /// Reads one JSON value into `self`, which may hold what an earlier one left.
    ///
    /// # Errors
    /// Where the JSON has another type than the field, or is none. `self` keeps what was read.
    fn decode_into<D: Deserializer<'de>>(&mut self, source: D) -> Result<(), D::Error>;
}

/// Text that is not the object which it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}{reason}")]
pub struct Malformed {
    /// `spec.containers[0].image: `, or nothing where the text as a whole is at fault.
    pub path: String,
    /// What is wrong, with its place in the text.
    pub reason: String,
}

impl Malformed {
    /// What is wrong, for whoever never saw the text that its place counts in.
    #[must_use]
    pub fn without_place(&self) -> String {
        let Self { path, reason } = self;
        let reason = reason.rsplit_once(" at line ").map_or(reason.as_str(), |(reason, _)| reason);
        format!("{path}{reason}")
    }
}

/// Decodes a whole text.
///
/// # Errors
/// [`Malformed`] where the text is not JSON, has the wrong type somewhere, or goes on after its end.
pub fn from_json<'de, T: Decode<'de>>(text: &'de str) -> Result<T, Malformed> {
    let mut value = T::default();
    into(&mut value, text).map(|()| value)
}

/// Decodes a whole text into a value that keeps what was read where it ends in an error.
///
/// # Errors
/// As [`from_json`].
pub fn into<'de, T: Decode<'de>>(value: &mut T, text: &'de str) -> Result<(), Malformed> {
    let mut source = serde_json::Deserializer::from_str(text);
    match value.decode_into(&mut source).and_then(|()| source.end()) {
        Ok(()) => Ok(()),
        Err(error) => Err(located::<T>(text, &error)),
    }
}

/// Decodes a second time, now keeping track of the path: errors are rare and may cost more.
fn located<'de, T: Decode<'de>>(text: &'de str, error: &serde_json::Error) -> Malformed {
    let mut track = serde_path_to_error::Track::new();
    let mut source = serde_json::Deserializer::from_str(text);
    let tracked = serde_path_to_error::Deserializer::new(&mut source, &mut track);
    let failed = T::default().decode_into(tracked).is_err();
    let path = track.path().to_string();
    let path = if failed && path != "." { format!("{path}: ") } else { String::new() };
    Malformed { path, reason: error.to_string() }
}

/// Lets a value be decoded where serde wants a seed.
pub struct Into<'a, T>(pub &'a mut T);

impl<'de, T: Decode<'de>> DeserializeSeed<'de> for Into<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        self.0.decode_into(source)
    }
}

/// A key of an object.
#[derive(Default)]
pub struct Key<'de>(pub Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let mut key = Cow::Borrowed("");
        source.deserialize_str(Text(&mut key)).map(|()| Self(key))
    }
}

/// Declares an object's fields and decodes it as Go decodes a struct.
macro_rules! object {
    ($(#[$meta:meta])* $vis:vis struct $name:ident $(<$life:lifetime>)? {
        $($(#[$doc:meta])* $field:ident: $type:ty = $key:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        $vis struct $name $(<$life>)? { $(#[doc = concat!("`", $key, "`")] $(#[$doc])* pub $field: $type,)* }

        const _: () = {
            use $crate::objects::decode as d;

            struct Fields<'a, T>(&'a mut T);

            object!(@visitor $name $(<$life>)? { $($field = $key,)* });
        };
    };
    (@visitor $name:ident { $($field:ident = $key:literal,)* }) => {
        object!(@impl $name, $name, { $($field = $key,)* });
    };
    (@visitor $name:ident <$life:lifetime> { $($field:ident = $key:literal,)* }) => {
        object!(@impl $name, $name<'de>, { $($field = $key,)* });
    };
    (@impl $name:ident, $type:ty, { $($field:ident = $key:literal,)* }) => {
        impl<'de> serde::de::Visitor<'de> for Fields<'_, $type> {
            type Value = ();

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!("an object (", stringify!($name), ")"))
            }

            fn visit_unit<E>(self) -> Result<(), E> {
                Ok(())
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
                while let Some(key) = map.next_key::<d::Key<'de>>()? {
                    match key.0.as_ref() {
                        $($key => map.next_value_seed(d::Into(&mut self.0.$field))?,)*
                        _ => { map.next_value::<serde::de::IgnoredAny>()?; }
                    }
                }
                Ok(())
            }
        }

        impl<'de> d::Decode<'de> for $type {
            fn decode_into<D: serde::Deserializer<'de>>(&mut self, source: D) -> Result<(), D::Error> {
                source.deserialize_any(Fields(self))
            }
        }
    };
}
pub(crate) use object;

struct Pointer<'a, T>(&'a mut Option<T>);

impl<'de, T: Decode<'de>> Visitor<'de> for Pointer<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        *self.0 = None;
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        self.0.get_or_insert_default().decode_into(source)
    }
}

impl<'de, T: Decode<'de>> Decode<'de> for Option<T> {
    fn decode_into<D: Deserializer<'de>>(&mut self, source: D) -> Result<(), D::Error> {
        source.deserialize_option(Pointer(self))
    }
}

struct Items<'a, T>(&'a mut Vec<T>);

impl<'de, T: Decode<'de>> Visitor<'de> for Items<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.clear();
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut read = 0;
        loop {
            let more = match self.0.get_mut(read) {
                Some(item) => seq.next_element_seed(Into(item))?.is_some(),
                None => {
                    let mut item = T::default();
                    let more = seq.next_element_seed(Into(&mut item))?.is_some();
                    if more {
                        self.0.push(item);
                    }
                    more
                }
            };
            if !more {
                break;
            }
            read += 1;
        }
        self.0.truncate(read);
        Ok(())
    }
}

impl<'de, T: Decode<'de>> Decode<'de> for Vec<T> {
    fn decode_into<D: Deserializer<'de>>(&mut self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(Items(self))
    }
}

struct Entries<'a, 'de, T>(&'a mut BTreeMap<Cow<'de, str>, T>);

impl<'de, T: Decode<'de>> Visitor<'de> for Entries<'_, 'de, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.clear();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key<'de>>()? {
            let mut value = T::default();
            map.next_value_seed(Into(&mut value))?;
            self.0.insert(key.0, value);
        }
        Ok(())
    }
}

impl<'de, T: Decode<'de>> Decode<'de> for BTreeMap<Cow<'de, str>, T> {
    fn decode_into<D: Deserializer<'de>>(&mut self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(Entries(self))
    }
}

#[cfg(test)]
mod tests;
