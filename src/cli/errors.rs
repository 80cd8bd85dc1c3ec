//! `pilaster errors`: the table of errors as a page of Markdown.

use std::fmt::Write as _;

use crate::errors::ALL;

/// The page. What it says of each error is what an OperationOutcome says of it.
pub(super) fn table() -> String {
    let mut page = String::from(
        "# Errors\n\n\
         An OperationOutcome carries the code in `issue.details.coding`, the issue type in `issue.code`, and \
         what to do in `issue.diagnostics`.\n\n\
         | code | status | issue type | what happened | what to do |\n\
         |---|---|---|---|---|\n",
    );
    for error in ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "| {} | {} | `{}` | {} | {} |",
            error.id,
            error.status,
            error.issue,
            cell(error.title),
            cell(error.remedy)
        );
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_row_and_a_code_of_its_own() {
        let page = table();
        for error in ALL {
            let row = format!("| {} | {} |", error.id, error.status);
            assert_eq!(page.matches(&row).count(), 1, "{}", error.id);
        }
    }
}
