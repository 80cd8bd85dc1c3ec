//! Date search: the searched interval against the stored one (R4 §3.1.1.4.7, and the table of prefixes).
//!
//! A stored value covers an interval too: a day, or an instant as fine as it is kept. Each prefix is a
//! comparison of the two intervals' ends. Whatever the stored form, four questions are enough (does it
//! begin at or after `t`, before `t`; does it end at or before `t`, after `t`), and each is put so that
//! the column stands alone on its side, where its index serves.

use jiff::civil::{self, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::mapping::{DateForm, DateLayout, DateMatcher, Precision};
use crate::relation::{Arithmetic, CompareOp, Expr, Predicate, SqlType, Value};
use crate::search::{DateValue, Interval, Prefix};

use super::Context;
use super::values::Values;

/// One searched date against a point or a period.
pub(super) fn predicate(
    start: Option<&DateMatcher>,
    end: Option<&DateMatcher>,
    prefix: Prefix,
    date: &DateValue,
    context: &Context<'_>,
    values: &mut Values,
) -> Predicate {
    let searched = match prefix {
        Prefix::Ap => date.interval(context.zone).approximate(context.now),
        _ => date.interval(context.zone),
    };
    let stored = Stored {
        start,
        end,
        zone: context.zone,
    };
    let (low, high) = ends(searched);
    let contained = |values: &mut Values| {
        Predicate::all([
            stored.begins_at_or_after(low, values),
            stored.ends_at_or_before(high, values),
        ])
    };
    let found = match prefix {
        Prefix::Eq => contained(values),
        // Said in the positive where a row's text may be no date at all: of it nothing holds.
        Prefix::Ne if stored.varies() => Predicate::any([
            stored.begins_before(low, values),
            stored.ends_after(high, values),
        ]),
        Prefix::Ne => contained(values).negate(),
        Prefix::Gt => stored.ends_after(high, values),
        Prefix::Lt => stored.begins_before(low, values),
        Prefix::Ge if stored.is_point_within(low, high) => stored.begins_at_or_after(low, values),
        Prefix::Ge => Predicate::any([stored.ends_after(high, values), contained(values)]),
        Prefix::Le if stored.is_point_within(low, high) => stored.begins_before(high, values),
        Prefix::Le => Predicate::any([stored.begins_before(low, values), contained(values)]),
        Prefix::Sa => stored.begins_at_or_after(high, values),
        Prefix::Eb => stored.ends_at_or_before(low, values),
        Prefix::Ap => Predicate::all([
            stored.begins_before(high, values),
            stored.ends_after(low, values),
        ]),
    };
    // `ne` holds where the comparison does not: absence has to be ruled out in words.
    let present = if prefix == Prefix::Ne {
        self::present(start, end)
    } else {
        stored.present()
    };
    Predicate::all([present, found])
}

/// An end of what is searched for.
#[derive(Debug, Clone, Copy)]
struct Bound {
    /// At the practice.
    local: DateTime,
    /// Where the value says its offset.
    instant: Option<Timestamp>,
}

impl Bound {
    /// The moment; None beyond either end of what can be counted.
    fn instant(self, zone: &TimeZone) -> Option<Timestamp> {
        self.instant.or_else(|| zone.to_timestamp(self.local).ok())
    }

    /// Every day lies before it.
    fn is_end_of_time(self) -> bool {
        self.local == DateTime::MAX
    }
}

impl From<DateTime> for Bound {
    fn from(local: DateTime) -> Bound {
        Bound {
            local,
            instant: None,
        }
    }
}

fn ends(interval: Interval) -> (Bound, Bound) {
    let (start, end) = interval.instants.unzip();
    let bound = |local, instant| Bound { local, instant };
    (bound(interval.start, start), bound(interval.end, end))
}

/// Something is there to compare with.
pub(super) fn present(start: Option<&DateMatcher>, end: Option<&DateMatcher>) -> Predicate {
    match (start, end) {
        (Some(start), Some(end)) if !std::ptr::eq(start, end) => {
            Predicate::any([start.present.clone(), end.present.clone()])
        }
        (Some(only), _) | (None, Some(only)) => only.present.clone(),
        (None, None) => Predicate::False,
    }
}

struct Stored<'a> {
    start: Option<&'a DateMatcher>,
    end: Option<&'a DateMatcher>,
    zone: &'a TimeZone,
}

impl Stored<'_> {
    /// A point is one matcher as both ends: what holds of it can be said once.
    fn point(&self) -> Option<&DateMatcher> {
        match (self.start, self.end) {
            (Some(start), Some(end)) if std::ptr::eq(start, end) => Some(start),
            _ => None,
        }
    }

    fn varies(&self) -> bool {
        self.point()
            .is_some_and(|matcher| matcher.unit() == Unit::Varies)
    }

    /// A stored point is never wider than the searched interval, so that "after it or within it" is "from
    /// its beginning on".
    fn is_point_within(&self, low: Bound, high: Bound) -> bool {
        self.point().is_some_and(|matcher| match matcher.unit() {
            Unit::Day => is_midnight(low.local) && is_midnight(high.local),
            Unit::Instant => true,
            Unit::Varies => false,
        })
    }

    /// A comparison already leaves NULL out; only sentinels, a second column, and periods with open ends
    /// need more.
    fn present(&self) -> Predicate {
        match self.point() {
            Some(matcher) if matcher.leaves_absence_out() => Predicate::True,
            _ => present(self.start, self.end),
        }
    }

    fn ask(
        &self,
        end: Option<&DateMatcher>,
        question: Question,
        open: bool,
        at: Bound,
        values: &mut Values,
    ) -> Predicate {
        match end {
            None if open => Predicate::True,
            None => Predicate::False,
            Some(matcher) => {
                let asked = matcher.ask(question, at, self.zone, values);
                if self.point().is_some() || (!open && matcher.leaves_absence_out()) {
                    asked
                } else if open {
                    // A period without this end goes on for ever in that direction.
                    Predicate::any([asked, matcher.present.clone().negate()])
                } else {
                    // A sentinel in place of this end compares like a day, and is none.
                    Predicate::all([matcher.present.clone(), asked])
                }
            }
        }
    }

    fn begins_at_or_after(&self, at: Bound, values: &mut Values) -> Predicate {
        self.ask(self.start, Question::BeginsAtOrAfter, false, at, values)
    }

    fn begins_before(&self, at: Bound, values: &mut Values) -> Predicate {
        self.ask(self.start, Question::BeginsBefore, true, at, values)
    }

    fn ends_at_or_before(&self, at: Bound, values: &mut Values) -> Predicate {
        self.ask(self.end, Question::EndsAtOrBefore, false, at, values)
    }

    fn ends_after(&self, at: Bound, values: &mut Values) -> Predicate {
        self.ask(self.end, Question::EndsAfter, true, at, values)
    }
}

/// Nothing but "is there".
fn only_presence(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::Present(_) => true,
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().all(only_presence),
        _ => false,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    BeginsAtOrAfter,
    BeginsBefore,
    EndsAtOrBefore,
    EndsAfter,
}

/// How much time a stored value covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Day,
    /// As good as a point: the engine's finest step.
    Instant,
    /// A year, a month or a day, by what the row has.
    Varies,
}

impl DateMatcher {
    /// A comparison by itself does not hold where the value is absent: one column, NULL or a day.
    fn leaves_absence_out(&self) -> bool {
        matches!(self.form, DateForm::Column { .. } | DateForm::Unix)
            && only_presence(&self.present)
    }

    fn unit(&self) -> Unit {
        match (&self.form, self.precision) {
            (DateForm::Parts, _) => Unit::Varies,
            (DateForm::Layout(layout), _) if layout.day.is_none() => Unit::Varies,
            (DateForm::Layout(_), _) | (_, Precision::Day) => Unit::Day,
            (DateForm::Column { .. }, _) if !self.ty.has_day_and_time() => Unit::Day,
            (_, Precision::Minute | Precision::Full) => Unit::Instant,
        }
    }

    fn ask(
        &self,
        question: Question,
        at: Bound,
        zone: &TimeZone,
        values: &mut Values,
    ) -> Predicate {
        if at.is_end_of_time() {
            return match question {
                Question::BeginsBefore | Question::EndsAtOrBefore => self.present.clone(),
                Question::BeginsAtOrAfter | Question::EndsAfter => Predicate::False,
            };
        }
        match self.unit() {
            // An instant begins where it ends, but for the engine's finest step, which no searched bound cuts.
            Unit::Instant => {
                let op = match question {
                    Question::BeginsAtOrAfter | Question::EndsAfter => CompareOp::Ge,
                    Question::BeginsBefore | Question::EndsAtOrBefore => CompareOp::Lt,
                };
                self.compare_instant(op, at, zone, values)
            }
            Unit::Day => {
                // [d, d+1): in terms of d, every question is "from some day on" or "before some day".
                let at = at.local;
                let (op, day) = match question {
                    Question::BeginsAtOrAfter => (CompareOp::Ge, ceiling(at)),
                    Question::BeginsBefore => (CompareOp::Lt, ceiling(at)),
                    Question::EndsAtOrBefore => (CompareOp::Lt, at.date()),
                    Question::EndsAfter => (CompareOp::Ge, at.date()),
                };
                self.compare_day(op, day, zone, values)
            }
            Unit::Varies => self.compare_parts(question, at.local, values),
        }
    }

    fn compare_day(
        &self,
        op: CompareOp,
        day: civil::Date,
        zone: &TimeZone,
        values: &mut Values,
    ) -> Predicate {
        match &self.form {
            // What begins on a day may end on a later one.
            DateForm::DayAndSeconds { unit, plus: true } => {
                self.compare_end(op, day.to_datetime(Time::midnight()), *unit, values)
            }
            DateForm::Column { utc: false } | DateForm::DayAndSeconds { .. } => {
                self.compare_column(op, day.to_datetime(Time::midnight()), values)
            }
            DateForm::Column { utc: true } | DateForm::Unix => {
                let midnight = day.to_datetime(Time::midnight()).into();
                self.compare_instant(op, midnight, zone, values)
            }
            DateForm::Layout(layout) => {
                let (expr, ty) = layout_key(&self.columns[0], self.ty, layout);
                let number = i64::from(day.year()) * 10_000
                    + i64::from(day.month()) * 100
                    + i64::from(day.day());
                let bound = if ty.is_text() {
                    Value::Text(format!("{number:08}"))
                } else {
                    Value::Int(number)
                };
                Predicate::Compare(expr, op, values.expr(&bound, ty))
            }
            DateForm::Parts => Predicate::False,
        }
    }

    fn compare_instant(
        &self,
        op: CompareOp,
        at: Bound,
        zone: &TimeZone,
        values: &mut Values,
    ) -> Predicate {
        let local = at.local;
        match &self.form {
            DateForm::Column { utc: false } => self.compare_column(op, local, values),
            DateForm::Column { utc: true } => {
                let utc = at.instant(zone).map(|at| TimeZone::UTC.to_datetime(at));
                self.compare_column(op, utc.unwrap_or(local), values)
            }
            DateForm::Unix => {
                // Rounded up: a whole second is at or after `t` from the next one on.
                let seconds = match at.instant(zone) {
                    Some(at) => at.as_second() + i64::from(at.subsec_nanosecond() > 0),
                    None if local.year() > 0 => i64::MAX,
                    None => i64::MIN,
                };
                Predicate::Compare(
                    self.columns[0].clone(),
                    op,
                    values.expr(&Value::Int(seconds), SqlType::BigInt),
                )
            }
            DateForm::DayAndSeconds { unit, plus: true } => {
                self.compare_end(op, local, *unit, values)
            }
            DateForm::DayAndSeconds { unit, plus: false } => {
                self.compare_day_and_seconds(op, local, *unit, values)
            }
            DateForm::Parts | DateForm::Layout(_) => Predicate::False,
        }
    }

    /// The first column, a date or date-time, against a moment. SQL Server refuses a comparison with a
    /// moment that the column's type does not have, so one outside is asked as its nearest.
    fn compare_column(&self, op: CompareOp, at: DateTime, values: &mut Values) -> Predicate {
        let Some(column) = self.columns.first() else {
            return Predicate::False;
        };
        let (earliest, latest) = range(self.ty);
        let at = at.max(earliest.to_datetime(Time::midnight()));
        // What the type rounds it to must be a moment of the type, too.
        if self.ty.next_moment(at).date() > latest {
            return match op {
                CompareOp::Lt | CompareOp::Le => Predicate::Present(column.clone()),
                _ => Predicate::False,
            };
        }
        let bound = if at.time() == Time::midnight() {
            values.expr(&Value::Date(at.date()), SqlType::Date)
        } else {
            values.expr(&Value::DateTime(at), self.ty)
        };
        Predicate::Compare(column.clone(), op, bound)
    }

    /// The day leads, so that its index serves; the seconds decide within it.
    fn compare_day_and_seconds(
        &self,
        op: CompareOp,
        at: DateTime,
        unit: i64,
        values: &mut Values,
    ) -> Predicate {
        let [_, seconds, ..] = self.columns.as_slice() else {
            return Predicate::False;
        };
        let units = units_since_midnight(at, unit);
        let compare_days = |op, date: civil::Date, values: &mut Values| {
            self.compare_column(op, date.to_datetime(Time::midnight()), values)
        };
        if units == 0 {
            return compare_days(op, at.date(), values);
        }
        let next = at.date().saturating_add(1.day());
        let within = Predicate::Compare(
            seconds.clone(),
            op,
            values.expr(&Value::Int(units), SqlType::Int),
        );
        match op {
            CompareOp::Ge | CompareOp::Gt => Predicate::all([
                compare_days(CompareOp::Ge, at.date(), values),
                Predicate::any([compare_days(CompareOp::Ge, next, values), within]),
            ]),
            _ => Predicate::all([
                compare_days(CompareOp::Lt, next, values),
                Predicate::any([compare_days(CompareOp::Lt, at.date(), values), within]),
            ]),
        }
    }

    /// The end of what begins at a time of day and lasts for so many units, which may pass midnight: the units
    /// since the day's midnight against those up to `at`. The day bounds it, so that its index serves.
    fn compare_end(
        &self,
        op: CompareOp,
        at: DateTime,
        unit: i64,
        values: &mut Values,
    ) -> Predicate {
        let [day, start, length, ..] = self.columns.as_slice() else {
            return Predicate::False;
        };
        let arithmetic =
            |left: Expr, op, right: Expr| Expr::Arithmetic(Box::new(left), op, Box::new(right));
        // Counted in 64 bits: no row must fail the whole command.
        let big = |expr: Expr| Expr::Cast(Box::new(expr), SqlType::BigInt);
        let length = Expr::Coalesce(vec![length.clone(), Expr::Int(0)]);
        let lasted = arithmetic(big(start.clone()), Arithmetic::Add, length);
        let midnight = |day: civil::Date| day.to_datetime(Time::midnight());
        let slot = values.slot(&Value::Date(at.date()), SqlType::Date);
        let days = big(Expr::DaysTo(Box::new(day.clone()), slot));
        let before = arithmetic(
            days,
            Arithmetic::Multiply,
            Expr::Int(SECONDS_OF_A_DAY / unit),
        );
        let units = values.expr(&Value::Int(units_since_midnight(at, unit)), SqlType::BigInt);
        let within =
            Predicate::Compare(arithmetic(lasted, Arithmetic::Subtract, before), op, units);
        let bound = match op {
            CompareOp::Ge | CompareOp::Gt => {
                let earliest = at.date().saturating_sub(LONGEST_DAYS.days());
                self.compare_column(CompareOp::Ge, midnight(earliest), values)
            }
            _ => {
                let next = at.date().saturating_add(1.day());
                self.compare_column(CompareOp::Lt, midnight(next), values)
            }
        };
        Predicate::all([bound, within])
    }

    /// A value that is a year, a month or a day: its first and its last day, as numbers `YYYYMMDD`.
    fn compare_parts(&self, question: Question, at: DateTime, values: &mut Values) -> Predicate {
        let (op, day, first) = match question {
            Question::BeginsAtOrAfter => (CompareOp::Ge, ceiling(at), true),
            Question::BeginsBefore => (CompareOp::Lt, ceiling(at), true),
            Question::EndsAtOrBefore => (CompareOp::Lt, at.date(), false),
            Question::EndsAfter => (CompareOp::Ge, at.date(), false),
        };
        let number =
            i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day());
        let Some(key) = self.day_number(first) else {
            return Predicate::False;
        };
        Predicate::Compare(key, op, values.expr(&Value::Int(number), SqlType::Int))
    }

    /// `YYYYMMDD` of the first or last day that the value covers. A last day of 31 is past the end of a
    /// shorter month and before the first of the next, which is all that a comparison needs.
    fn day_number(&self, first: bool) -> Option<Expr> {
        let parts: Vec<Expr> = match &self.form {
            DateForm::Parts => self.columns.clone(),
            DateForm::Layout(layout) => layout_parts(&self.columns[0], self.ty, layout),
            _ => return None,
        };
        let known = |expr: &Expr, otherwise: i64| {
            Expr::Coalesce(vec![
                Expr::NullIf(Box::new(expr.clone()), Box::new(Expr::Int(0))),
                Expr::Int(otherwise),
            ])
        };
        // A day in an unknown month says nothing: 0, as if it were unknown too.
        let of_known_month = |day: &Expr| match parts.get(1) {
            Some(month) => Expr::Arithmetic(
                Box::new(day.clone()),
                Arithmetic::Multiply,
                Box::new(Expr::Test(Box::new(Predicate::Compare(
                    month.clone(),
                    CompareOp::Ne,
                    Expr::Int(0),
                )))),
            ),
            None => day.clone(),
        };
        // Counted in 64 bits: a row that holds any number must not fail the whole command.
        let times = |expr: Expr, factor: i64| {
            Expr::Arithmetic(
                Box::new(Expr::Cast(Box::new(expr), SqlType::BigInt)),
                Arithmetic::Multiply,
                Box::new(Expr::Int(factor)),
            )
        };
        let plus = |left: Expr, right: Expr| {
            Expr::Arithmetic(Box::new(left), Arithmetic::Add, Box::new(right))
        };
        // Text that is no year, and the year 0, are no date: NULL, with which nothing compares.
        let year = Expr::NullIf(Box::new(parts.first()?.clone()), Box::new(Expr::Int(0)));
        let month = parts
            .get(1)
            .map_or(Expr::Int(if first { 1 } else { 12 }), |expr| {
                known(expr, if first { 1 } else { 12 })
            });
        let day = parts
            .get(2)
            .map_or(Expr::Int(if first { 1 } else { 31 }), |expr| {
                known(&of_known_month(expr), if first { 1 } else { 31 })
            });
        Some(plus(plus(times(year, 10_000), times(month, 100)), day))
    }
}

const SECONDS_OF_A_DAY: i64 = 86_400;

/// What lasts longer is written by no resource.
const LONGEST_DAYS: i64 = 366;

/// Whole units since midnight, rounded up: what is stored in whole units is at or after `t` from the next on.
fn units_since_midnight(at: DateTime, unit: i64) -> i64 {
    let exact = at
        .duration_since(at.date().to_datetime(Time::midnight()))
        .as_nanos();
    let step = i128::from(unit) * 1_000_000_000;
    i64::try_from((exact + step - 1) / step).unwrap_or(i64::MAX)
}

/// The first midnight that is not before `at`.
fn ceiling(at: DateTime) -> civil::Date {
    if at.time() == Time::midnight() {
        at.date()
    } else {
        at.date().saturating_add(1.day())
    }
}

/// The first and the last day that a type has in SQL Server, where a mapping's types come from.
const fn range(ty: SqlType) -> (civil::Date, civil::Date) {
    match ty {
        SqlType::SmallDateTime => (civil::date(1900, 1, 1), civil::date(2079, 6, 6)),
        SqlType::DateTime => (civil::date(1753, 1, 1), civil::Date::MAX),
        _ => (civil::date(1, 1, 1), civil::Date::MAX),
    }
}

fn is_midnight(at: DateTime) -> bool {
    at.time() == Time::midnight()
}

/// The parts of a date in text, as numbers: year, then month and day where the layout has them.
fn layout_parts(column: &Expr, ty: SqlType, layout: &DateLayout) -> Vec<Expr> {
    let text = as_text(column, ty);
    [(Some(layout.year), 4), (layout.month, 2), (layout.day, 2)]
        .into_iter()
        .map_while(|(offset, length)| Some((offset?, length)))
        .map(|(offset, length)| {
            Expr::Cast(
                Box::new(Expr::Substring(
                    Box::new(text.clone()),
                    one_based(offset),
                    length,
                )),
                SqlType::Int,
            )
        })
        .collect()
}

/// An expression that sorts and compares as the day does, for a layout that has a day.
fn layout_key(column: &Expr, ty: SqlType, layout: &DateLayout) -> (Expr, SqlType) {
    // YYYYMMDD in a number needs nothing.
    if ty.is_integer() && (layout.year, layout.month, layout.day) == (0, Some(4), Some(6)) {
        return (column.clone(), ty);
    }
    let text = as_text(column, ty);
    let parts = [(Some(layout.year), 4), (layout.month, 2), (layout.day, 2)]
        .into_iter()
        .filter_map(|(offset, length)| Some((offset?, length)))
        .map(|(offset, length)| Expr::Substring(Box::new(text.clone()), one_based(offset), length))
        .collect();
    (Expr::Concat(parts), SqlType::VarChar(8))
}

fn as_text(column: &Expr, ty: SqlType) -> Expr {
    if ty.is_text() {
        // A layout's places count from where the text begins.
        Expr::Trim(Box::new(column.clone()))
    } else {
        Expr::Cast(Box::new(column.clone()), SqlType::VarChar(20))
    }
}

fn one_based(offset: usize) -> u16 {
    u16::try_from(offset + 1).unwrap_or(u16::MAX)
}
