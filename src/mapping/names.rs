//! Names that are near to one that is not known, and lists of those that there are, for the help of a problem.

/// The nearest of some names, for "did you mean": at most a third of the letters differ.
pub(crate) fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The distance takes the product of the lengths, and hostile files have any number of names.
    const MOST: usize = 1000;
    if name.len() > 64 {
        return None;
    }
    let lower = name.to_lowercase();
    names
        .into_iter()
        .take(MOST)
        .filter(|candidate| candidate.len() <= 64)
        .map(|candidate| {
            (
                strsim::osa_distance(&lower, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| {
            *distance <= candidate.chars().count().max(lower.chars().count()) / 3
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "did you mean `x`?", or else what there is.
pub(crate) fn suggest<'a>(
    name: &str,
    names: impl IntoIterator<Item = &'a str> + Clone,
    what: &str,
) -> Option<String> {
    if let Some(nearest) = nearest(name, names.clone()) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    const SHOWN: usize = 16;
    let mut list: Vec<String> = Vec::new();
    let mut more = 0usize;
    for name in names {
        if list.len() < SHOWN {
            list.push(format!("`{name}`"));
        } else {
            more += 1;
        }
    }
    match (list.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(format!("{what}: {}", list.join(", "))),
        (false, more) => Some(format!("{what}: {}, and {more} more", list.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["birthDate", "gender", "name"];
        assert_eq!(nearest("birthdate", names), Some("birthDate"));
        assert_eq!(nearest("gendre", names), Some("gender"));
        assert_eq!(nearest("telecom", names), None);
        assert_eq!(
            suggest("x", ["a", "b"], "there are").as_deref(),
            Some("there are: `a`, `b`")
        );
    }
}
