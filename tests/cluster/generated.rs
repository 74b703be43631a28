//! What the differential tests share: cases from a seed, and the smallest case that differs.

use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// The source of a run's cases: the same ones each time, others with
/// `RINGFENCE_DIFFERENTIAL_SEED`.
pub fn runner() -> TestRunner {
    let seed =
        std::env::var("RINGFENCE_DIFFERENTIAL_SEED").map_or(1, |seed| seed.parse::<u64>().unwrap());
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(Config::default(), rng)
}

/// How many cases a run has: what the variable asks for, or this many.
pub fn count(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |count| count.parse().unwrap())
}

/// The difference of the smallest case that still has one, beginning with a case that has.
pub fn smallest<T: ValueTree>(
    tree: &mut T,
    mut difference: String,
    mut differs: impl FnMut(T::Value) -> Option<String>,
) -> String {
    while tree.simplify() {
        while let Some(smaller) = differs(tree.current()) {
            difference = smaller;
            if !tree.simplify() {
                break;
            }
        }
        if !tree.complicate() {
            break;
        }
    }
    difference
}
