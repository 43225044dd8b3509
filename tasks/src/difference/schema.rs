//! Which columns came, went or have another type. No I/O.

use serde::Serialize;

/// A column and its type as a table has them.
pub type Typed = (String, String);

#[derive(Serialize)]
pub struct SchemaDifference {
    pub same: bool,
    pub added: Vec<TypedName>,
    pub removed: Vec<TypedName>,
    /// Columns that are in both, with another type.
    pub retyped: Vec<Retyped>,
    /// The columns that are in both are in another order.
    pub reordered: bool,
}

#[derive(Serialize)]
pub struct TypedName {
    pub name: String,
    #[serde(rename = "type")]
    pub dtype: String,
}

#[derive(Serialize)]
pub struct Retyped {
    pub name: String,
    pub before: String,
    pub now: String,
}

impl SchemaDifference {
    /// What changed from `old` to `new`, and the columns that both have with the same type, as they are ordered in `old`.
    pub fn between(old: &[Typed], new: &[Typed]) -> (SchemaDifference, Vec<String>) {
        let mut retyped = Vec::new();
        let mut shared = Vec::new();
        for (name, before) in old {
            match type_of(name, new) {
                Some(now) if now == before => shared.push(name.clone()),
                Some(now) => {
                    retyped.push(Retyped { name: name.clone(), before: before.clone(), now: now.clone() });
                }
                None => {}
            }
        }
        let reordered = !names_in_both(old, new).eq(names_in_both(new, old));
        let difference = SchemaDifference {
            same: old == new,
            added: only_in(new, old),
            removed: only_in(old, new),
            retyped,
            reordered,
        };
        (difference, shared)
    }
}

fn type_of<'a>(name: &str, columns: &'a [Typed]) -> Option<&'a String> {
    columns.iter().find(|(known, _)| known == name).map(|(_, dtype)| dtype)
}

fn names_in_both<'a>(columns: &'a [Typed], others: &'a [Typed]) -> impl Iterator<Item = &'a String> {
    columns.iter().map(|(name, _)| name).filter(|name| type_of(name, others).is_some())
}

fn only_in(columns: &[Typed], others: &[Typed]) -> Vec<TypedName> {
    let only = columns.iter().filter(|(name, _)| type_of(name, others).is_none());
    only.map(|(name, dtype)| TypedName { name: name.clone(), dtype: dtype.clone() }).collect()
}
