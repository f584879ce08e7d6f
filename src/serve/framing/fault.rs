//! What can be wrong with the framing of a request, and how that is told.

/// A fault that makes two readers of one connection disagree, or that no honest client makes.
///
/// After any of them the connection is closed: where the next request begins is in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A body where the method has none.
    #[error("a GET, HEAD, DELETE or OPTIONS request carries no body")]
    Body,
    /// Bytes in a chunked body that are no chunk.
    #[error("a chunk of the request body is malformed")]
    Chunk,
    /// A chunk extension.
    #[error("a chunk of the request body has an extension; send plain chunks")]
    ChunkExtension,
    /// A header name that only the gate itself may use.
    #[error("the request has a header that is reserved for this gateway")]
    Forged,
    /// An HTTP/1.0 request with a transfer coding.
    #[error("an HTTP/1.0 request has no Transfer-Encoding")]
    Http10,
    /// A field line without a colon, or a name that is no token.
    #[error("a header line has no name and colon, or white space between them")]
    HeaderName,
    /// A control or a byte outside ASCII in a value.
    #[error("a header value holds characters outside visible ASCII")]
    HeaderValue,
    /// A head with more bytes than allowed.
    #[error("the request head is larger than 64 KiB")]
    HeadBytes,
    /// A head with more fields than allowed.
    #[error("the request head has more than 100 fields")]
    HeadFields,
    /// A head that did not come in time.
    #[error("the request head did not arrive in time")]
    HeadWait,
    /// A length that is not one plain number.
    #[error("the Content-Length is not one plain decimal number")]
    Length,
    /// A length beside a transfer coding, in either order.
    #[error("the request has both Content-Length and Transfer-Encoding; send one")]
    LengthAndCoding,
    /// A second length, equal or not.
    #[error("the header `content-length` comes more than once; send it once")]
    LengthTwice,
    /// A line that does not end in CR LF.
    #[error("a line of the request head does not end in CR LF")]
    LineEnd,
    /// A method that asks for a tunnel or an echo.
    #[error("the MCP endpoint answers POST, GET and DELETE; it makes no tunnel and no echo")]
    Method,
    /// A value that goes on in the next line.
    #[error("a header value is folded over several lines; send it in one")]
    ObsoleteFold,
    /// A first line that is not method, target and version with single spaces.
    #[error("the request line is malformed")]
    RequestLine,
    /// A target that is neither a path nor a URL.
    #[error("the request target is neither a path nor a URL in plain characters")]
    Target,
    /// A field behind a chunked body.
    #[error("the request body is followed by trailer fields; send none")]
    Trailer,
    /// A transfer coding that is not `chunked`.
    #[error("the Transfer-Encoding is something else than `chunked`")]
    TransferCoding,
    /// A second transfer coding.
    #[error("the header `transfer-encoding` comes more than once; send it once")]
    TransferCodingTwice,
    /// A wish for another protocol on this connection.
    #[error("this endpoint upgrades to no other protocol (Upgrade, HTTP2-Settings)")]
    Upgrade,
    /// A version other than HTTP/1.0 and HTTP/1.1.
    #[error("the request is neither HTTP/1.1 nor HTTP/1.0")]
    Version,
}

impl Fault {
    /// Every fault, so that one can be told by its place.
    pub const ALL: [Self; 23] = [
        Self::Body,
        Self::Chunk,
        Self::ChunkExtension,
        Self::Forged,
        Self::Http10,
        Self::HeaderName,
        Self::HeaderValue,
        Self::HeadBytes,
        Self::HeadFields,
        Self::HeadWait,
        Self::Length,
        Self::LengthAndCoding,
        Self::LengthTwice,
        Self::LineEnd,
        Self::Method,
        Self::ObsoleteFold,
        Self::RequestLine,
        Self::Target,
        Self::Trailer,
        Self::TransferCoding,
        Self::TransferCodingTwice,
        Self::Upgrade,
        Self::Version,
    ];

    /// What HTTP calls it.
    pub fn http_status(self) -> u16 {
        match self {
            Self::HeadBytes | Self::HeadFields => 431,
            Self::HeadWait => 408,
            Self::Method => 405,
            Self::Body
            | Self::Chunk
            | Self::ChunkExtension
            | Self::Forged
            | Self::Http10
            | Self::HeaderName
            | Self::HeaderValue
            | Self::Length
            | Self::LengthAndCoding
            | Self::LengthTwice
            | Self::LineEnd
            | Self::ObsoleteFold
            | Self::RequestLine
            | Self::Target
            | Self::Trailer
            | Self::TransferCoding
            | Self::TransferCodingTwice
            | Self::Upgrade
            | Self::Version => 400,
        }
    }

    /// The fault at a place of [`Fault::ALL`], as [`Fault::place`] wrote it.
    pub fn at(place: &str) -> Option<Self> {
        Self::ALL.get(place.parse::<usize>().ok()?).copied()
    }

    /// Its place in [`Fault::ALL`].
    pub fn place(self) -> usize {
        Self::ALL.iter().position(|fault| *fault == self).unwrap_or(Self::ALL.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_again_by_its_place() {
        for fault in Fault::ALL {
            assert_eq!(Fault::at(&fault.place().to_string()), Some(fault));
            assert!((400..500).contains(&fault.http_status()));
        }
        assert_eq!(Fault::at(&Fault::ALL.len().to_string()), None);
        assert_eq!(Fault::at("-1"), None);
    }
}
