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

pub use super::json::Malformed;
use super::json::{DEEPEST, Error, Reader};
pub use values::{Keys, Present, Raw, Unread};

/// A value that JSON is decoded into.
pub trait Decode<'de>: Default {
    /// Reads one JSON value into `self`, which may hold what an earlier one left.
    ///
    /// # Errors
    /// Where the JSON has another type than the field, or is none. `self` keeps what was read.
    fn decode_into(&mut self, source: &mut Reader<'de>) -> Result<(), Error>;
}

/// Decodes a whole text.
///
/// # Errors
/// [`Malformed`] where the text is not JSON, has the wrong type somewhere, or goes on after its end.
pub fn from_json<'de, T: Decode<'de>>(text: &'de str) -> Result<T, Malformed> {
    let mut value = T::default();
    into(&mut value, text, DEEPEST).map(|()| value)
}

/// Decodes a whole text, nested at most `levels` deep, into a value that keeps what was read where the
/// text ends in an error.
///
/// # Errors
/// As [`from_json`], or where the text is nested deeper.
pub fn into<'de, T: Decode<'de>>(
    value: &mut T,
    text: &'de str,
    levels: usize,
) -> Result<(), Malformed> {
    let mut source = Reader::within(text, levels);
    let read = value.decode_into(&mut source).and_then(|()| source.end());
    read.map_err(|error| error.located(text))
}

/// Declares an object's fields and decodes it as Go decodes a struct.
macro_rules! object {
    ($(#[$meta:meta])* $vis:vis struct $name:ident $(<$life:lifetime>)? {
        $($(#[$doc:meta])* $field:ident: $type:ty = $key:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        $vis struct $name $(<$life>)? { $(#[doc = concat!("`", $key, "`")] $(#[$doc])* pub $field: $type,)* }

        object!(@impl $name $(<$life>)?, { $($field = $key,)* });
    };
    (@impl $name:ident, $fields:tt) => {
        object!(@decode $name, $fields);
    };
    (@impl $name:ident <$life:lifetime>, $fields:tt) => {
        object!(@decode $name<'de>, $fields);
    };
    (@decode $type:ty, { $($field:ident = $key:literal,)* }) => {
        impl<'de> $crate::objects::decode::Decode<'de> for $type {
            fn decode_into(
                &mut self,
                source: &mut $crate::objects::json::Reader<'de>,
            ) -> Result<(), $crate::objects::json::Error> {
                if source.null()? {
                    return Ok(());
                }
                source.members(|source, key| match key.as_ref() {
                    $($key => $crate::objects::decode::Decode::decode_into(&mut self.$field, source),)*
                    _ => source.skip(),
                })
            }
        }
    };
}
pub(crate) use object;

impl<'de, T: Decode<'de>> Decode<'de> for Option<T> {
    fn decode_into(&mut self, source: &mut Reader<'de>) -> Result<(), Error> {
        if source.null()? {
            *self = None;
            return Ok(());
        }
        self.get_or_insert_default().decode_into(source)
    }
}

impl<'de, T: Decode<'de>> Decode<'de> for Vec<T> {
    fn decode_into(&mut self, source: &mut Reader<'de>) -> Result<(), Error> {
        let mut read = 0;
        if !source.null()? {
            source.items(|source, index| {
                read = index + 1;
                if self.len() < read {
                    self.push(T::default());
                }
                self.get_mut(index).map_or(Ok(()), |item| item.decode_into(source))
            })?;
        }
        // Go keeps what a shorter list hides, and a third one may bring some of it back: nothing that
        // the API server encodes is worth following that.
        if read > 0 && read < self.len() {
            return Err(source.error("a list comes twice, the second one is shorter"));
        }
        self.truncate(read);
        Ok(())
    }
}

impl<'de, T: Decode<'de>> Decode<'de> for BTreeMap<Cow<'de, str>, T> {
    fn decode_into(&mut self, source: &mut Reader<'de>) -> Result<(), Error> {
        if source.null()? {
            self.clear();
            return Ok(());
        }
        source.members(|source, key| {
            let mut value = T::default();
            value.decode_into(source)?;
            self.insert(key, value);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
