//! The narrative of a section: a table of XHTML for each type of resource in it, made of what the resources say.

use serde_json::Value;

use super::words;
use crate::fhir::xhtml::is_char;

/// What a resource is looked up by that an entry refers to.
pub(super) type Lookup<'l> = &'l dyn Fn(&Value) -> Option<&'l Value>;

/// A column: its head, and what a resource has there.
type Column = (&'static str, fn(&Value) -> String);

const NOTES: Column = ("Notes", |of| {
    words::each(&of["note"], |note| words::text(&note["text"]))
});

const CONDITION: &[Column] = &[
    ("Problem", |of| words::concept(&of["code"])),
    ("Onset", |of| words::when(of, "onset")),
    ("Until", |of| words::when(of, "abatement")),
    ("Status", |of| words::concept(&of["clinicalStatus"])),
    ("Certainty", |of| words::concept(&of["verificationStatus"])),
    ("Severity", |of| words::concept(&of["severity"])),
    NOTES,
];
const ALLERGY: &[Column] = &[
    ("Allergy or intolerance", |of| words::concept(&of["code"])),
    ("Status", |of| words::concept(&of["clinicalStatus"])),
    ("Certainty", |of| words::concept(&of["verificationStatus"])),
    ("Criticality", |of| words::text(&of["criticality"])),
    ("Reaction", |of| {
        words::each(&of["reaction"], |reaction| {
            let signs = words::each(&reaction["manifestation"], words::concept);
            words::joined([signs, words::text(&reaction["severity"])], ", ")
        })
    }),
    ("Onset", |of| words::when(of, "onset")),
    ("Recorded", |of| words::date(&of["recordedDate"])),
    NOTES,
];
const STATEMENT: &[Column] = &[
    ("Status", |of| words::text(&of["status"])),
    ("Dosage", |of| words::each(&of["dosage"], dosage)),
    ("Taken", |of| words::when(of, "effective")),
    ("Reason", |of| {
        words::each(&of["reasonCode"], words::concept)
    }),
    NOTES,
];
const REQUEST: &[Column] = &[
    ("Status", |of| words::text(&of["status"])),
    ("Dosage", |of| words::each(&of["dosageInstruction"], dosage)),
    ("Prescribed", |of| words::date(&of["authoredOn"])),
    ("Reason", |of| {
        words::each(&of["reasonCode"], words::concept)
    }),
    NOTES,
];
const IMMUNIZATION: &[Column] = &[
    ("Vaccine", |of| words::concept(&of["vaccineCode"])),
    ("Given", |of| words::when(of, "occurrence")),
    ("Dose", |of| {
        words::each(&of["protocolApplied"], |dose| {
            let number = words::text(&dose["doseNumberPositiveInt"]);
            words::joined([number, words::text(&dose["doseNumberString"])], "")
        })
    }),
    ("Lot", |of| words::text(&of["lotNumber"])),
    ("Route", |of| words::concept(&of["route"])),
    NOTES,
];
const PROCEDURE: &[Column] = &[
    ("Procedure", |of| words::concept(&of["code"])),
    ("Performed", |of| words::when(of, "performed")),
    ("Status", |of| words::text(&of["status"])),
    ("Outcome", |of| words::concept(&of["outcome"])),
    NOTES,
];
const OBSERVATION: &[Column] = &[
    ("Observation", |of| words::concept(&of["code"])),
    ("Value", |of| match words::value(of) {
        value if value.is_empty() => words::concept(&of["dataAbsentReason"]),
        value => value,
    }),
    ("Interpretation", |of| {
        words::each(&of["interpretation"], words::concept)
    }),
    ("Reference range", |of| {
        words::each(&of["referenceRange"], |range| {
            match words::text(&range["text"]) {
                text if text.is_empty() => words::range(range),
                text => text,
            }
        })
    }),
    ("When", |of| words::when(of, "effective")),
    // "final" goes without saying.
    ("Status", |of| match words::text(&of["status"]) {
        status if status == "final" => String::new(),
        status => status,
    }),
    NOTES,
];
const REPORT: &[Column] = &[
    ("Report", |of| words::concept(&of["code"])),
    ("When", |of| match words::when(of, "effective") {
        when if when.is_empty() => words::date(&of["issued"]),
        when => when,
    }),
    ("By", |of| {
        words::each(&of["performer"], |by| words::text(&by["display"]))
    }),
    ("Conclusion", |of| {
        let coded = words::each(&of["conclusionCode"], words::concept);
        words::joined([words::text(&of["conclusion"]), coded], "; ")
    }),
    ("Status", |of| match words::text(&of["status"]) {
        status if status == "final" => String::new(),
        status => status,
    }),
];

fn dosage(dosage: &Value) -> String {
    match words::text(&dosage["text"]) {
        text if text.is_empty() => words::text(&dosage["patientInstruction"]),
        text => text,
    }
}

fn columns(resource: &str) -> &'static [Column] {
    match resource {
        "Condition" => CONDITION,
        "AllergyIntolerance" => ALLERGY,
        "MedicationStatement" => STATEMENT,
        "MedicationRequest" => REQUEST,
        "Immunization" => IMMUNIZATION,
        "Procedure" => PROCEDURE,
        "DiagnosticReport" => REPORT,
        _ => OBSERVATION,
    }
}

/// The drug of a MedicationStatement or MedicationRequest, which may be another resource.
fn medication(of: &Value, lookup: Lookup<'_>) -> String {
    let reference = &of["medicationReference"];
    let there = lookup(reference).map(|medication| words::concept(&medication["code"]));
    let contained = of["contained"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|inner| {
            let id = inner["id"].as_str();
            id.is_some()
                && id
                    == reference["reference"]
                        .as_str()
                        .and_then(|to| to.strip_prefix('#'))
        });
    let ways = [
        words::concept(&of["medicationCodeableConcept"]),
        there.unwrap_or_default(),
        contained
            .map(|inner| words::concept(&inner["code"]))
            .unwrap_or_default(),
        words::text(&reference["display"]),
    ];
    ways.into_iter()
        .find(|way| !way.is_empty())
        .unwrap_or_default()
}

/// Writes the `div` of a narrative, text by text.
pub(super) struct Div {
    out: String,
}

impl Div {
    pub fn new() -> Div {
        Div {
            out: "<div xmlns=\"http://www.w3.org/1999/xhtml\">".to_owned(),
        }
    }

    pub fn paragraph(&mut self, text: &str) {
        self.out.push_str("<p>");
        self.text(text);
        self.out.push_str("</p>");
    }

    /// A table of resources of one type. A column in which nothing stands is left out.
    pub fn table(&mut self, resource: &str, rows: &[&Value], lookup: Lookup<'_>) {
        if rows.is_empty() {
            return;
        }
        let drugs = matches!(resource, "MedicationStatement" | "MedicationRequest").then(|| {
            let drugs = rows.iter().map(|row| medication(row, lookup)).collect();
            ("Medication", drugs)
        });
        let others = columns(resource).iter().map(|(head, words)| {
            let cells: Vec<String> = rows.iter().map(|row| words(row)).collect();
            (*head, cells)
        });
        let table: Vec<(&str, Vec<String>)> = drugs
            .into_iter()
            .chain(others)
            .enumerate()
            // The first column says what the row is of, and is there whatever stands in it.
            .filter(|(place, (_, cells))| *place == 0 || cells.iter().any(|cell| !cell.is_empty()))
            .map(|(_, column)| column)
            .collect();
        self.out.push_str("<table><thead><tr>");
        for (head, _) in &table {
            self.cell("th", head);
        }
        self.out.push_str("</tr></thead><tbody>");
        for row in 0..rows.len() {
            self.out.push_str("<tr>");
            for (_, cells) in &table {
                self.cell("td", &cells[row]);
            }
            self.out.push_str("</tr>");
        }
        self.out.push_str("</tbody></table>");
    }

    pub fn finish(mut self) -> String {
        self.out.push_str("</div>");
        self.out
    }

    fn cell(&mut self, name: &str, text: &str) {
        for part in ["<", name, ">"] {
            self.out.push_str(part);
        }
        self.text(text);
        for part in ["</", name, ">"] {
            self.out.push_str(part);
        }
    }

    /// Characters that XML cannot hold are left out.
    fn text(&mut self, text: &str) {
        for letter in text.chars().filter(|letter| is_char(*letter)) {
            match letter {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                // As it is, an XML reader would take it for a line feed.
                '\r' => self.out.push_str("&#13;"),
                letter => self.out.push(letter),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::xhtml::is_div;
    use serde_json::json;

    fn table(resource: &str, rows: &[Value]) -> String {
        let rows: Vec<&Value> = rows.iter().collect();
        let medication = json!({"code": {"text": "Aspirin"}});
        let lookup = |to: &Value| (to["reference"] == "Medication/1").then_some(&medication);
        let mut div = Div::new();
        div.table(resource, &rows, &lookup);
        div.finish()
    }

    #[test]
    fn a_text_cannot_leave_its_cell() {
        let rows =
            [json!({"code": {"text": "</td><script>a & b]]> \"c\" O'Brien \u{1}\u{ffff}\r\n"}})];
        let div = table("Condition", &rows);
        assert!(is_div(&div), "{div}");
        assert_eq!(
            div,
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"><table><thead><tr><th>Problem</th></tr></thead><tbody>\
             <tr><td>&lt;/td&gt;&lt;script&gt;a &amp; b]]&gt; &quot;c&quot; O&#39;Brien &#13;\n</td></tr></tbody></table></div>"
        );
    }

    #[test]
    fn a_column_without_anything_is_left_out() {
        let rows = [
            json!({"code": {"text": "a"}, "onsetDateTime": "2020"}),
            json!({"code": {"text": "b"}}),
        ];
        let div = table("Condition", &rows);
        assert!(
            div.contains("<tr><th>Problem</th><th>Onset</th></tr>"),
            "{div}"
        );
        assert!(div.contains("<tr><td>b</td><td></td></tr>"), "{div}");
    }

    #[test]
    fn a_drug_is_named_wherever_it_is() {
        let rows = [
            json!({"medicationCodeableConcept": {"text": "a"}}),
            json!({"medicationReference": {"reference": "Medication/1"}}),
            json!({"medicationReference": {"reference": "#m"}, "contained": [{"id": "m", "code": {"text": "c"}}]}),
            json!({"medicationReference": {"reference": "Medication/2", "display": "d"}}),
        ];
        let div = table("MedicationRequest", &rows);
        for drug in ["a", "Aspirin", "c", "d"] {
            assert!(div.contains(&format!("<tr><td>{drug}</td></tr>")), "{div}");
        }
    }
}
