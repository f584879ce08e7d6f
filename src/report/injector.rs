//! What is counted of the injector: closed sets, each value a label.

use crate::inject::{Code, Kind};

/// What became of a request to the injector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reviewed {
    /// No review could be judged, for a reason of ours; the pod does not come to be.
    Error(ReviewError),
    /// It is about something else than the creation of a pod, and was let through.
    Passed,
    /// The pod gets a gate.
    Patched,
    /// The pod does not come to be.
    Refused(Code),
    /// It is no review, for a reason of the sender's.
    Rejected(Rejection),
    /// The pod comes to be as it is.
    Skipped(Code),
}

/// Why a review could not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewError {
    /// Too many are in hand.
    Busy,
    /// The program failed.
    Internal,
}

/// Why a request is no review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// Its body ended before its end.
    Cut,
    /// Its head is malformed, or can be read in two ways.
    Head,
    /// Its body is not one strict JSON value.
    Json,
    /// Its body is of another media type, or encoded.
    MediaType,
    /// Its method is another.
    Method,
    /// It was posted elsewhere.
    Path,
    /// Its body is larger than the bound.
    TooLarge,
    /// It did not come in time.
    TooSlow,
    /// It is a review of another version.
    Version,
    /// Its members are not those of a review.
    Words,
}

/// What is read again when its files change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReloadSubject {
    /// The certificate and its key.
    Certificate,
    /// The settings of injection.
    Settings,
}

impl Reviewed {
    /// Everything that can become of one.
    pub(super) fn all() -> Vec<Self> {
        let of = |kind| Code::ALL.iter().copied().filter(move |code| code.kind() == kind);
        let errors = ReviewError::ALL.iter().copied().map(Self::Error);
        let rejections = Rejection::ALL.iter().copied().map(Self::Rejected);
        let (refused, skipped) = (of(Kind::Refusal).map(Self::Refused), of(Kind::Skip).map(Self::Skipped));
        let plain = [Self::Passed, Self::Patched].into_iter();
        plain.chain(errors).chain(rejections).chain(refused).chain(skipped).collect()
    }

    /// The labels `result` and `reason`.
    pub fn labels(self) -> [&'static str; 2] {
        match self {
            Self::Error(error) => ["error", error.as_str()],
            Self::Passed => ["passed", "none"],
            Self::Patched => ["patched", "none"],
            Self::Refused(code) => ["refused", code.label()],
            Self::Rejected(rejection) => ["rejected", rejection.as_str()],
            Self::Skipped(code) => ["skipped", code.label()],
        }
    }
}

impl ReviewError {
    const ALL: &[Self] = &[Self::Busy, Self::Internal];

    fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Internal => "internal",
        }
    }
}

impl Rejection {
    const ALL: &[Self] = &[
        Self::Cut,
        Self::Head,
        Self::Json,
        Self::MediaType,
        Self::Method,
        Self::Path,
        Self::TooLarge,
        Self::TooSlow,
        Self::Version,
        Self::Words,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Head => "head",
            Self::Json => "json",
            Self::MediaType => "media_type",
            Self::Method => "method",
            Self::Path => "path",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Version => "version",
            Self::Words => "words",
        }
    }
}

impl ReloadSubject {
    pub(super) const ALL: &[Self] = &[Self::Certificate, Self::Settings];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Settings => "settings",
        }
    }
}
