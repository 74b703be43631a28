//! Ranges of addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A range of addresses, written by its first one: `10.96.0.0/12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

/// A text that is no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCidr {
    /// Not an address, a slash and a number.
    #[error("`{0}` is not a range of addresses: write it as `10.0.0.0/8` or `fd00::/8`")]
    Shape(String),
    /// More than the range's first address.
    #[error("`{given}` has bits behind its prefix: the range is written `{range}`")]
    HostBits {
        /// As it was written.
        given: String,
        /// What it should be.
        range: Cidr,
    },
}

impl Cidr {
    /// The first address of the range.
    #[must_use]
    pub fn first(&self) -> IpAddr {
        self.address
    }

    /// How many leading bits all addresses of the range share.
    #[must_use]
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// The range of this prefix that it lies within; itself where that is no shorter than its own.
    #[must_use]
    pub fn widened(&self, prefix: u8) -> Self {
        let prefix = prefix.min(self.prefix);
        Self { address: masked(self.address, prefix), prefix }
    }

    /// Whether every address of `other` lies within.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.address.is_ipv4() == other.address.is_ipv4()
            && self.prefix <= other.prefix
            && masked(other.address, self.prefix) == self.address
    }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    // A shift by the whole width, which `/0` asks for, leaves nothing.
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((u128::from(address) & mask).into())
        }
    }
}

impl FromStr for Cidr {
    type Err = InvalidCidr;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = || InvalidCidr::Shape(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(shape)?;
        let address: IpAddr = address.parse().map_err(|_| shape())?;
        let plain = prefix == "0" || !prefix.starts_with(['0', '+']);
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u8 = prefix.parse().ok().filter(|_| plain).ok_or_else(shape)?;
        if prefix > width {
            return Err(shape());
        }
        let range = Self { address: masked(address, prefix), prefix };
        if range.address != address {
            return Err(InvalidCidr::HostBits { given: text.to_owned(), range });
        }
        Ok(range)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_its_first_address_and_a_prefix() {
        for right in ["10.0.0.0/8", "0.0.0.0/0", "1.2.3.4/32", "::/0", "fd00:ec2::254/128"] {
            assert_eq!(right.parse::<Cidr>().map(|range| range.to_string()), Ok(right.to_owned()));
        }
        for wrong in [
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "10.0.0/8",
            "::/129",
            "a/8",
            "1.2.3.4/+1",
        ] {
            assert_eq!(wrong.parse::<Cidr>(), Err(InvalidCidr::Shape(wrong.to_owned())));
        }
        assert_eq!(
            "10.1.0.0/8".parse::<Cidr>().unwrap_err().to_string(),
            "`10.1.0.0/8` has bits behind its prefix: the range is written `10.0.0.0/8`"
        );
    }

    #[test]
    fn a_range_contains_the_narrower() {
        let check = |outer: &str, inner: &str, expect: bool| {
            let (outer, inner): (Cidr, Cidr) = (outer.parse().unwrap(), inner.parse().unwrap());
            assert_eq!(outer.contains(&inner), expect, "{outer} {inner}");
        };
        check("0.0.0.0/0", "10.0.0.0/8", true);
        check("10.0.0.0/8", "10.0.0.0/8", true);
        check("10.0.0.0/8", "10.255.0.1/32", true);
        check("10.0.0.0/8", "11.0.0.0/8", false);
        check("10.0.0.0/8", "0.0.0.0/0", false);
        check("::/0", "10.0.0.0/8", false);
        check("fd00::/8", "fd12::/16", true);
    }
}
