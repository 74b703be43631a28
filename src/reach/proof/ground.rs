//! A question, with what is looked up in it again and again.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::formula::{Case, Formula, GivenUp, Range};
use super::side::Side;
use super::{Inquiry, Site};
use crate::reach::model::{Direction, Namespaces, Policy};
use crate::reach::ports::PortSet;
use crate::reach::sides::Book;

#[derive(Debug)]
pub(super) struct Ground<'q> {
    pub(super) question: &'q Inquiry<'q>,
    pub(super) book: Book<'q>,
    /// By namespace the policies that could have pods of it as subject, in the order in which they are asked:
    /// of those that have been asked for.
    in_order: Vec<OnceCell<Vec<&'q Policy>>>,
}

impl<'q> Ground<'q> {
    pub(super) fn of(question: &'q Inquiry<'q>) -> Self {
        Self {
            question,
            book: Book::of_policies(question.policies.iter().copied(), true),
            in_order: vec![OnceCell::new(); question.sites.len()],
        }
    }

    /// The policies that could have pods of a namespace as subject, in any order.
    pub(super) fn concerning(&self, site: &Site) -> impl Iterator<Item = &'q Policy> {
        self.book.of(&site.name).filter(|policy| match &policy.subject.namespaces {
            // It is found by that name.
            Namespaces::Named(_) => true,
            Namespaces::Chosen(selector) => site.could_be(selector),
        })
    }

    /// One side of connections between two namespaces.
    pub(super) fn side(
        &self,
        direction: Direction,
        own: usize,
        other: usize,
    ) -> Option<Side<'_, 'q>> {
        let sites = &self.question.sites;
        let (site, other) = (sites.get(own)?, sites.get(other)?);
        let policies = self.in_order.get(own)?.get_or_init(|| {
            let mut policies: Vec<&Policy> = self.concerning(site).collect();
            policies.sort_by_key(|policy| policy.order());
            policies
        });
        Some(Side { direction, own: site, other, policies })
    }

    /// The second of two namespaces, where they can be there at once.
    pub(super) fn differ(&self, one: usize, other: usize) -> Option<&'q Site> {
        let (one, other) = (self.question.sites.get(one)?, self.question.sites.get(other)?);
        (one.name != other.name).then_some(other)
    }

    /// A case in which a formula holds of connections between two namespaces.
    pub(super) fn search(
        &self,
        formula: &Formula<'_>,
        source: &Site,
        destination: &Site,
    ) -> Result<Option<Case>, GivenUp> {
        // A connection is between addresses of one family.
        for addresses in self.question.addresses.by_family() {
            if addresses.is_empty() {
                continue;
            }
            let range = |site: &Site| Range {
                namespace: site.labels.clone(),
                pod: site.pods.clone(),
                addresses: addresses.clone(),
            };
            let case = Case {
                source: range(source),
                destination: range(destination),
                ports: PortSet::all(),
                names: BTreeMap::new(),
            };
            if let Some(found) = formula.within(&case)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
