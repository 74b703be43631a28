//! Which namespaces could have anything to do with each other: most pairs are decided here.
//!
//! Of each policy it is asked only which namespaces its peers lie in; what else it requires, and what
//! denies, is left to the search. So a namespace that is not found here is not reached; one that is
//! found may be.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::Site;
use super::bits::Bits;
use super::ground::Ground;
use super::side::Side;
use crate::reach::labels::Selector;
use crate::reach::model::{Action, Direction, Namespaces, Peer, Tier};

/// By namespace, those that a connection from it could end in.
#[derive(Debug)]
pub(super) struct Rows {
    /// As the policies of where it begins say.
    sends: Vec<Rc<Bits>>,
    /// As the policies of where it ends say.
    taken: Vec<Bits>,
}

impl Rows {
    pub(super) fn of(ground: &Ground<'_>) -> Self {
        let mut peers = Peers::new(ground);
        let sites = 0..ground.question.sites.len();
        let sends = sites.clone().map(|site| peers.row(Direction::Egress, site)).collect();
        let takes: Vec<Rc<Bits>> = sites.map(|site| peers.row(Direction::Ingress, site)).collect();
        Self { sends, taken: turned(&takes) }
    }

    /// Those that a connection from a namespace could end in, in order.
    pub(super) fn ends(&self, site: usize) -> impl Iterator<Item = usize> {
        let both = self.sends.get(site).zip(self.taken.get(site));
        both.into_iter().flat_map(|(sends, taken)| sends.both(taken))
    }
}

/// Rows of *takes from* → rows of *is taken by*. Many rows are the same: each is turned once.
fn turned(takes: &[Rc<Bits>]) -> Vec<Bits> {
    let mut by_row: HashMap<&Bits, Bits> = HashMap::new();
    for (site, row) in takes.iter().enumerate() {
        by_row.entry(row.as_ref()).or_insert_with(|| Bits::none(takes.len())).insert(site);
    }
    let mut taken = vec![Bits::none(takes.len()); takes.len()];
    for (row, takers) in by_row {
        for source in row.iter() {
            if let Some(own) = taken.get_mut(source) {
                own.add(&takers);
            }
        }
    }
    taken
}

/// The namespaces of peers; many policies have the same ones.
struct Peers<'g, 'q> {
    ground: &'g Ground<'q>,
    /// Sets of namespaces, by their numbers.
    sets: Vec<Bits>,
    known: HashMap<&'q Namespaces, usize>,
    /// Unions of sets.
    rows: HashMap<Vec<usize>, Rc<Bits>>,
    by_label: BTreeMap<String, ByValue>,
}

/// The set of all namespaces, and that of none.
const EVERYONE: usize = 0;
const NOBODY: usize = 1;

/// The namespaces by the one value that a label of theirs has; those where it may be another.
#[derive(Default)]
struct ByValue {
    of_value: HashMap<String, Vec<usize>>,
    others: Vec<usize>,
}

impl<'g, 'q> Peers<'g, 'q> {
    fn new(ground: &'g Ground<'q>) -> Self {
        let length = ground.question.sites.len();
        Self {
            ground,
            sets: vec![Bits::all(length), Bits::none(length)],
            known: HashMap::new(),
            rows: HashMap::new(),
            by_label: BTreeMap::new(),
        }
    }

    /// The namespaces at the other end of what the policies of one allow.
    fn row(&mut self, direction: Direction, site: usize) -> Rc<Bits> {
        let mut parts = Vec::new();
        let decided = self.ground.side(direction, site, site).is_some_and(|own| {
            // The first tier that lets nothing through to the next one is the last.
            Tier::ALL.into_iter().any(|tier| !self.goes_on(&own, tier, &mut parts))
        });
        if !decided {
            parts = vec![EVERYONE];
        }
        parts.sort_unstable();
        parts.dedup();
        let (sets, length) = (&self.sets, self.ground.question.sites.len());
        let made = self.rows.entry(parts).or_insert_with_key(|parts| {
            let mut all = Bits::none(length);
            parts.iter().filter_map(|part| sets.get(*part)).for_each(|part| all.add(part));
            Rc::new(all)
        });
        Rc::clone(made)
    }

    /// Adds whom a tier's rules accept; whether something could be left to the next one.
    fn goes_on(&mut self, own: &Side<'_, 'q>, tier: Tier, parts: &mut Vec<usize>) -> bool {
        let mut goes_on = !is_isolated(self.ground, own, tier);
        for policy in own.policies.iter().filter(|policy| policy.tier == tier) {
            let rules = policy.side(own.direction).into_iter().flat_map(|side| &side.rules);
            for rule in rules {
                match rule.action {
                    Action::Accept => parts.extend(rule.peers.iter().map(|peer| self.of(peer))),
                    Action::Pass => goes_on = true,
                    Action::Deny => {}
                }
            }
        }
        goes_on
    }

    fn of(&mut self, peer: &'q Peer) -> usize {
        match peer {
            Peer::Everyone => EVERYONE,
            // Any pod may have any of the addresses.
            Peer::Addresses(set) if self.ground.question.addresses.and(set).is_empty() => NOBODY,
            Peer::Addresses(_) => EVERYONE,
            Peer::Pods(scope) => {
                if let Some(known) = self.known.get(&scope.namespaces) {
                    return *known;
                }
                let found = self.found(&scope.namespaces);
                self.sets.push(found);
                self.known.insert(&scope.namespaces, self.sets.len() - 1);
                self.sets.len() - 1
            }
        }
    }

    fn found(&mut self, namespaces: &Namespaces) -> Bits {
        let ground = self.ground;
        let mut bits = Bits::none(ground.question.sites.len());
        match namespaces {
            Namespaces::Named(name) => {
                ground.numbers.get(name.as_str()).into_iter().for_each(|own| bits.insert(*own));
            }
            Namespaces::Chosen(selector) => {
                for site in self.candidates(selector) {
                    if ground.question.sites.get(site).is_some_and(|own| own.could_be(selector)) {
                        bits.insert(site);
                    }
                }
            }
        }
        bits
    }

    /// The namespaces that a selector need be tried on.
    fn candidates(&mut self, selector: &Selector) -> Vec<usize> {
        let sites = &self.ground.question.sites;
        // The key with the fewest values leaves the fewest.
        let fewest = selector.listed().min_by_key(|(_, values)| values.len());
        let Some((key, values)) = fewest else { return (0..sites.len()).collect() };
        let by_value =
            self.by_label.entry(key.to_owned()).or_insert_with(|| ByValue::of(sites, key));
        let of_values = values.iter().filter_map(|value| by_value.of_value.get(value));
        of_values.flatten().chain(&by_value.others).copied().collect()
    }
}

impl ByValue {
    fn of(sites: &[Site], key: &str) -> Self {
        let mut own = Self::default();
        for (number, site) in sites.iter().enumerate() {
            let values = site.labels.listed_of(key).filter(|values| values.len() == 1);
            match values.and_then(|values| values.first()) {
                Some(value) => own.of_value.entry(value.clone()).or_default().push(number),
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
