//! What a raw file is, by its name, and a stream of its plain bytes.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Result, bail};

use super::blocks::PIECE;

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
    /// it. A given format stands for the first part, not for the compression.
    pub fn of(path: &Path, given: Option<Format>) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (stem, compression) = match name.rsplit_once('.') {
            Some((stem, "gz")) => (stem, Compression::Gzip),
            Some((stem, "zst")) => (stem, Compression::Zstd),
            _ => (name.as_ref(), Compression::None),
        };
        let format = match (given, stem.rsplit_once('.').map(|(_, extension)| extension)) {
            (Some(format), _) => format,
            (None, Some("json" | "jsonl" | "ndjson")) => Format::Json,
            (None, Some("csv")) => Format::Csv,
            (None, Some("parquet")) => Format::Parquet,
            _ => bail!(
                "its name does not say its format: it must end in .json, .jsonl, .ndjson, .csv (each also with .gz or .zst) \
                 or .parquet, or the format must be given with --format"
            ),
        };
        if format == Format::Parquet && !matches!(compression, Compression::None) {
            bail!("a Parquet file is not compressed as a whole; unpack it first");
        }
        Ok(Encoding { format, compression })
    }

    /// The file's bytes, unpacked.
    pub fn open(&self, path: &Path) -> Result<Box<dyn BufRead + Send>> {
        let file = File::open(path)?;
        Ok(match self.compression {
            Compression::None => Box::new(BufReader::with_capacity(PIECE, file)),
            Compression::Gzip => {
                let unpacked = flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(PIECE, file));
                Box::new(BufReader::with_capacity(PIECE, unpacked))
            }
            Compression::Zstd => Box::new(BufReader::with_capacity(PIECE, zstd::Decoder::new(file)?)),
        })
    }
}
