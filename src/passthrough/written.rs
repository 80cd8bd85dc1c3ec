//! Days and times as the text that every driver gives for them. Nearly every row has one or two, so they are written
//! digit by digit and without an allocation.

use std::io::Write as _;

/// From 0000-03-01 to 1970-01-01.
const TO_EPOCH: i64 = 719_468;
/// From 0001-01-01 to 1970-01-01.
pub(super) const FROM_YEAR_1: i64 = 719_162;
/// From 1900-01-01 to 1970-01-01.
pub(super) const FROM_1900: i64 = 25_567;
pub(super) const SECONDS_OF_A_DAY: u32 = 86_400;

/// Year, month and day of the month, from days after 1970-01-01, by the calendar as it is now.
pub(crate) fn civil(days: i64) -> (i64, u32, u32) {
    // Years that begin in March have their leap day at the end.
    let days = days.saturating_add(TO_EPOCH);
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

/// A short text.
pub(super) struct Written {
    bytes: [u8; 48],
    length: usize,
}

impl Written {
    pub(super) fn new() -> Written {
        Written {
            bytes: [0; 48],
            length: 0,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// What does not fit any more is left out: no day, time and offset are as long.
    pub(super) fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// The last digits of a number, with zeros before them.
    pub(super) fn digits(&mut self, mut number: u32, width: usize) {
        let Some(places) = self.bytes.get_mut(self.length..self.length + width) else {
            return;
        };
        for place in places.iter_mut().rev() {
            *place = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.length += width;
    }

    /// `2026-01-05`, from days after 1970-01-01.
    pub(super) fn day(&mut self, days: i64) {
        let (year, month, day) = civil(days);
        self.date(year, month, day);
    }

    /// `2026-01-05`
    pub(super) fn date(&mut self, year: i64, month: u32, day: u32) {
        match u32::try_from(year) {
            Ok(year @ 0..=9_999) => self.digits(year, 4),
            _ => self.write(format_args!("{year:04}")),
        }
        self.push(b'-');
        self.digits(month, 2);
        self.push(b'-');
        self.digits(day, 2);
    }

    /// `09:30:00`, from seconds after midnight.
    pub(super) fn time(&mut self, seconds: u32) {
        self.digits(seconds / 3_600, 2);
        self.push(b':');
        self.digits(seconds / 60 % 60, 2);
        self.push(b':');
        self.digits(seconds % 60, 2);
    }

    /// `2026-01-05 09:30:00`
    pub(super) fn moment(&mut self, days: i64, seconds: u32) {
        self.day(days);
        self.push(b' ');
        self.time(seconds);
    }

    /// `.123`, or as many digits.
    pub(super) fn fraction(&mut self, number: u32, width: usize) {
        self.push(b'.');
        self.digits(number, width);
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        let mut rest = &mut self.bytes[self.length..];
        let before = rest.len();
        let _ = rest.write_fmt(text);
        self.length += before - rest.len();
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn text(write: impl FnOnce(&mut Written)) -> String {
        let mut written = Written::new();
        write(&mut written);
        String::from_utf8(written.bytes().to_vec()).expect("text")
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let epoch = date(1970, 1, 1);
        for day in [
            date(1, 1, 1),
            date(1858, 11, 17),
            date(1900, 1, 1),
            date(1900, 2, 28),
            date(1900, 3, 1),
            date(2000, 2, 29),
            date(2026, 1, 5),
            date(9999, 12, 31),
        ] {
            let days = day.duration_since(epoch).as_hours() / 24;
            assert_eq!(text(|out| out.day(days)), day.to_string());
        }
        let since = |from| epoch.duration_since(from).as_hours() / 24;
        assert_eq!(since(date(1, 1, 1)), FROM_YEAR_1);
        assert_eq!(since(date(1900, 1, 1)), FROM_1900);
        // Beyond any calendar, and still no panic.
        assert!(text(|out| out.day(i64::MAX)).ends_with(|c: char| c.is_ascii_digit()));
        assert!(text(|out| out.day(i64::MIN)).starts_with('-'));
    }

    #[test]
    fn times_and_fractions_have_their_zeros() {
        assert_eq!(text(|out| out.time(29_705)), "08:15:05");
        assert_eq!(
            text(|out| {
                out.moment(20_458, 34_200);
                out.fraction(7, 3);
            }),
            "2026-01-05 09:30:00.007"
        );
    }
}
