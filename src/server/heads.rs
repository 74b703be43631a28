//! Where one request ends and the next begins, held to one reading.
//!
//! HTTP leaves a recipient some freedom in that, and hyper takes it: a bare LF ends a line, codings
//! beside `chunked` are passed over, a length beside a coding is. Whoever stands in between and takes
//! another freedom sees one request where two are answered. So heads are looked through before hyper
//! reads them. In a head that could be read in two ways the end of the line becomes a NUL, which no
//! line may hold: hyper answers 400 and ends the connection.
//!
//! Whoever answers ends the connection after a body in chunks: no byte behind one is taken for a
//! head, and nobody need follow the chunks.

/// The longest line that states a length or a coding; nobody needs more than a third of it.
const LONGEST: usize = 64;

/// Follows the bytes of a connection.
#[derive(Debug, Default)]
pub(super) struct Heads {
    place: Place,
    length: Option<u64>,
    chunked: bool,
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
    /// The last byte that was seen of it.
    last: u8,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// Before the first line of a head.
    #[default]
    Between,
    /// Behind it.
    Head,
    /// In a body of which so many bytes are left.
    Body(u64),
    /// Where no other head begins.
    Last,
}

/// A line that could be read in two ways.
struct Ambiguous;

impl Heads {
    /// Takes the next bytes, and spoils a line that could be read in two ways.
    pub(super) fn pass(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let taken = match self.place {
                Place::Last => return,
                Place::Body(left) => self.body(left, bytes.len()),
                Place::Between | Place::Head => self.line(bytes),
            };
            bytes = bytes.get_mut(taken..).unwrap_or_default();
        }
    }

    fn body(&mut self, left: u64, here: usize) -> usize {
        let taken = usize::try_from(left).map_or(here, |left| left.min(here));
        let left = left.saturating_sub(taken as u64);
        self.place = if left == 0 { Place::Between } else { Place::Body(left) };
        taken
    }

    /// Takes what there is of a line.
    fn line(&mut self, bytes: &mut [u8]) -> usize {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let line = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        self.last = line.last().copied().unwrap_or(self.last);
        let Some(end) = end else {
            self.begin(line);
            return bytes.len();
        };
        let read = if self.begun.is_empty() {
            self.read(line)
        } else {
            self.begin(line);
            let begun = std::mem::take(&mut self.begun);
            self.read(&begun)
        };
        self.last = 0;
        if read.is_err() {
            self.place = Place::Last;
            if let Some(end) = bytes.get_mut(end) {
                *end = 0;
            }
        }
        end + 1
    }

    /// Keeps as much of a line as is read of one.
    fn begin(&mut self, bytes: &[u8]) {
        let room = (LONGEST + 1).saturating_sub(self.begun.len());
        self.begun.extend(bytes.iter().take(room));
    }

    /// Reads a line, without the LF at its end.
    fn read(&mut self, line: &[u8]) -> Result<(), Ambiguous> {
        if self.last != b'\r' {
            return Err(Ambiguous);
        }
        if line == b"\r" {
            // Before a head, empty lines are passed over.
            if self.place == Place::Head {
                self.end();
            }
            return Ok(());
        }
        self.place = Place::Head;
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return Ok(()) };
        let (name, value) = line.split_at(colon);
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = number(line, value).ok_or(Ambiguous)?;
            if self.chunked || self.length.is_some_and(|other| other != length) {
                return Err(Ambiguous);
            }
            self.length = Some(length);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let is_chunked =
                stated(line, value).is_some_and(|value| value.eq_ignore_ascii_case(b"chunked"));
            if !is_chunked || self.chunked || self.length.is_some() {
                return Err(Ambiguous);
            }
            self.chunked = true;
        }
        Ok(())
    }

    fn end(&mut self) {
        let length = self.length.take().unwrap_or(0);
        self.place = match (self.chunked, length) {
            (true, _) => Place::Last,
            (false, 0) => Place::Between,
            (false, length) => Place::Body(length),
        };
    }
}

/// What a line says behind its colon; nothing where it is longer than such lines are.
fn stated<'a>(line: &[u8], value: &'a [u8]) -> Option<&'a [u8]> {
    let is_short = line.len() <= LONGEST;
    is_short.then(|| value.get(1..).unwrap_or_default().trim_ascii())
}

fn number(line: &[u8], value: &[u8]) -> Option<u64> {
    let digits = str::from_utf8(stated(line, value)?).ok()?;
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    if are_digits { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a stream looks after it has passed in pieces of one size.
    fn passed(text: &str, size: usize) -> String {
        let (mut heads, mut bytes) = (Heads::default(), text.as_bytes().to_vec());
        bytes.chunks_mut(size).for_each(|piece| heads.pass(piece));
        String::from_utf8(bytes).expect("text")
    }

    #[track_caller]
    fn check(text: &str, expect: &str) {
        for size in 1..=text.len() {
            assert_eq!(passed(text, size), expect, "in pieces of {size}");
        }
    }

    #[track_caller]
    fn is_spoilt(lines: &str) {
        let text = format!("POST / HTTP/1.1\r\n{lines}");
        check(&format!("{text}\n\r\n"), &format!("{text}\0\r\n"));
    }

    #[test]
    fn what_can_be_read_in_one_way_stays_as_it_is() {
        for text in [
            "\r\n\r\nGET / HTTP/1.1\r\na: b\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\n\n\n\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length:1\r\nCONTENT-LENGTH: \t01 \r\n\r\n\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding:\tChunked\r\n\r\n0\n\nGET / HTTP/1.1\n\n",
            "POST / HTTP/1.1\r\ncontent-length-x: a\r\nx: content-length: a\r\n\r\n",
        ] {
            check(text, text);
        }
        let long = format!("POST / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(3 * LONGEST));
        check(&long, &long);
    }

    #[test]
    fn what_could_be_read_in_two_is_spoilt() {
        let padded = format!("content-length:{}1\r", " ".repeat(LONGEST));
        for lines in [
            "a: b",
            "content-length: 5",
            "content-length: \r",
            "content-length: +5\r",
            "content-length: 0x5\r",
            "content-length: 5, 5\r",
            "content-length: 18446744073709551616\r",
            "content-length: 5\r\ncontent-length: 6\r",
            "content-length: 5\r\ntransfer-encoding: chunked\r",
            "transfer-encoding: chunked\r\ncontent-length: 5\r",
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r",
            "transfer-encoding: identity, chunked\r",
            "transfer-encoding: \x0bchunked\r",
            &padded,
        ] {
            is_spoilt(lines);
        }
        check("\nGET / HTTP/1.1\r\n\r\n", "\0GET / HTTP/1.1\r\n\r\n");
        check(
            "POST / HTTP/1.1\r\ncontent-length: 1\r\n\r\n\nGET / HTTP/1.1\n\n",
            "POST / HTTP/1.1\r\ncontent-length: 1\r\n\r\n\nGET / HTTP/1.1\0\n",
        );
    }
}
