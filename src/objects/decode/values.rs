//! Values that are decoded as a whole.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Decode;
use crate::objects::json::{Error, Kind, Reader};

/// `null` leaves a plain value as it is.
macro_rules! plain {
    ($type:ty, $read:expr) => {
        impl<'de> Decode<'de> for $type {
            fn decode_into(&mut self, source: &mut Reader<'de>) -> Result<(), Error> {
                if !source.null()? {
                    *self = $read(source)?;
                }
                Ok(())
            }
        }
    };
}

plain!(bool, Reader::boolean);
plain!(i64, |source: &mut Reader<'de>| source.integer("a 64-bit integer"));
plain!(i32, |source: &mut Reader<'de>| source.integer("a 32-bit integer"));
plain!(Cow<'de, str>, Reader::string);

/// The text of a value as it stands; `null` and absent are `None`.
///
/// As Go's `runtime.RawExtension`, a later `null` does not take an earlier value away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Raw<'de>(Option<&'de str>);

impl<'de> Raw<'de> {
    /// Of a text that is one value of JSON, with nothing around it.
    #[must_use]
    pub fn new(text: &'de str) -> Self {
        Self(Some(text))
    }

    /// The JSON text.
    #[must_use]
    pub fn text(&self) -> Option<&'de str> {
        self.0
    }
}

impl<'de> Decode<'de> for Raw<'de> {
    fn decode_into(&mut self, source: &mut Reader<'de>) -> Result<(), Error> {
        if !source.null()? {
            self.0 = Some(source.raw()?);
        }
        Ok(())
    }
}

/// Something large that nobody reads. It is passed over by its brackets ([`Reader::raw`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unread;

impl<'de> Decode<'de> for Unread {
    fn decode_into(&mut self, source: &mut Reader<'de>) -> Result<(), Error> {
        source.raw().map(drop)
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
    fn decode_into(&mut self, source: &mut Reader<'de>) -> Result<(), Error> {
        *self = match source.kind()? {
            Kind::Null => Self::Absent,
            Kind::Object => Self::Object,
            Kind::Boolean | Kind::Number | Kind::Text | Kind::List => Self::Other,
        };
        source.skip()
    }
}
