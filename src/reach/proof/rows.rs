//! Which namespaces could have anything to do with each other: most pairs are decided here.
//!
//! Of each policy it is asked only which namespaces its peers lie in; what else it requires, and what
//! denies, is left to the search. So a namespace that is not found here is not reached; one that is
//! found may be.

use std::collections::{BTreeMap, HashMap};

use roaring::RoaringBitmap;

use super::Site;
use super::ground::Ground;
use super::side::Side;
use crate::reach::labels::Selector;
use crate::reach::model::{Action, Direction, Namespaces, Peer, Policy, Tier};

/// By namespace, those that a connection from it could end in.
#[derive(Debug)]
pub(super) struct Rows {
    rows: Vec<RoaringBitmap>,
    /// As the policies of where it begins say: which of the rows.
    sends: Vec<usize>,
    /// As the policies of where it ends say, but for those that take from everyone.
    taken: Vec<RoaringBitmap>,
    /// Those that take from everyone.
    open: RoaringBitmap,
}

impl Rows {
    pub(super) fn of(ground: &Ground<'_>) -> Self {
        let mut peers = Peers::new(ground);
        let (mut sends, mut takes) = (Vec::new(), Vec::new());
        for site in &ground.question.sites {
            let policies: Vec<&Policy> = ground.concerning(site).collect();
            let mut row = |direction| {
                peers.row(&Side { direction, own: site, other: site, policies: &policies })
            };
            sends.push(row(Direction::Egress));
            takes.push(row(Direction::Ingress));
        }
        let Peers { rows, .. } = peers;
        let (taken, open) = turned(&rows, &takes);
        Self { rows, sends, taken, open }
    }

    /// Those that a connection from a namespace could end in.
    pub(super) fn ends(&self, site: usize) -> RoaringBitmap {
        let row = self.sends.get(site).and_then(|row| self.rows.get(*row));
        let both = row.zip(self.taken.get(site));
        both.map(|(sends, taken)| (sends & taken) | (sends & &self.open)).unwrap_or_default()
    }
}

/// By namespace which row it *takes from* → by namespace those that it *is taken by*, but for those that take from
/// everyone, and these.
fn turned(rows: &[RoaringBitmap], takes: &[usize]) -> (Vec<RoaringBitmap>, RoaringBitmap) {
    let mut takers = vec![RoaringBitmap::new(); rows.len()];
    for (site, row) in (0..).zip(takes) {
        if let Some(takers) = takers.get_mut(*row) {
            takers.insert(site);
        }
    }
    let mut taken = vec![RoaringBitmap::new(); takes.len()];
    let mut open = RoaringBitmap::new();
    for (row, takers) in rows.iter().zip(&takers).filter(|(_, takers)| !takers.is_empty()) {
        if row.len() == takes.len() as u64 {
            open |= takers;
            continue;
        }
        for source in row {
            if let Some(own) = taken.get_mut(source as usize) {
                *own |= takers;
            }
        }
    }
    (taken, open)
}

/// The namespaces of peers; many policies have the same ones.
struct Peers<'g, 'q> {
    ground: &'g Ground<'q>,
    everyone: RoaringBitmap,
    /// The namespaces by their names.
    named: HashMap<&'q str, Vec<u32>>,
    /// Those of selectors.
    sets: Vec<RoaringBitmap>,
    /// The set of a selector, by where it stands in memory.
    known: HashMap<*const (), usize>,
    rows: Vec<RoaringBitmap>,
    known_rows: HashMap<Parts, usize>,
    by_label: BTreeMap<String, ByValue<'q>>,
}

/// What a row is made of.
#[derive(Default, PartialEq, Eq, Hash)]
struct Parts {
    everyone: bool,
    /// These namespaces.
    ones: Vec<u32>,
    /// Those of these sets.
    sets: Vec<usize>,
}

/// The namespaces by the one value that a label of theirs has; those where it may be another.
#[derive(Default)]
struct ByValue<'q> {
    of_value: HashMap<&'q str, Vec<u32>>,
    others: Vec<u32>,
}

impl<'g, 'q> Peers<'g, 'q> {
    fn new(ground: &'g Ground<'q>) -> Self {
        let numbered = || (0..).zip(&ground.question.sites);
        let mut named: HashMap<&str, Vec<u32>> = HashMap::new();
        for (number, site) in numbered() {
            named.entry(&site.name).or_default().push(number);
        }
        Self {
            ground,
            everyone: numbered().map(|(number, _)| number).collect(),
            named,
            sets: Vec::new(),
            known: HashMap::new(),
            rows: Vec::new(),
            known_rows: HashMap::new(),
            by_label: BTreeMap::new(),
        }
    }

    /// The namespaces at the other end of what the policies of one allow: which row.
    fn row(&mut self, own: &Side<'_, 'q>) -> usize {
        let mut parts = Parts::default();
        // The first tier that lets nothing through to the next one is the last.
        let decided = Tier::ALL.into_iter().any(|tier| !self.goes_on(own, tier, &mut parts));
        if !decided || parts.everyone {
            parts = Parts { everyone: true, ..Parts::default() };
        }
        parts.sets.sort_unstable();
        parts.sets.dedup();
        let sets = || parts.sets.iter().filter_map(|set| self.sets.get(*set));
        // Without them most namespaces of a tenant have one row.
        parts.ones.retain(|site| !sets().any(|set| set.contains(*site)));
        parts.ones.sort_unstable();
        parts.ones.dedup();
        if let Some(known) = self.known_rows.get(&parts) {
            return *known;
        }
        let mut row: RoaringBitmap = parts.ones.iter().copied().collect();
        sets().for_each(|set| row |= set);
        if parts.everyone {
            row |= &self.everyone;
        }
        self.rows.push(row);
        self.known_rows.insert(parts, self.rows.len() - 1);
        self.rows.len() - 1
    }

    /// Adds whom a tier's rules accept; whether something could be left to the next one.
    fn goes_on(&mut self, own: &Side<'_, 'q>, tier: Tier, parts: &mut Parts) -> bool {
        let mut goes_on = !is_isolated(self.ground, own, tier);
        for policy in own.policies.iter().filter(|policy| policy.tier == tier) {
            let rules = policy.side(own.direction).into_iter().flat_map(|side| &side.rules);
            for rule in rules {
                match rule.action {
                    Action::Accept => rule.peers.iter().for_each(|peer| self.add(peer, parts)),
                    Action::Pass => goes_on = true,
                    Action::Deny => {}
                }
            }
        }
        goes_on
    }

    /// Adds the namespaces of a peer.
    fn add(&mut self, peer: &'q Peer, parts: &mut Parts) {
        match peer {
            Peer::Everyone => parts.everyone = true,
            // Any pod may have any of the addresses.
            Peer::Addresses(set) if self.ground.question.addresses.and(set).is_empty() => {}
            Peer::Addresses(_) => parts.everyone = true,
            Peer::Pods(scope) => match &scope.namespaces {
                Namespaces::Named(name) => {
                    parts.ones.extend(self.named.get(name.as_str()).into_iter().flatten());
                }
                Namespaces::Chosen(selector) if selector.is_everything() => parts.everyone = true,
                Namespaces::Chosen(selector) => parts.sets.push(self.chosen(selector)),
            },
        }
    }

    /// The set of a selector.
    fn chosen(&mut self, selector: &'q Selector) -> usize {
        if let Some(known) = self.known.get(&selector.place()) {
            return *known;
        }
        let sites = &self.ground.question.sites;
        let could_be =
            |site: &u32| sites.get(*site as usize).is_some_and(|own| own.could_be(selector));
        let set = self.candidates(selector).into_iter().filter(could_be).collect();
        self.sets.push(set);
        self.known.insert(selector.place(), self.sets.len() - 1);
        self.sets.len() - 1
    }

    /// The namespaces that a selector need be tried on.
    fn candidates(&mut self, selector: &Selector) -> Vec<u32> {
        let sites = &self.ground.question.sites;
        // The key with the fewest values leaves the fewest.
        let fewest = selector.listed().min_by_key(|(_, values)| values.len());
        let Some((key, values)) = fewest else { return self.everyone.iter().collect() };
        let by_value =
            self.by_label.entry(key.to_owned()).or_insert_with(|| ByValue::of(sites, key));
        let of_values = values.iter().filter_map(|value| by_value.of_value.get(value.as_str()));
        of_values.flatten().chain(&by_value.others).copied().collect()
    }
}

impl<'q> ByValue<'q> {
    fn of(sites: &'q [Site], key: &str) -> Self {
        let mut own = Self::default();
        for (number, site) in (0..).zip(sites) {
            let values = site.labels.listed_of(key).filter(|values| values.len() == 1);
            match values.and_then(|values| values.first()) {
                Some(value) => own.of_value.entry(value).or_default().push(number),
                None => own.others.push(number),
            }
        }
        own
    }
}

/// Whether each pod that there could be is isolated in a tier; where that is not found out, it is not.
fn is_isolated(ground: &Ground<'_>, side: &Side<'_, '_>, tier: Tier) -> bool {
    if side.isolates_all(tier) {
        return true;
    }
    let free = side.not_isolated(tier);
    !free.is_always() && matches!(ground.search(&free, side.own, side.own), Ok(None))
}
