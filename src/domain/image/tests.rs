//! That references are read as upstream reads them is what the differential test holds; here is one
//! case for each branch, and patterns.

use super::*;

#[track_caller]
fn check(text: &str, expect: Result<&str, InvalidReference>) {
    let found = Reference::parse(text).map(|reference| reference.to_string());
    assert_eq!(found, expect.map(str::to_owned), "{text}");
}

fn digest(algorithm: &str, length: usize) -> String {
    format!("{algorithm}:{}", "a".repeat(length))
}

#[test]
fn a_name_is_completed() {
    check("nginx", Ok("docker.io/library/nginx"));
    check("nginx:1.27", Ok("docker.io/library/nginx:1.27"));
    check("example/app", Ok("docker.io/example/app"));
    check("docker.io/nginx", Ok("docker.io/library/nginx"));
    check("index.docker.io/nginx", Ok("docker.io/library/nginx"));
    check("index.docker.io/a/b", Ok("docker.io/a/b"));
    check("docker.io/library/nginx", Ok("docker.io/library/nginx"));
    check("registry.example.com/nginx", Ok("registry.example.com/nginx"));
    // Not a host, whatever they look like.
    check("registry/nginx", Ok("docker.io/registry/nginx"));
    check("registry.example.com", Ok("docker.io/library/registry.example.com"));
    check("localhost:5000", Ok("docker.io/library/localhost:5000"));
}

#[test]
fn the_first_segment_is_a_registry_where_it_looks_like_one() {
    check("localhost/a", Ok("localhost/a"));
    check("localhost:5000/a", Ok("localhost:5000/a"));
    check("Registry/a", Ok("Registry/a"));
    check("a:1/b:2", Ok("a:1/b:2"));
    check("127.0.0.1:5000/a/b", Ok("127.0.0.1:5000/a/b"));
    check("[::1]/a", Ok("[::1]/a"));
    check("[fd00::1]:5000/a", Ok("[fd00::1]:5000/a"));
    for wrong in [
        "a:/b",
        "a:b/c",
        "a:1:2/b",
        "-a.b/c",
        "a-.b/c",
        "a..b/c",
        ".a/b",
        "[]:1/a",
        "[::1/a",
        "[::1]x/a",
        "[::g]:1/a",
        "my_registry.example/a",
        "my_registry:5000/a",
        "A_b/c",
    ] {
        check(wrong, Err(InvalidReference::Registry));
    }
}

#[test]
fn a_path_has_one_separator_at_a_time() {
    for right in ["a.b/c", "r.io/a_b", "r.io/a__b", "r.io/a-b", "r.io/a---b", "r.io/0/a.b-c_d"] {
        check(right, Ok(right));
    }
    for wrong in [
        "r.io/",
        "r.io//a",
        "r.io/a/",
        "r.io/A",
        "r.io/a..b",
        "r.io/a___b",
        "r.io/a._b",
        "r.io/_a",
        "r.io/a-",
        "r.io/a_-b",
        "r.io/a b",
        "r.io/ä",
        "/a",
        " ",
        "nginx ",
        "a\n",
        "[abc]/x",
    ] {
        check(wrong, Err(InvalidReference::Path));
    }
    check("", Err(InvalidReference::Empty));
    check(&"a".repeat(64), Err(InvalidReference::Identifier));
    let long = "b".repeat(63) + "g";
    check(&long, Ok(&format!("docker.io/library/{long}")));
    let fits = "a".repeat(247);
    check(&fits, Ok(&format!("docker.io/library/{fits}")));
    check(&"a".repeat(248), Err(InvalidReference::TooLong));
    let fits = format!("r.io/{}", "a".repeat(255));
    check(&fits, Ok(&fits));
    check(&format!("r.io/{}", "a".repeat(256)), Err(InvalidReference::TooLong));
}

#[test]
fn tags_and_digests() {
    let longest = format!("r.io/a:{}", "A".repeat(128));
    for right in ["r.io/a:_", "r.io/a:1.2-x_Y", &longest] {
        check(right, Ok(right));
    }
    for wrong in ["r.io/a:", "r.io/a:.1", "r.io/a:-", "r.io/a:1/b", "r.io/a:1:2", "r.io/a:ä"] {
        check(wrong, Err(InvalidReference::Tag));
    }
    check(&format!("r.io/a:{}", "1".repeat(129)), Err(InvalidReference::Tag));
    for (algorithm, length) in [("sha256", 64), ("sha384", 96), ("sha512", 128)] {
        let right = format!("r.io/a:1@{}", digest(algorithm, length));
        check(&right, Ok(&right));
        for length in [length - 1, length + 1] {
            let wrong = format!("r.io/a@{}", digest(algorithm, length));
            check(&wrong, Err(InvalidReference::Digest));
        }
    }
    let upper = digest("sha256", 64).replace('a', "A");
    for wrong in [&digest("sha1", 40), &digest("SHA256", 64), &upper, "sha256", "", "a@b"] {
        check(&format!("r.io/a@{wrong}"), Err(InvalidReference::Digest));
    }
    let swapped = format!("r.io/a@{}:1", digest("sha256", 64));
    check(&swapped, Err(InvalidReference::Digest));
}

#[test]
fn latest_is_what_nothing_pins() {
    let digest = digest("sha256", 64);
    let check = |text: &str, tag: Option<&str>, latest: bool| {
        let reference = Reference::parse(text).unwrap();
        assert_eq!((reference.effective_tag(), reference.is_latest()), (tag, latest), "{text}");
    };
    check("a", Some("latest"), true);
    check("a:latest", Some("latest"), true);
    check("a:Latest", Some("Latest"), false);
    check("a:1", Some("1"), false);
    check(&format!("a@{digest}"), None, false);
    check(&format!("a:latest@{digest}"), Some("latest"), false);
}

fn pattern(text: &str) -> ImagePattern {
    text.parse().unwrap()
}

#[test]
fn a_pattern_is_an_image_or_all_below_a_path() {
    let check = |text: &str, expect: &str| assert_eq!(pattern(text).to_string(), expect, "{text}");
    check("nginx", "docker.io/library/nginx");
    check("docker.io/nginx", "docker.io/library/nginx");
    check("example/*", "docker.io/example/*");
    check("library/*", "docker.io/library/*");
    check("docker.io/*", "docker.io/*");
    check("index.docker.io/*", "docker.io/*");
    check("index.docker.io/example/*", "docker.io/example/*");
    check("localhost/*", "localhost/*");
    check("r.io:5000/a/b/*", "r.io:5000/a/b/*");
    check("[::1]:5000/*", "[::1]:5000/*");
    check("ghcr.io/example/app", "ghcr.io/example/app");
    let wrong = |text: &str, expect: &str| {
        assert_eq!(text.parse::<ImagePattern>().unwrap_err().to_string(), expect);
    };
    for text in ["", "*", "r.io/a*", "r.io/*/a", "*.r.io/*", "r.io/*/*", "r.io/a:1", "r.io/a@x"] {
        let must = "write an image without tag, or a path that ends in `/*`";
        wrong(text, &format!("`{text}` is not a pattern of images: {must}"));
    }
    for text in ["r.io", "r.io:5000", "localhost"] {
        let must = format!("write `{text}/*` for all images of a registry");
        wrong(text, &format!("`{text}` alone would be an image of Docker Hub: {must}"));
    }
    let names = "a name has a-z and 0-9, with `.`, `_`, `__` or `-` between them";
    for text in ["/*", "r.io//*", "r.io/A/*", "r.io/ä"] {
        wrong(text, &format!("`{text}` is not a pattern of images: {names}"));
    }
    let registry = "what stands before the first `/` is not a registry's name";
    wrong("r_x.io/*", &format!("`r_x.io/*` is not a pattern of images: {registry}"));
}

#[test]
fn a_pattern_matches_by_registry_and_segment() {
    let check = |of: &str, image: &str, expect: bool| {
        let image = Reference::parse(image).unwrap();
        assert_eq!(pattern(of).matches(&image), expect, "{of} {image}");
    };
    check("r.io/*", "r.io/a", true);
    check("r.io/*", "r.io/a/b/c:1", true);
    check("r.io/*", "r.io.evil.net/a", false);
    check("r.io/*", "R.io/a", false);
    check("r.io/*", "r.io:443/a", false);
    check("r.io/*", "r.io", false);
    check("r.io/team/*", "r.io/team/a", true);
    check("r.io/team/*", "r.io/team/a/b", true);
    check("r.io/team/*", "r.io/team", false);
    check("r.io/team/*", "r.io/teams/a", false);
    check("r.io/team/*", "r.io/other/team/a", false);
    check("r.io/team/app", "r.io/team/app:1", true);
    check("r.io/team/app", "r.io/team/app/b", false);
    check("r.io/team/app", "r.io/team", false);
    check("nginx", "docker.io/library/nginx:1", true);
    check("docker.io/*", "nginx", true);
    check("library/*", "nginx", true);
    check("docker.io/*", "example/app", true);
    check("library/*", "example/app", false);
}

#[test]
fn a_pattern_contains_the_narrower() {
    let check = |outer: &str, inner: &str, expect: bool| {
        let (outer, inner) = (pattern(outer), pattern(inner));
        assert_eq!(outer.contains(&inner), expect, "{outer} {inner}");
    };
    check("r.io/*", "r.io/*", true);
    check("r.io/*", "r.io/a", true);
    check("r.io/*", "r.io/a/*", true);
    check("r.io/a/*", "r.io/*", false);
    check("r.io/a/*", "r.io/a", false);
    check("r.io/a", "r.io/a/*", false);
    check("r.io/a", "r.io/a", true);
    check("r.io/a", "r.io/a/b", false);
    check("r.io/a/*", "r.io/ab/c", false);
    check("r.io/*", "s.io/a", false);
    check("docker.io/*", "nginx", true);
}
