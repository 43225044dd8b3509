//! A gzip file: members one after the other, also empty ones, with zeros behind them where a tape or a block device has
//! filled up a block.
//!
//! Whatever else is behind a member is an error: it may be a member that is damaged.

use std::io::{BufRead, Error, ErrorKind, Read, Result};

use flate2::bufread::GzDecoder;

/// The first byte of a member.
const MAGIC: u8 = 0x1f;

/// What the members of a file hold, as one stream.
pub struct Members<R> {
    /// The member that is being unpacked; `None` behind the last.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    pub fn new(file: R) -> Self {
        Members { member: Some(GzDecoder::new(file)) }
    }

    /// Goes to the next member, if there is one.
    fn advance(&mut self) -> Result<()> {
        let Some(mut file) = self.member.take().map(GzDecoder::into_inner) else { return Ok(()) };
        loop {
            let bytes = file.fill_buf()?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            match bytes.get(zeros) {
                None if bytes.is_empty() => return Ok(()),
                None => file.consume(zeros),
                Some(&MAGIC) => {
                    file.consume(zeros);
                    self.member = Some(GzDecoder::new(file));
                    return Ok(());
                }
                Some(byte) => {
                    let message =
                        format!("behind the end of the gzip data is a byte {byte:#04x}, which begins no other");
                    return Err(Error::new(ErrorKind::InvalidData, message));
                }
            }
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            self.advance()?;
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write};

    use super::*;

    fn member(text: &str) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap()
    }

    /// What is in a file, read by pieces of some bytes.
    fn unpacked(file: &[u8], piece: usize) -> Result<String> {
        let mut text = String::new();
        Members::new(BufReader::with_capacity(piece, file)).read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn members_follow_each_other_with_zeros_between_and_behind() {
        let file = [member(""), member("one "), vec![0; 700], member(""), member("two"), vec![0; 512]].concat();
        for piece in [1, 2, 100, 1 << 18] {
            assert_eq!(unpacked(&file, piece).unwrap(), "one two", "by {piece}");
        }
    }

    #[test]
    fn a_cut_stream_and_garbage_behind_it_are_errors_wherever_they_are() {
        let whole = [member("one "), member("two")].concat();
        for length in (1..whole.len()).filter(|length| *length != member("one ").len()) {
            assert!(unpacked(&whole[..length], 100).is_err(), "cut after {length} of {} bytes", whole.len());
        }
        let error = unpacked(&[&whole[..], b"\0\0garbage"].concat(), 100).unwrap_err();
        assert_eq!(error.to_string(), "behind the end of the gzip data is a byte 0x67, which begins no other");
    }
}
