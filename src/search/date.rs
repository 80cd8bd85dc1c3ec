//! Dates at every precision that R4 allows (§3.1.1.4.7): `2024` to `2024-05-31T14:30:05.123+10:00`.
//!
//! Populated from the left; minutes wherever there is an hour; a zone only after a time. Dates that do
//! not exist are refused, as is the year 0, which FHIR does not have.

use jiff::civil;
use nom::branch::alt;
use nom::bytes::complete::take_while1;
use nom::character::complete::{char, one_of};
use nom::combinator::{all_consuming, map, map_opt, opt, value, verify};
use nom::error::{Error, ErrorKind};
use nom::sequence::{preceded, separated_pair};
use nom::{IResult, Parser};

use super::ast::{DateValue, TimePrecision};

/// What a message says that a date looks like.
pub(super) const EXPECTED: &str = "a date that exists, such as 2024, 2024-05, 2024-05-31, 2024-05-31T14:30 or \
    2024-05-31T14:30:00+10:00 (in a URL, + is written %2B)";

/// Reads a whole text as a date without prefix.
pub(super) fn date(text: &str) -> Option<DateValue> {
    all_consuming(date_value)
        .parse(text)
        .ok()
        .map(|(_, date)| date)
}

fn date_value(input: &str) -> IResult<&str, DateValue> {
    let (input, year) = verify(digits::<4>, |year| *year > 0).parse(input)?;
    let (input, month) = opt(preceded(
        char('-'),
        verify(two_digits, |month| (1..=12).contains(month)),
    ))
    .parse(input)?;
    let Some(month) = month else {
        return Ok((input, DateValue::Year(year)));
    };
    let (input, day) = opt(map_opt(preceded(char('-'), two_digits), |day| {
        civil::Date::new(year, month, day).ok()
    }))
    .parse(input)?;
    let Some(day) = day else {
        return Ok((input, DateValue::Month(year, month)));
    };
    let (input, time) = opt(preceded(char('T'), time)).parse(input)?;
    let Some((time, precision)) = time else {
        return Ok((input, DateValue::Day(day)));
    };
    let (input, offset) = opt(zone).parse(input)?;
    Ok((
        input,
        DateValue::Time {
            at: day.to_datetime(time),
            precision,
            offset,
        },
    ))
}

/// `hh:mm`, `hh:mm:ss`, `hh:mm:ss.fraction`; 24:00 is not among them, as FHIR says.
fn time(input: &str) -> IResult<&str, (civil::Time, TimePrecision)> {
    let (input, (hour, minute)) = separated_pair(two_digits, char(':'), two_digits).parse(input)?;
    // FHIR's pattern has the leap second, which no civil clock here has: it is the last second of its minute.
    let (input, second) = opt(preceded(
        char(':'),
        map(verify(two_digits, |second| *second <= 60), |second| {
            second.min(59)
        }),
    ))
    .parse(input)?;
    let (input, fraction) = if second.is_some() {
        opt(preceded(char('.'), fraction)).parse(input)?
    } else {
        (input, None)
    };
    let (nanosecond, precision) = match (second, fraction) {
        (None, _) => (0, TimePrecision::Minute),
        (_, None) => (0, TimePrecision::Second),
        (_, Some((nanosecond, digits))) => (nanosecond, TimePrecision::Fraction(digits)),
    };
    match civil::Time::new(hour, minute, second.unwrap_or(0), nanosecond) {
        Ok(time) => Ok((input, (time, precision))),
        Err(_) => Err(nom::Err::Error(Error::new(input, ErrorKind::Verify))),
    }
}

/// Digits → nanoseconds and how many digits there were. FHIR sets no end to them; from the tenth on they are
/// less than any clock here tells apart, and are passed over.
fn fraction(input: &str) -> IResult<&str, (i32, u8)> {
    map(take_while1(|c: char| c.is_ascii_digit()), |digits: &str| {
        let digits = &digits[..digits.len().min(9)];
        let written = digits
            .bytes()
            .fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
        // At most nine digits: the sum fits, and so does the length.
        let count = digits.len() as u8;
        (written * 10_i32.pow(9 - u32::from(count)), count)
    })
    .parse(input)
}

/// `Z`, `+hh:mm`, `-hh:mm` up to 14:00 → seconds east of UTC.
///
/// A space counts as `+`: an unencoded `+` in a URL arrives as one, every FHIR client has sent it so at
/// some time, and no other reading of a space at this place exists.
fn zone(input: &str) -> IResult<&str, i32> {
    let sign = alt((value(1, one_of("+ ")), value(-1, char('-'))));
    let hours_and_minutes = verify(
        separated_pair(two_digits, char(':'), two_digits),
        |(hours, minutes)| *minutes < 60 && (*hours < 14 || (*hours == 14 && *minutes == 0)),
    );
    alt((
        value(0, char('Z')),
        map((sign, hours_and_minutes), |(sign, (hours, minutes))| {
            sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60)
        }),
    ))
    .parse(input)
}

/// Exactly `N` digits, at most four. By bytes, for a date has up to six such groups and characters cost.
fn digits<const N: usize>(input: &str) -> IResult<&str, i16> {
    match input.split_at_checked(N) {
        Some((digits, rest)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok((
            rest,
            digits
                .bytes()
                .fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0')),
        )),
        _ => Err(nom::Err::Error(Error::new(input, ErrorKind::Digit))),
    }
}

fn two_digits(input: &str) -> IResult<&str, i8> {
    // Two digits are at most 99.
    map(digits::<2>, |number| number as i8).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;

    fn time(
        at: civil::DateTime,
        precision: TimePrecision,
        offset: Option<i32>,
    ) -> Option<DateValue> {
        Some(DateValue::Time {
            at,
            precision,
            offset,
        })
    }

    #[test]
    fn every_precision_is_read() {
        use TimePrecision::*;
        assert_eq!(date("2024"), Some(DateValue::Year(2024)));
        assert_eq!(date("0001"), Some(DateValue::Year(1)));
        assert_eq!(date("2024-05"), Some(DateValue::Month(2024, 5)));
        assert_eq!(date("2024-02-29"), Some(DateValue::Day(day(2024, 2, 29))));
        let at = day(2024, 5, 31).at(14, 30, 0, 0);
        assert_eq!(date("2024-05-31T14:30"), time(at, Minute, None));
        assert_eq!(date("2024-05-31T14:30Z"), time(at, Minute, Some(0)));
        assert_eq!(date("2024-05-31T14:30:00"), time(at, Second, None));
        assert_eq!(
            date("2024-05-31T14:30:00-03:30"),
            time(at, Second, Some(-12_600))
        );
        assert_eq!(
            date("2024-05-31T14:30:00+10:00"),
            time(at, Second, Some(36_000))
        );
        assert_eq!(
            date("2024-05-31T14:30:00 10:00"),
            time(at, Second, Some(36_000))
        );
        let at = day(2024, 5, 31).at(14, 30, 5, 120_000_000);
        assert_eq!(
            date("2024-05-31T14:30:05.12+14:00"),
            time(at, Fraction(2), Some(50_400))
        );
        let at = day(2024, 5, 31).at(14, 30, 5, 123_456_789);
        assert_eq!(
            date("2024-05-31T14:30:05.123456789"),
            time(at, Fraction(9), None)
        );
        assert_eq!(
            date("2024-05-31T14:30:05.12345678999999"),
            time(at, Fraction(9), None)
        );
        let at = day(2016, 12, 31).at(23, 59, 59, 0);
        assert_eq!(date("2016-12-31T23:59:60Z"), time(at, Second, Some(0)));
    }

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        for text in [
            "",
            "0000",
            "24",
            "20245",
            "2024-",
            "2024-0",
            "2024-00",
            "2024-13",
            "2024-5",
            "2024-02-30",
            "2023-02-29",
            "2024-05-00",
            "2024-05-31T",
            "2024-05-31T14",
            "2024-05-31T14:3",
            "2024-05-31T24:00",
            "2024-05-31T14:60",
            "2024-05-31T14:30:61",
            "2024-05-31T14:30:00.",
            "2024-05-31T14:30.5",
            "2024-05-31 14:30",
            "2024-05-31Z",
            "2024-05-31T14:30z",
            "2024-05-31T14:30+1000",
            "2024-05-31T14:30+14:01",
            "2024-05-31T14:30+10:60",
            "20240531",
            "31/05/2024",
            " 2024",
            "2024 ",
            "-2024",
            "2024-05-31T14:30Z+10:00",
            "\u{662}024",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
