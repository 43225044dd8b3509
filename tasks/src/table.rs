//! The tables that pass between tasks, as Parquet files.
//!
//! Checks on the way in that a file holds the table it is taken for, and pins on the way out everything that decides
//! the bytes: row group size, codec, statistics. It does not know what a table means; the training rows have a writer
//! of their own in [`crate::wide`].

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use polars::prelude::*;

use crate::parquet_file::ParquetFile;
use crate::schema::Schema;

/// Rows of a row group. Fixed, so that the bytes of a table depend on its rows alone.
const ROW_GROUP: usize = 1 << 18;

/// Reads a whole table, one chunk a column, after checking that it has the columns of `schema`.
///
/// Only these columns are read, in this order. Errors name the file and the column that is not as it should be.
pub fn read(path: &Path, schema: &Schema) -> Result<DataFrame> {
    let open = || -> Result<DataFrame> {
        let names: Vec<String> = schema.columns.iter().map(|(name, _)| name.to_string()).collect();
        let file = ParquetFile::open(path)?;
        file.expect(names.iter().map(String::as_str))?;
        let frame = file.read(&names, 0, file.rows)?;
        for (column, (name, dtype)) in frame.columns().iter().zip(&schema.columns) {
            if column.dtype() != dtype {
                bail!("column `{name}` is {}, not {dtype}", column.dtype());
            }
            if column.null_count() > 0 {
                bail!("column `{name}` holds {} nulls", column.null_count());
            }
        }
        Ok(frame)
    };
    open().with_context(|| format!("cannot read {} as a table of {}", path.display(), schema.table))
}

/// Writes a table whose columns are those of `schema`, in that order.
pub fn write(path: &Path, schema: Schema, columns: Vec<Column>) -> Result<()> {
    let mut writer = TableWriter::create(path, schema)?;
    writer.write(columns)?;
    writer.finish()
}

/// A table that is written part by part.
///
/// Each part has row groups of its own, so the parts must not depend on anything but the rows.
pub struct TableWriter {
    path: PathBuf,
    schema: Schema,
    writer: BatchedWriter<BufWriter<File>>,
}

impl TableWriter {
    pub fn create(path: &Path, schema: Schema) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
        let columns = schema.columns.iter().map(|(name, dtype)| Field::new((*name).into(), dtype.clone()));
        // The writer writes headers byte by byte.
        let writer = ParquetWriter::new(BufWriter::new(file))
            // Most tables are so small that to start threads for them would take longer than to write them.
            .set_parallel(false)
            .with_compression(ParquetCompression::Lz4Raw)
            .with_statistics(StatisticsOptions::default())
            .batched(&columns.collect())?;
        Ok(TableWriter { path: path.to_path_buf(), schema, writer })
    }

    /// Writes some rows, given as the columns of the schema in their order.
    pub fn write(&mut self, columns: Vec<Column>) -> Result<()> {
        let frame = DataFrame::new_infer_height(columns)?;
        let expected = self.schema.columns.iter().map(|(name, dtype)| (*name, dtype));
        if !expected.eq(frame.columns().iter().map(|column| (column.name().as_str(), column.dtype()))) {
            bail!("a table of {} cannot have the columns {:?}", self.schema.table, frame.schema());
        }
        for start in (0..frame.height()).step_by(ROW_GROUP) {
            let part = frame.slice(start as i64, ROW_GROUP);
            self.writer.write_batch(&part).map_err(|error| self.failed(&error))?;
        }
        Ok(())
    }

    pub fn finish(self) -> Result<()> {
        self.writer.finish().map(drop).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &PolarsError) -> anyhow::Error {
        anyhow!("cannot write {}: {error}", self.path.display())
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

/// The lists of a column of integer lists that [`read`] has checked: list `n` is the range `offsets[n] .. offsets[n +
/// 1]` of the values.
pub fn lists<T: PolarsNumericType>(frame: &DataFrame, name: &str) -> Result<(Vec<i64>, Vec<T::Native>)> {
    let lists = frame.column(name)?.list()?;
    let mut offsets = Vec::with_capacity(lists.len() + 1);
    let mut values = Vec::new();
    offsets.push(0);
    for list in lists.downcast_iter() {
        let start = offsets.last().copied().unwrap_or(0) - list.offsets().first();
        offsets.extend(list.offsets().iter().skip(1).map(|offset| offset + start));
        let inner = Series::from_arrow(PlSmallStr::EMPTY, list.values().clone())?;
        let range = list.offsets().range() as usize;
        let inner = inner.slice(*list.offsets().first(), range);
        values.extend(inner.unpack::<T>()?.into_no_null_iter());
    }
    Ok((offsets, values))
}

/// A timestamp column from microseconds since 1970 UTC.
pub fn instant_column(name: &str, micros: Vec<i64>) -> Column {
    Int64Chunked::from_vec(name.into(), micros).into_datetime(TimeUnit::Microseconds, None).into_column()
}

/// A day column from days since 1970.
pub fn day_column(name: &str, days: Vec<i32>) -> Column {
    Int32Chunked::from_vec(name.into(), days).into_date().into_column()
}
