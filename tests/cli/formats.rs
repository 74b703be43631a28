//! SARIF and JUnit.

use serde_json::{Map, Value};

use super::program::{run, run_with_input};

fn sarif(args: &[&str]) -> Value {
    let run = run(&[&["review", "-o", "sarif"], args].concat());
    serde_json::from_str(&run.stdout).unwrap()
}

/// The keys of an object are these, and no others: `!` marks those that must be there.
#[track_caller]
fn holds<'a>(value: &'a Value, keys: &[&str]) -> &'a Map<String, Value> {
    let object = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    for key in object.keys() {
        assert!(keys.iter().any(|it| it.trim_end_matches('!') == key), "{key} of {value}");
    }
    for needed in keys.iter().filter_map(|key| key.strip_suffix('!')) {
        assert!(object.contains_key(needed), "{needed} is missing of {value}");
    }
    object
}

fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// What the schema asks of a URI reference, and code hosts of a path.
fn artifact(value: &Value) {
    let place = holds(value, &["uri!", "uriBaseId"]);
    let uri = text(&place["uri"]);
    assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte)));
    assert_eq!(uri.starts_with("file:///"), !place.contains_key("uriBaseId"), "{uri}");
}

fn region(value: &Value) {
    let region = holds(value, &["startLine!", "startColumn", "endLine", "endColumn", "snippet"]);
    let number =
        |key: &str| region.get(key).map(|value| value.as_u64().filter(|it| *it > 0).unwrap());
    let line = number("startLine").unwrap();
    let end = number("endLine").unwrap_or(line);
    assert!(end > line || end == line && number("endColumn") >= number("startColumn"), "{value}");
}

/// What sarif-schema-2.1.0.json requires of the parts that we write.
fn check(log: &Value) {
    holds(log, &["$schema!", "version!", "runs!"]);
    assert_eq!(log["version"], "2.1.0");
    let run = &items(&log["runs"])[0];
    holds(run, &["tool!", "columnKind!", "invocations!", "results!"]);
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let driver = &run["tool"]["driver"];
    holds(driver, &["name!", "semanticVersion!", "rules!"]);
    let rules = items(&driver["rules"]);
    let rule_keys = [
        "id!",
        "name!",
        "shortDescription!",
        "fullDescription!",
        "help!",
        "defaultConfiguration!",
        "properties!",
    ];
    let levels = ["none", "note", "warning", "error"];
    for rule in rules {
        holds(rule, &rule_keys);
        for message in ["shortDescription", "fullDescription", "help"] {
            assert!(!text(&holds(&rule[message], &["text!", "markdown"])["text"]).is_empty());
        }
        assert!(levels.contains(&text(&rule["defaultConfiguration"]["level"])));
        let score: f64 = text(&rule["properties"]["security-severity"]).parse().unwrap();
        assert!(score > 0.0 && score <= 10.0);
    }
    let ids: std::collections::BTreeSet<&str> =
        rules.iter().map(|rule| text(&rule["id"])).collect();
    assert_eq!(ids.len(), rules.len());
    for result in items(&run["results"]) {
        check_result(result, rules);
    }
    for invocation in items(&run["invocations"]) {
        holds(invocation, &["executionSuccessful!", "toolExecutionNotifications!"]);
        for told in items(&invocation["toolExecutionNotifications"]) {
            holds(told, &["level!", "message!", "locations!"]);
            artifact(&items(&told["locations"])[0]["physicalLocation"]["artifactLocation"]);
        }
    }
}

fn check_result(result: &Value, rules: &[Value]) {
    let levels = ["none", "note", "warning", "error"];
    let keys = [
        "ruleId!",
        "ruleIndex!",
        "level!",
        "message!",
        "locations!",
        "partialFingerprints!",
        "fixes",
        "suppressions",
    ];
    holds(result, &keys);
    let index = result["ruleIndex"].as_u64().unwrap() as usize;
    assert_eq!(rules[index]["id"], result["ruleId"]);
    assert!(levels.contains(&text(&result["level"])));
    let place = &items(&result["locations"])[0];
    holds(place, &["physicalLocation!", "logicalLocations!"]);
    artifact(&place["physicalLocation"]["artifactLocation"]);
    region(&place["physicalLocation"]["region"]);
    for print in result["partialFingerprints"].as_object().unwrap().values() {
        assert!(!text(print).is_empty());
    }
    for fix in result.get("fixes").map(items).unwrap_or_default() {
        holds(fix, &["description!", "artifactChanges!"]);
        for change in items(&fix["artifactChanges"]) {
            artifact(&holds(change, &["artifactLocation!", "replacements!"])["artifactLocation"]);
            for replacement in items(&change["replacements"]) {
                holds(replacement, &["deletedRegion!", "insertedContent"]);
                region(&replacement["deletedRegion"]);
            }
        }
    }
}

#[test]
fn sarif_holds_to_its_schema() {
    let inputs: [&[&str]; 5] = [
        &["deploy", "fix.yaml", "list.json", "unowned.yaml"],
        &["broken.yaml", "missing file.yaml", "reviews.json"],
        &["--policies", "policies", "modes.yaml"],
        &["nothing.yaml", "deploy/good.yaml"],
        &["--pod-security", "restricted", "deploy"],
    ];
    let mut results = 0;
    for input in inputs {
        let log = sarif(input);
        check(&log);
        results += items(&log["runs"][0]["results"]).len();
    }
    assert!(results > 30, "{results}");
    let broken = sarif(&["broken.yaml"]);
    assert_eq!(broken["runs"][0]["invocations"][0]["executionSuccessful"], false);
}

#[test]
fn sarif_of_a_file() {
    let log = sarif(&["deploy/nested/job.yml"]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&log).unwrap());
}

/// Whoever makes each of the replacements has what the fix says.
#[test]
fn sarif_fixes_can_be_made() {
    let text = std::fs::read_to_string(super::program::files().join("fix.yaml")).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = |line: &Value, column: &Value| {
        let (line, column) = (line.as_u64().unwrap() as usize, column.as_u64().unwrap() as usize);
        let before: usize = lines[..line - 1].iter().map(|line| line.len()).sum();
        let inside = lines.get(line - 1).map_or("", |line| line);
        before + inside.chars().take(column - 1).map(char::len_utf8).sum::<usize>()
    };
    let log = sarif(&["fix.yaml"]);
    let mut made = 0;
    for result in items(&log["runs"][0]["results"]) {
        let Some(fixes) = result.get("fixes") else { continue };
        let replacement = &fixes[0]["artifactChanges"][0]["replacements"][0];
        let region = &replacement["deletedRegion"];
        let mut fixed = text.clone();
        let stretch = at(&region["startLine"], &region["startColumn"])
            ..at(&region["endLine"], &region["endColumn"]);
        fixed.replace_range(stretch, replacement["insertedContent"]["text"].as_str().unwrap());
        let run = run_with_input(&["review", "-o", "sarif", "-"], fixed);
        let left: Value = serde_json::from_str(&run.stdout).unwrap();
        let same = |it: &Value| {
            it["ruleId"] == result["ruleId"]
                && it["locations"][0]["logicalLocations"]
                    == result["locations"][0]["logicalLocations"]
        };
        assert!(!items(&left["runs"][0]["results"]).iter().any(same), "{result:#}");
        made += 1;
    }
    assert_eq!(made, items(&log["runs"][0]["results"]).len());
}

/// A finding is told again when lines have moved and when its neighbours in a list have.
#[test]
fn fingerprints_outlive_moves() {
    let prints = |text: &str| -> Vec<Value> {
        let run = run_with_input(&["review", "-o", "sarif", "-"], text);
        let log: Value = serde_json::from_str(&run.stdout).unwrap();
        items(&log["runs"][0]["results"])
            .iter()
            .map(|it| it["partialFingerprints"].clone())
            .collect()
    };
    let pod = |before: &str, containers: &str| {
        format!(
            "{before}apiVersion: v1\nkind: Pod\nmetadata: {{name: x, namespace: alpha-dev}}\n\
             spec: {{containers: [{containers}]}}\n"
        )
    };
    let bad = "{name: b, image: x:1, securityContext: {privileged: true, allowPrivilegeEscalation: true}}";
    let one = prints(&pod("", bad));
    assert_eq!(one, prints(&pod("# a comment\n\n", &format!("{{name: a, image: x:1}}, {bad}"))));
    assert_eq!(one.len(), 2);
    assert_ne!(one[0], one[1]);
}

/// Whether every tag is closed, every attribute quoted, and nothing is left unescaped.
fn well_formed(text: &str) -> Vec<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut seen = Vec::new();
    let rest = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
    for (index, piece) in rest.split('<').enumerate() {
        let (tag, content) = if index == 0 { ("", piece) } else { piece.split_once('>').unwrap() };
        assert!(!content.contains('>'), "{content}");
        for reference in content.split('&').skip(1).chain(tag.split('&').skip(1)) {
            let name = reference.split(';').next().unwrap();
            assert!(["amp", "lt", "gt", "quot", "#10"].contains(&name), "&{name}");
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if index > 0 {
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            let (attributes, closed) =
                attributes.strip_suffix('/').map_or((attributes, false), |it| (it, true));
            assert_eq!(attributes.matches('"').count() % 2, 0, "{tag}");
            seen.push(name.to_owned());
            if !closed {
                open.push(name);
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
    seen
}

#[test]
fn junit_is_well_formed() {
    let run = run(&["review", "-o", "junit", "deploy", "broken.yaml", "missing", "unowned.yaml"]);
    well_formed(&run.stdout);
    insta::assert_snapshot!(run);
    let hostile = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "<a href=\"x\">&\u001b]]>", "namespace": "alpha-dev"},
        "spec": {"hostPID": true, "securityContext": {"sysctls": [{"name": "<!--&\"'\u0000", "value": "1"}]}}}"#;
    let run = run_with_input(&["review", "-o", "junit"], hostile);
    let tags = well_formed(&run.stdout);
    assert_eq!(tags, ["testsuites", "testsuite", "testcase", "failure", "failure"]);
}

/// What an exemption permits is told, and counts for nothing.
#[test]
fn what_is_exempted_is_suppressed() {
    let folder = tempfile::tempdir().unwrap();
    let documents = "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {name: alpha}\n\
        spec: {namespaces: {names: [alpha-dev]}}\n---\n\
        apiVersion: ringfence.dev/v1alpha1\nkind: Exemption\nmetadata: {name: nodes}\n\
        spec: {tenant: alpha, rules: [RF2001], namespaces: [alpha-dev], owner: jo, reason: metrics, \
        expiresAt: 2999-01-01T00:00:00Z}\n";
    std::fs::write(folder.path().join("all.yaml"), documents).unwrap();
    let policies = ["--policies", folder.path().to_str().unwrap()];
    let run = |format: &str| {
        let run =
            run(&[&["review", "-o", format, "kustomize/base/pod.yaml"], &policies[..]].concat());
        assert_eq!(run.code, 0, "{run}");
        run.stdout
    };
    let log: Value = serde_json::from_str(&run("sarif")).unwrap();
    check(&log);
    let suppressed = &log["runs"][0]["results"][0]["suppressions"];
    assert_eq!(suppressed[0]["kind"], "external");
    assert_eq!(suppressed[0]["justification"], "exemption nodes");
    let xml = run("junit");
    assert!(xml.contains("permitted by exemption nodes") && !xml.contains("<failure"), "{xml}");
    insta::assert_snapshot!(run("human"));
}
