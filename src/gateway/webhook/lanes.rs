//! Which message is sent now: receivers take turns, and each has so many attempts under way and no more.
//!
//! A receiver that is slow has messages waiting here, in its own lane; the others go past it.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::{Delivery, Receiver};
use crate::gateway::moment::Moment;

/// A message that was taken up.
#[derive(Debug)]
pub(super) struct Taken {
    pub delivery: Delivery,
    /// Until then it is this process' to send.
    pub until: Moment,
}

#[derive(Debug, Default)]
struct Lane {
    sending: usize,
    waiting: VecDeque<Taken>,
}

/// Messages that were taken up, and how many are being sent.
#[derive(Debug)]
pub(super) struct Lanes {
    at_once: usize,
    per_receiver: usize,
    /// Those that have something to do.
    lanes: FxHashMap<Receiver, Lane>,
    /// Those that have something waiting, in the order of their turns.
    turns: VecDeque<Receiver>,
    sending: usize,
    waiting: usize,
}

impl Lanes {
    /// So many attempts at once in all, and to one receiver; at least one.
    pub(super) fn new(at_once: usize, per_receiver: usize) -> Lanes {
        Lanes {
            at_once: at_once.max(1),
            per_receiver: per_receiver.max(1),
            lanes: FxHashMap::default(),
            turns: VecDeque::new(),
            sending: 0,
            waiting: 0,
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn sending(&self) -> usize {
        self.sending
    }

    /// Whether a receiver has a message waiting.
    pub(super) fn has_waiting(&self, receiver: Receiver) -> bool {
        let lane = self.lanes.get(&receiver);
        lane.is_some_and(|lane| !lane.waiting.is_empty())
    }

    /// Receivers that have as much to do as they take.
    pub(super) fn busy(&self) -> Vec<Receiver> {
        self.lanes
            .iter()
            .filter(|(_, lane)| lane.sending + lane.waiting.len() >= self.per_receiver)
            .map(|(receiver, _)| *receiver)
            .collect()
    }

    /// Takes a message; behind those of its receiver that are there.
    pub(super) fn push(&mut self, taken: Taken) {
        let receiver = taken.delivery.receiver();
        let lane = self.lanes.entry(receiver).or_default();
        if lane.waiting.is_empty() {
            self.turns.push_back(receiver);
        }
        lane.waiting.push_back(taken);
        self.waiting += 1;
    }

    /// The next message to be sent, which is being sent from now on; None where as many are as may be.
    pub(super) fn next(&mut self) -> Option<Taken> {
        if self.sending >= self.at_once {
            return None;
        }
        let is_free = |receiver: &Receiver| {
            let lane = self.lanes.get(receiver);
            lane.is_some_and(|lane| lane.sending < self.per_receiver)
        };
        let turn = self.turns.iter().position(is_free)?;
        let receiver = self.turns.remove(turn)?;
        let lane = self.lanes.get_mut(&receiver)?;
        let taken = lane.waiting.pop_front()?;
        if !lane.waiting.is_empty() {
            self.turns.push_back(receiver);
        }
        lane.sending += 1;
        self.sending += 1;
        self.waiting -= 1;
        Some(taken)
    }

    /// An attempt is over.
    pub(super) fn done(&mut self, receiver: Receiver) {
        let Some(lane) = self.lanes.get_mut(&receiver) else {
            return;
        };
        lane.sending -= 1;
        self.sending -= 1;
        if lane.sending == 0 && lane.waiting.is_empty() {
            self.lanes.remove(&receiver);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::webhook::tests::delivery;

    fn taken(receiver: Receiver) -> Taken {
        let (integrator, environment) = receiver;
        let delivery = Delivery {
            integrator,
            environment,
            ..delivery()
        };
        Taken {
            delivery,
            until: Moment::now(),
        }
    }

    #[test]
    fn receivers_take_turns_and_none_has_too_much() {
        let [a, b, c] = [0; 3].map(|_| delivery().receiver());
        let mut lanes = Lanes::new(5, 2);
        for receiver in [a, a, a, a, b, b, c] {
            lanes.push(taken(receiver));
        }
        let next = |lanes: &mut Lanes| lanes.next().map(|taken| taken.delivery.receiver());
        let first: Vec<_> = std::iter::from_fn(|| next(&mut lanes)).collect();
        assert_eq!(first, [a, b, c, a, b]);
        assert_eq!((lanes.sending(), lanes.waiting()), (5, 2));
        assert_eq!(next(&mut lanes), None);
        // There is room, but not for `a`.
        lanes.done(c);
        assert_eq!(next(&mut lanes), None);
        let busy = lanes.busy();
        assert!(busy.contains(&a) && busy.contains(&b) && busy.len() == 2);
        lanes.done(b);
        assert_eq!(lanes.busy(), [a]);
        lanes.done(a);
        assert_eq!(next(&mut lanes), Some(a));
        for receiver in [a, a, b] {
            lanes.done(receiver);
        }
        assert_eq!(next(&mut lanes), Some(a));
        lanes.done(a);
        assert_eq!(next(&mut lanes), None);
        assert!(lanes.lanes.is_empty() && lanes.turns.is_empty());
        assert_eq!((lanes.sending(), lanes.waiting()), (0, 0));
    }

    #[test]
    fn a_receivers_messages_go_in_their_order() {
        let receiver = delivery().receiver();
        let mut lanes = Lanes::new(1, 1);
        let pushed: Vec<_> = (0..5)
            .map(|_| {
                let taken = taken(receiver);
                let id = taken.delivery.id;
                lanes.push(taken);
                id
            })
            .collect();
        let sent: Vec<_> = (0..5)
            .filter_map(|_| {
                let sent = lanes.next()?;
                assert!(lanes.next().is_none());
                lanes.done(receiver);
                Some(sent.delivery.id)
            })
            .collect();
        assert_eq!(sent, pushed);
    }
}
