//! Our own documents.

use super::Shape::{self, Bool, Int32, List, Map, Object, Text};

/// The kinds, and what their `spec` holds.
pub const DOCUMENTS: [(&str, Shape); 5] = [
    ("Tenant", TENANT),
    ("Profile", PROFILE),
    ("Platform", PLATFORM),
    ("Exemption", EXEMPTION),
    ("Grant", GRANT),
];

const MODES: &[&str] = &["ignore", "audit", "warn", "enforce"];
const RULES: Shape = Map(&["*", "RF2", "RF2003", "RF3", "RF3004", "RF4", "RF1"], MODES);
const POD_SECURITY: Shape = Object(&[
    ("level", Text(&["privileged", "baseline", "restricted"])),
    ("version", Text(&["latest", "v1.30", "v1.0"])),
]);
const DEFAULTS: Shape = Object(&[
    ("omit", List(&Text(&["runAsUser", "fsGroup", "dropCapabilities", "seccompProfile"]))),
    ("runAsNonRoot", Bool),
    ("runAsUser", Int32),
    ("runAsGroup", Int32),
    ("fsGroup", Int32),
    ("seccompProfile", Text(&["RuntimeDefault"])),
    ("allowPrivilegeEscalation", Bool),
    ("dropCapabilities", List(&Text(&["ALL", "NET_RAW", "CAP_KILL"]))),
]);
const ACCOUNTS: Shape = Object(&[("automountToken", Bool)]);
const PULLS: &[&str] = &["Always", "IfNotPresent", "Never"];
const IMAGES: Shape = Object(&[
    (
        "registries",
        List(&Text(&["r.io/*", "r.io/a/*", "r.io/a/x", "s.io/*", "nginx", "docker.io/*"])),
    ),
    ("requireDigest", Bool),
    ("forbidLatest", Bool),
    ("pullPolicies", List(&Text(PULLS))),
    ("forcePullPolicy", Text(PULLS)),
]);
const KEYS: Shape = List(&Text(&["team", "app/*", "app/a", "*", "*/a", "a*"]));
const PORTS: Shape = List(&Object(&[
    ("protocol", Text(&["TCP", "UDP", "SCTP"])),
    ("port", Int32),
    ("endPort", Int32),
]));
const CIDR: Shape = Text(&["0.0.0.0/0", "203.0.113.0/24", "203.0.113.7/32", "10.0.0.0/8", "::/0"]);
const NETWORK: Shape = Object(&[
    ("intraTenant", Text(&["tenant", "namespace", "none"])),
    ("shared", List(&Text(&["ingress", "metrics"]))),
    ("outside", List(&Object(&[("cidr", CIDR), ("ports", PORTS)]))),
    ("oneSided", Text(&["ignore", "warn", "enforce"])),
]);
const SEAL: Shape = Text(&["plan", "keep"]);
const AMOUNTS: Shape = Map(
    &["pods", "cpu", "requests.cpu", "limits.memory", "requests.nvidia.com/gpu"],
    &["1", "1000m", "1001m", "1Ki", "1k", "0.5", "1e3", "9223372036854775807"],
);
const LIMITS: Shape = Object(&[("default", AMOUNTS), ("defaultRequest", AMOUNTS)]);
const SUBJECT: Shape = Object(&[
    ("kind", Text(&["Group", "User", "ServiceAccount"])),
    ("name", Text(&["devs", "deployer"])),
    ("namespace", Text(&["alpha-dev"])),
]);

const PROFILE: Shape = Object(&[
    ("rules", RULES),
    (
        "overridable",
        Object(&[
            ("rules", List(&Text(&["*", "RF2", "RF3004"]))),
            (
                "fields",
                List(&Text(&["images", "podDefaults.runAsUser", "quota", "network.outside"])),
            ),
        ]),
    ),
    ("podSecurity", POD_SECURITY),
    ("podDefaults", DEFAULTS),
    ("serviceAccounts", ACCOUNTS),
    ("images", IMAGES),
    (
        "namespaces",
        Object(&[("limit", Int32), ("labelKeys", Object(&[("allow", KEYS), ("deny", KEYS)]))]),
    ),
    ("network", NETWORK),
    ("seal", SEAL),
    ("quota", AMOUNTS),
    ("limits", LIMITS),
]);

const TENANT: Shape = Object(&[
    ("profile", Text(&["own", "restricted", "baseline", "x"])),
    ("rules", RULES),
    ("images", IMAGES),
    ("podSecurity", POD_SECURITY),
    ("podDefaults", DEFAULTS),
    ("serviceAccounts", ACCOUNTS),
    (
        "namespaces",
        Object(&[
            ("limit", Int32),
            ("prefix", Text(&["alpha-", "x-"])),
            ("names", List(&Text(&["alpha-dev", "x-dev", "kube-system"]))),
            ("labels", Map(&["cost-center", "ringfence.dev/tenant"], &["42"])),
            ("labelKeys", Object(&[("allow", KEYS), ("deny", KEYS)])),
        ]),
    ),
    ("network", NETWORK),
    ("seal", SEAL),
    ("quota", AMOUNTS),
    ("limits", LIMITS),
    ("cordoned", Bool),
    ("contact", Text(&["#x"])),
    ("owners", List(&SUBJECT)),
    ("members", List(&SUBJECT)),
]);

const SELECTOR: Shape = Object(&[("matchLabels", Map(&["app"], &["web"]))]);

const PLATFORM: Shape = Object(&[
    ("administrators", List(&SUBJECT)),
    ("contact", Text(&["#platform"])),
    ("unowned", Object(&[("profile", Text(&["audit-only", "own"]))])),
    ("reservedNames", KEYS),
    ("frozenKeys", KEYS),
    ("rehearsal", Bool),
    ("suspendedUntil", TIME),
    (
        "shared",
        List(&Object(&[
            ("name", Text(&["ingress", "metrics"])),
            ("direction", Text(&["ingress", "egress"])),
            ("namespace", Text(&["monitoring", "alpha-dev"])),
            ("podSelector", SELECTOR),
            ("cidrs", List(&CIDR)),
            ("ports", PORTS),
        ])),
    ),
    (
        "cluster",
        Object(&[
            ("podCIDRs", List(&CIDR)),
            ("serviceCIDRs", List(&CIDR)),
            ("domain", Text(&["cluster.local"])),
            ("ipBlockMatchesPods", Text(&["match", "no-match", "both"])),
        ]),
    ),
]);

const TIME: Shape = Text(&["2027-03-01T00:00:00Z", "1999-01-01T00:00:00+01:00", "soon"]);

const EXEMPTION: Shape = Object(&[
    ("tenant", Text(&["alpha", "x"])),
    ("rules", List(&Text(&["RF2003", "*", "RF3", "RF1"]))),
    ("namespaces", List(&Text(&["alpha-dev"]))),
    ("owner", Text(&["jo"])),
    ("reason", Text(&["why"])),
    ("expiresAt", TIME),
    ("containers", List(&Text(&["app"]))),
    ("workloads", List(&Object(&[("kind", Text(&["DaemonSet"])), ("name", Text(&["driver"]))]))),
]);

const PARTY: Shape = Object(&[
    ("tenant", Text(&["alpha", "beta", "x"])),
    ("namespaces", List(&Text(&["alpha-dev"]))),
    ("podSelector", SELECTOR),
    ("cidrs", List(&CIDR)),
]);

const GRANT: Shape = Object(&[
    ("from", PARTY),
    ("to", PARTY),
    ("ports", PORTS),
    ("owner", Text(&["jo"])),
    ("reason", Text(&["why"])),
    ("expiresAt", TIME),
]);
