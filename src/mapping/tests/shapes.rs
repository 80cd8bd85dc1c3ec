//! Every construct of the language, as it should be.

use super::*;
use crate::relation::{CompareOp, Expr, Predicate, TableSource};

#[test]
fn a_source_has_its_table_rows_id_and_times() {
    let source = good(&patient("  active: true\n"));
    assert_eq!((source.resource, source.name.as_deref()), ("Patient", None));
    let relation = &source.relation;
    assert_eq!(&*relation.table.alias, "p");
    assert!(matches!(&relation.table.source, TableSource::Named(name) if &**name == "PATIENTS"));
    assert!(
        matches!(&relation.rows, Predicate::Compare(Expr::Column(column), CompareOp::Eq, Expr::Int(1))
        if &*column.name == "STATUS")
    );
    assert!(
        matches!(&source.id[..], [Expr::Column(column)] if &*column.name == "ID" && !column.nullable)
    );
    let updated = &source.last_updated.as_ref().unwrap().binding;
    assert_eq!(columns(updated), ["p.UPDATED", "p.CREATED"]);
    assert!(matches!(&updated.conversion, Conversion::First(list) if list.len() == 2));
    assert_eq!(source.place.to_string(), "patient.yaml:1");
}

#[test]
fn a_column_is_one_and_the_same_wherever_it_stands() {
    let source = good(&patient(
        "  name: [ { family: $p.SURNAME, text: $p.SURNAME } ]\n",
    ));
    let (family, text) = (
        binding(&source, "name.0.family"),
        binding(&source, "name.0.text"),
    );
    assert_eq!(family.columns, text.columns);
    let Expr::Column(column) = &family.columns[0] else {
        panic!()
    };
    assert!(column.collation.as_ref().unwrap().ignores_case);
    assert!(column.nullable);
}

#[test]
fn lookups_are_put_in_order_and_know_what_they_need() {
    let source = good(&patient("  name: [ { prefix: [ $dtitle.TITLE ] } ]\n"));
    let joins: Vec<_> = source
        .relation
        .joins
        .iter()
        .map(|join| (&*join.table.alias, join.index, join.needs))
        .collect();
    assert_eq!(
        joins,
        [("sex", 0, 0b1), ("doc", 1, 0b10), ("dtitle", 2, 0b110)]
    );
}

#[test]
fn children_have_pairs_filter_order_and_lookups_of_their_own() {
    let file = "\
resource: Patient
table: PATIENTS as p
id: p.ID
children:
  emails:
    table: EMAIL as e
    on: p.ID = e.ID
    where: [ e.STATUS = 1, \"e.EMAIL <> ''\" ]
    order: e.EMAIL desc
    lookups:
      kind: KINDS on kind.KINDCODE = e.KINDCODE and kind.LANG = 'en'
elements:
  telecom:
    - { each: emails, if: kind.KIND = 'work', system: email, value: $e.EMAIL }
";
    let source = good(file);
    let child = &source.children[0];
    assert_eq!(
        (&*child.name, &*child.table.alias, child.joins.len()),
        ("emails", "e", 1)
    );
    assert!(
        matches!(&child.on[..], [(Expr::Column(own), Expr::Column(other))]
        if &*own.alias == "e" && &*other.alias == "p")
    );
    assert!(matches!(&child.filter, Predicate::And(parts) if parts.len() == 2));
    let order: Vec<_> = child
        .order
        .iter()
        .map(|order| match &order.expr {
            Expr::Column(column) => (column.name.to_string(), order.descending),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(order, [("EMAIL".into(), true), ("RECORDID".into(), false)]);
    let Node::List(entries) = at(&source, "telecom") else {
        panic!()
    };
    assert_eq!(entries[0].each, Some(0));
    assert!(matches!(
        entries[0].condition.as_deref(),
        Some(Expr::Test(_))
    ));
}

#[test]
fn elements_come_in_the_order_of_r4_with_what_it_says_of_them() {
    let source = good(&patient(
        "  gender: { column: sex.SEX, codes: sex }\n  name: [ { text: x } ]\n  active: true\n",
    ));
    let fields: Vec<_> = source
        .elements
        .iter()
        .map(|field| (&*field.name, field.required, field.summary, field.modifier))
        .collect();
    assert_eq!(
        fields,
        [
            ("active", false, true, true),
            ("name", false, true, false),
            ("gender", false, true, false)
        ]
    );
    assert_eq!(source.elements[0].place.line, 17);
}

#[test]
fn what_holds_no_column_is_json() {
    let json = |source: &Source, path: &str| match at(source, path) {
        Node::Constant(json) => json.to_string(),
        other => panic!("{other:?}"),
    };
    let source = good(&patient(
        "  active: true
  multipleBirthInteger: 2
  birthDate: 1980-01
  identifier:
    - { type: { coding: [ { system: 'http://x.example/y', code: \"a\\\"b\" } ] }, value: $p.MEDICARENO }
  communication: [ { language: { text: NO } } ]
  contact: [ { name: { text: $$x } } ]
",
    ));
    assert_eq!(json(&source, "active"), "true");
    assert_eq!(json(&source, "multipleBirthInteger"), "2");
    assert_eq!(json(&source, "birthDate"), "\"1980-01\"");
    assert_eq!(
        json(&source, "identifier.0.type"),
        r#"{"coding":[{"system":"http://x.example/y","code":"a\"b"}]}"#
    );
    assert_eq!(
        json(&source, "communication"),
        r#"[{"language":{"text":"NO"}}]"#
    );
    assert_eq!(json(&source, "contact"), r#"[{"name":{"text":"$x"}}]"#);
}

#[test]
fn the_elements_type_decides_the_conversion() {
    let source = good(&patient(
        "  active: { column: p.STATUS }
  birthDate: $p.DOB
  deceasedDateTime: $p.DOB
  deceasedBoolean: { column: p.FLAGS, bit: 2, is: clear }
  multipleBirthInteger: $p.FLAGS
  name: [ { family: $p.SURNAME, period: { start: { column: p.DOB, precision: day } } } ]
",
    ));
    let of = |path| &binding(&source, path).conversion;
    assert!(matches!(of("active"), Conversion::Boolean));
    assert!(matches!(
        of("birthDate"),
        Conversion::Date(DateForm::Column { utc: false })
    ));
    assert!(matches!(
        of("deceasedDateTime"),
        Conversion::DateTime {
            precision: Precision::Full,
            ..
        }
    ));
    assert!(matches!(
        of("deceasedBoolean"),
        Conversion::Bit {
            mask: 2,
            inverted: true
        }
    ));
    assert!(matches!(of("multipleBirthInteger"), Conversion::Integer));
    assert_eq!(
        binding(&source, "multipleBirthInteger").output,
        Output::Integer { least: i32::MIN }
    );
    assert!(matches!(of("name.0.family"), Conversion::Text));
    assert!(matches!(
        of("name.0.period.start"),
        Conversion::DateTime {
            precision: Precision::Day,
            ..
        }
    ));
}

#[test]
fn odd_dates_say_how_they_are_kept() {
    let forms = [
        ("{ column: p.DOBTEXT, format: DD/MM/YYYY }", "DD/MM/YYYY"),
        (
            "{ column: p.FLAGS, format: YYYYMMDD, absent: 0 }",
            "YYYYMMDD",
        ),
        ("{ column: p.FLAGS, unix: true }", "Unix"),
        ("{ column: p.UPDATED, zone: utc }", "utc: true"),
        (
            "{ year: p.BIRTHYEAR, month: p.BIRTHMONTH, day: p.BIRTHDAY }",
            "Parts",
        ),
        (
            "{ first: [ { column: p.DOB, absent: 1900-01-01 }, { year: p.BIRTHYEAR } ] }",
            "First",
        ),
    ];
    for (value, expected) in forms {
        let source = good(&patient(&format!("  birthDate: {value}\n")));
        let shown = format!("{:?}", binding(&source, "birthDate").conversion);
        assert!(shown.contains(expected), "{shown}");
    }
    let file = "\
resource: Appointment
table: APPOINTMENTS a
id: a.RECORDID
elements:
  status: { column: a.STATUS, codes: { Booked: booked, '*': arrived } }
  start: { date: a.DAY, seconds: a.TIME }
  end: { date: a.DAY, seconds: a.TIME, plus: a.LENGTH }
  minutesDuration: { column: a.LENGTH, divide: 60 }
  participant: [ { actor: { reference: { to: Patient, id: a.ID } }, status: accepted } ]
";
    let loaded = load(&[("a.yaml", file)], &Options::default()).unwrap();
    let source = &loaded.mapping.sources[0];
    let end = binding(source, "end");
    assert_eq!(columns(end), ["a.DAY", "a.TIME", "a.LENGTH"]);
    assert!(matches!(
        end.conversion,
        Conversion::DateTime {
            form: DateForm::DayAndSeconds {
                unit: 1,
                plus: true
            },
            ..
        }
    ));
    let minutes = binding(source, "minutesDuration");
    assert!(matches!(
        minutes.conversion,
        Conversion::Decimal {
            multiply: 1,
            divide: 60
        }
    ));
    assert_eq!(minutes.output, Output::Integer { least: 1 });
    let actor = binding(source, "participant.0.actor.reference");
    assert!(matches!(
        actor.conversion,
        Conversion::Reference {
            to: "Patient",
            prefix: None
        }
    ));
    assert!(
        source
            .elements
            .iter()
            .find(|field| &*field.name == "status")
            .unwrap()
            .required
    );
    // The mapping has no Patient.
    assert_eq!(
        loaded
            .warnings
            .iter()
            .map(|warning| warning.code())
            .collect::<Vec<_>>(),
        ["PM051"]
    );
}

#[test]
fn texts_are_joined_split_and_compared_by_digits() {
    let source = good(&patient(
        "  name: [ { text: { join: [ $p.FIRSTNAME, p.SURNAME ], with: ', ' } } ]
  identifier: [ { value: { concat: [ { column: p.MEDICARENO, length: 10 }, { column: p.MEDICARELINENO, length: 1 } ] } } ]
  telecom: [ { value: { column: p.PHONE, compare: digits, absent: [ N/A, '0' ] } } ]
",
    ));
    let text = binding(&source, "name.0.text");
    assert_eq!(columns(text), ["p.FIRSTNAME", "p.SURNAME"]);
    assert!(matches!(&text.conversion, Conversion::Join { with } if &**with == ", "));
    let number = binding(&source, "identifier.0.value");
    assert!(matches!(&number.conversion, Conversion::Concat { lengths } if lengths[..] == [10, 1]));
    let phone = binding(&source, "telecom.0.value");
    assert!(phone.digits);
    assert_eq!(
        phone.absent.iter().map(|raw| &**raw).collect::<Vec<_>>(),
        ["N/A", "0"]
    );
}

#[test]
fn code_tables_give_a_part_or_the_whole() {
    let source = good(&patient(
        "  gender: { column: sex.SEX, codes: sex }
  active: { column: p.STATUS, codes: { 1: true, '*': false } }
  maritalStatus:
    column: p.FLAGS
    codes: { system: 'http://x.example/ms', values: { 1: { code: M, display: Married }, 2: { code: S, system: 'urn:y' } } }
  communication: [ { language: { coding: [ { column: p.RESULT, codes: shared } ] } } ]
  contact: [ { gender: { column: p.RESULT, codes: shared, part: code } } ]
",
    ));
    let table = |path: &str| match &binding(&source, path).conversion {
        Conversion::Codes { table, part } => (table.clone(), *part),
        other => panic!("{other:?}"),
    };
    let (gender, part) = table("gender");
    assert_eq!(
        (&*gender.name, gender.entries.len(), part),
        ("sex", 2, CodePart::Code)
    );
    assert_eq!(
        gender.otherwise.as_ref().map(|code| &*code.code),
        Some("unknown")
    );
    assert_eq!(
        gender.absent.as_ref().map(|code| &*code.code),
        Some("unknown")
    );
    assert_eq!(binding(&source, "active").output, Output::Boolean);
    let (married, part) = table("maritalStatus");
    assert_eq!(
        (married.system.as_deref(), part),
        (Some("http://x.example/ms"), CodePart::Whole)
    );
    assert_eq!(married.entries[0].code.display.as_deref(), Some("Married"));
    assert_eq!(
        binding(&source, "maritalStatus").output,
        Output::CodeableConcept
    );
    assert_eq!(
        binding(&source, "communication.0.language.coding.0").output,
        Output::Coding
    );
}

#[test]
fn measurements_kept_as_text_have_three_parts() {
    let file = "\
resource: Observation
source: lab
table: PATIENTS as p
id: [p.ID, p.FLAGS]
elements:
  status: final
  code: { text: Weight }
  valueQuantity:
    value: { column: p.RESULT, measure: number }
    comparator: { column: p.RESULT, measure: comparator }
  valueString: { column: p.RESULT, measure: text }
  component:
    - code: { text: x }
      valueQuantity: { value: $p.WEIGHT }
";
    let source = good(file);
    assert_eq!((source.name.as_deref(), source.id.len()), (Some("lab"), 2));
    let part = |path| match binding(&source, path).conversion {
        Conversion::Measure(part) => part,
        ref other => panic!("{other:?}"),
    };
    assert_eq!(part("valueQuantity.value"), MeasurePart::Number);
    assert_eq!(part("valueQuantity.comparator"), MeasurePart::Comparator);
    assert_eq!(part("valueString"), MeasurePart::Text);
    let weight = binding(&source, "component.0.valueQuantity.value");
    assert!(matches!(
        weight.conversion,
        Conversion::Decimal {
            multiply: 1,
            divide: 1
        }
    ));
    assert_eq!(weight.output, Output::Number);
}

#[test]
fn fragments_keep_their_columns_in_braces() {
    let file = "\
resource: Patient
table: PATIENTS as p
rows: [ p.STATUS = 1, { sql: { mssql: 'ISDATE({p.DOBTEXT}) = 1', sqlite: 'date({p.DOBTEXT}) is not null' } } ]
id: p.ID
elements:
  name: [ { family: { sql: 'UPPER({p.SURNAME})', type: varchar(40) } } ]
  birthDate: { column: { sql: 'CAST({p.DOBTEXT} AS date)', type: date } }
";
    let source = good(file);
    let family = binding(&source, "name.0.family");
    let Expr::Raw(raw) = &family.columns[0] else {
        panic!()
    };
    assert_eq!(
        raw.for_dialect(crate::relation::Dialect::Sqlite),
        Some("UPPER({p.SURNAME})")
    );
    assert_eq!(
        raw.aliases.iter().map(|alias| &**alias).collect::<Vec<_>>(),
        ["p"]
    );
    assert!(raw.collation.is_some());
    assert!(
        matches!(&source.relation.rows, Predicate::And(parts) if matches!(parts[1], Predicate::Raw(_)))
    );
    assert!(matches!(
        binding(&source, "birthDate").conversion,
        Conversion::Date(_)
    ));
}

#[test]
fn extensions_contained_resources_and_meta_are_objects_like_others() {
    let source = good(&patient(
        "  meta: { tag: [ { system: 'urn:x', code: y } ] }
  contained:
    - { resourceType: Organization, id: org, name: $doc.SURNAME }
  extension:
    - url: http://hl7.org.au/fhir/StructureDefinition/indigenous-status
      valueCoding: { column: p.RESULT, codes: { A: '1' } }
  birthDate: $p.DOB
  _birthDate: { extension: [ { url: 'urn:time', valueDateTime: $p.DOB } ] }
  managingOrganization: { reference: '#org' }
",
    ));
    assert!(
        matches!(at(&source, "contained.0.resourceType"), Node::Constant(json) if &**json == "\"Organization\"")
    );
    assert_eq!(
        binding(&source, "extension.0.valueCoding").output,
        Output::Coding
    );
    assert_eq!(
        columns(binding(&source, "_birthDate.extension.0.valueDateTime")),
        ["p.DOB"]
    );
    assert!(matches!(at(&source, "meta"), Node::Constant(_)));
    let names: Vec<_> = source.elements.iter().map(|field| &*field.name).collect();
    assert_eq!(
        names,
        [
            "meta",
            "contained",
            "extension",
            "birthDate",
            "_birthDate",
            "managingOrganization"
        ]
    );
}

#[test]
fn what_a_missing_column_would_give_is_left_out() {
    let file = patient(
        "  gender: { first: [ { column: p.GENDERTEXT, codes: shared }, { column: sex.SEX, codes: sex } ] }
  name:
    - { use: usual, text: $p.GENDERTEXT }
    - { use: official, family: $p.SURNAME, suffix: [ $p.GENDERTEXT ] }
    - { if: p.GENDERTEXT = 'x', text: $p.SURNAME }
  maritalStatus: { text: $p.GENDERTEXT }
  communication: [ { language: { text: $p.GENDERTEXT }, preferred: true } ]
",
    );
    let with = good(&file);
    assert_eq!(
        columns(binding(&with, "gender")),
        ["p.GENDERTEXT", "sex.SEX"]
    );
    let mut options = Options::default();
    options
        .missing
        .insert(("PATIENTS".into(), "GENDERTEXT".into()));
    let without = good_with(&file, &options);
    assert_eq!(columns(binding(&without, "gender")), ["sex.SEX"]);
    let names: Vec<_> = without.elements.iter().map(|field| &*field.name).collect();
    assert_eq!(names, ["name", "gender"]);
    let Node::List(entries) = at(&without, "name") else {
        panic!()
    };
    assert_eq!(entries.len(), 1);
    assert_eq!(columns(binding(&without, "name.0.family")), ["p.SURNAME"]);
}

#[test]
fn the_alternatives_of_a_choice_belong_together() {
    let file = "\
resource: MedicationRequest
table: PATIENTS as p
id: p.ID
elements:
  status: active
  intent: order
  subject: { reference: { to: Patient, id: p.ID } }
  medicationCodeableConcept: { text: $p.RESULT }
  medicationReference: { reference: { to: Medication, id: p.FLAGS, absent: 0 } }
";
    let source = good(file);
    let choices: Vec<_> = source
        .elements
        .iter()
        .map(|field| (&*field.name, field.required, field.choice.as_deref()))
        .collect();
    assert_eq!(
        choices,
        [
            ("status", true, None),
            ("intent", true, None),
            ("medicationCodeableConcept", true, Some("medication")),
            ("medicationReference", true, Some("medication")),
            ("subject", true, None),
        ]
    );
}

#[test]
fn profiles_by_a_code_table_are_checked_as_those_by_their_url() {
    let profile = |text: &str| {
        let elements = "  name: [ { family: $p.SURNAME } ]\n";
        let source =
            patient(elements).replace("id: p.ID\n", &format!("id: p.ID\nprofile: {text}\n"));
        problems(&source)
    };
    let right = "{ column: p.SEXCODE, codes: { 1: 'http://a.example/one', 2: 'http://a.example/two' }, if: name }";
    assert_eq!(profile(right), "");
    insta::assert_snapshot!(profile("{ column: p.SEXCODE, codes: { 1: one } }"), @r#"
    error[PM053]: the profile `one` is not an absolute URL
     --> patient.yaml:5:38
      |
    5 | profile: { column: p.SEXCODE, codes: { 1: one } }
      |                                      ^^^^^^^^^^
      |
      = help: name it by its canonical URL: `http://hl7.org.au/fhir/core/StructureDefinition/au-core-patient`

    1 error
    "#);
    insta::assert_snapshot!(profile("{ column: p.SEXCOD, codes: { 1: 'http://a.example/one' } }"), @r#"
    error[PM021]: the column `SEXCOD` is not declared for the table
     --> patient.yaml:5:22
      |
    5 | profile: { column: p.SEXCOD, codes: { 1: 'http://a.example/one' } }
      |                      ^^^^^^
      |
      = help: did you mean `SEXCODE`?

    1 error
    "#);
    insta::assert_snapshot!(profile("{ column: p.DOB, codes: { 1: 'http://a.example/one' } }"), @r#"
    error[PM041]: a column of type `datetime` cannot become this element, whose type is `canonical`
     --> patient.yaml:5:20
      |
    5 | profile: { column: p.DOB, codes: { 1: 'http://a.example/one' } }
      |                    ^^^^^ of type `datetime`
      |
      = help: a code table reads a column of text or of whole numbers

    1 error
    "#);
    insta::assert_snapshot!(profile("{ column: p.SEXCODE, codes: nowhere, if: nam }"), @r#"
    error[PM040]: there is no code table `nowhere`
     --> patient.yaml:5:38
      |
    5 | profile: { column: p.SEXCODE, codes: nowhere, if: nam }
      |                                      ^^^^^^^
      |
      = note: code tables are defined under `codes:`, in this file or in one of the folder's
      = help: there are: `sex`, `shared`

    error[PM011]: Patient has no element `nam`
     --> patient.yaml:5:51
      |
    5 | profile: { column: p.SEXCODE, codes: nowhere, if: nam }
      |                                                   ^^^
      |
      = help: did you mean `name`?

    2 errors
    "#);
    insta::assert_snapshot!(profile("{ column: p.SEXCODE, url: 'http://a.example/one' }"), @r#"
    error[PM005]: the profile has no `codes:`
     --> patient.yaml:5:10
      |
    5 | profile: { column: p.SEXCODE, url: 'http://a.example/one' }
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: `{ column: o.CODE, codes: profiles }`

    error[PM004]: a profile has no key `url`
     --> patient.yaml:5:31
      |
    5 | profile: { column: p.SEXCODE, url: 'http://a.example/one' }
      |                               ^^^
      |
      = help: the keys are: `column`, `codes`, `if`

    2 errors
    "#);
    insta::assert_snapshot!(profile("{ column: e.KINDCODE, codes: { 1: 'http://a.example/one' } }"), @r"
    error[PM030]: a column of the child `emails` is used outside an entry with `each: emails`
     --> patient.yaml:5:20
      |
    5 | profile: { column: e.KINDCODE, codes: { 1: 'http://a.example/one' } }
      |                    ^^^^^^^^^^
      |
      = help: a child has many rows, and this is said of the source's one: use a column of the source or of a lookup, or a fragment that selects from the child's table

    1 error
    ");
}
