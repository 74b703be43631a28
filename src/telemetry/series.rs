//! Families whose series all exist from the start.

use std::borrow::Cow;
use std::marker::PhantomData;

use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::registry::Metric;

/// A closed set of label values.
pub(super) trait Label: Copy + 'static {
    /// The label's name.
    const KEY: &'static str;
    /// Every value, in the order of [`Label::index`].
    const ALL: &'static [Self];
    /// The value's place in [`Label::ALL`]; beyond its end for a value that is never counted.
    fn index(self) -> usize;
    /// The value as it prints.
    fn text(self) -> Cow<'static, str>;
}

type Pairs = Vec<(&'static str, Cow<'static, str>)>;

/// A family with one label, looked up by index.
pub(super) struct By<A, M> {
    series: Box<[M]>,
    labels: PhantomData<A>,
}

impl<A: Label, M: Metric + Clone> By<A, M> {
    pub(super) fn new<C: MetricConstructor<M> + Clone>(make: C) -> (Self, Family<Pairs, M, C>) {
        let family = Family::new_with_constructor(make);
        let one = |a: &A| family.get_or_create_owned(&vec![(A::KEY, a.text())]);
        (Self { series: A::ALL.iter().map(one).collect(), labels: PhantomData }, family)
    }

    pub(super) fn of(&self, a: A) -> Option<&M> {
        self.series.get(a.index())
    }
}

/// A family with two labels.
pub(super) struct ByTwo<A, B, M> {
    series: Box<[By<B, M>]>,
    labels: PhantomData<A>,
}

impl<A: Label, B: Label, M: Metric + Clone + Default> ByTwo<A, B, M> {
    pub(super) fn new() -> (Self, Family<Pairs, M>) {
        let family = Family::<Pairs, M>::default();
        let row = |a: &A| {
            let one =
                |b: &B| family.get_or_create_owned(&vec![(A::KEY, a.text()), (B::KEY, b.text())]);
            By { series: B::ALL.iter().map(one).collect(), labels: PhantomData }
        };
        (Self { series: A::ALL.iter().map(row).collect(), labels: PhantomData }, family)
    }

    pub(super) fn of(&self, a: A, b: B) -> Option<&M> {
        self.series.get(a.index())?.of(b)
    }
}
