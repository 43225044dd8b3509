//! Production, morning after morning: new files arrive, things go wrong, and every evening the published days are the
//! bytes of a fresh run with an empty cache, there is nothing left to do, and nothing lies about.
//!
//! `SOAK_DAYS` says how many mornings, `SOAK_SEED` which ones. What a morning does is drawn from the seed and printed.
#![expect(clippy::disallowed_methods, reason = "tests start programs")]
#![expect(clippy::print_stdout, reason = "whoever soaks wants to see what each morning was")]

#[path = "support/disturb.rs"]
mod disturb;
#[path = "support/mornings.rs"]
mod mornings;
mod support;
#[path = "support/survivors.rs"]
mod survivors;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use disturb::Point;
use mornings::{Mornings, WINDOW, date, folder};
use support::{end, ended};
use survivors::none_survive;

fn variable(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// What goes wrong on a morning. The number of chances is how often it is drawn.
type Disturbance = (&'static str, fn(&mut Mornings));

const DISTURBANCES: [Disturbance; 22] = [
    ("a file comes late", |shop| {
        let (source, day) = (shop.source(), shop.earlier_day());
        shop.write_day(source, day, "late", 3);
    }),
    ("a file is corrected, maybe in another format", |shop| {
        let (source, day) = (shop.source(), shop.earlier_day());
        shop.write_day(source, day, "a", 6);
    }),
    ("orders are corrected", Mornings::correct_orders),
    ("a day is deleted, and comes back", |shop| {
        let (source, day) = (shop.source(), shop.earlier_day());
        let (place, aside) = (shop.space.path(&folder(source, day)), shop.space.path("aside"));
        fs::rename(&place, &aside).unwrap();
        let status = shop.run(&[]).status;
        assert!([0, 3].contains(&status), "without {source} of a day: exit {status}");
        fs::rename(&aside, &place).unwrap();
    }),
    ("a file is broken, and mended", |shop| {
        let (source, day) = (shop.source(), shop.earlier_day());
        let broken = format!("{}/broken.json", folder(source, day));
        shop.space.write(&broken, "{\"customer_id\":\n".repeat(30));
        shop.run(&[]);
        shop.space.remove(&broken);
    }),
    ("a run is killed", |shop| kill(shop, "kill")),
    ("a run is killed after a call", |shop| kill(shop, "kill-after")),
    ("a run is killed in the middle of a write", |shop| kill(shop, "short")),
    ("the disk is full during a run", |shop| kill(shop, "enospc")),
    ("two runs at once", |shop| {
        shop.correct_orders();
        together(&mut [shop.run_command(), shop.run_command()], &[0]);
    }),
    ("gc during a run", |shop| {
        shop.correct_orders();
        let gc = shop.cache_command("gc", &["--delete", "--keep-runs", "0"]);
        together(&mut [shop.run_command(), gc], &[0]);
    }),
    ("gc before a run", |shop| {
        end(shop.cache_command("gc", &["--delete", "--keep-runs", "1"])).with(0);
    }),
    ("verify during a run", |shop| {
        shop.correct_orders();
        let verify = shop.cache_command("verify", &[]);
        // It exits with 1 where something has rotted on an earlier morning.
        together(&mut [shop.run_command(), verify], &[0, 1]);
    }),
    ("the index is lost", |shop| {
        for file in index_files(shop) {
            fs::remove_file(file).unwrap();
        }
    }),
    ("the index is garbage", |shop| {
        for file in index_files(shop) {
            let size = fs::metadata(&file).unwrap().len();
            write_at(&file, shop.chance.below(size.max(1)), b"garbage");
        }
    }),
    ("journals are lost", |shop| {
        if shop.space.exists("cache/v1/runs") {
            shop.space.remove("cache/v1/runs");
        }
    }),
    ("a result rots", |shop| {
        // Of a day that histories are made from again when orders are corrected.
        let day = date(shop.earlier_day());
        if let Some(file) = some_file(shop, &format!("cache/v1/results/unify/{day}"), |path| path.ends_with(".parquet"))
        {
            let size = fs::metadata(&file).unwrap().len();
            let modified = fs::metadata(&file).unwrap().modified().unwrap();
            let place = shop.chance.below(size);
            let mut byte = [0];
            File::open(&file).unwrap().read_exact_at(&mut byte, place).unwrap();
            write_at(&file, place, &[byte[0] ^ 1]);
            File::options().append(true).open(&file).unwrap().set_modified(modified).unwrap();
            shop.correct_orders();
        }
    }),
    ("a published file rots", |shop| {
        let output = shop.output.clone();
        if let Some(file) = some_file(shop, &output, |path| path.ends_with(".parquet")) {
            let size = fs::metadata(&file).unwrap().len();
            write_at(&file, shop.chance.below(size), b"?");
            shop.run(&["--verify"]).with(0);
        }
    }),
    ("a result is lost", |shop| {
        if let Some(file) = some_file(shop, "cache/v1/results", |_| true) {
            fs::remove_dir_all(file.parent().unwrap()).unwrap();
        }
    }),
    ("a published day is lost", |shop| {
        let output = shop.output.clone();
        if let Some(file) = some_file(shop, &output, |path| path.ends_with(".parquet")) {
            fs::remove_dir_all(file.parent().unwrap()).unwrap();
        }
    }),
    ("the output is moved", |shop| {
        let moved = format!("output-{}", shop.today);
        if shop.space.exists(&shop.output) && !shop.space.exists(&moved) {
            fs::rename(shop.space.path(&shop.output), shop.space.path(&moved)).unwrap();
            shop.output = moved;
        }
    }),
    ("another history length, and back", |shop| {
        let pipeline = shop.space.read("pipeline.yaml");
        shop.space.write("pipeline.yaml", pipeline.replace("&history_length 30", "&history_length 7"));
        shop.run(&[]).with(0);
        shop.space.write("pipeline.yaml", pipeline);
    }),
];

/// Disturbs a run at one of the calls by which it changes files.
fn kill(shop: &mut Mornings, how: &'static str) {
    shop.correct_orders();
    let mut command = shop.run_command();
    disturb::watch(&mut command, &shop.space, &shop.space.folder);
    disturb::disturb(&mut command, Point { how, number: 1 + shop.chance.below(120) as usize });
    end(command);
    if shop.space.exists("trace") {
        disturb::forget(&shop.space);
    }
    none_survive(&shop.space.folder);
}

/// Runs two programs side by side: a run, which has to end well, and another one.
fn together([run, other]: &mut [Command; 2], statuses: &[i32]) {
    let start = |command: &mut Command| command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let children = [start(run), start(other)];
    let [ran, was_beside] = children.map(|child| child.wait_with_output().unwrap());
    ended(run, ran).with(0);
    let was_beside = ended(other, was_beside);
    assert!(statuses.contains(&was_beside.status), "exit {}: {}", was_beside.status, was_beside.stderr);
}

fn index_files(shop: &Mornings) -> Vec<PathBuf> {
    let files = fs::read_dir(shop.space.path("cache/v1")).into_iter().flatten().flatten().map(|entry| entry.path());
    files.filter(|path| path.is_file() && path.file_name().unwrap().to_string_lossy().starts_with("index")).collect()
}

/// Any file below a folder whose path fits.
fn some_file(shop: &mut Mornings, folder: &str, fits: impl Fn(&str) -> bool) -> Option<PathBuf> {
    let mut paths: Vec<String> = shop.space.tree(folder).into_iter().map(|(path, _)| path).collect();
    paths.retain(|path| !path.starts_with('.') && fits(path));
    let chosen = (!paths.is_empty()).then(|| shop.chance.below(paths.len() as u64) as usize)?;
    Some(shop.space.path(folder).join(&paths[chosen]))
}

/// Writes over some bytes of a file, read-only or not.
fn write_at(file: &PathBuf, place: u64, bytes: &[u8]) {
    let mut permissions = fs::metadata(file).unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "it is made read-only again by whoever keeps it")]
    permissions.set_readonly(false);
    fs::set_permissions(file, permissions).unwrap();
    File::options().write(true).open(file).unwrap().write_all_at(bytes, place).unwrap();
}

/// What has to be true each evening.
fn evening(shop: &Mornings, what: &str) {
    let ran = shop.run(&[]);
    assert_eq!(ran.status, 0, "{what}\n{}", ran.stderr);
    let fresh = end(shop.command("run", WINDOW, "fresh-cache", "fresh-output"));
    assert_eq!(fresh.status, 0, "{what}: a fresh run\n{}", fresh.stderr);
    let (published, expected) = (shop.days(&shop.output), shop.days("fresh-output"));
    assert!(!expected.is_empty(), "{what}: nothing is published");
    for (path, bytes) in &expected {
        let ours = published.iter().find(|(name, _)| name == path);
        assert!(ours.is_some_and(|(_, ours)| ours == bytes), "{what}: {path} is not what a fresh run makes");
    }
    assert_eq!(published.len(), expected.len(), "{what}: other days than those of a fresh run");
    shop.run(&[]).with(0).says(" 0 ran, ");
    let mut status = shop.command("status", WINDOW, "cache", &shop.output);
    status.arg("--json");
    let nodes: serde_json::Value = serde_json::from_str(&end(status).with(0).stdout).unwrap();
    for node in nodes.as_array().unwrap() {
        assert_eq!(node["state"], "fresh", "{what}: {node}");
    }
    for folder in ["cache/v1/work", "cache/v1/claims"] {
        assert!(shop.space.tree(folder).is_empty(), "{what}: {folder} holds {:?}", shop.space.tree(folder));
    }
    none_survive(&shop.space.folder);
    shop.space.remove("fresh-cache").remove("fresh-output");
}

#[test]
fn every_evening_the_published_days_are_what_a_fresh_run_makes() {
    let seed = variable("SOAK_SEED", 1);
    let mut shop = Mornings::new("soak", seed);
    for morning in 1..=variable("SOAK_DAYS", 120) {
        shop.next_day();
        let mut what = format!("morning {morning} of seed {seed}");
        for _ in 0..shop.chance.below(4) {
            let (name, disturb) = DISTURBANCES[shop.chance.below(DISTURBANCES.len() as u64) as usize];
            what = format!("{what}, {name}");
            println!("{what}");
            disturb(&mut shop);
        }
        evening(&shop, &what);
    }
}

#[test]
fn a_cache_grows_with_the_data_and_not_with_the_number_of_mornings() {
    let mut shop = Mornings::new("growth", variable("SOAK_SEED", 1));
    let mornings = variable("SOAK_DAYS", 60);
    let mut nothing_to_do = Vec::new();
    for morning in 1..=mornings {
        shop.next_day();
        shop.run(&[]).with(0);
        if morning % 7 == 0 {
            end(shop.cache_command("gc", &["--delete", "--keep-runs", "7"])).with(0);
        }
        let started = Instant::now();
        shop.run(&[]).with(0).says(" 0 ran, ");
        nothing_to_do.push(started.elapsed());
    }
    end(shop.cache_command("gc", &["--delete", "--keep-runs", "0"])).with(0);
    end(shop.command("run", WINDOW + mornings - 1, "fresh-cache", "fresh-output")).with(0);
    let sizes = |cache: &str| {
        let is_index = |path: &str| !path.contains('/');
        [shop.bytes(&format!("{cache}/v1"), is_index), shop.bytes(&format!("{cache}/v1/results"), |_| true)]
    };
    let (ours, fresh) = (sizes("cache"), sizes("fresh-cache"));
    println!("index and results: {ours:?} bytes, of one fresh run {fresh:?}");
    let (first, last) = (nothing_to_do.get(9), nothing_to_do.last());
    println!("nothing to do took {first:?} on the tenth morning and {last:?} on the last");
    assert!(ours[0] <= 2 * fresh[0], "the index: {ours:?}, of one fresh run {fresh:?}");
    assert!(ours[1] <= 2 * fresh[1], "the results: {ours:?}, of one fresh run {fresh:?}");
}
