//! What `ringfence reach` prints.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::domain::sanitise;
use crate::reach::{Connection, Flow, Party, PortSet, Protocol};

/// How a connection is called that policies say nothing of.
const UNDEFINED: &str = "undefined: a pod has its node's network";

/// `all ports`, `TCP 80, 443-445; UDP 53`, and what is undefined.
#[must_use]
pub fn connection(own: &Connection) -> String {
    if own.undefined { format!("{} ({UNDEFINED})", own.ports) } else { own.ports.to_string() }
}

/// A table for people.
#[must_use]
pub fn human(flows: &[Flow]) -> String {
    if flows.is_empty() {
        return "nothing reaches anything\n".to_owned();
    }
    let rows: Vec<[String; 3]> = std::iter::once(["FROM", "TO", "PORTS"].map(str::to_owned))
        .chain(flows.iter().map(|own| row(own).map(|text| sanitise(&text, 1024).into_owned())))
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let (from, to) = (width(0), width(1));
    let line = |[src, dst, ports]: &[String; 3]| format!("{src:from$}  {dst:to$}  {ports}\n");
    rows.iter().map(line).collect()
}

/// One array: `[{"src", "dst", "conn"}]`.
#[must_use]
pub fn json(flows: &[Flow]) -> String {
    let line = |own: &Flow| Line {
        src: own.src.to_string(),
        dst: own.dst.to_string(),
        conn: ports(&own.connection.ports),
        undefined: own.connection.undefined,
    };
    let lines: Vec<String> = flows
        .iter()
        // These types always serialize.
        .map(|own| serde_json::to_string(&line(own)).unwrap_or_default())
        .collect();
    if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) }
}

#[derive(Serialize)]
struct Line {
    src: String,
    dst: String,
    conn: Value,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    undefined: bool,
}

/// `"All"`, or the ranges of each protocol: `{"TCP": ["80", "443-445"]}`
#[must_use]
pub fn ports(own: &PortSet) -> Value {
    if own.is_all() {
        return Value::from("All");
    }
    let mut all = Map::new();
    for protocol in Protocol::ALL {
        let texts: Vec<String> = own
            .ranges(protocol)
            .iter()
            .map(
                |(first, last)| {
                    if first == last { first.to_string() } else { format!("{first}-{last}") }
                },
            )
            .collect();
        if !texts.is_empty() {
            all.insert(protocol.as_str().to_owned(), json!(texts));
        }
    }
    Value::Object(all)
}

/// RFC 4180, with a head.
#[must_use]
pub fn csv(flows: &[Flow]) -> String {
    let field = |text: &String| {
        if text.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.clone()
        }
    };
    let line = |own: &Flow| format!("{}\n", row(own).each_ref().map(field).join(","));
    std::iter::once("src,dst,conn\n".to_owned()).chain(flows.iter().map(line)).collect()
}

/// A table in Markdown.
#[must_use]
pub fn markdown(flows: &[Flow]) -> String {
    let cell = |text: &String| sanitise(text, 1024).replace('\\', "\\\\").replace('|', "\\|");
    let line = |own: &Flow| format!("| {} |\n", row(own).each_ref().map(cell).join(" | "));
    let head = "| from | to | ports |\n|---|---|---|\n".to_owned();
    std::iter::once(head).chain(flows.iter().map(line)).collect()
}

/// A graph for Graphviz; the parties that are called `a/b` are framed by what stands before the stroke.
#[must_use]
pub fn dot(flows: &[Flow]) -> String {
    let quoted = |text: &str| {
        let text = sanitise(text, 1024).replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{text}\"")
    };
    let parties: BTreeSet<&Party> = flows.iter().flat_map(|own| [&own.src, &own.dst]).collect();
    let mut framed: BTreeMap<&str, Vec<(String, &str)>> = BTreeMap::new();
    let mut text = "digraph {\n".to_owned();
    for party in parties {
        match party {
            Party::Group(name) if name.contains('/') => {
                let (frame, own) = name.split_once('/').unwrap_or_default();
                framed.entry(frame).or_default().push((quoted(name), own));
            }
            Party::Group(name) => {
                let _ = writeln!(text, "  {}", quoted(name));
            }
            Party::Outside(..) | Party::Future(_) => {
                let _ = writeln!(text, "  {} [style=dashed]", quoted(&party.to_string()));
            }
        }
    }
    for (frame, parties) in framed {
        let _ = writeln!(text, "  subgraph {} {{", quoted(&format!("cluster_{frame}")));
        let _ = writeln!(text, "    label={}", quoted(frame));
        for (name, own) in parties {
            let _ = writeln!(text, "    {name} [label={}]", quoted(own));
        }
        text.push_str("  }\n");
    }
    for own in flows {
        let (src, dst) = (quoted(&own.src.to_string()), quoted(&own.dst.to_string()));
        let label = quoted(&connection(&own.connection));
        let _ = writeln!(text, "  {src} -> {dst} [label={label}]");
    }
    text.push_str("}\n");
    text
}

fn row(own: &Flow) -> [String; 3] {
    [own.src.to_string(), own.dst.to_string(), connection(&own.connection)]
}
