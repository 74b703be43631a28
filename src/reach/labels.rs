//! Labels, and selectors as sets of them.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

use litemap::LiteMap;
use smol_str::SmolStr;

/// The labels of an object. Those of very many are held at once, so that they take little memory: most texts stand in
/// the map itself.
pub type Labels = LiteMap<SmolStr, SmolStr>;

/// What one label may be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wanted {
    /// Whether it may be absent.
    absent: bool,
    values: Values,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Values {
    /// These alone.
    Only(BTreeSet<String>),
    /// Every other one.
    Except(BTreeSet<String>),
}

impl Wanted {
    /// `In`: it has one of the values.
    #[must_use]
    pub fn one_of(values: impl IntoIterator<Item = String>) -> Self {
        Self { absent: false, values: Values::Only(values.into_iter().collect()) }
    }

    /// `NotIn`: it is absent or has none of the values.
    #[must_use]
    pub fn none_of(values: impl IntoIterator<Item = String>) -> Self {
        Self { absent: true, values: Values::Except(values.into_iter().collect()) }
    }

    /// `Exists`: it has any value.
    #[must_use]
    pub fn present() -> Self {
        Self { absent: false, values: Values::Except(BTreeSet::new()) }
    }

    /// It is absent or has one of the values.
    #[must_use]
    pub fn absent_or(values: impl IntoIterator<Item = String>) -> Self {
        Self { absent: true, values: Values::Only(values.into_iter().collect()) }
    }

    /// `DoesNotExist`.
    #[must_use]
    pub fn absent() -> Self {
        Self { absent: true, values: Values::Only(BTreeSet::new()) }
    }

    fn is_anything(&self) -> bool {
        self.absent && matches!(&self.values, Values::Except(values) if values.is_empty())
    }

    /// Nobody can list all values that there are.
    fn is_nothing(&self) -> bool {
        !self.absent && matches!(&self.values, Values::Only(values) if values.is_empty())
    }

    fn admits(&self, value: Option<&SmolStr>) -> bool {
        match (value, &self.values) {
            (None, _) => self.absent,
            (Some(value), Values::Only(values)) => values.contains(value.as_str()),
            (Some(value), Values::Except(values)) => !values.contains(value.as_str()),
        }
    }

    fn and(&self, other: &Self) -> Self {
        let values = match (&self.values, &other.values) {
            (Values::Only(one), Values::Only(other)) => Values::Only(one & other),
            (Values::Except(one), Values::Except(other)) => Values::Except(one | other),
            (Values::Only(only), Values::Except(not))
            | (Values::Except(not), Values::Only(only)) => Values::Only(only - not),
        };
        Self { absent: self.absent && other.absent, values }
    }

    /// What is not admitted.
    #[must_use]
    pub fn negated(&self) -> Self {
        let values = match &self.values {
            Values::Only(values) => Values::Except(values.clone()),
            Values::Except(values) => Values::Only(values.clone()),
        };
        Self { absent: !self.absent, values }
    }

    /// A value that is admitted where the label must not be absent.
    fn example(&self) -> Option<String> {
        if self.absent {
            return None;
        }
        match &self.values {
            Values::Only(values) => values.first().cloned(),
            Values::Except(values) => {
                let numbered = (1..).map(|number| format!("any-{number}"));
                std::iter::once("any".to_owned()).chain(numbered).find(|own| !values.contains(own))
            }
        }
    }
}

/// The labels that a selector selects: for each key that it speaks of, what the label may be.
///
/// Two selectors that select the same labels are equal, but for those that select none. A copy takes no memory of
/// its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector(Arc<LiteMap<SmolStr, Wanted>>);

/// Selectors, each kept once: many policies say the same.
#[derive(Debug, Clone, Default)]
pub struct Selectors(HashSet<Selector>);

impl Selectors {
    /// Has a selector be a copy of one that is known.
    pub fn share(&mut self, own: &mut Selector) {
        match self.0.get(own) {
            Some(known) => *own = known.clone(),
            None => {
                self.0.insert(own.clone());
            }
        }
    }
}

impl Selector {
    /// What selects everything.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    /// This selector, which further requires something of a label.
    #[must_use]
    pub fn with(mut self, key: &str, wanted: Wanted) -> Self {
        let both = match self.0.get(key) {
            Some(own) => own.and(&wanted),
            None => wanted,
        };
        if !both.is_anything() {
            Arc::make_mut(&mut self.0).insert(key.into(), both);
        }
        self
    }

    /// What requires of each key that its label is this.
    #[must_use]
    pub fn exactly(labels: &Labels) -> Self {
        labels.iter().fold(Self::default(), |own, (key, value)| {
            own.with(key, Wanted::one_of([value.to_string()]))
        })
    }

    /// Where what it says stands in memory: copies of one selector have one place, and who has that place says
    /// the same.
    pub(super) fn place(&self) -> *const () {
        Arc::as_ptr(&self.0).cast()
    }

    /// The keys that it speaks of.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(SmolStr::as_str)
    }

    /// The keys that must have one of some values, and these.
    pub fn listed(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        self.0.iter().filter_map(|(key, wanted)| match (wanted.absent, &wanted.values) {
            (false, Values::Only(values)) => Some((key.as_str(), values)),
            (_, Values::Only(_) | Values::Except(_)) => None,
        })
    }

    /// The values of which a key must have one; none where it may be absent, or have any but some.
    pub fn listed_of(&self, key: &str) -> Option<&BTreeSet<String>> {
        match self.0.get(key)? {
            Wanted { absent: false, values: Values::Only(values) } => Some(values),
            Wanted { .. } => None,
        }
    }

    /// The values of a key that it speaks of, whether they fit or do not.
    pub fn values(&self, key: &str) -> impl Iterator<Item = &str> {
        let values = self.0.get(key).map(|wanted| match &wanted.values {
            Values::Only(values) | Values::Except(values) => values,
        });
        values.into_iter().flatten().map(String::as_str)
    }

    /// Whether some labels fit both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let fits = |(key, wanted): (&SmolStr, &Wanted)| {
            other.0.get(key.as_str()).is_none_or(|other| !wanted.and(other).is_nothing())
        };
        !other.is_nothing() && !self.is_nothing() && self.0.iter().all(fits)
    }

    /// How much it says: a measure of what it costs to have another made of it.
    #[must_use]
    pub fn size(&self) -> usize {
        let values = self.0.values().map(|wanted| match &wanted.values {
            Values::Only(values) | Values::Except(values) => 1 + values.len(),
        });
        values.sum()
    }

    /// Whether it selects everything.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether no labels fit.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.0.values().any(Wanted::is_nothing)
    }

    /// Whether these labels fit.
    #[must_use]
    pub fn selects(&self, labels: &Labels) -> bool {
        self.0.iter().all(|(key, wanted)| wanted.admits(labels.get(key.as_str())))
    }

    /// What these labels would have to be to fit, for each key that is at fault: a value, or absent.
    #[must_use]
    pub fn missing(&self, labels: &Labels) -> Vec<(String, Option<String>)> {
        let wrong = self.0.iter().filter(|(key, wanted)| !wanted.admits(labels.get(key.as_str())));
        wrong.map(|(key, wanted)| (key.to_string(), wanted.example())).collect()
    }

    /// What both select.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        other.0.iter().fold(self.clone(), |own, (key, wanted)| own.with(key, wanted.clone()))
    }

    /// What it does not select, as selectors of which no labels fit two.
    #[must_use]
    pub fn negated(&self) -> Vec<Self> {
        let mut held = Self::default();
        let mut parts = Vec::with_capacity(self.0.len());
        for (key, wanted) in self.0.iter() {
            parts.push(held.clone().with(key, wanted.negated()));
            held = held.with(key, wanted.clone());
        }
        parts.retain(|part| !part.is_nothing());
        parts
    }

    /// Whether every labels that the other selects are selected.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        self.negated().iter().all(|part| other.and(part).is_nothing())
    }

    /// Labels that fit, as few as can be; what they are where no labels fit means nothing.
    #[must_use]
    pub fn example(&self) -> Labels {
        let own = self.0.iter();
        own.filter_map(|(key, wanted)| Some((key.clone(), wanted.example()?.into()))).collect()
    }
}

/// As `kubectl --selector` writes it.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &BTreeSet<String>| {
            values.iter().map(String::as_str).collect::<Vec<_>>().join(",")
        };
        let texts = self.0.iter().map(|(key, wanted)| match (wanted.absent, &wanted.values) {
            (false, Values::Only(values)) if values.len() == 1 => format!("{key}={}", list(values)),
            (false, Values::Only(values)) => format!("{key} in ({})", list(values)),
            (false, Values::Except(values)) if values.is_empty() => key.to_string(),
            (false, Values::Except(values)) => format!("{key},{key} notin ({})", list(values)),
            (true, Values::Only(values)) if values.is_empty() => format!("!{key}"),
            (true, Values::Only(values)) => format!("{key} absent or in ({})", list(values)),
            (true, Values::Except(values)) => format!("{key} notin ({})", list(values)),
        });
        f.write_str(&texts.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted() -> impl Strategy<Value = Wanted> {
        let values = || prop::collection::vec("[xy]", 0..3);
        prop_oneof![
            values().prop_map(Wanted::one_of),
            values().prop_map(Wanted::none_of),
            values().prop_map(Wanted::absent_or),
            Just(Wanted::present()),
            Just(Wanted::absent()),
        ]
    }

    fn selector() -> impl Strategy<Value = Selector> {
        prop::collection::vec(("[ab]", wanted()), 0..4).prop_map(|all| {
            all.into_iter()
                .fold(Selector::everything(), |own, (key, wanted)| own.with(&key, wanted))
        })
    }

    /// Every labels that those selectors can tell apart.
    fn worlds() -> Vec<Labels> {
        let values = [None, Some("x"), Some("y"), Some("z")];
        let pairs = values.iter().flat_map(|a| values.iter().map(move |b| [("a", *a), ("b", *b)]));
        let own = |pair: [(&str, Option<&str>); 2]| {
            let there = pair.into_iter().filter_map(|(key, value)| Some((key, value?)));
            there.map(|(key, value)| (key.into(), value.into())).collect()
        };
        pairs.map(own).collect()
    }

    proptest! {
        #[test]
        fn selectors_are_sets(one in selector(), other in selector()) {
            for labels in worlds() {
                let both = one.selects(&labels) && other.selects(&labels);
                prop_assert_eq!(one.and(&other).selects(&labels), both);
                let outside = one.negated().iter().filter(|part| part.selects(&labels)).count();
                prop_assert_eq!(outside, usize::from(!one.selects(&labels)), "{}", one);
            }
            let meet = worlds().iter().any(|own| one.selects(own) && other.selects(own));
            prop_assert_eq!(one.meets(&other), meet);
            prop_assert_eq!(one.is_nothing(), !worlds().iter().any(|own| one.selects(own)));
            prop_assert_eq!(one.is_everything(), worlds().iter().all(|own| one.selects(own)));
            prop_assert!(one.is_nothing() || one.selects(&one.example()));
            let same = worlds().iter().all(|own| one.selects(own) == other.selects(own));
            if same && !one.is_nothing() {
                prop_assert_eq!(&one, &other);
            }
        }
    }

    #[test]
    fn it_is_written_as_kubectl_writes_it() {
        let values = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let own = Selector::everything()
            .with("a", Wanted::one_of(values(&["x"])))
            .with("b", Wanted::one_of(values(&["x", "y"])))
            .with("c", Wanted::none_of(values(&["x"])))
            .with("d", Wanted::present())
            .with("e", Wanted::absent());
        assert_eq!(own.to_string(), "a=x,b in (x,y),c notin (x),d,!e");
    }
}
