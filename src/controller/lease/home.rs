//! Where a replica is at home, and what it is called.

use std::fs;

/// The namespace of the base, for who runs elsewhere.
const BASE: &str = "ringfence-system";
/// Where a pod finds its own.
const POD: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
/// The longest name of an object.
const LONGEST: usize = 253;

/// The namespace of a replica's Leases, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// Where its Leases are.
    pub namespace: String,
    /// The pod, or the machine.
    pub replica: String,
    /// Whether the namespace is only supposed: where it is not there, nobody else keeps a Lease in it.
    pub(super) supposed: bool,
}

impl Home {
    /// The namespace that is given; else in a pod the pod's; else the one that the base makes.
    #[must_use]
    pub fn find(given: Option<&str>, in_pod: bool) -> Self {
        let pods = || fs::read_to_string(POD).ok().filter(|_| in_pod);
        let known = given.map(str::to_owned).or_else(pods);
        let supposed = known.is_none();
        let namespace = known.unwrap_or_else(|| BASE.to_owned()).trim().to_owned();
        Self { namespace, replica: replica(), supposed }
    }
}

fn replica() -> String {
    let machine = || fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    named(&std::env::var("POD_NAME").unwrap_or_else(|_| machine()))
}

/// As a name of an object.
fn named(text: &str) -> String {
    let allowed = |c: char| {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }
    };
    let name: String = text.trim().chars().map(allowed).take(LONGEST).collect();
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() { "ringfence".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_is_called_as_objects_are() {
        assert_eq!(named("ringfence-5d4f-x2x\n"), "ringfence-5d4f-x2x");
        assert_eq!(named("Jos_Laptop.local."), "jos-laptop.local");
        assert_eq!(named("\n"), "ringfence");
        assert_eq!(named(&"a".repeat(300)).len(), LONGEST);
    }

    #[test]
    fn a_namespace_that_is_given_is_no_supposition() {
        let given = Home::find(Some("guards"), false);
        assert_eq!((given.namespace.as_str(), given.supposed), ("guards", false));
        let none = Home::find(None, false);
        assert_eq!((none.namespace.as_str(), none.supposed), (BASE, true));
    }
}
