//! Amounts of resources.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use super::Invalid;

/// An amount of a resource, as Kubernetes writes it: `500m`, `64Gi`, `100`. Two are equal, and one is
/// less than the other, by what they come to: `1000m` is `1`.
#[derive(Debug, Clone)]
pub struct Quantity {
    text: String,
    nanos: Digits,
}

/// A whole number of any size in decimal digits, the first of them not `0`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Digits(Vec<u8>);

impl Quantity {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same text for all that are equal: the largest binary suffix from `Mi` on that leaves a whole
    /// number, else the least fine of none, `m`, `u` and `n` that does.
    #[must_use]
    pub fn canonical(&self) -> String {
        const BINARY: [(&str, u32); 5] = [("Ei", 6), ("Pi", 5), ("Ti", 4), ("Gi", 3), ("Mi", 2)];
        const DECIMAL: [(&str, u128); 3] = [("", 1_000_000_000), ("m", 1_000_000), ("u", 1_000)];
        let text: String = self.nanos.0.iter().map(|digit| char::from(b'0' + digit)).collect();
        let Ok(nanos) = text.parse::<u128>() else {
            return if text.is_empty() { "0".to_owned() } else { format!("{text}n") };
        };
        // A binary amount ends where a signed number of 64 bits does.
        let binary = BINARY.iter().filter(|_| nanos <= 1_000_000_000 * i64::MAX as u128);
        let binary = binary.map(|(suffix, power)| (*suffix, 1_000_000_000 * 1024u128.pow(*power)));
        binary.chain(DECIMAL).find(|(_, unit)| nanos % unit == 0).map_or_else(
            || format!("{nanos}n"),
            |(suffix, unit)| format!("{}{suffix}", nanos / unit),
        )
    }
}

impl Quantity {
    /// Whether it is a whole number.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.canonical().ends_with(['m', 'u', 'n'])
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.nanos.0, &other.nanos.0);
        a.len().cmp(&b.len()).then_with(|| a.cmp(b))
    }
}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanos.hash(state);
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// What a suffix multiplies by.
enum Factor {
    /// A power of ten.
    Ten(i16),
    /// A power of 1024.
    Binary(u8),
}

impl Factor {
    fn of(suffix: &str) -> Option<Self> {
        let decimal = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
        let binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
        if let Some(power) = decimal.iter().zip(-3..).find(|(own, _)| **own == suffix) {
            return Some(Self::Ten(power.1 * 3));
        }
        if let Some(power) = binary.iter().zip(1..).find(|(own, _)| **own == suffix) {
            return Some(Self::Binary(power.1));
        }
        suffix.strip_prefix(['e', 'E'])?.parse::<i8>().ok().map(|power| Self::Ten(power.into()))
    }
}

impl FromStr for Quantity {
    type Err = Invalid;

    /// The grammar of k8s.io/apimachinery `resource.ParseQuantity`, without signs.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let torn = fraction.contains('.') || number.bytes().all(|byte| byte == b'.');
        match Factor::of(suffix).filter(|_| !torn) {
            Some(factor) => Ok(Self {
                text: text.to_owned(),
                nanos: Digits::nanos(&[whole, fraction].concat(), fraction.len(), &factor),
            }),
            None => {
                let want = "is not a quantity: write it as `500m`, `2` or `64Gi`";
                Err(Invalid(format!("`{text}` {want}")))
            }
        }
    }
}

impl Digits {
    /// So many digits, of which the last `below` stand behind the point, times a factor, in
    /// billionths. What is less than one counts as one, and a binary amount ends where a signed number
    /// of 64 bits does: as `resource.ParseQuantity` has it.
    fn nanos(digits: &str, below: usize, factor: &Factor) -> Self {
        let mut digits: Vec<u8> = digits.bytes().map(|digit| digit - b'0').collect();
        let ten = match factor {
            Factor::Ten(power) => i64::from(*power),
            Factor::Binary(power) => {
                (0..*power).for_each(|_| times_1024(&mut digits));
                0
            }
        };
        let zeros = ten + 9 - i64::try_from(below).unwrap_or(i64::MAX);
        match usize::try_from(zeros) {
            Ok(zeros) => digits.resize(digits.len() + zeros, 0),
            Err(_) => drop_digits(&mut digits, usize::try_from(-zeros).unwrap_or(usize::MAX)),
        }
        let first = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len());
        digits.drain(..first);
        let most = || format!("{}000000000", i64::MAX).bytes().map(|digit| digit - b'0').collect();
        let (length, most): (usize, Vec<u8>) = (digits.len(), most());
        let over = length.cmp(&most.len()).then_with(|| digits.cmp(&most)).is_gt();
        Self(if matches!(factor, Factor::Binary(_)) && over { most } else { digits })
    }
}

fn times_1024(digits: &mut Vec<u8>) {
    let mut carry = 0u32;
    for digit in digits.iter_mut().rev() {
        let product = u32::from(*digit) * 1024 + carry;
        *digit = (product % 10) as u8;
        carry = product / 10;
    }
    while carry > 0 {
        digits.insert(0, (carry % 10) as u8);
        carry /= 10;
    }
}

/// Drops the last digits; whatever stood there counts as one more of what stays.
fn drop_digits(digits: &mut Vec<u8>, count: usize) {
    let kept = digits.len().saturating_sub(count);
    let lost = digits.split_off(kept).iter().any(|digit| *digit != 0);
    if !lost {
        return;
    }
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return;
        }
        *digit = 0;
    }
    digits.insert(0, 1);
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
        let text = match Written::deserialize(deserializer)? {
            Written::Number(number) => number.to_string(),
            Written::Text(text) => text,
        };
        text.parse().map_err(D::Error::custom)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line is more than the one before, and all of a line are one amount: as the `Cmp` of
    /// k8s.io/apimachinery v0.37 sorts them.
    const SORTED: &str = "\
0 0.0 0Ki
0.1n 1n 0.5n 1e-20 1e-9
1.1n 2n 0.0000000011
999n
1u 1000n
1m 1000u 0.001 1e-3
0.1 100m
0.0001Ki 102400u
0.1234567891 0.123456790
500m .5
1 1. 1000m 1e0 01
1001m
2
0.5Ki 512
1k 1000 1e3 1E3 1e+3
1Ki 1024
1.5Ki 1536
1M 1000k
1Mi 1048576
1G
1Gi
64G
64Gi 65536Mi
1T
1Ti
1P
1Pi
1E 1e18
1Ei
7.999Ei
8Ei 16Ei 9223372036854775807
9223372036854775808
10E
123456789012345678901234567890
123456789012345678901234567890.5
1e30
1e127";

    #[test]
    fn amounts_are_ordered_by_what_they_come_to() {
        let lines = SORTED.lines().enumerate();
        let all: Vec<(usize, Quantity)> = lines
            .flat_map(|(line, words)| words.split(' ').map(move |word| (line, word)))
            .map(|(line, word)| (line, word.parse().unwrap()))
            .collect();
        for (a_line, a) in &all {
            for (b_line, b) in &all {
                assert_eq!(a.cmp(b), a_line.cmp(b_line), "{a} {b}");
                assert_eq!(a == b, a_line == b_line, "{a} {b}");
            }
        }
        assert_eq!(all.len(), 70);
    }

    #[test]
    fn what_is_equal_has_one_text_and_that_is_the_same_amount() {
        let mut texts = Vec::new();
        for line in SORTED.lines() {
            let all = line.split(' ').map(|word| word.parse::<Quantity>().unwrap());
            let mut one: Vec<String> = all.map(|quantity| quantity.canonical()).collect();
            one.dedup();
            let [text] = one.as_slice() else { panic!("{line}: {one:?}") };
            let first: Quantity = line.split(' ').next().unwrap().parse().unwrap();
            assert_eq!(text.parse(), Ok(first));
            texts.push(text.clone());
        }
        let some = ["0", "500m", "1", "1001m", "1024", "1Mi", "64Gi", "1536", "1n", "102400u"];
        assert!(some.iter().all(|text| texts.iter().any(|own| own == text)), "{texts:?}");
    }
}
