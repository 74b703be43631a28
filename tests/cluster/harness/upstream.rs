//! Upstream's own code as the judge of ours: the evaluator of Pod Security, the API server's
//! defaulting, the parser of image references and kubectl's reader of manifests, each one long-lived
//! process that answers lines of JSON.

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Whether the API server's defaulting comes before the judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defaults {
    Applied,
    AsWritten,
}

/// One object to judge.
#[derive(Debug, Clone)]
pub struct Query {
    /// A pod, or anything that holds a pod template, as JSON with apiVersion and kind.
    pub object: Box<RawValue>,
    /// `privileged`, `baseline` or `restricted`.
    pub level: &'static str,
    /// `latest` or `v1.N`.
    pub version: String,
    pub defaults: Defaults,
}

/// What upstream says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Allowed,
    /// The ids of the failed checks, sorted.
    Denied(Vec<String>),
    /// The object cannot be decoded, or the query makes no sense.
    Error(String),
}

/// Upstream's evaluator.
pub struct Upstream(Lines);

impl Upstream {
    pub fn start(binary: &Path) -> Self {
        Self(Lines::start(binary, "podsecurity"))
    }

    /// Judges all queries, in order. Some ten thousand a second: ask in large batches.
    pub fn judge(&mut self, queries: &[Query]) -> Vec<Answer> {
        let lines: Vec<String> = queries.iter().map(line_of).collect();
        self.0.ask(&lines).iter().map(answer_of).collect()
    }
}

/// The API server's defaulting, as its admission sees an object before any plugin.
pub struct Defaulter(Lines);

impl Defaulter {
    pub fn start(binary: &Path) -> Self {
        Self(Lines::start(binary, "defaults"))
    }

    /// Each object with its defaults, or why it cannot be decoded.
    pub fn apply(&mut self, objects: &[Value]) -> Vec<Result<Value, String>> {
        let lines: Vec<String> = objects.iter().map(Value::to_string).collect();
        let outcome = |answer: Value| match answer.get("error").and_then(Value::as_str) {
            Some(error) if answer.get("kind").is_none() => Err(error.to_owned()),
            _ => Ok(answer),
        };
        self.0.ask(&lines).into_iter().map(outcome).collect()
    }
}

/// Upstream's parser of image references, as the kubelet uses it.
pub struct References(Lines);

impl References {
    pub fn start(binary: &Path) -> Self {
        Self(Lines::start(binary, "references"))
    }

    /// Each reference's domain, path, tag and digest, or why it is none.
    pub fn parse(&mut self, texts: &[String]) -> Vec<Result<[String; 4], String>> {
        let lines: Vec<String> = texts.iter().map(|text| json!(text).to_string()).collect();
        let part = |answer: &Value, name: &str| answer[name].as_str().unwrap().to_owned();
        let outcome = |answer: &Value| match answer.get("error").and_then(Value::as_str) {
            Some(error) => Err(error.to_owned()),
            None => Ok(["domain", "path", "tag", "digest"].map(|name| part(answer, name))),
        };
        self.0.ask(&lines).iter().map(outcome).collect()
    }
}

/// kubectl's reader of manifests.
pub struct Manifests(Lines);

impl Manifests {
    pub fn start(binary: &Path) -> Self {
        Self(Lines::start(binary, "yaml"))
    }

    /// What the API server would get of each text's documents; an error may end the list, where
    /// kubectl reads no further.
    pub fn read(&mut self, texts: &[String]) -> Vec<Vec<Result<Value, String>>> {
        let lines: Vec<String> =
            texts.iter().map(|text| json!({ "text": text }).to_string()).collect();
        let outcome = |document: &Value| match document.get("error").and_then(Value::as_str) {
            Some(error) => Err(error.to_owned()),
            None => Ok(document["value"].clone()),
        };
        let documents = |answer: Value| answer.as_array().unwrap().iter().map(outcome).collect();
        self.0.ask(&lines).into_iter().map(documents).collect()
    }
}

/// Upstream's checks: id, level and, per revision, its first version and the ids it overrides.
pub fn upstream_checks(binary: &Path) -> Value {
    let output = Command::new(binary).args(["podsecurity", "--checks"]).output().unwrap();
    assert!(output.status.success(), "`podsecurity --checks` failed: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn line_of(query: &Query) -> String {
    let line = json!({
        "level": query.level,
        "version": query.version,
        "defaults": query.defaults == Defaults::Applied,
    });
    let mut text = line.to_string();
    text.pop();
    // The object goes in as it is written: a Value would lose duplicate keys and odd numbers.
    // A raw line break in JSON is only ever white space.
    text + ",\"object\":" + &query.object.get().replace(['\n', '\r'], " ") + "}"
}

fn answer_of(answer: &Value) -> Answer {
    if let Some(error) = answer.get("error") {
        return Answer::Error(error.as_str().unwrap_or_default().to_owned());
    }
    if answer["allowed"] == true {
        return Answer::Allowed;
    }
    let checks = answer["checks"].as_array().unwrap();
    Answer::Denied(checks.iter().map(|id| id.as_str().unwrap().to_owned()).collect())
}

/// A process that answers each line by one line.
struct Lines {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Lines {
    fn start(binary: &Path, component: &str) -> Self {
        let mut child = Command::new(binary)
            .arg(component)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    /// Writes on a thread of its own: with both pipes full, each side would wait for the other.
    fn ask(&mut self, lines: &[String]) -> Vec<Value> {
        let Self { input, output, .. } = self;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut input = BufWriter::new(input);
                for line in lines {
                    writeln!(input, "{line}").unwrap();
                }
                input.flush().unwrap();
            });
            let mut read = |line: &String| {
                let mut answer = String::new();
                output.read_line(&mut answer).unwrap();
                assert!(!answer.is_empty(), "the process ended before it answered {line}");
                serde_json::from_str(&answer).unwrap()
            };
            lines.iter().map(&mut read).collect()
        })
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
