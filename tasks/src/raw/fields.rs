//! Which field of a raw row plays which part, and how the four sources call them unless told otherwise.

use anyhow::{Result, bail};

/// The four sources of raw events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Source {
    Impressions,
    Clicks,
    AddToCarts,
    PreviousOrders,
}

/// Fields of a file that are named in a message.
const MOST_NAMES: usize = 20;

/// The part that a raw field plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    CustomerId,
    ItemId,
    /// When a click or an add-to-cart happened; an order has it only if a field is named for it.
    Timestamp,
    /// The day that an order belongs to.
    Day,
    /// The list of entries of an impression row.
    Impressions,
    /// The label of an entry; beside it `ItemId` is a field of the entry.
    IsOrder,
}

impl Role {
    const ALL: [(Role, &'static str); 6] = [
        (Role::CustomerId, "customer_id"),
        (Role::ItemId, "item_id"),
        (Role::Timestamp, "timestamp"),
        (Role::Day, "day"),
        (Role::Impressions, "impressions"),
        (Role::IsOrder, "is_order"),
    ];

    pub fn all() -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().map(|(role, _)| role)
    }

    /// What its values must be, for people.
    pub fn wanted(self) -> &'static str {
        match self {
            Role::CustomerId | Role::ItemId => "an integer, such as 7 or \"7\"; 7.0 is none",
            Role::Timestamp => "a time such as 2025-08-16T12:00:00Z, as a text or as a timestamp of Parquet",
            Role::Day => "a date such as 2025-08-16",
            Role::Impressions => "a list of objects",
            Role::IsOrder => "true or false",
        }
    }

    /// The role's name on a command line.
    fn name(self) -> &'static str {
        Role::ALL.iter().find(|(role, _)| *role == self).map_or("", |(_, name)| name)
    }
}

/// The fields of a source's rows by role.
#[derive(Clone, Debug)]
pub struct Fields {
    pub source: Source,
    names: Vec<(Role, String)>,
    /// Roles whose field has another role before them.
    twins: Vec<(Role, Role)>,
}

impl Fields {
    /// The usual field names of a source, with those in `renamed` (role name, field name) in their place.
    pub fn new(source: Source, renamed: &[(String, String)]) -> Result<Self> {
        let usual: &[(Role, &str)] = match source {
            Source::Impressions => &[
                (Role::CustomerId, "customer_id"),
                (Role::Impressions, "impressions"),
                (Role::ItemId, "item_id"),
                (Role::IsOrder, "is_order"),
            ],
            Source::Clicks => {
                &[(Role::CustomerId, "customer_id"), (Role::ItemId, "item_id"), (Role::Timestamp, "click_time")]
            }
            Source::AddToCarts => {
                &[(Role::CustomerId, "customer_id"), (Role::ItemId, "config_id"), (Role::Timestamp, "occurred_at")]
            }
            Source::PreviousOrders => {
                &[(Role::CustomerId, "customer_id"), (Role::ItemId, "config_id"), (Role::Day, "order_date")]
            }
        };
        let mut names: Vec<_> = usual.iter().map(|(role, name)| (*role, name.to_string())).collect();
        let timed_order = (source == Source::PreviousOrders).then_some(Role::Timestamp);
        for (given, field) in renamed {
            let known = names.iter().position(|(role, _)| role.name() == given);
            match (known, timed_order.filter(|role| role.name() == given)) {
                (Some(index), _) => names[index].1.clone_from(field),
                (None, Some(role)) => names.push((role, field.clone())),
                (None, None) => {
                    let mut roles: Vec<_> = names.iter().map(|(role, _)| role.name()).collect();
                    roles.extend(timed_order.map(Role::name));
                    bail!("--field {given}={field}: this source has no `{given}`; it has {}", roles.join(", "));
                }
            }
        }
        let mut fields = Fields { source, names, twins: Vec::new() };
        let firsts = fields.row_fields().filter_map(|(role, name)| Some((role, fields.row_role(name)?)));
        fields.twins = firsts.filter(|(role, first)| role != first).map(|(role, first)| (first, role)).collect();
        Ok(fields)
    }

    /// Pairs of roles that one field plays both; [`Fields::row_role`] knows the first.
    pub fn twins(&self) -> &[(Role, Role)] {
        &self.twins
    }

    /// The role of a field of a row.
    pub fn row_role(&self, name: &str) -> Option<Role> {
        self.role(name, |role| !self.in_entry(role))
    }

    /// The role of a field of an entry of an impression row.
    pub fn entry_role(&self, name: &str) -> Option<Role> {
        self.role(name, |role| self.in_entry(role))
    }

    /// How the raw rows call the field of a role, and an entry's field with its list before it.
    pub fn label(&self, role: Role) -> String {
        let name = self.name(role).unwrap_or_else(|| role.name());
        self.entry_list(role).map_or(name.to_string(), |list| format!("{list}[].{name}"))
    }

    /// The field whose entries have the field of a role; `None` if rows themselves have it.
    pub fn entry_list(&self, role: Role) -> Option<&str> {
        self.name(Role::Impressions).filter(|_| self.in_entry(role))
    }

    /// The field of a role; `None` if rows of this source have none.
    pub fn name(&self, role: Role) -> Option<&str> {
        self.names.iter().find(|(known, _)| *known == role).map(|(_, name)| name.as_str())
    }

    /// The fields of a row, in a fixed order.
    pub fn row_fields(&self) -> impl Iterator<Item = (Role, &str)> {
        self.names.iter().filter(|(role, _)| !self.in_entry(*role)).map(|(role, name)| (*role, name.as_str()))
    }

    /// What to do where the field of a role is not there, behind the words that say where: the fields that are, and how one
    /// of them is named instead.
    pub fn advice<'a>(&self, role: Role, present: impl Iterator<Item = &'a str>) -> String {
        let mut names: Vec<_> = present.map(|name| format!("`{name}`")).collect();
        if names.len() > MOST_NAMES {
            let others = names.len() - MOST_NAMES;
            names.truncate(MOST_NAMES);
            names.push(format!("{others} more"));
        }
        let role = role.name();
        format!("{}; name the right one in pipeline.yaml: `field: {{{role}: NAME}}`", names.join(", "))
    }

    fn role(&self, name: &str, wanted: impl Fn(Role) -> bool) -> Option<Role> {
        self.names.iter().find(|(role, known)| known == name && wanted(*role)).map(|(role, _)| *role)
    }

    fn in_entry(&self, role: Role) -> bool {
        self.source == Source::Impressions && matches!(role, Role::ItemId | Role::IsOrder)
    }
}
