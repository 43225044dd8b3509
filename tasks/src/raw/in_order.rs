//! Several threads work on the parts of a whole, and what they make of them is gathered in the order of the parts.
//!
//! It does not know what a part is. However the threads take turns, the result is the same.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// Lets `threads` threads, of which the calling one is one, each make products of parts until there is no other part.
///
/// `next` fills in the next part, so that what a thread has allocated for a part serves it again, and says whether there
/// was one. Each thread has a `worker` of its own, which may remember things from part to part.
pub fn in_order<Part: Default, Product: Send, Worker: FnMut(&Part) -> Product>(
    threads: usize,
    next: impl FnMut(&mut Part) -> bool + Send,
    worker: impl Fn() -> Worker + Sync,
    gather: impl FnMut(Product) + Send,
) {
    let source = Mutex::new((0_u64, next));
    let gathering = Mutex::new(Gathering { next: 0, early: BTreeMap::new(), gather });
    let work = || {
        let (mut part, mut worker) = (Part::default(), worker());
        let take = |part: &mut Part| {
            let mut source = lock(&source);
            let (count, next) = &mut *source;
            *count += 1;
            next(part).then_some(*count - 1)
        };
        while let Some(number) = take(&mut part) {
            let product = worker(&part);
            lock(&gathering).add(number, product);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // Where no other thread is to be had, those that there are do its share.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
}

struct Gathering<Product, Gather> {
    /// The number of the part whose product is gathered next.
    next: u64,
    /// Products of parts after that one.
    early: BTreeMap<u64, Product>,
    gather: Gather,
}

impl<Product, Gather: FnMut(Product)> Gathering<Product, Gather> {
    fn add(&mut self, number: u64, product: Product) {
        self.early.insert(number, product);
        while let Some(product) = self.early.remove(&self.next) {
            (self.gather)(product);
            self.next += 1;
        }
    }
}

/// A thread that panics takes the others down with it at the end of the scope, so what it has left is never used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_come_in_the_order_of_their_parts_however_long_each_takes() {
        for threads in [1, 2, 5] {
            let mut parts = 0..100_u64;
            let next = |part: &mut u64| parts.next().map(|next| *part = next).is_some();
            let worker = || {
                |part: &u64| {
                    (0..part * 7 % 5 * 50).for_each(|_| thread::yield_now());
                    *part
                }
            };
            let mut gathered = Vec::new();
            in_order(threads, next, worker, |product| gathered.push(product));
            assert_eq!(gathered, (0..100).collect::<Vec<_>>());
        }
    }
}
