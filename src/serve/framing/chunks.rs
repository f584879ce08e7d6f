//! A chunked body, followed byte by byte: plain chunks only, no extension and no trailer.

use super::Fault;

/// How far a chunked body has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunks {
    /// In the digits of a size.
    Size {
        /// How many there were.
        digits: u8,
        /// What they say so far.
        bytes: u64,
    },
    /// Behind the CR of a size.
    SizeEnd {
        /// The size.
        bytes: u64,
    },
    /// In the data of a chunk.
    Data {
        /// What is left of it.
        left: u64,
    },
    /// Before the CR behind the data.
    DataCr,
    /// Before the LF behind the data.
    DataLf,
    /// Before the last CR.
    LastCr,
    /// Before the last LF.
    LastLf,
    /// Behind the body.
    Done,
}

/// Digits of a chunk size: more than 64 bits are no size, and neither is a row of zeros.
const SIZE_DIGITS_MAX: u8 = 16;

impl Chunks {
    /// The begin of a body.
    pub const START: Self = Self::Size { digits: 0, bytes: 0 };

    /// How many of the bytes that come next are data; 0 where the next one is framing.
    pub fn data_left(self) -> u64 {
        if let Self::Data { left } = self { left } else { 0 }
    }

    /// Follows `input`, and returns how many bytes of it belong to the body up to its end.
    ///
    /// # Errors
    /// How many bytes were well, and the fault behind them; final, the client's.
    pub fn follow(&mut self, input: &[u8]) -> Result<usize, (usize, Fault)> {
        let mut at = 0;
        while *self != Self::Done {
            let Some(&byte) = input.get(at) else { break };
            if let Self::Data { left } = *self {
                let taken = (input.len() - at).min(usize::try_from(left).unwrap_or(usize::MAX));
                let left = left - taken as u64;
                *self = if left == 0 { Self::DataCr } else { Self::Data { left } };
                at += taken;
                continue;
            }
            *self = self.step(byte).map_err(|fault| (at, fault))?;
            at += 1;
        }
        Ok(at)
    }

    fn step(self, byte: u8) -> Result<Self, Fault> {
        match (self, byte) {
            (Self::Size { digits: 1.., bytes }, b'\r') => Ok(Self::SizeEnd { bytes }),
            (Self::Size { digits: 1.., .. }, b';' | b' ' | b'\t') => Err(Fault::ChunkExtension),
            (Self::Size { digits, bytes }, _) => {
                let digit = (byte as char).to_digit(16).ok_or(Fault::Chunk)?;
                if digits == SIZE_DIGITS_MAX {
                    return Err(Fault::Chunk);
                }
                Ok(Self::Size { digits: digits + 1, bytes: bytes << 4 | u64::from(digit) })
            }
            (Self::SizeEnd { bytes: 0 }, b'\n') => Ok(Self::LastCr),
            (Self::SizeEnd { bytes }, b'\n') => Ok(Self::Data { left: bytes }),
            (Self::DataCr, b'\r') => Ok(Self::DataLf),
            (Self::DataLf, b'\n') => Ok(Self::Size { digits: 0, bytes: 0 }),
            (Self::LastCr, b'\r') => Ok(Self::LastLf),
            (Self::LastCr, _) => Err(Fault::Trailer),
            (Self::LastLf, b'\n') => Ok(Self::Done),
            (
                Self::SizeEnd { .. }
                | Self::Data { .. }
                | Self::DataCr
                | Self::DataLf
                | Self::LastLf
                | Self::Done,
                _,
            ) => Err(Fault::Chunk),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(input: &[u8]) -> Result<usize, Fault> {
        let mut chunks = Chunks::START;
        let at = chunks.follow(input).map_err(|(_, fault)| fault)?;
        assert!(chunks == Chunks::Done || at == input.len());
        Ok(at)
    }

    #[test]
    fn follows_a_body_to_its_end_and_not_beyond() {
        for (input, length) in [
            (&b"0\r\n\r\nGET"[..], 5),
            (b"5\r\nhello\r\n0\r\n\r\n", 15),
            (b"00a\r\n0123456789\r\n000\r\n\r\nxyz", 24),
            (b"A\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n0\r\n\r\n", 26),
            (b"ffffffffffffffff\r\nx", 19),
        ] {
            assert_eq!(whole(input), Ok(length), "{}", input.escape_ascii());
        }
    }

    #[test]
    fn refuses_chunks_that_two_readers_could_end_elsewhere() {
        for (input, fault) in [
            (&b"5;x=1\r\n"[..], Fault::ChunkExtension),
            (b"5 \r\n", Fault::ChunkExtension),
            (b"5\t\r\n", Fault::ChunkExtension),
            (b"5\nhello", Fault::Chunk),
            (b"5\r\rhello", Fault::Chunk),
            (b"\r\n", Fault::Chunk),
            (b" 5\r\n", Fault::Chunk),
            (b"+5\r\n", Fault::Chunk),
            (b"-5\r\n", Fault::Chunk),
            (b"0x5\r\n", Fault::Chunk),
            (b"5_0\r\n", Fault::Chunk),
            (b"00000000000000005\r\n", Fault::Chunk),
            (b"10000000000000000\r\n", Fault::Chunk),
            (b"1\r\nab\r\n", Fault::Chunk),
            (b"1\r\na\n", Fault::Chunk),
            (b"1\r\na\rx", Fault::Chunk),
            (b"1\r\na0\r\n\r\n", Fault::Chunk),
            (b"0\r\nAuthorization: x\r\n\r\n", Fault::Trailer),
            (b"0\r\n\n", Fault::Trailer),
            (b"0\r\n\rx", Fault::Chunk),
        ] {
            assert_eq!(whole(input), Err(fault), "{}", input.escape_ascii());
        }
    }
}
