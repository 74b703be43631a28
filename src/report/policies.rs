//! What is in force for a tenant, and which documents there are, for people.

use serde_json::Value;

use crate::domain::sanitise;

/// A field, its value and who says so.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The field.
    pub field: &'a str,
    /// Its value.
    pub value: &'a Value,
    /// Who says so.
    pub from: &'a str,
}

/// How wide the values' column grows; a longer value pushes what follows it to the right.
const WIDEST: usize = 44;

/// The fields as a table.
#[must_use]
pub fn table(rows: &[Row<'_>]) -> String {
    let values: Vec<String> = rows.iter().map(|row| value(row.value)).collect();
    let width = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or(0);
    let first = width(&mut rows.iter().map(|row| row.field.chars().count())).max(5);
    let lengths = values.iter().map(|value| value.chars().count());
    let second = width(&mut lengths.filter(|length| *length <= WIDEST)).max(5);
    let mut text = format!("{:first$}  {:second$}  FROM\n", "FIELD", "VALUE");
    for (row, value) in rows.iter().zip(&values) {
        let field = sanitise(row.field, 120);
        let from = sanitise(row.from, 4096);
        text.push_str(&format!("{field:first$}  {value:second$}  {from}\n"));
    }
    text
}

/// A value as YAML would write it in one line; `-` where there is none.
#[must_use]
pub fn value(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => sanitise(text, 512).into_owned(),
        Value::Array(items) => format!("[{}]", list(items.iter().map(self::value).collect())),
        Value::Object(map) => {
            let entry = |(key, value): (&String, &Value)| {
                format!("{}: {}", sanitise(key, 320), self::value(value))
            };
            format!("{{{}}}", list(map.iter().map(entry).collect()))
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_stands_in_one_line() {
        let check = |given: Value, expect: &str| assert_eq!(value(&given), expect);
        check(json!(null), "-");
        check(json!(true), "true");
        check(json!([]), "[]");
        check(
            json!([{"kind": "Group", "name": "a\nb"}, 7]),
            "[{kind: Group, name: a\u{fffd}b}, 7]",
        );
    }

    #[test]
    fn a_long_value_widens_no_column() {
        let long = json!("x".repeat(WIDEST + 1));
        let rows = [
            Row { field: "a", value: &json!(1), from: "default" },
            Row { field: "longer", value: &long, from: "default" },
        ];
        let expect = format!(
            "FIELD   VALUE  FROM\na       1      default\nlonger  {}  default\n",
            "x".repeat(WIDEST + 1)
        );
        assert_eq!(table(&rows), expect);
    }
}
