//! A policy file cut into its statements, so that each problem has its own line.

/// One `permit` or `forbid` with its annotations, and the line it starts on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement<'a> {
    pub(super) line: u32,
    pub(super) text: &'a str,
}

/// Cuts at each `;` that stands outside strings and comments. What follows the last one is a
/// statement too, unless it is empty: its missing `;` is the parser's to tell.
pub(super) fn statements(file: &str) -> Vec<Statement<'_>> {
    let mut found = Vec::new();
    let mut rest = file;
    let mut line = 1;
    while let Some(start) = first_token(rest) {
        let Some((blank, from)) = rest.split_at_checked(start) else {
            break;
        };
        line += newlines(blank);
        let Some((text, after)) = from.split_at_checked(end_of_statement(from)) else {
            break;
        };
        found.push(Statement { line, text });
        line += newlines(text);
        rest = after;
    }
    found
}

/// Where the first byte stands that is neither blank nor of a comment.
fn first_token(text: &str) -> Option<usize> {
    let mut comment = false;
    let mut before = None;
    for (at, c) in text.char_indices() {
        match c {
            '\n' => comment = false,
            '/' if before == Some('/') => comment = true,
            '/' if !comment && text.get(at + 1..).is_some_and(|t| t.starts_with('/')) => {}
            c if comment || c.is_whitespace() => {}
            _ => return Some(at),
        }
        before = Some(c);
    }
    None
}

/// Where the statement ends, its `;` included; the end of the text where there is none.
fn end_of_statement(text: &str) -> usize {
    let mut place = Place::Code;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        place = match (place, before, c) {
            (Place::Code, _, ';') => return at + 1,
            (Place::Code, _, '"') | (Place::Escape, ..) => Place::String,
            (Place::Code, '/', '/') => Place::Comment,
            (Place::String, _, '\\') => Place::Escape,
            (Place::String, _, '"') | (Place::Comment, _, '\n') => Place::Code,
            (place, ..) => place,
        };
        before = c;
    }
    text.len()
}

#[derive(Clone, Copy)]
enum Place {
    Code,
    String,
    Escape,
    Comment,
}

fn newlines(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Statement, statements};

    #[test]
    fn statements_end_at_semicolons_outside_strings_and_comments() {
        let file =
            "// one; two\n\n@title(\"a; \\\" b; // c\")\npermit (x); // done;\nforbid\n(y);\n";
        let first = "@title(\"a; \\\" b; // c\")\npermit (x);";
        let second = "forbid\n(y);";
        let expected = [(3, first), (5, second)].map(|(line, text)| Statement { line, text });
        assert_eq!(statements(file), expected);
    }

    #[test]
    fn what_follows_the_last_semicolon_is_a_statement() {
        let found = statements("permit (x);\n  forbid (y)");
        assert_eq!(found.last().map(|s| s.line), Some(2));
        assert_eq!(statements(" \n// nothing\n"), []);
    }
}
