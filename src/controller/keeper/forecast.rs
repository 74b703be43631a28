//! What the controller would do by a set of documents, told without a write.
//!
//! Everything is read once. What follows from it the [`Book`] says, and of namespaces' labels
//! `controller/labels`: the same as of what watches tell. What each object says is not kept; those that would
//! change are read once more for the fields that differ.

mod barriers;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::DynamicObject;

use super::super::ask::{AskError, documents, each};
use super::super::census::sources;
use super::super::labels::{self, Stands};
use super::super::served::Kind;
use super::super::watch::News;
use super::super::{Cluster, namespaces};
use super::book::Book;
use super::objects::{KINDS, Object, Told, each_object, each_of_plugins, served, told};
use super::write::What;
use crate::defaults::Completion;
use crate::domain::{MANAGED_LABEL, MANAGED_PREFIX};
use crate::policy::{Flaw, Tenant, Tenants, usable};
use crate::seal::{self, Managed, Plan, differs, is_ours};
use crate::state::{Namespaces, Seals, Snapshot};

/// What the controller would do.
#[derive(Debug)]
pub struct Forecast {
    /// The documents and namespaces that it follows from.
    pub snapshot: Snapshot,
    /// What of the cluster's documents does not count, by kind and name: `Tenant alpha`.
    pub flaws: BTreeMap<String, Vec<Flaw>>,
    /// What the cluster could not be asked of its own addresses.
    pub untold: Vec<AskError>,
    /// What stands once in the cluster, tenants' barriers too; where it was asked for one tenant, its barriers and
    /// what they stand in.
    pub clusterwide: Vec<Deed>,
    /// Every namespace that is a tenant's or would be, by tenant and name.
    pub namespaces: Vec<Ahead>,
    /// Namespaces that somebody means, and that are not what they are meant to be.
    pub strays: Vec<Stray>,
}

/// What would become of a namespace.
#[derive(Debug)]
pub struct Ahead {
    /// Whose it is, or would be.
    pub tenant: String,
    /// Its name.
    pub name: String,
    /// Whether anything is laid in it.
    pub sealing: Sealing,
    /// What would be done to objects.
    pub deeds: Vec<Deed>,
    /// How many objects of the seal stand as they must.
    pub kept: usize,
    /// How its labels would change: each with its value, or without one where it goes.
    pub labels: BTreeMap<String, Option<String>>,
    /// The annotations that would change, with their values.
    pub annotations: BTreeMap<String, String>,
}

/// Whether a seal is laid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// It is, and kept.
    Kept,
    /// The profile says to lay nothing.
    Planned,
    /// The tenant has more namespaces than it may: this one gets none, and no pod comes into it.
    OverLimit,
    /// The namespace is being deleted: what stands is kept, and nothing is laid.
    Ending,
}

/// Something that would be done to an object, or would be were it not in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What.
    pub doing: Doing,
}

/// See [`Deed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    /// It would be made.
    Create,
    /// It would be put right: how it differs, a line for each field.
    Change(Vec<String>),
    /// It would be deleted: it is marked as ours, and nothing wants it.
    Delete,
    /// It would be made, but somebody else's object has its name: the namespace stays unsealed.
    Taken,
    /// It would be made or put right if the profile said so.
    Planned,
}

/// A namespace that is not what somebody takes it for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Its name.
    pub namespace: String,
    /// How.
    pub how: Estranged,
}

/// See [`Stray`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Estranged {
    /// This tenant names it, and it is not there.
    Absent(String),
    /// The first tenant names it, and it has the label of the second, which holds.
    Labelled(String, String),
    /// Its label names this tenant, of which there is no document.
    Orphaned(String),
}

impl Cluster {
    /// What the controller would do, in all namespaces or in those of one tenant: by these documents, or by
    /// those in the cluster. Nothing is written.
    ///
    /// # Errors
    /// [`AskError`]
    pub async fn forecast(
        &self,
        documents: Option<Arc<Tenants>>,
        only: Option<&str>,
        now: Timestamp,
    ) -> Result<Forecast, AskError> {
        let (tenants, flaws) = match documents {
            Some(tenants) => (tenants, BTreeMap::new()),
            None => self.papers().await?,
        };
        let (ranges, untold) = self.told_ranges().await;
        let tenants = tenants.beside(&Arc::new(ranges));
        let (mut stands, mut known) = (BTreeMap::new(), HashMap::new());
        each(&self.namespaces(), None, "namespaces", |object| {
            known.extend([namespaces::named(&object)]);
            stands.extend([labels::named(&object)]);
        })
        .await?;
        let namespaces = Arc::new(Namespaces::Watched(known));
        let (seals, latest) = (Seals::Unwatched, self.version);
        let snapshot = Snapshot { tenants, namespaces, seals, latest };
        let owned: Vec<(&Tenant, &str)> = stands
            .keys()
            .filter_map(|name| Some((snapshot.standing(name).tenant()?, name.as_str())))
            .filter(|(tenant, _)| only.is_none_or(|only| tenant.name.as_str() == only))
            .collect();
        let places: Vec<&str> = owned.iter().map(|(_, name)| *name).collect();
        let places = only.map(|_| &*places);
        let mut seer = Seer { book: Book::default(), strangers: BTreeMap::new(), now };
        seer.read(self, &snapshot, places).await?;
        let plugins = served(self).await?;
        seer.read_barriers(self, &plugins).await?;
        let mut ahead: Vec<Ahead> = owned
            .into_iter()
            .map(|(tenant, name)| seer.ahead(&snapshot, tenant, (name, stands.get(name))))
            .collect();
        ahead.sort_by(|a, b| (&a.tenant, &a.name).cmp(&(&b.tenant, &b.name)));
        let mut clusterwide = match only {
            None => seer.deeds("", &seal::clusterwide(&snapshot.tenants)).0,
            Some(_) => Vec::new(),
        };
        clusterwide.extend(seer.barriers(only));
        let namespaces = ahead.iter_mut().map(|own| (own.name.as_str(), &mut own.deeds));
        let changes = namespaces.chain([("", &mut clusterwide)]);
        self.compare(changes, (&snapshot, now), (places, &plugins)).await?;
        let strays = strays(&snapshot, &stands, only);
        Ok(Forecast { snapshot, flaws, untold, clusterwide, namespaces: ahead, strays })
    }

    /// The documents in the cluster, and what of them does not count.
    async fn papers(&self) -> Result<(Arc<Tenants>, BTreeMap<String, Vec<Flaw>>), AskError> {
        let usable = usable(&sources(&documents(self).await?));
        Ok((usable.documents.resolve(), usable.flaws))
    }

    /// Says of each change of an object how that differs from what is wanted.
    async fn compare<'a>(
        &self,
        deeds: impl Iterator<Item = (&'a str, &'a mut Vec<Deed>)>,
        (snapshot, now): (&Snapshot, Timestamp),
        (places, plugins): (Option<&[&str]>, &[Kind]),
    ) -> Result<(), AskError> {
        let mut open: HashMap<Object, (Managed, &mut Vec<String>)> = HashMap::new();
        for (namespace, deeds) in deeds {
            let changed = deeds.iter_mut().filter_map(|own| match &mut own.doing {
                Doing::Change(lines) => Some(((own.kind, own.name.clone()), lines)),
                Doing::Create | Doing::Delete | Doing::Taken | Doing::Planned => None,
            });
            let mut changed: HashMap<_, _> = changed.collect();
            if changed.is_empty() {
                continue;
            }
            for wanted in wanted(snapshot, namespace, now) {
                if let Some(lines) = changed.remove(&(wanted.kind(), wanted.name().to_owned())) {
                    open.insert(object(namespace, &wanted), (wanted, lines));
                }
            }
        }
        if open.is_empty() {
            return Ok(());
        }
        let mut take = |kind, live: DynamicObject| {
            let namespace = live.namespace().unwrap_or_default();
            let key = Object { kind, namespace, name: live.name_any() };
            if let Some((wanted, lines)) = open.get_mut(&key) {
                // These types always serialize.
                let live = serde_json::to_value(live).unwrap_or_default();
                **lines = differs(wanted, &live).unwrap_or_default();
            }
        };
        each_object(self, places, false, &mut take).await?;
        each_of_plugins(self, plugins, take).await
    }
}

/// What the seal of a namespace holds, laid or not; with an empty name, what stands once in the cluster.
fn wanted(snapshot: &Snapshot, namespace: &str, now: Timestamp) -> Vec<Managed> {
    let tenants = &snapshot.tenants;
    if namespace.is_empty() {
        return [seal::clusterwide(tenants), barriers::wanted(tenants, now).collect()].concat();
    }
    match snapshot.standing(namespace).tenant().map(|own| seal::plan(tenants, own, namespace, now))
    {
        Some(Plan::Kept(objects) | Plan::Planned(objects)) => objects,
        None => Vec::new(),
    }
}

fn object(namespace: &str, wanted: &Managed) -> Object {
    let (kind, name) = (wanted.kind(), wanted.name().to_owned());
    Object { kind, namespace: namespace.to_owned(), name }
}

/// Knows what stands.
struct Seer {
    book: Book,
    /// Objects with names of ours that watches tell nothing of, since they have not our label; and whether
    /// we made them.
    strangers: BTreeMap<Object, bool>,
    now: Timestamp,
}

impl Seer {
    async fn read(
        &mut self,
        cluster: &Cluster,
        snapshot: &Snapshot,
        places: Option<&[&str]>,
    ) -> Result<(), AskError> {
        let mut listed: BTreeMap<&'static str, Vec<Told>> =
            KINDS.iter().map(|(kind, ..)| (*kind, Vec::new())).collect();
        let take = |kind, live| self.sort(&mut listed, kind, live);
        each_object(cluster, places, false, take).await?;
        self.book.adopt(Arc::new(snapshot.clone()), self.now);
        for (kind, listed) in listed {
            self.book.take((kind, Some(News::All(listed))));
        }
        self.book.ration();
        Ok(())
    }

    /// Notes an object: as watches would tell it where it has our label, or that a name is taken.
    fn sort(
        &mut self,
        listed: &mut BTreeMap<&'static str, Vec<Told>>,
        kind: &'static str,
        live: DynamicObject,
    ) {
        let is_marked = live.labels().get(MANAGED_LABEL).is_some_and(|value| value == "true");
        if is_marked {
            listed.entry(kind).or_default().push(told(kind, live));
        } else if live.name_any().starts_with(MANAGED_PREFIX) {
            let namespace = live.namespace().unwrap_or_default();
            let key = Object { kind, namespace, name: live.name_any() };
            // These types always serialize.
            let live = serde_json::to_value(live).unwrap_or_default();
            self.strangers.insert(key, is_ours(&live));
        }
    }

    fn ahead(
        &mut self,
        snapshot: &Snapshot,
        tenant: &Tenant,
        (name, stands): (&str, Option<&Stands>),
    ) -> Ahead {
        let is_going = stands.is_some_and(|own| own.is_going);
        let plan = seal::plan(&snapshot.tenants, tenant, name, self.now);
        let (sealing, (deeds, kept)) = match &plan {
            Plan::Planned(objects) => (Sealing::Planned, self.planned(name, objects)),
            Plan::Kept(_) if self.book.leaves(name) => (Sealing::OverLimit, (Vec::new(), 0)),
            Plan::Kept(objects) if is_going => (Sealing::Ending, self.deeds(name, objects)),
            Plan::Kept(objects) => (Sealing::Kept, self.deeds(name, objects)),
        };
        let completion = stands.and_then(|own| labels::wanted(snapshot, name, own, self.now));
        let noted =
            stands.zip(completion.as_ref()).is_some_and(|(own, it)| own.filled == it.filled);
        let (labels, mut annotations) = completion.map(Completion::written).unwrap_or_default();
        if noted {
            annotations.clear();
        }
        let (tenant, name) = (tenant.name.to_string(), name.to_owned());
        Ahead { tenant, name, sealing, deeds, kept, labels, annotations }
    }

    /// What would be done in a namespace that must hold these objects, and how many of them stand as they
    /// must.
    fn deeds(&mut self, namespace: &str, wanted: &[Managed]) -> (Vec<Deed>, usize) {
        (self.done_at(namespace), self.kept(namespace, wanted))
    }

    /// What would be done at a place.
    fn done_at(&mut self, place: &str) -> Vec<Deed> {
        let steps = self.book.outlook(place, self.now).steps;
        let deeds = steps.into_iter().filter_map(|step| {
            let doing = match step.what {
                What::Look(_) => return None,
                What::Take(_) => Doing::Delete,
                What::Mend(_) => Doing::Change(Vec::new()),
                What::Lay(_) => match self.strangers.get(&step.object) {
                    None => Doing::Create,
                    Some(true) => Doing::Change(Vec::new()),
                    Some(false) => Doing::Taken,
                },
            };
            let Object { kind, name, .. } = step.object;
            Some(Deed { kind, name, doing })
        });
        deeds.collect()
    }

    /// The same of objects that nobody lays.
    fn planned(&self, namespace: &str, wanted: &[Managed]) -> (Vec<Deed>, usize) {
        let open = wanted.iter().filter(|own| !self.book.stands_as(&object(namespace, own), own));
        let deed = |own: &Managed| {
            let (kind, name, doing) = (own.kind(), own.name().to_owned(), Doing::Planned);
            Deed { kind, name, doing }
        };
        (open.map(deed).collect(), self.kept(namespace, wanted))
    }

    fn kept(&self, namespace: &str, wanted: &[Managed]) -> usize {
        let stands = |own: &&Managed| self.book.stands_as(&object(namespace, own), own);
        wanted.iter().filter(stands).count()
    }
}

/// The namespaces that somebody means and that are something else, by tenant and name; orphaned ones only
/// where it is not asked for one tenant.
fn strays(
    snapshot: &Snapshot,
    stands: &BTreeMap<String, Stands>,
    only: Option<&str>,
) -> Vec<Stray> {
    let mut strays = Vec::new();
    let mut tell = |namespace: &str, how| {
        strays.push(Stray { namespace: namespace.to_owned(), how });
    };
    let tenants = snapshot.tenants.iter();
    for tenant in tenants.filter(|own| only.is_none_or(|only| own.name.as_str() == only)) {
        let own = tenant.name.to_string();
        for name in &tenant.namespaces {
            match stands.get(name).map(Stands::tenant) {
                None => tell(name, Estranged::Absent(own.clone())),
                Some(Some(label)) if label != own => {
                    tell(name, Estranged::Labelled(own.clone(), label.to_owned()));
                }
                Some(_) => {}
            }
        }
    }
    for (name, label) in stands.iter().filter_map(|(name, own)| Some((name, own.tenant()?))) {
        if only.is_none() && snapshot.tenants.tenant(label).is_none() {
            tell(name, Estranged::Orphaned(label.to_owned()));
        }
    }
    strays
}
