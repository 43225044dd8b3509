//! Gathers the histories of a batch of training samples into memory that the caller gives.
//!
//! [`abi`] is the C interface, and the only file with unsafe code: it makes slices of pointers and sizes. All others work on
//! slices, and check every number against them before anything is read or written there: [`day`] finds histories, [`padded`]
//! and [`jagged`] copy them, [`parts`] divides the work among threads. None knows files, Python, or the order of training.

#![deny(clippy::undocumented_unsafe_blocks)]

#[expect(unsafe_code, reason = "a C interface is made of pointers")]
mod abi;
mod day;
mod jagged;
mod padded;
mod parts;
