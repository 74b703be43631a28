//! Keys and items that are taken away, with their lines and the comments at their ends. A comment
//! that has a line of its own stays.

use std::ops::Range;

use super::places::{Editor, Spot};
use super::{Patch, Plan};
use crate::objects::yaml::{Kind, Node};

impl Editor<'_> {
    pub(super) fn remove(self, spot: Spot<'_>) -> Result<Vec<Plan>, &'static str> {
        let Some(parent) = spot.parent else { return Err("a whole document is not taken away") };
        if self.is_flow(parent) {
            return Ok(vec![self.remove_flow(parent, spot)?]);
        }
        // A block that has nothing in it any more.
        let holder = Spot { node: parent, parent: None, key: spot.parent_key, ..spot };
        match &parent.kind {
            Kind::Map(entries) if entries.len() == 1 => Ok(vec![self.collapse(holder, "{}")?]),
            Kind::List(items) if items.len() == 1 => Ok(vec![self.collapse(holder, "[]")?]),
            Kind::List(_) => Ok(vec![self.remove_item(parent, spot)?]),
            _ => Ok(vec![self.remove_key(parent, spot)?]),
        }
    }

    /// One line in the place of a block.
    pub(super) fn collapse(self, spot: Spot<'_>, written: &str) -> Result<Plan, &'static str> {
        let node = spot.node;
        let (start, end) = (node.span.bytes.start, self.end(node));
        if !self.ends_line(end) {
            return Err("something follows on its line");
        }
        let after = spot.key.map(|key| self.after_colon(key));
        match after.filter(|after| self.ends_line(*after) && self.begins_line(start)) {
            Some(after) => {
                let mut plan = vec![Patch::insert(after, format!(" {written}"))];
                plan.extend(self.lines(start, end));
                Ok(plan)
            }
            // The block begins on the line of its dash, or is the whole document.
            None if !self.slice(start..end).contains('#') => {
                Ok(vec![Patch { bytes: start..end, with: written.to_owned() }])
            }
            None => Err("comments stand inside of it"),
        }
    }

    fn remove_key(self, parent: &Node, spot: Spot<'_>) -> Result<Plan, &'static str> {
        let key = spot.key.ok_or("it has no key")?;
        let (start, end) = (key.bytes.start, self.spot_end(spot));
        if !self.ends_line(end) {
            return Err("something follows on its line");
        }
        if self.begins_line(start) {
            return Ok(self.lines(start, end));
        }
        // It stands behind the dash of its item: what comes next takes its place there.
        let next = self.next_key(parent, start).ok_or("nothing is left behind its dash")?;
        let between = self.slice(self.line_end(end)..next);
        if between.trim().is_empty() {
            return Ok(vec![Patch { bytes: start..next, with: String::new() }]);
        }
        let dash = self.slice(0..start).trim_end().len();
        Ok(vec![Patch { bytes: dash..self.line_end(end), with: String::new() }])
    }

    fn next_key(self, parent: &Node, after: usize) -> Option<usize> {
        let Kind::Map(entries) = &parent.kind else { return None };
        let starts = entries.iter().map(|entry| entry.key_span.bytes.start);
        starts.filter(|start| *start > after).min()
    }

    fn remove_item(self, parent: &Node, spot: Spot<'_>) -> Result<Plan, &'static str> {
        let dash = self.dash(parent, spot).ok_or("its dash is not found")?;
        let end = self.end(spot.node).max(dash + 1);
        if !self.begins_line(dash) || !self.ends_line(end) {
            return Err("it shares its line");
        }
        Ok(self.lines(dash, end))
    }

    /// The dash of an item: in the list's column, on the item's line or above it.
    fn dash(self, list: &Node, spot: Spot<'_>) -> Option<usize> {
        let mut at = spot.node.span.bytes.start;
        loop {
            let start = self.line_start(at);
            let dash = start + list.span.column - 1;
            if dash <= at
                && self.byte(dash) == Some(b'-')
                && self.slice(start..dash).trim().is_empty()
            {
                return Some(dash);
            }
            at = start.checked_sub(1).filter(|at| *at >= list.span.bytes.start)?;
        }
    }

    fn remove_flow(self, parent: &Node, spot: Spot<'_>) -> Result<Plan, &'static str> {
        let places: Vec<Range<usize>> = match &parent.kind {
            Kind::Map(entries) => {
                let place = |entry: &crate::objects::yaml::Entry| {
                    entry.key_span.bytes.start..self.entry_end(&entry.key_span, &entry.value)
                };
                entries.iter().map(place).collect()
            }
            Kind::List(items) => {
                items.iter().map(|item| item.span.bytes.start..self.end(item)).collect()
            }
            _ => Vec::new(),
        };
        let own = places.get(spot.index).ok_or("it has no place")?;
        let before = places.iter().filter(|place| place.end <= own.start).max_by_key(|it| it.end);
        let after = places.iter().filter(|place| place.start >= own.end).min_by_key(|it| it.start);
        let (bytes, between) = match (before, after) {
            (_, Some(after)) => (own.start..after.start, own.end..after.start),
            (Some(before), None) => (before.end..own.end, before.end..own.start),
            (None, None) => (own.clone(), 0..0),
        };
        if self.slice(between).contains('#') {
            return Err("a comment stands beside it");
        }
        Ok(vec![Patch { bytes, with: String::new() }])
    }

    /// The lines from one byte's to another's, but for comments that have a line of their own.
    fn lines(self, start: usize, end: usize) -> Plan {
        let (mut at, last) = (self.line_start(start), self.next_line(end));
        let mut plan = Vec::new();
        while at < last {
            let next = self.next_line(at);
            if !self.slice(at..next).trim_start().starts_with('#') {
                plan.push(Patch { bytes: at..next, with: String::new() });
            }
            at = next;
        }
        plan
    }
}
