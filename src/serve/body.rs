//! Bodies: read whole within bounds, and sent whole or as events.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use super::framing::Fault;
use super::load::Entered;
use crate::bounds::{BODY_GRACE, BODY_PACE_BYTES};

/// A body on its way to the client.
pub enum Outgoing {
    /// All of it, with a known length: leaves in one write with the head.
    Whole(Full<Bytes>),
    /// Events, each as soon as it is whole.
    Events(BoxStream<'static, Bytes>),
    /// Nothing, and no end: its events go past the codec.
    Lent,
    /// Events of a stream that may be silent for hours.
    Watch(BoxStream<'static, Bytes>),
}

impl Outgoing {
    /// A body that is known already.
    pub fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::Whole(Full::new(bytes.into()))
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Whole(full) => Pin::new(full).poll_frame(context),
            Self::Events(events) | Self::Watch(events) => {
                events.as_mut().poll_next(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
            Self::Lent => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(full) => full.is_end_stream(),
            Self::Events(_) | Self::Lent | Self::Watch(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(full) => full.size_hint(),
            Self::Events(_) | Self::Lent | Self::Watch(_) => SizeHint::default(),
        }
    }
}

/// Why a body could not be read whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadFault {
    /// The peer closed or broke the framing.
    Broken,
    /// There is no room for its bytes now.
    Crowded,
    /// The client framed it so that two readers could end it elsewhere.
    Framing(Fault),
    /// It did not come in time.
    TooSlow,
    /// It has more bytes than allowed.
    TooLarge,
}

/// Reads the body of an answer whole.
///
/// A body that says beforehand that it is too large is refused before it is read.
pub async fn read<B>(body: B, bytes_max: usize, wait: Duration) -> Result<Bytes, ReadFault>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(ReadFault::TooLarge);
    }
    let collected = Limited::new(body, bytes_max).collect();
    match tokio::time::timeout(wait, collected).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(fault)) if fault.is::<LengthLimitError>() => Err(ReadFault::TooLarge),
        Ok(Err(_)) => Err(ReadFault::Broken),
        Err(_) => Err(ReadFault::TooSlow),
    }
}

/// Reads the body of a client's request whole.
///
/// It may take `wait` in all, and after `BODY_GRACE` it must have come with `BODY_PACE_BYTES` a second: each as many
/// bytes buy a second more. Trailer fields are refused: some readers take them for header fields. `entered` makes room
/// for it, all at once where its length is known.
pub async fn read_request(
    mut body: Incoming,
    bytes_max: usize,
    wait: Duration,
    entered: &Entered,
) -> Result<Bytes, ReadFault> {
    let least = body.size_hint().lower();
    if least > bytes_max as u64 {
        return Err(ReadFault::TooLarge);
    }
    if !entered.hold(usize::try_from(least).unwrap_or(usize::MAX)) {
        return Err(ReadFault::Crowded);
    }
    let begun = Instant::now();
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while !body.is_end_stream() {
        let received = first.len() + rest.len();
        let bought = BODY_GRACE + Duration::from_secs((received / BODY_PACE_BYTES) as u64);
        let frame = match timeout_at(begun + wait.min(bought), body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(fault))) => return Err(framing(&fault).map_or(ReadFault::Broken, ReadFault::Framing)),
            Ok(None) => break,
            Err(_) => return Err(ReadFault::TooSlow),
        };
        let Ok(data) = frame.into_data() else { return Err(ReadFault::Framing(Fault::Trailer)) };
        if received + data.len() > bytes_max {
            return Err(ReadFault::TooLarge);
        }
        if !entered.hold(received + data.len()) {
            return Err(ReadFault::Crowded);
        }
        // A body that comes in one piece is not copied.
        if received == 0 {
            first = data;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// What the guard of the connection said, if it was the guard that failed the read.
fn framing(fault: &hyper::Error) -> Option<Fault> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(fault);
    while let Some(error) = cause {
        let told = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(fault) = told.and_then(|told| told.downcast_ref::<Fault>()) {
            return Some(*fault);
        }
        cause = error.source();
    }
    None
}
