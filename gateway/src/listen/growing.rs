//! Which body still grows when its head is sent.
//!
//! Small writes are gathered until Pingora flushes or reads. While it serves a body from a fill that is
//! under way it does neither: it waits for the fill. So the proxy marks such a head, and what is written
//! after it leaves at once.

use super::date::line;

/// The name of the mark. It never leaves the process.
pub const MARK: &str = "shoal-growing-body";

/// Takes the mark out of a head, and says whether it was there.
pub(super) fn unmark(head: &mut Vec<u8>) -> bool {
    let Some(mark) = line(head, MARK) else {
        return false;
    };
    head.drain(mark);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_taken_out_of_the_head_alone() {
        for (head, expected, marked) in [
            (
                "HTTP/1.1 200 OK\r\nShoal-Growing-Body: 1\r\nA: 1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nA: 1\r\n\r\n",
                true,
            ),
            (
                "HTTP/1.1 200 OK\r\n\r\nshoal-growing-body: 1\r\n",
                "HTTP/1.1 200 OK\r\n\r\nshoal-growing-body: 1\r\n",
                false,
            ),
        ] {
            let mut bytes = head.as_bytes().to_vec();
            assert_eq!(unmark(&mut bytes), marked);
            assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        }
    }
}
