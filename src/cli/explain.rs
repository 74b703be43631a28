//! `ringfence explain`

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::ends::{self, PortAsked, Side};
use super::map::{Drawn, MapArgs};
use super::output::{self, Format};
use super::{Outcome, ends::title};
use crate::audit::Map;
use crate::domain::Cidr;
use crate::policy::Tenants;
use crate::reach::{
    Answer, Book, Change, Edit, Grantee, Matrix, Point, PortSet, Protocol, Question, Tier, Why,
    ask, edits,
};
use crate::report::explain::{self as report, Explained};

/// Says why a connection is allowed or denied, and what would change that.
///
/// What each tier of policies says on both sides is shown, with the place of each rule, and then the smallest
/// edit that would make the verdict another. An edit is shown only where the verdict, worked out anew with the
/// edit made, is the other one.
#[derive(Debug, clap::Args)]
#[command(after_help = r#"Examples:
  ringfence explain deploy/ --from shop/web --to shop/db:5432
  ringfence explain deploy/ --policies policies/ --from alpha-web/web --to beta-api/api:https
  ringfence explain deploy/ --from shop/deployment/web --to 93.184.216.34:443
  ringfence explain deploy/ --from 93.184.216.34 --to shop/web:80
  ringfence explain --cluster --from shop/web-7d4b9c6f5-x2x7k --to kube-system/coredns:53/UDP
  ringfence explain deploy/ --from shop/web --to shop/db:5432 -o json | jq '.edits[0]'

A name is a workload's or a pod's own. Without a port, a port that is allowed is explained, or else one that
is not. With -o json, one object, in which fields may be added:
  {"src", "dst", "protocol", "port", "allowed", "undefined", "allowedOn", "why",
   "egress": {"allowed", "steps": [{"tier", "action", "policy", "rule", "place", "by": []}]}, "ingress": …,
   "edits": [[{"text", "yaml"}]], "notes": []}
where `rule` counts from zero, `edits` has the smallest first and the changes of one are made together.

Exit codes: 0 it is explained, whatever the verdict; 2 could not run or could not read all of it"#)]
pub(super) struct Args {
    #[command(flatten)]
    objects: MapArgs,
    /// Who opens the connection: namespace/name, namespace/kind/name or an address.
    #[arg(long, value_name = "END")]
    from: String,
    /// Who takes it, and on which port: 80, 53/UDP or its name.
    #[arg(long, value_name = "END[:PORT]")]
    to: String,
    /// How to print.
    #[arg(short, long, value_enum, default_value = "human")]
    output: Format,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let (to, port) = ends::split(&args.to)?;
    let Some(drawn) = args.objects.draw()? else { return Ok(Outcome::Failed) };
    let namespace = args.objects.namespace();
    let map = &drawn.map;
    let (from, _) = ends::split(&args.from)?;
    let (src, dst) = (ends::find(from, namespace, map)?, ends::find(to, namespace, map)?);
    let case = Case::of(&drawn, (&src, &dst), port.as_ref())?;
    case.print(&drawn, args.output)?;
    Ok(if drawn.whole { Outcome::Good } else { Outcome::Failed })
}

/// One connection of those that were asked about.
struct Case {
    question: Question,
    /// Where no port was asked for, all on which some are allowed.
    allowed_on: Option<PortSet>,
    notes: Vec<String>,
}

impl Case {
    fn of(drawn: &Drawn, (src, dst): (&Side, &Side), port: Option<&PortAsked>) -> Result<Self> {
        let map = &drawn.map;
        let pairs = ends::pairs(map, src, dst)?;
        let matrix = Matrix::new(&map.world);
        let all = ends::between(&matrix, &pairs);
        let allowed_on = port.is_none().then(|| all.ports.clone());
        let port = match port {
            Some(port) => ends::port(port, dst, map)?,
            None => all.ports.first().unwrap_or((Protocol::Tcp, 1)),
        };
        let book = Book::new(&map.world);
        let question = |(src, dst): (Point, Point)| Question { src, dst, port };
        let allowed = |pair: &&(Point, Point)| ask(&map.world, &book, &question(**pair)).allowed;
        let passing = pairs.iter().find(allowed);
        let Some(chosen) = passing.or(pairs.first()) else { bail!("there is no pod to ask about") };
        let mut notes = Vec::new();
        if passing.is_some() && !pairs.iter().all(|pair| allowed(&pair)) {
            let text =
                "not for all of their pods: policies tell them apart, or their addresses differ";
            notes.push(text.to_owned());
        }
        for (asked, point) in [(src, chosen.0), (dst, chosen.1)] {
            if let (Side::Pods(_), Point::Another(_)) = (asked, point) {
                notes.push(
                    "a pod reaches itself; this is about two pods of one template".to_owned(),
                );
            }
        }
        Ok(Self { question: question(*chosen), allowed_on, notes })
    }

    fn print(&self, drawn: &Drawn, format: Format) -> Result<()> {
        let world = &drawn.map.world;
        let book = Book::new(world);
        let Answer { allowed, why } = ask(world, &book, &self.question);
        let mut edits = match why {
            Why::Policies { .. } => edits(world, &self.question),
            Why::Itself | Why::NodeNetwork | Why::NoFamily | Why::Nothing => Vec::new(),
        };
        edits.retain(|edit| can_be_granted(edit, &drawn.tenants));
        let tiers: BTreeSet<Tier> = world.policies.iter().map(|policy| policy.tier).collect();
        let (src, dst) =
            (called(self.question.src, &drawn.map), called(self.question.dst, &drawn.map));
        let explained = Explained {
            src: &src,
            dst: &dst,
            port: self.question.port,
            allowed_on: self.allowed_on.as_ref(),
            allowed,
            why: &why,
            edits: &edits,
            tiers: &tiers.into_iter().collect::<Vec<_>>(),
            notes: &self.notes,
        };
        output::result(&match format {
            Format::Human => report::human(&explained),
            Format::Json => format!("{}\n", report::json(&explained)),
        })
    }
}

/// A Grant of an address that counts as the cluster's own opens nothing.
fn can_be_granted(edit: &Edit, tenants: &Tenants) -> bool {
    let address = |own: &Grantee| match own {
        Grantee::Address(address) => Some(*address),
        Grantee::Pods { .. } => None,
    };
    edit.iter().all(|change| match change {
        Change::Grant { from, to, .. } => [from, to].into_iter().filter_map(address).all(|own| {
            let width = if own.is_ipv4() { 32 } else { 128 };
            let cidr: Result<Cidr, _> = format!("{own}/{width}").parse();
            cidr.is_ok_and(|cidr| !tenants.platform.meets_cluster(&cidr))
        }),
        _ => true,
    })
}

fn called(point: Point, map: &Map) -> String {
    match point {
        Point::Outside(address) => address.to_string(),
        Point::Pod(pod) | Point::Another(pod) => match map.known.get(pod) {
            Some(known)
                if !known.is_template
                    && !title(map, pod).contains(&format!("/{}[", known.name)) =>
            {
                format!("{} (pod {})", title(map, pod), known.name)
            }
            _ => title(map, pod),
        },
    }
}
