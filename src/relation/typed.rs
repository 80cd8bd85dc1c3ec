//! What type and collation an expression has, as far as that follows from its columns.

use super::{Collation, Expr, Measured, SqlType};

impl Expr {
    /// The type that holds every value of the expression, cut nowhere.
    pub fn sql_type(&self) -> SqlType {
        match self {
            Expr::Column(column) => column.ty,
            Expr::Raw(raw) => raw.ty,
            Expr::NullIf(inner, _) | Expr::When(_, inner) => inner.sql_type(),
            Expr::Coalesce(parts) => parts
                .iter()
                .map(Expr::sql_type)
                .reduce(wider)
                .unwrap_or(LONG_TEXT),
            Expr::Arithmetic(..)
            | Expr::Int(_)
            | Expr::Test(_)
            | Expr::BitAnd(..)
            | Expr::DaysTo(..) => SqlType::BigInt,
            Expr::Measured(_, Measured::Number) => SqlType::Float,
            Expr::Measured(_, Measured::Comparator) => SqlType::VarChar(2),
            Expr::Cast(_, ty) => *ty,
            // The text of the column, whole or less: never longer.
            Expr::Trim(inner) | Expr::Digits(inner) | Expr::Fold(inner) | Expr::Exact(inner) => {
                match inner.sql_type() {
                    SqlType::Char(length) => SqlType::VarChar(length),
                    SqlType::NChar(length) => SqlType::NVarChar(length),
                    ty if ty.is_text() => ty,
                    _ => LONG_TEXT,
                }
            }
            Expr::Substring(inner, _, length) => match inner.sql_type() {
                SqlType::NChar(_) | SqlType::NVarChar(_) => SqlType::NVarChar(*length),
                _ => SqlType::VarChar(*length),
            },
            Expr::Case(case) => {
                let results = case.when.iter().map(|(_, result)| result);
                let mut results = results.chain(&case.otherwise).chain(&case.absent);
                match results.all(|result| result.is_ascii() && result.len() <= 255) {
                    true => SqlType::VarChar(255),
                    false => SqlType::NVarChar(4000),
                }
            }
            Expr::Text(_) | Expr::Concat(_) | Expr::Slot(_) => LONG_TEXT,
        }
    }

    /// The collation of the first column that the text of the expression is made of.
    pub fn collation(&self) -> Option<&Collation> {
        match self {
            Expr::Column(column) => column.collation.as_deref(),
            Expr::Raw(raw) => raw.collation.as_deref(),
            Expr::NullIf(inner, _)
            | Expr::When(_, inner)
            | Expr::Trim(inner)
            | Expr::Digits(inner)
            | Expr::Substring(inner, ..) => inner.collation(),
            Expr::Coalesce(parts) | Expr::Concat(parts) => parts.iter().find_map(Expr::collation),
            _ => None,
        }
    }
}

/// What cuts no text off whose length is not known. A key that is cut would let a page begin at the wrong row.
const LONG_TEXT: SqlType = SqlType::VarChar(8000);

/// Of two types of texts the one that holds both; of others the first.
fn wider(left: SqlType, right: SqlType) -> SqlType {
    use SqlType::{Char, NChar, NVarChar, VarChar};
    let length = |ty| match ty {
        Char(length) | VarChar(length) => Some((false, length)),
        NChar(length) | NVarChar(length) => Some((true, length)),
        _ => None,
    };
    let (Some((left_national, left_length)), Some((right_national, right_length))) =
        (length(left), length(right))
    else {
        return left;
    };
    // 0 is `max`.
    let most = match (left_length, right_length) {
        (0, _) | (_, 0) => 0,
        (left, right) => left.max(right),
    };
    match left_national || right_national {
        true if most > 4000 => NVarChar(0),
        true => NVarChar(most),
        false if left == right => left,
        false => VarChar(most),
    }
}
