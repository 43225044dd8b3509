//! An action as one integer whose order is the order of a history: timestamp, then item, then type. The newest actions
//! are the greatest integers.
//!
//! ```text
//! bit 127 ................ 64 63 ......... 32 31 ......... 0
//!     timestamp, sign flipped      item_id      action_type
//! ```

/// What a customer did, without the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Action(u128);

impl Action {
    pub fn new(timestamp: i64, item_id: i32, action_type: i8) -> Self {
        let timestamp = (timestamp as u64) ^ (1 << 63);
        Action(u128::from(timestamp) << 64 | u128::from(item_id as u32) << 32 | u128::from(action_type as u8))
    }

    /// All of it.
    pub fn bits(self) -> u128 {
        self.0
    }

    pub fn of_bits(bits: u128) -> Self {
        Action(bits)
    }

    /// Microseconds since 1970 UTC.
    pub fn timestamp(self) -> i64 {
        ((self.0 >> 64) as u64 ^ (1 << 63)) as i64
    }

    pub fn item_id(self) -> i32 {
        (self.0 >> 32) as i32
    }

    pub fn action_type(self) -> i8 {
        self.0 as i8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_sort_by_time_then_item_then_type() {
        let oldest_first = [
            (i64::MIN, 9, 3),
            (-1, 9, 3),
            (0, 1, 3),
            (0, 2, 1),
            (0, 2, 3),
            (0, i32::MAX, 1),
            (1, 1, 1),
            (i64::MAX, 1, 1),
        ];
        let actions: Vec<_> = oldest_first.iter().map(|&(time, item, kind)| Action::new(time, item, kind)).collect();
        assert!(actions.is_sorted_by(|a, b| a < b));
        let back: Vec<_> = actions.iter().map(|a| (a.timestamp(), a.item_id(), a.action_type())).collect();
        assert_eq!(back, oldest_first);
    }
}
