//! What the commands of the map are asked about: objects from files or a cluster, beside documents.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use jiff::Timestamp;

use super::cluster::ClusterArgs;
use super::inputs::Inputs;
use super::{output, policies};
use crate::audit::{Drawing, Map, POLICY_GROUPS, Problem, Sketch, draw};
use crate::policy::{Tenants, Usable};

/// Where objects and documents come from.
#[derive(Debug, clap::Args)]
pub(super) struct MapArgs {
    /// Files, folders (every .yaml, .yml and .json below them) or `-` for standard input, which is read
    /// where nothing is named.
    #[arg(value_name = "PATH", conflicts_with_all = ["cluster", "kubeconfig", "context"])]
    paths: Vec<PathBuf>,
    /// Look at a cluster: its namespaces, pods, policies and documents, read once.
    #[arg(long)]
    cluster: bool,
    #[command(flatten)]
    which: ClusterArgs,
    /// The folder of Platform, Profile, Tenant and Grant documents. Without it those of the cluster; of
    /// files, none.
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// The namespace of objects that name none.
    #[arg(long, value_name = "NS", default_value = "default")]
    namespace: String,
    /// Take namespaces as they stand. Without it, what the controller would keep in tenants' namespaces
    /// counts as present.
    #[arg(long)]
    as_is: bool,
}

/// A map, and how it came to be.
pub(super) struct Drawn {
    /// It.
    pub(super) map: Map,
    /// The documents.
    pub(super) tenants: Arc<Tenants>,
    /// Whether all of what was named has been read; what was not has been printed.
    pub(super) whole: bool,
}

impl MapArgs {
    /// The namespace of what names none.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Whether namespaces are taken as they stand.
    pub(super) fn is_as_is(&self) -> bool {
        self.as_is
    }

    /// Reads everything, and prints what there is to say of it; `None` where documents have mistakes.
    pub(super) fn draw(&self) -> Result<Option<Drawn>> {
        let given = match &self.policies {
            None => None,
            Some(folder) => match policies::Documents::load(Some(folder)) {
                Some(documents) => Some(documents.tenants()),
                None => return Ok(None),
            },
        };
        let drawn = if self.cluster || self.which.is_given() {
            self.of_cluster(given)?
        } else {
            self.of_files(given.unwrap_or_default())?
        };
        drawn.tell();
        Ok(Some(drawn))
    }

    fn of_files(&self, tenants: Arc<Tenants>) -> Result<Drawn> {
        let mut inputs = Inputs::default();
        if self.paths.is_empty() {
            inputs.read("-".as_ref());
        }
        for path in &self.paths {
            inputs.read(path);
        }
        if inputs.are_empty() && inputs.failed.is_empty() {
            bail!("there is nothing to read: no object was given");
        }
        for failed in &inputs.failed {
            output::error(&failed.message);
        }
        let map = draw(&inputs.read, &self.drawing(&tenants));
        let whole = inputs.failed.is_empty() && map.problems.is_empty();
        Ok(Drawn { map, tenants, whole })
    }

    fn of_cluster(&self, given: Option<Arc<Tenants>>) -> Result<Drawn> {
        let (map, tenants) = self.which.ask(async |cluster| {
            let tenants = match given {
                Some(given) => given,
                None => in_force(cluster.usable().await?),
            };
            let drawing = self.drawing(&tenants);
            let mut sketch = Sketch::new(&drawing);
            cluster.each_object(&POLICY_GROUPS, |object| sketch.take(object)).await?;
            Ok((sketch.finish(), tenants))
        })?;
        let whole = map.problems.is_empty();
        Ok(Drawn { map, tenants, whole })
    }

    fn drawing<'a>(&'a self, tenants: &'a Tenants) -> Drawing<'a> {
        Drawing { tenants, namespace: &self.namespace, as_is: self.as_is, now: Timestamp::now() }
    }
}

/// The documents of a cluster; what cannot be used of them is printed.
fn in_force(documents: Option<Usable>) -> Arc<Tenants> {
    let Some(usable) = documents else { return Arc::default() };
    for (document, flaws) in &usable.flaws {
        for flaw in flaws {
            let (path, message) = (&flaw.path, &flaw.message);
            output::warning(&format!("{document}: {path}: {message}"));
        }
    }
    usable.documents.resolve()
}

impl Drawn {
    fn tell(&self) {
        for Problem { source, line, column, message } in &self.map.problems {
            let line = if *line == 0 { String::new() } else { format!(":{line}") };
            let column = column.map(|column| format!(":{column}")).unwrap_or_default();
            output::error(&format!("{source}{line}{column}: {message}"));
        }
        for own in &self.map.world.unclear {
            let (place, origin, text) = (&own.origin.source, &own.origin, &own.text);
            output::warning(&format!("{place}: {origin}: {text}; it counts as open"));
        }
        for note in &self.map.notes {
            output::note(&format!("{}: {}", note.source, note.text));
        }
    }
}
