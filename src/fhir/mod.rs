//! R4 facts.
pub mod definitions;
pub mod primitive;

pub use definitions::{
    Element, ElementRef, ElementType, ResourceType, Structure, StructureKind, TypeKind, ValueSet,
    resource_type, resource_types, structure, structures, value_set,
};
pub use primitive::Primitive;
