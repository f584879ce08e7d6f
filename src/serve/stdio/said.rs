//! A line of the server while it is judged, which may take as long as its prose is read.

use bytes::Bytes;

use crate::serve::child::lines::Line;

/// A line of the server.
pub(super) struct Said {
    /// All of it, or the first and last bytes of one beyond the bound.
    pub bytes: Bytes,
    pub is_cut: bool,
}

impl From<Line<'_>> for Said {
    fn from(line: Line<'_>) -> Self {
        match line {
            Line::Whole(bytes) => Self { bytes: Bytes::copy_from_slice(bytes), is_cut: false },
            Line::Cut(bytes) => Self { bytes: Bytes::copy_from_slice(bytes), is_cut: true },
        }
    }
}
