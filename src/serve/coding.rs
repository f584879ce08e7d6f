//! Content codings, taken off so that what they hide can be judged.
//!
//! Nobody is asked for a coding: the gate says `identity` to the server, and refuses coded requests unless
//! the policy says otherwise. What is coded all the same is decoded here, as it comes, or not at all.
//!
//! Only what every reader decodes to the same bytes is decoded: gzip with one member and a bare header,
//! and `deflate` in its zlib form (some servers send raw DEFLATE by that name, and readers guess). When it
//! gives up: more than `bytes_max`, or more than `CODING_RATIO_MAX` bytes for each that came; a broken, cut or
//! continued stream. There is no coding inside a coding.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

use crate::bounds::{CODING_FREE_BYTES, CODING_RATIO_MAX};

/// A content coding that can be taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// zlib, RFC 1950.
    Deflate,
    /// gzip, RFC 1952.
    Gzip,
}

/// A content coding that cannot be taken off, or more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unknown;

/// Why a coded body could not be decoded; the fault of whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is not of the coding, or its check sum is wrong.
    #[error("a coded body is broken")]
    Broken,
    /// It ends early.
    #[error("a coded body ends early")]
    Cut,
    /// More bytes than allowed, or many more than came.
    #[error("a coded body unpacks to more than is allowed")]
    TooLarge,
    /// Bytes behind its end.
    #[error("a coded body has bytes behind its end")]
    Trailing,
}

impl Coding {
    /// The coding of a body with these headers; `None` where it has none.
    ///
    /// # Errors
    /// [`Unknown`] for any other, for a list, and for a field that comes twice.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, Unknown> {
        let mut fields = headers.get_all(CONTENT_ENCODING).iter();
        let Some(field) = fields.next() else { return Ok(None) };
        if fields.next().is_some() {
            return Err(Unknown);
        }
        let is = |name: &str| field.as_bytes().trim_ascii().eq_ignore_ascii_case(name.as_bytes());
        match () {
            () if is("identity") => Ok(None),
            () if is("gzip") || is("x-gzip") => Ok(Some(Self::Gzip)),
            () if is("deflate") => Ok(Some(Self::Deflate)),
            () => Err(Unknown),
        }
    }

    /// Decodes a body that is there whole.
    ///
    /// # Errors
    /// [`Fault`]; nothing of the body may be used then.
    pub fn decode(self, coded: &[u8], bytes_max: usize) -> Result<Bytes, Fault> {
        let mut decoder = Decoder::new(self, bytes_max as u64);
        let decoded = decoder.push(coded)?;
        decoder.finish().map(|()| decoded)
    }
}

/// The body that these headers are about, without its coding.
///
/// # Errors
/// [`Fault`]; a coding that is not known is [`Fault::Broken`]: whoever reads the headers refuses it before.
pub fn unpack(headers: &HeaderMap, body: &Bytes, bytes_max: usize) -> Result<Bytes, Fault> {
    match Coding::of(headers).map_err(|Unknown| Fault::Broken)? {
        None => Ok(body.clone()),
        Some(coding) => coding.decode(body, bytes_max),
    }
}

/// Decodes one body, piece by piece.
pub struct Decoder {
    stage: Stage,
    inflater: Box<InflateState>,
    /// Of what was decoded, for the tail of gzip.
    sum: crc32fast::Hasher,
    taken: u64,
    given: u64,
    bytes_max: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// In the header of gzip: so many bytes of it have come.
    Header(usize),
    Deflated(Coding),
    /// In the tail of gzip.
    Tail(usize),
    Done,
}

/// The header of gzip that tells nothing but what it is; `None` where any byte will do (time, level, system).
const HEADER: [Option<u8>; 10] =
    [Some(0x1f), Some(0x8b), Some(8), Some(0), None, None, None, None, None, None];

const TAIL_BYTES: usize = 8;

/// What is unpacked at a time.
const PIECE_BYTES: usize = 16 << 10;

impl Decoder {
    /// A decoder of at most `bytes_max` bytes in all.
    pub fn new(coding: Coding, bytes_max: u64) -> Self {
        let (stage, format) = match coding {
            Coding::Deflate => (Stage::Deflated(coding), DataFormat::Zlib),
            Coding::Gzip => (Stage::Header(0), DataFormat::Raw),
        };
        let inflater = InflateState::new_boxed(format);
        Self { stage, inflater, sum: crc32fast::Hasher::new(), taken: 0, given: 0, bytes_max }
    }

    /// Decodes what came; returns all that can be known from it.
    ///
    /// # Errors
    /// [`Fault`]; final, and nothing that this push decoded may be used.
    pub fn push(&mut self, mut coded: &[u8]) -> Result<Bytes, Fault> {
        self.taken += coded.len() as u64;
        let mut decoded = Vec::new();
        loop {
            match self.stage {
                Stage::Deflated(coding) => {
                    let used = self.inflate(coding, coded, &mut decoded)?;
                    coded = &coded[used..];
                    if matches!(self.stage, Stage::Deflated(_)) {
                        return Ok(decoded.into());
                    }
                }
                _ if coded.is_empty() => return Ok(decoded.into()),
                Stage::Header(at) => {
                    if HEADER[at].is_some_and(|wanted| wanted != coded[0]) {
                        return Err(Fault::Broken);
                    }
                    self.stage = if at + 1 == HEADER.len() {
                        Stage::Deflated(Coding::Gzip)
                    } else {
                        Stage::Header(at + 1)
                    };
                    coded = &coded[1..];
                }
                Stage::Tail(at) => {
                    let sum = u64::from(self.sum.clone().finalize());
                    let wanted = sum | self.given << 32;
                    if wanted.to_le_bytes()[at] != coded[0] {
                        return Err(Fault::Broken);
                    }
                    self.stage = if at + 1 == TAIL_BYTES { Stage::Done } else { Stage::Tail(at + 1) };
                    coded = &coded[1..];
                }
                Stage::Done => return Err(Fault::Trailing),
            }
        }
    }

    /// Unpacks until the input or the stream is used up; returns how much of the input was used.
    fn inflate(&mut self, coding: Coding, coded: &[u8], decoded: &mut Vec<u8>) -> Result<usize, Fault> {
        let mut piece = [0; PIECE_BYTES];
        let mut used = 0;
        loop {
            let step = inflate(&mut self.inflater, &coded[used..], &mut piece, MZFlush::None);
            let length = step.bytes_written;
            used += step.bytes_consumed;
            self.given += length as u64;
            let ratio_max = CODING_FREE_BYTES.max(self.taken.saturating_mul(CODING_RATIO_MAX));
            if self.given > self.bytes_max.min(ratio_max) {
                return Err(Fault::TooLarge);
            }
            self.sum.update(&piece[..length]);
            decoded.extend_from_slice(&piece[..length]);
            match step.status {
                Ok(MZStatus::StreamEnd) => {
                    self.stage = match coding {
                        Coding::Deflate => Stage::Done,
                        Coding::Gzip => Stage::Tail(0),
                    };
                    return Ok(used);
                }
                Ok(MZStatus::Ok) | Err(MZError::Buf) if length == 0 && step.bytes_consumed == 0 => {
                    return Ok(used);
                }
                Ok(MZStatus::Ok) | Err(MZError::Buf) => {}
                Ok(MZStatus::NeedDict) | Err(_) => return Err(Fault::Broken),
            }
        }
    }

    /// Ends the body.
    ///
    /// # Errors
    /// [`Fault::Cut`] where something is missing.
    pub fn finish(&self) -> Result<(), Fault> {
        if self.stage == Stage::Done { Ok(()) } else { Err(Fault::Cut) }
    }
}

/// Decodes `input` whole and byte by byte: both must come to the same, whatever the bytes are.
pub fn fuzz_coding(input: &[u8]) {
    for coding in [Coding::Deflate, Coding::Gzip] {
        let mut decoder = Decoder::new(coding, 1 << 20);
        let mut pieces = Vec::new();
        let by_bytes = input.iter().try_for_each(|byte| {
            pieces.extend_from_slice(&decoder.push(std::slice::from_ref(byte))?);
            Ok(())
        });
        let by_bytes = by_bytes.and_then(|()| decoder.finish()).map(|()| Bytes::from(pieces));
        let whole = coding.decode(input, 1 << 20);
        // The ratio of a begin may be worse than that of the whole.
        if by_bytes != Err(Fault::TooLarge) {
            assert_eq!(by_bytes, whole, "{}", input.escape_ascii());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// Text that packs about ten times.
    fn text(length: usize) -> Vec<u8> {
        (0..)
            .flat_map(|at: u32| format!("{{\"id\":{at},\"name\":\"acme\"}}").into_bytes())
            .take(length)
            .collect()
    }

    #[test]
    fn decodes_whole_and_in_any_pieces() {
        for length in [0, 1, 100, 300_000] {
            let plain = text(length);
            for (coding, coded) in [(Coding::Gzip, gzip(&plain)), (Coding::Deflate, zlib(&plain))] {
                assert_eq!(coding.decode(&coded, plain.len()), Ok(Bytes::from(plain.clone())));
                for size in [1, 7, 1000] {
                    let mut decoder = Decoder::new(coding, u64::MAX);
                    let pieces = coded.chunks(size).map(|piece| decoder.push(piece).unwrap());
                    assert_eq!(pieces.collect::<Vec<_>>().concat(), plain);
                    assert_eq!(decoder.finish(), Ok(()));
                }
            }
        }
    }

    #[test]
    fn gives_each_event_as_soon_as_it_was_flushed() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let mut decoder = Decoder::new(Coding::Gzip, u64::MAX);
        for at in 0..100 {
            let event = format!("data: {at}\n\n");
            encoder.write_all(event.as_bytes()).unwrap();
            encoder.flush().unwrap();
            let coded = std::mem::take(encoder.get_mut());
            assert_eq!(decoder.push(&coded).unwrap(), event);
        }
        assert_eq!(decoder.finish(), Err(Fault::Cut));
    }

    #[test]
    fn stops_at_the_bound_and_at_bombs() {
        let plain = text(200_000);
        let coded = gzip(&plain);
        assert!(Coding::Gzip.decode(&coded, plain.len()).is_ok());
        assert_eq!(Coding::Gzip.decode(&coded, plain.len() - 1), Err(Fault::TooLarge));
        let free = vec![b'a'; CODING_FREE_BYTES as usize];
        assert_eq!(Coding::Gzip.decode(&gzip(&free), usize::MAX).map(|all| all.len()), Ok(free.len()));
        let bomb = vec![b'a'; 10 << 20];
        for (coding, coded) in [(Coding::Gzip, gzip(&bomb)), (Coding::Deflate, zlib(&bomb))] {
            assert!(coded.len() < 12_000);
            assert_eq!(coding.decode(&coded, usize::MAX), Err(Fault::TooLarge));
        }
    }

    #[test]
    fn refuses_what_two_readers_could_decode_differently() {
        let good = gzip(b"{}");
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            bytes
        };
        let raw = {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(b"{}").unwrap();
            encoder.finish().unwrap()
        };
        let rows = [
            (Coding::Gzip, b"{}".to_vec(), Fault::Broken),
            (Coding::Gzip, Vec::new(), Fault::Cut),
            (Coding::Gzip, good[..good.len() - 1].to_vec(), Fault::Cut),
            (Coding::Gzip, good[..12].to_vec(), Fault::Cut),
            (Coding::Gzip, [good.clone(), good.clone()].concat(), Fault::Trailing),
            (Coding::Gzip, [good.as_slice(), b"\0"].concat(), Fault::Trailing),
            (Coding::Gzip, with(2, 7), Fault::Broken),
            (Coding::Gzip, with(3, 8), Fault::Broken),
            (Coding::Gzip, with(good.len() - 8, good[good.len() - 8] ^ 1), Fault::Broken),
            (Coding::Gzip, with(good.len() - 1, 1), Fault::Broken),
            (Coding::Deflate, raw, Fault::Broken),
            (Coding::Deflate, [zlib(b"{}"), zlib(b"{}")].concat(), Fault::Trailing),
            (Coding::Deflate, good.clone(), Fault::Broken),
        ];
        for (coding, coded, fault) in rows {
            fuzz_coding(&coded);
            assert_eq!(coding.decode(&coded, 1 << 20), Err(fault), "{}", coded.escape_ascii());
        }
    }

    #[test]
    fn knows_the_codings_by_name() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, http::HeaderValue::from_static(value));
            }
            Coding::of(&headers)
        };
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["Identity"]), Ok(None));
        assert_eq!(of(&["GZIP"]), Ok(Some(Coding::Gzip)));
        assert_eq!(of(&["x-gzip"]), Ok(Some(Coding::Gzip)));
        assert_eq!(of(&["deflate"]), Ok(Some(Coding::Deflate)));
        for bad in [&["br"][..], &["zstd"], &["x-foo"], &[""], &["gzip, gzip"], &["gzip", "gzip"], &["gzip,"]]
        {
            assert_eq!(of(bad), Err(Unknown), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reads_the_same_however_the_bytes_arrive(at in 0..60_usize, byte: u8, cut in 0..80_usize) {
            for mut coded in [gzip(&text(80)), zlib(&text(80))] {
                let last = coded.len() - 1;
                coded[at.min(last)] = byte;
                coded.truncate(cut.max(1));
                fuzz_coding(&coded);
            }
        }
    }
}
