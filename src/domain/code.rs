//! The register of rule codes. A code never changes its meaning; `tests/architecture` freezes it.

use std::fmt;
use std::str::FromStr;

use super::Mode;

/// A family of rules: the first digit of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Family(u8);

impl Family {
    /// RF1: who owns what.
    pub const TENANCY: Self = Self(1);
    /// RF2: the Pod Security Standards and what we add to them.
    pub const POD_SECURITY: Self = Self(2);
    /// RF3: where images come from, and how they are named.
    pub const IMAGES: Self = Self(3);
    /// RF6: who may be whom, and who may reach into what.
    pub const IDENTITY: Self = Self(6);
    /// RF4: what opens and closes connections.
    pub const NETWORK: Self = Self(4);
    /// RF9: the guard itself.
    pub const GUARD: Self = Self(9);

    /// The family of a code's number.
    #[must_use]
    pub fn of(number: u16) -> Self {
        Self((number / 1000) as u8)
    }

    /// Whether rules of this family exist yet. The keys of the others are held.
    #[must_use]
    pub fn in_force(self) -> bool {
        Code::ALL.iter().any(|code| code.family() == self)
    }

    /// Whether rules of this family are yet to come: what nobody knows yet may be the key of one.
    #[must_use]
    pub fn grows(self) -> bool {
        matches!(self, Self::NETWORK | Self::IDENTITY) || !self.in_force()
    }

    /// Whether a profile may set this family's mode at all: RF1 and RF9 are always enforced.
    #[must_use]
    pub fn always_enforced(self) -> bool {
        self == Self::TENANCY || self == Self::GUARD
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RF{}", self.0)
    }
}

macro_rules! register {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// The stable code of a rule, shown as `RF` and four digits.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Code { $($(#[$doc])* $name = $number,)* }

        impl Code {
            /// Every code of the register, in order.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

register! {
    /// A namespace's tenant label.
    TenantLabel = 1001,
    /// A namespace of a tenant that its creator does not own.
    NotOwner = 1002,
    /// A namespace without a tenant.
    NoTenant = 1003,
    /// A namespace of a tenant that is not there.
    UnknownTenant = 1004,
    /// A namespace that another tenant claims by its name.
    ClaimedName = 1005,
    /// A namespace that is not the requester's to change.
    ForeignNamespace = 1006,
    /// A reserved name.
    ReservedName = 1007,
    /// A tenant's prefix of names.
    NamePrefix = 1008,
    /// A tenant's number of namespaces.
    NamespaceLimit = 1009,
    /// Labels and annotations of namespaces that others trust.
    FrozenKey = 1010,
    /// Labels that a tenant may set on namespaces.
    LabelKey = 1011,
    /// Pod Security labels that would be lowered.
    PodSecurityLabels = 1012,
    /// A tenant that is cut off.
    Cordoned = 1013,
    /// Our own documents.
    Document = 1014,
    /// What our own documents say.
    DocumentContent = 1015,
    /// A name that is a top-level domain of the Internet.
    PublicName = 1016,
    /// What the controller keeps.
    ManagedObject = 1017,
    /// A pod in a namespace that is not closed yet.
    Unsealed = 1018,
    /// What our own documents say and does not fit to the others.
    Misfit = 1019,
    /// Host namespaces: network, PID, IPC.
    HostNamespaces = 2001,
    /// Host ports.
    HostPorts = 2002,
    /// Privileged containers.
    Privileged = 2003,
    /// Added capabilities, baseline.
    CapabilitiesBaseline = 2004,
    /// hostPath volumes.
    HostPathVolumes = 2005,
    /// Privilege escalation.
    AllowPrivilegeEscalation = 2006,
    /// Capabilities, restricted.
    CapabilitiesRestricted = 2007,
    /// AppArmor profiles.
    AppArmorProfile = 2008,
    /// SELinux options.
    SeLinuxOptions = 2009,
    /// The /proc mount, baseline.
    ProcMount = 2010,
    /// The /proc mount, restricted.
    ProcMountRestricted = 2011,
    /// Seccomp profiles, baseline.
    SeccompBaseline = 2012,
    /// Seccomp profiles, restricted.
    SeccompRestricted = 2013,
    /// Sysctls.
    Sysctls = 2014,
    /// Windows host process containers.
    WindowsHostProcess = 2015,
    /// Hosts of probes and lifecycle handlers.
    ProbeHosts = 2016,
    /// Volume types, restricted.
    RestrictedVolumes = 2017,
    /// runAsNonRoot.
    RunAsNonRoot = 2018,
    /// runAsUser 0.
    RunAsUser = 2019,
    /// Hosts of probes and lifecycle handlers, for versions in which upstream has no check.
    EarlyProbeHosts = 2101,
    /// Group 0 among the supplemental groups.
    RootGroup = 2102,
    /// Where images come from.
    ImageRegistry = 3001,
    /// Images named by their digest.
    ImageDigest = 3002,
    /// When images are pulled.
    ImagePullPolicy = 3003,
    /// `latest`, or no tag.
    LatestTag = 3004,
    /// A reference of an image that cannot be read.
    ImageReference = 3005,
    /// What a tenant's network policy allows beyond its own side.
    OneSided = 4001,
    /// What a network policy looks as if it did, and does not.
    IdlePolicy = 4002,
    /// A rule for DNS by which DNS does not work.
    DnsRule = 4003,
    /// Labels of pods that network policies trust.
    ReservedPodLabel = 4004,
    /// Annotations that move a pod's network.
    PodNetworkAnnotation = 4005,
    /// Policies in network plugins' own kinds.
    PolicyKind = 4006,
    /// Streams to pods: exec, attach, port-forward, proxy.
    Connect = 6001,
    /// An object or review that cannot be read.
    Malformed = 9001,
    /// A kind, subresource or operation that no rule knows.
    UnknownKind = 9002,
    /// A namespace that no tenant claims and no cache knows.
    UnknownNamespace = 9003,
    /// The deadline passed before there was an answer.
    Deadline = 9004,
    /// A fault of ours.
    Internal = 9005,
    /// No policies are loaded yet.
    NotReady = 9006,
}

impl Code {
    /// The family that the first digit names.
    #[must_use]
    pub fn family(self) -> Family {
        Family::of(self as u16)
    }

    /// What is done about a breach whatever a profile says, if a profile has no say.
    #[must_use]
    pub fn fixed_mode(self) -> Option<Mode> {
        match self {
            Self::PublicName | Self::Misfit | Self::IdlePolicy | Self::DnsRule => Some(Mode::Warn),
            _ => self.family().always_enforced().then_some(Mode::Enforce),
        }
    }

    /// Whether it forbids what the platform may do: then it says something of who asks, not of the
    /// object.
    #[must_use]
    pub fn is_of_the_requester(self) -> bool {
        match self {
            Self::Connect | Self::PolicyKind => true,
            Self::DocumentContent | Self::Misfit | Self::Unsealed => false,
            _ => self.family() == Family::TENANCY,
        }
    }

    fn from_number(number: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| *code as u16 == number)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RF{}", *self as u16)
    }
}

impl FromStr for Code {
    type Err = InvalidRuleKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        four_digits(text).and_then(Self::from_number).ok_or_else(|| InvalidRuleKey(text.to_owned()))
    }
}

/// What a profile's `rules` may name: everything, a family, or one rule. The longest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKey {
    /// `*`
    All,
    /// `RF2`
    Family(Family),
    /// `RF2003`
    Rule(Code),
    /// A code of a family whose rules do not exist yet: kept, and without effect.
    Held(u16),
}

/// A rule key that names nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a rule: use `*`, a family such as `RF2` or a code such as `RF2003`")]
pub struct InvalidRuleKey(String);

impl FromStr for RuleKey {
    type Err = InvalidRuleKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidRuleKey(text.to_owned());
        if text == "*" {
            return Ok(Self::All);
        }
        let digits = text.strip_prefix("RF").ok_or_else(invalid)?;
        if let &[digit @ b'1'..=b'9'] = digits.as_bytes() {
            return Ok(Self::Family(Family(digit - b'0')));
        }
        let number = four_digits(text).ok_or_else(invalid)?;
        match Code::from_number(number) {
            Some(code) => Ok(Self::Rule(code)),
            None if Family::of(number).grows() => Ok(Self::Held(number)),
            None => Err(invalid()),
        }
    }
}

impl fmt::Display for RuleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Family(family) => family.fmt(f),
            Self::Rule(code) => code.fmt(f),
            Self::Held(number) => write!(f, "RF{number}"),
        }
    }
}

fn four_digits(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("RF")?;
    let plain = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten().filter(|number| *number >= 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_everything_a_family_or_a_code() {
        let check =
            |text: &str, expect: Option<RuleKey>| assert_eq!(text.parse().ok(), expect, "{text}");
        check("*", Some(RuleKey::All));
        check("RF2", Some(RuleKey::Family(Family::POD_SECURITY)));
        check("RF2003", Some(RuleKey::Rule(Code::Privileged)));
        check("RF3004", Some(RuleKey::Rule(Code::LatestTag)));
        check("RF4004", Some(RuleKey::Rule(Code::ReservedPodLabel)));
        check("RF4099", Some(RuleKey::Held(4099)));
        check("RF6001", Some(RuleKey::Rule(Code::Connect)));
        check("RF6002", Some(RuleKey::Held(6002)));
        for wrong in
            ["", "RF", "RF0", "RF2999", "RF20", "RF+003", "rf2003", "RF0003", "RF20031", "**"]
        {
            check(wrong, None);
        }
    }

    #[test]
    fn codes_read_back_as_they_print() {
        for code in Code::ALL {
            assert_eq!(code.to_string().parse(), Ok(*code));
        }
    }
}
