//! What would make the answer about one connection another: the smallest edits, each tried on the world.
//!
//! Candidates are made of what decided; one is told only where the engine, asked again with the edit made,
//! answers otherwise. Policies whose names begin as the controller's do are not edited by hand: between
//! tenants a Grant opens and closes, and inside one a policy beside them.

mod change;

use std::collections::BTreeSet;

use super::ask::{Answer, Known, Point, Question, Why, ask, pairs};
use super::labels::Labels;
use super::model::{Action, Direction, Origin, Peer, Pod, Policy, Scope, World};
use super::sides::{Book, Decision, Step};
use crate::domain::{MANAGED_PREFIX, TENANT_LABEL};

pub use change::{Change, Grantee, Other};

/// Changes that are made together.
pub type Edit = Vec<Change>;

/// Labels that controllers give to pods, by which nobody chooses them for good.
const OF_CONTROLLERS: [&str; 10] = [
    "pod-template-hash",
    "pod-template-generation",
    "controller-revision-hash",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "job-name",
    "batch.kubernetes.io/job-name",
    "batch.kubernetes.io/job-completion-index",
];

/// The edits that make the answer another, the smallest first; none where no policy decided it.
#[must_use]
pub fn edits(world: &World, question: &Question) -> Vec<Edit> {
    let book = Book::new(world);
    let answer = ask(world, &book, question);
    if !matches!(answer.why, Why::Policies { .. }) {
        return Vec::new();
    }
    let Some(asker) = Asker::new(world, &book, question) else { return Vec::new() };
    let mut found = if answer.allowed { asker.closing(&answer) } else { asker.opening(&answer) };
    found.sort_by_key(Vec::len);
    let mut told: Vec<Edit> = Vec::new();
    for edit in found {
        if told.contains(&edit) {
            continue;
        }
        let changed = edit.iter().fold(world.clone(), |world, change| change.made(world));
        if ask(&changed, &Book::new(&changed), question).allowed != answer.allowed {
            told.push(edit);
        }
    }
    told
}

struct Asker<'w, 'b> {
    book: &'b Book<'w>,
    question: &'b Question,
    src: Seen<'w>,
    dst: Seen<'w>,
}

/// One end, and what is known of it.
type Seen<'w> = (Point, Known<'w>);

impl<'w, 'b> Asker<'w, 'b> {
    fn new(world: &'w World, book: &'b Book<'w>, question: &'b Question) -> Option<Self> {
        let seen = |point| Some((point, Known::of(world, point)?));
        Some(Self { book, question, src: seen(question.src)?, dst: seen(question.dst)? })
    }

    /// Who has policies in a direction, and who is at the other end.
    fn ends(&self, direction: Direction) -> (&Seen<'w>, &Seen<'w>) {
        match direction {
            Direction::Egress => (&self.src, &self.dst),
            Direction::Ingress => (&self.dst, &self.src),
        }
    }

    fn opening(&self, answer: &Answer<'w>) -> Vec<Edit> {
        let closed: Vec<(Direction, &Decision<'_>)> = [Direction::Egress, Direction::Ingress]
            .into_iter()
            .filter_map(|direction| Some((direction, answer.why.decision(direction)?)))
            .filter(|(_, decision)| !decision.allowed)
            .collect();
        let mut found: Vec<Edit> = Vec::new();
        for (direction, _) in &closed {
            found.extend(self.labels(*direction).into_iter().map(|change| vec![change]));
        }
        if let Some(grant) = self.grant() {
            found.push(vec![grant]);
        } else {
            let rules = closed.iter().map(|(direction, own)| self.open(*direction, own));
            found.extend(rules.collect::<Option<Edit>>());
        }
        found
    }

    /// Where the ends are different tenants', or one is a tenant's and the other an address.
    fn grant(&self) -> Option<Change> {
        let party = |known: &Known<'_>| match known {
            Known::Outside(address) => Some(Grantee::Address(*address)),
            Known::Pod(namespace, pod) => Some(Grantee::Pods {
                tenant: namespace.labels.get(TENANT_LABEL)?.clone(),
                namespace: namespace.name.clone(),
                labels: lasting(&pod.labels),
            }),
        };
        let (from, to) = (party(&self.src.1)?, party(&self.dst.1)?);
        let tenant = |party: &Grantee| match party {
            Grantee::Pods { tenant, .. } => Some(tenant.clone()),
            Grantee::Address(_) => None,
        };
        (tenant(&from) != tenant(&to)).then_some(Change::Grant {
            from,
            to,
            port: self.question.port,
        })
    }

    /// What opens one direction, after what closed it.
    fn open(&self, direction: Direction, closed: &Decision<'_>) -> Option<Change> {
        let ((_, own), (_, other)) = self.ends(direction);
        let (namespace, pod) = own.pod()?;
        let other = match other {
            Known::Outside(address) => Other::Address(*address),
            Known::Pod(at, pod) => Other::Pods {
                namespace: at.name.clone(),
                is_own: at.name == namespace.name,
                labels: lasting(&pod.labels),
            },
        };
        let port = self.question.port;
        let into = |policy: &Policy| Change::Allow {
            policy: policy.origin.clone(),
            direction,
            other: other.clone(),
            port,
        };
        match closed.steps.last()? {
            Step::Rule { policy, .. } => Some(into(policy)),
            Step::Isolated(policies) => {
                Some(match policies.iter().find(|own| !is_kept(&own.origin)) {
                    Some(by_hand) => into(by_hand),
                    None => Change::Open {
                        namespace: namespace.name.clone(),
                        pods: lasting(&pod.labels),
                        direction,
                        other,
                        port,
                    },
                })
            }
            Step::Undecided(_) | Step::Default => None,
        }
    }

    /// The single labels by which a rule that is there would match: of the other end, or of the pods that
    /// its policy is about.
    fn labels(&self, direction: Direction) -> Vec<Change> {
        let ((point, own), (other_point, other)) = self.ends(direction);
        let Some((namespace, pod)) = own.pod() else { return Vec::new() };
        let mut found = Vec::new();
        for policy in self.book.of(&namespace.name) {
            let Some(side) = policy.side(direction) else { continue };
            let opens = side.rules.iter().any(|rule| rule.action == Action::Accept);
            if !opens || !policy.subject.namespaces.include(namespace) {
                continue;
            }
            if !policy.subject.pods.selects(&pod.labels) {
                found.extend(label(*point, &policy.subject, pod));
                continue;
            }
            let Some((at, other_pod)) = other.pod() else { continue };
            for peer in side.rules.iter().flat_map(|rule| &rule.peers) {
                match peer {
                    Peer::Pods(scope) if scope.namespaces.include(at) => {
                        found.extend(label(*other_point, scope, other_pod));
                    }
                    Peer::Pods(_) | Peer::Addresses(_) | Peer::Everyone => {}
                }
            }
        }
        found
    }

    fn closing(&self, answer: &Answer<'w>) -> Vec<Edit> {
        let directions = [Direction::Ingress, Direction::Egress].into_iter();
        let found = directions.filter_map(|direction| {
            let decision = answer.why.decision(direction)?;
            let ((_, own), _) = self.ends(direction);
            let (namespace, pod) = own.pod()?;
            match decision.steps.last()? {
                Step::Rule { .. } => Some(self.accepting(direction)),
                Step::Default => Some(vec![Change::Close {
                    namespace: namespace.name.clone(),
                    pods: lasting(&pod.labels),
                    direction,
                }]),
                Step::Isolated(_) | Step::Undecided(_) => None,
            }
        });
        found.collect()
    }

    /// Every rule that lets it pass in one direction.
    fn accepting(&self, direction: Direction) -> Edit {
        let ((_, own), (_, other)) = self.ends(direction);
        let Some((namespace, pod)) = own.pod() else { return Vec::new() };
        let sides = self.book.sides(direction, namespace, &pod.labels);
        let talking = pairs(&self.src.1, &self.dst.1);
        let mut rules = BTreeSet::new();
        for (from, to) in talking {
            let address = if direction == Direction::Egress { to } else { from };
            let matching =
                sides.accepting(&other.end(address), self.dst.1.ports(), self.question.port);
            rules.extend(matching.into_iter().map(|(policy, index)| (&policy.origin, index)));
        }
        // The later first, so that the numbers of the others stay.
        let removed = rules.into_iter().rev().map(|(policy, rule)| Change::Remove {
            policy: policy.clone(),
            direction,
            rule,
        });
        removed.collect()
    }
}

/// The one label that a pod lacks to be in a scope, if it is one.
fn label(point: Point, scope: &Scope, pod: &Pod) -> Option<Change> {
    let (Point::Pod(number) | Point::Another(number)) = point else { return None };
    let mut missing = scope.pods.missing(&pod.labels).into_iter();
    let (Some((key, Some(value))), None) = (missing.next(), missing.next()) else { return None };
    let whose = format!("{}/{}[{}]", pod.namespace, pod.name, pod.kind);
    Some(Change::Label { pod: number, whose, key, value })
}

/// Whether the controller keeps a policy.
fn is_kept(origin: &Origin) -> bool {
    origin.name.starts_with(MANAGED_PREFIX)
}

fn lasting(labels: &Labels) -> Labels {
    let own = labels.iter().filter(|(key, _)| !OF_CONTROLLERS.contains(&key.as_str()));
    own.map(|(key, value)| (key.clone(), value.clone())).collect()
}
