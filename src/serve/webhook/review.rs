//! The words of an admission review: what is asked, and the answers to it.
//!
//! Source: Kubernetes API reference, `admission.k8s.io/v1`, AdmissionReview; "Dynamic Admission Control".

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Tree, json};

use crate::bounds::{REVIEW_NAME_BYTES_MAX, REVIEW_UID_BYTES_MAX};
use crate::json::{self, Document, Kind, Value};

/// A question of the API server.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// What the answer must repeat.
    pub uid: Box<str>,
    /// Where the object is to be.
    pub namespace: Box<str>,
    /// What the object is to be called, or what its name begins with; for the log.
    pub name: Box<str>,
    /// Who asks for it.
    pub user: Box<str>,
    /// Whether nothing will come of it.
    pub run: Run,
    /// What it is about.
    pub subject: Subject,
}

/// Whether what is asked for is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// Nothing is stored whatever the answer.
    Dry,
    /// It is.
    Real,
}

/// What a review is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// Anything but the creation of a pod, in the words of the API: `UPDATE pods`.
    Other(Box<str>),
    /// A pod that is to be created.
    Pod(Tree),
}

/// Why a body is no review that can be answered; the sender's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviewFault {
    /// A member is missing or wrong.
    #[error("the admission review is malformed: {0}")]
    Field(&'static str),
    /// It is not one strict JSON value.
    #[error("the request body is no plain JSON: {0}")]
    Json(json::Fault),
    /// It is of another version.
    #[error("the review is not of admission.k8s.io/v1; set `admissionReviewVersions: [v1]` in the webhook")]
    Version,
}

const VERSION: &str = "admission.k8s.io/v1";

/// Reads a review.
///
/// # Errors
/// [`ReviewFault`]. A key that stands twice is one, at any depth: the API server may have read the other.
pub fn read(bytes: &[u8]) -> Result<Review, ReviewFault> {
    let document = Document::parse(bytes).map_err(ReviewFault::Json)?;
    let root = document.root();
    if text(root, "kind").as_deref() != Some("AdmissionReview") {
        return Err(ReviewFault::Field("`kind` is not AdmissionReview"));
    }
    if text(root, "apiVersion").as_deref() != Some(VERSION) {
        return Err(ReviewFault::Version);
    }
    let field = |is_sound: bool, fault| if is_sound { Ok(()) } else { Err(ReviewFault::Field(fault)) };
    let request = root.get("request").filter(|value| value.kind() == Kind::Object);
    let request = request.ok_or(ReviewFault::Field("it has no `request`"))?;
    let uid = text(request, "uid").unwrap_or_default();
    let is_uid = (1..=REVIEW_UID_BYTES_MAX).contains(&uid.len()) && uid.bytes().all(|b| b.is_ascii_graphic());
    field(is_uid, "`request.uid` is no id")?;
    let run = match request.get("dryRun").map(|value| value.kind()) {
        None | Some(Kind::False | Kind::Null) => Run::Real,
        Some(Kind::True) => Run::Dry,
        Some(Kind::Array | Kind::Key | Kind::Number | Kind::Object | Kind::String) => {
            return Err(ReviewFault::Field("`request.dryRun` is neither true nor false"));
        }
    };
    let user = request.get("userInfo").and_then(|user| text(user, "username"));
    let user = user.ok_or(ReviewFault::Field("`request.userInfo.username` is no text"))?;
    let (subject, namespace) = (subject(request)?, text(request, "namespace").unwrap_or_default());
    if matches!(subject, Subject::Pod(_)) {
        field(is_label(&namespace), "`request.namespace` is no name of a namespace")?;
    }
    let (namespace, user) = (namespace.into(), user.into());
    Ok(Review { uid: uid.into(), namespace, name: name(request), user, run, subject })
}

fn subject(request: Value<'_>) -> Result<Subject, ReviewFault> {
    let operation = text(request, "operation").ok_or(ReviewFault::Field("`request.operation` is no text"))?;
    let resource = request.get("resource").ok_or(ReviewFault::Field("it has no `request.resource`"))?;
    let of = |name| text(resource, name).unwrap_or_default();
    let (group, version, resource) = (of("group"), of("version"), of("resource"));
    let within = text(request, "subResource").unwrap_or_default();
    let what = [&*operation, &*group, &*version, &*resource, &*within];
    if what != ["CREATE", "", "v1", "pods", ""] {
        let slash = |text: &str| if text.is_empty() { String::new() } else { format!("/{text}") };
        let told = format!("{operation} {resource}{}{}", slash(&within), slash(&group));
        return Ok(Subject::Other(cut(&told).into()));
    }
    let object = request.get("object").filter(|value| value.kind() == Kind::Object);
    let object = object.ok_or(ReviewFault::Field("`request.object` is no pod"))?;
    // It has been checked by a stricter reader, of less depth.
    let pod =
        serde_json::from_str(object.raw()).map_err(|_| ReviewFault::Field("`request.object` is no pod"))?;
    Ok(Subject::Pod(pod))
}

/// What the object is called, or the begin of what it will be called.
fn name(request: Value<'_>) -> Box<str> {
    let named = text(request, "name").filter(|name| !name.is_empty());
    let begin = || text(request.get("object")?.get("metadata")?, "generateName");
    cut(&named.or_else(begin).unwrap_or_default()).into()
}

fn text<'d>(object: Value<'d>, name: &str) -> Option<Cow<'d, str>> {
    object.get(name)?.string()
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(REVIEW_NAME_BYTES_MAX)]
}

/// Whether a text is a label of DNS, as names of namespaces and Services are. Source: RFC 1123.
pub fn is_label(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(is_plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// An answer to a review.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The object comes to be, changed by a patch where there is one.
    Allowed {
        /// A JSON patch (RFC 6902).
        patch: Option<Tree>,
        /// What the user is told beside.
        warnings: Vec<String>,
    },
    /// It does not.
    Refused {
        /// As of HTTP.
        code: u16,
        /// Why, and what to do.
        message: String,
    },
}

impl Answer {
    /// Writes the review that answers the one with this `uid`; the API server keeps `notes` in its audit log.
    pub fn write(&self, uid: &str, notes: [&'static str; 2]) -> Vec<u8> {
        let mut response =
            json!({ "uid": uid, "auditAnnotations": { "result": notes[0], "reason": notes[1] } });
        match self {
            Self::Allowed { patch, warnings } => {
                response["allowed"] = true.into();
                if let Some(patch) = patch {
                    response["patchType"] = "JSONPatch".into();
                    response["patch"] = STANDARD.encode(patch.to_string()).into();
                }
                if !warnings.is_empty() {
                    response["warnings"] = warnings.iter().map(|text| one_line(text)).collect();
                }
            }
            Self::Refused { code, message } => {
                let reason = if *code == 403 { "Forbidden" } else { "InternalError" };
                let message = one_line(message);
                response["allowed"] = false.into();
                response["status"] =
                    json!({ "status": "Failure", "code": code, "reason": reason, "message": message });
            }
        }
        json!({ "apiVersion": VERSION, "kind": "AdmissionReview", "response": response })
            .to_string()
            .into_bytes()
    }
}

/// `text` without controls: a warning becomes a header field.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests;
