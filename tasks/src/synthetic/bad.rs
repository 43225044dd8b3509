//! Rows that break a rule, as a broken producer would write them.

use super::Shop;

/// Decides which rows of a day break a rule, and how; each way in turn.
///
/// Bad rows come in bursts, as from a producer that is broken for a day: all of them on every [`BURST`]th day, evenly
/// over the day and never more than their share of it, so that small days do not fail by bad luck.
pub struct BadRows {
    share: f64,
    rows: u64,
    bad: u64,
    first: u64,
}

/// Days from one burst of bad rows to the next.
const BURST: i32 = 5;

/// A way to break a rule.
#[derive(Clone, Copy)]
pub enum BadRow {
    Truncated,
    MissingField,
    NullCustomer,
    TextCustomer,
    ZeroItem,
    HugeItem,
    Unreadable,
}

impl BadRows {
    pub fn new(shop: &Shop, day: i32) -> Self {
        let share = if day.rem_euclid(BURST) == 0 { shop.bad * f64::from(BURST) } else { 0.0 };
        BadRows { share, rows: 0, bad: 0, first: day.unsigned_abs().into() }
    }

    /// Whether, and how, the next row breaks a rule.
    pub fn next(&mut self) -> Option<BadRow> {
        self.rows += 1;
        if (self.rows as f64 * self.share) as u64 == self.bad {
            return None;
        }
        self.bad += 1;
        let kinds = [
            BadRow::Truncated,
            BadRow::MissingField,
            BadRow::NullCustomer,
            BadRow::TextCustomer,
            BadRow::ZeroItem,
            BadRow::HugeItem,
            BadRow::Unreadable,
        ];
        Some(kinds[((self.first + self.bad) % 7) as usize])
    }
}

impl BadRow {
    /// A row of any source that breaks a rule in this way.
    pub fn text(self, csv: bool, day: &str, customer: u64, item: u64) -> String {
        if csv {
            return match self {
                BadRow::ZeroItem | BadRow::HugeItem => format!("{day},0,{item},"),
                BadRow::NullCustomer => format!("{day},,{item},"),
                _ => format!("{day},customer {customer}"),
            };
        }
        // The item and the time carry every source's name for them.
        let with = |customer: &str, item: &str, time: &str| {
            format!(
                r#"{{"dt":"{day}","customer_id":{customer},"item_id":{item},"config_id":{item},"click_time":"{time}","occurred_at":"{time}","order_date":"{time}","impressions":null}}"#
            )
        };
        let (customer, item) = (customer.to_string(), item.to_string());
        match self {
            BadRow::Truncated => format!(r#"{{"dt":"{day}","customer_id":{customer},"it"#),
            BadRow::MissingField => format!(r#"{{"dt":"{day}","customer_id":{customer}}}"#),
            BadRow::NullCustomer => with("null", &item, "2025-08-01T00:00:00Z"),
            BadRow::TextCustomer => with(&format!("\"{customer}\""), &item, "2025-08-01T00:00:00Z"),
            BadRow::ZeroItem => with(&customer, "0", "2025-08-01T00:00:00Z"),
            BadRow::HugeItem => with(&customer, "2147483648", "2025-08-01T00:00:00Z"),
            BadRow::Unreadable => with(&customer, &item, "yesterday"),
        }
    }
}
