//! Structure is asserted here, not remembered: names, routes, configuration, imports, tidiness and
//! permissions.

mod builds;
mod configuration;
mod grants;
mod iam;
mod imports;
mod kept;
mod names;
mod needs;
mod observed;
mod pasted;
mod patterns;
mod routes;
mod security;
mod table_policy;
mod tidiness;

use local::template::{SEVER, Template};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in it").to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file and folder under `folder`, but for what is built, fetched or hidden.
fn tree(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let folder = root().join(folder);
    let Ok(entries) = fs::read_dir(&folder) else { panic!("{} is no folder", folder.display()) };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name.starts_with('.') || ["target", "node_modules"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            found.extend(tree(&path));
        }
        found.push(path);
    }
    found
}

fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut files = tree(folder);
    files.retain(|path| path.extension().is_some_and(|kind| kind == "rs"));
    assert!(!files.is_empty(), "{folder} has no Rust");
    files
}

fn folders(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder");
    let folders =
        entries.map(|entry| entry.expect("an entry")).filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().into_string().expect("UTF-8")).collect()
}

fn template() -> Template {
    let domain = |name: &str| (name.to_owned(), "https://sever.example".to_owned());
    let parameters = BTreeMap::from([domain("ApiDomain"), domain("WebsiteDomain")]);
    Template::parse(SEVER, &parameters).expect("the template reads")
}
