//! The tables that pass between tasks, as Parquet files.
//!
//! Checks on the way in that a file holds the table it is taken for, and pins on the way out everything that decides
//! the bytes: row group size, codec, statistics. It does not know what a table means; the training rows have a writer
//! of their own in [`crate::wide`].

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use polars::prelude::*;
use polars_parquet::write::{
    CompressionOptions, Encoding, FileWriter, StatisticsOptions, Version, WriteOptions, row_group_iter,
};

use crate::output::{self, Output};
use crate::pages::file::plainly;
use crate::parquet_file::{self, ParquetFile};
use crate::schema::Schema;

/// Rows of a row group. Fixed, so that the bytes of a table depend on its rows alone; and more than most tables have, for
/// several would be put into one piece by copying them.
const ROW_GROUP: usize = 1 << 20;

/// Rows of a part of a table: so many that it does not count that the file is opened for each.
const PART: usize = 1 << 19;

/// Reads a whole table, one chunk a column, after checking that it has the columns of `schema`.
///
/// Only these columns are read, in this order. Errors name the file and the column that is not as it should be.
pub fn read(path: &Path, schema: Schema) -> Result<DataFrame> {
    let table = TableFile::open(path, schema)?;
    table.read(&table.names(), 0, table.rows())
}

/// A table that is read part by part, after checking that it has the columns of a schema.
///
/// Errors name the file and the column that is not as it should be.
pub struct TableFile {
    path: PathBuf,
    schema: Schema,
    file: ParquetFile,
}

impl TableFile {
    pub fn open(path: &Path, schema: Schema) -> Result<Self> {
        let open = || -> Result<ParquetFile> {
            let file = ParquetFile::open(path)?;
            schema.columns.iter().try_for_each(|(name, _)| file.column(name).map(drop))?;
            Ok(file)
        };
        let file = open().with_context(|| format!("cannot read {} as a table of {}", path.display(), schema.table))?;
        Ok(TableFile { path: path.to_path_buf(), schema, file })
    }

    pub fn rows(&self) -> usize {
        self.file.rows
    }

    /// All columns of the schema.
    pub fn names(&self) -> Vec<&'static str> {
        self.schema.columns.iter().map(|(name, _)| *name).collect()
    }

    /// How many parts of some megabytes there are.
    pub fn parts(&self) -> usize {
        self.rows().div_ceil(PART)
    }

    /// Columns of the schema of a part.
    pub fn part(&self, part: usize, names: &[&'static str]) -> Result<DataFrame> {
        let start = part * PART;
        self.read(names, start, PART.min(self.rows() - start))
    }

    /// Columns of the schema, one chunk each.
    fn read(&self, names: &[&'static str], start: usize, count: usize) -> Result<DataFrame> {
        let read = || -> Result<DataFrame> {
            let fields = names.iter().map(|name| self.file.column(name).cloned()).collect::<Result<Vec<_>>>()?;
            for (name, dtype) in self.schema.columns.iter().filter(|(name, _)| names.contains(name)) {
                let kind = &self.file.column(name)?.kind;
                if kind.to_string() != dtype.to_string() {
                    bail!("column `{name}` is {kind}, not {dtype}");
                }
            }
            let columns =
                self.file.read(&fields, start, count)?.into_iter().map(|parquet_file::Column { field, values }| {
                    let name = field.name;
                    if values.null_count() > 0 {
                        bail!("column `{name}` holds {} nulls", values.null_count());
                    }
                    Ok(Series::try_from((PlSmallStr::from_string(name), values))?.into_column())
                });
            Ok(DataFrame::new(count, columns.collect::<Result<Vec<_>>>()?)?)
        };
        read().with_context(|| format!("cannot read {} as a table of {}", self.path.display(), self.schema.table))
    }
}

/// Writes a table whose columns are those of `schema`, in that order.
pub fn write(path: &Path, schema: Schema, columns: Vec<Column>) -> Result<()> {
    let mut writer = TableWriter::create(path, schema)?;
    let rows = DataFrame::new_infer_height(columns)?;
    for start in (0..rows.height()).step_by(ROW_GROUP) {
        writer.add(rows.slice(start as i64, ROW_GROUP).into_columns())?;
    }
    writer.finish()
}

/// A table that is written row group by row group, and is one only when it is finished.
///
/// No column is nullable, and all values are PLAIN: to look for repetition takes longer than to read and write what is
/// repeated. Tables of numbers alone are not compressed either, for each is read once, by the next task.
pub struct TableWriter {
    schema: Schema,
    options: WriteOptions,
    file: FileWriter<Output>,
}

impl TableWriter {
    pub fn create(path: &Path, schema: Schema) -> Result<Self> {
        let numbers = schema.columns.iter().all(|(_, dtype)| !dtype.is_nested() && !dtype.is_string());
        let options = WriteOptions {
            statistics: StatisticsOptions::default(),
            version: Version::V1,
            compression: if numbers { CompressionOptions::Uncompressed } else { CompressionOptions::Lz4Raw },
            data_page_size: None,
        };
        let file = FileWriter::try_new(output::create(path)?, schema.arrow(), options)?;
        Ok(TableWriter { schema, options, file })
    }

    /// Adds rows, whose columns are those of the schema in its order, as a row group.
    pub fn add(&mut self, columns: Vec<Column>) -> Result<()> {
        let mut rows = DataFrame::new_infer_height(columns)?;
        let expected = self.schema.columns.iter().map(|(name, dtype)| (*name, dtype));
        if !expected.eq(rows.columns().iter().map(|column| (column.name().as_str(), column.dtype()))) {
            bail!("a table of {} cannot have the columns {:?}", self.schema.table, rows.schema());
        }
        rows.rechunk_mut();
        let mut write = || -> PolarsResult<()> {
            for batch in rows.iter_chunks(CompatLevel::newest(), false) {
                let fields = self.file.parquet_schema().fields().to_vec();
                let encodings = vec![vec![Encoding::Plain]; fields.len()];
                let columns = row_group_iter(batch, encodings.into(), fields, self.options);
                self.file.write(rows.height() as u64, columns)?;
            }
            Ok(())
        };
        write().map_err(plainly)
    }

    /// Writes the end of the table.
    pub fn finish(mut self) -> Result<()> {
        self.file.end(None).map(drop).map_err(plainly)
    }
}

/// The values of a 64-bit integer column that [`read`] has checked.
pub fn int64<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a [i64]> {
    Ok(frame.column(name)?.i64()?.cont_slice()?)
}

/// The values of a 32-bit integer column that [`read`] has checked.
pub fn int32<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a [i32]> {
    Ok(frame.column(name)?.i32()?.cont_slice()?)
}

/// The values of an 8-bit integer column that [`read`] has checked.
pub fn int8<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a [i8]> {
    Ok(frame.column(name)?.i8()?.cont_slice()?)
}

/// The values of a timestamp column that [`read`] has checked, in microseconds since 1970 UTC.
pub fn instants<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a [i64]> {
    Ok(frame.column(name)?.datetime()?.physical().cont_slice()?)
}

/// The values of a day column that [`read`] has checked, in days since 1970.
pub fn days<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a [i32]> {
    Ok(frame.column(name)?.date()?.physical().cont_slice()?)
}

/// The values of a boolean column that [`read`] has checked.
pub fn booleans(frame: &DataFrame, name: &str) -> Result<Vec<bool>> {
    Ok(frame.column(name)?.bool()?.no_null_iter().collect())
}

/// A timestamp column from microseconds since 1970 UTC.
pub fn instant_column(name: &str, micros: Vec<i64>) -> Column {
    Int64Chunked::from_vec(name.into(), micros).into_datetime(TimeUnit::Microseconds, None).into_column()
}

/// A day column from days since 1970.
pub fn day_column(name: &str, days: Vec<i32>) -> Column {
    Int32Chunked::from_vec(name.into(), days).into_date().into_column()
}
