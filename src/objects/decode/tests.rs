use std::borrow::Cow;
use std::collections::BTreeMap;

use super::*;

object! {
    /// One field of each sort.
    pub struct Sample<'de> {
        flag: bool = "flag",
        maybe: Option<bool> = "maybe",
        number: i64 = "number",
        small: i32 = "small",
        text: Cow<'de, str> = "text",
        inner: Option<Inner<'de>> = "inner",
        plain: Inner<'de> = "plain",
        list: Vec<Inner<'de>> = "list",
        map: BTreeMap<Cow<'de, str>, Cow<'de, str>> = "map",
        present: Present = "present",
    }
}

object! {
    /// What a pointer points to.
    pub struct Inner<'de> {
        a: Cow<'de, str> = "a",
        b: Option<i64> = "b",
    }
}

fn inner(a: &'static str, b: Option<i64>) -> Inner<'static> {
    Inner { a: a.into(), b }
}

#[track_caller]
fn check(text: &str, expect: Sample<'_>) {
    assert_eq!(from_json::<Sample<'_>>(text), Ok(expect), "{text}");
}

#[test]
fn null_empties_pointers_lists_and_maps_and_leaves_plain_fields() {
    check(
        r#"{"flag":true,"flag":null,"number":3,"number":null,"text":"t","text":null,"plain":{"a":"x"},"plain":null}"#,
        Sample {
            flag: true,
            number: 3,
            text: "t".into(),
            plain: inner("x", None),
            ..Sample::default()
        },
    );
    check(
        r#"{"maybe":true,"maybe":null,"inner":{"a":"x"},"inner":null,"list":[{"a":"x"}],"list":null,"map":{"k":"v"},"map":null,"present":{},"present":null}"#,
        Sample::default(),
    );
    check("null", Sample::default());
}

#[test]
fn a_key_that_comes_twice_merges() {
    check(
        r#"{"inner":{"a":"x","b":1},"inner":{"b":2}}"#,
        Sample { inner: Some(inner("x", Some(2))), ..Sample::default() },
    );
    check(
        r#"{"list":[{"a":"x","b":1}],"list":[{"a":"z"},{"a":"y"}]}"#,
        Sample { list: vec![inner("z", Some(1)), inner("y", None)], ..Sample::default() },
    );
    check(
        r#"{"list":[{"a":"x"},{"a":"y"}],"list":[],"list":[{},{}]}"#,
        Sample { list: vec![inner("", None), inner("", None)], ..Sample::default() },
    );
    check(
        r#"{"map":{"k":"1","l":"2"},"map":{"k":null}}"#,
        Sample {
            map: BTreeMap::from([("k".into(), "".into()), ("l".into(), "2".into())]),
            ..Sample::default()
        },
    );
}

/// To Go the third list's second item is `y`, if the first list left room for it.
#[test]
fn a_list_that_hides_items_is_refused() {
    let text = r#"{"list":[{"a":"x"},{"a":"y"}],"list":[{}],"list":[{},{}]}"#;
    let error = from_json::<Sample<'_>>(text).unwrap_err().to_string();
    let expect = "list: a list comes twice, the second one is shorter at line 1 column 42";
    assert_eq!(error, expect);
}

#[test]
fn keys_are_case_sensitive_and_unknown_ones_are_skipped() {
    check(r#"{"Flag":true,"FLAG":true,"other":{"deep":[1,{"x":null}]}}"#, Sample::default());
}

#[test]
fn presence_is_an_object_nothing_or_something_else() {
    for (text, present) in [
        ("{}", Present::Object),
        (r#"{"a":[{}]}"#, Present::Object),
        ("null", Present::Absent),
        ("[1]", Present::Other),
        ("1.5", Present::Other),
        (r#""x""#, Present::Other),
        ("true", Present::Other),
    ] {
        check(&format!(r#"{{"present":{text}}}"#), Sample { present, ..Sample::default() });
    }
}

#[test]
fn null_items_are_empty_ones() {
    check(
        r#"{"list":[null,{"a":"x"}]}"#,
        Sample { list: vec![inner("", None), inner("x", None)], ..Sample::default() },
    );
}

#[test]
fn strings_are_unescaped() {
    check(r#"{"text":"a\u0041\n"}"#, Sample { text: "aA\n".into(), ..Sample::default() });
    check(r#"{"te\u0078t":"b"}"#, Sample { text: "b".into(), ..Sample::default() });
}

#[test]
fn a_number_must_be_an_integer_of_its_size() {
    check(r#"{"number":-0}"#, Sample::default());
    check(
        r#"{"number":9223372036854775807,"small":-2147483648}"#,
        Sample { number: i64::MAX, small: i32::MIN, ..Sample::default() },
    );
    for wrong in [
        r#"{"number":1.0}"#,
        r#"{"number":1e3}"#,
        r#"{"number":9223372036854775808}"#,
        r#"{"small":2147483648}"#,
        r#"{"number":"1"}"#,
        r#"{"flag":"true"}"#,
        r#"{"flag":1}"#,
        r#"{"text":1}"#,
        r#"{"list":{}}"#,
        r#"{"map":[]}"#,
        r#"{"inner":[]}"#,
        r#"[]"#,
        r#"{} {}"#,
        r#"{"#,
    ] {
        assert!(from_json::<Sample<'_>>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_error_names_its_place() {
    let error = from_json::<Sample<'_>>(r#"{"list":[{"a":"x"},{"b":"y"}]}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "list[1].b: found the string \"y\", expected a 64-bit integer at line 1 column 25"
    );
}

#[test]
fn what_was_read_before_an_error_stays() {
    let mut sample = Sample::default();
    assert!(into(&mut sample, r#"{"text":"kept","number":"#, DEEPEST).is_err());
    assert_eq!(sample.text, "kept");
}
