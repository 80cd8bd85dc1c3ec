//! The specification's rules, one line each, and that no text is too odd to be refused.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn patient() -> Value {
    json!({
        "resourceType": "Patient",
        "id": "1",
        "active": true,
        "name": [
            { "use": "official", "family": "O'Brien", "given": ["Siobhán", "Mary"] },
            { "use": "nickname", "given": ["Shiv"] }
        ],
        "telecom": [
            { "system": "phone", "value": "0491 570 156", "use": "mobile" },
            { "system": "email", "value": "s@example.org" }
        ],
        "gender": "female",
        "_gender": { "extension": [{ "url": "http://example.org/sex", "valueCode": "F" }] },
        "birthDate": "1980-05-17",
        "_deceasedBoolean": { "extension": [{ "url": "http://example.org/why", "valueString": "x" }] },
        "multipleBirthInteger": 2,
        "contained": [
            {
                "resourceType": "Observation",
                "id": "o",
                "status": "final",
                "code": { "text": "Weight" },
                "issued": "2024-03-01T10:30:00+10:00",
                "effectiveDateTime": "2024-03-01T10:30:00+10:00",
                "valueQuantity": { "value": 72.50, "unit": "kg" }
            }
        ]
    })
}

fn gives(expression: &str) -> Value {
    let read = Expression::parse(expression).unwrap_or_else(|e| panic!("{expression}: {e}"));
    let patient = patient();
    match read.evaluate(&patient) {
        Ok(items) => items.iter().map(Item::json).collect(),
        Err(error) => panic!("{expression}: {error}"),
    }
}

fn refused(expression: &str) -> (String, String) {
    let patient = patient();
    let read = |read: Expression| -> Result<Value, PathError> {
        read.check("Patient")?;
        Ok(read.evaluate(&patient)?.iter().map(Item::json).collect())
    };
    let error = match Expression::parse(expression).and_then(read) {
        Ok(found) => panic!("{expression} gives {found}"),
        Err(error) => error,
    };
    let part = expression.get(error.span.clone()).expect("a place in it");
    (part.to_owned(), error.to_string())
}

#[test]
fn what_expressions_give() {
    let table: &[(&str, Value)] = &[
        // Paths: §5 and §6.1.
        ("name.family", json!(["O'Brien"])),
        ("Patient.name.given", json!(["Siobhán", "Mary", "Shiv"])),
        ("Observation.status", json!([])),
        ("Resource.id", json!(["1"])),
        ("name[1].given", json!(["Shiv"])),
        ("name[7]", json!([])),
        ("name[0].given[1]", json!(["Mary"])),
        ("name.`family`", json!(["O'Brien"])),
        ("$this.gender", json!(["female"])),
        ("photo", json!([])),
        ("photo.title", json!([])),
        // Choices: an element is called by its stem.
        ("multipleBirth", json!([2])),
        ("multipleBirth.ofType(integer)", json!([2])),
        ("multipleBirth.ofType(boolean)", json!([])),
        ("multipleBirth is integer", json!([true])),
        ("multipleBirth is FHIR.boolean", json!([false])),
        ("(multipleBirth as integer) = 2", json!([true])),
        ("contained.value.value", json!([72.5])),
        (
            "contained.ofType(Observation).value.ofType(Quantity).unit",
            json!(["kg"]),
        ),
        ("contained.ofType(Patient)", json!([])),
        ("contained.is(DomainResource)", json!([true])),
        // Collections: §5.1 to §5.3.
        ("name.count()", json!([2])),
        ("photo.count()", json!([0])),
        ("name.empty()", json!([false])),
        ("photo.empty()", json!([true])),
        ("photo.exists()", json!([false])),
        ("name.exists(use = 'nickname')", json!([true])),
        ("name.exists(use = 'old')", json!([false])),
        ("name.where(use = 'nickname').given", json!(["Shiv"])),
        ("name.where(family).use", json!(["official"])),
        (
            "telecom.where(system='phone' and use='mobile').value",
            json!(["0491 570 156"]),
        ),
        (
            "telecom.where($this.system = 'email').value",
            json!(["s@example.org"]),
        ),
        ("name.given.where($this = 'Mary')", json!(["Mary"])),
        ("name.all(given.exists())", json!([true])),
        ("name.all(family.exists())", json!([false])),
        ("photo.all(title = 'x')", json!([true])),
        ("name.given.first()", json!(["Siobhán"])),
        ("name.given.last()", json!(["Shiv"])),
        ("photo.first()", json!([])),
        ("active.not()", json!([false])),
        ("photo.not()", json!([])),
        // Equality: empty where an operand is, item by item, the order counts.
        ("gender = 'female'", json!([true])),
        ("gender != 'female'", json!([false])),
        ("gender = photo.title", json!([])),
        ("photo.title != gender", json!([])),
        ("name.given = ('Siobhán' | 'Mary' | 'Shiv')", json!([true])),
        ("name.given = ('Mary' | 'Siobhán' | 'Shiv')", json!([false])),
        ("name.given = 'Mary'", json!([false])),
        ("multipleBirth = 2.0", json!([true])),
        ("multipleBirth = '2'", json!([false])),
        ("active = true", json!([true])),
        ("{} = {}", json!([])),
        ("name[0] = name[0]", json!([true])),
        ("name[0] = name[1]", json!([false])),
        // Order.
        ("multipleBirth > 1", json!([true])),
        ("multipleBirth <= -1.5", json!([false])),
        ("gender < 'male'", json!([true])),
        ("photo.title < 'x'", json!([])),
        // Dates: nothing follows where the precision leaves it open.
        ("birthDate = @1980-05-17", json!([true])),
        ("birthDate = @1980-05", json!([])),
        ("birthDate = @1981", json!([false])),
        ("birthDate < @1980-06", json!([true])),
        ("birthDate > @1980", json!([])),
        ("birthDate >= @1980-05-17", json!([true])),
        ("contained.effective = @2024-03-01T00:30:00Z", json!([true])),
        (
            "contained.effective > @2024-03-01T10:30:00+11:00",
            json!([true]),
        ),
        ("contained.effective = @2024-03-01T10:30:00", json!([])),
        ("contained.effective > @2024-02-29", json!([true])),
        ("contained.issued.exists()", json!([true])),
        ("@T10:30 < @T10:31", json!([true])),
        ("@T10 = @T10:30", json!([])),
        // Membership and logic: §6.4, §6.5.
        ("'Mary' in name.given", json!([true])),
        ("gender in ('male' | 'other')", json!([false])),
        ("photo.title in name.given", json!([])),
        ("'x' in photo.title", json!([false])),
        ("name.given contains 'Shiv'", json!([true])),
        ("photo.title contains 'x'", json!([false])),
        ("name.given contains photo.title", json!([])),
        ("true and {}", json!([])),
        ("{} and false", json!([false])),
        ("false or {}", json!([])),
        ("{} or true", json!([true])),
        ("true and gender", json!([true])),
        // From the tightest operator to the loosest.
        ("false and false or true", json!([true])),
        (
            "gender = 'x' or gender = 'female' and active",
            json!([true]),
        ),
        ("1 < 2 = true", json!([true])),
        ("(1 | 2 | 1).count()", json!([2])),
        // Texts.
        ("name[0].family.startsWith('O\\'')", json!([true])),
        ("name[0].family.endsWith('rien')", json!([true])),
        ("name[0].family.contains('B')", json!([true])),
        ("name[0].family.contains('')", json!([true])),
        ("photo.title.startsWith('x')", json!([])),
        ("gender.startsWith(photo.title)", json!([])),
        ("'a\\u00e9\\n' = 'aé\n'", json!([true])),
        // Extensions, also of a primitive, and of one without a value.
        (
            "gender.extension('http://example.org/sex').value",
            json!(["F"]),
        ),
        ("gender.extension('http://example.org/other')", json!([])),
        ("deceased.exists()", json!([true])),
        ("deceased.extension.url", json!(["http://example.org/why"])),
        ("deceased = true", json!([false])),
    ];
    for (expression, expected) in table {
        assert_eq!(&gives(expression), expected, "{expression}");
    }
}

#[test]
fn what_is_refused_and_where() {
    let table = [
        ("", "", "the expression is empty"),
        (
            "name.",
            "",
            "the expression ends here, and an element or a function is missing",
        ),
        (
            "name.where(",
            "",
            "the expression ends here, and a value or a path is missing",
        ),
        ("name.where()", "where", "`where()` takes one condition"),
        (
            "name.where(use, use)",
            "where",
            "`where()` takes one condition",
        ),
        ("name.count(1)", "count", "`count()` takes nothing"),
        ("name)", ")", "an operator, or the end, belongs here"),
        (
            "name[",
            "",
            "the expression ends here, and a value or a path is missing",
        ),
        (
            "name['a']",
            "'a'",
            "a whole number is needed, and this is a text",
        ),
        (
            "gender = 'fem",
            "'",
            "the text is not closed: it ends with `'`",
        ),
        ("gender ^ 1", "^", "this is no sign of FHIRPath"),
        (
            "birthDate = @1980-13",
            "@",
            "this is no date or time; they are written `@2020-05-17`, `@2020-05-17T10:30:00+10:00`, `@T10:30`",
        ),
        ("1 + 1", "+", "arithmetic of FHIRPath is not to be had here"),
        (
            "gender ~ 'x'",
            "~",
            "equivalence (`~`) of FHIRPath is not to be had here",
        ),
        (
            "%resource.id",
            "%",
            "a variable (`%`) of FHIRPath is not to be had here",
        ),
        (
            "name.where($index = 1)",
            "$index",
            "a variable but `$this` of FHIRPath is not to be had here",
        ),
        (
            "active xor active",
            "xor",
            "`xor` of FHIRPath is not to be had here",
        ),
        (
            "name.given.matches('x')",
            "matches",
            "there is no function `matches` here",
        ),
        (
            "name.family.ofType(Quanty)",
            "Quanty",
            "R4 has no type `Quanty`",
        ),
        ("nmae.family", "nmae", "Patient has no element `nmae`"),
        (
            "name.surname",
            "surname",
            "HumanName has no element `surname`",
        ),
        (
            "telecom.where(sytem = 'phone')",
            "sytem",
            "ContactPoint has no element `sytem`",
        ),
        (
            "name.where(use = 'x').first().sirname",
            "sirname",
            "HumanName has no element `sirname`",
        ),
        ("birthDate.year", "year", "date has no element `year`"),
        (
            "deceasedBoolean",
            "deceasedBoolean",
            "`deceasedBoolean` is the name in JSON; FHIRPath calls the element `deceased`",
        ),
        (
            "name.given.startsWith('x')",
            "name.given.startsWith('x')",
            "one value is needed, and there are 3",
        ),
        (
            "name.given > 'x'",
            "name.given",
            "one value is needed, and there are 3",
        ),
        (
            "name as HumanName",
            "name as HumanName",
            "one value is needed, and there are 2",
        ),
        (
            "active.startsWith('t')",
            "active.startsWith('t')",
            "a text is needed, and this is a boolean",
        ),
        (
            "birthDate = '1980-05-17'",
            "birthDate = '1980-05-17'",
            "a date and a text cannot be compared",
        ),
        (
            "multipleBirth > 'x'",
            "multipleBirth > 'x'",
            "a number and a text cannot be compared",
        ),
        (
            "name[0] > name[1]",
            "name[0] > name[1]",
            "an object and an object cannot be compared",
        ),
    ];
    for (expression, place, message) in table {
        let expected = (place.to_owned(), message.to_owned());
        assert_eq!(refused(expression), expected, "{expression}");
    }
    let long = format!("name{}", ".given".repeat(1000));
    assert!(refused(&long).1.contains("more than 200"));
    let deep = format!("{}1{}", "(".repeat(1000), ")".repeat(1000));
    assert!(refused(&deep).1.contains("more than 200"));
}

#[test]
fn names_behind_any_type_are_not_held_against_one() {
    let bundle = |text: &str| Expression::parse(text).and_then(|read| read.check("Bundle"));
    assert_eq!(bundle("entry.resource.ofType(Patient).name.family"), Ok(()));
    assert_eq!(bundle("entry.resource.name.family"), Ok(()));
    assert!(bundle("entry.resource.ofType(Patient).nam").is_err());
    assert!(bundle("entries.count()").is_err());
    // Of a type that R4 has not, nothing is known.
    assert!(Expression::parse("x.y").is_ok_and(|read| read.check("Nothing").is_ok()));
}

#[test]
fn values_are_those_that_a_text_writes() {
    let patient = patient();
    let is = |expression: &str, text: &str| {
        let read = Expression::parse(expression).expect("an expression");
        let found = read.evaluate(&patient).expect("values");
        found[0].is_written(text)
    };
    assert!(is("birthDate", "1980-05-17") && !is("birthDate", "1980-05"));
    assert!(is("contained.value.value", "72.50") && is("contained.value.value", "72.5"));
    assert!(is("active", "true") && !is("active", "yes"));
    assert!(is("name[0].family", "O'Brien") && !is("name[0].family", "o'brien"));
    assert!(!is("name[0]", "O'Brien"));
    assert!(is("name.count()", "2"));
}

#[test]
fn an_expression_knows_where_it_begins() {
    let first = |text: &str| {
        let read = Expression::parse(text).expect("an expression");
        read.first_name().map(str::to_owned)
    };
    let is = |text: &str, name: &str| assert_eq!(first(text).as_deref(), Some(name), "{text}");
    is("name[0].family", "name");
    is("Patient.name.given.first()", "name");
    is("telecom.where(system = 'phone').value", "telecom");
    is("gender = 'male'", "gender");
    assert_eq!(first("1 = 2"), None);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        whatever(&text);
    }

    #[test]
    fn no_row_of_tokens_panics(tokens in prop::collection::vec(prop::sample::select(vec![
        "name", "given", ".", "(", ")", "[", "]", "0", "-", "'a'", "=", "<", "|", "in", "contains", "and", "or", "is",
        "as", "Quantity", "where(", "exists(", "all(", "first()", "count()", "not()", "startsWith(", "ofType(", "$this",
        "{}", "@2020", "@T10:30", "@2020-01-01T10:00Z", "birthDate", "multipleBirth", "contained", "extension('x')",
        "`x`", "1.5", "true", ",", "%",
    ]), 0..24), blank in prop::bool::ANY) {
        whatever(&tokens.join(if blank { " " } else { "" }));
    }

    #[test]
    fn no_date_panics(text in "@T?[0-9]{1,4}[-:0-9TZ+.]{0,24}") {
        whatever(&format!("birthDate < {text}"));
    }
}

fn whatever(text: &str) {
    let patient = patient();
    if let Ok(read) = Expression::parse(text) {
        let _ = read.check("Patient");
        let _ = read.first_name();
        if let Err(error) = read.evaluate(&patient) {
            assert!(text.get(error.span).is_some());
        }
    }
}
