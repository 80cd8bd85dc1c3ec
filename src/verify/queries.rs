//! How each engine is asked for its tables: the same columns from every one.
//!
//! Columns: schema, table, column, type, length in characters, precision, scale, collation, whether it is a view.
//! Of tables of one name that of the login's own schema comes first: it is the one that the bare name means.
//! Indexes: schema, table, index, column, in the order of the index. Names of columns are no engine's reserved words,
//! such as Firebird's CHAR_LENGTH.
//! Keys: schema, table, `P` of a primary and `F` of a foreign key, the key's name, column; of a foreign key the schema,
//! table and column that it refers to; the column's place in the key.

use crate::relation::Dialect;

pub(super) const COLUMNS: &[&str] = &[
    "table_schema",
    "table_name",
    "column_name",
    "data_type",
    "text_length",
    "num_precision",
    "num_scale",
    "collation",
    "is_view",
];
pub(super) const INDEXES: &[&str] = &["table_schema", "table_name", "index_name", "column_name"];
pub(super) const KEYS: &[&str] = &[
    "table_schema",
    "table_name",
    "key_kind",
    "key_name",
    "column_name",
    "of_schema",
    "of_table",
    "of_column",
    "key_place",
];
pub(super) const COLLATION: &[&str] = &["collation"];

/// The questions to one engine.
pub(super) struct Queries {
    pub(super) columns: &'static str,
    pub(super) indexes: &'static str,
    pub(super) keys: &'static str,
    /// Where columns inherit the database's collation without saying so.
    pub(super) collation: Option<&'static str>,
}

pub(super) fn of(dialect: Dialect) -> Queries {
    match dialect {
        Dialect::Sqlite => Queries {
            columns: SQLITE_COLUMNS,
            indexes: SQLITE_INDEXES,
            keys: SQLITE_KEYS,
            collation: None,
        },
        Dialect::Mssql => Queries {
            columns: MSSQL_COLUMNS,
            indexes: MSSQL_INDEXES,
            keys: MSSQL_KEYS,
            collation: None,
        },
        Dialect::Firebird => Queries {
            columns: FIREBIRD_COLUMNS,
            indexes: FIREBIRD_INDEXES,
            keys: FIREBIRD_KEYS,
            collation: None,
        },
        Dialect::SqlAnywhere => Queries {
            columns: SQLANYWHERE_COLUMNS,
            indexes: SQLANYWHERE_INDEXES,
            keys: SQLANYWHERE_KEYS,
            collation: Some("SELECT DB_PROPERTY('Collation') AS collation"),
        },
    }
}

// SQLite keeps a type as it was written, length included.
const SQLITE_COLUMNS: &str = "\
SELECT '' AS table_schema, t.name AS table_name, c.name AS column_name, c.type AS data_type,
  NULL AS text_length, NULL AS num_precision, NULL AS num_scale, NULL AS collation,
  CASE t.type WHEN 'view' THEN 1 ELSE 0 END AS is_view
FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
WHERE t.type IN ('table', 'view') AND t.name NOT GLOB 'sqlite_*'
ORDER BY t.name, c.cid";

// The key of a table by rowid is no index of its own.
const SQLITE_INDEXES: &str = "\
SELECT '' AS table_schema, t.name AS table_name, i.name AS index_name, c.name AS column_name
FROM sqlite_schema AS t, pragma_index_list(t.name) AS i, pragma_index_info(i.name) AS c
WHERE t.type = 'table' AND c.name IS NOT NULL
UNION ALL
SELECT '', t.name, ' key', c.name
FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
WHERE t.type = 'table' AND c.pk = 1
ORDER BY 2, 3";

const SQLITE_KEYS: &str = "\
SELECT '' AS table_schema, t.name AS table_name, 'P' AS key_kind, '' AS key_name, c.name AS column_name,
  '' AS of_schema, '' AS of_table, '' AS of_column, c.pk AS key_place
FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
WHERE t.type = 'table' AND c.pk > 0
UNION ALL
SELECT '', t.name, 'F', CAST(f.id AS TEXT), f.\"from\", '', f.\"table\", COALESCE(f.\"to\", ''), f.seq
FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS f
WHERE t.type = 'table'
ORDER BY 2, 3, 4, 9";

const MSSQL_COLUMNS: &str = "\
SELECT c.TABLE_SCHEMA AS table_schema, c.TABLE_NAME AS table_name, c.COLUMN_NAME AS column_name,
  c.DATA_TYPE AS data_type, c.CHARACTER_MAXIMUM_LENGTH AS text_length, c.NUMERIC_PRECISION AS num_precision,
  c.NUMERIC_SCALE AS num_scale, c.COLLATION_NAME AS collation,
  CASE t.TABLE_TYPE WHEN 'VIEW' THEN 1 ELSE 0 END AS is_view
FROM INFORMATION_SCHEMA.COLUMNS AS c
  JOIN INFORMATION_SCHEMA.TABLES AS t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
ORDER BY CASE WHEN c.TABLE_SCHEMA = SCHEMA_NAME() THEN 0 ELSE 1 END, c.TABLE_SCHEMA, c.TABLE_NAME,
  c.ORDINAL_POSITION";

// INFORMATION_SCHEMA knows keys and no other index.
const MSSQL_INDEXES: &str = "\
SELECT s.name AS table_schema, t.name AS table_name, i.name AS index_name, c.name AS column_name
FROM sys.indexes AS i
  JOIN sys.tables AS t ON t.object_id = i.object_id
  JOIN sys.schemas AS s ON s.schema_id = t.schema_id
  JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id AND k.is_included_column = 0
  JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id
WHERE i.type IN (1, 2) AND i.is_disabled = 0
ORDER BY s.name, t.name, i.index_id, k.key_ordinal";

const MSSQL_KEYS: &str = "\
SELECT s.name AS table_schema, t.name AS table_name, 'P' AS key_kind, i.name AS key_name, c.name AS column_name,
  '' AS of_schema, '' AS of_table, '' AS of_column, k.key_ordinal AS key_place
FROM sys.indexes AS i
  JOIN sys.tables AS t ON t.object_id = i.object_id
  JOIN sys.schemas AS s ON s.schema_id = t.schema_id
  JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id AND k.is_included_column = 0
  JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id
WHERE i.is_primary_key = 1
UNION ALL
SELECT s.name, t.name, 'F', f.name, c.name, os.name, o.name, oc.name, k.constraint_column_id
FROM sys.foreign_keys AS f
  JOIN sys.tables AS t ON t.object_id = f.parent_object_id
  JOIN sys.schemas AS s ON s.schema_id = t.schema_id
  JOIN sys.foreign_key_columns AS k ON k.constraint_object_id = f.object_id
  JOIN sys.columns AS c ON c.object_id = k.parent_object_id AND c.column_id = k.parent_column_id
  JOIN sys.tables AS o ON o.object_id = k.referenced_object_id
  JOIN sys.schemas AS os ON os.schema_id = o.schema_id
  JOIN sys.columns AS oc ON oc.object_id = k.referenced_object_id AND oc.column_id = k.referenced_column_id
ORDER BY 1, 2, 3, 4, 9";

// RDB$FIELD_TYPE and RDB$FIELD_SUB_TYPE as Firebird's language reference lists them.
const FIREBIRD_COLUMNS: &str = "\
SELECT '' AS table_schema, c.RDB$RELATION_NAME AS table_name, c.RDB$FIELD_NAME AS column_name,
  CASE
    WHEN f.RDB$FIELD_TYPE IN (7, 8, 16) AND f.RDB$FIELD_SUB_TYPE IN (1, 2) THEN 'decimal'
    WHEN f.RDB$FIELD_TYPE IN (7, 8, 16) AND f.RDB$FIELD_SCALE < 0 THEN 'decimal'
    WHEN f.RDB$FIELD_TYPE = 7 THEN 'smallint'
    WHEN f.RDB$FIELD_TYPE = 8 THEN 'integer'
    WHEN f.RDB$FIELD_TYPE = 16 THEN 'bigint'
    WHEN f.RDB$FIELD_TYPE = 10 THEN 'real'
    WHEN f.RDB$FIELD_TYPE = 27 THEN 'double precision'
    WHEN f.RDB$FIELD_TYPE = 12 THEN 'date'
    WHEN f.RDB$FIELD_TYPE = 13 THEN 'time'
    WHEN f.RDB$FIELD_TYPE = 35 THEN 'timestamp'
    WHEN f.RDB$FIELD_TYPE = 14 THEN 'char'
    WHEN f.RDB$FIELD_TYPE = 37 THEN 'varchar'
    WHEN f.RDB$FIELD_TYPE = 23 THEN 'boolean'
    WHEN f.RDB$FIELD_TYPE = 261 AND f.RDB$FIELD_SUB_TYPE = 1 THEN 'blob sub_type text'
    WHEN f.RDB$FIELD_TYPE = 261 THEN 'blob'
    ELSE 'other'
  END AS data_type,
  f.RDB$CHARACTER_LENGTH AS text_length,
  CASE WHEN f.RDB$FIELD_PRECISION > 0 THEN f.RDB$FIELD_PRECISION ELSE 18 END AS num_precision,
  -f.RDB$FIELD_SCALE AS num_scale, l.RDB$COLLATION_NAME AS collation,
  CASE WHEN t.RDB$VIEW_BLR IS NULL THEN 0 ELSE 1 END AS is_view
FROM RDB$RELATION_FIELDS c
  JOIN RDB$RELATIONS t ON t.RDB$RELATION_NAME = c.RDB$RELATION_NAME
  JOIN RDB$FIELDS f ON f.RDB$FIELD_NAME = c.RDB$FIELD_SOURCE
  LEFT JOIN RDB$COLLATIONS l ON l.RDB$CHARACTER_SET_ID = f.RDB$CHARACTER_SET_ID
    AND l.RDB$COLLATION_ID = COALESCE(c.RDB$COLLATION_ID, f.RDB$COLLATION_ID)
WHERE COALESCE(t.RDB$SYSTEM_FLAG, 0) = 0
ORDER BY c.RDB$RELATION_NAME, c.RDB$FIELD_POSITION";

const FIREBIRD_INDEXES: &str = "\
SELECT '' AS table_schema, i.RDB$RELATION_NAME AS table_name, i.RDB$INDEX_NAME AS index_name,
  s.RDB$FIELD_NAME AS column_name
FROM RDB$INDICES i
  JOIN RDB$INDEX_SEGMENTS s ON s.RDB$INDEX_NAME = i.RDB$INDEX_NAME
WHERE COALESCE(i.RDB$SYSTEM_FLAG, 0) = 0 AND COALESCE(i.RDB$INDEX_INACTIVE, 0) = 0 AND COALESCE(i.RDB$INDEX_TYPE, 0) = 0
ORDER BY i.RDB$RELATION_NAME, i.RDB$INDEX_NAME, s.RDB$FIELD_POSITION";

const FIREBIRD_KEYS: &str = "\
SELECT '' AS table_schema, r.RDB$RELATION_NAME AS table_name,
  CASE r.RDB$CONSTRAINT_TYPE WHEN 'PRIMARY KEY' THEN 'P' ELSE 'F' END AS key_kind, r.RDB$CONSTRAINT_NAME AS key_name,
  s.RDB$FIELD_NAME AS column_name, '' AS of_schema, o.RDB$RELATION_NAME AS of_table, os.RDB$FIELD_NAME AS of_column,
  s.RDB$FIELD_POSITION AS key_place
FROM RDB$RELATION_CONSTRAINTS r
  JOIN RDB$INDEX_SEGMENTS s ON s.RDB$INDEX_NAME = r.RDB$INDEX_NAME
  LEFT JOIN RDB$REF_CONSTRAINTS f ON f.RDB$CONSTRAINT_NAME = r.RDB$CONSTRAINT_NAME
  LEFT JOIN RDB$RELATION_CONSTRAINTS o ON o.RDB$CONSTRAINT_NAME = f.RDB$CONST_NAME_UQ
  LEFT JOIN RDB$INDEX_SEGMENTS os ON os.RDB$INDEX_NAME = o.RDB$INDEX_NAME
    AND os.RDB$FIELD_POSITION = s.RDB$FIELD_POSITION
WHERE r.RDB$CONSTRAINT_TYPE IN ('PRIMARY KEY', 'FOREIGN KEY')
ORDER BY 2, 3, 4, 9";

const SQLANYWHERE_COLUMNS: &str = "\
SELECT u.user_name AS table_schema, t.table_name AS table_name, c.column_name AS column_name,
  d.domain_name AS data_type, c.width AS text_length, c.width AS num_precision, c.scale AS num_scale,
  NULL AS collation, CASE WHEN t.table_type IN (2, 21) THEN 1 ELSE 0 END AS is_view
FROM SYS.SYSTABCOL AS c
  JOIN SYS.SYSTAB AS t ON t.table_id = c.table_id
  JOIN SYS.SYSUSER AS u ON u.user_id = t.creator
  JOIN SYS.SYSDOMAIN AS d ON d.domain_id = c.domain_id
WHERE u.user_name NOT IN ('SYS', 'dbo', 'rs_systabgroup', 'SA_DEBUG')
ORDER BY CASE WHEN u.user_name = CURRENT USER THEN 0 ELSE 1 END, u.user_name, t.table_name, c.column_id";

const SQLANYWHERE_INDEXES: &str = "\
SELECT u.user_name AS table_schema, t.table_name AS table_name, i.index_name AS index_name,
  c.column_name AS column_name
FROM SYS.SYSIDX AS i
  JOIN SYS.SYSTAB AS t ON t.table_id = i.table_id
  JOIN SYS.SYSUSER AS u ON u.user_id = t.creator
  JOIN SYS.SYSIDXCOL AS k ON k.table_id = i.table_id AND k.index_id = i.index_id
  JOIN SYS.SYSTABCOL AS c ON c.table_id = k.table_id AND c.column_id = k.column_id
WHERE u.user_name NOT IN ('SYS', 'dbo', 'rs_systabgroup', 'SA_DEBUG')
ORDER BY u.user_name, t.table_name, i.index_id, k.sequence";

// SYSIDX.index_category: 1 is a primary key. A foreign key's columns have those that they refer to beside them.
const SQLANYWHERE_KEYS: &str = "\
SELECT u.user_name AS table_schema, t.table_name AS table_name, 'P' AS key_kind, i.index_name AS key_name,
  c.column_name AS column_name, '' AS of_schema, '' AS of_table, '' AS of_column, k.sequence AS key_place
FROM SYS.SYSIDX AS i
  JOIN SYS.SYSTAB AS t ON t.table_id = i.table_id
  JOIN SYS.SYSUSER AS u ON u.user_id = t.creator
  JOIN SYS.SYSIDXCOL AS k ON k.table_id = i.table_id AND k.index_id = i.index_id
  JOIN SYS.SYSTABCOL AS c ON c.table_id = k.table_id AND c.column_id = k.column_id
WHERE i.index_category = 1 AND u.user_name NOT IN ('SYS', 'dbo', 'rs_systabgroup', 'SA_DEBUG')
UNION ALL
SELECT u.user_name, t.table_name, 'F', i.index_name, c.column_name, ou.user_name, o.table_name, oc.column_name,
  k.sequence
FROM SYS.SYSFKEY AS f
  JOIN SYS.SYSIDX AS i ON i.table_id = f.foreign_table_id AND i.index_id = f.foreign_index_id
  JOIN SYS.SYSTAB AS t ON t.table_id = f.foreign_table_id
  JOIN SYS.SYSUSER AS u ON u.user_id = t.creator
  JOIN SYS.SYSIDXCOL AS k ON k.table_id = i.table_id AND k.index_id = i.index_id
  JOIN SYS.SYSTABCOL AS c ON c.table_id = k.table_id AND c.column_id = k.column_id
  JOIN SYS.SYSTAB AS o ON o.table_id = f.primary_table_id
  JOIN SYS.SYSUSER AS ou ON ou.user_id = o.creator
  JOIN SYS.SYSTABCOL AS oc ON oc.table_id = f.primary_table_id AND oc.column_id = k.primary_column_id
WHERE u.user_name NOT IN ('SYS', 'dbo', 'rs_systabgroup', 'SA_DEBUG')
ORDER BY 1, 2, 3, 4, 9";
