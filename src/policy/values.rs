//! The values that documents are made of: text that is checked where it is read, with the schema
//! that lets the API server check it too.

mod quantity;
mod resource;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

pub use quantity::Quantity;
pub use resource::{container_mistake, is_overcommitted, quota_mistake};

use crate::domain::{Cidr, ImagePattern, Level, Mode, Pattern, PolicyVersion, RuleKey, TenantName};

/// A text that is not what its field wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(String);

/// Gives an enumeration of words the schema of a text that is one of them.
macro_rules! choice {
    ($type:ident { $($variant:ident),* $(,)? }) => {
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                // Each is named, or this does not compile.
                let word = |own| match own {
                    $($type::$variant => own,)*
                };
                schemars::json_schema!({"type": "string", "enum": [$(word(Self::$variant)),*]})
            }
        }
    };
}
pub(super) use choice;

/// Lets a type that is parsed from text stand in a document.
macro_rules! text {
    ($type:ident, $schema:tt) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

text!(Mode, {"type": "string", "enum": ["enforce", "warn", "audit", "ignore"]});
text!(Level, {"type": "string", "enum": ["privileged", "baseline", "restricted"]});
text!(PolicyVersion, {"type": "string", "pattern": r"^(latest|v1\.(0|[1-9][0-9]{0,8}))$"});
text!(RuleKey, {"type": "string", "pattern": r"^(\*|RF[1-9]([0-9]{3})?)$"});
text!(TenantName, {"type": "string", "maxLength": 63, "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"});
text!(Pattern, {"type": "string", "maxLength": 253, "pattern": r"^([^*\s]+\*?|\*[^*\s]*)$"});
text!(ImagePattern, {"type": "string", "maxLength": 511, "pattern": r"^[A-Za-z0-9\[][-A-Za-z0-9._:/\[\]]*(/\*)?$"});
text!(Cidr, {"type": "string", "format": "cidr"});

/// A text that is kept as it is written, once it is found to be right.
macro_rules! checked {
    ($(#[$doc:meta])* $name:ident, $valid:path, $want:literal, $schema:tt) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// As it is written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if $valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(Invalid(format!(concat!("`{}` is not ", $want), text)))
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        text!($name, $schema);
    };
}

checked!(
    /// A name of a namespace, a shared service or a container: an RFC 1123 label.
    Label1123, is_label,
    "a name: use at most 63 of the characters a-z, 0-9 and `-`, with a letter or digit at both ends",
    {"type": "string", "maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"}
);
checked!(
    /// A dotted name: an RFC 1123 subdomain.
    Subdomain, is_subdomain,
    "a name: use at most 253 of the characters a-z, 0-9, `-` and `.`, with a letter or digit at both ends",
    {"type": "string", "maxLength": 253, "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"}
);
checked!(
    /// What names of a tenant's namespaces start with.
    NamePrefix, is_prefix,
    "the start of a name: use at most 62 of the characters a-z, 0-9 and `-`, with a letter or digit first",
    {"type": "string", "maxLength": 62, "pattern": "^[a-z0-9][-a-z0-9]*$"}
);
checked!(
    /// A line for people, or a name that Kubernetes leaves free: of a user, a group, a kind.
    Line, is_line,
    "one line of text: it is empty, long or holds a control character",
    {"type": "string", "minLength": 1, "maxLength": 512, "pattern": r"^\P{Cc}*$"}
);
checked!(
    /// The key of a label or an annotation.
    LabelKey, is_label_key,
    "a label's key: write `name` or `prefix.example.com/name`",
    {"type": "string", "maxLength": 317, "pattern": r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"}
);
checked!(
    /// The value of a label.
    LabelValue, is_label_value,
    "a label's value: use at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
    {"type": "string", "maxLength": 63, "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"}
);
checked!(
    /// A Linux capability without `CAP_`, or `ALL`.
    Capability, is_capability,
    "a capability: write `ALL`, or a name such as `NET_RAW` without `CAP_`",
    {"type": "string", "maxLength": 63, "pattern": "^[A-Z][A-Z0-9_]*$"}
);

checked!(
    /// A field of a profile that a tenant may be let to loosen, or a section: all its fields.
    Field, is_field,
    "a field that tenants could loosen: name a section such as `podDefaults`, or a field such as `podDefaults.runAsUser`",
    {"type": "string", "enum": FIELDS}
);

/// What `overridable.fields` may name.
pub(super) const FIELDS: &[&str] = &[
    "podSecurity",
    "podSecurity.level",
    "podSecurity.version",
    "podDefaults",
    "podDefaults.runAsNonRoot",
    "podDefaults.runAsUser",
    "podDefaults.runAsGroup",
    "podDefaults.fsGroup",
    "podDefaults.seccompProfile",
    "podDefaults.allowPrivilegeEscalation",
    "podDefaults.dropCapabilities",
    "serviceAccounts",
    "serviceAccounts.automountToken",
    "images",
    "images.registries",
    "images.requireDigest",
    "images.forbidLatest",
    "images.pullPolicies",
    "images.forcePullPolicy",
    "namespaces",
    "namespaces.limit",
    "namespaces.labelKeys",
    "network",
    "network.intraTenant",
    "network.shared",
    "network.outside",
    "network.oneSided",
    "seal",
    "quota",
    "limits",
];

fn is_field(text: &str) -> bool {
    FIELDS.contains(&text)
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_part(text)
}

/// What stands between two dots: of a subdomain Kubernetes bounds the whole alone.
fn is_part(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().next().is_some_and(plain)
        && text.bytes().next_back().is_some_and(plain)
        && text.bytes().all(|byte| plain(byte) || byte == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_part)
}

fn is_prefix(text: &str) -> bool {
    // A prefix ends where a name may go on, so one letter more makes it a name.
    !text.is_empty() && is_label(&format!("{text}a"))
}

fn is_line(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= 512 && !text.chars().any(char::is_control)
}

fn is_label_key(text: &str) -> bool {
    let (prefix, name) = text.rsplit_once('/').unwrap_or(("a", text));
    is_subdomain(prefix) && !name.is_empty() && is_label_value(name)
}

fn is_label_value(text: &str) -> bool {
    let ends = |byte: Option<u8>| byte.is_none_or(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 63
        && ends(text.bytes().next())
        && ends(text.bytes().next_back())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn is_capability(text: &str) -> bool {
    text.len() <= 63
        && !text.starts_with("CAP_")
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// A point in time, as RFC 3339 writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub jiff::Timestamp);

impl FromStr for Time {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let want = "is not a time: write it as `2027-03-01T00:00:00Z`";
        text.parse().map(Self).map_err(|_| Invalid(format!("`{text}` {want}")))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text!(Time, {"type": "string", "format": "date-time"});

/// A whole number within bounds.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty), $min:literal..=$max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub struct $name(pub $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = i64::deserialize(deserializer)?;
                let wrong = || {
                    let bounds = concat!("it must lie between ", $min, " and ", $max);
                    D::Error::custom(format!("`{value}` is out of range: {bounds}"))
                };
                Some(value)
                    .filter(|value| ($min..=$max).contains(value))
                    .and_then(|value| value.try_into().ok())
                    .map(Self)
                    .ok_or_else(wrong)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "integer", "minimum": $min, "maximum": $max})
            }
        }
    };
}

number!(
    /// A port.
    Port(u16), 1..=65535
);
number!(
    /// A user or a group: what `IsValidUserID` of Kubernetes' apimachinery takes.
    UserId(i64), 0..=2147483647
);
number!(
    /// A place in a tier of ClusterNetworkPolicies.
    Priority(u16), 0..=1000
);
number!(
    /// How many.
    Count(u32), 0..=2147483647
);

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: FromStr + fmt::Debug>(right: &[&str], wrong: &[&str]) {
        for text in right {
            assert!(text.parse::<T>().is_ok(), "{text}");
        }
        for text in wrong {
            assert!(text.parse::<T>().is_err(), "{text}");
        }
    }

    #[test]
    fn text_is_checked_where_it_is_read() {
        check::<Label1123>(&["a", "a-b", "7"], &["", "-a", "a-", "A", "a.b", &"a".repeat(64)]);
        let long = ["a".repeat(253), "a".repeat(254)];
        check::<Subdomain>(&["a.b", "a-b.c", &long[0]], &["", "a..b", "a.", "A.b", &long[1]]);
        check::<NamePrefix>(&["a", "a-", "alpha-"], &["", "-a", "A", &"a".repeat(63)]);
        check::<Line>(&["a b", "ü"], &["", "a\nb", "\u{1b}[31m"]);
        check::<LabelKey>(&["team", "a.b/c_d.e"], &["", "/a", "a/", "a/b/c", "A/b", "a b"]);
        check::<LabelValue>(&["", "42", "a_b.c"], &["-a", "a-", "a b", &"a".repeat(64)]);
        check::<Capability>(&["ALL", "NET_RAW"], &["", "all", "CAP_NET_RAW", "NET-RAW"]);
        check::<Time>(
            &["2027-03-01T00:00:00Z", "2027-03-01T00:00:00.5+01:00"],
            &["", "2027-03-01", "soon"],
        );
        check::<Quantity>(
            &["1", "500m", "64Gi", "1.5", ".5", "1.", "1e3", "1E-3", "1E"],
            &["", "-1", "1 Gi", "1gi", "1.2.3", ".", "Gi", "1e", "0x1"],
        );
    }
}
