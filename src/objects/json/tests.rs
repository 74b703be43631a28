use serde::de::IgnoredAny;

use super::*;

/// Values that JSON's grammar has, and texts that it does not have.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "12",
    "-1.50",
    "1e9",
    "1E+9",
    "2.5e-3",
    r#""""#,
    r#""a""#,
    r#""eight by""#,
    r#""nine byte""#,
    r#""a\"b\\c\/\b\f\n\r\t""#,
    r#""\u00e9\ud83d\ude00""#,
    r#""é😀""#,
    "[]",
    "{}",
    "[1,[2,[]],{}]",
    r#"{"a":{"b":[{"c":null}]},"a":1}"#,
    " [ 1 , { \"a\" :\t2 } ]\r\n",
];
const BROKEN: &[&str] = &[
    "",
    " ",
    "nul",
    "nulll",
    "True",
    "01",
    "-",
    "+1",
    "1.",
    ".5",
    "1e",
    "1e+",
    "0x1",
    "NaN",
    "\"",
    r#""\""#,
    r#""\x""#,
    r#""\u12g4""#,
    r#""\u123"#,
    "\"\u{1}\"",
    "\"\n\"",
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1}",
    "{",
    "{1:2}",
    r#"{"a"}"#,
    r#"{"a":}"#,
    r#"{"a":1,}"#,
    r#"{"a":1]"#,
    r#"{"a" 1}"#,
    r#"{,"a":1}"#,
    "{}}",
    "[] []",
    "'a'",
    "/**/1",
    "\u{feff}1",
];

#[test]
fn what_is_skipped_is_held_to_the_grammar() {
    for text in VALUES {
        assert_eq!(check(text), Ok(()), "{text}");
        assert!(serde_json::from_str::<IgnoredAny>(text).is_ok(), "{text}");
    }
    for text in BROKEN {
        assert!(check(text).is_err(), "{text}");
        assert!(serde_json::from_str::<IgnoredAny>(text).is_err(), "{text}");
    }
}

#[test]
fn every_text_near_a_value_is_skipped_as_serde_json_reads_it() {
    let bytes = b"\"\\{}[]:,019-+.eEunt \n\x00\x1fa";
    let mut accepted = 0;
    for text in VALUES {
        for at in 0..text.len() {
            for byte in bytes {
                let mut near = text.as_bytes().to_vec();
                near[at] = *byte;
                let Ok(near) = String::from_utf8(near) else { continue };
                let expect = serde_json::from_str::<IgnoredAny>(&near).is_ok();
                assert_eq!(check(&near).is_ok(), expect, "{near}");
                accepted += usize::from(expect);
            }
        }
    }
    assert!(accepted > 500, "{accepted}");
}

#[test]
fn a_string_is_what_serde_json_reads() {
    for text in VALUES.iter().filter(|text| text.starts_with('"')) {
        let expect: String = serde_json::from_str(text).unwrap();
        assert_eq!(Reader::new(text).string().unwrap(), expect, "{text}");
    }
}

#[test]
fn a_string_without_an_escape_is_not_copied() {
    let check = |text: &str, borrowed: bool| {
        let read = Reader::new(text).string().unwrap();
        assert_eq!(matches!(read, Cow::Borrowed(_)), borrowed, "{text}");
    };
    check(r#""plain é""#, true);
    check(r#""\u0041""#, false);
}

/// As `encoding/json`'s `unquote`.
#[test]
fn half_of_a_surrogate_pair_is_a_replacement_character() {
    let check = |text: &str, expect: &str| {
        assert_eq!(Reader::new(text).string().unwrap(), expect, "{text}");
    };
    check(r#""a\ud83db""#, "a\u{fffd}b");
    check(r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}");
    check(r#""\ud83d\u0041""#, "\u{fffd}A");
    check(r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀");
    check(r#""\ud83d\n""#, "\u{fffd}\n");
}

#[test]
fn a_string_ends_at_its_quote_wherever_that_stands() {
    for before in 0..20 {
        for special in ["\\\\", "\\u00e9", "é"] {
            let inner = format!("{}{special}{}", "x".repeat(before), "y".repeat(20 - before));
            let text = format!("[\"{inner}\",1]");
            let mut reader = Reader::new(&text);
            let mut read = Vec::new();
            reader
                .items(|reader, _| {
                    read.push(reader.raw()?.to_owned());
                    Ok(())
                })
                .unwrap();
            assert_eq!(read, [format!("\"{inner}\""), "1".to_owned()]);
        }
    }
}

#[test]
fn what_is_nested_too_deep_is_refused_whether_it_is_read_or_skipped() {
    let check = |text: &str, levels: usize, expect: bool| {
        assert_eq!(Reader::within(text, levels).skip().is_ok(), expect, "{levels}: {text}");
        let mut reader = Reader::within(text, levels);
        let read = reader.members(|reader, _| reader.items(|reader, _| reader.skip()));
        assert_eq!(read.is_ok(), expect, "{levels}: {text}");
    };
    let text = r#"{"a":[1,{"b":[2]},[]],"c":[[]],"d":[]}"#;
    check(text, 3, false);
    check(text, 4, true);
    // Siblings do not add up.
    check(r#"{"a":[{},{},[],[]],"b":[{},{}]}"#, 3, true);
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert!(Reader::within(&deep(DEEPEST), usize::MAX).skip().is_ok());
    let error = Reader::within(&deep(1_000_000), usize::MAX).skip().unwrap_err();
    let error = error.located("").without_place().to_string();
    assert_eq!(error, "lists and objects are nested too deep");
}

#[test]
fn an_error_says_what_and_where() {
    let check = |text: &str, expect: &str| {
        assert_eq!(super::check(text).unwrap_err().to_string(), expect, "{text}");
    };
    check("", "the text ends where a value is expected at line 1 column 1");
    check("[1,\n 2;3]", "found ';', expected `,` or `]` at line 2 column 3");
    check("{\"a\":\"b", "the text ends in a string at line 1 column 8");
    check("{\"a\":\"\\x\"}", "an escape that JSON does not know at line 1 column 7");
    check("\"\t\"", "a control character in a string at line 1 column 2");
    check("1 1", "something follows the end at line 1 column 3");
    check("[tru]", "found 't', expected true at line 1 column 2");
}

#[test]
fn a_mistaken_value_is_shown_only_if_it_is_short() {
    let check = |text: &str, expect: &str| {
        let error = Reader::new(text).mistaken("a boolean").located(text);
        assert_eq!(
            error.without_place().to_string(),
            format!("found {expect}, expected a boolean")
        );
    };
    check("null", "null");
    check("1.5", "the number 1.5");
    check(r#""s""#, r#"the string "s""#);
    check(r#"{"a":"secret"}"#, "an object");
    check("[1]", "a list");
    check(&format!("\"{}\"", "s".repeat(100)), "a string of 102 bytes");
    check(&"1".repeat(100), "a number of 100 bytes");
}

#[test]
fn a_changed_string_is_told_where_the_texts_part() {
    let check = |one: &str, other: &str, expect: bool| {
        assert_eq!(differ_in_a_string(one, other), expect, "{one} {other}");
        assert_eq!(differ_in_a_string(other, one), expect, "{other} {one}");
    };
    check(r#"{"a":"x:1","b":2}"#, r#"{"a":"x:2","b":2}"#, true);
    check(r#"{"a":"x"}"#, r#"{"a":"xy"}"#, true);
    check(r#"{"a":""}"#, r#"{"a":"y"}"#, true);
    check(r#"{"a\"":"x"}"#, r#"{"a\"":"y"}"#, true);
    // The same, nothing, a key, an item, a number, and what only looks like a string behind a colon.
    check(r#"{"a":"x"}"#, r#"{"a":"x"}"#, false);
    check("", r#"{"a":"x"}"#, false);
    check(r#"{"a":1}"#, r#"{"b":1}"#, false);
    check(r#"["a"]"#, r#"["b"]"#, false);
    check(r#"{"a":1}"#, r#"{"a":2}"#, false);
    check(r#"{"a:":null}"#, r#"{"a:":{}}"#, false);
    check(r#"{"a":"x"}"#, r#"{"a":null}"#, false);
    // Escapes may mean the same.
    check(r#"{"a":"xA"}"#, r#"{"a":"x\u0041"}"#, false);
}
