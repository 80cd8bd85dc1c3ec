//! Whether a statement can change nothing, as far as its text and the engine's plan say.
//!
//! A SELECT of Firebird's can write: a selectable procedure in it can, a stored function can, and a generator that is moved
//! stays where it is. So a statement is believed to read only where its text calls nothing but functions of the engine's own
//! that change nothing, and where the plan has no procedure, which a view may hide. It then runs in a transaction that only
//! reads, so that the engine refuses what a function behind a view would write yet. What is not believed runs as one that
//! may write: a statement that is not run again is no harm, one that is run twice would be.

use super::super::call::lexer::{Kind, Lexis, Token, tokens};

/// What may stand before a parenthesis: keywords, types, and functions of the engine's own that change nothing.
const HARMLESS: &str = " ABS ACOS ALL AND ANY ARRAY AS ASCII_CHAR ASCII_VAL ASIN ATAN ATAN2 AVG BETWEEN BIN_AND BIN_OR \
    BIN_SHL BIN_SHR BIN_XOR BIT_LENGTH BY CASE CAST CEIL CEILING CHAR CHARACTER CHARACTER_LENGTH CHAR_LENGTH CHAR_TO_UUID \
    COALESCE CORR COS COSH COT COUNT COVAR_POP COVAR_SAMP DATEADD DATEDIFF DECIMAL DECODE DENSE_RANK DISTINCT ELSE EXISTS \
    EXP EXTRACT FIRST FIRST_VALUE FLOAT FLOOR FROM GENERATE_UUID HASH HAVING IIF IN JOIN LAG LAST_VALUE LEAD LEFT LIKE LIST \
    LN LOG LOG10 LOWER LPAD MAX MAXVALUE MIN MINVALUE MOD NOT NTH_VALUE NULLIF NUMERIC OCTET_LENGTH ON OR OVER OVERLAY PI \
    POSITION POWER RAND RANK RDB$GET_CONTEXT REPLACE REVERSE RIGHT ROUND ROW_NUMBER ROWS RPAD SELECT SIGN SIN SINGULAR SINH \
    SIMILAR SKIP SOME SQRT STARTING STDDEV_POP STDDEV_SAMP SUBSTRING SUM TAN TANH THEN TO TRIM TRUNC UNION UPPER UUID_TO_CHAR \
    VALUE VAR_POP VAR_SAMP VARCHAR VARYING WHEN WHERE WITH ";

/// The tokens that mean something.
fn telling(text: &str) -> impl Iterator<Item = Token<'_>> {
    tokens(text, Lexis::FIREBIRD).filter(|token| !matches!(token.kind, Kind::Blank | Kind::Comment))
}

/// Whether a text is `EXECUTE PROCEDURE …`.
pub(super) fn executes_a_procedure(text: &str) -> bool {
    let mut words = telling(text);
    words.next().is_some_and(|first| is_word(&first, "EXECUTE"))
        && words
            .next()
            .is_some_and(|second| is_word(&second, "PROCEDURE"))
}

/// Whether a text is a SELECT that calls nothing which could write.
pub(super) fn can_only_read(text: &str) -> bool {
    let mut tokens = telling(text).peekable();
    let begins = tokens
        .peek()
        .is_some_and(|first| is_word(first, "SELECT") || is_word(first, "WITH"));
    let mut before_that = None;
    let mut before = None;
    begins
        && tokens.all(|token| {
            let is_call =
                token.text == "(" && before.is_some_and(|name| !is_harmless(name, before_that));
            // NEXT VALUE FOR moves a generator, WITH LOCK writes the rows' versions.
            let is_writing = is_word(&token, "NEXT") || is_word(&token, "LOCK");
            before_that = before.replace(token);
            !is_call && !is_writing
        })
}

fn is_word(token: &Token<'_>, word: &str) -> bool {
    token.kind == Kind::Word && token.text.eq_ignore_ascii_case(word)
}

/// Whether what stands before a parenthesis calls nothing that writes.
fn is_harmless(name: Token<'_>, before: Option<Token<'_>>) -> bool {
    match name.kind {
        Kind::Quoted => false,
        Kind::Word => {
            // What stands behind a point is a package's.
            let is_of_package = before.is_some_and(|before| before.text == ".");
            let word = format!(" {} ", name.text.to_uppercase());
            !is_of_package && HARMLESS.contains(&word)
        }
        _ => true,
    }
}

/// Whether a plan, as the engine explains it, runs a procedure.
pub(super) fn runs_a_procedure(plan: &[u8]) -> bool {
    let mark = b"Procedure \"";
    plan.windows(mark.len()).any(|part| part == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_calls_nothing_unknown_is_believed() {
        let reads = [
            "SELECT 1 FROM RDB$DATABASE",
            "  -- first\nselect upper(NAME), cast(A as NUMERIC(9, 2)) from T where ID in (select max(ID) from T)",
            "WITH A AS (SELECT 1 AS X FROM T) SELECT COUNT (*) FROM A WHERE (X + 1) * (2) = 4 AND (X) IN (1)",
            "SELECT 'MY_FUNCTION(1)', \"odd name\" FROM T /* P(1) */",
        ];
        for text in reads {
            assert!(can_only_read(text), "{text}");
        }
        let others = [
            "",
            "UPDATE T SET A = 1",
            "EXECUTE PROCEDURE P",
            "SELECT * FROM P(1)",
            "SELECT * FROM P /* hidden */ (1)",
            "SELECT \"MY function\"(1) FROM T",
            "SELECT PACK.UPPER(1) FROM T",
            "SELECT GEN_ID(G, 1) FROM RDB$DATABASE",
            "SELECT NEXT VALUE FOR G FROM RDB$DATABASE",
            "SELECT RDB$SET_CONTEXT('USER_SESSION', 'A', 'B') FROM RDB$DATABASE",
            "SELECT * FROM T WITH LOCK",
        ];
        for text in others {
            assert!(!can_only_read(text), "{text}");
        }
        assert!(runs_a_procedure(
            b"Select Expression\n    -> Procedure \"P\" Scan"
        ));
        assert!(!runs_a_procedure(
            b"Select Expression\n    -> Table \"T\" Full Scan"
        ));
    }
}
