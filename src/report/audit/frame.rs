//! What the queue holds of a line: its body, and what the writer makes the rest from, one behind the other as bytes.

/// A line on its way: its body, and what the writer makes the rest from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub unix_ms: u64,
    pub id: u128,
    pub body: &'a [u8],
}

/// What a frame takes beside its body.
pub(super) const HEAD_BYTES: usize = 4 + 8 + 16;

impl<'a> Frame<'a> {
    /// Adds it behind others.
    pub(super) fn append_to(&self, bytes: &mut Vec<u8>) {
        // A body has less than 16 KiB; a longer one would lose its end here, and its frame nothing.
        let len = u32::try_from(self.body.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(&self.unix_ms.to_le_bytes());
        bytes.extend_from_slice(&self.id.to_le_bytes());
        bytes.extend_from_slice(self.body);
    }

    /// Cuts the first frame from a batch; `None` at its end.
    pub(super) fn cut(batch: &mut &'a [u8]) -> Option<Self> {
        let (len, rest) = batch.split_first_chunk::<4>()?;
        let (unix_ms, rest) = rest.split_first_chunk::<8>()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (body, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        *batch = rest;
        Some(Self { unix_ms: u64::from_le_bytes(*unix_ms), id: u128::from_le_bytes(*id), body })
    }
}
