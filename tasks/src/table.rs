//! The tables that pass between tasks, as Parquet files.
//!
//! Checks on the way in that a file holds the table it is taken for, and pins on the way out everything that decides
//! the bytes: row group size, codec, statistics. It does not know what a table means; the training rows have a writer
//! of their own in [`crate::wide`].

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

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
pub fn write(path: &Path, schema: &Schema, columns: Vec<Column>) -> Result<()> {
    let mut frame = DataFrame::new_infer_height(columns)?;
    let expected: Vec<_> = schema.columns.iter().map(|(name, dtype)| (PlSmallStr::from_static(name), dtype)).collect();
    let given: Vec<_> = frame.columns().iter().map(|column| (column.name().clone(), column.dtype())).collect();
    if expected != given {
        bail!("a table of {} cannot have the columns {given:?}", schema.table);
    }
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    // Most tables are so small that to start threads for them would take longer than to write them.
    let parallel = frame.height() > ROW_GROUP;
    // The writer writes headers byte by byte.
    ParquetWriter::new(BufWriter::new(file))
        .set_parallel(parallel)
        .with_compression(ParquetCompression::Lz4Raw)
        .with_statistics(StatisticsOptions::default())
        .with_row_group_size(Some(ROW_GROUP))
        .finish(&mut frame)
        .map_err(|error| anyhow!("cannot write {}: {error}", path.display()))?;
    Ok(())
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
