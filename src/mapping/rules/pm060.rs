//! PM060: of a measurement kept as text a part is mapped, and another is lost.

use super::{Rule, Severity};

pub static MEASURE_PART: Rule = Rule {
    code: "PM060",
    severity: Severity::Warning,
    title: "Of a measurement kept as text a part is mapped, and another is lost",
    explanation: "`measure: number` takes the number out of `<0.5`, and nothing out of `not seen`. Map the \
        comparator of the same column beside it, and the text that is no number to an element of its own \
        (`measure: text`).",
    wrong: &[(
        "result.yaml",
        r"resource: Observation
table: RESULTS as r
id: r.ID
elements:
  status: final
  code: { text: $r.NAME }
  subject: { reference: { to: Patient, id: r.PATIENTID } }
  valueQuantity: { value: { column: r.RESULT, measure: number } }
",
    )],
    right: &[(
        "result.yaml",
        r"resource: Observation
table: RESULTS as r
id: r.ID
elements:
  status: final
  code: { text: $r.NAME }
  subject: { reference: { to: Patient, id: r.PATIENTID } }
  valueQuantity:
    value: { column: r.RESULT, measure: number }
    comparator: { column: r.RESULT, measure: comparator }
  valueString: { column: r.RESULT, measure: text }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&MEASURE_PART), @r"
        warning[PM060]: of the column's text only the numbers are written: `<0.5` as 0.5, and `not seen` not at all
         --> result.yaml:8:27
          |
        8 |   valueQuantity: { value: { column: r.RESULT, measure: number } }
          |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = note: nothing is lost where conditions keep such text out: `rows: not r.RESULT like '…'`, or a fragment
          = help: map the comparator beside the number: `comparator: { column: r.RESULT, measure: comparator }`; give other text an element, such as `valueString: { column: r.RESULT, measure: text }`

        1 warning
        ");
    }
}
