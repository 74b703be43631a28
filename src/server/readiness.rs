//! Whether this replica should be asked, and why not.

use std::fmt::Write;

/// What stands behind the answer of `/readyz`.
pub trait Readiness: Send + Sync + 'static {
    /// Every check, in a stable order. It is asked every few seconds and must not wait.
    fn checks(&self) -> Vec<Check>;
}

/// One named check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// A short name that stays: `policies`.
    pub name: &'static str,
    /// Why it fails; absent: it does not.
    pub problem: Option<String>,
    /// What is worth knowing in either case.
    pub note: Option<String>,
}

impl Check {
    /// A check that passes.
    #[must_use]
    pub fn passed(name: &'static str) -> Self {
        Self { name, problem: None, note: None }
    }

    /// A check that fails.
    pub fn failed(name: &'static str, problem: impl Into<String>) -> Self {
        Self { name, problem: Some(problem.into()), note: None }
    }

    /// The same check with a note.
    #[must_use]
    pub fn noting(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }
}

/// Whether all checks pass, and the text that Kubernetes' own components print of them.
pub(super) fn report(endpoint: &str, checks: &[Check], verbose: bool) -> (bool, String) {
    let passed = checks.iter().all(|check| check.problem.is_none());
    if passed && !verbose {
        return (true, "ok".to_owned());
    }
    let mut text = String::new();
    for Check { name, problem, note } in checks {
        // Writing to a string cannot fail.
        let _ = match problem {
            None => write!(text, "[+]{name} ok"),
            Some(problem) => write!(text, "[-]{name} failed: {problem}"),
        };
        if let Some(note) = note {
            let _ = write!(text, " ({note})");
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{endpoint} check {}", if passed { "passed" } else { "failed" });
    (passed, text)
}
