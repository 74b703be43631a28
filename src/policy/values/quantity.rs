//! Amounts of resources.

use std::borrow::Cow;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _};

use super::Invalid;

/// An amount of a resource, as Kubernetes writes it: `500m`, `64Gi`, `100`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Quantity(String);

impl Quantity {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Quantity {
    type Err = Invalid;

    /// The grammar of k8s.io/apimachinery `resource.ParseQuantity`, without signs.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let exponent = suffix.strip_prefix(['e', 'E']).filter(|rest| !rest.is_empty());
        let suffixed = exponent.map_or_else(
            || {
                let known = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E"];
                known.contains(&suffix) || ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].contains(&suffix)
            },
            |digits| digits.parse::<i8>().is_ok(),
        );
        if suffixed && !fraction.contains('.') && !(whole.is_empty() && fraction.is_empty()) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid(format!("`{text}` is not a quantity: write it as `500m`, `2` or `64Gi`")))
    }
}

impl<'de> Deserialize<'de> for Quantity {
    /// Kubernetes takes `pods: 100` for `pods: "100"`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged, expecting = "a quantity must stand here, such as `500m`, `2` or `64Gi`")]
        enum Written {
            Number(u64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(number) => Ok(Self(number.to_string())),
            Written::Text(text) => text.parse().map_err(D::Error::custom),
        }
    }
}

impl JsonSchema for Quantity {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-int-or-string": true,
            "pattern": r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$",
        })
    }
}
