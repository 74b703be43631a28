//! Our reader of manifests against kubectl's own: of every text the same documents with the same
//! values, or both refuse.

use std::collections::BTreeMap;
use std::io::Write as _;

use ringfence::audit::{self, Input};
use ringfence::objects::yaml::{self, Document};
use serde_json::{Number, Value, json};

use super::harness::{ControlPlane, Manifests, binary};
use super::manifests::{self, Dice};

/// How many texts a run reads; `RINGFENCE_DIFFERENTIAL_TEXTS` asks for more.
const TEXTS: usize = 30_000;
/// How many go to kubectl's reader at a time.
const BATCH: usize = 2000;

/// What we say of a text, and the text.
type Refused = (&'static str, fn() -> String);

/// What we refuse although kubectl reads it.
const REFUSED: &[Refused] = &[
    // Go takes two such keys for different ones until JSON makes strings of them, and then picks
    // one at random.
    ("this key is written in two ways in its map", || "{1: a, \"1\": b}".to_owned()),
    // Of a byte order mark that does not begin a document Go makes nothing, or loses the first
    // character of every line for a while: it depends on where its buffer ends.
    ("the character U+FEFF must be written as an escape in double quotes", || {
        "a: 1 # \u{feff}\n".to_owned()
    }),
    // Behind a document's end Go reads as far as its buffer happens to reach.
    ("the character U+0001 must be written as an escape in double quotes", || {
        format!("a: 1\n...\n{}\u{1}\n", " ".repeat(2000))
    }),
    // No object is so deep, and no request may be so large.
    ("values are nested too deeply", || {
        // Overridden, because what reads kubectl's answer has a limit of its own.
        format!("a: {}{}\na: 1\n", "[".repeat(300), "]".repeat(300))
    }),
    ("aliases repeat too much text", || {
        format!("a: &a {}\nb: [{}]\n", "x".repeat(70_000), "*a,".repeat(300))
    }),
];

type Read = Vec<Result<Value, String>>;

fn ours(text: &str) -> Read {
    let read = |found: Result<Document, yaml::YamlError>| {
        found.map(|document| document.to_value()).map_err(|error| error.to_string())
    };
    yaml::documents(text).into_iter().map(read).collect()
}

/// A float as Go writes it: what reads kubectl's answer may be off by the last bit, and must be so
/// for both.
fn in_go(number: &Number) -> String {
    let Some(value) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let scientific = value != 0.0 && !(1e-6..1e21).contains(&value.abs());
    if scientific { format!("{value:e}") } else { value.to_string() }
}

/// Whether two values are the same one to the API server, which knows 64-bit integers and floats.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => match (ours.as_i64(), theirs.as_i64()) {
            (None, None) => serde_json::from_str(&in_go(ours)).ok().as_ref() == Some(theirs),
            (ours, theirs) => ours == theirs,
        },
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|(key, a)| theirs.get(key).is_some_and(|b| same(a, b)))
        }
        (ours, theirs) => ours == theirs,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    OtherValue,
    WeRefuse,
    WeAccept,
    OtherCount,
}

#[derive(Default)]
struct Seen {
    values: usize,
    refused: usize,
    excused: usize,
}

/// The first difference in a text. What follows an error of kubectl's is ours alone: it reads no
/// further, and we tell of every document.
fn difference(text: &str, theirs: &Read, seen: &mut Seen) -> Option<(Difference, String)> {
    let mut ours = ours(text);
    let excused = |read: &Result<Value, String>| {
        let error = read.as_ref().err();
        error.is_some_and(|error| REFUSED.iter().any(|(words, _)| error.contains(words)))
    };
    for index in 0..theirs.len().max(ours.len()) {
        let stopped = index > 0 && index == theirs.len() && theirs[index - 1].is_err();
        let found = match (ours.get(index), theirs.get(index)) {
            (Some(Ok(ours)), Some(Ok(theirs))) if same(ours, theirs) => {
                seen.values += 1;
                continue;
            }
            (Some(Err(_)), Some(Err(_))) => {
                seen.refused += 1;
                continue;
            }
            (_, None) if stopped => return None,
            (Some(read), _) if excused(read) => {
                seen.excused += 1;
                return None;
            }
            (Some(Err(_)), Some(Ok(_))) => Difference::WeRefuse,
            (Some(Ok(_)), Some(Ok(_))) => Difference::OtherValue,
            (Some(Ok(_)), Some(Err(_))) => Difference::WeAccept,
            (None, _) | (_, None) => Difference::OtherCount,
        };
        ours.drain(..index);
        let theirs = &theirs[index.min(theirs.len())..];
        return Some((found, format!("{found:?}: we read {ours:?}, kubectl {theirs:?}")));
    }
    None
}

/// A part of the text, as small as can be found, that differs in the same way.
fn smallest(kubectl: &mut Manifests, text: &str, kind: Difference) -> String {
    let mut text: Vec<char> = text.chars().collect();
    let mut length = text.len().div_ceil(2);
    // Long texts are not worth all that they could be cut to.
    let mut patience = 2_000_000_usize;
    loop {
        let parts: Vec<Vec<char>> = (0..text.len())
            .step_by(length.div_ceil(2).max(1))
            .map(|at| [&text[..at], &text[(at + length).min(text.len())..]].concat())
            .collect();
        let cost = text.len() * parts.len();
        if cost > patience {
            return text.iter().collect();
        }
        patience -= cost;
        let texts: Vec<String> = parts.iter().map(|part| part.iter().collect()).collect();
        let theirs = kubectl.read(&texts);
        let differs = |(text, theirs): (&String, &Read)| {
            difference(text, theirs, &mut Seen::default()).is_some_and(|(found, _)| found == kind)
        };
        match texts.iter().zip(&theirs).position(differs) {
            Some(at) => text.clone_from(&parts[at]),
            None if length > 1 => length /= 2,
            None => return text.iter().collect(),
        }
    }
}

#[test]
fn yaml_is_read_as_kubectl_reads_it() {
    let wanted = std::env::var("RINGFENCE_DIFFERENTIAL_TEXTS");
    let wanted = wanted.map_or(TEXTS, |count| count.parse().unwrap());
    let seed =
        std::env::var("RINGFENCE_DIFFERENTIAL_SEED").map_or(1, |seed| seed.parse::<u64>().unwrap());
    let mut dice = Dice::new(seed);
    let mut kubectl = Manifests::start(binary::path());
    let mut seen = Seen::default();
    let mut differences: BTreeMap<Difference, Vec<String>> = BTreeMap::new();
    let mut done = 0;
    while done < wanted {
        let texts: Vec<String> =
            (0..BATCH.min(wanted - done)).map(|_| manifests::text(&mut dice)).collect();
        let read = kubectl.read(&texts);
        for (text, theirs) in texts.iter().zip(&read) {
            if let Some((kind, message)) = difference(text, theirs, &mut seen) {
                let told = differences.entry(kind).or_default();
                if told.len() < 4 {
                    let small = smallest(&mut kubectl, text, kind);
                    let theirs = kubectl.read(std::slice::from_ref(&small)).remove(0);
                    let (_, message) = difference(&small, &theirs, &mut Seen::default())
                        .unwrap_or((kind, message));
                    told.push(format!("{small:?}\n    {message}"));
                } else {
                    told.push(String::new());
                }
            }
        }
        done += texts.len();
    }
    let Seen { values, refused, excused } = seen;
    let counts: Vec<_> = differences.iter().map(|(kind, all)| (kind, all.len())).collect();
    // Not by `println!`: this is the evidence of the run, and is not to be captured.
    writeln!(
        std::io::stdout(),
        "\n{done} texts, {values} documents of the same value, {refused} that both refuse, \
         {excused} that only we refuse, as listed, differences {counts:?}\n"
    )
    .unwrap();
    let told: Vec<&String> = differences.values().flatten().filter(|it| !it.is_empty()).collect();
    let told: String = told.iter().map(|it| format!("{it}\n")).collect();
    assert!(differences.is_empty(), "{counts:?}\n{told}");
}

#[test]
fn what_only_we_refuse_is_listed() {
    let mut kubectl = Manifests::start(binary::path());
    for (words, text) in REFUSED {
        let text = text();
        let theirs = kubectl.read(std::slice::from_ref(&text)).remove(0);
        assert!(matches!(&theirs[..], [Ok(_)]), "kubectl refuses it too: {words}");
        let [Err(error)] = &ours(&text)[..] else { panic!("we read it too: {words}") };
        assert!(error.contains(words), "{error}");
    }
}

/// Kind, name and data of every object that the API server gets; none where kubectl fails.
fn sent(text: &str) -> Option<Vec<Value>> {
    let create = ["create", "--dry-run=server", "--output=json", "-f", "-"];
    let output = ControlPlane::shared().admin().kubectl_with(text, &create);
    let objects = serde_json::Deserializer::from_str(&output.stdout).into_iter::<Value>();
    (output.code == 0).then(|| objects.map(|object| gist(&object.unwrap())).collect())
}

fn gist(object: &Value) -> Value {
    json!([object["kind"], object["metadata"]["name"], object["data"]])
}

/// The same of what we find in a text; none where some of it cannot be read.
fn found(text: &str) -> Option<Vec<Value>> {
    let (items, problems) = audit::items(&Input { source: String::new(), text: text.to_owned() });
    let objects = items.iter().map(|item| gist(&serde_json::from_str(&item.json).unwrap()));
    problems.is_empty().then(|| objects.collect())
}

#[test]
fn what_kubectl_sends_is_what_we_find() {
    const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    const JSON: &str = r#""apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}"#;
    let check = |text: &str, expect: Option<Value>| {
        let expect = expect.map(|expect| expect.as_array().unwrap().clone());
        assert_eq!(sent(text), expect, "kubectl: {text}");
        assert_eq!(found(text), expect, "we: {text}");
    };
    let one = |data: Value| Some(json!([["ConfigMap", "a", data]]));
    // Of what is written twice the later holds, whole.
    check(&format!("{MAP}data: {{k: a, k: b}}\n"), one(json!({"k": "b"})));
    check(&format!("{MAP}data: {{k: a}}\ndata: {{l: b}}\n"), one(json!({"l": "b"})));
    check(&format!(r#"{{{JSON},"data":{{"k":"a","k":"b"}}}}"#), one(json!({"k": "b"})));
    check(&format!(r#"{{{JSON},"data":{{"k":"a"}},"data":{{"l":"b"}}}}"#), one(json!({"l": "b"})));
    check(&format!("---\n# nothing\n---\nnull\n---\n{MAP}---\n"), one(Value::Null));
    let two = json!([["ConfigMap", "a", {"k": "v"}], ["ConfigMap", "b", null]]);
    let items = r#"[{"metadata":{"name":"a"},"data":{"k":"v"}},{"metadata":{"name":"b"}}]"#;
    check(&format!("apiVersion: v1\nkind: ConfigMapList\nitems: {items}\n"), Some(two.clone()));
    let item = |name, data: Value| {
        json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name}, "data": data})
    };
    let list = |items: Value| json!({"apiVersion": "v1", "kind": "List", "items": items});
    let (a, b) = (item("a", json!({"k": "v"})), item("b", Value::Null));
    check(&list(json!([a, b])).to_string(), Some(two.clone()));
    check("a: 1\n--- b\n", None);
    let two = two.as_array().unwrap().clone();
    // kubectl sends what is in it, whatever it calls itself; other clients send itself.
    let odd = json!({"apiVersion": "v1", "kind": "Secret", "items": [a, b]}).to_string();
    assert_eq!(sent(&odd).as_ref(), Some(&two));
    assert_eq!(found(&odd).unwrap(), [&[json!(["Secret", null, null])], &two[..]].concat());
    let nested = list(json!([list(json!([a])), list(json!([b]))])).to_string();
    assert_eq!((sent(&nested), found(&nested)), (None, Some(two)));
}
