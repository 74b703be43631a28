//! Values that are decoded as a whole.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Decode;

struct Plain<'a, T>(&'a mut T, &'static str);

impl<'de> Visitor<'de> for Plain<'_, bool> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.1)
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        *self.0 = value;
        Ok(())
    }
}

impl<'de> Decode<'de> for bool {
    fn decode_into<D: Deserializer<'de>>(&mut self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(Plain(self, "a boolean"))
    }
}

macro_rules! integer {
    ($type:ty, $what:literal) => {
        impl<'de> Visitor<'de> for Plain<'_, $type> {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.1)
            }

            fn visit_unit<E>(self) -> Result<(), E> {
                Ok(())
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
                *self.0 = value
                    .try_into()
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(value), &self.1))?;
                Ok(())
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
                *self.0 = value.try_into().map_err(|_| {
                    E::invalid_value(serde::de::Unexpected::Unsigned(value), &self.1)
                })?;
                Ok(())
            }

            /// serde_json reads `-0` as a float.
            fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
                if value == 0.0 && value.is_sign_negative() {
                    *self.0 = 0;
                    return Ok(());
                }
                Err(E::invalid_type(serde::de::Unexpected::Float(value), &self.1))
            }
        }

        impl<'de> Decode<'de> for $type {
            fn decode_into<D: Deserializer<'de>>(&mut self, source: D) -> Result<(), D::Error> {
                source.deserialize_any(Plain(self, $what))
            }
        }
    };
}

integer!(i64, "a 64-bit integer");
integer!(i32, "a 32-bit integer");

pub(super) struct Text<'a, 'de>(pub(super) &'a mut Cow<'de, str>);

impl<'de> Visitor<'de> for Text<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<(), E> {
        *self.0 = Cow::Borrowed(value);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        *self.0 = Cow::Owned(value.to_owned());
        Ok(())
    }
}

impl<'de> Decode<'de> for Cow<'de, str> {
    fn decode_into<D: Deserializer<'de>>(&mut self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(Text(self))
    }
}

/// The text of a value as it stands; `null` and absent are `None`.
///
/// As Go's `runtime.RawExtension`, a later `null` does not take an earlier value away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Raw<'de>(pub Option<&'de RawValue>);

impl<'de> Raw<'de> {
    /// The JSON text.
    #[must_use]
    pub fn text(&self) -> Option<&'de str> {
        self.0.map(RawValue::get)
    }
}

impl PartialEq for Raw<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl<'de> Decode<'de> for Raw<'de> {
    fn decode_into<D: Deserializer<'de>>(&mut self, source: D) -> Result<(), D::Error> {
        let raw = <&RawValue as serde::Deserialize>::deserialize(source)?;
        if raw.get() != "null" {
            self.0 = Some(raw);
        }
        Ok(())
    }
}

/// The keys of an object whose values are objects themselves, `null` ones left out.
pub type Keys<'de> = BTreeSet<Cow<'de, str>>;

/// What a key holds, for fields of which only that matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Present {
    /// Nothing, or `null`.
    #[default]
    Absent,
    /// An object.
    Object,
    /// Something else.
    Other,
}

impl<'de> Decode<'de> for Present {
    fn decode_into<D: Deserializer<'de>>(&mut self, source: D) -> Result<(), D::Error> {
        *self = source.deserialize_any(Presence)?;
        Ok(())
    }
}

struct Presence;

impl<'de> Visitor<'de> for Presence {
    type Value = Present;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Present, E> {
        Ok(Present::Absent)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Present, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Present::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Present, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Present::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Present, E> {
        Ok(Present::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Present, E> {
        Ok(Present::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Present, E> {
        Ok(Present::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Present, E> {
        Ok(Present::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Present, E> {
        Ok(Present::Other)
    }
}
