//! A practice's queue at work: it gives turns, and starts what has one.
//!
//! An immediate query waits for its [`Turn`] itself; an async query is an id that waits, and is started when its turn comes.
//! A turn that is dropped is over, and the next begins.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::oneshot;

use super::id::{IntegratorId, SiteId};
use super::link::Availability;
use super::queue::{Class, Full, Queue};
use super::service::Practice;
use crate::store::Waiting;

/// What waits for a turn.
pub enum Waiter {
    /// Somebody, who is told.
    Here(oneshot::Sender<Turn>),
    /// A query in the store, which is started.
    Stored(Waiting),
}

/// Starts a stored query that has its turn.
pub type Start = Box<dyn Fn(Waiting, Turn) + Send + Sync>;

/// A practice's queue.
pub struct Lane {
    pub site: SiteId,
    queue: Mutex<Queue<Waiter>>,
    /// None where the practice is served no more: what waits for it waits until its time is over.
    practice: RwLock<Option<Arc<Practice>>>,
    start: Arc<Start>,
    is_closed: AtomicBool,
    /// How many of an integrator's are being stored, to wait here then.
    coming: Mutex<HashMap<IntegratorId, usize>>,
}

/// Room for a query that is being stored.
pub struct Room {
    lane: Arc<Lane>,
    who: IntegratorId,
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut coming = self.lane.lock_coming();
        if let Entry::Occupied(mut of) = coming.entry(self.who) {
            *of.get_mut() -= 1;
            if *of.get() == 0 {
                of.remove();
            }
        }
    }
}

/// A place at a practice.
pub struct Turn {
    lane: Arc<Lane>,
    class: Class,
}

impl Turn {
    /// The practice, unless it is served no more.
    pub fn practice(&self) -> Option<Arc<Practice>> {
        self.lane.practice()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.lane.lock().done(self.class);
        self.lane.give();
    }
}

impl Lane {
    pub fn new(site: SiteId, start: Arc<Start>) -> Arc<Lane> {
        Arc::new(Lane {
            site,
            queue: Mutex::new(Queue::new(1, usize::MAX)),
            practice: RwLock::new(None),
            start,
            is_closed: AtomicBool::new(false),
            coming: Mutex::default(),
        })
    }

    /// The practice as it is from now on.
    pub fn serve(self: &Arc<Self>, practice: Option<Arc<Practice>>) {
        if let Some(practice) = &practice {
            self.lock().resize(practice.connections, practice.waiting);
        }
        *self
            .practice
            .write()
            .unwrap_or_else(PoisonError::into_inner) = practice;
        self.give();
    }

    pub fn practice(&self) -> Option<Arc<Practice>> {
        self.practice
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn lock(&self) -> MutexGuard<'_, Queue<Waiter>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_coming(&self) -> MutexGuard<'_, HashMap<IntegratorId, usize>> {
        self.coming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for a query of an integrator's that is being stored, to be kept until [`Lane::restore`].
    ///
    /// # Errors
    /// [`Full`]
    pub fn room(self: &Arc<Self>, who: IntegratorId) -> Result<Room, Full> {
        let queue = self.lock();
        let mut coming = self.lock_coming();
        let known = coming.get(&who).copied().unwrap_or_default();
        // Registered ones have a bound of their own.
        let is_stored = |waiter: &Waiter| matches!(waiter, Waiter::Stored(_));
        if queue.waiting_of(Class::Background, who, is_stored) + known >= queue.most() {
            return Err(Full);
        }
        coming.insert(who, known + 1);
        drop(coming);
        Ok(Room {
            lane: Arc::clone(self),
            who,
        })
    }

    /// Waits for a turn. Who stops waiting loses its place.
    ///
    /// # Errors
    /// [`Full`]
    pub async fn turn(self: &Arc<Self>, class: Class, who: IntegratorId) -> Result<Turn, Full> {
        let (tell, told) = oneshot::channel();
        let ticket = self.lock().push(class, who, Waiter::Here(tell))?;
        self.until_told(class, who, ticket, told).await
    }

    /// As [`Lane::turn`], of a registered query, whose number is bounded elsewhere: an integrator's waiting async queries
    /// leave none of them out.
    ///
    /// # Errors
    /// [`Full`] where the turn can never come.
    pub async fn turn_of_registered(self: &Arc<Self>, who: IntegratorId) -> Result<Turn, Full> {
        let (tell, told) = oneshot::channel();
        let class = Class::Background;
        let ticket = self.lock().restore(class, who, Waiter::Here(tell));
        self.until_told(class, who, ticket, told).await
    }

    async fn until_told(
        self: &Arc<Self>,
        class: Class,
        who: IntegratorId,
        ticket: u64,
        told: oneshot::Receiver<Turn>,
    ) -> Result<Turn, Full> {
        let _waits = Waits {
            lane: self,
            class,
            who,
            ticket,
        };
        self.give();
        // Its sender is in the queue for as long as this waits.
        told.await.map_err(|_| Full)
    }

    /// Lets a stored query wait. Its ticket. Whether there is room was asked before it was stored.
    pub fn restore(&self, waiting: Waiting) -> u64 {
        let who = waiting.integrator;
        self.lock()
            .restore(Class::Background, who, Waiter::Stored(waiting))
    }

    /// Takes a stored query back; false where it has had its turn.
    pub fn withdraw(&self, who: IntegratorId, ticket: u64) -> bool {
        self.lock()
            .withdraw(Class::Background, who, ticket)
            .is_some()
    }

    /// How many wait: immediate ones, and all others.
    pub fn waiting(&self) -> (usize, usize) {
        let queue = self.lock();
        (
            queue.waiting(Class::Immediate),
            queue.waiting(Class::Background),
        )
    }

    /// Gives no more turns.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
    }

    /// Somebody has a turn.
    pub fn is_at_work(&self) -> bool {
        self.lock().is_at_work()
    }

    /// Gives turns to as many as may have one. While the practice is away, what nobody waits for waits on.
    pub fn give(self: &Arc<Self>) {
        let practice = self.practice();
        let is_online = practice
            .as_ref()
            .is_some_and(|practice| practice.link.availability() == Availability::Online);
        if let (Some(practice), false) = (&practice, is_online)
            && self.lock().waiting(Class::Background) > 0
        {
            practice.link.seek();
        }
        loop {
            if self.is_closed.load(Ordering::Acquire) {
                return;
            }
            let next = self.lock().next(is_online);
            let Some((class, waiter)) = next else { return };
            let turn = Turn {
                lane: Arc::clone(self),
                class,
            };
            match waiter {
                // Who has gone meanwhile gives its turn back, which goes on to the next.
                Waiter::Here(tell) => drop(tell.send(turn)),
                Waiter::Stored(query) => (self.start)(query, turn),
            }
        }
    }
}

/// Somebody waits; who stops leaves the queue.
struct Waits<'l> {
    lane: &'l Arc<Lane>,
    class: Class,
    who: IntegratorId,
    ticket: u64,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        drop(self.lane.lock().withdraw(self.class, self.who, self.ticket));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::id::QueryId;
    use crate::gateway::moment::Moment;

    #[tokio::test]
    async fn registered_queries_that_wait_take_no_async_querys_place() {
        let lane = Lane::new(SiteId::generate(), Arc::new(Box::new(|_, _| {})));
        lane.lock().resize(1, 2);
        let who = IntegratorId::generate();
        // It gives no turns: all that comes waits.
        lane.close();
        let mut registered = Vec::new();
        for _ in 0..5 {
            let lane = Arc::clone(&lane);
            registered.push(tokio::spawn(async move {
                drop(lane.turn_of_registered(who).await);
            }));
        }
        while lane.waiting() != (0, 5) {
            tokio::task::yield_now().await;
        }
        for _ in 0..2 {
            let room = lane.room(who);
            assert!(room.is_ok());
            lane.restore(Waiting {
                id: QueryId::generate(),
                integrator: who,
                site: lane.site,
                expires_at: Moment::now(),
            });
        }
        assert!(lane.room(who).is_err(), "as many as may be wait");
        registered.into_iter().for_each(|one| one.abort());
    }
}
