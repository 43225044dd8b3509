//! The C interface: what `training/src/runner_training/native.py` calls.
//!
//! Every function takes pointers to arrays and their sizes, and gives back 0 or the number of a [`Fault`]. That a pointer is
//! to as many values of its type as is said, and that nobody else writes to them meanwhile, is the caller's word; all else is
//! checked.

use crate::day::{self, Fault};
use crate::{jagged, padded};

/// Goes up with every change of what follows; the caller refuses another.
const VERSION: u32 = 1;

/// A day's arrays: `samples` of the first three, `histories` + 1 offsets, `values` of the last two.
#[repr(C)]
pub struct Day {
    samples: u64,
    histories: u64,
    values: u64,
    item_id: *const i32,
    is_order: *const u8,
    history_row: *const u32,
    offsets: *const i64,
    actions: *const i32,
    action_types: *const i8,
}

/// Memory for a padded batch: a place a sample in the first four, `length` places a sample in the last two.
#[repr(C)]
pub struct Padded {
    length: u64,
    impressions: *mut i32,
    label: *mut u8,
    lengths: *mut i32,
    filled: *mut i32,
    actions: *mut i32,
    action_types: *mut i8,
}

/// Memory for a jagged batch: a place a sample in the first two, one more offset, `values` places in the last two.
#[repr(C)]
pub struct Jagged {
    length: u64,
    values: u64,
    impressions: *mut i32,
    label: *mut u8,
    offsets: *const i64,
    actions: *mut i32,
    action_types: *mut i8,
}

#[unsafe(no_mangle)]
pub extern "C" fn gather_abi() -> u32 {
    VERSION
}

/// # Safety
/// Each pointer is to as many values as [`Day`] and [`Padded`] say, `samples` to `count`; those to be written to are nobody
/// else's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gather_padded(
    day: *const Day,
    samples: *const i64,
    count: u64,
    out: *const Padded,
    threads: u32,
) -> i32 {
    status(|| {
        // SAFETY: the caller's word, as above.
        unsafe {
            let (day, samples) = (view(day)?, slice(samples, count)?);
            let out = out.as_ref().ok_or(Fault::Output)?;
            let values = count.checked_mul(out.length).ok_or(Fault::Output)?;
            let out = padded::Padded {
                length: usize::try_from(out.length).map_err(|_| Fault::Output)?,
                impressions: slice_mut(out.impressions, count)?,
                label: slice_mut(out.label, count)?,
                lengths: slice_mut(out.lengths, count)?,
                filled: slice_mut(out.filled, count)?,
                actions: slice_mut(out.actions, values)?,
                action_types: slice_mut(out.action_types, values)?,
            };
            padded::padded(&day, samples, out, threads as usize)
        }
    })
}

/// # Safety
/// Each pointer is to as many values as [`Day`] says, `samples` to `count`, and `offsets`, which is nobody else's, to one more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gather_offsets(
    day: *const Day,
    samples: *const i64,
    count: u64,
    length: u64,
    offsets: *mut i64,
) -> i32 {
    status(|| {
        let length = usize::try_from(length).map_err(|_| Fault::Output)?;
        // SAFETY: the caller's word, as above.
        unsafe {
            let offsets = slice_mut(offsets, count.checked_add(1).ok_or(Fault::Output)?)?;
            jagged::offsets(&view(day)?, slice(samples, count)?, length, offsets)
        }
    })
}

/// # Safety
/// Each pointer is to as many values as [`Day`] and [`Jagged`] say, `samples` to `count`; those to be written to are nobody
/// else's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gather_jagged(
    day: *const Day,
    samples: *const i64,
    count: u64,
    out: *const Jagged,
    threads: u32,
) -> i32 {
    status(|| {
        // SAFETY: the caller's word, as above.
        unsafe {
            let (day, samples) = (view(day)?, slice(samples, count)?);
            let out = out.as_ref().ok_or(Fault::Output)?;
            let out = jagged::Jagged {
                length: usize::try_from(out.length).map_err(|_| Fault::Output)?,
                impressions: slice_mut(out.impressions, count)?,
                label: slice_mut(out.label, count)?,
                offsets: slice(out.offsets, count.checked_add(1).ok_or(Fault::Output)?)?,
                actions: slice_mut(out.actions, out.values)?,
                action_types: slice_mut(out.action_types, out.values)?,
            };
            jagged::jagged(&day, samples, out, threads as usize)
        }
    })
}

fn status(work: impl FnOnce() -> Result<(), Fault>) -> i32 {
    work().map_or_else(|fault| fault as i32, |()| 0)
}

/// # Safety
/// `day` is null or to a [`Day`] whose pointers are to as many values as it says, for as long as the result lives.
unsafe fn view<'a>(day: *const Day) -> Result<day::Day<'a>, Fault> {
    // SAFETY: the caller's word, as above.
    unsafe {
        let day = day.as_ref().ok_or(Fault::Day)?;
        Ok(day::Day {
            item_id: slice(day.item_id, day.samples)?,
            is_order: slice(day.is_order, day.samples)?,
            history_row: slice(day.history_row, day.samples)?,
            offsets: slice(day.offsets, day.histories.checked_add(1).ok_or(Fault::Day)?)?,
            actions: slice(day.actions, day.values)?,
            action_types: slice(day.action_types, day.values)?,
        })
    }
}

/// # Safety
/// `pointer` is to `count` values, or `count` is 0.
unsafe fn slice<'a, T>(pointer: *const T, count: u64) -> Result<&'a [T], Fault> {
    if count == 0 {
        return Ok(&[]);
    }
    if !fits(pointer, count) {
        return Err(Fault::Day);
    }
    // SAFETY: the caller's word, as above; neither null nor askew nor larger than memory can be.
    Ok(unsafe { std::slice::from_raw_parts(pointer, count as usize) })
}

/// # Safety
/// `pointer` is to `count` values that are nobody else's, or `count` is 0.
unsafe fn slice_mut<'a, T>(pointer: *mut T, count: u64) -> Result<&'a mut [T], Fault> {
    if count == 0 {
        return Ok(&mut []);
    }
    if !fits(pointer, count) {
        return Err(Fault::Output);
    }
    // SAFETY: the caller's word, as above; neither null nor askew nor larger than memory can be.
    Ok(unsafe { std::slice::from_raw_parts_mut(pointer, count as usize) })
}

fn fits<T>(pointer: *const T, count: u64) -> bool {
    let bytes = count.checked_mul(size_of::<T>() as u64);
    !pointer.is_null() && pointer.is_aligned() && bytes.is_some_and(|bytes| bytes <= isize::MAX as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_null_pointer_is_a_fault_and_not_a_crash() {
        let nulls = Day {
            samples: 1,
            histories: 1,
            values: 1,
            item_id: std::ptr::null(),
            is_order: std::ptr::null(),
            history_row: std::ptr::null(),
            offsets: std::ptr::null(),
            actions: std::ptr::null(),
            action_types: std::ptr::null(),
        };
        let samples = [0_i64];
        let mut offsets = [0_i64; 2];
        for day in [std::ptr::null(), &raw const nulls] {
            // SAFETY: every pointer is null, or to as many values as is said.
            let status = unsafe { gather_offsets(day, samples.as_ptr(), 1, 1, offsets.as_mut_ptr()) };
            assert_eq!(status, Fault::Day as i32);
        }
    }

    #[test]
    fn sizes_beyond_all_memory_are_a_fault() {
        let samples = [0_i64];
        // SAFETY: what is said to be that large is refused before anything is read.
        let status = unsafe { gather_offsets(std::ptr::null(), samples.as_ptr(), u64::MAX, 1, std::ptr::null_mut()) };
        assert_eq!(status, Fault::Output as i32);
    }
}
