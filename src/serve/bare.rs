//! HTTP/1.1 to the server without the codec: for a request whose answer stays open for hours.
//!
//! hyper's client keeps 27 KiB for a connection, nearly all of it buffers and a queue for requests that
//! will not come. Here a connection carries one request; what is kept while its answer is silent is the
//! socket and a few numbers, and every read goes through the stack.
//!
//! An answer is read more strictly than the codec does: a length beside a coding, a coding that is not
//! `chunked` alone, chunk extensions and trailers are faults of the server.
//!
//! Source: RFC 9112, sections 2.1, 6 and 7.

#[cfg(test)]
mod tests;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::framing::Chunks;
use crate::bounds::{HEAD_BYTES_MAX, HEAD_FIELDS_MAX};

/// What is read of a socket at once. On the stack, so that nothing of it stays.
const READ_BYTES: usize = 8 << 10;

/// A connection, whatever it goes over.
pub trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

/// The body of an answer, as it comes; owns the connection, which ends with it.
pub struct Flow {
    socket: Box<dyn Socket>,
    /// What came with the head, and is no body yet.
    early: Vec<u8>,
    extent: Extent,
}

/// The body of an answer of the server, by whichever way it was asked.
pub enum Answer {
    /// Without the codec.
    Bare(Flow),
    /// Through the codec, over a connection that is kept.
    Kept(Incoming),
}

/// How far a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Chunked(Chunks),
    /// So many more bytes.
    Length(u64),
    /// Until the server closes.
    Open,
}

/// Sends one request and waits for the head of its answer.
///
/// # Errors
/// What the socket says; [`io::ErrorKind::UnexpectedEof`] where the server closes first, and
/// [`io::ErrorKind::InvalidData`] where its answer is not HTTP.
pub async fn ask(mut socket: Box<dyn Socket>, request: Request<Bytes>) -> io::Result<Response<Flow>> {
    socket.write_all(&written(&request)).await?;
    drop(request);
    let mut read = Vec::new();
    loop {
        if let Some((head, length)) = head(&read)? {
            read.drain(..length);
            if head.status().is_informational() {
                continue;
            }
            let extent = extent(&head)?;
            read.shrink_to_fit();
            return Ok(head.map(|()| Flow { socket, early: read, extent }));
        }
        if read.len() > HEAD_BYTES_MAX {
            return Err(faulty("its head is too long"));
        }
        if socket.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The request in wire form.
fn written(request: &Request<Bytes>) -> Vec<u8> {
    let body = request.body();
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let mut wire = format!("{} {target} HTTP/1.1\r\n", request.method()).into_bytes();
    for (name, value) in request.headers() {
        let line = [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"];
        line.iter().for_each(|part| wire.extend_from_slice(part));
    }
    if *request.method() != Method::GET {
        wire.extend_from_slice(format!("{CONTENT_LENGTH}: {}\r\n", body.len()).as_bytes());
    }
    wire.extend_from_slice(b"\r\n");
    wire.extend_from_slice(body);
    wire
}

/// Reads a head and its length in bytes; `None` while it is not whole.
fn head(bytes: &[u8]) -> io::Result<Option<(Response<()>, usize)>> {
    let mut fields = [httparse::EMPTY_HEADER; HEAD_FIELDS_MAX];
    let mut parsed = httparse::Response::new(&mut fields);
    let length = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(fault) => return Err(io::Error::new(io::ErrorKind::InvalidData, fault)),
    };
    let mut headers = HeaderMap::with_capacity(parsed.headers.len());
    for field in parsed.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes());
        let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(field.value)) else {
            return Err(faulty("a header field cannot be read"));
        };
        headers.append(name, value);
    }
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(parsed.code.unwrap_or_default())
        .map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault))?;
    *response.headers_mut() = headers;
    Ok(Some((response, length)))
}

/// How far the body behind a head goes.
fn extent(head: &Response<()>) -> io::Result<Extent> {
    let mut codings = head.headers().get_all(TRANSFER_ENCODING).iter();
    let mut lengths = head.headers().get_all(CONTENT_LENGTH).iter();
    if matches!(head.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return Ok(Extent::Length(0));
    }
    match (codings.next(), lengths.next()) {
        (None, None) => Ok(Extent::Open),
        (None, Some(length)) => {
            let digits = length.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            let length = digits.and_then(|digits| digits.parse().ok()).map(Extent::Length);
            length.filter(|_| lengths.next().is_none()).ok_or_else(|| faulty("its length is ambiguous"))
        }
        (Some(coding), None)
            if coding.as_bytes().eq_ignore_ascii_case(b"chunked") && codings.next().is_none() =>
        {
            Ok(Extent::Chunked(Chunks::START))
        }
        (Some(_), _) => Err(faulty("its transfer coding is ambiguous")),
    }
}

fn faulty(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

impl Extent {
    fn is_over(self) -> bool {
        matches!(self, Self::Chunked(Chunks::Done) | Self::Length(0))
    }

    /// Takes the data out of `input`, which came next.
    fn data(&mut self, input: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Open => Ok(input.to_vec()),
            Self::Length(left) => {
                let taken = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= taken as u64;
                Ok(input[..taken].to_vec())
            }
            Self::Chunked(chunks) => {
                let mut data = Vec::new();
                let mut at = 0;
                while at < input.len() && *chunks != Chunks::Done {
                    let left = chunks.data_left();
                    // A byte of framing at a time, and data in one piece.
                    let taken = (input.len() - at).min(usize::try_from(left).unwrap_or(usize::MAX).max(1));
                    let piece = &input[at..at + taken];
                    if left > 0 {
                        data.extend_from_slice(piece);
                    }
                    chunks.follow(piece).map_err(|_| faulty("its chunks are ambiguous"))?;
                    at += taken;
                }
                Ok(data)
            }
        }
    }
}

impl Body for Flow {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let flow = self.get_mut();
        loop {
            let early = std::mem::take(&mut flow.early);
            let data = if flow.extent.is_over() {
                return Poll::Ready(None);
            } else if early.is_empty() {
                let mut room = [0; READ_BYTES];
                let mut buffer = ReadBuf::new(&mut room);
                match ready!(Pin::new(&mut flow.socket).poll_read(context, &mut buffer)) {
                    Err(fault) => return Poll::Ready(Some(Err(fault))),
                    Ok(()) if !buffer.filled().is_empty() => flow.extent.data(buffer.filled()),
                    Ok(()) if flow.extent == Extent::Open => {
                        flow.extent = Extent::Length(0);
                        return Poll::Ready(None);
                    }
                    Ok(()) => return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
                }
            } else {
                flow.extent.data(&early)
            };
            match data {
                Ok(data) if data.is_empty() => {}
                data => return Poll::Ready(Some(data.map(|data| Frame::data(data.into())))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.extent.is_over()
    }

    fn size_hint(&self) -> SizeHint {
        match self.extent {
            Extent::Length(left) => SizeHint::with_exact(left),
            Extent::Chunked(_) | Extent::Open => SizeHint::default(),
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Bare(flow) => Pin::new(flow).poll_frame(context).map_err(Into::into),
            Self::Kept(incoming) => Pin::new(incoming).poll_frame(context).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Bare(flow) => flow.is_end_stream(),
            Self::Kept(incoming) => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Bare(flow) => flow.size_hint(),
            Self::Kept(incoming) => incoming.size_hint(),
        }
    }
}
