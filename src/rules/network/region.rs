//! Sets of pods and ports, as boxes: namespaces by their labels, pods by theirs, ports.

use std::cell::Cell;

use crate::domain::{NAME_LABEL, TENANT_LABEL, TenantName};
use crate::reach::{Namespaces, PortSet, Scope, Selector, Wanted};

/// What may be spent on a policy, in labels and values that are looked at: who writes one says how many cuts
/// there are, and how much each costs. What is not decided by then is not within.
const BUDGET: usize = 1_000_000;

/// What is left of that.
pub(super) struct Budget(Cell<usize>);

impl Budget {
    pub(super) fn new() -> Self {
        Self(Cell::new(BUDGET))
    }

    /// What is left of regions without one; all of it, where that is too much to decide.
    pub(super) fn without(&self, rest: Vec<Region>, piece: &Region) -> Vec<Region> {
        let cost = rest.iter().map(Region::size).sum::<usize>();
        match self.0.get().checked_sub(cost) {
            Some(left) => {
                self.0.set(left);
                rest.iter().flat_map(|region| region.without(piece)).collect()
            }
            None => {
                self.0.set(0);
                rest
            }
        }
    }
}

/// The pods of some namespaces, on some ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Region {
    namespaces: Selector,
    pub(super) pods: Selector,
    pub(super) ports: PortSet,
}

impl Region {
    pub(super) fn of(scope: &Scope, ports: PortSet) -> Self {
        let namespaces = match &scope.namespaces {
            Namespaces::Named(name) => named([name.to_string()]),
            Namespaces::Chosen(selector) => selector.clone(),
        };
        Self { namespaces, pods: scope.pods.clone(), ports }
    }

    fn size(&self) -> usize {
        1 + self.namespaces.size() + self.pods.size()
    }

    fn is_empty(&self) -> bool {
        self.namespaces.is_nothing() || self.pods.is_nothing() || self.ports.is_empty()
    }

    /// What is left without another: parts of which none meets it, and no two each other.
    fn without(&self, other: &Self) -> Vec<Self> {
        let mut parts: Vec<Self> = Vec::new();
        let beside = |parts: &mut Vec<Self>, part: Self| {
            if !part.is_empty() {
                parts.push(part);
            }
        };
        for namespaces in other.namespaces.negated() {
            let namespaces = self.namespaces.and(&namespaces);
            beside(&mut parts, Self { namespaces, ..self.clone() });
        }
        let both = Self { namespaces: self.namespaces.and(&other.namespaces), ..self.clone() };
        for pods in other.pods.negated() {
            let pods = both.pods.and(&pods);
            beside(&mut parts, Self { pods, ..both.clone() });
        }
        let ports = both.ports.without(&other.ports);
        beside(&mut parts, Self { pods: both.pods.and(&other.pods), ports, ..both });
        parts
    }
}

/// Whose namespaces are.
pub(super) struct Whose<'a> {
    pub(super) tenant: &'a TenantName,
    pub(super) owner: &'a dyn Fn(&str) -> Option<TenantName>,
    pub(super) budget: &'a Budget,
}

impl Whose<'_> {
    /// The part of a region that is not the tenant's.
    pub(super) fn foreign(&self, region: Region) -> Vec<Region> {
        self.budget.without(self.possible(region), &everywhere(self.own()))
    }

    /// Whether any of a region is the tenant's.
    pub(super) fn has_own(&self, region: Region) -> bool {
        let own = self.own();
        self.possible(region).iter().any(|part| !part.namespaces.and(&own).is_nothing())
    }

    fn own(&self) -> Selector {
        let own = Wanted::one_of([self.tenant.to_string()]);
        Selector::everything().with(TENANT_LABEL, own)
    }

    /// The part of a region that can be. A name that it speaks of is that of the namespace which bears it
    /// now, so that it cannot have another tenant's label.
    fn possible(&self, region: Region) -> Vec<Region> {
        let names = region.namespaces.values(NAME_LABEL).map(str::to_owned);
        let names: Vec<String> = names.collect();
        let mut rest = vec![region];
        for name in names {
            let owned = match (self.owner)(&name) {
                Some(tenant) => Wanted::one_of([tenant.to_string()]),
                None => Wanted::absent(),
            };
            let belied = owned.negated();
            rest = self.budget.without(rest, &everywhere(named([name]).with(TENANT_LABEL, belied)));
        }
        rest
    }
}

fn everywhere(namespaces: Selector) -> Region {
    Region { namespaces, pods: Selector::everything(), ports: PortSet::all() }
}

fn named(names: impl IntoIterator<Item = String>) -> Selector {
    Selector::everything().with(NAME_LABEL, Wanted::one_of(names))
}
