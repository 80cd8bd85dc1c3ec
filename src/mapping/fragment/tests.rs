use super::*;

/// The condition in a fully parenthesised form.
fn show(condition: &Condition) -> String {
    let operand = |operand: &Operand| match operand {
        Operand::Column(c) => format!("{}.{}", c.alias.value, c.column.value),
        Operand::Bits(c, mask) => format!("{}.{}&{mask}", c.alias.value, c.column.value),
        Operand::Int(n) => n.to_string(),
        Operand::Text(text) => format!("{text:?}"),
    };
    let list = |list: &[Condition], with: &str| {
        let parts: Vec<_> = list.iter().map(show).collect();
        format!("({})", parts.join(with))
    };
    let not = |negated: bool| if negated { "!" } else { "" };
    match condition {
        Condition::And(parts) => list(parts, " and "),
        Condition::Or(parts) => list(parts, " or "),
        Condition::Not(inner) => format!("!{}", show(inner)),
        Condition::Compare { left, op, right } => {
            format!("{} {op:?} {}", operand(&left.value), operand(&right.value))
        }
        Condition::In {
            operand: of,
            list,
            negated,
        } => {
            let list: Vec<_> = list.iter().map(|part| operand(&part.value)).collect();
            format!(
                "{}{} in [{}]",
                not(*negated),
                operand(&of.value),
                list.join(" ")
            )
        }
        Condition::Like {
            operand: of,
            pattern,
            negated,
        } => {
            format!(
                "{}{} like {:?}",
                not(*negated),
                operand(&of.value),
                pattern.value
            )
        }
        Condition::Null {
            operand: of,
            negated,
        } => format!("{}{} null", not(*negated), operand(&of.value)),
    }
}

#[test]
fn conditions_are_read() {
    for (text, expected) in [
        ("p.A = 1", "p.A Eq 1"),
        (" p.A<>-1 ", "p.A Ne -1"),
        ("p.A != 'it''s'", "p.A Ne \"it's\""),
        (
            "p.A=1 AND p.B>=2 or not p.C < p.D",
            "((p.A Eq 1 and p.B Ge 2) or !p.C Lt p.D)",
        ),
        (
            "p.A = 1 and (p.B is null Or p.C IS NOT NULL)",
            "(p.A Eq 1 and (p.B null or !p.C null))",
        ),
        ("p.A in (1, 2,3)", "p.A in [1 2 3]"),
        ("p.A not in ('x')", "!p.A in [\"x\"]"),
        ("p.A not like 'x%'", "!p.A like \"x%\""),
        ("p.FLAGS & 2 = 0", "p.FLAGS&2 Eq 0"),
        ("p.[Odd name] = 1", "p.Odd name Eq 1"),
        ("((p.A = 1))", "p.A Eq 1"),
        ("1 = p.A", "1 Eq p.A"),
    ] {
        assert_eq!(
            condition(text).map(|c| show(&c)).as_deref(),
            Ok(expected),
            "{text}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_shown_where_it_begins() {
    for (text, at, expected) in [
        ("", 0, "a column or a literal"),
        (
            "p.A",
            3,
            "a comparison (`=`, `<>`, `in`, `like`, `is null` …)",
        ),
        ("p.A = ", 6, "a column or a literal"),
        ("p.A = 1 and", 11, "a column or a literal"),
        ("p.A = 1 p.B = 2", 8, "`and`, `or` or the end"),
        ("SURNAME = 'x'", 7, "`.` and a column's name"),
        ("p.A = 'x", 8, "the closing `'`"),
        ("p.A in ()", 8, "a text in single quotes or a whole number"),
        (
            "p.A in (p.B)",
            8,
            "a text in single quotes or a whole number",
        ),
        ("p.A = 1.5", 6, "a text in single quotes or a whole number"),
        ("(p.A = 1", 8, "`)`"),
        ("p.A like p.B", 9, "a text in single quotes"),
        ("p.A is 1", 7, "null"),
        (
            "p.A = 99999999999999999999",
            6,
            "a text in single quotes or a whole number",
        ),
        ("p.A not 1", 8, "`in` or `like`"),
    ] {
        let unreadable = condition(text).unwrap_err();
        assert_eq!(
            (unreadable.at, unreadable.expected),
            (at, expected),
            "{text}"
        );
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = "(".repeat(10_000);
    assert_eq!(condition(&deep).unwrap_err().expected, "fewer parentheses");
    assert!(condition(&"not ".repeat(1_000)).is_err());
    assert!(condition(&"p.A = 1 and ".repeat(100_000)).is_err());
}

#[test]
fn tables_lookups_and_children_are_read() {
    let patients = table("dbo.PATIENTS as p").unwrap();
    assert_eq!(patients.table.value, "dbo.PATIENTS");
    assert_eq!(
        patients.alias.map(|alias| (alias.value, alias.span)),
        Some(("p".into(), 16..17))
    );
    assert_eq!(table("PATIENTS").unwrap().alias, None);
    assert!(table("PATIENTS as").is_err());
    assert!(table("PATIENTS as p q").is_err());

    let sex = lookup("SEX on sex.SEXCODE = p.SEXCODE").unwrap();
    assert_eq!(
        (sex.table.value.as_str(), show(&sex.on).as_str()),
        ("SEX", "sex.SEXCODE Eq p.SEXCODE")
    );
    assert_eq!(lookup("SEX").unwrap_err().expected, "on");

    let emails = child(
        "EMAIL e on e.INTERNALID = p.INTERNALID\n where e.R = 1 and e.E <> '' order by e.RECORDID desc, e.E",
    )
    .unwrap();
    assert_eq!(emails.table.alias.unwrap().value, "e");
    assert_eq!(show(&emails.filter.unwrap()), "(e.R Eq 1 and e.E Ne \"\")");
    let order: Vec<_> = emails
        .order
        .iter()
        .map(|o| (o.column.column.value.as_str(), o.descending))
        .collect();
    assert_eq!(order, [("RECORDID", true), ("E", false)]);
    assert!(child("EMAIL as e on e.A = p.A order e.B").is_err());
}

#[test]
fn columns_are_read_with_and_without_their_sign() {
    for text in ["p.SURNAME", "$p.SURNAME"] {
        let column = column(text).unwrap();
        assert_eq!(
            (column.alias.value.as_str(), column.column.value.as_str()),
            ("p", "SURNAME")
        );
    }
    assert!(column("p.").is_err());
    assert!(column("p.A.B").is_err());
    assert!(column("SURNAME").is_err());
    assert!(column("$$p.A").is_err());
}
