//! Jobs that wait for a thread, and whose turn it is.
//!
//! A thread that is done takes the next job without sleeping in between; only a thread that finds none is put to
//! sleep, and the one that fell asleep last is woken first, since its heap and its connection's cache are warm.
//! Each caller has a lane of its own, of which only so many jobs run at once; lanes take turns.
//!
//! A thread that does not come back from its job, because a client that blocks waits for a server that has gone, is
//! given up: another takes its place, and it ends when it does come back.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Jobs of all callers for a number of threads.
pub(super) struct Jobs<J> {
    /// Threads, at the most.
    threads: usize,
    /// Jobs that may wait in a lane.
    waiting: usize,
    state: Mutex<State<J>>,
}

struct State<J> {
    /// There are as many as the server has keys.
    lanes: Vec<Lane<J>>,
    /// The lane that is asked first for the next job.
    next: usize,
    /// Threads that sleep, the one that was busy last at the end.
    idle: Vec<Arc<Condvar>>,
    /// Threads that were asked for and have not ended.
    started: usize,
    tickets: u64,
    /// Jobs that threads are at.
    running: Vec<u64>,
    /// Jobs whose threads were given up and have not come back.
    given_up: Vec<u64>,
    is_closed: bool,
}

struct Lane<J> {
    caller: Option<u32>,
    waiting: VecDeque<(u64, J)>,
    running: usize,
    /// Of its jobs, those that may run at once.
    most: usize,
}

/// A job's place in its lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    lane: usize,
    number: u64,
}

/// What becomes of a job that was taken in.
pub(super) struct Taken {
    pub(super) ticket: Ticket,
    /// The pool is to start a thread, which begins with [`Jobs::next`].
    pub(super) needs_thread: bool,
}

/// What a thread is to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<J> {
    Job(Ticket, J),
    /// There was no job for as long as the thread said.
    Idle,
    /// There will be no more for this thread.
    End,
}

/// A lane with as many jobs waiting as may wait.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl<J> Jobs<J> {
    pub(super) fn new(threads: usize, waiting: usize) -> Jobs<J> {
        Jobs {
            threads: threads.max(1),
            waiting,
            state: Mutex::new(State {
                lanes: Vec::new(),
                next: 0,
                idle: Vec::new(),
                started: 0,
                tickets: 0,
                running: Vec::new(),
                given_up: Vec::new(),
                is_closed: false,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a job in, and wakes a thread for it if one sleeps. A caller may hold all threads but one, so that its
    /// slow searches leave one to the others; jobs of no caller may hold all.
    ///
    /// # Errors
    /// [`Full`]
    pub(super) fn push(&self, caller: Option<u32>, job: J) -> Result<Taken, Full> {
        let mut state = self.lock();
        let index = state.lane(caller, self.threads);
        state.tickets += 1;
        let ticket = Ticket {
            lane: index,
            number: state.tickets,
        };
        let lane = &mut state.lanes[index];
        let may_run = lane.running + lane.waiting.len() < lane.most;
        if !may_run && lane.waiting.len() >= self.waiting {
            return Err(Full);
        }
        lane.waiting.push_back((ticket.number, job));
        let woken = match may_run {
            true => state.idle.pop(),
            false => None,
        };
        // Also where a thread that others wait for could not be started.
        let can_run = state.lanes[index].running < state.lanes[index].most;
        let needs_thread = can_run && woken.is_none() && state.started < self.threads;
        state.started += usize::from(needs_thread);
        drop(state);
        if let Some(woken) = woken {
            woken.notify_one();
        }
        Ok(Taken {
            ticket,
            needs_thread,
        })
    }

    /// Takes a job back; None where it is running or done.
    pub(super) fn withdraw(&self, ticket: Ticket) -> Option<J> {
        let mut state = self.lock();
        let waiting = &mut state.lanes[ticket.lane].waiting;
        let place = waiting
            .iter()
            .position(|(number, _)| *number == ticket.number)?;
        waiting.remove(place).map(|(_, job)| job)
    }

    /// The thread that a push asked for could not be started.
    pub(super) fn thread_failed(&self) {
        self.lock().started -= 1;
    }

    /// Gives up the thread that is at a job, unless as many have been given up as there may be threads. True where
    /// the pool is to start another for the jobs that wait. A job that is done has no thread any more.
    pub(super) fn give_up(&self, ticket: Ticket) -> bool {
        let mut state = self.lock();
        let place = state.running.iter().position(|of| *of == ticket.number);
        let Some(place) = place.filter(|_| state.given_up.len() < self.threads) else {
            return false;
        };
        state.running.swap_remove(place);
        state.given_up.push(ticket.number);
        state.started -= 1;
        state.lanes[ticket.lane].running -= 1;
        let needs_thread = state.lanes.iter().any(|lane| !lane.waiting.is_empty());
        state.started += usize::from(needs_thread);
        needs_thread
    }

    /// The next job, after the one that is `done`; waits for one, `idle` long if there is a limit.
    pub(super) fn next(&self, done: Option<Ticket>, idle: Option<Duration>) -> Next<J> {
        let mut state = self.lock();
        if let Some(done) = done {
            if let Some(place) = state.given_up.iter().position(|of| *of == done.number) {
                state.given_up.swap_remove(place);
                return Next::End;
            }
            state.running.retain(|of| *of != done.number);
            state.lanes[done.lane].running -= 1;
        }
        let until = idle.map(|idle| Instant::now() + idle);
        let mut bed: Option<Arc<Condvar>> = None;
        loop {
            if state.is_closed {
                return Next::End;
            }
            if let Some((ticket, job)) = state.take() {
                return Next::Job(ticket, job);
            }
            let bed = bed.get_or_insert_with(Arc::default);
            state.idle.push(Arc::clone(bed));
            // Whoever wakes a thread takes it off the list first; else it woke by itself.
            while let Some(place) = state.idle.iter().position(|other| Arc::ptr_eq(other, bed)) {
                let Some(until) = until else {
                    state = bed.wait(state).unwrap_or_else(PoisonError::into_inner);
                    continue;
                };
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    state.idle.remove(place);
                    return Next::Idle;
                }
                let woken = bed.wait_timeout(state, left);
                state = woken.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    /// No thread has been started yet.
    pub(super) fn is_idle(&self) -> bool {
        self.lock().started == 0
    }

    /// Ends the threads, each when its job is done, and drops what waits.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let dropped: Vec<_> = state
            .lanes
            .iter_mut()
            .map(|lane| std::mem::take(&mut lane.waiting))
            .collect();
        for idle in std::mem::take(&mut state.idle) {
            idle.notify_one();
        }
        drop(state);
        drop(dropped);
    }
}

impl<J> State<J> {
    fn lane(&mut self, caller: Option<u32>, threads: usize) -> usize {
        let found = self.lanes.iter().position(|lane| lane.caller == caller);
        found.unwrap_or_else(|| {
            self.lanes.push(Lane {
                caller,
                waiting: VecDeque::new(),
                running: 0,
                most: match caller {
                    Some(_) => threads.saturating_sub(1).max(1),
                    None => threads,
                },
            });
            self.lanes.len() - 1
        })
    }

    fn take(&mut self) -> Option<(Ticket, J)> {
        let count = self.lanes.len();
        let turns = (self.next..count).chain(0..self.next);
        for index in turns {
            let lane = &mut self.lanes[index];
            if lane.running >= lane.most {
                continue;
            }
            if let Some((number, job)) = lane.waiting.pop_front() {
                lane.running += 1;
                self.running.push(number);
                self.next = (index + 1) % count;
                let ticket = Ticket {
                    lane: index,
                    number,
                };
                return Some((ticket, job));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    fn took(jobs: &Jobs<&'static str>) -> Vec<(usize, &'static str)> {
        let mut state = jobs.lock();
        let taken = std::iter::from_fn(|| state.take());
        taken.map(|(ticket, job)| (ticket.lane, job)).collect()
    }

    fn next(jobs: &Jobs<&'static str>, done: Option<Ticket>) -> (Ticket, &'static str) {
        match jobs.next(done, Some(Duration::ZERO)) {
            Next::Job(ticket, job) => (ticket, job),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn callers_take_turns_and_leave_a_thread_to_others() {
        let jobs = Jobs::new(3, 8);
        for job in ["a1", "a2", "a3"] {
            jobs.push(Some(1), job).expect("room");
        }
        assert_eq!(took(&jobs), [(0, "a1"), (0, "a2")]);
        jobs.push(Some(2), "b1").expect("room");
        jobs.push(Some(2), "b2").expect("room");
        assert_eq!(took(&jobs), [(1, "b1"), (1, "b2")]);
        // One of the first caller is done: its third may run.
        let done = Ticket { lane: 0, number: 1 };
        assert_eq!(next(&jobs, Some(done)).1, "a3");
    }

    #[test]
    fn jobs_of_no_caller_may_hold_all_threads() {
        let jobs = Jobs::new(2, 8);
        jobs.push(None, "one").expect("room");
        jobs.push(None, "two").expect("room");
        assert_eq!(took(&jobs).len(), 2);
    }

    #[test]
    fn a_lane_has_a_bound_and_a_job_that_left_it_makes_room() {
        let jobs = Jobs::new(1, 1);
        let first = jobs.push(None, "runs").expect("a thread for it");
        assert!(first.needs_thread);
        assert_eq!(next(&jobs, None), (first.ticket, "runs"));
        let waits = jobs.push(None, "waits").expect("room");
        assert!(!waits.needs_thread);
        assert_eq!(jobs.push(None, "too many").map(|_| ()), Err(Full));
        // Another's lane is its own.
        jobs.push(Some(1), "of another").expect("room");
        assert_eq!(jobs.withdraw(waits.ticket), Some("waits"));
        assert_eq!(jobs.withdraw(waits.ticket), None);
        jobs.push(None, "again").expect("room");
        assert_eq!(jobs.withdraw(first.ticket), None);
    }

    #[test]
    fn the_thread_that_slept_last_is_woken_and_all_are_at_the_end() {
        let jobs: Arc<Jobs<&'static str>> = Arc::new(Jobs::new(2, 8));
        let (told, tells) = mpsc::channel();
        let sleeper = |name: &'static str| {
            let (jobs, told) = (Arc::clone(&jobs), told.clone());
            let before = jobs.lock().idle.len();
            let thread = std::thread::spawn({
                let jobs = Arc::clone(&jobs);
                move || {
                    let mut done = None;
                    while let Next::Job(ticket, job) = jobs.next(done, None) {
                        told.send((name, job)).expect("heard");
                        done = Some(ticket);
                    }
                }
            });
            while jobs.lock().idle.len() == before {
                std::thread::yield_now();
            }
            thread
        };
        let threads = [sleeper("first"), sleeper("last")];
        jobs.push(None, "job").expect("room");
        let heard = tells.recv_timeout(Duration::from_secs(10));
        assert_eq!(heard, Ok(("last", "job")));
        jobs.close();
        for thread in threads {
            thread.join().expect("ends");
        }
    }

    #[test]
    fn a_thread_without_work_is_told_so() {
        let jobs: Jobs<&'static str> = Jobs::new(1, 1);
        assert_eq!(jobs.next(None, Some(Duration::from_millis(1))), Next::Idle);
        assert!(jobs.lock().idle.is_empty());
        jobs.push(None, "job").expect("room");
        assert_eq!(next(&jobs, None).1, "job");
    }

    #[test]
    fn a_thread_that_does_not_come_back_is_replaced_and_ends_when_it_does() {
        let jobs = Jobs::new(1, 1);
        jobs.push(None, "hangs").expect("room");
        let (hangs, _) = next(&jobs, None);
        let waits = jobs.push(None, "waits").expect("room");
        assert!(!waits.needs_thread);
        assert!(jobs.give_up(hangs));
        assert!(!jobs.give_up(hangs), "once");
        // Its place is free for the job that waits, and for the thread that takes it.
        let (second, job) = next(&jobs, None);
        assert_eq!(job, "waits");
        assert!(!jobs.give_up(second), "no more than there may be threads");
        assert_eq!(jobs.next(Some(hangs), None), Next::End);
        assert!(!jobs.give_up(hangs), "it is done");
        assert_eq!(jobs.next(Some(second), Some(Duration::ZERO)), Next::Idle);
    }
}
