//! Number and quantity search (R4 §3.1.1.4.6 and §3.1.1.4.12).

use crate::mapping::{NumberMatcher, QuantityMatcher};
use crate::relation::{CompareOp, Expr, Predicate, SqlType, Value};
use crate::search::{Prefix, Token, TokenSystem};

use super::token;
use super::values::Values;

/// A number covers half a unit of its last digit on both sides: `100` is [99.5, 100.5).
pub(super) fn predicate(
    matcher: &NumberMatcher,
    prefix: Prefix,
    written: &str,
    values: &mut Values,
) -> Predicate {
    let Ok(number) = written.parse::<f64>() else {
        return Predicate::False;
    };
    let half = half_unit(written, number, prefix);
    // FHIR value = raw × multiply ÷ divide, both positive, so a bound on the one is a bound on the other.
    let raw = |bound: f64| bound * matcher.divide as f64 / matcher.multiply as f64;
    let mut compare = |op, bound: f64| {
        Predicate::Compare(
            matcher.expr.clone(),
            op,
            values.expr(&Value::Real(raw(bound)), SqlType::Float),
        )
    };
    let found = match &matcher.comparator {
        None => of_number(prefix, number, half, &mut compare),
        Some(comparator) => of_range(prefix, number, half, comparator, &mut compare),
    };
    match &matcher.present {
        // A comparison leaves NULL out by itself.
        Predicate::Present(_) => found,
        sentinels => Predicate::all([sentinels.clone(), found]),
    }
}

type Compare<'c> = &'c mut dyn FnMut(CompareOp, f64) -> Predicate;

fn of_number(prefix: Prefix, number: f64, half: f64, compare: Compare<'_>) -> Predicate {
    match prefix {
        Prefix::Eq | Prefix::Ap => Predicate::all([
            compare(CompareOp::Ge, number - half),
            compare(CompareOp::Lt, number + half),
        ]),
        Prefix::Ne => Predicate::any([
            compare(CompareOp::Lt, number - half),
            compare(CompareOp::Ge, number + half),
        ]),
        Prefix::Gt | Prefix::Sa => compare(CompareOp::Gt, number),
        Prefix::Lt | Prefix::Eb => compare(CompareOp::Lt, number),
        Prefix::Ge => compare(CompareOp::Ge, number),
        Prefix::Le => compare(CompareOp::Le, number),
    }
}

/// `<0.5` is all below 0.5, `>=3` all from 3 on: compared as ranges are (R4 §3.1.1.4.5). `gt` and `lt` hold where some of
/// the range lies there, `sa` and `eb` where all of it does, `eq` where it lies within the precision of what is
/// searched for.
fn of_range(
    prefix: Prefix,
    number: f64,
    half: f64,
    comparator: &Expr,
    compare: Compare<'_>,
) -> Predicate {
    let is = |words: &[&str]| Predicate::In {
        expr: comparator.clone(),
        list: words
            .iter()
            .map(|word| Expr::Text((*word).into()))
            .collect(),
        negated: false,
    };
    let (down, up) = (|| is(&["<", "<="]), || is(&[">", ">="]));
    let alone = || is(&[""]);
    let (gt, ge, lt, le) = (CompareOp::Gt, CompareOp::Ge, CompareOp::Lt, CompareOp::Le);
    match prefix {
        Prefix::Gt => Predicate::any([up(), compare(gt, number)]),
        Prefix::Lt => Predicate::any([down(), compare(lt, number)]),
        // An end that is itself not in the range does not reach the number.
        Prefix::Ge => Predicate::any([
            up(),
            compare(gt, number),
            Predicate::all([is(&["", "<="]), compare(ge, number)]),
        ]),
        Prefix::Le => Predicate::any([
            down(),
            compare(lt, number),
            Predicate::all([is(&["", ">="]), compare(le, number)]),
        ]),
        Prefix::Sa => Predicate::any([
            Predicate::all([is(&["", ">="]), compare(gt, number)]),
            Predicate::all([is(&[">"]), compare(ge, number)]),
        ]),
        Prefix::Eb => Predicate::any([
            Predicate::all([is(&["", "<="]), compare(lt, number)]),
            Predicate::all([is(&["<"]), compare(le, number)]),
        ]),
        Prefix::Eq => Predicate::all([alone(), of_number(prefix, number, half, compare)]),
        Prefix::Ne => Predicate::any([down(), up(), of_number(prefix, number, half, compare)]),
        Prefix::Ap => Predicate::any([
            Predicate::all([alone(), of_number(prefix, number, half, compare)]),
            Predicate::all([down(), compare(gt, number - half)]),
            Predicate::all([up(), compare(lt, number + half)]),
        ]),
    }
}

/// `number|system|code` compares system and code; `number||code` the code or the unit; `number|system|` the system.
pub(super) fn unit(
    matcher: &QuantityMatcher,
    system: Option<&str>,
    code: Option<&str>,
    values: &mut Values,
) -> Predicate {
    if (system, code) == (None, None) {
        return Predicate::True;
    }
    let token = Token {
        system: system.map_or(TokenSystem::Any, |system| {
            TokenSystem::Is(system.to_owned())
        }),
        code: code.map(str::to_owned),
    };
    let present = &matcher.value.present;
    let by_code = matcher.code.as_ref().map_or(Predicate::False, |of| {
        token::one(&matcher.system, of, present, &token, values)
    });
    match (&matcher.unit, system) {
        (Some(unit), None) => Predicate::any([
            by_code,
            token::one(
                &crate::mapping::TokenSystem::None,
                unit,
                present,
                &token,
                values,
            ),
        ]),
        _ => by_code,
    }
}

fn half_unit(written: &str, number: f64, prefix: Prefix) -> f64 {
    if prefix == Prefix::Ap {
        return (number * 0.1).abs();
    }
    let (mantissa, exponent) = match written.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().unwrap_or(0)),
        None => (written, 0),
    };
    let decimals = mantissa
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    let decimals = i32::try_from(decimals).unwrap_or(i32::MAX);
    0.5 * 10f64.powi(exponent.saturating_sub(decimals))
}
