//! The origins of a value other than one column: joined and split texts, days with times, partial dates,
//! alternatives, references.
//!
//! Takes the value of the key that names the origin and the keys beside it; gives columns and a
//! conversion.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::binding::{Gone, Made, or_wrong};
use super::conversion::{self, Goal, Kind};
use super::diagnostic::Problem;
use super::fragment;
use super::keys::suits;
use super::model::{Binding, Conversion, DateForm, Precision};
use super::names::{nearest, suggest};
use super::scope::{Operation, Uses};
use super::source::{Compiler, ReferenceUse};
use super::vocabulary::{self, names};
use super::yaml::{Node, Pair, Span, Value, get};
use super::{rules, shape, systems};
use crate::fhir::{self, ResourceType};
use crate::relation::SqlType;

/// An id of two columns as one value, for a help.
pub(super) const ONE_ID: &str =
    "`{ sql: \"…\", type: varchar(40) }` that puts its columns together with a dot between";

/// The most characters of a part of `concat:`.
pub(super) const LONGEST_PART: i64 = 1000;

/// The resources under `contained:`, by their ids.
#[derive(Debug, Default)]
pub(super) struct Contained {
    list: BTreeMap<String, Option<ResourceType>>,
    /// Some id comes from the row, so that it is not known.
    open: bool,
}

/// What `#x` leads to.
enum Within {
    Known(ResourceType),
    Unknown,
    Missing,
}

impl Contained {
    /// Of `elements:`.
    pub fn of(elements: Option<&Pair>) -> Contained {
        let mut found = Contained::default();
        let list = elements
            .and_then(|pair| get(pair.value.as_map()?, "contained"))
            .map_or(&[][..], |pair| pair.value.entries());
        for pairs in list.iter().filter_map(Node::as_map) {
            let text = |key| systems::constant(&get(pairs, key)?.value);
            match text("id") {
                Some(id) => {
                    let ty = text("resourceType").and_then(fhir::resource_type);
                    found.list.insert(id.to_owned(), ty);
                }
                None => found.open |= get(pairs, "id").is_some(),
            }
        }
        found
    }

    fn of_id(&self, id: &str) -> Within {
        match self.list.get(id) {
            Some(Some(ty)) => Within::Known(*ty),
            Some(None) => Within::Unknown,
            // `#` is the resource around.
            None if self.open || id.is_empty() => Within::Unknown,
            None => Within::Missing,
        }
    }

    fn ids(&self) -> impl Iterator<Item = &str> + Clone {
        self.list.keys().map(String::as_str)
    }
}

impl Compiler<'_> {
    /// `{ join: [$a.X, $a.Y], with: " " }`
    pub(super) fn join(
        &self,
        value: &Node,
        pairs: &[Pair],
        goal: &Goal,
        uses: &mut Uses,
    ) -> Result<Made, Gone> {
        if !suits("join", goal.kind) {
            return self.not_for(&value.span, "`join:` gives text", goal);
        }
        let mut columns = Vec::new();
        for node in or_wrong(shape::list(self.at, value, "`join:`"))? {
            let mut own = Uses::default();
            let operation = or_wrong(self.part_of_join(node, &mut own))?;
            or_wrong(conversion::of_column(
                self.at,
                &node.span,
                &operation,
                &[],
                goal,
            ))?;
            // A part that the site lacks is skipped, like one that is blank.
            if !own.missing {
                columns.push(operation);
            }
            uses.rows.extend(
                own.rows
                    .into_iter()
                    .filter(|rows| !uses.rows.contains(rows))
                    .collect::<Vec<_>>(),
            );
        }
        uses.missing |= columns.is_empty();
        let with = match get(pairs, "with") {
            // Blanks and nothing at all are of use here.
            Some(pair) => match &pair.value.value {
                Value::Scalar(scalar) => Arc::from(scalar.text.as_str()),
                _ => {
                    shape::wrong(self.at, &pair.value, "text", "`with:`");
                    return Err(Gone::Wrong);
                }
            },
            None => Arc::from(" "),
        };
        Ok(Made {
            columns,
            conversion: Conversion::Join { with },
            digits: false,
        })
    }

    /// A column of `join:`, which has no constants.
    fn part_of_join(&self, node: &Node, uses: &mut Uses) -> Option<Operation> {
        let is_other = match node.as_text() {
            Some(text) => fragment::column(text).is_err(),
            None => node.is_null(),
        };
        if is_other {
            let help = "what stands between the parts is said by `with:`; what else is no column needs a fragment";
            let what = "a part of `join:`";
            shape::wrong_but(
                self.at,
                node,
                "one column, `$p.X`",
                what,
                Some(help.to_owned()),
            );
            return None;
        }
        self.scope.operation(node, uses)
    }

    /// `{ concat: [ { column: p.A, length: 10 }, { column: p.B, length: 1 } ] }`
    pub(super) fn concat(&self, value: &Node, goal: &Goal, uses: &mut Uses) -> Result<Made, Gone> {
        if !suits("concat", goal.kind) {
            return self.not_for(&value.span, "`concat:` gives text", goal);
        }
        let (mut columns, mut lengths) = (Vec::new(), Vec::new());
        for node in or_wrong(shape::list(self.at, value, "`concat:`"))? {
            let what = "a part of `concat:`, with its `column:` and `length:`,";
            let pairs = or_wrong(shape::map(self.at, node, what))?;
            shape::only(
                self.at,
                pairs,
                &names(&vocabulary::CONCAT_PART),
                "a part of `concat:`",
            );
            let required = |key, help| {
                or_wrong(shape::required(
                    self.at,
                    pairs,
                    key,
                    &node.span,
                    "a part of `concat:`",
                    help,
                ))
            };
            let column = required("column", "the part's column: `column: p.X`")?;
            let length = required("length", "how many characters the part has: `length: 10`")?;
            let operation = or_wrong(self.scope.operation(column, uses))?;
            or_wrong(conversion::of_column(
                self.at,
                &column.span,
                &operation,
                &[],
                goal,
            ))?;
            let length = or_wrong(shape::integer(
                self.at,
                length,
                "a part's length",
                1..=LONGEST_PART,
            ))?;
            columns.push(operation);
            // Within the bounds just checked.
            lengths.push(u16::try_from(length).unwrap_or(u16::MAX));
        }
        Ok(Made {
            columns,
            conversion: Conversion::Concat { lengths },
            digits: false,
        })
    }

    /// `{ date: a.DAY, seconds: a.TIME, plus: a.LENGTH }`
    pub(super) fn day_and_time(
        &self,
        value: &Node,
        pairs: &[Pair],
        goal: &Goal,
        uses: &mut Uses,
    ) -> Result<Made, Gone> {
        if !suits("date", goal.kind) {
            return self.not_for(
                &value.span,
                "`date:` with a time of day gives a dateTime or an instant",
                goal,
            );
        }
        let (time, unit) = match (get(pairs, "seconds"), get(pairs, "minutes")) {
            (Some(pair), None) => (pair, 1),
            (None, Some(pair)) => (pair, 60),
            (both, _) => {
                let message = match both {
                    Some(_) => "the time of day is given twice",
                    None => "`date:` stands without a time of day",
                };
                self.at.report(
                    Problem::new(&rules::CONVERSION_KEYS, &value.span, message)
                        .help("give `seconds:` or `minutes:`, a column that counts from midnight; a column of dates alone is `$p.X`"),
                );
                return Err(Gone::Wrong);
            }
        };
        let mut columns =
            vec![self.typed(value, SqlType::has_day, "a column of dates", goal, uses)?];
        columns.push(self.typed(
            &time.value,
            SqlType::is_integer,
            "a column of whole numbers",
            goal,
            uses,
        )?);
        let plus = get(pairs, "plus");
        if let Some(pair) = plus {
            columns.push(self.typed(
                &pair.value,
                SqlType::is_integer,
                "a column of whole numbers",
                goal,
                uses,
            )?);
        }
        let form = DateForm::DayAndSeconds {
            unit,
            plus: plus.is_some(),
        };
        Ok(Made {
            columns,
            conversion: Conversion::DateTime {
                form,
                precision: Precision::Full,
            },
            digits: false,
        })
    }

    /// `{ year: h.YEAR, month: h.MONTH, day: h.DAY }`
    pub(super) fn parts(
        &self,
        value: &Node,
        pairs: &[Pair],
        goal: &Goal,
        uses: &mut Uses,
    ) -> Result<Made, Gone> {
        let conversion = match goal.kind {
            Kind::Date => Conversion::Date(DateForm::Parts),
            Kind::DateTime => Conversion::DateTime {
                form: DateForm::Parts,
                precision: Precision::Day,
            },
            _ => return self.not_for(&value.span, "`year:` gives a date or a dateTime", goal),
        };
        let mut columns = vec![self.typed(
            value,
            SqlType::is_integer,
            "a column of whole numbers",
            goal,
            uses,
        )?];
        for key in ["month", "day"] {
            match get(pairs, key) {
                Some(pair) => {
                    columns.push(self.typed(
                        &pair.value,
                        SqlType::is_integer,
                        "a column of whole numbers",
                        goal,
                        uses,
                    )?);
                }
                None if key == "month" && get(pairs, "day").is_some() => {
                    self.at.report(Problem::new(
                        &rules::CONVERSION_KEYS,
                        &value.span,
                        "`day:` needs `month:`",
                    ));
                    return Err(Gone::Wrong);
                }
                None => {}
            }
        }
        Ok(Made {
            columns,
            conversion,
            digits: false,
        })
    }

    /// `{ first: [ …, … ] }`: the columns of all, one after the other.
    pub(super) fn first(
        &self,
        node: &Node,
        value: &Node,
        goal: &Goal,
        uses: &mut Uses,
    ) -> Result<Binding, Gone> {
        let (mut list, mut columns, mut wrong) = (Vec::new(), Vec::new(), false);
        let goal = Goal {
            entry: false,
            ..*goal
        };
        for entry in or_wrong(shape::list(self.at, value, "`first:`"))? {
            match self.binding_with(entry, &goal, uses) {
                Ok(binding) => {
                    columns.extend(binding.columns.iter().cloned());
                    list.push(Arc::new(binding));
                }
                Err(gone) => wrong |= gone == Gone::Wrong,
            }
        }
        match (wrong, list.is_empty()) {
            (true, _) => Err(Gone::Wrong),
            (false, true) => Err(Gone::Missing),
            (false, false) => Ok(Binding {
                columns,
                output: list[0].output,
                conversion: Conversion::First(list),
                absent: Vec::new(),
                digits: false,
                place: self.at.place(&node.span),
            }),
        }
    }

    /// `{ to: Practitioner, id: p.USERID, source: name }`
    pub(super) fn reference(
        &self,
        node: &Node,
        value: &Node,
        pairs: &[Pair],
        goal: &Goal,
        uses: &mut Uses,
    ) -> Result<Made, Gone> {
        let Some(targets) = goal.reference else {
            self.at.report(
                Problem::new(
                    &rules::CONVERSION_KEYS,
                    &value.span,
                    "`to:` gives the `reference` of a Reference, and this is another element",
                )
                .help("write it as `reference: { to: …, id: … }` inside the Reference"),
            );
            return Err(Gone::Wrong);
        };
        let name = or_wrong(shape::text(self.at, value, "the target's type"))?;
        let Some(to) = fhir::resource_type(name) else {
            self.unknown_resource(&value.span, name);
            return Err(Gone::Wrong);
        };
        self.may_refer_to(to, targets, &value.span)?;
        let source = get(pairs, "source");
        let prefix: Option<Arc<str>> = match source {
            Some(pair) => Some(Arc::from(or_wrong(shape::text(
                self.at,
                &pair.value,
                "the target's source",
            ))?)),
            None => None,
        };
        let help = "the column that holds the target's id: `id: p.USERID`";
        let id = or_wrong(shape::required(
            self.at,
            pairs,
            "id",
            &node.span,
            "the reference",
            help,
        ))?;
        if let Value::List(_) = &id.value {
            self.at.report(
                Problem::new(
                    &rules::REFERENCE_ID,
                    &id.span,
                    "a reference has its target's id from one column, and this is a list",
                )
                .help(format!(
                    "make it one value in a fragment, here and in `id:` of the {to}: {ONE_ID}"
                )),
            );
            return Err(Gone::Wrong);
        }
        let operation = or_wrong(self.scope.operation(id, uses))?;
        or_wrong(self.id_type(&id.span, operation.ty))?;
        self.references.borrow_mut().push(ReferenceUse {
            to: to.name(),
            source: prefix.clone(),
            span: source.map_or(&value.span, |pair| &pair.value.span).clone(),
            id: Some((operation.ty, id.span.clone())),
        });
        let conversion = Conversion::Reference {
            to: to.name(),
            prefix,
        };
        Ok(Made {
            columns: vec![operation],
            conversion,
            digits: false,
        })
    }

    /// R4 lets the element refer to that type.
    fn may_refer_to(
        &self,
        to: ResourceType,
        targets: &[&'static str],
        span: &Span,
    ) -> Result<(), Gone> {
        if targets.is_empty() || targets.contains(&to.name()) {
            return Ok(());
        }
        self.at.report(
            Problem::new(
                &rules::REFERENCE_TARGET,
                span,
                format!("the element cannot refer to a {to}"),
            )
            .maybe_help(suggest(
                to.name(),
                targets.iter().copied(),
                "it may refer to",
            )),
        );
        Err(Gone::Wrong)
    }

    /// A reference that is the same in every row: to what is contained, or to a resource by its type and id. One with
    /// a scheme leads elsewhere.
    pub(super) fn constant_reference(
        &self,
        text: &str,
        targets: &[&'static str],
        span: &Span,
    ) -> Result<(), Gone> {
        if let Some(id) = text.strip_prefix('#') {
            return match self.contained.of_id(id) {
                Within::Known(to) => self.may_refer_to(to, targets, span),
                Within::Unknown => Ok(()),
                Within::Missing => {
                    self.at.report(
                        Problem::new(
                            &rules::REFERENCE_TARGET,
                            span,
                            format!("no contained resource has the id `{}`", shape::clip(id)),
                        )
                        .maybe_help(match self.at.is_full() {
                            true => None,
                            false => suggest(id, self.contained.ids(), "contained are").or_else(|| {
                                let id = shape::clip(id);
                                Some(format!(
                                    "put it under `contained:`: `- {{ resourceType: …, id: {id}, … }}`"
                                ))
                            }),
                        }),
                    );
                    Err(Gone::Wrong)
                }
            };
        }
        let Some((name, _)) = text.split_once('/').filter(|_| !text.contains(':')) else {
            return Ok(());
        };
        let Some(to) = fhir::resource_type(name) else {
            self.unknown_resource(span, name);
            return Err(Gone::Wrong);
        };
        self.may_refer_to(to, targets, span)?;
        self.references.borrow_mut().push(ReferenceUse {
            to: to.name(),
            source: None,
            span: span.clone(),
            id: None,
        });
        Ok(())
    }

    /// A column's values can be ids.
    pub fn id_type(&self, span: &Span, ty: SqlType) -> Option<()> {
        let fits = ty.is_text()
            || (ty.is_integer() && ty != SqlType::Bit)
            || ty == SqlType::UniqueIdentifier;
        if !fits {
            self.at.report(
                Problem::new(
                    &rules::ID_TYPE,
                    span,
                    format!("a column of type `{ty}` cannot be an id"),
                )
                .help("ids come from whole numbers, GUIDs or short texts"),
            );
        }
        fits.then_some(())
    }

    /// Reports a name that is no resource type.
    pub fn unknown_resource(&self, span: &Span, name: &str) {
        let names = fhir::resource_types().map(fhir::ResourceType::name);
        self.at.report(
            Problem::new(
                &rules::UNKNOWN_RESOURCE,
                span,
                format!("R4 has no resource type `{}`", shape::clip(name)),
            )
            .maybe_help(nearest(name, names).map(|nearest| format!("did you mean `{nearest}`?"))),
        );
    }

    /// A column of a type that the conversion needs.
    fn typed(
        &self,
        node: &Node,
        fits: fn(SqlType) -> bool,
        expected: &str,
        goal: &Goal,
        uses: &mut Uses,
    ) -> Result<Operation, Gone> {
        let operation = or_wrong(self.scope.operation(node, uses))?;
        if !fits(operation.ty) {
            let help = format!("expected {expected}");
            conversion::cannot(self.at, &node.span, operation.ty, goal, help);
            return Err(Gone::Wrong);
        }
        Ok(operation)
    }

    fn not_for<T>(&self, span: &Span, gives: &str, goal: &Goal) -> Result<T, Gone> {
        self.at.report(Problem::new(
            &rules::CONVERSION,
            span,
            format!("{gives}, and the element is a `{}`", goal.type_name()),
        ));
        Err(Gone::Wrong)
    }
}
