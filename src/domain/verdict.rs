//! All findings of a request, and what they decide.

use std::fmt;
use std::str::FromStr;

use super::{Code, Finding};

/// What a profile does about a rule. Later is tighter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Not evaluated.
    Ignore,
    /// Recorded, and not shown.
    Audit,
    /// Shown as a warning.
    Warn,
    /// Refused.
    Enforce,
}

impl Mode {
    const ALL: [Self; 4] = [Self::Ignore, Self::Audit, Self::Warn, Self::Enforce];

    /// As in profiles.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Audit => "audit",
            Self::Warn => "warn",
            Self::Enforce => "enforce",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a mode: use `enforce`, `warn`, `audit` or `ignore`")]
pub struct InvalidMode(String);

impl FromStr for Mode {
    type Err = InvalidMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| InvalidMode(text.to_owned()))
    }
}

/// A finding and what the tenant's profile does about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The breach.
    pub finding: Finding,
    /// What is done about it.
    pub mode: Mode,
    /// What permits it all the same.
    pub exemption: Option<Exempted>,
}

/// A permitted breach: the finding is recorded, and decides nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exempted {
    /// The name of the Exemption.
    pub by: String,
    /// The days until it ends.
    pub days_left: i64,
}

/// What a request comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// Nothing to say.
    Admit,
    /// Admitted with warnings.
    Warn,
    /// Refused.
    Deny,
}

/// Every finding of one request, worst first (severity, code, path).
///
/// There is no `Default` on purpose: a verdict comes from judging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    findings: Vec<Judged>,
}

impl Verdict {
    /// The verdict on what was found; findings whose rule is ignored are left out. `mode` is asked only
    /// about rules that a profile has a say in.
    #[must_use]
    pub fn of(findings: Vec<Finding>, mode: impl Fn(Code) -> Mode) -> Self {
        let mut findings: Vec<Judged> = findings
            .into_iter()
            .map(|finding| {
                let mode = finding.code.fixed_mode().unwrap_or_else(|| mode(finding.code));
                Judged { finding, mode, exemption: None }
            })
            .filter(|judged| judged.mode != Mode::Ignore)
            .collect();
        findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        Self { findings }
    }

    /// The verdict where there is no profile: everything is refused that can be.
    #[must_use]
    pub fn enforced(findings: Vec<Finding>) -> Self {
        Self::of(findings, |_| Mode::Enforce)
    }

    /// The same findings where the platform only rehearses: what would be refused is warned of.
    #[must_use]
    pub fn rehearsed(mut self) -> Self {
        for judged in &mut self.findings {
            judged.mode = judged.mode.min(Mode::Warn);
        }
        self
    }

    /// The same findings, those that something permits marked.
    #[must_use]
    pub fn exempting(mut self, permits: impl Fn(&Finding) -> Option<Exempted>) -> Self {
        for judged in &mut self.findings {
            judged.exemption = permits(&judged.finding);
        }
        self
    }

    /// Every finding that is refused, warned of or recorded, permitted ones too.
    #[must_use]
    pub fn findings(&self) -> &[Judged] {
        &self.findings
    }

    /// The findings of one mode that nothing permits.
    pub fn in_mode(&self, mode: Mode) -> impl Iterator<Item = &Finding> {
        let counts = move |judged: &&Judged| judged.mode == mode && judged.exemption.is_none();
        self.findings.iter().filter(counts).map(|judged| &judged.finding)
    }

    /// What the findings come to.
    #[must_use]
    pub fn decision(&self) -> Decision {
        let counts = self.findings.iter().filter(|judged| judged.exemption.is_none());
        match counts.map(|judged| judged.mode).max() {
            Some(Mode::Enforce) => Decision::Deny,
            Some(Mode::Warn) => Decision::Warn,
            Some(Mode::Audit | Mode::Ignore) | None => Decision::Admit,
        }
    }
}

fn sort_key(judged: &Judged) -> (super::Severity, Code, &super::FieldPath) {
    (judged.finding.severity, judged.finding.code, &judged.finding.path)
}
