//! One word for a function, everywhere.

use super::{folders, read, root, template};
use std::process::Command;

#[test]
fn template_registry_samples_and_folders_name_the_same_functions() {
    let functions = folders("functions");
    let deployed = template().functions.values().map(|function| function.binary.clone()).collect();
    assert_eq!(functions, deployed, "the binaries of template.yaml");
    let local = local::functions::binaries().map(ToOwned::to_owned).collect();
    assert_eq!(functions, local, "the registry in local");
    assert_eq!(functions, folders("events"), "the folders in events");
}

#[test]
fn a_package_is_called_as_its_folder() {
    for function in folders("functions") {
        let manifest = read(format!("functions/{function}/Cargo.toml"));
        let name = manifest.lines().find(|line| line.starts_with("name = "));
        assert_eq!(name, Some(format!("name = \"{function}\"").as_str()));
        assert!(!manifest.contains("[[bin]]"), "{function}: the binary has the package's name");
    }
}

#[test]
fn a_main_has_at_most_ten_lines_and_serves_its_own_function() {
    for function in folders("functions") {
        let main = read(format!("functions/{function}/src/main.rs"));
        assert!(main.lines().count() <= 10, "{function}");
        let module = function.replace('-', "_");
        let serves = format!("shared::lambda::serve(\"{function}\", {module}::function)");
        assert!(main.contains(&serves), "{function}: {main}");
    }
}

#[test]
fn a_function_resource_is_called_as_its_binary() {
    for (id, function) in template().functions {
        let expected = match id.as_str() {
            "VerifySessionFastFunction" => "verify-session-fast",
            _ => function.binary.as_str(),
        };
        assert_eq!(function.name, expected, "{id}");
        let words = expected.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
        assert_eq!(id, format!("{}Function", words.collect::<String>()));
    }
}

/// The packages that are built into `package`.
fn built_into(package: &str) -> Vec<String> {
    let tree = ["tree", "--offline", "--locked", "--edges", "normal", "--prefix", "none"];
    let told = Command::new(env!("CARGO"))
        .args(tree)
        .args(["--package", package])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let text = String::from_utf8(told.stdout).expect("UTF-8");
    let names = text.lines().filter_map(|line| line.split_whitespace().next());
    names.map(ToOwned::to_owned).collect()
}

#[test]
fn what_only_the_command_line_needs_is_built_into_no_function() {
    let of_a_person = ["aws-sdk-sso", "aws-sdk-ssooidc", "clap", "clap_complete"];
    let sever = built_into("sever");
    assert!(of_a_person.iter().all(|name| sever.iter().any(|built| built == name)));
    for function in folders("functions") {
        let built = built_into(&function);
        assert!(built.contains(&"aws-sdk-dynamodb".to_owned()), "{function}: {built:?}");
        for name in of_a_person {
            assert!(!built.iter().any(|built| built == name), "{function} has {name}");
        }
    }
}
