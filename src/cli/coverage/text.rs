//! What a mapping meets of AU Core and serves of R4, as lines for a terminal.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use crate::mapping::coverage::{Coverage, OfResource, State, Unmapped};

/// How many are met, missing and impossible.
#[derive(Default)]
pub(super) struct Counts(pub [usize; 3]);

impl Counts {
    pub fn of<'s>(states: impl Iterator<Item = &'s State>) -> Counts {
        let mut counts = Counts::default();
        for state in states {
            counts.0[match state {
                State::Met => 0,
                State::Missing => 1,
                State::Impossible(_) => 2,
            }] += 1;
        }
        counts
    }

    fn add(&mut self, other: &Counts) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum += count;
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [met, missing, impossible] = self.0;
        write!(f, "{met:>5} {missing:>9} {impossible:>11}")
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} and AU Core {}\n", self.name, self.version)?;
        writeln!(f, "{:30}elements{:23}searches", "", "")?;
        let names = "  met   missing  impossible";
        writeln!(f, "{:20} {names}    {names}", "")?;
        let mut all = [Counts::default(), Counts::default()];
        for resource in &self.resources {
            let elements = Counts::of(resource.elements.iter().map(|it| &it.state));
            let searches = Counts::of(resource.searches.iter().map(|it| &it.state));
            let not_served = match resource.served {
                true => "",
                false => "   not mapped",
            };
            let name = resource.resource;
            writeln!(f, "{name:20} {elements}    {searches}{not_served}")?;
            all[0].add(&elements);
            all[1].add(&searches);
        }
        writeln!(f, "{:20} {}    {}", "all", all[0], all[1])?;
        for resource in &self.resources {
            let mut lines = lines(resource);
            if !lines.is_empty() {
                lines.insert(0, '\n');
                f.write_str(&lines)?;
            }
        }
        writeln!(f, "\n{} and R4\n", self.name)?;
        writeln!(f, "{:20}  elements     searches", "")?;
        for served in &self.r4 {
            let own = match served.own {
                0 => String::new(),
                own => format!("   and {own} of its own"),
            };
            let (elements, searches) = (served.elements, served.searches);
            let line = format!(
                "{:20} {:>3} of {:<3}   {:>3} of {:<3}{own}",
                served.resource, elements.served, elements.of, searches.served, searches.of
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        let every = "Every column that is declared is mapped.";
        columns(
            f,
            &self.unmapped,
            "Columns that are declared and not mapped",
            every,
        )?;
        let Some(undeclared) = &self.undeclared else {
            return Ok(());
        };
        let every = "Every column that the database has in these tables is declared.";
        columns(
            f,
            undeclared,
            "Columns that the database has and the mapping does not declare",
            every,
        )
    }
}

/// Columns by their tables, or that there are none.
fn columns(
    f: &mut fmt::Formatter<'_>,
    tables: &[Unmapped],
    heading: &str,
    none: &str,
) -> fmt::Result {
    if tables.is_empty() {
        return writeln!(f, "\n{none}");
    }
    writeln!(f, "\n{heading}\n")?;
    for table in tables {
        writeln!(f, "{:24} {}", table.table, table.columns.join(", "))?;
    }
    Ok(())
}

/// What a type does not meet, a line for each: elements first. One that several profiles ask for is one line.
fn lines(resource: &OfResource) -> String {
    let name = resource.resource;
    let mut lines = String::new();
    // Writing to a String cannot fail.
    let mut line = |state: &State, what: &str, asked: &str| {
        let _ = match state {
            State::Met => Ok(()),
            State::Missing => writeln!(lines, "missing     {what} ({asked})"),
            State::Impossible(reason) => {
                writeln!(lines, "impossible  {what} ({asked}): {reason}")
            }
        };
    };
    if !resource.served {
        let states = resource.elements.iter().map(|it| &it.state);
        if let Some(state) = states
            .chain(resource.searches.iter().map(|it| &it.state))
            .next()
        {
            line(state, name, &resource.expectation.to_string());
        }
        return lines;
    }
    let mut of_profile: BTreeMap<&str, Vec<&State>> = BTreeMap::new();
    for element in &resource.elements {
        let states = of_profile.entry(element.profile).or_default();
        states.push(&element.state);
    }
    // A profile of which there is nothing is one line.
    let is_nothing = |profile: &str| {
        let states = of_profile.get(profile).map_or(&[][..], |states| states);
        states.iter().all(|state| **state != State::Met)
    };
    let asking = |profile: &str| !is_nothing(profile);
    for (profile, states) in &of_profile {
        if let (true, Some(state)) = (is_nothing(profile), states.first()) {
            line(state, &format!("{name}, all of {profile}"), "must-support");
        }
    }
    let profiles = of_profile.keys().filter(|profile| asking(profile)).count();
    let mut by_element: Vec<(&str, &State, Vec<&str>, bool)> = Vec::new();
    for element in resource.elements.iter().filter(|it| asking(it.profile)) {
        let same = by_element
            .iter_mut()
            .find(|(name, state, _, _)| **name == *element.element && **state == element.state);
        match same {
            Some((_, _, profiles, mandatory)) => {
                profiles.push(element.profile);
                *mandatory |= element.mandatory;
            }
            None => by_element.push((
                &element.element,
                &element.state,
                vec![element.profile],
                element.mandatory,
            )),
        }
    }
    for (place, (element, state, asked_by, mandatory)) in by_element.iter().enumerate() {
        let inner = |outer: &str| {
            element
                .strip_prefix(outer)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        let is_said = by_element[..place]
            .iter()
            .any(|(outer, its, by, _)| inner(outer) && its == state && by == asked_by);
        // What holds it is not there either, for the same reason.
        if is_said {
            continue;
        }
        let mut asked = String::from(if *mandatory {
            "mandatory"
        } else {
            "must-support"
        });
        if asked_by.len() < profiles {
            let short = |profile: &&str| profile.trim_start_matches("au-core-").to_owned();
            let names: Vec<String> = asked_by.iter().map(short).collect();
            let _ = write!(asked, " of {}", names.join(", "));
        }
        line(state, &format!("{name}.{element}"), &asked);
    }
    for search in &resource.searches {
        let asked = search.expectation.to_string();
        line(&search.state, &format!("{name}?{}", search.search), &asked);
    }
    lines
}
