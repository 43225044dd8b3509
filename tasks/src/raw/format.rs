//! What a raw file is, by its name, and a stream of its plain bytes.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

use anyhow::{Result, bail};

use super::blocks::PIECE;
use super::gzip::Members;

/// The byte order marks that a text may begin with.
const UTF_8: &[u8] = b"\xef\xbb\xbf";
const UTF_16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// What packed files begin with.
const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f";

/// How rows are spelled in a raw file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Json,
    /// Comma-separated with a header
    Csv,
    Parquet,
}

#[derive(Clone, Copy)]
enum Compression {
    None,
    Gzip,
    Zstd,
}

/// A format and the compression around it.
pub struct Encoding {
    pub format: Format,
    compression: Compression,
}

impl Encoding {
    /// What a file's name says: `.json .jsonl .ndjson .csv .parquet`, the text formats also with `.gz` or `.zst` after
    /// it, in capitals or not. A given format stands for the first part, not for the compression.
    pub fn of(path: &Path, given: Option<Format>) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let (stem, compression) = match name.rsplit_once('.') {
            Some((stem, "gz")) => (stem, Compression::Gzip),
            Some((stem, "zst")) => (stem, Compression::Zstd),
            _ => (name.as_str(), Compression::None),
        };
        let format = match (given, stem.rsplit_once('.').map(|(_, extension)| extension)) {
            (Some(format), _) => format,
            (None, Some("json" | "jsonl" | "ndjson")) => Format::Json,
            (None, Some("csv")) => Format::Csv,
            (None, Some("parquet")) => Format::Parquet,
            _ => bail!(
                "its name does not say its format: it must end in .json, .jsonl, .ndjson, .csv (each also with .gz or .zst) \
                 or .parquet; if the file holds one of these, say which in pipeline.yaml: `format: json`"
            ),
        };
        if format == Format::Parquet && !matches!(compression, Compression::None) {
            bail!("a Parquet file is not compressed as a whole; unpack it first");
        }
        Ok(Encoding { format, compression })
    }

    /// The text of a file, unpacked and without a byte order mark; `None` if the file is empty, which it may be also where
    /// the compression asks for a header.
    pub fn open(&self, file: File) -> Result<Option<Box<dyn BufRead + Send>>> {
        let mut file = BufReader::with_capacity(PIECE, file);
        // Its length says nothing: a pipe has none.
        if file.fill_buf()?.is_empty() {
            return Ok(None);
        }
        if matches!(self.compression, Compression::Gzip) && !GZIP.starts_with(first_bytes(file.buffer(), GZIP.len())) {
            bail!("its name ends in .gz, but it is not packed with gzip");
        }
        let text: Box<dyn BufRead + Send> = match self.compression {
            Compression::None => Box::new(file),
            Compression::Gzip => Box::new(BufReader::with_capacity(PIECE, Members::new(file))),
            Compression::Zstd => Box::new(BufReader::with_capacity(PIECE, zstd::Decoder::with_buffer(file)?)),
        };
        unmarked(text).map(Some)
    }
}

/// At most so many of the first bytes.
fn first_bytes(bytes: &[u8], count: usize) -> &[u8] {
    &bytes[..count.min(bytes.len())]
}

/// Whether a text that begins like this is UTF-16: by its mark, or as every other byte of its first letters is zero.
fn is_utf_16(start: &[u8]) -> bool {
    let is_halved = match start {
        [first, 0, third] => first.is_ascii_graphic() && *third != 0,
        [0, second, 0] => second.is_ascii_graphic(),
        _ => false,
    };
    is_halved || UTF_16.iter().any(|mark| start.starts_with(mark))
}

/// A text without its byte order mark. What is no text, but UTF-16 or packed, is refused.
pub fn unmarked<'a>(mut text: impl BufRead + Send + 'a) -> Result<Box<dyn BufRead + Send + 'a>> {
    let mut start = Vec::new();
    text.by_ref().take(UTF_8.len() as u64).read_to_end(&mut start)?;
    for (packed, packer, end) in [(GZIP, "gzip", ".gz"), (ZSTD, "zstd", ".zst")] {
        if start.starts_with(packed) {
            bail!("it is packed with {packer}: unpack it, or let its name end in {end}");
        }
    }
    if is_utf_16(&start) {
        bail!("its text is UTF-16; it must be UTF-8: `iconv -f UTF-16 -t UTF-8` makes it so");
    }
    if start == UTF_8 {
        start.clear();
    }
    Ok(Box::new(Cursor::new(start).chain(text)))
}
