//! Date search over every form that a date is kept in: random rows, random searches, every prefix.
//!
//! The rule (R4 §3.1.1.4.5 and §3.1.1.4.7): the searched and the stored value are intervals, and each
//! prefix compares their ends.

use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;

use super::{Rig, column};
use crate::mapping::{DateForm, DateLayout, DateMatcher, Precision};
use crate::plan::values::Values;
use crate::plan::{Context, CountLimits, Handling};
use crate::relation::{CompareOp, Expr, Predicate, SqlType};
use crate::search::{DateValue, Interval, Prefix, TimePrecision};

const PREFIXES: [Prefix; 9] = [
    Prefix::Eq,
    Prefix::Ne,
    Prefix::Gt,
    Prefix::Lt,
    Prefix::Ge,
    Prefix::Le,
    Prefix::Sa,
    Prefix::Eb,
    Prefix::Ap,
];

/// A stored moment, and how much of it a partial date keeps: 0 nothing, 1 the year, 2 the month too, 3 the day.
#[derive(Debug, Clone, Copy)]
struct Stored {
    at: DateTime,
    known: u8,
}

/// Few days around the turn of a year and the end of a February, so that ends often meet.
fn moment() -> impl Strategy<Value = DateTime> {
    let time = prop_oneof![
        3 => Just(0i64),
        2 => (0i64..24).prop_map(|hour| hour * 3_600_000),
        2 => (0i64..86_400).prop_map(|second| second * 1000),
        1 => 0i64..86_400_000,
    ];
    let day = prop_oneof![
        0i64..6,
        Just(59),
        Just(60),
        Just(61),
        Just(62),
        Just(-365),
        Just(366)
    ];
    (day, time).prop_map(|(days, milliseconds)| {
        date(2023, 12, 29).at(0, 0, 0, 0)
            + SignedDuration::from_hours(24 * days)
            + SignedDuration::from_millis(milliseconds)
    })
}

fn stored() -> impl Strategy<Value = Stored> {
    (moment(), 0u8..4).prop_map(|(at, known)| Stored { at, known })
}

fn searched() -> impl Strategy<Value = DateValue> {
    (moment(), 0..6).prop_map(|(at, precision)| match precision {
        0 => DateValue::Year(at.year()),
        1 => DateValue::Month(at.year(), at.month()),
        2 => DateValue::Day(at.date()),
        precision => DateValue::Time {
            at: match precision {
                3 => at.date().at(at.hour(), at.minute(), 0, 0),
                4 => at.date().at(at.hour(), at.minute(), at.second(), 0),
                _ => at,
            },
            precision: match precision {
                3 => TimePrecision::Minute,
                4 => TimePrecision::Second,
                _ => TimePrecision::Fraction(3),
            },
            offset: None,
        },
    })
}

fn day(of: Date) -> (DateTime, DateTime) {
    (of.at(0, 0, 0, 0), of.at(0, 0, 0, 0) + 1.day())
}

/// A moment ends where it begins; nothing searched is finer than a millisecond.
fn instant(at: DateTime) -> (DateTime, DateTime) {
    (at, at + SignedDuration::from_nanos(1))
}

fn to_second(at: DateTime) -> DateTime {
    at.date().at(at.hour(), at.minute(), at.second(), 0)
}

fn partial(of: Stored) -> Option<(DateTime, DateTime)> {
    let interval = |value: DateValue| {
        let Interval { start, end, .. } = value.interval(&TimeZone::UTC);
        (start, end)
    };
    match of.known {
        0 => None,
        1 => Some(interval(DateValue::Year(of.at.year()))),
        2 => Some(interval(DateValue::Month(of.at.year(), of.at.month()))),
        _ => Some(day(of.at.date())),
    }
}

fn holds(prefix: Prefix, stored: (DateTime, DateTime), searched: Interval) -> bool {
    let (start, end) = stored;
    let contained = searched.start <= start && end <= searched.end;
    match prefix {
        Prefix::Eq => contained,
        Prefix::Ne => !contained,
        Prefix::Gt => end > searched.end,
        Prefix::Lt => start < searched.start,
        Prefix::Ge => end > searched.end || contained,
        Prefix::Le => start < searched.start || contained,
        Prefix::Sa => start >= searched.end,
        Prefix::Eb => end <= searched.start,
        Prefix::Ap => start < searched.end && end > searched.start,
    }
}

type Kept = fn(Stored) -> Option<(DateTime, DateTime)>;

fn matcher(columns: Vec<Expr>, ty: SqlType, form: DateForm, precision: Precision) -> DateMatcher {
    let present = match &form {
        DateForm::Parts => Predicate::all([
            Predicate::Present(columns[0].clone()),
            Predicate::Compare(columns[0].clone(), CompareOp::Ne, Expr::Int(0)),
        ]),
        _ => Predicate::all(columns.iter().take(2).cloned().map(Predicate::Present)),
    };
    DateMatcher {
        columns,
        ty,
        form,
        precision,
        present,
    }
}

fn layout(pattern: &str, year: usize, month: Option<usize>, day: Option<usize>) -> DateForm {
    DateForm::Layout(DateLayout {
        pattern: pattern.into(),
        year,
        month,
        day,
    })
}

/// Every form: its columns, and the time that a row covers in it.
fn forms() -> Vec<(&'static str, DateMatcher, Kept)> {
    let int = |name| column(name, SqlType::Int, None);
    let text = |name, length| column(name, SqlType::VarChar(length), Some("Latin1_General_CI_AS"));
    let datetime = |name| column(name, SqlType::DateTime, None);
    let column_form = DateForm::Column { utc: false };
    vec![
        (
            "a date",
            matcher(
                vec![column("day", SqlType::Date, None)],
                SqlType::Date,
                column_form.clone(),
                Precision::Day,
            ),
            |of| (of.known > 0).then(|| day(of.at.date())),
        ),
        (
            "the day of a datetime",
            matcher(
                vec![datetime("at")],
                SqlType::DateTime,
                column_form.clone(),
                Precision::Day,
            ),
            |of| (of.known > 0).then(|| day(of.at.date())),
        ),
        (
            "a datetime",
            matcher(
                vec![datetime("at")],
                SqlType::DateTime,
                column_form,
                Precision::Full,
            ),
            |of| (of.known > 0).then(|| instant(of.at)),
        ),
        (
            "a datetime in UTC",
            matcher(
                vec![datetime("at_utc")],
                SqlType::DateTime,
                DateForm::Column { utc: true },
                Precision::Full,
            ),
            |of| (of.known > 0).then(|| instant(of.at)),
        ),
        (
            "seconds since 1970",
            matcher(
                vec![int("unix")],
                SqlType::Int,
                DateForm::Unix,
                Precision::Full,
            ),
            |of| (of.known > 0).then(|| instant(to_second(of.at))),
        ),
        (
            "a day and seconds",
            matcher(
                vec![datetime("midnight"), int("second")],
                SqlType::DateTime,
                DateForm::DayAndSeconds {
                    unit: 1,
                    plus: false,
                },
                Precision::Full,
            ),
            |of| (of.known > 1).then(|| instant(to_second(of.at))),
        ),
        (
            "a day and minutes, and as many more",
            matcher(
                vec![datetime("midnight"), int("minute"), int("length")],
                SqlType::DateTime,
                DateForm::DayAndSeconds {
                    unit: 60,
                    plus: true,
                },
                Precision::Full,
            ),
            |of| {
                let minute = of.at.date().at(of.at.hour(), of.at.minute(), 0, 0);
                (of.known > 1).then(|| instant(minute))
            },
        ),
        (
            "a day and minutes, and as many more as pass midnight",
            matcher(
                vec![datetime("eve"), int("late"), int("longer")],
                SqlType::DateTime,
                DateForm::DayAndSeconds {
                    unit: 60,
                    plus: true,
                },
                Precision::Full,
            ),
            |of| {
                let minute = of.at.date().at(of.at.hour(), of.at.minute(), 0, 0);
                (of.known > 1).then(|| instant(minute))
            },
        ),
        (
            "the day of an end that passes midnight",
            matcher(
                vec![datetime("eve"), int("late"), int("longer")],
                SqlType::DateTime,
                DateForm::DayAndSeconds {
                    unit: 60,
                    plus: true,
                },
                Precision::Day,
            ),
            |of| (of.known > 1).then(|| day(of.at.date())),
        ),
        (
            "year, month and day",
            matcher(
                vec![int("year"), int("month"), int("day_of_month")],
                SqlType::Int,
                DateForm::Parts,
                Precision::Day,
            ),
            partial,
        ),
        (
            "DD/MM/YYYY",
            matcher(
                vec![text("slashed", 10)],
                SqlType::VarChar(10),
                layout("DD/MM/YYYY", 6, Some(3), Some(0)),
                Precision::Day,
            ),
            |of| (of.known > 0).then(|| day(of.at.date())),
        ),
        (
            "YYYYMMDD in a number",
            matcher(
                vec![int("number")],
                SqlType::Int,
                layout("YYYYMMDD", 0, Some(4), Some(6)),
                Precision::Day,
            ),
            |of| (of.known > 0).then(|| day(of.at.date())),
        ),
        (
            "MM/YYYY",
            matcher(
                vec![text("month_year", 7)],
                SqlType::VarChar(7),
                layout("MM/YYYY", 3, Some(0), None),
                Precision::Day,
            ),
            |of| {
                partial(Stored {
                    known: of.known.min(2),
                    ..of
                })
            },
        ),
    ]
}

/// The rows in every form at once. The month of a partial date is unknown in two ways, and a day of an
/// unknown month stands there all the same.
fn rig(rows: &[Stored], zone: &TimeZone) -> Rig {
    let rows = rows
        .iter()
        .enumerate()
        .map(|(id, of)| {
            let there = |text: String| (of.known > 0).then_some(text);
            let utc = zone.to_timestamp(of.at).expect("a moment");
            let spelled = match id % 3 {
                0 => of.at.strftime("%Y-%m-%d %H:%M:%S.%3f"),
                1 => of.at.strftime("%Y-%m-%dT%H:%M:%S.%3f"),
                _ if of.at == of.at.date().at(0, 0, 0, 0) => of.at.strftime("%Y-%m-%d"),
                _ => of.at.strftime("%Y-%m-%d %H:%M:%S.%3f"),
            };
            let second = i64::from(of.at.hour()) * 3600
                + i64::from(of.at.minute()) * 60
                + i64::from(of.at.second());
            let at_least = |known: u8, number: i64| (of.known >= known).then_some(number);
            let zero_or_null = (id % 2 == 0).then_some(0);
            (
                (
                    id as i64,
                    there(of.at.strftime("%Y-%m-%d").to_string()),
                    there(spelled.to_string()),
                    there(utc.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string()),
                    at_least(1, utc.as_second()),
                    there(of.at.strftime("%Y-%m-%d 00:00:00").to_string()),
                    at_least(2, second),
                ),
                (
                    at_least(2, second / 60 - second / 60 / 2),
                    at_least(2, second / 60 / 2).filter(|length| *length > 0),
                    at_least(1, i64::from(of.at.year())).or(zero_or_null),
                    at_least(2, i64::from(of.at.month())).or(zero_or_null),
                    at_least(3, i64::from(of.at.day())).or(Some(17).filter(|_| of.known == 1)),
                    there(of.at.strftime("%d/%m/%Y").to_string()),
                    at_least(
                        1,
                        of.at
                            .strftime("%Y%m%d")
                            .to_string()
                            .parse()
                            .expect("digits"),
                    ),
                    match of.known {
                        0 => Some(["", "N/A-N/A"][id % 2].to_owned()),
                        1 => Some(of.at.strftime("00/%Y").to_string()),
                        _ => Some(of.at.strftime("%m/%Y").to_string()),
                    },
                ),
                (
                    // Some days before, ten minutes before midnight, and as long as it takes.
                    there(
                        (of.at - (1 + id as i64 % 3).days())
                            .strftime("%Y-%m-%d 00:00:00")
                            .to_string(),
                    ),
                    at_least(2, 1430),
                    at_least(2, 10 + (id as i64 % 3) * 1440 + second / 60),
                ),
            )
        })
        .map(|(a, b, c)| {
            let values: Vec<Box<dyn rusqlite::ToSql>> = vec![
                Box::new(a.0),
                Box::new(a.1),
                Box::new(a.2),
                Box::new(a.3),
                Box::new(a.4),
                Box::new(a.5),
                Box::new(a.6),
                Box::new(b.0),
                Box::new(b.1),
                Box::new(b.2),
                Box::new(b.3),
                Box::new(b.4),
                Box::new(b.5),
                Box::new(b.6),
                Box::new(b.7),
                Box::new(c.0),
                Box::new(c.1),
                Box::new(c.2),
            ];
            rusqlite::params_from_iter(values)
        })
        .collect();
    Rig::new(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, day, at, at_utc, unix, midnight, second, minute, length, \
         year, month, day_of_month, slashed, number, month_year, eve, late, longer)",
        "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
}

fn context(zone: &TimeZone) -> Context<'_> {
    Context {
        base: "http://here",
        zone,
        now: date(2024, 1, 20).at(12, 0, 0, 0),
        handling: Handling::Unsaid,
        count: CountLimits::default(),
    }
}

fn interval(prefix: Prefix, of: &DateValue, context: &Context<'_>) -> Interval {
    let interval = of.interval(context.zone);
    match prefix {
        Prefix::Ap => interval.approximate(context.now),
        _ => interval,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_prefix_selects_what_its_rule_says(
        rows in proptest::collection::vec(stored(), 1..24),
        searches in proptest::collection::vec(searched(), 1..4),
    ) {
        let zone = TimeZone::get("Australia/Brisbane").expect("bundled");
        let context = context(&zone);
        let rig = rig(&rows, &zone);
        for (name, matcher, kept) in forms() {
            for of in &searches {
                for prefix in PREFIXES {
                    let mut values = Values::default();
                    let found = crate::plan::date::predicate(
                        Some(&matcher), Some(&matcher), prefix, of, &context, &mut values,
                    );
                    let searched = interval(prefix, of, &context);
                    let expected: Vec<i64> = (0i64..)
                        .zip(&rows)
                        .filter(|(_, row)| kept(**row).is_some_and(|kept| holds(prefix, kept, searched)))
                        .map(|(id, _)| id)
                        .collect();
                    prop_assert_eq!(
                        rig.ids(found, values), expected,
                        "{} {:?} {:?} over {:?}", name, prefix, of, rows
                    );
                }
            }
        }
    }

    /// A period without an end goes on for ever in that direction, whether the end is NULL or a sentinel.
    #[test]
    fn a_period_is_open_where_it_has_no_end(
        rows in proptest::collection::vec((stored(), stored(), 0u8..3, 0u8..3), 1..24),
        of in searched(),
    ) {
        let zone = TimeZone::get("Australia/Brisbane").expect("bundled");
        let context = context(&zone);
        const SENTINEL: &str = "1900-01-01";
        let end = |of: &Stored, kind: u8| match kind {
            0 => Some(of.at.strftime("%Y-%m-%d").to_string()),
            1 => Some(SENTINEL.to_owned()),
            _ => None,
        };
        let table = Rig::new(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, begun, ended)",
            "INSERT INTO t VALUES (?, ?, ?)",
            (0i64..).zip(&rows).map(|(id, (one, other, begun, ended))| {
                (id, end(one, *begun), end(other, *ended))
            }).collect(),
        );
        let side = |name| {
            let column = column(name, SqlType::Date, None);
            DateMatcher {
                present: Predicate::all([
                    Predicate::Present(column.clone()),
                    Predicate::Compare(column.clone(), CompareOp::Ne, Expr::Cast(
                        Box::new(Expr::Text(SENTINEL.into())), SqlType::Date)),
                ]),
                ..matcher(vec![column], SqlType::Date, DateForm::Column { utc: false }, Precision::Day)
            }
        };
        let (begun, ended) = (side("begun"), side("ended"));
        for prefix in PREFIXES {
            let mut values = Values::default();
            let found = crate::plan::date::predicate(
                Some(&begun), Some(&ended), prefix, &of, &context, &mut values,
            );
            let searched = interval(prefix, &of, &context);
            let expected: Vec<i64> = (0i64..)
                .zip(&rows)
                .filter(|(_, (one, other, begun, ended))| {
                    let start = if *begun == 0 { day(one.at.date()).0 } else { DateTime::MIN };
                    let end = if *ended == 0 { day(other.at.date()).1 } else { DateTime::MAX };
                    (*begun == 0 || *ended == 0) && holds(prefix, (start, end), searched)
                })
                .map(|(id, _)| id)
                .collect();
            prop_assert_eq!(table.ids(found, values), expected, "{:?} {:?} over {:?}", prefix, of, rows);
        }
    }
}

/// On 5 April 2026 the clocks of Sydney go back from 3:00 to 2:00: the time from 2:00 on comes twice.
#[test]
fn the_hour_that_comes_twice_is_searched_by_its_offset() {
    let zone = TimeZone::get("Australia/Sydney").expect("bundled");
    let context = context(&zone);
    let moments = ["2026-04-05T02:45:00+11:00", "2026-04-05T02:45:00+10:00"]
        .map(|text| text.parse::<jiff::Timestamp>().expect("an instant"));
    let rows = (0i64..).zip(moments).map(|(id, at)| {
        let utc = TimeZone::UTC.to_datetime(at);
        let text = utc.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string();
        (id, at.as_second(), text)
    });
    let rig = Rig::new(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, unix, utc)",
        "INSERT INTO t VALUES (?, ?, ?)",
        rows.collect(),
    );
    let unix = matcher(
        vec![column("unix", SqlType::Int, None)],
        SqlType::Int,
        DateForm::Unix,
        Precision::Full,
    );
    let utc = matcher(
        vec![column("utc", SqlType::DateTime, None)],
        SqlType::DateTime,
        DateForm::Column { utc: true },
        Precision::Full,
    );
    let local = date(2026, 4, 5);
    let at = |hour, minute, offset: i32| DateValue::Time {
        at: local.at(hour, minute, 0, 0),
        precision: TimePrecision::Second,
        offset: Some(offset * 3600),
    };
    for (prefix, searched, expected) in [
        (Prefix::Eq, at(2, 45, 11), &[0][..]),
        (Prefix::Eq, at(2, 45, 10), &[1]),
        (Prefix::Lt, at(2, 30, 10), &[0]),
        (Prefix::Ge, at(2, 30, 10), &[1]),
        (Prefix::Gt, at(2, 45, 11), &[1]),
        (Prefix::Le, at(2, 45, 11), &[0]),
        (Prefix::Lt, at(3, 0, 10), &[0, 1]),
    ] {
        for matcher in [&unix, &utc] {
            let mut values = Values::default();
            let found = crate::plan::date::predicate(
                Some(matcher),
                Some(matcher),
                prefix,
                &searched,
                &context,
                &mut values,
            );
            assert_eq!(rig.ids(found, values), expected, "{prefix:?} {searched:?}");
        }
    }
}

/// SQL Server cannot compare a `smalldatetime` with the year 2100, or a `datetime` with the year 1000.
#[test]
fn what_a_type_cannot_hold_is_not_bound() {
    let zone = TimeZone::UTC;
    let context = context(&zone);
    let of = |ty, prefix, year| {
        let matcher = matcher(
            vec![column("at", ty, None)],
            ty,
            DateForm::Column { utc: false },
            Precision::Full,
        );
        let mut values = Values::default();
        let found = crate::plan::date::predicate(
            Some(&matcher),
            Some(&matcher),
            prefix,
            &DateValue::Year(year),
            &context,
            &mut values,
        );
        (found, values.into_inner())
    };
    assert_eq!(
        of(SqlType::SmallDateTime, Prefix::Gt, 2100).0,
        Predicate::False
    );
    assert!(matches!(
        of(SqlType::SmallDateTime, Prefix::Lt, 2100).0,
        Predicate::Present(Expr::Column(_))
    ));
    for prefix in PREFIXES {
        for value in of(SqlType::DateTime, prefix, 1000).1 {
            assert!(
                matches!(value, crate::relation::Value::Date(day) if day >= date(1753, 1, 1)),
                "{prefix:?} {value:?}"
            );
        }
    }
}
