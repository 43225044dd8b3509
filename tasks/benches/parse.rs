//! How fast JSON Lines are read: lines laid out alike, and lines that only the parser for all of JSON can read.

use std::path::Path;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use tasks::raw::{Collector, Fields, Source, read_json_lines};

/// Bytes of the file that is read.
const SIZE: usize = 16 << 20;

/// A value that is right and of no matter; it takes a line out of those that need no parser.
const NESTED: &str = r#","more":[]"#;

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 2])]
fn clicks_laid_out_alike(bencher: Bencher, threads: usize) {
    read(bencher, Source::Clicks, threads, &lines(|number| click(number, "")));
}

#[divan::bench(args = [1, 2])]
fn clicks_that_need_a_parser(bencher: Bencher, threads: usize) {
    read(bencher, Source::Clicks, threads, &lines(|number| click(number, NESTED)));
}

#[divan::bench(args = [1, 2])]
fn impressions_laid_out_alike(bencher: Bencher, threads: usize) {
    read(bencher, Source::Impressions, threads, &lines(|number| impression(number, "")));
}

#[divan::bench(args = [1, 2])]
fn impressions_that_need_a_parser(bencher: Bencher, threads: usize) {
    read(bencher, Source::Impressions, threads, &lines(|number| impression(number, NESTED)));
}

fn read(bencher: Bencher, source: Source, threads: usize, content: &[u8]) {
    bencher.counter(BytesCount::of_slice(content)).bench(|| {
        let nowhere = Path::new("/dev/null");
        let mut collector = Collector::create(Fields::new(source, &[]).unwrap(), nowhere, nowhere).unwrap();
        read_json_lines(&mut black_box(content), content.len() as u64, threads, &mut collector).unwrap();
        collector
    });
}

fn lines(line: impl Fn(u64) -> String) -> Vec<u8> {
    let mut content = Vec::with_capacity(SIZE);
    for number in 0.. {
        if content.len() > SIZE {
            break;
        }
        content.extend_from_slice(line(number).as_bytes());
    }
    content
}

fn click(number: u64, more: &str) -> String {
    let (customer, item) = (scatter(number) % 50_000_000 + 1, scatter(number + 1) % 400_000 + 1);
    let (minute, second, micros) = (number / 60 % 60, number % 60, scatter(number) % 1_000_000);
    format!(
        "{{\"dt\":\"dt=2025-08-16\",\"customer_id\":{customer},\"item_id\":{item}{more},\
         \"click_time\":\"2025-08-16T12:{minute:02}:{second:02}.{micros:06}Z\"}}\n"
    )
}

fn impression(number: u64, more: &str) -> String {
    let entries: Vec<String> = (0..10)
        .map(|entry| {
            let item = scatter(number * 10 + entry);
            format!("{{\"item_id\":{},\"is_order\":{}}}", item % 400_000 + 1, item.is_multiple_of(50))
        })
        .collect();
    format!(
        "{{\"dt\":\"dt=2025-08-16\",\"ranking_id\":\"ranking-{:012x}\",\"customer_id\":{}{more},\"impressions\":[{}]}}\n",
        scatter(number) >> 16,
        scatter(number + 1) % 50_000_000 + 1,
        entries.join(",")
    )
}

/// A number that looks like chance.
fn scatter(number: u64) -> u64 {
    (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20
}
