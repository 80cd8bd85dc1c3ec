//! Two texts → the lines in which they differ, with those around them.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use super::report::{Paint, Style};
use crate::explain::harmless;

/// Lines around a difference.
const AROUND: usize = 3;
/// Lines that are shown of one pair of texts.
const MOST: usize = 300;

/// Lines that only `before` has, behind `-`, those that only `after` has, behind `+`, and those around them; each behind
/// `indent`.
pub(super) fn lines(before: &str, after: &str, indent: &str, paint: Paint) -> String {
    // Neither the ends of lines nor that of the last one count.
    let whole = |text: &str| match text.trim_end() {
        "" => String::new(),
        text => format!("{}\n", text.replace("\r\n", "\n")),
    };
    let (before, after) = (whole(before), whole(after));
    let diff = TextDiff::from_lines(&before, &after);
    let mut out = String::new();
    let mut shown = 0;
    for (index, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if index > 0 {
            let _ = writeln!(out, "{indent}{}", paint.styled(Style::Faint, "…"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            if shown == MOST {
                let _ = writeln!(out, "{indent}… and more");
                return out;
            }
            shown += 1;
            let line = harmless(change.value().trim_end_matches(['\n', '\r']));
            // Writing to a String cannot fail.
            let _ = match change.tag() {
                ChangeTag::Equal if line.is_empty() => writeln!(out),
                ChangeTag::Equal => writeln!(out, "{indent}  {line}"),
                ChangeTag::Delete => {
                    writeln!(
                        out,
                        "{indent}{}",
                        paint.styled(Style::Bad, &format!("- {line}"))
                    )
                }
                ChangeTag::Insert => {
                    writeln!(
                        out,
                        "{indent}{}",
                        paint.styled(Style::Good, &format!("+ {line}"))
                    )
                }
            };
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_shown_with_what_is_around() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
        let after = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n11\n";
        assert_eq!(
            lines(before, after, " ", Paint { colour: false }),
            "   2\n   3\n   4\n - 5\n + five\n   6\n   7\n   8\n   9\n   10\n   11\n - 12\n"
        );
        assert_eq!(lines("a", "a\n", "", Paint { colour: true }), "");
        assert_eq!(lines("a\r\nb", "a\nb", "", Paint { colour: false }), "");
        let red = lines("a\n", "", "", Paint { colour: true });
        assert_eq!(red, "\x1b[31m- a\x1b[0m\n");
    }

    #[test]
    fn a_long_difference_is_cut() {
        let many = "x\n".repeat(10_000);
        let shown = lines("", &many, "", Paint { colour: false });
        assert_eq!(shown.lines().count(), MOST + 1);
    }
}
