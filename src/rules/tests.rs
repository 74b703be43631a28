use super::*;

#[test]
fn the_table_holds_every_code_once_in_order() {
    let codes: Vec<Code> = table().map(|rule| rule.code).collect();
    assert_eq!(codes, Code::ALL);
}

#[test]
fn one_rule_tells_so_many_breaches_and_hides_no_other_rule() {
    use crate::domain::{FieldPath, Level, Mode, Version};
    use crate::objects::{Pod, from_json};
    let container = r#"{"name":"c","securityContext":{"privileged":true,"procMount":"Unmasked"}},"#;
    let text = container.repeat(MOST_FINDINGS + 1);
    let text = format!(r#"{{"spec":{{"containers":[{}]}}}}"#, text.trim_end_matches(','));
    let pod: Pod<'_> = from_json(&text).unwrap();
    let view = PodView { pod: &pod, at: FieldPath::root(), version: Version::NEWEST };
    let mut findings = Vec::new();
    judge_pod(&view, Level::Baseline, &|_| Mode::Enforce, &mut findings);
    for code in [Code::Privileged, Code::ProcMount] {
        let told = findings.iter().filter(|finding| finding.code == code).count();
        assert_eq!(told, MOST_FINDINGS, "{code}");
    }
}
