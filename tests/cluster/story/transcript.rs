//! What terminals show, command by command.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::harness::{Kubeconfig, binary, wait_until};
use crate::program::{PATIENCE, PROGRAM};

/// Commands that ran, and what they printed.
pub struct Transcript {
    text: String,
    /// Where they run; the papers that they name are there.
    home: PathBuf,
    /// What is never the same twice, and what stands for it.
    varying: Vec<(String, &'static str)>,
}

/// Who types, and with which credentials.
pub type Who<'a> = (&'static str, &'a Kubeconfig);

impl Transcript {
    pub fn new(home: PathBuf) -> Self {
        std::os::unix::fs::symlink(
            concat!(env!("CARGO_MANIFEST_DIR"), "/manifests"),
            home.join("manifests"),
        )
        .unwrap();
        Self { text: String::new(), home, varying: Vec::new() }
    }

    /// A file that commands name.
    pub fn file(&mut self, name: &str, text: &str) {
        fs::write(self.home.join(name), text).unwrap();
    }

    /// What is another text each time, and is shown as this.
    pub fn varies(&mut self, text: &str, shown: &'static str) {
        assert!(!text.is_empty());
        self.varying.push((text.to_owned(), shown));
    }

    /// A line between commands.
    pub fn tell(&mut self, line: &str) {
        self.text += &format!("# {line}\n");
    }

    /// Runs a command that must succeed.
    #[track_caller]
    pub fn run(&mut self, who: Who<'_>, command: &str) -> String {
        let (code, shown) = self.once(who, command);
        assert_eq!(code, 0, "{command}: {shown}");
        self.show(who, command, shown)
    }

    /// Runs a command that must be refused.
    #[track_caller]
    pub fn refused(&mut self, who: Who<'_>, command: &str) -> String {
        let (code, shown) = self.once(who, command);
        assert_eq!(code, 1, "{command}: {shown}");
        self.show(who, command, shown)
    }

    /// Runs a command until it prints this: what it needs is on its way. Only the last run is shown.
    #[track_caller]
    pub fn run_until(&mut self, who: Who<'_>, command: &str, expect: &str) -> String {
        let mut shown = String::new();
        wait_until(PATIENCE, &format!("`{command}` to print {expect:?}"), || {
            shown = self.once(who, command).1;
            shown.contains(expect)
        });
        self.show(who, command, shown)
    }

    fn show(&mut self, who: Who<'_>, command: &str, shown: String) -> String {
        let told = self
            .varying
            .iter()
            .fold(shown.clone(), |text, (part, stands)| text.replace(part, stands));
        self.text += &format!("{}$ {command}\n{told}", who.0);
        self.text += if told.is_empty() || told.ends_with('\n') { "\n" } else { "\n\n" };
        shown
    }

    fn once(&self, (_, user): Who<'_>, command: &str) -> (i32, String) {
        let words = words(command);
        let mut program = match words[0] {
            "kubectl" => Command::new(binary::path()),
            "ringfence" => Command::new(PROGRAM),
            other => Command::new(other),
        };
        let args = if words[0] == "kubectl" { &words[..] } else { &words[1..] };
        let output = program
            .args(args)
            .env_clear()
            .env("HOME", &self.home)
            .env("PATH", "/usr/bin:/bin")
            .env("KUBECONFIG", user.path())
            .current_dir(&self.home)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let shown = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(shown).unwrap())
    }

    pub fn text(&self) -> &str {
        self.text.trim_end()
    }
}

/// The words of a command line; what stands in single quotes is one word.
fn words(command: &str) -> Vec<&str> {
    let quoted = command.split('\'').enumerate();
    quoted
        .flat_map(|(index, part)| match index % 2 {
            1 => vec![part],
            _ => part.split_whitespace().collect(),
        })
        .collect()
}
