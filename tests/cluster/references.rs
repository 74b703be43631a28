//! Our reading of image references against upstream's: the same registry, path, tag and digest, or
//! none, for every text.

use std::collections::BTreeMap;
use std::io::Write as _;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree as _;
use ringfence::domain::{InvalidReference, Reference};

use super::generated::{count, runner, smallest};
use super::harness::{References, binary};

/// How many references a run reads; `RINGFENCE_DIFFERENTIAL_REFERENCES` asks for more.
const REFERENCES: usize = 100_000;
/// How many go to upstream at a time.
const BATCH: usize = 5000;
/// How often each outcome must have been seen.
const ENOUGH: u32 = 200;

/// A word of the characters that separators and ends are tried with.
fn word(characters: &'static str, most: usize) -> impl Strategy<Value = String> {
    let characters: Vec<char> = characters.chars().collect();
    prop::collection::vec(select(characters), 1..=most).prop_map(|word| word.into_iter().collect())
}

fn joined(
    part: impl Strategy<Value = String> + 'static,
    with: &'static str,
    most: usize,
) -> BoxedStrategy<String> {
    prop::collection::vec(part, 1..=most).prop_map(move |parts| parts.join(with)).boxed()
}

fn host() -> BoxedStrategy<String> {
    let right = select(vec![
        "localhost",
        "LOCALHOST",
        "docker.io",
        "index.docker.io",
        "Docker.io",
        "registry-1.docker.io",
        "registry.example.com",
        "127.0.0.1",
        "[::1]",
        "[fd00::1]",
        "[ABC]",
    ]);
    let wrong = select(vec!["[]", "[::1", "[::1]x", "registry", "", "-a.b", "a..b", "a_.b"]);
    let without = select(vec!["my_registry.io", "a__b.c-d", "a.b_c"]);
    let host = prop_oneof![
        8 => right.prop_map(str::to_owned),
        1 => wrong.prop_map(str::to_owned),
        1 => without.prop_map(str::to_owned),
        2 => joined(word("abzAZ09-", 4), ".", 3),
        1 => joined(word("ab_.-0", 5), ".", 2),
    ];
    let port = prop_oneof![
        6 => Just(""),
        3 => select(vec![":5000", ":0", ":99999999999"]),
        1 => select(vec![":", ":5a", ":1:2", ":-1"]),
    ];
    (host, port).prop_map(|(host, port)| host + port).boxed()
}

fn path() -> BoxedStrategy<String> {
    let segment = prop_oneof![
        12 => word("ab0", 4),
        2 => word("ab0-_.", 5),
        2 => joined(word("ab", 2), "__", 3),
        1 => joined(word("ab", 2), "---", 2),
        1 => word("aB_", 3),
        1 => select(vec!["library", "localhost", "", "docker.io"]).prop_map(str::to_owned),
        // Around the longest path, with and without `library/`.
        1 => (244usize..258).prop_map(|length| "x".repeat(length)),
    ];
    joined(segment, "/", 3)
}

fn tag() -> BoxedStrategy<String> {
    prop_oneof![
        6 => Just(String::new()),
        3 => word("a1Z_", 6).prop_map(|tag| format!(":{tag}")),
        2 => word("a1Z_.-", 4).prop_map(|tag| format!(":{tag}")),
        1 => select(vec![":latest", ":", ":LATEST", ":1:2", ":a/b"]).prop_map(str::to_owned),
        1 => (126usize..131).prop_map(|length| format!(":{}", "t".repeat(length))),
    ]
    .boxed()
}

fn digest() -> BoxedStrategy<String> {
    const HEX: &str = "0123456789abcdef";
    let right = select(vec![("sha256", 64), ("sha384", 96), ("sha512", 128)])
        .prop_map(|(algorithm, length)| (algorithm, length, HEX));
    let algorithms = vec!["sha256", "sha384", "sha1", "md5", "SHA256", "sha256+b64", "a.b", ""];
    let lengths = vec![64usize, 96, 128, 63, 65, 32, 31, 0];
    let digits = vec![HEX, "0123456789ABCDEF", "0g="];
    let odd = (select(algorithms), select(lengths), select(digits));
    let some = prop_oneof![2 => right, 1 => odd].prop_map(|(algorithm, length, digits)| {
        let digits: String = digits.chars().cycle().take(length).collect();
        format!("@{algorithm}:{digits}")
    });
    prop_oneof![6 => Just(String::new()), 4 => some, 1 => Just("@".to_owned())].boxed()
}

/// What the grammar's parts make, right and wrong ones.
fn shaped() -> BoxedStrategy<String> {
    let name = prop_oneof![
        2 => path(),
        3 => (host(), path()).prop_map(|(host, path)| format!("{host}/{path}")),
    ];
    (name, tag(), digest()).prop_map(|(name, tag, digest)| name + &tag + &digest).boxed()
}

/// A character that means something to one of the grammar's parts, or to nobody.
fn character() -> impl Strategy<Value = char> {
    let own: Vec<char> = "ab09AZ.:/@_-[]+=*% \t\n\0~ſKİß\u{202e}\u{feff}".chars().collect();
    prop_oneof![9 => select(own), 1 => any::<char>()]
}

/// A shaped one in which characters are put in, taken out or doubled.
fn edited() -> BoxedStrategy<String> {
    let edit = (any::<Index>(), character(), 0..4u8);
    (shaped(), prop::collection::vec(edit, 1..4))
        .prop_map(|(text, edits)| {
            let mut text: Vec<char> = text.chars().collect();
            for (at, character, how) in edits {
                let at = at.index(text.len() + 1);
                match how {
                    0 => text.insert(at, character),
                    1 if at < text.len() => text[at] = character,
                    2 if at < text.len() => text.insert(at, text[at]),
                    _ if at < text.len() => drop(text.remove(at)),
                    _ => {}
                }
            }
            text.into_iter().collect()
        })
        .boxed()
}

fn references() -> impl Strategy<Value = String> {
    let hostile = prop::collection::vec(character(), 0..12);
    let identifier = (62usize..67, select(vec!['a', '0', 'A', 'g'])).prop_map(|(length, last)| {
        "0123456789abcdef".chars().cycle().take(length).chain([last]).collect()
    });
    prop_oneof![
        8 => shaped(),
        6 => edited(),
        3 => hostile.prop_map(|text| text.into_iter().collect()),
        1 => identifier,
    ]
}

type Parts = [String; 4];

fn ours(text: &str) -> Result<Parts, InvalidReference> {
    Reference::parse(text).map(|reference| {
        let path: Vec<&str> = reference.segments().collect();
        let part = |part: Option<&str>| part.unwrap_or_default().to_owned();
        [
            reference.domain().to_owned(),
            path.join("/"),
            part(reference.tag()),
            part(reference.digest()),
        ]
    })
}

/// How we and upstream differ on a text, if we do. A reference without any registry, which upstream
/// makes of `my_registry.io/app`, is one that we refuse for its registry, and only that.
fn difference(
    ours: &Result<Parts, InvalidReference>,
    theirs: &Result<Parts, String>,
) -> Option<String> {
    let same = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => ours == theirs,
        (Err(why), Ok(theirs)) => *why == InvalidReference::Registry && theirs[0].is_empty(),
        (Err(_), Err(_)) => true,
        (Ok(_), Err(_)) => false,
    };
    (!same).then(|| format!("we say {ours:?}, upstream says {theirs:?}"))
}

/// What came of a text, for the count of what a run has seen.
fn outcome(ours: &Result<Parts, InvalidReference>, theirs: &Result<Parts, String>) -> String {
    match (ours, theirs) {
        (Ok([domain, _, tag, digest]), _) => {
            let domain = if domain == "docker.io" { "Docker Hub" } else { "a registry" };
            let tag = if tag.is_empty() { "" } else { ", a tag" };
            let digest = if digest.is_empty() { "" } else { ", a digest" };
            format!("{domain}{tag}{digest}")
        }
        (Err(why), Ok(_)) => format!("refused, upstream without registry: {why}"),
        (Err(why), Err(_)) => format!("refused: {why}"),
    }
}

struct Differ {
    upstream: References,
    seen: BTreeMap<String, u32>,
}

impl Differ {
    /// The first difference on these texts, with its index.
    fn compare(&mut self, texts: &[String]) -> Option<(usize, String)> {
        let answers = self.upstream.parse(texts);
        for (index, (text, theirs)) in texts.iter().zip(&answers).enumerate() {
            let ours = ours(text);
            if let Some(difference) = difference(&ours, theirs) {
                return Some((index, format!("{text:?}: {difference}")));
            }
            *self.seen.entry(outcome(&ours, theirs)).or_default() += 1;
        }
        None
    }
}

#[test]
fn references_are_read_as_upstream_reads_them() {
    let wanted = count("RINGFENCE_DIFFERENTIAL_REFERENCES", REFERENCES);
    let mut runner = runner();
    let mut differ = Differ { upstream: References::start(binary::path()), seen: BTreeMap::new() };
    let strategy = references();
    let mut done = 0;
    while done < wanted {
        let mut trees: Vec<_> = (0..BATCH.min(wanted - done))
            .map(|_| strategy.new_tree(&mut runner).unwrap())
            .collect();
        let batch: Vec<String> = trees.iter().map(|tree| tree.current()).collect();
        if let Some((index, difference)) = differ.compare(&batch) {
            let differs = |text| differ.compare(&[text]).map(|(_, difference)| difference);
            let smallest = smallest(&mut trees[index], difference, differs);
            panic!("a difference, at its smallest:\n{smallest}");
        }
        done += batch.len();
    }
    let mut table = String::new();
    for (outcome, count) in &differ.seen {
        table += &format!("{count:>7}  {outcome}\n");
    }
    // Not by `println!`: this is the evidence of the run, and is not to be captured.
    writeln!(std::io::stdout(), "\n{table}{done} references, 0 disagreements\n").unwrap();
    let seldom: Vec<_> = differ.seen.iter().filter(|(_, count)| **count < ENOUGH).collect();
    assert_eq!(seldom, Vec::new(), "seen too seldom");
    // Each of the two registries with and without tag and digest, each reason but the empty text, and
    // upstream's references without registry.
    assert_eq!(differ.seen.len(), 8 + 7 + 1, "{:?}", differ.seen.keys());
}
