//! Scalars in block style, and those without quotes.

use super::cursor::fail;
use super::scanner::Scanner;
use super::token::{Token, What};
use super::{Mark, Scan};

/// Line breaks that wait for what comes behind them.
#[derive(Default)]
pub(super) struct Breaks {
    pub(super) leading: String,
    pub(super) trailing: String,
}

impl Breaks {
    /// One break becomes a space, of more the first is lost; those that YAML keeps stay.
    pub(super) fn fold_into(&mut self, text: &mut String) {
        if !self.leading.starts_with('\n') {
            text.push_str(&self.leading);
            text.push_str(&self.trailing);
        } else if self.trailing.is_empty() {
            text.push(' ');
        } else {
            text.push_str(&self.trailing);
        }
        self.leading.clear();
        self.trailing.clear();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl Scanner<'_> {
    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Scan<Token> {
        let start = self.cursor.mark;
        self.cursor.skip();
        let (chomping, increment) = self.scan_block_header(start)?;
        self.cursor.skip_rest_of_line(start)?;
        let mut indent = match increment {
            0 => 0,
            increment => self.floor.saturating_sub(1) + increment,
        };
        let mut breaks = Breaks::default();
        let mut end = self.scan_block_breaks(&mut indent, &mut breaks.trailing, start)?;
        let mut text = String::new();
        let mut leading_blank = false;
        while self.cursor.mark.column == indent && !self.cursor.is_end() {
            let blank = self.cursor.is_blank();
            let folds = !literal && !leading_blank && !blank && breaks.leading.starts_with('\n');
            if folds && breaks.trailing.is_empty() {
                text.push(' ');
            }
            if !folds {
                text.push_str(&breaks.leading);
            }
            text.push_str(&breaks.trailing);
            breaks = Breaks::default();
            leading_blank = blank;
            while !self.cursor.is_breakz() {
                self.cursor.read(&mut text);
            }
            self.cursor.read_line(&mut breaks.leading);
            end = self.scan_block_breaks(&mut indent, &mut breaks.trailing, start)?;
        }
        if chomping != Chomping::Strip {
            text.push_str(&breaks.leading);
        }
        if chomping == Chomping::Keep {
            text.push_str(&breaks.trailing);
        }
        Ok(Token::new(What::Scalar, start, end).with_text(text))
    }

    /// `+` or `-` and the indentation, in either order.
    fn scan_block_header(&mut self, start: Mark) -> Scan<(Chomping, usize)> {
        let first = self.scan_chomping();
        let mut increment = 0;
        if self.cursor.here().is_ascii_digit() {
            increment = usize::from(self.cursor.here() - b'0');
            if increment == 0 {
                return fail(start, "a block's indentation cannot be zero");
            }
            self.cursor.skip();
        }
        let chomping = first.or_else(|| {
            // Behind nothing, there can be none: it would have been the first.
            if increment > 0 { self.scan_chomping() } else { None }
        });
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    fn scan_chomping(&mut self) -> Option<Chomping> {
        let chomping = match self.cursor.here() {
            b'+' => Chomping::Keep,
            b'-' => Chomping::Strip,
            _ => return None,
        };
        self.cursor.skip();
        Some(chomping)
    }

    /// Indentation and empty lines. Finds out the indentation where it is not known (zero), and
    /// says where the last of the lines began.
    fn scan_block_breaks(
        &mut self,
        indent: &mut usize,
        breaks: &mut String,
        start: Mark,
    ) -> Scan<Mark> {
        let mut end = self.cursor.mark;
        let mut deepest = 0;
        loop {
            let inside = |column| *indent == 0 || column < *indent;
            while inside(self.cursor.mark.column) && self.cursor.here() == b' ' {
                self.cursor.skip();
            }
            deepest = deepest.max(self.cursor.mark.column);
            if inside(self.cursor.mark.column) && self.cursor.here() == b'\t' {
                return fail(start, "found a tab where a block's indentation must be spaces");
            }
            if !self.cursor.is_break() {
                break;
            }
            self.cursor.read_line(breaks);
            end = self.cursor.mark;
        }
        if *indent == 0 {
            *indent = deepest.max(self.floor).max(1);
        }
        Ok(end)
    }

    pub(super) fn scan_plain_scalar(&mut self) -> Scan<Token> {
        let start = self.cursor.mark;
        let mut end = start;
        let mut text = String::new();
        let mut whitespace = String::new();
        let mut breaks = Breaks::default();
        let mut leading_blanks = false;
        while !self.cursor.is_document_indicator() && self.cursor.here() != b'#' {
            while !self.cursor.is_blankz() && !self.ends_plain_scalar() {
                if leading_blanks {
                    breaks.fold_into(&mut text);
                    leading_blanks = false;
                } else {
                    text.push_str(&whitespace);
                    whitespace.clear();
                }
                self.cursor.read(&mut text);
                end = self.cursor.mark;
            }
            if !(self.cursor.is_blank() || self.cursor.is_break()) {
                break;
            }
            self.scan_plain_blanks(&mut leading_blanks, &mut whitespace, &mut breaks, start)?;
            if self.flow_level == 0 && self.cursor.mark.column < self.floor {
                break;
            }
        }
        if leading_blanks {
            self.simple_key_allowed = true;
        }
        let token = Token::new(What::Scalar, start, end).with_text(text);
        Ok(Token { plain: true, ..token })
    }

    fn ends_plain_scalar(&self) -> bool {
        let here = self.cursor.here();
        (here == b':' && self.cursor.is_blankz_at(1))
            || (self.flow_level > 0 && matches!(here, b',' | b'?' | b'[' | b']' | b'{' | b'}'))
    }

    fn scan_plain_blanks(
        &mut self,
        leading_blanks: &mut bool,
        whitespace: &mut String,
        breaks: &mut Breaks,
        start: Mark,
    ) -> Scan<()> {
        loop {
            if self.cursor.is_blank() {
                let outside = *leading_blanks && self.cursor.mark.column < self.floor;
                if outside && self.cursor.here() == b'\t' {
                    return fail(start, "found a tab where the indentation must be spaces");
                }
                if *leading_blanks {
                    self.cursor.skip();
                } else {
                    self.cursor.read(whitespace);
                }
            } else if self.cursor.is_break() {
                if *leading_blanks {
                    self.cursor.read_line(&mut breaks.trailing);
                } else {
                    whitespace.clear();
                    self.cursor.read_line(&mut breaks.leading);
                    *leading_blanks = true;
                }
            } else {
                return Ok(());
            }
        }
    }
}
