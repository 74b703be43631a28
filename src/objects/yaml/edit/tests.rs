//! Texts before and after edits.

use super::*;

/// `set POINTER VALUE`, `remove POINTER`
fn change(text: &str) -> Change {
    let mut words = text.split(' ');
    let (verb, pointer) = (words.next().unwrap(), words.next().unwrap().to_owned());
    let value = match words.next() {
        None => return Change::Remove(pointer),
        Some("true") => EditValue::Bool(true),
        Some("false") => EditValue::Bool(false),
        Some("{}") => EditValue::EmptyObject,
        Some(list) if list.starts_with('[') => {
            let inner = list.trim_matches(['[', ']']);
            EditValue::List(inner.split(',').map(|word| word.to_owned().into()).collect())
        }
        Some(word) => match word.parse() {
            Ok(number) => EditValue::Number(number),
            Err(_) => EditValue::Text(word.to_owned().into()),
        },
    };
    assert_eq!(verb, "set");
    Change::Set(pointer, value)
}

fn made(text: &str, edits: &[&str]) -> Result<String, Unedited> {
    let mut at = Working::new(text)?;
    for edit in edits {
        at.make(&change(edit))?;
    }
    Ok(at.text)
}

#[track_caller]
fn check(text: &str, edits: &[&str], expect: &str) {
    assert_eq!(made(text, edits).as_deref(), Ok(expect));
}

#[track_caller]
fn refuses(text: &str, edit: &str, expect: &str) {
    let refused = made(text, &[edit]).unwrap_err();
    assert_eq!(refused.why, expect);
}

#[test]
fn values_change_in_place() {
    check("a: true # why\n", &["set /a false"], "a: false # why\n");
    check("a:   on\nb: 1\n", &["set /a false"], "a:   false\nb: 1\n");
    check("a: \"Unconfined\"\n", &["set /a RuntimeDefault"], "a: \"RuntimeDefault\"\n");
    check("a: 'Unconfined' # x\n", &["set /a RuntimeDefault"], "a: 'RuntimeDefault' # x\n");
    check("a: 0\n", &["set /a 1000"], "a: 1000\n");
    check("a: null # x\n", &["set /a true"], "a: true # x\n");
    check("a: # x\nb: 1\n", &["set /a true"], "a: true # x\nb: 1\n");
    check("a:\nb: 1", &["set /a true"], "a: true\nb: 1");
    check("- a: x\n  b: ~\n", &["set /0/b 1000"], "- a: x\n  b: 1000\n");
    check("{a: true, b: x}", &["set /a false"], "{a: false, b: x}");
    check(r#"{"a": "x" }"#, &["set /a y"], r#"{"a": "y" }"#);
    check("a: x\r\nb: y\r\n", &["set /a z"], "a: z\r\nb: y\r\n");
    check("a: x\n", &["set /a yes"], "a: \"yes\"\n");
}

#[test]
fn keys_are_added() {
    check(
        "a:\n  b: 1 # x\n# end\nc: 2\n",
        &["set /a/d true"],
        "a:\n  b: 1 # x\n  d: true\n# end\nc: 2\n",
    );
    check("a:\n  b: 1", &["set /a/d true"], "a:\n  b: 1\n  d: true");
    check(
        "c:\n- name: x\n  p:\n  - 1\n\n- name: y\n",
        &["set /c/0/s/c/drop [ALL]", "set /c/1/s/e false", "set /c/0/s/e false"],
        "c:\n- name: x\n  p:\n  - 1\n  s:\n    c:\n      drop: [ALL]\n    e: false\n\n- name: y\n  s:\n    e: false\n",
    );
    check("a: |\n  text\n  more\n", &["set /b true"], "a: |\n  text\n  more\nb: true\n");
    check("a: |+\n  text\n\n", &["set /b true"], "b: true\na: |+\n  text\n\n");
    check("a:\n  {}\n", &["set /a/b/c 1"], "a:\n  {b: {c: 1}}\n");
    check("a: {}\n", &["set /a/b/c 1"], "a: {b: {c: 1}}\n");
    check("a: {x: 1}\n", &["set /a/b/c 1"], "a: {x: 1, b: {c: 1}}\n");
    check("a: {x: 1,}\n", &["set /a/b 2"], "a: {x: 1, b: 2}\n");
    check("a: # x\nb: 1\n", &["set /a/c/d 1"], "a: # x\n  c:\n    d: 1\nb: 1\n");
    check("a: null # x\n", &["set /a/c/d 1"], "a: {c: {d: 1}} # x\n");
    check("- a:\n  b: 1\n", &["set /0/a/c x"], "- a:\n    c: x\n  b: 1\n");
    check("a: {b: , c: 1}\n", &["set /a/b/d 1"], "a: {b: {d: 1} , c: 1}\n");
    check(r#"{"a":{"b":1}}"#, &["set /a/c x"], r#"{"a":{"b":1,"c":"x"}}"#);
    check(r#"{"a": {"b": 1}}"#, &["set /a/c/d [x]"], r#"{"a": {"b": 1, "c": {"d": ["x"]}}}"#);
    check(
        "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n",
        &["set /a/c x"],
        "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": \"x\"\n  }\n}\n",
    );
    check(
        "a: 1\r\nb:\r\n  c: 1\r\n",
        &["set /b/d/e 1"],
        "a: 1\r\nb:\r\n  c: 1\r\n  d:\r\n    e: 1\r\n",
    );
    check("a:\n    b: é # ü\n", &["set /a/c 1"], "a:\n    b: é # ü\n    c: 1\n");
    refuses("a: 1\n", "set /a/b 1", "nothing stands where it belongs");
    refuses("a: [1]\n", "set /a/3/b 1", "nothing stands where it belongs");
    refuses("a: &a {x: 1}\nb: *a\n", "set /b/y 1", places::ALIAS);
    refuses(
        "a: &a {x: 1}\nb: *a\n",
        "set /a/y 1",
        "its place is not written plainly enough to edit",
    );
    refuses("a: &a {x: 1}\nb: {<<: *a}\n", "set /b/x 2", places::ALIAS);
}

#[test]
fn lists_change_item_by_item() {
    check("a: [X]\n", &["set /a [X,ALL]"], "a: [X, ALL]\n");
    check("a: [X] # why\n", &["set /a [ALL]"], "a: [ALL] # why\n");
    check("a: []\n", &["set /a [ALL]"], "a: [ALL]\n");
    check("a: [\"X\"]\n", &["set /a [X,ALL]"], "a: [\"X\", \"ALL\"]\n");
    check("a:\n- X # x\n# c\nb: 1\n", &["set /a [X,ALL]"], "a:\n- X # x\n- ALL\n# c\nb: 1\n");
    check("a:\n  - X\n  # c\n  - Q # y\n  - Z\n", &["set /a [X,Z]"], "a:\n  - X\n  # c\n  - Z\n");
    check("a:\n- null\n", &["set /a [ALL]"], "a: [ALL]\n");
    check("a:\n- X\n- Z\n", &["set /a [Z]"], "a:\n- Z\n");
    check("a: [X, Q, Z]\n", &["set /a [Q]"], "a: [Q]\n");
    check("a: null\n", &["set /a [ALL]"], "a: [ALL]\n");
}

#[test]
fn keys_and_items_are_taken_away() {
    check("a: 1\nb: 2 # x\nc: 3\n", &["remove /b"], "a: 1\nc: 3\n");
    check("a: 1\nb: 2", &["remove /b"], "a: 1\n");
    check("a:\n  b: 2 # x\nc: 3\n", &["remove /a/b"], "a: {}\nc: 3\n");
    check("a: # x\n  # y\n  b: 2\nc: 3\n", &["remove /a/b"], "a: {} # x\n  # y\nc: 3\n");
    check("a:\n  b:\n    # kept\n    c: 1\n  d: 1\n", &["remove /a/b"], "a:\n    # kept\n  d: 1\n");
    check("- a: 1\n  b: 2\n", &["remove /0/a"], "- b: 2\n");
    check("- a: 1\n\n  # x\n  b: 2\n", &["remove /0/a"], "-\n\n  # x\n  b: 2\n");
    check("- a: 1\n  b: 2\n", &["remove /0/b"], "- a: 1\n");
    check("- a: 1\n- c: 1\n", &["remove /0/a"], "- {}\n- c: 1\n");
    check("a:\n- 1\n- x: 1\n  y: 1\n- 3\n", &["remove /a/1"], "a:\n- 1\n- 3\n");
    check("a:\n- # c\n  x: 1\n- 3\n", &["remove /a/0"], "a:\n- 3\n");
    check("a:\n  - 1\nb: 1\n", &["remove /a/0"], "a: []\nb: 1\n");
    check("a: {b: 1, c: 2}\n", &["remove /a/b"], "a: {c: 2}\n");
    check("a: {b: 1, c: 2}\n", &["remove /a/c"], "a: {b: 1}\n");
    check("a: {b: 1}\n", &["remove /a/b"], "a: {}\n");
    check("a: [1, 2, 3]\n", &["remove /a/1"], "a: [1, 3]\n");
    check("{\n  \"a\": 1,\n  \"b\": 2\n}\n", &["remove /b"], "{\n  \"a\": 1\n}\n");
    check("{\n  \"a\": 1,\n  \"b\": 2\n}\n", &["remove /a"], "{\n  \"b\": 2\n}\n");
    check("a: 1\n", &["remove /b/c"], "a: 1\n");
    check("a: |\n  x\n  y\n\nb: 1\n", &["remove /a"], "\nb: 1\n");
    refuses("a: {b: 1, # x\n  c: 2}\n", "remove /a/b", "a comment stands beside it");
}

#[test]
fn of_several_documents_one_is_edited() {
    let text = "# first\na: 1\n---\n# second\na: 1\n---\na: 1\n";
    let found = documents(text);
    let path = crate::domain::FieldPath::fields(&["a"]);
    let edit = Edit::Set(path, EditValue::Number(2));
    let second = found[1].as_ref().unwrap();
    let edited = edited(text, second, &[("", vec![&edit])]).unwrap();
    assert_eq!(
        (edited.text.as_str(), edited.value.to_string()),
        ("# second\na: 2\n", r#"{"a":2}"#.to_owned())
    );
}
