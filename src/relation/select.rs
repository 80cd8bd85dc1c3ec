//! Tables, joins, and the select that a dialect spells.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use serde::Serialize;

use super::{Expr, Predicate, RawSql, Slot};

/// A part of a mapping that many plans refer to: compared and hashed by identity, so that a plan's key
/// costs pointers, not names.
#[derive(Debug)]
pub struct Shared<T>(pub Arc<T>);

impl<T> Shared<T> {
    pub fn new(inner: T) -> Shared<T> {
        Shared(Arc::new(inner))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Eq for Shared<T> {}

impl<T> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// A table under an alias.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Table {
    pub alias: Arc<str>,
    pub source: TableSource,
}

/// Where the rows of a table come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TableSource {
    /// A table or view by its name; `dbo.PATIENTS` keeps its parts.
    Named(Arc<str>),
    /// A select that the mapping wrote, per dialect.
    Derived(Shared<RawSql>),
}

/// A lookup: joined LEFT, at most one row, only when a request needs it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Join {
    pub table: Table,
    pub on: Predicate,
    /// The place in the source's list; a later join may refer to an earlier one.
    pub index: u8,
    /// The joins that this one's condition refers to, itself included: a bit for each place.
    #[serde(skip)]
    pub needs: u64,
}

/// A 1:n table of a source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Child {
    /// The name that `each:` uses.
    pub name: Arc<str>,
    pub table: Table,
    /// Column of the child = expression of the parent, pairwise.
    pub on: Vec<(Expr, Expr)>,
    /// Further conditions on the child's rows.
    pub filter: Predicate,
    pub order: Vec<Order>,
    /// Lookups of the child's own.
    pub joins: Vec<Shared<Join>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Order {
    pub expr: Expr,
    pub descending: bool,
}

/// The table part of a mapping's source: what every select of it begins with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Source {
    pub table: Table,
    /// The columns that identify a row of the table, none of them NULL. None of a derived table, which is
    /// not asked twice.
    pub key: Vec<Arc<str>>,
    /// The rows that are resources.
    pub rows: Predicate,
    pub joins: Vec<Shared<Join>>,
    /// The database among the site's; None for its default one.
    pub catalogue: Option<Arc<str>>,
}

/// One select. `filter` decides the total; `after` (the place where a page begins) does not.
///
/// With a limit it has two halves: which rows make the page (`page_joins`, `filter`, `after`, `order`),
/// and what is read of them (`joins`, `columns`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Select {
    pub source: Shared<Source>,
    /// The joins that `columns` need: a bit for each place in the source's list.
    pub joins: u64,
    /// The joins that it takes to find the rows and to order them.
    pub page_joins: u64,
    /// The joins that `filter` alone needs: what the total makes.
    pub filter_joins: u64,
    pub filter: Predicate,
    pub after: Predicate,
    /// What comes back, in this order.
    pub columns: Shared<Vec<Expr>>,
    /// What it sorts by comes back too, in further columns: from it the next page's place is made.
    pub order: Vec<Order>,
    pub limit: Option<Slot>,
    /// The number of rows that hold `filter`, as a last column of every row.
    pub total: bool,
    /// The number of rows that hold `filter`, and nothing else: one row of one column.
    pub count_only: bool,
    /// Few rows hold the filter, so that they are found and read in one go, also where there is a limit.
    pub few: bool,
}

impl Select {
    /// All rows that hold a filter, in no order: what else a select may say is added to it.
    pub fn of(source: Shared<Source>, filter: Predicate, columns: Shared<Vec<Expr>>) -> Select {
        Select {
            source,
            joins: 0,
            page_joins: 0,
            filter_joins: 0,
            filter,
            after: Predicate::True,
            columns,
            order: Vec::new(),
            limit: None,
            total: false,
            count_only: false,
            few: false,
        }
    }

    /// Some row may match: else there is nothing to ask for.
    pub fn can_match(&self) -> bool {
        self.filter != Predicate::False
    }
}

/// The rows of a child table that belong to the parents of a page, ordered by parent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct ChildSelect {
    pub child: Shared<Child>,
    pub catalogue: Option<Arc<str>>,
    /// Which parents; over the columns of [`Child::on`].
    pub parents: Predicate,
    /// What comes back, after the columns that name the parent.
    pub columns: Shared<Vec<Expr>>,
    /// The child's lookups to make: a bit for each place in its list.
    pub joins: u64,
}
