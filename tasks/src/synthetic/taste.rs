//! What customers favour: a signal that only histories tell, beside one that popularity tells.
//!
//! Every item belongs to one of [`GROUPS`] groups, and every customer favours one of them; both are functions of the
//! seed and the id, and stand in no file. It does not know days, events or rows.

use super::Shop;
use super::draw::{Draw, item_id};

/// Groups of items; a customer favours one.
const GROUPS: u64 = 8;
/// How often items shown are ordered by customers who go by their taste: favoured and best-selling ones as many times as
/// often as the others. It is the product of all three.
const ORDERED_BY_TASTE: f64 = 0.02;
const FAVOURED: f64 = 12.0;
const BEST_SELLING: f64 = 2.5;
/// Of so many items one sells best, whoever is shown it; these are the ones that are acted on most.
const BEST_SELLERS: u64 = 20;
/// Draws for an item of a group, after which any item will do: in a small catalogue a group may have none.
const ATTEMPTS: usize = 200;

/// How far the customers of a shop go by their taste.
pub struct Taste {
    seed: u64,
    items: u64,
    /// The share of actions and of decisions to order that go by it. Without any, no chance is used up.
    share: f64,
}

impl Taste {
    pub fn new(shop: &Shop) -> Self {
        Taste { seed: shop.seed, items: shop.items, share: shop.taste }
    }

    /// An item that a customer acts on.
    pub fn item(&self, draw: &mut Draw, customer: u64) -> u64 {
        let any = draw.item(self.items);
        if !self.decides(draw) {
            return any;
        }
        let favoured = (0..ATTEMPTS).map(|_| draw.item(self.items)).find(|item| self.favours(customer, *item));
        favoured.unwrap_or(any)
    }

    /// An item that a customer is shown, and whether it is ordered; `otherwise` is the chance where taste does not decide.
    pub fn shown(&self, draw: &mut Draw, customer: u64, otherwise: f64) -> (u64, bool) {
        let rank = draw.item_rank(self.items);
        let item = item_id(rank);
        let chance = if self.decides(draw) { self.order_chance(customer, rank) } else { otherwise };
        (item, draw.chance(chance))
    }

    /// Whether a customer favours an item.
    fn favours(&self, customer: u64, item: u64) -> bool {
        self.group(customer, 1) == self.group(item, 2)
    }

    fn order_chance(&self, customer: u64, rank: u64) -> f64 {
        let favoured = if self.favours(customer, item_id(rank)) { FAVOURED } else { 1.0 };
        let best_selling = if rank < self.items / BEST_SELLERS { BEST_SELLING } else { 1.0 };
        ORDERED_BY_TASTE * favoured * best_selling
    }

    fn decides(&self, draw: &mut Draw) -> bool {
        self.share > 0.0 && draw.chance(self.share)
    }

    /// The group of a customer or an item, which `kind` tells apart.
    fn group(&self, id: u64, kind: u64) -> u64 {
        let mixed = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ id << 2 ^ kind;
        let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % GROUPS
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const CUSTOMERS: u64 = 40;
    const DRAWS: u64 = 2_000;

    fn taste(share: f64) -> Taste {
        Taste { seed: 7, items: 1_000, share }
    }

    /// A share of draws, which many customers make in turn.
    fn share_of(mut is_counted: impl FnMut(&mut Draw, u64) -> bool) -> f64 {
        let draw = &mut Draw::new(7, 0, 0);
        let counted = (0..CUSTOMERS * DRAWS).filter(|number| is_counted(draw, number % CUSTOMERS)).count();
        counted as f64 / (CUSTOMERS * DRAWS) as f64
    }

    #[test]
    fn without_taste_no_chance_is_used_up_and_none_changes() {
        let (plain, with) = (&mut Draw::new(1, 2, 3), &mut Draw::new(1, 2, 3));
        for customer in 0..1_000 {
            assert_eq!(plain.item(1_000), taste(0.0).item(with, customer));
            assert_eq!((plain.item(1_000), plain.chance(0.3)), taste(0.0).shown(with, customer, 0.3));
        }
    }

    #[test]
    fn the_share_of_actions_that_goes_by_taste_falls_on_favoured_items() {
        for share in [0.0, 0.5, 1.0] {
            let taste = taste(share);
            let seen = share_of(|draw, customer| {
                let item = taste.item(draw, customer);
                taste.favours(customer, item)
            });
            let expected = share + (1.0 - share) / GROUPS as f64;
            assert!((seen - expected).abs() < 0.03, "{share}: {seen} instead of {expected}");
        }
    }

    #[test]
    fn favoured_items_are_ordered_far_more_often_than_others() {
        let taste = taste(1.0);
        let rate = |favoured: bool| {
            let mut shown = 0.0;
            let ordered = share_of(|draw, customer| {
                let (item, ordered) = taste.shown(draw, customer, 0.0);
                let counts = taste.favours(customer, item) == favoured;
                shown += f64::from(counts);
                counts && ordered
            });
            ordered * (CUSTOMERS * DRAWS) as f64 / shown
        };
        let times = rate(true) / rate(false);
        assert!((times / FAVOURED - 1.0).abs() < 0.1, "{times} times");
    }

    #[test]
    fn what_customers_favour_divides_the_items_into_groups_by_the_seed() {
        let groups = |seed: u64| -> BTreeSet<Vec<u64>> {
            let taste = Taste { seed, ..taste(1.0) };
            let favoured = |customer| (1..=400).filter(|item| taste.favours(customer, *item)).collect();
            (1..=200).map(favoured).collect()
        };
        let mut items: Vec<u64> = groups(1).into_iter().flatten().collect();
        items.sort_unstable();
        assert_eq!(groups(1).len(), GROUPS as usize);
        assert!(items.into_iter().eq(1..=400), "every item is in one of them");
        assert!(groups(1).is_disjoint(&groups(2)));
    }

    #[test]
    fn a_group_without_items_ends_no_draw() {
        let taste = Taste { seed: 7, items: 1, share: 1.0 };
        let draw = &mut Draw::new(7, 0, 0);
        assert!((0..CUSTOMERS).all(|customer| taste.item(draw, customer) == 1));
    }
}
