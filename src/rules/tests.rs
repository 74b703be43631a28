use super::*;

#[test]
fn the_table_holds_every_code_once_in_order() {
    let codes: Vec<Code> = table().map(|rule| rule.code).collect();
    assert_eq!(codes, Code::ALL);
}
