//! Whether RBAC makes somebody the platform.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
};
use kube::Api;
use kube::api::PostParams;

use super::Cluster;
use crate::domain::Requester;
use crate::state::{AuthorityLookup, LookupError};

/// How long an answer holds: who loses a right may use it for as long.
const KEPT: Duration = Duration::from_secs(60);
/// How many answers are kept.
const MOST: usize = 1024;

/// Answers that still hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers(Arc<Mutex<HashMap<Requester, (Instant, bool)>>>);

impl Answers {
    fn of(&self, requester: &Requester, now: Instant) -> Option<bool> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, answer) = known.get(requester)?;
        (now.saturating_duration_since(*since) < KEPT).then_some(*answer)
    }

    fn keep(&self, requester: &Requester, now: Instant, answer: bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, (since, _)| now.saturating_duration_since(*since) < KEPT);
        }
        if known.len() < MOST {
            known.insert(requester.clone(), (now, answer));
        }
    }
}

impl AuthorityLookup for Cluster {
    fn administers<'a>(
        &'a self,
        requester: &'a Requester,
    ) -> Pin<Box<dyn Future<Output = Result<bool, LookupError>> + Send + 'a>> {
        Box::pin(async move {
            if let Some(answer) = self.answers.of(requester, Instant::now()) {
                return Ok(answer);
            }
            let reviews: Api<SubjectAccessReview> = Api::all(self.client.clone());
            let asked = reviews.create(&PostParams::default(), &question(requester)).await;
            let review = asked.map_err(|error| LookupError(error.to_string()))?;
            let answer = review.status.is_some_and(|status| status.allowed);
            self.answers.keep(requester, Instant::now(), answer);
            Ok(answer)
        })
    }
}

fn question(requester: &Requester) -> SubjectAccessReview {
    let attributes = ResourceAttributes {
        group: Some("ringfence.dev".to_owned()),
        resource: Some("tenants".to_owned()),
        verb: Some("administer".to_owned()),
        ..ResourceAttributes::default()
    };
    SubjectAccessReview {
        spec: SubjectAccessReviewSpec {
            user: Some(requester.name.clone()),
            groups: Some(requester.groups.clone()),
            resource_attributes: Some(attributes),
            ..SubjectAccessReviewSpec::default()
        },
        ..SubjectAccessReview::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somebody(number: usize) -> Requester {
        Requester { name: format!("user-{number}"), groups: vec!["devs".to_owned()] }
    }

    #[test]
    fn an_answer_holds_for_a_minute_and_for_the_same_groups() {
        let answers = Answers::default();
        let start = Instant::now();
        answers.keep(&somebody(1), start, true);
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(answers.of(&somebody(1), after(59)), Some(true));
        assert_eq!(answers.of(&somebody(1), after(60)), None);
        assert_eq!(answers.of(&somebody(2), start), None);
        let other = Requester { groups: Vec::new(), ..somebody(1) };
        assert_eq!(answers.of(&other, start), None);
    }

    #[test]
    fn so_many_answers_are_kept_and_old_ones_make_room() {
        let answers = Answers::default();
        let start = Instant::now();
        for number in 0..=MOST {
            answers.keep(&somebody(number), start, false);
        }
        assert_eq!(answers.of(&somebody(MOST - 1), start), Some(false));
        assert_eq!(answers.of(&somebody(MOST), start), None);
        answers.keep(&somebody(MOST), start + KEPT, false);
        assert_eq!(answers.of(&somebody(MOST), start + KEPT), Some(false));
    }
}
