use proptest::prelude::*;
use serde_json::json;

use super::*;

mod scalars;
mod upstream;

/// The documents up to and with the first error, which reads `null`.
fn read(text: &str) -> Value {
    let documents = documents(text);
    let failed = documents.iter().position(Result::is_err).map_or(documents.len(), |at| at + 1);
    let values = documents.iter().take(failed);
    values.map(|found| found.as_ref().map_or(Value::Null, Document::to_value)).collect()
}

#[test]
fn scalars_mean_what_they_mean_to_kubectl() {
    for (text, expect) in scalars::SCALARS {
        let expect = expect.map_or(
            json!([null]),
            |value| json!([{"a": serde_json::from_str::<Value>(value).unwrap()}]),
        );
        assert_eq!(read(&format!("a: {text}\n")), expect, "{text}");
    }
}

#[test]
fn keys_are_what_they_are_to_kubectl() {
    for (text, expect) in upstream::KEYS {
        let expect = expect.map_or(json!([null]), |key| json!([{key: "v"}]));
        assert_eq!(read(&format!("{text}: v\n")), expect, "{text}");
    }
}

#[test]
fn documents_are_what_they_are_to_kubectl() {
    for (text, expect) in upstream::DOCUMENTS {
        assert_eq!(read(text), serde_json::from_str::<Value>(expect).unwrap(), "{text}");
    }
}

#[test]
fn an_error_hides_no_other_document() {
    let lines = |text: &str| -> Vec<Result<usize, (usize, usize, String)>> {
        let line = |document: Document| document.line;
        let place = |e: YamlError| (e.span.line, e.span.column, e.message);
        documents(text).into_iter().map(|found| found.map(line).map_err(place)).collect()
    };
    let failed = |line, column, message: &str| Err((line, column, message.to_owned()));
    assert_eq!(
        lines(
            "a: 1\n---\n# nothing\n---\n\nb: [\n---\nc: 3\n--- d\ne: *f\n---\ng: !!int h\n---\n\ti: 1"
        ),
        [
            Ok(1),
            failed(6, 4, "the bracket that opens here has no end"),
            // With it kubectl loses what stands before it.
            failed(9, 4, "only a comment may follow `---` on its line"),
            failed(10, 4, "this alias names no anchor"),
            failed(12, 4, "cannot decode !!str `h` as a !!int"),
            failed(14, 1, "found a character that cannot start any token"),
        ]
    );
    assert_eq!(lines("\n{\"a\": 1}\n\n{\"b\": 2}"), [Ok(2), Ok(4)]);
    assert_eq!(lines("{\"a\": 1}\n---\n{\"b\": 2}\n"), [Ok(1), Ok(3)]);
    let [Err((3, 7, _))] = lines("{\"a\": 1,\n\n\"b\": [}")[..] else { panic!() };
}

#[test]
fn what_would_read_differently_elsewhere_is_refused() {
    let check = |text: &str, expect: &str| {
        let error = documents(text).remove(0).unwrap_err();
        assert_eq!(error.message, expect, "{text}");
    };
    let message = "the character U+FEFF must be written as an escape in double quotes";
    check("a: 1 # \u{feff}\n", message);
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for n in 1..30 {
        bomb += &format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1);
    }
    check(&bomb, "document contains excessive aliasing");
    check("a: &x [*x]\n", "this alias stands inside of what it names");
    check("1: a\n\"1\": b\n", "this key is written in two ways in its map");
    check("a: {1.0000000000000002: b, 1: c}\n", "this key is written in two ways in its map");
    check("a: &x {<<: *x}\n", "this alias stands inside of what it names");
    check(&format!("a: {}\n", "[".repeat(300)), "values are nested too deeply");
    let json = format!("{{\"a\": {}", "[".repeat(300));
    check(&json, "values are nested too deeply; read as YAML: values are nested too deeply");
    let text = "x".repeat(70_000);
    check(&format!("a: &a {text}\nb: [{}]\n", "*a,".repeat(300)), "aliases repeat too much text");
}

#[test]
fn every_value_has_its_place() {
    let text = "é: x\nspec:\n  list: [a, {b/c: 1}]\n  text: |\n    two\n    lines\n  on: 'q'\n";
    let document = documents(text).remove(0).unwrap();
    let check = |pointer: &str, line: usize, column: usize, slice: &str| {
        let span = document.span_of(pointer).unwrap();
        assert_eq!(
            (span.line, span.column, text.get(span.bytes).unwrap()),
            (line, column, slice),
            "{pointer}"
        );
    };
    check("/é", 1, 4, "x");
    check("/spec/list", 3, 9, "[a, {b/c: 1}]");
    check("/spec/list/0", 3, 10, "a");
    check("/spec/list/1/b~1c", 3, 19, "1");
    check("/spec/true", 7, 7, "'q'");
    let key = document.key_span_of("/spec/true").unwrap();
    assert_eq!((key.line, key.column, text.get(key.bytes).unwrap()), (7, 3, "on"));
    assert_eq!(document.span_of("/spec/list/2"), None);
    assert_eq!(document.span_of("spec"), None);
}

#[test]
fn json_has_places_too() {
    let text = "{\"a\": {\"ü\": [1,\n  \"x\\u0041\"]}}";
    let document = documents(text).remove(0).unwrap();
    let span = document.span_of("/a/ü/1").unwrap();
    assert_eq!((span.line, span.column, text.get(span.bytes).unwrap()), (2, 3, "\"x\\u0041\""));
    assert_eq!(document.to_json(), r#"{"a":{"ü":[1,"xA"]}}"#);
}

#[test]
fn what_is_written_twice_is_told() {
    for text in ["a: 1\nb: 2\na: 3\n", "{\"a\": 1,\n\"b\": 2,\n\"a\": 3}"] {
        let document = documents(text).remove(0).unwrap();
        let [twice] = &document.duplicates[..] else { panic!("{text}") };
        assert_eq!((twice.key.as_str(), twice.first.line, twice.second.line), ("a", 1, 3));
    }
    let merged = "a: &x {b: 1}\nc:\n  <<: *x\n  b: 2\n";
    assert_eq!(documents(merged).remove(0).unwrap().duplicates, []);
}

/// None of these takes more time than it is long; one that did would not come to its end.
#[test]
fn hostile_texts_are_done_with() {
    const MANY: usize = 50_000;
    let check = |text: &str, expect: Result<(), &str>| {
        let found = documents(text).remove(0);
        assert_eq!(found.map(|_| ()).map_err(|error| error.message), expect.map_err(str::to_owned));
    };
    check(&format!("{{\"a\": [{}0]}}", "\"é\",".repeat(MANY)), Ok(()));
    check(&format!("a: [{}0]\n", "{é: b}, ".repeat(MANY)), Ok(()));
    check(&"- &a {b: c}\n- *a\n".repeat(MANY / 10), Ok(()));
    check(&"a: b\n".repeat(MANY), Ok(()));
    check(&format!("a: \"{}\"\n", "\\x41 \n\n".repeat(MANY)), Ok(()));
    check(&format!("a: |\n{}", " \n  é\n".repeat(MANY)), Ok(()));
    check(&"[".repeat(MANY), Err("values are nested too deeply"));
    check(&"- ".repeat(MANY), Err("values are nested too deeply"));
    check(&"? ".repeat(MANY), Err("values are nested too deeply"));
    check(&"[{a".repeat(MANY), Err("did not find the `,` or the end of these brackets"));
    check(&format!("a: {}", "&a ".repeat(MANY)), Err("did not find a map's next key"));
    check(&format!("a: &a {{b: c}}\nd:\n{}", "  <<: [*a, *a]\n".repeat(MANY / 10)), Ok(()));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(\\PC|[ \n\t\r\\-:{}\\[\\]&*!|>'\"%#?,<0-9a-z]){0,80}") {
        for document in documents(&text).into_iter().flatten() {
            prop_assert!(text.get(document.root.span.bytes.clone()).is_some());
            prop_assert!(!document.to_json().is_empty());
        }
    }

    #[test]
    fn json_comes_out_as_it_went_in(value in any_json()) {
        let wrapped = json!({ "value": value });
        prop_assert_eq!(read(&wrapped.to_string()), json!([wrapped]));
    }
}
