//! What the gate shows to the server behind it, as a plan: the files and endpoints, never a secret.

use std::path::Path;
use std::time::Duration;

use crate::identity::Endpoint;

/// How the gate proves to the server that it may speak to it.
///
/// The client's own token is never among the ways.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Credentials {
    /// A token that the gate gets for itself. Source: RFC 6749, section 4.4.
    ClientCredentials(TokenClient),
    /// One header with what a file holds.
    Header(HeaderFile),
    /// Not at all.
    #[default]
    None,
    /// A token that is got for the caller's. Source: RFC 8693.
    TokenExchange(Exchange),
}

/// Which of the ways it is, without its particulars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// See [`Credentials::ClientCredentials`].
    ClientCredentials,
    /// See [`Credentials::Header`].
    Header,
    /// See [`Credentials::TokenExchange`].
    TokenExchange,
}

/// A header whose value is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderFile {
    /// In lower case; none that the protocol or HTTP uses.
    pub name: Box<str>,
    /// What stands before the content of the file, such as `Bearer ` with its blank.
    pub prefix: Box<str>,
    /// An absolute path.
    pub file: Box<Path>,
}

/// The gate as a client of an authorization server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClient {
    /// Where tokens are to be had.
    pub token_url: Endpoint,
    /// Who the gate is there.
    pub client_id: Box<str>,
    /// An absolute path.
    pub client_secret_file: Box<Path>,
    /// How id and secret are told.
    pub client_auth: ClientAuth,
    /// What is asked for; empty asks for what the authorization server gives by itself.
    pub scopes: Box<[Box<str>]>,
    /// The server that the token is for. Source: RFC 8707.
    pub resource: Option<Box<str>>,
}

/// How a client tells its id and secret. Source: RFC 6749, section 2.3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuth {
    /// In the `Authorization` header.
    #[default]
    Basic,
    /// In the form.
    Post,
}

/// A token exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Who asks, where, and for what.
    pub client: TokenClient,
    /// The server's name at the authorization server, where that is not the resource.
    pub audience: Option<Box<str>>,
    /// An absolute path of a JWT that says who acts for the caller, such as an SVID of the gate.
    pub actor_token_file: Option<Box<Path>>,
}

/// A signed statement about the caller, which the server may trust in place of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityPlan {
    /// In lower case.
    pub header: Box<str>,
    /// Whom the statement is for.
    pub audience: Box<str>,
    /// An absolute path of a private key in PKCS #8; without one, a key is made at start.
    pub key_file: Option<Box<Path>>,
    /// How long a statement holds: whole seconds.
    pub lifetime: Duration,
}

/// The header of a statement about the caller, where the policy names no other.
pub const IDENTITY_HEADER: &str = "x-sluicegate-identity";

impl Credentials {
    /// Which way it is; `None` where nothing is shown.
    pub fn kind(&self) -> Option<CredentialKind> {
        match self {
            Self::ClientCredentials(_) => Some(CredentialKind::ClientCredentials),
            Self::Header(_) => Some(CredentialKind::Header),
            Self::None => None,
            Self::TokenExchange(_) => Some(CredentialKind::TokenExchange),
        }
    }
}

impl CredentialKind {
    /// Every way, in the order of [`CredentialKind::index`].
    pub const ALL: &[Self] = &[Self::ClientCredentials, Self::Header, Self::TokenExchange];

    /// Its place in [`CredentialKind::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The word for it in policies and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::Header => "header",
            Self::TokenExchange => "token_exchange",
        }
    }
}

impl ClientAuth {
    /// Both ways.
    pub const ALL: &[Self] = &[Self::Basic, Self::Post];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Post => "post",
        }
    }
}
