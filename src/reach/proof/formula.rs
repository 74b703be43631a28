//! What must hold of a connection, and the search for one of which it does.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::reach::addresses::AddressSet;
use crate::reach::labels::Selector;
use crate::reach::ports::{PortSet, Protocol};

/// One of the two pods of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one that opens it.
    Source,
    /// The one that takes it.
    Destination,
}

/// What a pod, its namespace and its address may be.
#[derive(Debug, Clone)]
pub struct Range {
    /// The labels of its namespace.
    pub namespace: Selector,
    /// Its own.
    pub pod: Selector,
    /// Its address in this connection.
    pub addresses: AddressSet,
}

/// All connections of which the same is known.
#[derive(Debug, Clone)]
pub struct Case {
    /// Who opens them.
    pub source: Range,
    /// Who takes them.
    pub destination: Range,
    /// The ports.
    pub ports: PortSet,
    /// Whether the destination gives the port this name; free where it is not here.
    pub names: BTreeMap<(Protocol, String), bool>,
}

/// Something that holds of a connection or does not.
#[derive(Debug, Clone)]
pub enum Formula<'w> {
    /// Each of them holds.
    All(Vec<Self>),
    /// One of them holds.
    Any(Vec<Self>),
    /// This holds.
    Is(Fact<'w>),
}

/// What has no parts that hold or do not.
#[derive(Debug, Clone)]
pub enum Fact<'w> {
    /// A pod has such labels.
    Pod(Which, Cow<'w, Selector>),
    /// A pod's namespace has such labels.
    Namespace(Which, Cow<'w, Selector>),
    /// A pod has one of these addresses.
    Address(Which, Cow<'w, AddressSet>),
    /// The port is one of these.
    Port(Cow<'w, PortSet>),
    /// The destination gives the port this name, or does not.
    Named(Protocol, &'w str, bool),
}

/// The search was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenUp;

/// How many alternatives are tried of one question. Requirements that people write need a few; whoever
/// writes selectors that need more has written a puzzle.
const TRIES: usize = 10_000;

impl<'w> Formula<'w> {
    /// What always holds.
    pub const ALWAYS: Self = Self::All(Vec::new());
    /// What never does.
    pub const NEVER: Self = Self::Any(Vec::new());

    /// Each of them.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept: Vec<Self> = parts.into_iter().filter(|own| !own.is_always()).collect();
        if kept.iter().any(Self::is_never) {
            return Self::NEVER;
        }
        if kept.len() == 1 { kept.pop().unwrap_or(Self::ALWAYS) } else { Self::All(kept) }
    }

    /// One of them.
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept: Vec<Self> = parts.into_iter().filter(|own| !own.is_never()).collect();
        if kept.iter().any(Self::is_always) {
            return Self::ALWAYS;
        }
        if kept.len() == 1 { kept.pop().unwrap_or(Self::NEVER) } else { Self::Any(kept) }
    }

    /// What always holds, or what never does.
    pub fn constant(holds: bool) -> Self {
        if holds { Self::ALWAYS } else { Self::NEVER }
    }

    /// Whether it can be seen that it always holds.
    pub fn is_always(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }

    /// Whether it can be seen that it never does.
    pub fn is_never(&self) -> bool {
        matches!(self, Self::Any(parts) if parts.is_empty())
    }

    /// What holds where it does not.
    pub fn negated(&self) -> Self {
        let each = |parts: &[Self]| parts.iter().map(Self::negated).collect::<Vec<_>>();
        match self {
            Self::All(parts) => Self::any(each(parts)),
            Self::Any(parts) => Self::all(each(parts)),
            Self::Is(fact) => fact.negated(),
        }
    }

    /// A case in which it holds of every connection, within this one; none if there is none.
    ///
    /// # Errors
    /// [`GivenUp`] where too many alternatives had to be tried.
    pub fn within(&self, case: &Case) -> Result<Option<Case>, GivenUp> {
        let first = Branch { case: case.clone(), left: std::slice::from_ref(self), open: vec![] };
        let mut branches = vec![first];
        let mut tries = 0;
        while let Some(branch) = branches.last_mut() {
            let Some((next, left)) = branch.left.split_first() else {
                branches.pop();
                continue;
            };
            branch.left = left;
            tries += 1;
            if tries > TRIES {
                return Err(GivenUp);
            }
            let Some((case, mut open)) = branch.taken(next) else { continue };
            // Where few ways lead on, most is seen early.
            let fewest = open.iter().enumerate().min_by_key(|(_, parts)| parts.len());
            let Some((index, _)) = fewest else { return Ok(Some(case)) };
            let left = open.swap_remove(index);
            branches.push(Branch { case, left, open });
        }
        Ok(None)
    }
}

impl<'w> Fact<'w> {
    fn negated(&self) -> Formula<'w> {
        let any = |parts: Vec<Selector>, of: &dyn Fn(Cow<'w, Selector>) -> Self| {
            Formula::any(parts.into_iter().map(|own| Formula::Is(of(Cow::Owned(own)))))
        };
        match self {
            Self::Pod(which, selector) => any(selector.negated(), &|own| Self::Pod(*which, own)),
            Self::Namespace(which, selector) => {
                any(selector.negated(), &|own| Self::Namespace(*which, own))
            }
            Self::Address(which, set) => {
                Formula::Is(Self::Address(*which, Cow::Owned(AddressSet::all().without(set))))
            }
            Self::Port(set) => Formula::Is(Self::Port(Cow::Owned(PortSet::all().without(set)))),
            Self::Named(protocol, name, given) => Formula::Is(Self::Named(*protocol, name, !given)),
        }
    }
}

/// A case, and what is still to be decided of it.
struct Branch<'f, 'w> {
    case: Case,
    /// One of these holds: the ones that were not tried.
    left: &'f [Formula<'w>],
    /// And one of each of these.
    open: Vec<&'f [Formula<'w>]>,
}

impl<'f, 'w> Branch<'f, 'w> {
    /// The case in which this holds too, and what is to be decided then.
    fn taken(&self, formula: &'f Formula<'w>) -> Option<(Case, Vec<&'f [Formula<'w>]>)> {
        let (mut case, mut open) = (self.case.clone(), self.open.clone());
        let mut due = vec![formula];
        while let Some(next) = due.pop() {
            match next {
                Formula::All(parts) => due.extend(parts),
                Formula::Any(parts) => open.push(parts),
                Formula::Is(fact) => case.narrow(fact)?,
            }
        }
        Some((case, open))
    }
}

impl Case {
    fn range(&mut self, which: Which) -> &mut Range {
        match which {
            Which::Source => &mut self.source,
            Which::Destination => &mut self.destination,
        }
    }

    /// Leaves what a fact holds of; none where that is nothing.
    fn narrow(&mut self, fact: &Fact<'_>) -> Option<()> {
        let is_left = match fact {
            Fact::Pod(which, selector) => {
                let own = &mut self.range(*which).pod;
                *own = own.and(selector);
                !own.is_nothing()
            }
            Fact::Namespace(which, selector) => {
                let own = &mut self.range(*which).namespace;
                *own = own.and(selector);
                !own.is_nothing()
            }
            Fact::Address(which, set) => {
                let own = &mut self.range(*which).addresses;
                *own = own.and(set);
                !own.is_empty()
            }
            Fact::Port(set) => {
                self.ports = self.ports.and(set);
                !self.ports.is_empty()
            }
            Fact::Named(protocol, name, given) => {
                let own = self.names.entry((*protocol, (*name).to_owned())).or_insert(*given);
                *own == *given
            }
        };
        is_left.then_some(())
    }
}
