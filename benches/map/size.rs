//! Everything that is measured of one cluster.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use jiff::Timestamp;
use ringfence::audit::{Drawing, Map, Sketch};
use ringfence::domain::TENANT_LABEL;
use ringfence::isolation::{self, Asked};
use ringfence::policy::{self, Tenants};
use ringfence::reach::{AddressSet, Inquiry, Matrix, Prover, Selector, Site, World};

use crate::cluster::{self, Size};
use crate::door::{door, percentile, times};
use crate::process::{peak, resident};

/// What was measured, by what it is called.
pub type Measured = Vec<(String, f64)>;

/// Objects of a list that come at once.
const PAGE: usize = 500;

pub fn tenants(size: Size) -> Result<Arc<Tenants>> {
    let documents =
        policy::load(&[cluster::documents(size)]).map_err(|report| anyhow!("{report}"))?;
    Ok(documents.resolve())
}

pub fn measure(size: Size) -> Result<Measured> {
    let tenants = tenants(size)?;
    let (map, load) = loaded(size, &tenants)?;
    let world = &map.world;
    let held = megabytes(resident(std::process::id())?);
    let (matrix, classes) = timed(|| Matrix::new(world));
    let of_class = (0..world.pods.len()).filter_map(|pod| matrix.class(pod)).max();
    let inquiry = inquiry(size, world);
    let (prover, rows) = timed(|| Prover::new(&inquiry));
    let near = (0..size.tenants).map(|own| prover.paths(own, |_| true).len()).sum::<usize>();
    drop((prover, matrix));
    let asked = Asked::of(&tenants, world, false, Timestamp::now());
    let (proof, proved) = timed(|| isolation::prove(&asked));
    ensure!(proof.is_whole(), "tenants of policies that the door admits reach each other");
    let most = megabytes(peak(std::process::id())?);
    let policies = world.policies.len();
    drop(map);
    let judged = times(size, &door(size, tenants))?;
    let mut found = Measured::new();
    let mut row = |name: &str, value: f64| found.push((name.to_owned(), value));
    row("pods", size.pods() as f64);
    row("namespaces", size.namespaces() as f64);
    row("tenants", size.tenants as f64);
    row("policies of tenants", size.policies() as f64);
    row("all policies, with those of the seals", policies as f64);
    row("classes of pods", of_class.map_or(0, |own| own + 1) as f64);
    row("pairs of tenants with a path by a Grant", near as f64);
    row("load, ms", milliseconds(load));
    row("classes, ms", milliseconds(classes));
    row("namespace matrix, ms", milliseconds(rows));
    row("full proof, ms", milliseconds(proved));
    row("resident when loaded, MB", held);
    row("resident at most, MB", most);
    row("a policy at the door, p50 µs", 1000.0 * milliseconds(percentile(&judged, 50)?));
    row("p99 µs", 1000.0 * milliseconds(percentile(&judged, 99)?));
    row("the longest, µs", 1000.0 * milliseconds(percentile(&judged, 100)?));
    Ok(found)
}

/// The objects as a cluster tells them, page by page; only what is made of them is timed.
fn loaded(size: Size, tenants: &Tenants) -> Result<(Map, Duration)> {
    let template = cluster::pod_template()?;
    let drawing = Drawing { tenants, namespace: "default", as_is: false, now: Timestamp::now() };
    let mut sketch = Sketch::new(&drawing);
    let mut took = Duration::ZERO;
    let namespaces = (0..size.namespaces()).map(cluster::namespace_object);
    let pods = (0..size.pods()).map(|number| cluster::pod_object(&template, number));
    let policies = (0..size.policies()).map(cluster::policy);
    let mut objects = namespaces.chain(pods).chain(policies);
    loop {
        let page: Vec<_> = objects.by_ref().take(PAGE).collect();
        if page.is_empty() {
            break;
        }
        let start = Instant::now();
        page.iter().for_each(|object| sketch.take(object));
        took += start.elapsed();
    }
    let start = Instant::now();
    let map = sketch.finish();
    took += start.elapsed();
    ensure!(map.problems.is_empty() && map.world.unclear.is_empty(), "{:?}", map.problems);
    Ok((map, took))
}

/// The namespaces that are there, as they stand.
fn inquiry(size: Size, world: &World) -> Inquiry<'_> {
    let numbers: std::collections::HashMap<String, usize> =
        (0..size.tenants).map(|own| (cluster::tenant(own), own)).collect();
    let site = |namespace: &ringfence::reach::Namespace| {
        Some(Site {
            tenant: *numbers.get(namespace.labels.get(TENANT_LABEL)?.as_str())?,
            name: namespace.name.to_string(),
            labels: Selector::exactly(&namespace.labels),
            pods: Selector::everything(),
            exists: true,
        })
    };
    Inquiry {
        sites: world.namespaces.iter().filter_map(site).collect(),
        policies: world.policies.iter().collect(),
        permits: Vec::new(),
        addresses: AddressSet::all(),
    }
}

fn timed<T>(does: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = does();
    (done, start.elapsed())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Of each row the median of all rounds.
pub fn median(rounds: &[Measured]) -> Measured {
    let Some(first) = rounds.first() else { return Measured::new() };
    let of = |(row, (name, _)): (usize, &(String, f64))| {
        let mut values: Vec<f64> =
            rounds.iter().filter_map(|own| own.get(row)).map(|own| own.1).collect();
        values.sort_by(f64::total_cmp);
        (name.clone(), values.get(values.len() / 2).copied().unwrap_or_default())
    };
    first.iter().enumerate().map(of).collect()
}

/// With as many digits as mean something.
pub fn written(value: f64) -> String {
    if value < 10.0 && value.fract() != 0.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}
