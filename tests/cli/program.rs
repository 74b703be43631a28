//! Runs the program once.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Where the tests' inputs are; the program runs there, so that paths in its output are short.
pub fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/files")
}

/// The program, alone with these arguments: nothing of this process' environment reaches it.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
    command.args(args).env_clear().current_dir(files()).stdin(Stdio::null());
    command
}

/// What came of a run; shown whole, as a session of a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    shown: String,
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of(args: &[&str], output: Output) -> Self {
        let quoted = |arg: &&str| {
            let plain = !arg.is_empty() && !arg.contains([' ', '{', '|', '#', '?']);
            if plain { (*arg).to_owned() } else { format!("'{arg}'") }
        };
        let args: Vec<String> = args.iter().map(quoted).collect();
        Self {
            shown: format!("$ ringfence {}", args.join(" ")),
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The same, a path of this run replaced by a word.
    pub fn hiding(self, path: &Path, word: &str) -> Self {
        let path = path.to_str().unwrap();
        let hide = |text: &str| text.replace(path, word);
        Self {
            shown: hide(&self.shown),
            code: self.code,
            stdout: hide(&self.stdout),
            stderr: hide(&self.stderr),
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.shown)?;
        if !self.stdout.is_empty() {
            writeln!(f, "--- stdout\n{}", self.stdout.trim_end_matches('\n'))?;
        }
        if !self.stderr.is_empty() {
            writeln!(f, "--- stderr\n{}", self.stderr.trim_end_matches('\n'))?;
        }
        writeln!(f, "--- exit {}", self.code)
    }
}

/// Runs the program.
pub fn run(args: &[&str]) -> Run {
    Run::of(args, command(args).output().unwrap())
}

/// Runs the program with this on its standard input.
pub fn run_with_input(args: &[&str], input: impl AsRef<[u8]>) -> Run {
    let mut command = command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let run = Run::of(args, child.wait_with_output().unwrap());
    writer.join().unwrap().unwrap();
    run
}

/// Runs the program for each, and shows all of it.
pub fn session(runs: &[&[&str]]) -> String {
    let runs: Vec<String> = runs.iter().map(|args| run(args).to_string()).collect();
    runs.join("\n")
}
