//! From the text files of `r4/` to the tables of [`super`].
//!
//! Takes the two files, whose first lines state their form; gives [`Tables`], or the line that does
//! not have that form. Names are all known before elements are read, since types refer forwards;
//! inheritance comes last, when every structure's own elements are there to be shared.

use rustc_hash::FxHashMap;

use super::{
    Element, ElementType, Primitive, ResourceType, Structure, StructureKind, Tables, TypeKind,
    ValueSet,
};

const STRUCTURES: &str = include_str!("../r4/structures.txt");
const VALUE_SETS: &str = include_str!("../r4/value_sets.txt");

/// Why the text cannot be read. Seen only by whoever changes it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: not in the form that the file's first lines state: {line}")]
pub(super) struct BadLine {
    file: &'static str,
    line: &'static str,
}

/// A structure and its own elements' lines.
struct Block {
    kind: StructureKind,
    name: &'static str,
    base: Option<&'static str>,
    lines: Vec<&'static str>,
}

/// Reads both files.
pub(super) fn read() -> Result<Tables, BadLine> {
    let (value_sets, value_sets_by_name) = read_value_sets()?;
    let blocks = read_blocks()?;

    let mut by_name = FxHashMap::default();
    for (place, block) in blocks.iter().enumerate() {
        // A table of 16-bit places: R4 has 700 structures and 5,000 elements of their own.
        let place = u16::try_from(place).map_err(|_| bad_structure(block.name))?;
        by_name.insert(block.name, place);
    }

    let mut elements = Vec::new();
    let mut own: Vec<Vec<u16>> = Vec::with_capacity(blocks.len());
    for block in &blocks {
        let mut places = Vec::with_capacity(block.lines.len());
        for line in &block.lines {
            let element = read_element(line, block.name, &by_name, &value_sets_by_name)
                .ok_or(bad_structure(line))?;
            places.push(u16::try_from(elements.len()).map_err(|_| bad_structure(line))?);
            elements.push(element);
        }
        own.push(places);
    }

    let mut structures = Vec::with_capacity(blocks.len());
    for block in &blocks {
        let places =
            inherit(block, &blocks, &own, &by_name, &elements).ok_or(bad_structure(block.name))?;
        structures.push(Structure {
            name: block.name,
            kind: block.kind,
            base: block.base,
            elements: places.into(),
        });
    }

    let mut resource_types: Vec<ResourceType> = structures
        .iter()
        .filter(|structure| structure.kind == StructureKind::Resource)
        .map(|structure| ResourceType(structure.name))
        .collect();
    resource_types.sort_unstable();

    Ok(Tables {
        structures,
        elements,
        value_sets,
        structures_by_name: by_name,
        value_sets_by_name,
        resource_types,
    })
}

fn bad_structure(line: &'static str) -> BadLine {
    BadLine {
        file: "structures.txt",
        line,
    }
}

/// Lines that are not comments.
fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
}

/// `kind Name : Base` and the indented lines that follow.
fn read_blocks() -> Result<Vec<Block>, BadLine> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in lines(STRUCTURES) {
        if let Some(element) = line.strip_prefix("  ") {
            blocks
                .last_mut()
                .ok_or(bad_structure(line))?
                .lines
                .push(element);
        } else {
            blocks.push(read_heading(line).ok_or(bad_structure(line))?);
        }
    }
    Ok(blocks)
}

fn read_heading(line: &'static str) -> Option<Block> {
    let (kind, rest) = line.split_once(' ')?;
    let kind = match kind {
        "resource" => StructureKind::Resource,
        "abstract-resource" => StructureKind::AbstractResource,
        "datatype" => StructureKind::Datatype,
        "backbone" => StructureKind::Backbone,
        _ => return None,
    };
    let (name, base) = match rest.split_once(" : ") {
        Some((name, base)) => (name, Some(base)),
        None => (rest, None),
    };
    Some(Block {
        kind,
        name,
        base,
        lines: Vec::new(),
    })
}

/// `name min..max flags types [@value-set]`
fn read_element(
    line: &'static str,
    holder: &str,
    structures: &FxHashMap<&'static str, u16>,
    value_sets: &FxHashMap<&'static str, u16>,
) -> Option<Element> {
    let mut words = line.split(' ');
    let name = words.next()?;
    let (min, max) = words.next()?.split_once("..")?;
    let flags = words.next()?;
    let types = split_types(words.next()?)
        .map(|token| read_type(token, name, holder, structures))
        .collect::<Option<Box<[_]>>>()?;
    let value_set = match words.next() {
        Some(word) => Some(*value_sets.get(word.strip_prefix('@')?)?),
        None => None,
    };
    if words.next().is_some() || (types.len() > 1 && !name.ends_with("[x]")) {
        return None;
    }
    Some(Element {
        name,
        min: min.parse().ok()?,
        max: if max == "*" {
            None
        } else {
            Some(max.parse().ok()?)
        },
        summary: flags.contains('S'),
        modifier: flags.contains('M'),
        types,
        value_set,
    })
}

/// At each `|` that is not inside parentheses.
fn split_types(types: &'static str) -> impl Iterator<Item = &'static str> {
    let mut depth = 0_usize;
    types.split(move |letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == '|' && depth == 0
    })
}

/// `dateTime`, `Reference(A|B)`, `BackboneElement`, `=Questionnaire.item`
fn read_type(
    token: &'static str,
    element: &str,
    holder: &str,
    structures: &FxHashMap<&'static str, u16>,
) -> Option<ElementType> {
    if let Some(path) = token.strip_prefix('=') {
        return Some(ElementType {
            name: "BackboneElement",
            profile: None,
            kind: TypeKind::Backbone,
            structure: Some(*structures.get(path)?),
            targets: Box::default(),
        });
    }
    let (name, targets) = match token.split_once('(') {
        Some((name, targets)) => (name, targets.strip_suffix(')')?.split('|').collect()),
        None => (token, Box::default()),
    };
    // Quantity's profile is written in its place; the type, and so the JSON name of a choice, is Quantity.
    let (name, profile) = if name == "SimpleQuantity" {
        ("Quantity", Some(name))
    } else {
        (name, None)
    };
    let (kind, structure) = if let Some(primitive) = Primitive::named(name) {
        (TypeKind::Primitive(primitive), None)
    } else if let Some(inner) = structures.get(format!("{holder}.{element}").as_str()) {
        (TypeKind::Backbone, Some(*inner))
    } else {
        let kind = match name {
            "Resource" => TypeKind::Resource,
            "Extension" => TypeKind::Extension,
            _ => TypeKind::Complex,
        };
        (kind, Some(*structures.get(profile.unwrap_or(name))?))
    };
    Some(ElementType {
        name,
        profile,
        kind,
        structure,
        targets,
    })
}

/// The elements of a block's bases and then its own; an own one replaces the base's of its name, and
/// is gone if there may be none. None when a base is not known or leads back to itself.
fn inherit(
    block: &Block,
    blocks: &[Block],
    own: &[Vec<u16>],
    by_name: &FxHashMap<&'static str, u16>,
    elements: &[Element],
) -> Option<Vec<u16>> {
    const DEEPEST: usize = 8;
    let mut line = Vec::new();
    let mut name = Some(block.name);
    while let Some(ancestor) = name {
        let place = usize::from(*by_name.get(ancestor)?);
        line.push(place);
        name = blocks.get(place)?.base;
        if line.len() > DEEPEST {
            return None;
        }
    }
    let mut places: Vec<u16> = Vec::new();
    for ancestor in line.into_iter().rev() {
        let inherited = places.len();
        for &place in own.get(ancestor)? {
            let element = elements.get(usize::from(place))?;
            let same = places.iter().take(inherited).position(|other| {
                elements
                    .get(usize::from(*other))
                    .is_some_and(|other| other.name == element.name)
            });
            match same.and_then(|at| places.get_mut(at)) {
                Some(slot) => *slot = place,
                None => places.push(place),
            }
        }
    }
    places.retain(|place| {
        elements
            .get(usize::from(*place))
            .is_some_and(|element| element.max != Some(0))
    });
    Some(places)
}

type ValueSets = (Vec<ValueSet>, FxHashMap<&'static str, u16>);

/// `name system code code …`, or `name *`.
fn read_value_sets() -> Result<ValueSets, BadLine> {
    let mut value_sets: Vec<ValueSet> = Vec::new();
    let mut by_name = FxHashMap::default();
    for line in lines(VALUE_SETS) {
        let bad = || BadLine {
            file: "value_sets.txt",
            line,
        };
        let mut words = line.split(' ');
        let (name, system) = words.next().zip(words.next()).ok_or_else(bad)?;
        let listed = system != "*";
        if value_sets.last().is_none_or(|last| last.name != name) {
            let place = u16::try_from(value_sets.len()).map_err(|_| bad())?;
            by_name.insert(name, place);
            value_sets.push(ValueSet {
                name,
                listed,
                codes: Vec::new(),
            });
        }
        if let Some(last) = value_sets.last_mut().filter(|_| listed) {
            last.codes.push((system, words.collect()));
        }
    }
    Ok((value_sets, by_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_read_without_an_error() {
        let tables = read().unwrap();
        assert_eq!(
            tables.structures.len(),
            lines(STRUCTURES).filter(|l| !l.starts_with(' ')).count()
        );
        assert_eq!(
            tables.elements.len(),
            lines(STRUCTURES).filter(|l| l.starts_with(' ')).count()
        );
        assert_eq!(
            tables.structures_by_name.len(),
            tables.structures.len(),
            "a name stands twice"
        );
        assert_eq!(
            tables.value_sets_by_name.len(),
            tables.value_sets.len(),
            "a value set stands twice"
        );
    }

    #[test]
    fn choices_split_outside_parentheses_only() {
        let types: Vec<_> = split_types("Reference(Organization|Patient)|string").collect();
        assert_eq!(types, ["Reference(Organization|Patient)", "string"]);
    }
}
