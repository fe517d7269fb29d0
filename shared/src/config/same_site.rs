//! Whether two URLs belong to one site, as browsers mean it for `SameSite`.

use url::{Host, Url};

/// Same scheme and same registrable domain (by the Public Suffix List: `a.github.io` and
/// `b.github.io` are two sites).
pub(super) fn share_a_site(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && site(a) == site(b)
}

/// `localhost` or an address: one machine, as a developer has it.
pub(super) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

fn site(url: &Url) -> String {
    if is_local(url) {
        return "localhost".to_owned();
    }
    let host = url.host_str().unwrap_or_default();
    psl::domain_str(host).unwrap_or(host).to_owned()
}
