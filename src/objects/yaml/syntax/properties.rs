//! Directives, anchors, aliases and tags.

use super::cursor::fail;
use super::scanner::Scanner;
use super::token::{Token, What};
use super::{Mark, Scan};

impl Scanner<'_> {
    pub(super) fn scan_directive(&mut self) -> Scan<Token> {
        let start = self.cursor.mark;
        self.cursor.skip();
        let mut name = String::new();
        while self.cursor.is_alpha() {
            self.cursor.read(&mut name);
        }
        if !self.cursor.is_blankz() {
            return fail(start, "found a directive with an odd name");
        }
        let token = match name.as_str() {
            "YAML" => self.scan_version(start)?,
            "TAG" => self.scan_tag_directive(start)?,
            _ => return fail(start, "found a directive that is neither %YAML nor %TAG"),
        };
        self.cursor.skip_rest_of_line(start)?;
        Ok(token)
    }

    fn scan_version(&mut self, start: Mark) -> Scan<Token> {
        self.cursor.skip_blanks();
        let mut version = self.scan_version_number(start)?;
        if self.cursor.here() != b'.' {
            return fail(start, "did not find the `.` of the %YAML directive's version");
        }
        self.cursor.skip();
        version.push('.');
        version.push_str(&self.scan_version_number(start)?);
        Ok(Token::new(What::VersionDirective, start, self.cursor.mark).with_text(version))
    }

    /// Without the zeros before it.
    fn scan_version_number(&mut self, start: Mark) -> Scan<String> {
        let mut digits = String::new();
        while self.cursor.here().is_ascii_digit() {
            self.cursor.read(&mut digits);
        }
        if !(1..=2).contains(&digits.len()) {
            return fail(start, "found no version, or too long a one, in a %YAML directive");
        }
        Ok(digits.trim_start_matches('0').to_owned())
    }

    fn scan_tag_directive(&mut self, start: Mark) -> Scan<Token> {
        self.cursor.skip_blanks();
        let handle = self.scan_tag_handle(start)?;
        if handle != "!" && !(handle.len() > 1 && handle.ends_with('!')) {
            return fail(start, "did not find the `!` behind a %TAG directive's handle");
        }
        if !self.cursor.is_blank() {
            return fail(start, "did not find a blank behind a %TAG directive's handle");
        }
        self.cursor.skip_blanks();
        let prefix = self.scan_tag_uri("", start)?;
        if !self.cursor.is_blankz() {
            return fail(start, "did not find a blank behind a %TAG directive's prefix");
        }
        let token = Token::new(What::TagDirective, start, self.cursor.mark).with_text(handle);
        Ok(Token { suffix: prefix, ..token })
    }

    pub(super) fn scan_anchor(&mut self, what: What) -> Scan<Token> {
        let start = self.cursor.mark;
        self.cursor.skip();
        let mut name = String::new();
        while self.cursor.is_alpha() {
            self.cursor.read(&mut name);
        }
        let ends = self.cursor.is_blankz()
            || matches!(self.cursor.here(), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return fail(start, "found an anchor's name that is not of letters and digits");
        }
        Ok(Token::new(what, start, self.cursor.mark).with_text(name))
    }

    pub(super) fn scan_tag(&mut self) -> Scan<Token> {
        let start = self.cursor.mark;
        let (handle, suffix) = if self.cursor.at(1) == b'<' {
            self.cursor.skip_many(2);
            let suffix = self.scan_tag_uri("", start)?;
            if self.cursor.here() != b'>' {
                return fail(start, "did not find the `>` of a tag");
            }
            self.cursor.skip();
            (String::new(), suffix)
        } else {
            let handle = self.scan_tag_handle(start)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.scan_tag_uri("", start)?;
                (handle, suffix)
            } else {
                let suffix = self.scan_tag_uri(&handle, start)?;
                // The tag `!` alone has no handle.
                if suffix.is_empty() {
                    (String::new(), b"!".to_vec())
                } else {
                    ("!".to_owned(), suffix)
                }
            }
        };
        if !self.cursor.is_blankz() {
            return fail(start, "did not find a blank or a line break behind a tag");
        }
        let token = Token::new(What::Tag, start, self.cursor.mark).with_text(handle);
        Ok(Token { suffix, ..token })
    }

    fn scan_tag_handle(&mut self, start: Mark) -> Scan<String> {
        if self.cursor.here() != b'!' {
            return fail(start, "did not find the `!` of a tag");
        }
        let mut handle = String::new();
        self.cursor.read(&mut handle);
        while self.cursor.is_alpha() {
            self.cursor.read(&mut handle);
        }
        if self.cursor.here() == b'!' {
            self.cursor.read(&mut handle);
        }
        Ok(handle)
    }

    /// What follows a handle. A head that turned out to be no handle counts, without its `!`.
    fn scan_tag_uri(&mut self, head: &str, start: Mark) -> Scan<Vec<u8>> {
        let mut uri: Vec<u8> = head.bytes().skip(1).collect();
        let mut found = !head.is_empty();
        loop {
            let here = self.cursor.here();
            if here == b'%' {
                self.scan_uri_escapes(&mut uri, start)?;
            } else if self.cursor.is_alpha() || b";/?:@&=+$,.!~*'()[]".contains(&here) {
                uri.push(here);
                self.cursor.skip();
            } else {
                break;
            }
            found = true;
        }
        if !found {
            return fail(start, "did not find what a tag is to say");
        }
        Ok(uri)
    }

    /// One character as UTF-8 whose octets are written out.
    fn scan_uri_escapes(&mut self, uri: &mut Vec<u8>, start: Mark) -> Scan<()> {
        let mut left = None;
        while left != Some(0) {
            let hex = |offset| char::from(self.cursor.at(offset)).to_digit(16);
            let (b'%', Some(high), Some(low)) = (self.cursor.here(), hex(1), hex(2)) else {
                return fail(start, "did not find an escaped octet in a tag");
            };
            let octet = u8::try_from(high * 16 + low).unwrap_or_default();
            let width = match (left, octet) {
                (Some(left), 0x80..=0xBF) => left,
                (Some(_), _) => return fail(start, "found an odd octet in a tag"),
                (None, 0x00..=0x7F) => 1,
                (None, 0xC0..=0xDF) => 2,
                (None, 0xE0..=0xEF) => 3,
                (None, 0xF0..=0xF7) => 4,
                (None, _) => return fail(start, "found an odd octet in a tag"),
            };
            left = Some(width - 1);
            uri.push(octet);
            self.cursor.skip_many(3);
        }
        Ok(())
    }
}
