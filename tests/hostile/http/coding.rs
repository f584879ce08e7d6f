//! Bodies under a content coding: what a server may decode, the gate has not read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::case::{Case, DENIED, Demand, Era, Post};

/// The denied call of the legacy era in several codings, and a compressed megabyte of zeros.
const CODED: &str = include_str!("../data/coded.txt");

fn coded(name: &str) -> Vec<u8> {
    let text = CODED.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    STANDARD.decode(text.expect("the data file names it")).expect("the data file is in Base64")
}

/// The denied call as one raw block of a zstd frame. Source: RFC 8878, section 3.1.1.
fn zstd() -> Vec<u8> {
    let body = Era::Legacy.text(DENIED.as_bytes());
    let length = u8::try_from(body.len()).expect("it is short");
    let block = (u32::from(length) << 3 | 1).to_le_bytes();
    [&[0x28, 0xB5, 0x2F, 0xFD, 0x20, length][..], &block[..3], &body].concat()
}

fn both_eras(id: String, demand: Demand, trick: impl Fn(Post) -> Post) -> Case {
    let sends = Era::BOTH.map(|era| trick(Post::denied(era)).bytes());
    Case::new(id, demand, sends.to_vec())
}

pub(super) fn cases() -> Vec<Case> {
    const REFUSED: Demand = Demand::Status(&[400, 415]);
    let mut cases = Vec::new();
    let really = [
        ("gzip", "gzip", coded("gzip")),
        ("x-gzip", "x-gzip", coded("gzip")),
        ("gzip-in-capitals", "GZIP", coded("gzip")),
        ("deflate", "deflate", coded("deflate")),
        ("deflate-raw", "deflate", coded("deflate-raw")),
        ("br", "br", coded("br")),
        ("zstd", "zstd", zstd()),
        ("gzip-twice", "gzip, gzip", coded("gzip-twice")),
        ("gzip-named-once", "gzip", coded("gzip-twice")),
        ("gzip-then-identity", "gzip, identity", coded("gzip")),
        ("identity-then-gzip", "identity, gzip", coded("gzip")),
        ("gzip-cut", "gzip", coded("gzip-cut")),
        ("gzip-with-plain-behind", "gzip", coded("gzip-trailing")),
        ("gzip-of-two-members", "gzip", coded("gzip-two-members")),
        ("gzip-bomb", "gzip", coded("gzip-of-zeros")),
    ];
    for (name, coding, body) in really {
        cases.push(both_eras(format!("http/coding/{name}"), REFUSED, |post| {
            post.add("Content-Encoding", coding).body(body.clone())
        }));
    }
    cases.extend(misnamed());
    cases
}

/// Codings that are named and not there, or there and not named.
fn misnamed() -> Vec<Case> {
    const REFUSED: Demand = Demand::Status(&[400, 415]);
    let mut cases = Vec::new();
    // The coding is named, the body is plain: some servers run it, others fail.
    for coding in [
        "gzip",
        "deflate",
        "br",
        "zstd",
        "compress",
        "x-foo",
        "utf-8",
        "aes128gcm",
        "identity, x-foo",
        "identity;q=1",
        "\"identity\"",
        "*",
        "7bit",
        "base64",
        "none",
        ",",
        "gzip;q=0",
        "identity identity",
    ] {
        cases.push(Case::head(format!("http/coding/plain-as/{coding}"), REFUSED, |post| {
            post.add("Content-Encoding", coding)
        }));
    }
    // The coding is not named where it should be.
    for name in ["gzip", "deflate", "br", "gzip-twice", "gzip-of-zeros"] {
        cases.push(both_eras(format!("http/coding/unnamed/{name}"), Demand::Status(&[400]), |post| {
            post.body(coded(name))
        }));
    }
    cases
        .push(both_eras("http/coding/unnamed/zstd".into(), Demand::Status(&[400]), |post| post.body(zstd())));
    // Named where only careless readers look.
    for (name, header) in [
        ("transfer-encoding", "Transfer-Encoding"),
        ("te", "TE"),
        ("content-transfer-encoding", "Content-Transfer-Encoding"),
        ("underscore", "Content_Encoding"),
    ] {
        cases.push(both_eras(format!("http/coding/elsewhere/{name}"), Demand::Closed, |post| {
            post.add(header, "gzip").body(coded("gzip"))
        }));
    }
    cases
}
