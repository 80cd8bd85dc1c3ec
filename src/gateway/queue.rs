//! Whose turn it is at a practice.
//!
//! Plain data, without a clock: takes what wants a turn, gives who has it. Immediate queries go before all others, for
//! somebody waits for them; but where they leave no gap, one of the others has a turn after so many of them ([`PATIENCE`]), or
//! it would have none for ever. Within a class the integrators take turns, so that who sends many waits for its own, not others
//! for it. Of the places there are, all but one serve what nobody waits for: else an immediate query could wait for minutes
//! behind the statements of async ones.

use std::collections::{HashMap, VecDeque};

use super::id::IntegratorId;

/// Immediate queries that have their turn in a row while others wait and none of them is at work.
const PATIENCE: u32 = 16;

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    Immediate,
    /// Async and registered queries.
    Background,
}

impl Class {
    fn place(self) -> usize {
        match self {
            Class::Immediate => 0,
            Class::Background => 1,
        }
    }
}

/// As many of the integrator wait as may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// Waits in turns of integrators.
#[derive(Debug)]
struct Fair<T> {
    /// Whose turn comes next: integrators of whom something waits, each once.
    turns: VecDeque<IntegratorId>,
    waiting: HashMap<IntegratorId, VecDeque<(u64, T)>>,
}

impl<T> Default for Fair<T> {
    fn default() -> Fair<T> {
        Fair {
            turns: VecDeque::new(),
            waiting: HashMap::new(),
        }
    }
}

impl<T> Fair<T> {
    fn push(&mut self, who: IntegratorId, ticket: u64, what: T) {
        let of = self.waiting.entry(who).or_default();
        if of.is_empty() {
            self.turns.push_back(who);
        }
        of.push_back((ticket, what));
    }

    fn pop(&mut self) -> Option<T> {
        let who = self.turns.pop_front()?;
        let of = self.waiting.get_mut(&who)?;
        let (_, what) = of.pop_front()?;
        match of.is_empty() {
            true => drop(self.waiting.remove(&who)),
            false => self.turns.push_back(who),
        }
        Some(what)
    }

    fn withdraw(&mut self, who: IntegratorId, ticket: u64) -> Option<T> {
        let of = self.waiting.get_mut(&who)?;
        let at = of.iter().position(|(known, _)| *known == ticket)?;
        let (_, what) = of.remove(at)?;
        if of.is_empty() {
            self.waiting.remove(&who);
            self.turns.retain(|turn| *turn != who);
        }
        Some(what)
    }

    fn count(&self, who: IntegratorId) -> usize {
        self.waiting.get(&who).map_or(0, VecDeque::len)
    }

    fn len(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }
}

/// A practice's queue.
#[derive(Debug)]
pub struct Queue<T> {
    places: usize,
    /// At work, by class.
    busy: [usize; 2],
    classes: [Fair<T>; 2],
    most: usize,
    tickets: u64,
    /// Immediate queries that have gone before a waiting one of the others.
    passed: u32,
}

impl<T> Queue<T> {
    /// So many at work at a time, and of one integrator so many in either class that wait.
    pub fn new(places: usize, most: usize) -> Queue<T> {
        Queue {
            places: places.max(1),
            busy: [0; 2],
            classes: [Fair::default(), Fair::default()],
            most,
            tickets: 0,
            passed: 0,
        }
    }

    /// Something wants a turn. Its ticket, with which it can be withdrawn.
    ///
    /// # Errors
    /// [`Full`]
    pub fn push(&mut self, class: Class, who: IntegratorId, what: T) -> Result<u64, Full> {
        let waiting = &self.classes[class.place()];
        if waiting.count(who) >= self.most {
            return Err(Full);
        }
        Ok(self.restore(class, who, what))
    }

    /// As [`Queue::push`], of what was let in before.
    pub fn restore(&mut self, class: Class, who: IntegratorId, what: T) -> u64 {
        self.tickets += 1;
        self.classes[class.place()].push(who, self.tickets, what);
        self.tickets
    }

    /// Whose turn it is now, if it is anybody's; without `with_background`, of immediate queries alone. Its place is taken until
    /// [`Queue::done`].
    pub fn next(&mut self, with_background: bool) -> Option<(Class, T)> {
        let [immediate, background] = self.busy;
        if immediate + background >= self.places {
            return None;
        }
        let may = |class: Class| match class {
            Class::Immediate => true,
            Class::Background => with_background && background < (self.places - 1).max(1),
        };
        let waits = self.waiting(Class::Background) > 0 && may(Class::Background);
        let order = match waits && background == 0 && self.passed >= PATIENCE {
            true => [Class::Background, Class::Immediate],
            false => [Class::Immediate, Class::Background],
        };
        let class = order
            .into_iter()
            .find(|class| may(*class) && self.classes[class.place()].len() > 0)?;
        let what = self.classes[class.place()].pop()?;
        self.busy[class.place()] += 1;
        self.passed = match class {
            Class::Immediate if waits => self.passed + 1,
            _ => 0,
        };
        Some((class, what))
    }

    /// A turn is over.
    pub fn done(&mut self, class: Class) {
        let busy = &mut self.busy[class.place()];
        *busy = busy.saturating_sub(1);
    }

    /// Takes back what has not had its turn; None where it has.
    pub fn withdraw(&mut self, class: Class, who: IntegratorId, ticket: u64) -> Option<T> {
        self.classes[class.place()].withdraw(who, ticket)
    }

    /// How many of an integrator may wait in either class.
    pub fn most(&self) -> usize {
        self.most
    }

    /// How many wait.
    pub fn waiting(&self, class: Class) -> usize {
        self.classes[class.place()].len()
    }

    /// How many wait of an integrator's that are such ones.
    pub fn waiting_of(
        &self,
        class: Class,
        who: IntegratorId,
        is_such: impl Fn(&T) -> bool,
    ) -> usize {
        let of = self.classes[class.place()].waiting.get(&who);
        of.map_or(0, |of| of.iter().filter(|(_, what)| is_such(what)).count())
    }

    /// Something is at work.
    pub fn is_at_work(&self) -> bool {
        self.busy != [0; 2]
    }

    /// Nothing waits, and nothing is at work.
    pub fn is_idle(&self) -> bool {
        self.busy == [0; 2] && self.classes.iter().all(|class| class.len() == 0)
    }

    /// Other bounds from now on.
    pub fn resize(&mut self, places: usize, most: usize) {
        self.places = places.max(1);
        self.most = most;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn who(number: u8) -> IntegratorId {
        IntegratorId(uuid::Uuid::from_u128(u128::from(number)))
    }

    #[test]
    fn who_waits_for_an_answer_goes_first_and_integrators_take_turns() {
        let mut queue = Queue::new(1, 10);
        for (class, number, what) in [
            (Class::Background, 1, "b1"),
            (Class::Immediate, 1, "i1"),
            (Class::Immediate, 1, "i2"),
            (Class::Immediate, 1, "i3"),
            (Class::Immediate, 2, "j1"),
            (Class::Immediate, 3, "k1"),
        ] {
            queue.push(class, who(number), what).expect("room");
        }
        let mut order = Vec::new();
        while let Some((class, what)) = queue.next(true) {
            order.push(what);
            queue.done(class);
        }
        assert_eq!(order, ["i1", "j1", "k1", "i2", "i3", "b1"]);
        assert!(queue.is_idle());
    }

    #[test]
    fn immediate_queries_without_a_gap_let_one_of_the_others_through() {
        let mut queue = Queue::new(1, 1000);
        queue.push(Class::Background, who(1), "b").expect("room");
        let mut before = 0;
        loop {
            queue.push(Class::Immediate, who(2), "i").expect("room");
            let (class, _) = queue.next(true).expect("a turn");
            queue.done(class);
            match class {
                Class::Immediate => before += 1,
                Class::Background => break,
            }
        }
        assert_eq!(before, PATIENCE);
    }

    #[test]
    fn one_place_is_kept_for_those_who_wait() {
        let mut queue = Queue::new(3, 10);
        for what in 0..5 {
            queue.push(Class::Background, who(1), what).expect("room");
        }
        assert!(queue.next(true).is_some() && queue.next(true).is_some());
        assert_eq!(queue.next(true), None, "the third place is kept");
        queue.push(Class::Immediate, who(1), 9).expect("room");
        assert_eq!(queue.next(true), Some((Class::Immediate, 9)));
        assert_eq!(queue.next(true), None);
        queue.done(Class::Background);
        assert_eq!(queue.next(true), Some((Class::Background, 2)));
    }

    #[test]
    fn nobody_takes_the_room_of_another_and_what_is_withdrawn_leaves_it() {
        let mut queue = Queue::new(1, 2);
        let first = queue.push(Class::Immediate, who(1), 'a').expect("room");
        queue.push(Class::Immediate, who(1), 'b').expect("room");
        assert_eq!(queue.push(Class::Immediate, who(1), 'c'), Err(Full));
        queue
            .push(Class::Immediate, who(2), 'd')
            .expect("room of its own");
        assert_eq!(queue.withdraw(Class::Immediate, who(1), first), Some('a'));
        assert_eq!(queue.withdraw(Class::Immediate, who(1), first), None);
        queue
            .push(Class::Immediate, who(1), 'e')
            .expect("room again");
        assert_eq!(queue.waiting(Class::Immediate), 3);
    }

    proptest! {
        /// Whatever comes in whatever order: nothing is lost, given twice, or given out of its integrator's order.
        #[test]
        fn all_have_their_turn_once(
            steps in prop::collection::vec((0_u8..4, 0_u8..3, any::<bool>()), 1..200),
            places in 1_usize..5,
        ) {
            let mut queue = Queue::new(places, 1000);
            let (mut tickets, mut given, mut under_way) = (Vec::new(), Vec::new(), Vec::new());
            let (mut pushed, mut withdrawn) = (Vec::new(), Vec::new());
            for (number, (kind, whose, background)) in steps.into_iter().enumerate() {
                let class = if background { Class::Background } else { Class::Immediate };
                match kind {
                    0 | 1 => {
                        let what = (class, whose, number);
                        let ticket = queue.push(class, who(whose), what).expect("room");
                        pushed.push(what);
                        tickets.push((class, whose, ticket));
                    }
                    2 => {
                        if let Some((class, what)) = queue.next(true) {
                            prop_assert_eq!(class, what.0);
                            given.push(what);
                            under_way.push(class);
                        }
                        prop_assert!(under_way.len() <= places);
                    }
                    _ if background => {
                        if let Some((class, whose, ticket)) = tickets.pop() {
                            withdrawn.extend(queue.withdraw(class, who(whose), ticket));
                        }
                    }
                    _ => {
                        if let Some(class) = under_way.pop() {
                            queue.done(class);
                        }
                    }
                }
            }
            under_way.into_iter().for_each(|class| queue.done(class));
            while let Some((class, what)) = queue.next(true) {
                given.push(what);
                queue.done(class);
            }
            prop_assert!(queue.is_idle());
            for class in [Class::Immediate, Class::Background] {
                for whose in 0..3 {
                    let of = |all: &[(Class, u8, usize)]| -> Vec<usize> {
                        let of = all.iter().filter(|what| (what.0, what.1) == (class, whose));
                        of.map(|what| what.2).collect()
                    };
                    let mut gone = of(&given);
                    prop_assert!(gone.is_sorted_by(|one, next| one < next), "{:?}", gone);
                    gone.extend(of(&withdrawn));
                    gone.sort_unstable();
                    prop_assert_eq!(gone, of(&pushed));
                }
            }
        }
    }
}
