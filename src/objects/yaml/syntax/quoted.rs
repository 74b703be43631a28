//! Scalars in quotes.

use super::block::Breaks;
use super::cursor::fail;
use super::scanner::Scanner;
use super::token::{Token, What};
use super::{Mark, Scan};

impl Scanner<'_> {
    pub(super) fn scan_flow_scalar(&mut self, single: bool) -> Scan<Token> {
        let start = self.cursor.mark;
        let quote = if single { b'\'' } else { b'"' };
        self.cursor.skip();
        let mut text = String::new();
        loop {
            if self.cursor.is_document_indicator() {
                return fail(start, "found the document's end inside of quotes");
            }
            if self.cursor.is_end() {
                return fail(start, "found the text's end inside of quotes");
            }
            let escaped_break = self.scan_quoted_word(single, &mut text, start)?;
            if self.cursor.here() == quote {
                break;
            }
            self.scan_quoted_blanks(escaped_break, &mut text);
        }
        self.cursor.skip();
        Ok(Token::new(What::Scalar, start, self.cursor.mark).with_text(text))
    }

    /// What is no blank; true where it ends in an escaped line break.
    fn scan_quoted_word(&mut self, single: bool, text: &mut String, start: Mark) -> Scan<bool> {
        while !self.cursor.is_blankz() {
            match self.cursor.here() {
                b'\'' if single => {
                    if self.cursor.at(1) != b'\'' {
                        break;
                    }
                    text.push('\'');
                    self.cursor.skip_many(2);
                }
                b'"' if !single => break,
                b'\\' if !single => {
                    if self.cursor.is_break_at(1) {
                        self.cursor.skip();
                        self.cursor.skip_line();
                        return Ok(true);
                    }
                    self.scan_escape(text, start)?;
                }
                _ => self.cursor.read(text),
            }
        }
        Ok(false)
    }

    fn scan_escape(&mut self, text: &mut String, start: Mark) -> Scan<()> {
        let digits = match self.cursor.at(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            other => {
                text.push(match other {
                    b'0' => '\0',
                    b'a' => '\u{7}',
                    b'b' => '\u{8}',
                    b't' | b'\t' => '\t',
                    b'n' => '\n',
                    b'v' => '\u{b}',
                    b'f' => '\u{c}',
                    b'r' => '\r',
                    b'e' => '\u{1b}',
                    b' ' | b'"' | b'\'' | b'\\' => char::from(other),
                    b'N' => '\u{85}',
                    b'_' => '\u{a0}',
                    b'L' => '\u{2028}',
                    b'P' => '\u{2029}',
                    _ => return fail(start, "found an unknown escape inside of quotes"),
                });
                0
            }
        };
        self.cursor.skip_many(2);
        if digits == 0 {
            return Ok(());
        }
        let mut value = 0_u32;
        for offset in 0..digits {
            let Some(digit) = char::from(self.cursor.at(offset)).to_digit(16) else {
                return fail(start, "found an escape without its hexadecimal digits");
            };
            // Eight digits just fit.
            value = value.wrapping_mul(16) | digit;
        }
        // Half of a surrogate pair is no character, and neither is a whole pair.
        let Some(character) = char::from_u32(value) else {
            return fail(start, "found an escape that stands for no character");
        };
        text.push(character);
        self.cursor.skip_many(digits);
        Ok(())
    }

    fn scan_quoted_blanks(&mut self, mut leading_blanks: bool, text: &mut String) {
        let mut whitespace = String::new();
        let mut breaks = Breaks::default();
        loop {
            if self.cursor.is_blank() {
                if leading_blanks {
                    self.cursor.skip();
                } else {
                    self.cursor.read(&mut whitespace);
                }
            } else if !self.cursor.is_break() {
                break;
            } else if leading_blanks {
                self.cursor.read_line(&mut breaks.trailing);
            } else {
                whitespace.clear();
                self.cursor.read_line(&mut breaks.leading);
                leading_blanks = true;
            }
        }
        if leading_blanks {
            breaks.fold_into(text);
        } else {
            text.push_str(&whitespace);
        }
    }
}
