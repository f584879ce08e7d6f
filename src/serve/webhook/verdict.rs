//! From what becomes of a pod to what the API server, the metrics and the log are told.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde_json::Value;

use super::review::{Answer, Review, Run, Subject};
use crate::bounds::REVIEW_REASONS_MAX;
use crate::inject::{Outcome, Refusal, Request, Settings, document, inject};
use crate::report::{ReviewError, Reviewed};

/// A review with its answer.
#[derive(Debug)]
pub struct Settled {
    /// What became of it, for the metrics.
    pub reviewed: Reviewed,
    /// The answer, written.
    pub body: Vec<u8>,
    review: Review,
    /// How many operations the patch has.
    operations: usize,
}

impl Settled {
    /// Writes the one line about it: whose pod it is and what became of it, nothing that stands in it.
    pub fn log(&self, took: Duration) {
        let [result, reason] = self.reviewed.labels();
        let Review { uid, namespace, name, user, run, .. } = &self.review;
        let code = match self.reviewed {
            Reviewed::Refused(code) | Reviewed::Skipped(code) => code.as_str(),
            Reviewed::Error(_) | Reviewed::Passed | Reviewed::Patched | Reviewed::Rejected(_) => "",
        };
        let (operations, microseconds, dry_run) = (self.operations, took.as_micros(), *run == Run::Dry);
        tracing::info!(
            %uid, %namespace, pod = %name, %user, dry_run, result, reason, code, operations, microseconds, "reviewed"
        );
    }
}

/// Judges a review by the settings. A panic while judging refuses the pod.
pub fn settle(review: Review, settings: &Settings) -> Settled {
    settle_by(review, |pod, review| {
        let request = Request { namespace: &review.namespace, asker: Some(&review.user) };
        inject(pod, &request, settings)
    })
}

fn settle_by(review: Review, judge: impl Fn(&Value, &Review) -> Outcome) -> Settled {
    let (reviewed, answer, notes) = match &review.subject {
        Subject::Other(what) => {
            let warning = format!(
                "sluicegate judges the creation of pods only, and let `{what}` pass: mend the webhook's `rules`"
            );
            (Reviewed::Passed, Answer::Allowed { patch: None, warnings: vec![warning] }, None)
        }
        Subject::Pod(pod) => match catch_unwind(AssertUnwindSafe(|| judge(pod, &review))) {
            Ok(outcome) => told(outcome),
            Err(_) => {
                let message =
                    "the injector failed to judge this pod, so it may not run; see the injector's log";
                let answer = Answer::Refused { code: 500, message: message.into() };
                (Reviewed::Error(ReviewError::Internal), answer, None)
            }
        },
    };
    let [result, reason] = reviewed.labels();
    let operations = match &answer {
        Answer::Allowed { patch: Some(Value::Array(operations)), .. } => operations.len(),
        Answer::Allowed { .. } | Answer::Refused { .. } => 0,
    };
    let body = answer.write(&review.uid, [result, notes.unwrap_or(reason)]);
    // The pod itself is not needed any more.
    let review = Review { subject: Subject::Other(Box::default()), ..review };
    Settled { reviewed, body, review, operations }
}

/// What is told of an outcome; with it, for the audit log of the cluster, the mode of a pod that got a gate.
fn told(outcome: Outcome) -> (Reviewed, Answer, Option<&'static str>) {
    match outcome {
        Outcome::Patched(patched) => {
            let warnings = patched.warnings.iter().map(ToString::to_string).collect();
            let answer = Answer::Allowed { patch: Some(document(&patched.patch)), warnings };
            (Reviewed::Patched, answer, Some(patched.mode.as_str()))
        }
        Outcome::Skipped(skip) => {
            (Reviewed::Skipped(skip.code), Answer::Allowed { patch: None, warnings: Vec::new() }, None)
        }
        Outcome::Refused(refusals) => {
            let message = message(&refusals);
            match refusals.first() {
                Some(first) => (Reviewed::Refused(first.code), Answer::Refused { code: 403, message }, None),
                None => {
                    (Reviewed::Error(ReviewError::Internal), Answer::Refused { code: 500, message }, None)
                }
            }
        }
    }
}

/// All reasons, within bounds.
fn message(refusals: &[Refusal]) -> String {
    let mut told: Vec<_> = refusals.iter().take(REVIEW_REASONS_MAX).map(ToString::to_string).collect();
    if let Some(more) = refusals.len().checked_sub(REVIEW_REASONS_MAX).filter(|more| *more > 0) {
        told.push(format!("and {more} more"));
    }
    told.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::{Code, Mode, Operation, Patched, Skip, Warning};

    fn review() -> Review {
        let pod = Subject::Pod(serde_json::json!({ "metadata": { "name": "web" } }));
        let [uid, namespace, name, user] = ["u-1", "tools", "web", "ann"].map(Into::into);
        Review { uid, namespace, name, user, run: Run::Real, subject: pod }
    }

    fn answer(judge: impl Fn(&Value, &Review) -> Outcome) -> (Reviewed, Value) {
        let settled = settle_by(review(), judge);
        let written: Value = serde_json::from_slice(&settled.body).unwrap();
        assert_eq!(written["response"]["uid"], "u-1");
        (settled.reviewed, written["response"].clone())
    }

    #[test]
    fn refuses_the_pod_where_judging_fails() {
        let (reviewed, response) = answer(|_, _| panic!("a fault of the program"));
        assert_eq!(reviewed, Reviewed::Error(ReviewError::Internal));
        assert_eq!((&response["allowed"], &response["status"]["code"]), (&false.into(), &500.into()));
        let (reviewed, response) = answer(|_, _| Outcome::Refused(Vec::new()));
        assert_eq!(
            reviewed,
            Reviewed::Error(ReviewError::Internal),
            "a refusal without a reason is a fault, too"
        );
        assert_eq!(response["allowed"], false);
    }

    #[test]
    fn tells_every_reason_within_bounds() {
        for (count, more) in
            [(1, None), (REVIEW_REASONS_MAX, None), (REVIEW_REASONS_MAX + 2, Some("; and 2 more"))]
        {
            let refusal = Refusal { code: Code::HostNetwork, message: "why".into() };
            let (reviewed, response) = answer(|_, _| Outcome::Refused(vec![refusal.clone(); count]));
            assert_eq!(reviewed, Reviewed::Refused(Code::HostNetwork));
            let told = response["status"]["message"].as_str().unwrap();
            assert_eq!(told.matches("SG0401: why").count(), count.min(REVIEW_REASONS_MAX));
            assert!(more.map_or(!told.contains("more"), |more| told.ends_with(more)), "{told}");
            assert_eq!(response["status"]["code"], 403);
        }
    }

    #[test]
    fn tells_the_warnings_of_a_pod_that_gets_a_gate() {
        let patched = |_: &Value, _: &Review| {
            Outcome::Patched(Box::new(Patched {
                patch: vec![Operation::Remove { path: "/x".into() }],
                pod: Value::Null,
                warnings: vec![Warning { code: Code::Shadow, message: "look".into() }],
                mode: Mode::Redirect,
            }))
        };
        let (reviewed, response) = answer(patched);
        assert_eq!((reviewed, &response["allowed"]), (Reviewed::Patched, &true.into()));
        assert_eq!(response["warnings"], serde_json::json!(["SG0476: look"]));
        let noted = serde_json::json!({ "result": "patched", "reason": "redirect" });
        assert_eq!(response["auditAnnotations"], noted);
        let skipped = |_: &Value, _: &Review| {
            Outcome::Skipped(Skip { code: Code::NotAsked, message: "nothing asks".into() })
        };
        let (reviewed, response) = answer(skipped);
        assert_eq!((reviewed, &response["allowed"]), (Reviewed::Skipped(Code::NotAsked), &true.into()));
        assert!(response.get("patch").is_none());
    }

    #[test]
    fn leaves_what_is_no_creation_of_a_pod_alone_and_says_so() {
        let other = Review { subject: Subject::Other("UPDATE pods".into()), ..review() };
        let settled = settle_by(other, |_, _| panic!("it is not asked"));
        let written: Value = serde_json::from_slice(&settled.body).unwrap();
        assert_eq!((settled.reviewed, &written["response"]["allowed"]), (Reviewed::Passed, &true.into()));
        assert!(written["response"]["warnings"][0].as_str().unwrap().contains("`UPDATE pods`"));
    }
}
