//! Programs that are given less memory than their data would need as a whole.

use std::path::Path;

use crate::support::{Ended, Space, end};

/// Runs a program with so much memory (in KB, all that it maps, whether or not it uses it).
pub fn within(space: &Space, program: &str, kilobytes: u32, arguments: &str) -> Ended {
    let name = Path::new(program).file_name().unwrap().to_str().unwrap();
    let program = space.command(program, name);
    let mut command = space.command("/bin/sh", "sh");
    // What the allocator maps in advance would count as well.
    command.env("POLARS_MAX_THREADS", "1").env("MIMALLOC_DISALLOW_ARENA_ALLOC", "1").arg("-c");
    command.arg(format!("ulimit -v {kilobytes}; exec {} {arguments}", program.get_program().display()));
    end(command)
}
