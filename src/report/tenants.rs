//! Tenants as commands show them.

use serde::Serialize;
use serde_json::{Map, Value};

use super::policies::value;
use crate::domain::sanitise;

/// A tenant. Serialized it is the JSON that `tenant list` and `tenant show` print.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// Its name.
    pub tenant: String,
    /// Its profile.
    pub profile: String,
    /// Whom to ask.
    pub contact: Option<String>,
    /// Whether it is cut off.
    pub cordoned: bool,
    /// Its owners, as the document has them.
    pub owners: Vec<Value>,
    /// Its people without ownership.
    pub members: Vec<Value>,
    /// How many namespaces it may have.
    pub namespace_limit: Option<usize>,
    /// How many are sealed; none where there is no cluster.
    pub sealed: Option<usize>,
    /// Its namespaces.
    pub namespaces: Vec<Namespace>,
    /// What the controller has said.
    pub conditions: Vec<Condition>,
    /// Exemptions in force.
    pub exemptions: Vec<Permission>,
    /// Grants in force from or to it.
    pub grants: Vec<Permission>,
    /// What of its document does not count.
    pub mistakes: Vec<Mistake>,
}

/// A namespace of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// Whether it is sealed; none where there is no cluster, or its seal is only planned.
    pub sealed: Option<bool>,
    /// Why it is not.
    pub why: Vec<String>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in one word.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}

/// An Exemption or a Grant in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// The document's name.
    pub name: String,
    /// What it says.
    #[serde(flatten)]
    pub spec: Map<String, Value>,
    /// The days until it ends, the last one counted.
    pub days_left: i64,
}

/// A mistake in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Where.
    pub path: String,
    /// What.
    pub message: String,
}

impl Tenant {
    fn condition(&self, kind: &str) -> &str {
        let found = self.conditions.iter().find(|own| own.kind == kind);
        found.map_or("-", |own| own.status.as_str())
    }

    /// `3/4`, or how many there are where nobody can tell which are sealed.
    fn count(&self) -> String {
        let all = self.namespaces.len();
        self.sealed.map_or_else(|| format!("-/{all}"), |sealed| format!("{sealed}/{all}"))
    }
}

/// The longest text of a document in a table.
const WIDEST: usize = 40;

/// One line for each tenant.
#[must_use]
pub fn list(tenants: &[Tenant]) -> String {
    let head = ["TENANT", "PROFILE", "SEALED", "READY", "ISOLATED", "GRANTS", "EXEMPTIONS"];
    let mut rows = vec![[&head.map(str::to_owned)[..], &["CONTACT".to_owned()]].concat()];
    for own in tenants {
        let contact = own.contact.as_deref().unwrap_or("-");
        rows.push(vec![
            sanitise(&own.tenant, 63).into_owned(),
            sanitise(&own.profile, WIDEST).into_owned(),
            own.count(),
            own.condition("Ready").to_owned(),
            own.condition("Isolated").to_owned(),
            own.grants.len().to_string(),
            own.exemptions.len().to_string(),
            sanitise(contact, WIDEST).into_owned(),
        ]);
    }
    columns(&rows)
}

/// Rows of cells as columns.
pub(super) fn columns(rows: &[Vec<String>]) -> String {
    let most = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..most).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// All of one tenant.
#[must_use]
pub fn show(own: &Tenant) -> String {
    let contact = own.contact.as_deref().map_or("none", |contact| contact);
    let cordoned = if own.cordoned { ", cordoned" } else { "" };
    let mut text = format!(
        "tenant {}, profile {}, contact {}{cordoned}\n",
        sanitise(&own.tenant, 63),
        sanitise(&own.profile, 253),
        sanitise(contact, 512)
    );
    for (what, who) in [("owners", &own.owners), ("members", &own.members)] {
        let who: Vec<String> = who.iter().map(value).collect();
        let who = if who.is_empty() { "nobody".to_owned() } else { who.join(", ") };
        text.push_str(&format!("{what}: {who}\n"));
    }
    let limit = own.namespace_limit.map_or(String::new(), |limit| format!(", at most {limit}"));
    text.push_str(&match own.sealed {
        Some(_) => format!("\nnamespaces: {} sealed{limit}\n", own.count()),
        None => format!("\nnamespaces that it names: {}{limit}\n", own.namespaces.len()),
    });
    text.extend(own.namespaces.iter().map(namespace));
    if !own.conditions.is_empty() {
        let row = |own: &Condition| {
            let message = sanitise(&own.message, 512).into_owned();
            vec![format!("  {}", own.kind), own.status.clone(), own.reason.clone(), message]
        };
        let rows: Vec<_> = own.conditions.iter().map(row).collect();
        text.push_str(&format!("\nconditions:\n{}", columns(&rows)));
    }
    if !own.mistakes.is_empty() {
        text.push_str("\nmistakes, which do not count:\n");
        for Mistake { path, message } in &own.mistakes {
            text.push_str(&format!("  {}: {}\n", sanitise(path, 512), sanitise(message, 512)));
        }
    }
    text.push('\n');
    text.push_str(&permissions("exemptions", &own.exemptions));
    text.push_str(&permissions("grants", &own.grants));
    text
}

fn namespace(own: &Namespace) -> String {
    let name = sanitise(&own.name, 63);
    match own.sealed {
        Some(true) => format!("  {name}: sealed\n"),
        Some(false) => {
            let why: String =
                own.why.iter().map(|why| format!("    {}\n", sanitise(why, 512))).collect();
            format!("  {name}: not sealed\n{why}")
        }
        None if own.why.is_empty() => format!("  {name}\n"),
        None => format!("  {name}: {}\n", sanitise(&own.why.join("; "), 512)),
    }
}

fn permissions(what: &str, all: &[Permission]) -> String {
    if all.is_empty() {
        return format!("{what} in force: none\n");
    }
    let line = |own: &Permission| {
        let s = if own.days_left == 1 { "" } else { "s" };
        let spec = value(&Value::Object(own.spec.clone()));
        format!("  {}, {} day{s} left\n    {spec}\n", sanitise(&own.name, 253), own.days_left)
    };
    format!("{what} in force:\n{}", all.iter().map(line).collect::<String>())
}
