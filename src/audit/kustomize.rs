//! Folders of kustomize: what in them is no object of its own.
//!
//! A Kustomization names resources, which are judged, and fragments: patches, and files that it makes
//! other objects of. What is both is judged. Fragments are told by the Kustomizations among the inputs, by path; nothing is
//! built. What comes of a build is judged by `kustomize build DIR | ringfence review -`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::object::{Input, Note, Read};

const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What is done with objects, in the words of a note.
pub(super) struct Verb {
    does: &'static str,
    done: &'static str,
    command: &'static str,
}

impl Verb {
    pub(super) const JUDGE: Self =
        Self { does: "judge", done: "judged", command: "ringfence review" };
    pub(super) const READ: Self = Self { does: "read", done: "read", command: "ringfence reach" };
}

/// Takes Kustomizations and the files that they name as fragments out of what is judged or read, and says so.
pub(super) fn pass_over(inputs: &[Input], read: &mut [Read], verb: &Verb) -> Vec<Note> {
    let mut fragments: BTreeMap<PathBuf, usize> = BTreeMap::new();
    let mut resources: BTreeSet<PathBuf> = BTreeSet::new();
    let mut named: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (index, (input, read)) in inputs.iter().zip(read.iter_mut()).enumerate() {
        let is_one = |value: &Value| is_kustomization(value, &input.source);
        let mut own = Vec::new();
        let may_be =
            |json: &str| json.contains("kustomize.config.k8s.io/") || is_named(&input.source);
        read.items.retain(|item| {
            let value = may_be(&item.json).then(|| serde_json::from_str(&item.json).ok()).flatten();
            match value.filter(is_one) {
                Some(value) => own.push(value),
                None => return true,
            }
            false
        });
        let folder = Path::new(&input.source).parent().unwrap_or(Path::new(""));
        for value in own {
            named.entry(index).or_default();
            for path in files(&value) {
                fragments.insert(normal(&folder.join(path)), index);
            }
            resources.extend(paths(&value, "resources").map(|path| normal(&folder.join(path))));
        }
    }
    for (input, read) in inputs.iter().zip(read) {
        let path = normal(Path::new(&input.source));
        let Some(by) = fragments.get(&path).filter(|_| !resources.contains(&path)) else {
            continue;
        };
        read.items.clear();
        read.problems.clear();
        named.entry(*by).or_default().insert(input.source.clone());
    }
    named
        .into_iter()
        .filter_map(|(by, files)| Some(note(&inputs.get(by)?.source, &files, verb)))
        .collect()
}

fn note(source: &str, files: &BTreeSet<String>, verb: &Verb) -> Note {
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let and = match files.as_slice() {
        [] => String::new(),
        [one] => format!(", nor is {one}, which it names as a fragment"),
        _ => format!(", nor are {}, which it names as fragments", files.join(", ")),
    };
    let folder = Path::new(source).parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| ".".to_owned(), |folder| folder.display().to_string());
    let Verb { does, done, command } = verb;
    let text = format!(
        "a Kustomization is not {done}{and}; to {does} what it builds: \
         kustomize build {folder} | {command} -"
    );
    Note { source: source.to_owned(), text }
}

fn is_named(source: &str) -> bool {
    Path::new(source).file_name().is_some_and(|name| NAMES.iter().any(|it| name == *it))
}

/// kustomize takes a file of its name for one even where kind and apiVersion are left out.
fn is_kustomization(value: &Value, source: &str) -> bool {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    match text("kind") {
        "Kustomization" | "Component" => text("apiVersion").starts_with("kustomize.config.k8s.io/"),
        "" => value.is_object() && is_named(source),
        _ => false,
    }
}

/// The files that a Kustomization names and that hold no objects.
fn files(value: &Value) -> Vec<&str> {
    let list = |key: &str| value.get(key).and_then(Value::as_array).into_iter().flatten();
    let mut found = Vec::new();
    for key in ["patches", "patchesJson6902", "replacements"] {
        found.extend(list(key).filter_map(|it| it.get("path")).filter_map(Value::as_str));
    }
    for key in ["patchesStrategicMerge", "configurations"] {
        found.extend(paths(value, key));
    }
    found
        .extend(list("helmCharts").filter_map(|it| it.get("valuesFile")).filter_map(Value::as_str));
    for generator in list("configMapGenerator").chain(list("secretGenerator")) {
        for key in ["files", "envs"] {
            found.extend(
                paths(generator, key)
                    .map(|path| path.split_once('=').map_or(path, |(_, path)| path)),
            );
        }
    }
    // A patch may stand where its path would.
    found.retain(|path| !path.contains('\n'));
    found
}

/// The strings of a list.
fn paths<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    value.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// A path without `.` and `..`, as far as it can be told from its text.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if normal.file_name().is_some() => {
                normal.pop();
            }
            _ => normal.push(part),
        }
    }
    normal
}
