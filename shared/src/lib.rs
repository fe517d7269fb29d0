//! What every Sever function shares: sessions, tokens, the table, HTTP and start-up.
//!
//! Arrows point one way: `lambda` knows `http` and `app`, they know `session`, it knows `table`;
//! `token`, `ids` and `time` know nobody. See `ARCHITECTURE.md`.

pub mod api_keys;
pub mod app;
pub mod config;
pub mod http;
pub mod ids;
pub mod json;
pub mod lambda;
pub mod model;
pub mod reason;
pub mod session;
pub mod table;
pub mod tenancy;
pub mod time;
pub mod token;

/// The target of every audit record: a log line with the record, which is JSON, in its field `audit`.
pub const AUDIT_TARGET: &str = "sever::audit";

/// An error and everything that led to it, in one line for a log. Each link says only what it adds.
#[must_use]
pub fn error_chain(error: &dyn std::error::Error) -> String {
    links(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The same for whoever typed a command, of any error: some libraries repeat a cause's text in their
/// own, or break the line. The SDK shows a request that it cannot send, and what is to be written is
/// nobody's to read.
#[must_use]
pub fn error_line(error: &dyn std::error::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in links(error).map(ToString::to_string) {
        let shows_request = text.contains("Request {");
        if !shows_request && !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn links(error: &dyn std::error::Error) -> impl Iterator<Item = &dyn std::error::Error> {
    std::iter::successors(Some(error), |link| link.source())
}

#[cfg(test)]
mod tests {
    use super::error_line;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Link {
        text: &'static str,
        source: Option<Box<Link>>,
    }

    #[test]
    fn an_error_line_says_each_cause_once_and_shows_no_request() {
        let texts = ["cannot connect", "Request { body: hush }", "refused\n  twice", "refused"];
        let chain = texts
            .into_iter()
            .rev()
            .fold(None, |source, text| Some(Box::new(Link { text, source })));
        assert_eq!(error_line(&chain.unwrap()), "cannot connect: refused twice");
    }
}
