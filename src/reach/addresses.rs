//! Sets of addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::spans::Spans;
use crate::domain::Cidr;

/// A set of addresses of both families. No IPv6 address stands for one of IPv4.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressSet {
    v4: Spans<u32>,
    v6: Spans<u128>,
}

impl<'a> FromIterator<&'a Cidr> for AddressSet {
    fn from_iter<I: IntoIterator<Item = &'a Cidr>>(ranges: I) -> Self {
        let sets: Vec<Self> = ranges.into_iter().map(Self::of).collect();
        let v4 = Spans::union(sets.iter().map(|own| &own.v4));
        Self { v4, v6: Spans::union(sets.iter().map(|own| &own.v6)) }
    }
}

impl AddressSet {
    /// Every address.
    #[must_use]
    pub fn all() -> Self {
        Self { v4: Spans::range(0, u32::MAX), v6: Spans::range(0, u128::MAX) }
    }

    /// The addresses of a range.
    #[must_use]
    pub fn of(cidr: &Cidr) -> Self {
        let width = |bits: u8| bits - cidr.prefix().min(bits);
        match cidr.first() {
            IpAddr::V4(first) => {
                let first = u32::from(first);
                // A shift by the whole width leaves every address.
                let last = first | u32::MAX.checked_shr(32 - u32::from(width(32))).unwrap_or(0);
                Self { v4: Spans::range(first, last), v6: Spans::default() }
            }
            IpAddr::V6(first) => {
                let first = u128::from(first);
                let last = first | u128::MAX.checked_shr(128 - u32::from(width(128))).unwrap_or(0);
                Self { v4: Spans::default(), v6: Spans::range(first, last) }
            }
        }
    }

    /// One address.
    #[must_use]
    pub fn one(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(own) => {
                Self { v4: Spans::range(own.into(), own.into()), v6: Spans::default() }
            }
            IpAddr::V6(own) => {
                Self { v4: Spans::default(), v6: Spans::range(own.into(), own.into()) }
            }
        }
    }

    /// Whether an address is among them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(own) => self.v4.contains(own.into()),
            IpAddr::V6(own) => self.v6.contains(own.into()),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Those that are in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self { v4: self.v4.or(&other.v4), v6: self.v6.or(&other.v6) }
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self { v4: self.v4.and(&other.v4), v6: self.v6.and(&other.v6) }
    }

    /// Those that are not in the other.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self { v4: self.v4.without(&other.v4), v6: self.v6.without(&other.v6) }
    }

    /// Those of IPv4, and those of IPv6.
    #[must_use]
    pub fn by_family(&self) -> [Self; 2] {
        let v4 = Self { v4: self.v4.clone(), v6: Spans::default() };
        let v6 = Self { v4: Spans::default(), v6: self.v6.clone() };
        [v4, v6]
    }

    /// The ranges, each with its first and its last, IPv4 before IPv6.
    #[must_use]
    pub fn ranges(&self) -> Vec<(IpAddr, IpAddr)> {
        let v4 = self.v4.ranges().iter();
        let v4 =
            v4.map(|(first, last)| (Ipv4Addr::from(*first).into(), Ipv4Addr::from(*last).into()));
        let v6 = self.v6.ranges().iter();
        let v6 =
            v6.map(|(first, last)| (Ipv6Addr::from(*first).into(), Ipv6Addr::from(*last).into()));
        v4.chain(v6).collect()
    }

    /// The same as ranges that are written by their first address, as few as can be, IPv4 first.
    #[must_use]
    pub fn to_cidrs(&self) -> Vec<Cidr> {
        let v4 = self.v4.ranges().iter().flat_map(|(first, last)| {
            let aligned = aligned((*first).into(), (*last).into(), 32);
            aligned.into_iter().filter_map(|(first, prefix)| {
                let first = Ipv4Addr::from(u32::try_from(first).ok()?);
                format!("{first}/{prefix}").parse().ok()
            })
        });
        let v6 = self.v6.ranges().iter().flat_map(|(first, last)| {
            let aligned = aligned(*first, *last, 128);
            aligned.into_iter().filter_map(|(first, prefix)| {
                format!("{}/{prefix}", Ipv6Addr::from(first)).parse().ok()
            })
        });
        v4.chain(v6).collect()
    }

    /// The first and the last of them.
    #[must_use]
    pub fn ends(&self) -> Option<(IpAddr, IpAddr)> {
        let ranges = self.ranges();
        Some((ranges.first()?.0, ranges.last()?.1))
    }

    /// The set cut at every edge of the others: no part lies partly in one of them.
    #[must_use]
    pub fn cut_by<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> Vec<Self> {
        let mut parts = vec![self.clone()];
        for other in others {
            parts = parts
                .iter()
                .flat_map(|part| [part.and(other), part.without(other)])
                .filter(|part| !part.is_empty())
                .collect();
        }
        parts
    }
}

/// A range cut into parts of a power of two each, which begin at a multiple of their size: the first
/// address of each, and the bits that it shares.
fn aligned(mut first: u128, last: u128, bits: u32) -> Vec<(u128, u32)> {
    let last_of = |first: u128, free: u32| first | u128::MAX.checked_shr(128 - free).unwrap_or(0);
    let mut parts = Vec::new();
    loop {
        let most = if first == 0 { bits } else { first.trailing_zeros().min(bits) };
        let free = (0..=most).rev().find(|free| last_of(first, *free) <= last).unwrap_or(0);
        parts.push((first, bits - free));
        let end = last_of(first, free);
        if end >= last {
            return parts;
        }
        first = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_as_few_as_can_be() {
        let of = |text: &str| AddressSet::of(&text.parse().unwrap());
        let check = |set: AddressSet, expect: &[&str]| {
            let cidrs: Vec<String> = set.to_cidrs().iter().map(ToString::to_string).collect();
            assert_eq!(cidrs, expect);
            let again = expect.iter().fold(AddressSet::default(), |all, own| all.or(&of(own)));
            assert_eq!(again, set);
        };
        check(AddressSet::all(), &["0.0.0.0/0", "::/0"]);
        check(of("10.0.0.0/30").without(&of("10.0.0.0/32")), &["10.0.0.1/32", "10.0.0.2/31"]);
        check(of("0.0.0.0/1").or(&of("128.0.0.0/1")), &["0.0.0.0/0"]);
        check(of("::/0").without(&of("8000::/1")), &["::/1"]);
        check(AddressSet::default(), &[]);
    }

    #[test]
    fn a_range_has_its_first_and_its_last() {
        let check = |cidr: &str, expect: (&str, &str)| {
            let set = AddressSet::of(&cidr.parse().unwrap());
            let (first, last) = set.ends().unwrap();
            assert_eq!((first.to_string().as_str(), last.to_string().as_str()), expect, "{cidr}");
        };
        check("0.0.0.0/0", ("0.0.0.0", "255.255.255.255"));
        check("10.0.0.0/8", ("10.0.0.0", "10.255.255.255"));
        check("10.1.2.3/32", ("10.1.2.3", "10.1.2.3"));
        check("::/0", ("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
        check("fd00::/127", ("fd00::", "fd00::1"));
        check("fd00::1/128", ("fd00::1", "fd00::1"));
    }

    #[test]
    fn a_cut_goes_through_no_part() {
        let of = |text: &str| AddressSet::of(&text.parse().unwrap());
        let parts =
            AddressSet::all().cut_by(&[of("10.0.0.0/8"), of("10.1.0.0/16"), of("fd00::/8")]);
        let counted: Vec<usize> = parts.iter().map(|part| part.ranges().len()).collect();
        assert_eq!(counted, [1, 2, 1, 4]);
        let whole = parts.iter().fold(AddressSet::default(), |all, part| all.or(part));
        assert_eq!(whole, AddressSet::all());
    }
}
