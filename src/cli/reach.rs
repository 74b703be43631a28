//! `ringfence reach`

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::json;

use super::ends::{self, PortAsked, Side};
use super::map::{Drawn, MapArgs};
use super::{Outcome, output};
use crate::audit::Map;
use crate::reach::{Flow, Group, Matrix, Pod, PortSet, exposure, flows};
use crate::report::reach as report;

/// Shows who can reach whom, as policies stand.
///
/// A connection needs the egress of who opens it and the ingress of who takes it. Two tenants or namespaces
/// reach each other on what some pod of the one may open to some pod of the other. Policies that cannot be
/// understood, or of kinds that are not read, are warned of and count as open.
#[derive(Debug, clap::Args)]
#[command(after_help = r#"Examples:
  ringfence reach deploy/
  ringfence reach deploy/ --policies policies/ --by tenant
  ringfence reach deploy/ -o json --by workload | jq '.[] | select(.dst | startswith("shop/"))'
  ringfence reach deploy/ --from shop/web --to shop/db --port 5432
  ringfence reach deploy/ --exposure
  ringfence reach --cluster --by namespace -o dot | dot -Tsvg > map.svg
  kustomize build . | ringfence reach -

With -o json, one array, sorted, in whose objects fields may be added:
  [{"src": "shop/web[Deployment]", "dst": "10.0.0.0-10.255.255.255",
    "conn": "All" or {"TCP": ["80", "443-445"], "UDP": ["53"]}}]
With --by workload, connections of a workload to itself are left out. Ranges of addresses are cut where a
policy cuts them; those of IPv6 are shown where a policy speaks of one or a pod has one. A pod without a known
address lies in no ipBlock. "undefined": true says that a pod has its node's network, of which policies say
nothing.

Exit codes: 0 it is shown; with --from and --to 0 allowed and 1 denied; 2 could not run or could not read
all of it"#)]
pub(super) struct Args {
    #[command(flatten)]
    objects: MapArgs,
    /// How to print.
    #[arg(short, long, value_enum, default_value = "human")]
    output: Format,
    /// What is shown as one; without it, tenants where documents name any, else namespaces.
    #[arg(long, value_enum)]
    by: Option<By>,
    /// Say of one connection alone who opens it: namespace/name, namespace/kind/name or an address.
    #[arg(long, value_name = "END", requires = "to")]
    from: Option<String>,
    /// Who takes it.
    #[arg(long, value_name = "END", requires = "from")]
    to: Option<String>,
    /// On which port: 80, 53/UDP or its name; without it, whether on any.
    #[arg(long, value_name = "PORT", requires = "to")]
    port: Option<PortAsked>,
    /// Show what is open to addresses outside and to pods that are not there yet.
    #[arg(long, conflicts_with = "from")]
    exposure: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table for people.
    Human,
    /// One array.
    Json,
    /// Comma-separated values.
    Csv,
    /// A table in Markdown.
    Md,
    /// A graph for Graphviz.
    Dot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum By {
    /// Tenants; the pods without a tenant are one.
    Tenant,
    /// Namespaces.
    Namespace,
    /// Workloads.
    Workload,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let Some(drawn) = args.objects.draw()? else { return Ok(Outcome::Failed) };
    let matrix = Matrix::new(&drawn.map.world);
    if let (Some(from), Some(to)) = (&args.from, &args.to) {
        let allowed = args.verdict(&drawn.map, &matrix, (from, to))?;
        return Ok(match (drawn.whole, allowed) {
            (false, _) => Outcome::Failed,
            (true, true) => Outcome::Good,
            (true, false) => Outcome::Refused,
        });
    }
    // What was not read reaches nothing that is known.
    if !drawn.whole && drawn.map.world.pods.is_empty() {
        return Ok(Outcome::Failed);
    }
    let by = args.by.unwrap_or(match drawn.tenants.iter().next() {
        Some(_) => By::Tenant,
        None => By::Namespace,
    });
    let groups = groups(&drawn, by);
    let flows = if args.exposure {
        exposure(&drawn.map.world, &matrix, &groups)
    } else {
        flows(&matrix, &groups, by != By::Workload)
    };
    output::result(&print(args.output, &flows))?;
    Ok(if drawn.whole { Outcome::Good } else { Outcome::Failed })
}

fn print(format: Format, flows: &[Flow]) -> String {
    match format {
        Format::Human => report::human(flows),
        Format::Json => report::json(flows),
        Format::Csv => report::csv(flows),
        Format::Md => report::markdown(flows),
        Format::Dot => report::dot(flows),
    }
}

fn groups(drawn: &Drawn, by: By) -> Vec<Group> {
    let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, pod) in drawn.map.world.pods.iter().enumerate() {
        named.entry(name(&drawn.map, pod, number, by)).or_default().push(number);
    }
    named.into_iter().map(|(name, pods)| Group { name, pods }).collect()
}

fn name(map: &Map, pod: &Pod, number: usize, by: By) -> String {
    match by {
        By::Tenant => map.tenant(&pod.namespace).unwrap_or("(no tenant)").to_owned(),
        By::Namespace => pod.namespace.to_string(),
        By::Workload => ends::title(map, number),
    }
}

impl Args {
    /// Whether one connection is allowed, printed too.
    fn verdict(&self, map: &Map, matrix: &Matrix<'_>, (from, to): (&str, &str)) -> Result<bool> {
        let namespace = self.objects.namespace();
        let (src, dst) = (ends::find(from, namespace, map)?, ends::find(to, namespace, map)?);
        let port = self.port.as_ref().map(|port| ends::port(port, &dst, map)).transpose()?;
        let all = ends::between(matrix, &ends::pairs(map, &src, &dst)?);
        let ports = match port {
            Some((protocol, port)) => all.ports.and(&PortSet::range(protocol, port, port)),
            None => all.ports.clone(),
        };
        let allowed = !ports.is_empty();
        let (src, dst) = (called(&src, map), called(&dst, map));
        let asked = match port {
            Some((protocol, port)) => format!("{} {port}", protocol.as_str()),
            None => "any port".to_owned(),
        };
        let text = if self.output == Format::Json {
            let conn = report::ports(&ports);
            let own = json!({
                "src": src, "dst": dst, "port": port.map(|_| asked), "allowed": allowed,
                "undefined": all.undefined, "conn": conn,
            });
            format!("{own}\n")
        } else {
            let verdict = match (allowed, all.undefined, port) {
                (true, true, _) => {
                    "undefined, counts as allowed: a pod has its node's network".to_owned()
                }
                (true, false, Some(_)) => "allowed".to_owned(),
                (true, false, None) => format!("allowed on {ports}"),
                (false, ..) => "denied".to_owned(),
            };
            format!("{src} to {dst}, {asked}: {verdict}\n")
        };
        output::result(&text)?;
        Ok(allowed)
    }
}

fn called(side: &Side, map: &Map) -> String {
    match side {
        Side::Pods(pods) => pods.first().map(|pod| ends::title(map, *pod)).unwrap_or_default(),
        Side::Outside(address) => address.to_string(),
    }
}
