//! Label selectors.

use crate::domain::sanitise;
use crate::objects::{LabelRequirement, LabelSelector};
use crate::reach::{Selector, Wanted};

/// What a label selector selects.
///
/// # Errors
/// Says what of it the API server would have refused.
pub fn selector(own: &LabelSelector<'_>) -> Result<Selector, String> {
    let labels = own.labels.iter().fold(Selector::everything(), |all, (key, value)| {
        all.with(key, Wanted::one_of([value.to_string()]))
    });
    own.expressions.iter().try_fold(labels, |all, one| Ok(all.with(&one.key, wanted(one)?)))
}

fn wanted(one: &LabelRequirement<'_>) -> Result<Wanted, String> {
    let values = || one.values.iter().map(ToString::to_string);
    let operator = one.operator.as_ref();
    match (operator, one.values.is_empty()) {
        ("In", false) => Ok(Wanted::one_of(values())),
        ("NotIn", false) => Ok(Wanted::none_of(values())),
        ("Exists", true) => Ok(Wanted::present()),
        ("DoesNotExist", true) => Ok(Wanted::absent()),
        ("In" | "NotIn", true) => Err(format!("a requirement `{operator}` has no values")),
        ("Exists" | "DoesNotExist", false) => Err(format!("a requirement `{operator}` has values")),
        _ => Err(format!("the operator `{}` is not known", sanitise(operator, 63))),
    }
}
