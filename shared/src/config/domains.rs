//! Hosts, origins and issuers as an operator writes them. A text that another program would write
//! otherwise is refused rather than mended: the template hands it to API Gateway as it stands.

use super::same_site::is_local;
use crate::http::cookies::bare;
use url::{Host, Url};

/// A scheme and a host, written as browsers write them in `Origin`.
pub(super) fn origin(value: &str) -> Option<Url> {
    let url = Url::parse(value).ok()?;
    let web = matches!(url.scheme(), "http" | "https");
    let serialized = url.origin().ascii_serialization() == value;
    // The URL standard allows quotes and asterisks in a host; DNS does not.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]/".contains(&byte);
    let host = url.host_str()?;
    (web && serialized && value.bytes().all(plain) && !host.ends_with('.')).then_some(url)
}

/// A host name for a `Domain` attribute, in lower case; a leading dot stays (PROTOCOL 1.3).
pub(super) fn cookie_domain(value: &str) -> Option<String> {
    let value = value.to_ascii_lowercase();
    let bare = bare(&value);
    // A cookie attribute ends at a semicolon, which a URL's host may have: only a host name may stand
    // here.
    let plain = bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    let is_name = matches!(Host::parse(bare), Ok(Host::Domain(name)) if name == bare);
    (plain && is_name).then_some(value)
}

/// Whether a browser takes a cookie for `domain` from the host of `api`: the host is in it, and it
/// is no public suffix such as `com`.
pub(super) fn may_set_cookie_for(api: &Url, domain: &str) -> bool {
    parents(api).contains(&bare(domain))
}

/// Every domain for which the host of `api` may set cookies: itself, and all above it that are no
/// public suffix. None of an address.
pub(super) fn parents(api: &Url) -> Vec<&str> {
    let Some(Host::Domain(host)) = api.host() else { return Vec::new() };
    let Some(site) = psl::domain_str(host) else { return Vec::new() };
    let above = std::iter::successors(Some(host), |name| name.split_once('.').map(|(_, up)| up));
    above.take_while(|name| name.len() >= site.len()).collect()
}

/// `apiDomain` and `apiBasePath` of a SuperTokens SDK, as its tokens name them in `iss`: in lower
/// case, without a slash at the end. Node's SDK leaves a default port out and the others do not, so
/// that one entry may stand for two texts.
pub(super) fn issuer(value: &str) -> Option<Vec<String>> {
    let lower = value.to_ascii_lowercase();
    let url = Url::parse(&lower).ok()?;
    let default_port = match url.scheme() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]/".contains(&byte);
    let written = without_slash(&lower);
    let normal = format!("{}{}", url.origin().ascii_serialization(), without_slash(url.path()));
    if !written.bytes().all(plain) {
        None
    } else if written == normal {
        Some(vec![normal])
    } else {
        let is_its_port = written.replacen(default_port, "", 1) == normal;
        is_its_port.then(|| vec![normal, written.to_owned()])
    }
}

fn without_slash(text: &str) -> &str {
    text.strip_suffix('/').unwrap_or(text)
}

/// Whether the host is this machine, under whatever name a developer gave it.
pub(super) fn is_development(url: &Url) -> bool {
    is_local(url) || url.host_str().is_some_and(|host| host.ends_with(".localhost"))
}
