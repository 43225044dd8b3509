//! Synthetic raw events for the `generate` program: a shop whose customers and items follow power laws.
//!
//! What a day holds is a function of the seed, the day and the source alone, so days can be made in any order and one
//! at a time. [`draw`] owns chance, [`rows`] how rows are spelled, [`files`] where they go, [`bad`] how they break
//! rules, [`taste`] what customers favour.

mod bad;
pub(crate) mod draw;
mod files;
mod rows;
mod taste;

use std::path::PathBuf;

use anyhow::Result;
use chrono::NaiveDate;

use crate::calendar::{self, DAY};
use draw::Draw;
pub use files::{Spelling, check_empty};
use rows::{EventWriter, Impression, ImpressionWriter};
use taste::Taste;

/// The shop and how much of it is made.
#[derive(Debug)]
pub struct Shop {
    pub out: PathBuf,
    /// Customers that act. Another twentieth of as many are shown something and never act.
    pub customers: u64,
    /// Items in the catalogue.
    pub items: u64,
    /// All days, of which only the last `impression_days` have impressions.
    pub first_day: NaiveDate,
    pub days: u32,
    pub impression_days: u32,
    /// Clicks, add-to-carts and orders of a day together.
    pub actions_per_day: u64,
    /// Impression rows of a day; each has one to nineteen entries.
    pub impression_rows_per_day: u64,
    pub seed: u64,
    /// The share of rows that break a rule.
    pub bad: f64,
    /// The share of what customers do that goes by their taste.
    pub taste: f64,
    pub spelling: Spelling,
}

/// Of 167 actions so many are add-to-carts, and so many orders; the rest are clicks.
const CARTS: u64 = 15;
const ORDERS: u64 = 2;
const ACTIONS: u64 = 167;
/// The share of events that share customer and time with the event before, and of these every fourth the item too.
const TIES: f64 = 0.002;
/// The share of events that are filed under a day but stamped in the first hours of the next.
const LATE: f64 = 0.002;
/// The share of impression rows of customers who never act.
const COLD: f64 = 0.05;
/// The share of items shown that are ordered, where taste does not decide.
const ORDERED: f64 = 0.02;
/// The most entries of an impression row.
const ENTRIES: u64 = 19;

/// A raw event.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub customer: u64,
    pub item: u64,
    /// Microseconds since 1970 UTC.
    pub timestamp: i64,
}

/// What was made.
#[derive(Debug, Default)]
pub struct Made {
    pub events: u64,
    pub impressions: u64,
}

/// Writes all raw files of a shop.
pub fn generate(shop: &Shop) -> Result<Made> {
    let mut made = Made::default();
    let first = calendar::day_number(shop.first_day);
    let (carts, orders) = (shop.actions_per_day * CARTS / ACTIONS, shop.actions_per_day * ORDERS / ACTIONS);
    let clicks = shop.actions_per_day - carts - orders;
    let taste = Taste::new(shop);
    let mut order_file = EventWriter::orders(shop)?;
    for number in first..first + shop.days as i32 {
        for (stream, source, count) in [(0, "clicks", clicks), (1, "add_to_carts", carts)] {
            let mut file = EventWriter::of_day(shop, source, number)?;
            events(shop, &mut Draw::new(shop.seed, number, stream), number, count, |event| file.write(event))?;
            file.finish()?;
        }
        let mut draw = Draw::new(shop.seed, number, 2);
        for _ in 0..orders {
            let customer = draw.customer(shop.customers);
            let item = taste.item(&mut draw, customer);
            order_file.write(Event { customer, item, timestamp: i64::from(number) * DAY })?;
        }
        made.events += clicks + carts + orders;
        if number >= first + (shop.days - shop.impression_days) as i32 {
            made.impressions += impressions(shop, number)?;
        }
    }
    order_file.finish()?;
    Ok(made)
}

/// The events of a day in the order of a log, with ties, duplicates and late ones.
fn events(
    shop: &Shop,
    draw: &mut Draw,
    day: i32,
    count: u64,
    mut write: impl FnMut(Event) -> Result<()>,
) -> Result<()> {
    let (midnight, taste) = (i64::from(day) * DAY, Taste::new(shop));
    let mut before = None;
    for number in 0..count {
        // Each event has its own slice of the day, which keeps the log in order without sorting it.
        let slice = (midnight + (i128::from(DAY) * i128::from(number) / i128::from(count)) as i64, DAY / count as i64);
        let customer = draw.customer(shop.customers);
        let mut event = Event {
            customer,
            item: taste.item(draw, customer),
            timestamp: slice.0 + draw.below(slice.1.max(1) as u64) as i64,
        };
        if let Some(Event { customer, item, timestamp }) = before
            && draw.chance(TIES)
        {
            event = Event { customer, timestamp, item: if draw.below(4) == 0 { item } else { event.item } };
        } else if draw.chance(LATE) {
            event.timestamp = midnight + DAY + draw.below(DAY as u64 / 12) as i64;
        }
        write(event)?;
        before = Some(event);
    }
    Ok(())
}

/// The impressions of a day; gives back how many items were shown.
fn impressions(shop: &Shop, day: i32) -> Result<u64> {
    let (mut draw, taste) = (Draw::new(shop.seed, day, 3), Taste::new(shop));
    let mut file = ImpressionWriter::of_day(shop, day)?;
    let mut shown = 0;
    for _ in 0..shop.impression_rows_per_day {
        let customer =
            if draw.chance(COLD) { draw.cold_customer(shop.customers) } else { draw.shown_customer(shop.customers) };
        let entries = (0..=draw.below(ENTRIES)).map(|_| taste.shown(&mut draw, customer, ORDERED)).collect();
        let impression = Impression { ranking: draw.below(1 << 47), customer, entries };
        shown += impression.entries.len() as u64;
        file.write(&impression)?;
    }
    file.finish()?;
    Ok(shown)
}
