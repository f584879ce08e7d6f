//! What a caller shows, and what comes of it.

use std::sync::Arc;

use super::{Caller, PeerCertificate, Refused, Replays, TokenInquiry};

/// What a caller shows of itself: every part from the one request or connection, none of it believed yet.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// The value of the one `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The value of the one `DPoP` header.
    pub dpop: Option<&'a str>,
    /// The HTTP method, which a proof of possession names.
    pub method: &'a str,
    /// The certificate that the client showed in the TLS handshake.
    pub certificate: Option<&'a PeerCertificate>,
    /// Where the proofs are remembered that were shown before; without it, none holds.
    pub replays: Option<&'a Replays>,
}

/// What is known of a caller after a look at the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Who calls.
    Caller(Arc<Caller>),
    /// Not known yet: carry out the inquiry, then look again.
    Pending(Inquiry),
    /// Nobody; the caller's fault, or nobody can tell now.
    Refused(Refused),
}

/// What has to be asked out of band before a caller can be known. The pure room asks for it, the shell does it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Inquiry {
    /// Fetch the keys of the issuer at this place of the directory's.
    Keys(usize),
    /// Ask the directory's [`introspection`](super::Directory::introspection) about a token.
    Token(TokenInquiry),
}

impl<'a> Evidence<'a> {
    /// Nothing but an `Authorization` value, or nothing at all.
    pub fn header(authorization: Option<&'a str>) -> Self {
        Self { authorization, method: "POST", ..Self::default() }
    }
}

impl Finding {
    /// The caller, for whoever has nobody to ask.
    ///
    /// # Errors
    /// [`Refused`]; a pending inquiry is [`Refused::Unavailable`].
    pub fn settled(self) -> Result<Arc<Caller>, Refused> {
        match self {
            Self::Caller(caller) => Ok(caller),
            Self::Pending(_) => Err(Refused::Unavailable),
            Self::Refused(refused) => Err(refused),
        }
    }
}
