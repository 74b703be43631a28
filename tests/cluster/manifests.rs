//! Texts as somebody might give them to `kubectl apply -f`, spelled in every way that YAML has.

/// Numbers that look random and are the same in every run of a seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// One of zero to `end`, which is not among them.
    pub fn below(&mut self, end: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).unwrap() % end
    }

    /// True once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn separator(&mut self) -> &'static str {
        if self.once_in(4) { SEPARATORS[self.below(SEPARATORS.len())] } else { SEPARATORS[0] }
    }

    fn word(&mut self) -> &'static str {
        let from = if self.once_in(12) { ODD_SCALARS } else { SCALARS };
        from[self.below(from.len())]
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

#[rustfmt::skip]
const KEYS: &[&str] = &[
    "apiVersion", "kind", "metadata", "name", "namespace", "labels", "annotations", "spec",
    "containers", "image", "securityContext", "privileged", "runAsUser", "hostNetwork", "args",
    "data", "items", "a", "b", "a", "a.b/c", "on", "y", "No", "null", "~", "1", "01", "0x1", "1.0",
    "1e3", "\"1\"", "'a'", "\"a\\x62\"", "true", ".inf", ".nan", "-0.0", "0.0", "<<", "\"<<\"", "!!str 1", "!!int \"1\"",
    "é", "? a", "[a]", "{a: b}", "*x", "&x a", "2001-12-14", "", "\"\"", "18446744073709551615",
    "!!binary YQ==", "123456789012345678901", "a b", "-a", "-", ":a", "a:b", "?a",
];

/// Most of which are read.
#[rustfmt::skip]
const SCALARS: &[&str] = &[
    "y", "Y", "yes", "Yes", "YES", "yEs", "on", "On", "ON", "n", "N", "no", "No", "off", "OFF",
    "true", "True", "TRUE", "tRUE", "false", "~", "null", "Null", "NULL", "nULL", "", "<<", "0",
    "-0", "+0", "00", "01", "017", "-017", "08", "0o17", "0O17", "0o8", "0x1F", "0X1f", "-0x10",
    "0xg", "0b11", "0B11", "0b12", "-0b11", "0b+1", "-0b-1", "+0b1", "0x_1F", "1_000", "1__0", "_1",
    "1_", "0.1_0", "190:20:30", "1:1", "190:20:30.15", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
    "0xFFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFFF", "01777777777777777777777", "9007199254740993",
    "9007199254740993.0", "123456789012345678901234567890", "1e400", "-1e400", "1e-400", "1e308",
    "1e20", "1e21", "1e22", "5e-324", "0.1", ".5", ".5e3", "-.5", "+.5", ".e3", "1.", "1.e3", "1e",
    "1e+", "1E3", "1.0", "-0.0", "3.0e0", "1.5", "inf", "NaN", ".", "..", "--", "-1", "+", "1-1",
    "1.2.3", "100m", "1Gi", "1e3m", "0.0.0.0", "2001-12-14", "2001-1-1",
    "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5", "2001-12-15 2:59:43.10",
    "2001-02-30", "20011-1-1", "a", "a b", "a:b", "a #b", "a# b", "#a", "a%", "nginx:1.27", "\"a\"",
    "'a'", "'it''s'", "\"a\\nb\"", "\"\\u00e9\"", "\"\\U0001F600\"", "é", "\u{1F600}", "\u{a0}",
    "a\tb", "{}", "[]", "[a, b]", "[a, b,]", "{a: b}", "{a: b,}", "{a, b}", "[a: b]", "*x", "a,b",
    "a]", "?a", ":a", "-a", "http://a/b?c=d#e",
];

#[rustfmt::skip]
const ODD_SCALARS: &[&str] = &[
    ".inf", "-.inf", "+.Inf", ".NaN", ".nan", "...", "-", "---", "- 1", "a: b", "a:b", "a #b",
    "a# b", "#a", "@a", "`a", "%a", "a%", "&", "*", "!", "|", ">", "|a", "nginx:1.27", "\"a\"",
    "'a'", "'it''s'", "\"a\\nb\"", "\"\\u00e9\"", "\"\\ud83d\\ude00\"", "\"\\U0001F600\"",
    "\"\\U00110000\"", "\"\\x41\\e\\0\\N\\_\\L\\P\"", "\"\\/\"", "\"\\q\"", "\"\\\t\"",
    "\"a\\\n  b\"", "'a\n\n  b'", "\"a \n b\"", "\"a", "'a", "\"a\" b", "'a'b", "é", "\u{1F600}",
    "\u{a0}", "a\u{2028}b", "a\u{85}b", "a\tb", "a\t", "\ta", "\u{7f}", "\u{fffd}", "\u{fffe}",
    "{}", "[]", "[a, b]", "[a, b,]", "[,]", "{a: b}", "{a: b,}", "{a, b}", "{a: }", "{a:}", "{a:b}",
    "{\"a\":b}", "{\"a\":1,\"b\":[true,null]}", "[a: b]", "[? a : b]", "[? ]", "[?]", "{? a : b}",
    "{? }", "{?a: b}", "[: a]", "{: a}", "[a\n,b]", "[a #c\n, b]", "{a: [b, {c: *x}]}", "[-]",
    "[- a]", "[-a]", "[|]", "[]: a", "{}: a", "[[]: a]", "*x", "*y", "*z", "*", "* x", "*x a",
    "http://a/b?c=d#e", "[http://a, b:c]", "a?b", "a]", "a}", "a,b", "? a", ": a", "?a", ":a", "::",
    "=", "<", "!a", "!!a",
];

#[rustfmt::skip]
const TAGS: &[&str] = &[
    "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!binary", "!!map", "!!seq", "!!set", "!!merge", "!",
    "!a", "!a!b", "!<tag:yaml.org,2002:str>", "!<tag:yaml.org,2002:int>", "!<!a>", "!<a", "!!st%72", "!%41", "!%", "!!", "!<>", "!!str,",
];

#[rustfmt::skip]
const LINES: &[&str] = &["a", "  a", " a", "", "", "\ta", "  \ta", "# a", "a: b", "- a", "é", "   ", "   a  ", "a\t", "---a", "...a"];

#[rustfmt::skip]
const SEPARATORS: &[&str] = &[
    "---\n", "---\n", "---\n", "---\n", "--- \n", "---\t\n", "--- # a\n", "---#a\n", "---\r\n", "---\u{a0}\n", "--- a\n", "----\n", " ---\n",
    "---\n---\n", "---\n\n---\n", "---\n# a\n---\n", "...\n", "...\n---\n", "...\na: b\n", "... a\n", "...# a\n", "%YAML 1.1\n---\n", "%YAML 1.2\n---\n",
    "---\n%YAML 1.1\n---\n", "%TAG ! a\n---\n", "%TAG !a! tag:yaml.org,2002:\n---\n", "%A b\n---\n", "---\n---", "---",
];

#[rustfmt::skip]
const HEADERS: &[&str] = &[
    "|", "|", ">", ">", "|-", "|+", ">-", ">+", "| # a", "|2", "|1-", ">+1", "|0", "|10", "|-+", "|#a", "| a", "|\t",
];

/// What makes aliases mean something.
#[rustfmt::skip]
const ANCHORS: &[&str] = &[
    "x: &x {a: 1, b: [c]}\n", "x: &x\n  a: on\n  spec: 017\n", "x: &x {a: 1}\ny: &y {a: 2, c: {d: e}}\n", "x: &x {a: 1, <<: {a: 2, b: 3}}\n",
];

/// What a mutation puts in.
#[rustfmt::skip]
const FRAGMENTS: &[&str] = &[
    " ", "  ", "\t", "\n", "\r\n", "\r", "\r\r\n", "\n\n", "\u{85}", "\u{2028}", "\u{2029}", "\u{feff}", "\u{a0}", "\u{0}", "\u{1}", "-", "- ", "---\n", "...\n", "\n---\n", "\n...\n",
    ":", ": ", "? ", ",", "[", "]", "{", "}", "[]", "{}", "#", " #", "&x ", "*x", "!!str ", "! ", "|", "|-", ">", ">+", "'", "\"", "\\", "%", "@", "`", "<<: *x", "<<: [*x, *y]", "<<: ", "a: b\n",
    "\n  ", "\n\t", "\ta: b", "0", "1", "e", "_", "null", "true", "{\"a\":1}", "{\"a\": [1,2,{\"b\":null}]}\n", "1 ", "null ", "tru", "\"a\" ", "é",
];

#[rustfmt::skip]
const JSON: &[&str] = &[
    "{", "{\"a\":1}", "{\"a\":1}", "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1},\"a\":{\"c\":2}}", "{\"A\":1,\"a\":2}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\\ud83d\\ude00\\ude00x\\uD83Dx\"}", "{\"a\":\"\\/\\b\"}",
    "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":1e400}", "{\"a\":[1e400,1]}", "{\"a\":9223372036854775808}", "{\"a\":-9223372036854775809}", "{\"a\":18446744073709551615}", "{\"a\":1.0}",
    "{\"a\":-0}", "{\"a\":-0.0}", "{\"a\":1e3}", "{\"a\":1E+2}", "{\"a\":01}", "{\"a\":.5}", "{\"a\":1.}", "{\"a\":+1}", "{\"a\":0x1}", "{\"a\":9007199254740993}", "{\"a\":0.1e-7}", "{\"a\":tru}",
    "{a: 1}", "{\"a\":yes}", "{\"a\":1,}", "{\"a\" 1}", "{\"a\":'b'}", "{\"a\":\"b\tc\"}", "{\"a\":\"é\u{2028}\"}", "{\"a\":\"\u{feff}\"}", "{}", "{\"\":null}", "[1]", "1", "01", "-", "1-2", "truefalse", "\"a\"\"b\"", "null", "nul",
    "{\"kind\":\"List\",\"items\":[{\"kind\":\"Pod\"}]}", "# a", "---", "a: b", "\u{feff}{}", "}", "//", "/**/", "\u{1}",
];

#[rustfmt::skip]
const SPACES: &[&str] = &["", "", " ", "\n", "\n", "\n", "\n\n", "\t", "\r\n", " \n", "\u{a0}", "\u{2003}\n", "\u{c}", "\u{fffd}", "\n---\n", "\n---\n", "\n--- #a\n", "---\n", "\n...\n"];

/// One text.
pub fn text(dice: &mut Dice) -> String {
    let mut text = match dice.below(10) {
        0 => json_stream(dice),
        1 | 2 => soup(dice),
        3..5 => {
            let mut text =
                dice.pick(&["a: ", "- ", "", "a:\n  b: ", "a: [b, ", "a: {b: ", "? "]).to_owned();
            scalar(dice, &mut text, 2);
            text + "\n"
        }
        _ => stream(dice),
    };
    if dice.once_in(3) {
        for _ in 0..=dice.below(2) {
            mutate(dice, &mut text);
        }
    }
    if dice.once_in(30) {
        text.insert_str(
            0,
            dice.pick(&["\u{feff}", "\u{feff}\u{feff}", "\n", " ", "\u{feff}\u{feff}\u{feff}"]),
        );
    }
    match dice.below(40) {
        0 => text = text.replace('\n', "\r\n"),
        1 => text = text.replace('\n', "\r"),
        2 => text.truncate(text.trim_end().len()),
        3 => fill_the_last_line(dice, &mut text),
        _ => {}
    }
    text
}

fn stream(dice: &mut Dice) -> String {
    let mut text = String::new();
    if dice.once_in(3) {
        text.push_str(dice.separator());
    }
    for index in 0..=dice.below(3) {
        if index > 0 {
            text.push_str(dice.separator());
        }
        match dice.below(12) {
            0 => text.push_str(dice.pick(&[
                "",
                "# nothing\n",
                "\n\n",
                "null\n",
                "~\n",
                "{}\n",
                "a\n",
                "- a\n",
                "1\n",
                "\"a\" \"b\"\n",
            ])),
            1 => block_scalar(dice, &mut text, 0),
            2 => text.push_str(dice.pick(JSON)),
            3 => list(dice, &mut text, 0, 0),
            _ => {
                if dice.once_in(2) {
                    text.push_str(dice.pick(ANCHORS));
                }
                map(dice, &mut text, 0, 0);
            }
        }
        if !text.ends_with('\n') && !dice.once_in(20) {
            text.push('\n');
        }
    }
    text
}

fn json_stream(dice: &mut Dice) -> String {
    let mut text = dice.pick(&["", "", "", " ", "\n", "\t\n", "\u{a0}"]).to_owned();
    if dice.once_in(50) {
        text.push_str(&" ".repeat(4090 + dice.below(10)));
    }
    text.push_str("{\"apiVersion\":\"v1\"}");
    for _ in 0..dice.below(5) {
        text.push_str(dice.pick(SPACES));
        text.push_str(dice.pick(JSON));
    }
    text.push_str(dice.pick(SPACES));
    text
}

fn soup(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..=dice.below(12) {
        let from = [KEYS, SCALARS, ODD_SCALARS, TAGS, FRAGMENTS, FRAGMENTS][dice.below(6)];
        text.push_str(dice.pick(from));
        text.push_str(dice.pick(&["", "", " ", ": ", "\n", "\n  ", ", "]));
    }
    text
}

fn indentation(text: &mut String, indent: usize) {
    text.extend(std::iter::repeat_n(' ', indent));
}

fn map(dice: &mut Dice, text: &mut String, indent: usize, depth: usize) {
    for index in 0..=dice.below(4) {
        // The first entry of a list's map stands behind the dash.
        if index > 0 || text.is_empty() || text.ends_with('\n') {
            indentation(text, indent);
        }
        match dice.below(30) {
            0 => text.push_str("? "),
            1 => text.push_str("<<: *x\n"),
            2 => text.push_str("<<: [*x, {a: 1, b: 2}]\n"),
            _ => {}
        }
        if text.ends_with("]\n") || text.ends_with("*x\n") {
            continue;
        }
        let keys = if dice.once_in(6) { KEYS } else { &KEYS[..22] };
        text.push_str(dice.pick(keys));
        let colon = if dice.once_in(30) { dice.pick(&[" :", ": ", ":\t", ""]) } else { ":" };
        text.push_str(colon);
        value(dice, text, indent, depth + 1);
    }
}

fn list(dice: &mut Dice, text: &mut String, indent: usize, depth: usize) {
    for _ in 0..=dice.below(3) {
        indentation(text, indent);
        text.push('-');
        if depth < 4 && dice.once_in(3) {
            text.push_str(dice.pick(&[" ", " ", "\t", " &x "]));
            map(dice, text, indent + 2, depth + 1);
        } else {
            value(dice, text, indent, depth + 1);
        }
    }
}

/// What stands behind a key or a dash, with the end of its line.
fn value(dice: &mut Dice, text: &mut String, indent: usize, depth: usize) {
    if dice.once_in(12) {
        text.push_str(dice.pick(&[" &x", " &x", " &x", " &y", " &y", " &x-1", " & x", " &é"]));
    }
    if dice.once_in(20) {
        text.push(' ');
        text.push_str(dice.pick(TAGS));
    }
    let deeper = indent + 1 + dice.below(3);
    match dice.below(10) {
        0 | 1 if depth < 5 => {
            text.push('\n');
            map(dice, text, deeper, depth);
            return;
        }
        2 if depth < 5 => {
            text.push('\n');
            let indent = if dice.once_in(2) { indent } else { deeper };
            list(dice, text, indent, depth);
            return;
        }
        3 => {
            text.push(' ');
            block_scalar(dice, text, deeper);
            return;
        }
        _ => {
            text.push_str(dice.pick(&[" ", " ", " ", " ", " ", "  ", "\t", "\n  "]));
            scalar(dice, text, depth);
        }
    }
    text.push_str(dice.pick(&[
        "\n", "\n", "\n", "\n", "\n", "\n", " # a\n", "#a\n", " \n", "\t\n", "\n\n", "\n# a\n",
        "\r\n",
    ]));
}

fn scalar(dice: &mut Dice, text: &mut String, depth: usize) {
    match dice.below(14) {
        0 => flow(dice, text, depth),
        1 => number(dice, text),
        2 => {
            text.push_str(dice.pick(TAGS));
            text.push(' ');
            text.push_str(dice.word());
        }
        _ => text.push_str(dice.word()),
    }
}

fn flow(dice: &mut Dice, text: &mut String, depth: usize) {
    let (open, close) = if dice.once_in(2) { ("[", "]") } else { ("{", "}") };
    text.push_str(open);
    for index in 0..dice.below(4) {
        if index > 0 {
            text.push_str(dice.pick(&[", ", ",", ",\n    ", " , "]));
        }
        if open == "{" || dice.once_in(6) {
            let keys = if dice.once_in(6) { KEYS } else { &KEYS[..22] };
            text.push_str(dice.pick(keys));
            let odd = dice.once_in(8);
            text.push_str(if odd { dice.pick(&[":", " : ", " ", "", ":\n      "]) } else { ": " });
        }
        if depth < 5 {
            scalar(dice, text, depth + 1);
        }
    }
    text.push_str(close);
}

fn number(dice: &mut Dice, text: &mut String) {
    text.push_str(dice.pick(&["", "", "-", "+", "0x", "0b", "0o", "0", "-0x", "-0b", "."]));
    for _ in 0..=dice.below(24) {
        text.push_str(dice.pick(&[
            "0", "1", "2", "7", "8", "9", "9", "3", "5", "4", "6", "1", "0", "_", ".", "e", "a",
            "E+", "e-", ":",
        ]));
    }
}

fn block_scalar(dice: &mut Dice, text: &mut String, indent: usize) {
    let headers = if dice.once_in(4) { HEADERS } else { &HEADERS[..10] };
    text.push_str(dice.pick(headers));
    text.push_str(dice.pick(&["\n", "\n", "\n", "\n\n", "\r\n", "\u{85}", ""]));
    for _ in 0..dice.below(5) {
        if !dice.once_in(8) {
            indentation(text, indent);
        }
        text.push_str(dice.pick(LINES));
        text.push_str(dice.pick(&["\n", "\n", "\n", "\n", "\r\n", "\r", "\u{2028}", "\u{85}"]));
    }
}

fn mutate(dice: &mut Dice, text: &mut String) {
    let place = |dice: &mut Dice, text: &str| {
        let mut at = dice.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let at = place(dice, text);
    match dice.below(6) {
        0 => {
            let other = place(dice, text);
            let end = at.max(other).min(at.min(other) + 8);
            let end = (end..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap();
            text.replace_range(at.min(other)..end, "");
        }
        1 => {
            let other = place(dice, text);
            let copied: String = text.split_at(other).1.chars().take(12).collect();
            text.insert_str(at, &copied);
        }
        _ => text.insert_str(at, dice.pick(FRAGMENTS)),
    }
}

/// As many bytes as Go's reader holds at a time, about, and no end of the line.
fn fill_the_last_line(dice: &mut Dice, text: &mut String) {
    text.truncate(text.trim_end().len());
    let last = text.rfind('\n').map_or(0, |at| at + 1);
    let wanted = [4095, 4096, 4096, 4096, 4097, 8191, 8192, 8192][dice.below(8)];
    let with = dice.pick(&[" ", "#", "x"]);
    while text.len() - last < wanted {
        text.push_str(with);
    }
    if dice.once_in(4) {
        text.push('\r');
    }
}
