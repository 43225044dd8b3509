//! The files of a folder: JSON Lines, packed or not, CSV, Parquet. It does not know what a row is.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use polars::prelude::*;

use super::Shop;
use crate::calendar;
use crate::output::{self, Output};

/// Rows of a file, after which the next one begins; bounds the memory that a Parquet file takes.
pub const ROWS_OF_FILE: usize = 1_000_000;

/// How files are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Spelling {
    Json,
    Gzip,
    Zstd,
    Csv,
    Parquet,
    /// Another one from day to day; orders as Parquet
    Mixed,
}

impl Spelling {
    fn of_day(self, day: i32) -> Spelling {
        use Spelling::{Csv, Gzip, Json, Mixed, Parquet, Zstd};
        let week = [Gzip, Json, Gzip, Zstd, Gzip, Csv, Parquet];
        if self == Mixed { week[day.rem_euclid(7) as usize] } else { self }
    }

    fn extension(self) -> &'static str {
        match self {
            Spelling::Json | Spelling::Mixed => "json",
            Spelling::Gzip => "json.gz",
            Spelling::Zstd => "json.zst",
            Spelling::Csv => "csv",
            Spelling::Parquet => "parquet",
        }
    }
}

/// The files of a folder, written one after the other.
pub struct Files {
    folder: PathBuf,
    pub spelling: Spelling,
    /// The folder's day, for rows that spell it.
    pub day: String,
    number: usize,
    rows: usize,
    open: Option<Out>,
}

enum Out {
    Plain(Output),
    Gzip(flate2::write::GzEncoder<Output>),
    Zstd(zstd::Encoder<'static, Output>),
}

impl Files {
    pub fn of_day(shop: &Shop, source: &str, day: i32) -> Result<Self> {
        let name =
            calendar::day_of_number(day).map(|date| format!("dt={date}")).context("a day beyond the calendar")?;
        // Both spellings of the day inside a row are in use.
        let spelled = if day % 2 == 0 { name.clone() } else { name.replace("dt=", "") };
        Files::new(shop.out.join(source).join(&name), shop.spelling.of_day(day), spelled)
    }

    pub fn new(folder: PathBuf, spelling: Spelling, day: String) -> Result<Self> {
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Files { folder, spelling, day, number: 0, rows: 0, open: None })
    }

    /// The file that takes the next row.
    pub fn out(&mut self, header: &str) -> Result<&mut dyn Write> {
        if self.open.is_none() {
            let file = self.create()?;
            let mut out = match self.spelling {
                Spelling::Gzip => Out::Gzip(flate2::write::GzEncoder::new(file, flate2::Compression::default())),
                Spelling::Zstd => Out::Zstd(zstd::Encoder::new(file, 0)?),
                _ => Out::Plain(file),
            };
            if self.spelling == Spelling::Csv {
                writeln!(out.writer(), "{header}")?;
            }
            self.open = Some(out);
        }
        Ok(self.open.as_mut().context("a file was just opened")?.writer())
    }

    /// Whether there is no file yet.
    pub fn is_empty(&self) -> bool {
        self.number == 0
    }

    fn create(&mut self) -> Result<Output> {
        let path = self.folder.join(format!("part-{:05}.{}", self.number, self.spelling.extension()));
        self.number += 1;
        output::create(&path)
    }

    pub fn row_written(&mut self) -> Result<()> {
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS_OF_FILE) { self.close() } else { Ok(()) }
    }

    /// Ends the last file; without any rows there is one all the same, for a source has to have a file.
    pub fn finish(mut self, header: &str) -> Result<()> {
        if self.is_empty() {
            self.out(header)?;
        }
        self.close()
    }

    fn close(&mut self) -> Result<()> {
        match self.open.take() {
            Some(Out::Plain(mut file)) => file.flush()?,
            Some(Out::Gzip(file)) => file.finish()?.flush()?,
            Some(Out::Zstd(file)) => file.finish()?.flush()?,
            None => {}
        }
        Ok(())
    }

    pub fn write_table(&mut self, columns: Vec<Column>) -> Result<()> {
        let file = self.create()?;
        ParquetWriter::new(file).finish(&mut DataFrame::new_infer_height(columns)?)?;
        Ok(())
    }
}

impl Out {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Out::Plain(file) => file,
            Out::Gzip(file) => file,
            Out::Zstd(file) => file,
        }
    }
}

/// Refuses to mix synthetic files with others.
pub fn check_empty(out: &Path) -> Result<()> {
    let sources = ["impressions", "clicks", "add_to_carts", "previous_orders"];
    match sources.iter().map(|source| out.join(source)).find(|folder| folder.exists()) {
        Some(folder) => anyhow::bail!("{} is there already; generate writes into a new place only", folder.display()),
        None => Ok(()),
    }
}
