//! The source of chance for the embedded practice: small, fixed and independent per row.
//!
//! Takes the practice's seed, what is being made and its number; gives a stream of draws that is the
//! same on every machine and in every release. SplitMix64 (Steele, Lea, Flood 2014) written out, so
//! that no library's next version changes anybody's data; integers only, because floating point
//! would tie it to a platform. Each patient, household and clinic day has a stream of its own: a
//! practice of 2,000 patients is the start of one of 100,000.

/// What a stream is for. The numbers are part of the data: changing one changes every practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// How a run of patients falls into households.
    Block = 1,
    /// What a household shares.
    Household = 2,
    /// One patient.
    Patient = 3,
    /// One user of the practice.
    User = 4,
    /// One location, or the practice itself.
    Place = 5,
    /// One clinician's day.
    Clinic = 6,
    /// One patient's clinical record.
    Health = 7,
    /// One visit.
    Visit = 8,
    /// One patient of a demo that draws people by [`super::people`].
    Person = 10,
    /// One of its staff.
    Member = 11,
    /// When one clinician is away.
    Away = 9,
}

/// A stream of draws.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

/// The step of SplitMix64: the odd number nearest to 2^64 over the golden ratio.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finisher of SplitMix64.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

impl Random {
    /// The stream for number `index` of a kind.
    pub fn new(seed: u64, stream: Stream, index: u64) -> Self {
        let kind = mix(seed.wrapping_add(STEP.wrapping_mul(stream as u64)));
        Random {
            state: mix(kind ^ mix(index.wrapping_add(STEP))),
        }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number from 0 up to, not including, `limit`; 0 when `limit` is 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        let product = (self.bits() >> 32) * u64::from(limit);
        // Below `limit`, which is a u32.
        (product >> 32) as u32
    }

    /// A number from `low` to `high`, both included; `low` when `high` is not above it.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = u32::try_from(i64::from(high) - i64::from(low)).unwrap_or(0);
        low.saturating_add_unsigned(self.below(width.saturating_add(1)))
    }

    /// True in `percent` cases of a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of a list, each as likely; the type's default when the list is empty.
    pub fn pick<T: Copy + Default>(&mut self, list: &[T]) -> T {
        let position = self.below(length(list));
        list.get(position as usize).copied().unwrap_or_default()
    }

    /// One of a list, the first ones far more likely than the last, as names are in a population.
    pub fn pick_common<T: Copy + Default>(&mut self, list: &[T]) -> T {
        let reach = self.below(length(list)) + 1;
        let position = self.below(reach);
        list.get(position as usize).copied().unwrap_or_default()
    }

    /// `count` decimal digits, the first not 0.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|position| {
                let digit = if position == 0 {
                    1 + self.below(9)
                } else {
                    self.below(10)
                };
                char::from_digit(digit, 10).unwrap_or('0')
            })
            .collect()
    }
}

fn length<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // The published sequence for the state 1234567.
        let mut random = Random { state: 1_234_567 };
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn draws_stay_in_their_bounds() {
        let mut random = Random::new(1, Stream::Patient, 0);
        let mut seen = [false; 7];
        for _ in 0..1000 {
            let drawn = random.between(-3, 3);
            assert!((-3..=3).contains(&drawn));
            seen[usize::try_from(drawn + 3).unwrap()] = true;
        }
        assert_eq!(seen, [true; 7]);
        assert_eq!(random.below(0), 0);
        assert_eq!(random.between(5, 5), 5);
        assert_eq!(random.pick::<&str>(&[]), "");
        assert_eq!(random.digits(8).len(), 8);
    }

    #[test]
    fn streams_differ_by_seed_kind_and_number() {
        let first = |seed, stream, index| Random::new(seed, stream, index).bits();
        let base = first(1, Stream::Patient, 1);
        assert_ne!(base, first(2, Stream::Patient, 1));
        assert_ne!(base, first(1, Stream::User, 1));
        assert_ne!(base, first(1, Stream::Patient, 2));
    }
}
