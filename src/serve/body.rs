//! Bodies: read whole within bounds, and sent in one of two shapes.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;

use super::framing::Fault;

/// A body on its way to the client.
pub enum Outgoing {
    /// All of it, with a known length: leaves in one write with the head.
    Whole(Full<Bytes>),
    /// Events, each as soon as it is whole.
    Events(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
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
            Self::Events(events) => {
                events.as_mut().poll_next(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(full) => full.is_end_stream(),
            Self::Events(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(full) => full.size_hint(),
            Self::Events(_) => SizeHint::default(),
        }
    }
}

/// Why a body could not be read whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadFault {
    /// The peer closed or broke the framing.
    Broken,
    /// The client framed it so that two readers could end it elsewhere.
    Framing(Fault),
    /// It did not come in time.
    TooSlow,
    /// It has more bytes than allowed.
    TooLarge,
}

/// Reads a body whole.
///
/// A body that says beforehand that it is too large is refused before it is read.
pub async fn read(body: Incoming, bytes_max: usize, wait: Duration) -> Result<Bytes, ReadFault> {
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(ReadFault::TooLarge);
    }
    let collected = Limited::new(body, bytes_max).collect();
    match tokio::time::timeout(wait, collected).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(fault)) if fault.is::<LengthLimitError>() => Err(ReadFault::TooLarge),
        Ok(Err(fault)) => Err(framing(&*fault).map_or(ReadFault::Broken, ReadFault::Framing)),
        Err(_) => Err(ReadFault::TooSlow),
    }
}

/// What the guard of the connection said, if it was the guard that failed the read.
fn framing(fault: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<Fault> {
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
