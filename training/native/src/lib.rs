//! Gathers the histories of a batch of training samples into memory that the caller gives.
//!
//! [`abi`] is the C interface, and the only file with unsafe code: it makes slices of pointers and sizes. [`gather`] works on
//! slices, and checks every number it is given against them before anything is read or written there. Neither knows files,
//! Python, or the order of training.

#![deny(clippy::undocumented_unsafe_blocks)]

#[expect(unsafe_code, reason = "a C interface is made of pointers")]
mod abi;
mod gather;
