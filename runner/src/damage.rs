//! Accidents for tests that try what the runner reads back (records, journals) with damaged bytes.
//!
//! Each execution has its number as seed, so that a failure can be repeated. For more of them than usual:
//! `FUZZ_EXECUTIONS=10000000 cargo test --release --workspace whatever`.

#[path = "../../tests/support/chance.rs"]
mod chance;

pub use chance::Chance;

/// Pieces that mean something in JSON or in a record.
const TOKENS: [&[u8]; 16] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b":",
    b"null",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"\\u0000",
    b"\\ud800",
    b"\n",
    b"\xff",
    b"{\"event\":\"ended\"}",
];

/// How often each test tries.
pub fn executions() -> u64 {
    std::env::var("FUZZ_EXECUTIONS").map_or(20_000, |count| count.parse().unwrap())
}

/// Bytes after a few accidents.
pub fn damaged(whole: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..1 + chance.below(4) {
        let place = chance.below(bytes.len() as u64 + 1) as usize;
        let end = (place + chance.below(40) as usize).min(bytes.len());
        match chance.below(6) {
            0 => bytes.truncate(place),
            1 => drop(bytes.drain(place..end)),
            2 => {
                let piece = bytes[place..end].to_vec();
                let there = chance.below(bytes.len() as u64 + 1) as usize;
                bytes.splice(there..there, piece);
            }
            3 => {
                let token = TOKENS[chance.below(TOKENS.len() as u64) as usize];
                bytes.splice(place..end.min(place + token.len()), token.iter().copied());
            }
            _ => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1 << chance.below(8);
                }
            }
        }
    }
    bytes
}
