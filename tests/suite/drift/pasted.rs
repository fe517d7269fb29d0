//! Whatever is to be pasted into a shell does the same in an interactive bash and an interactive zsh. A
//! zsh takes no comments there, stops at a glob without a match, and does not split what it expands.

use super::{root, tree};
use std::fs;

const SHELLS: [&str; 5] = ["sh", "bash", "zsh", "shell", "console"];

/// Names that mean something to zsh, so that assigning to them fails or does something else.
const TAKEN: [&str; 11] = [
    "status",
    "path",
    "cdpath",
    "fpath",
    "argv",
    "prompt",
    "options",
    "commands",
    "functions",
    "aliases",
    "history",
];

/// The fenced blocks of a Markdown page that are for a shell, each with the number of its first line.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut lines = page.lines().zip(1..);
    while let Some((line, _)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        let block: Vec<_> = lines.by_ref().take_while(|(line, _)| line.trim() != "```").collect();
        if let (Some((_, first)), true) = (block.first(), SHELLS.contains(&language.trim())) {
            let text: Vec<_> = block.iter().map(|(line, _)| *line).collect();
            found.push((*first, text.join("\n")));
        }
    }
    found
}

#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Shell,
    Single,
    Double,
    Parameter,
}

/// What bash and zsh would not do alike with `script`: the line, counted from zero, and why.
fn differences(script: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (number, line) in script.lines().enumerate() {
        let mut words = line.split_whitespace();
        if words.any(|word| word == "echo") && words.next().is_some_and(|word| word.contains('$')) {
            found.push((number, "the echo of zsh reads backslashes in a value: use printf"));
        }
    }
    let mut inside = vec![Inside::Shell];
    let mut number = 0;
    let mut word = String::new();
    let mut characters = script.chars().peekable();
    while let Some(c) = characters.next() {
        use Inside::{Double, Parameter, Shell, Single};
        let place = *inside.last().unwrap_or(&Shell);
        number += usize::from(c == '\n');
        let starts = word.is_empty();
        word.push(c);
        match (place, c) {
            (Single, '\'') | (Double, '"') | (Parameter, '}') | (Shell, ')') => {
                inside.pop();
            }
            (Single, _) => {}
            (_, '\\') => number += usize::from(characters.next() == Some('\n')),
            (_, '$') => match characters.peek() {
                Some('(') => inside.push(Shell),
                Some('{') => inside.push(Parameter),
                _ => {}
            },
            (Double | Shell, '!') => found.push((number, "`!` recalls a command")),
            (Double, _) => {}
            (_, '"') => inside.push(Double),
            (_, '\'') => inside.push(Single),
            (Parameter, c) if c.is_whitespace() && !inside.contains(&Double) => {
                found.push((number, "zsh does not split what a parameter expands to"));
            }
            (Shell, '#') if starts => found.push((number, "a comment is a command to zsh")),
            (Shell, '*' | '?' | '[') => found.push((number, "a glob without a match stops zsh")),
            (Shell, '~') if starts => found.push((number, "`~name` may be another folder")),
            (Shell, '=') if starts => found.push((number, "`=name` is the path of a command")),
            (Shell, '=') if TAKEN.contains(&word.trim_end_matches('=')) => {
                found.push((number, "the variable means something to zsh"));
            }
            _ => {}
        }
        // What follows `$` belongs to it: `$?` is no glob, and the parenthesis of `$(` is open already.
        if (place, c) == (Shell, '$') || (place, c) == (Double, '$') {
            characters.next_if(|next| "({?!#*@$-".contains(*next));
        }
        if *inside.last().unwrap_or(&Shell) == Shell && (c.is_whitespace() || ";&|(){".contains(c))
        {
            word.clear();
        }
    }
    found
}

#[test]
fn what_is_pasted_does_the_same_in_bash_and_in_zsh() {
    let mut scripts = vec![("cargo run".to_owned(), 1, pasted_by_the_bundle())];
    for path in
        tree("").into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "md"))
    {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        let page = fs::read_to_string(&path).unwrap();
        scripts.extend(blocks(&page).into_iter().map(|(line, text)| (name.clone(), line, text)));
    }
    assert!(scripts.len() > 30, "{} blocks", scripts.len());
    let mut told = Vec::new();
    for (name, first, script) in scripts {
        let found = differences(&script).into_iter();
        told.extend(found.map(|(line, why)| format!("{name}:{}: {why}", first + line)));
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// What `cargo run` prints for another terminal: its indented lines.
fn pasted_by_the_bundle() -> String {
    let text = local::walkthrough::text(3000, "table");
    let commands: Vec<_> = text.lines().filter(|line| line.starts_with("  ")).collect();
    assert!(commands.len() > 10);
    commands.join("\n")
}

#[test]
fn the_differences_are_found_and_nothing_else() {
    for (script, line) in [
        ("a\ncargo run   # why", 1),
        ("# why", 0),
        ("a $(b # why\n)", 0),
        ("ls *.md", 0),
        ("curl http://localhost/?a=b", 0),
        ("a[1]", 0),
        ("echo \"done!\"", 0),
        ("cat ~/x", 0),
        ("which =ls", 0),
        ("curl ${T:+-H \"a: $T\"}", 0),
        ("'a\nb'; status=1", 1),
        ("echo \"$json\" | sed x", 0),
        ("a \\\n  b?", 1),
    ] {
        let found: Vec<_> = differences(script).into_iter().map(|(line, _)| line).collect();
        assert_eq!(found, [line], "{script}");
    }
    for script in [
        "curl 'a?b=[*]#!' \"a?b=[*] # c\" a#b a=b --c=d",
        "a() { sed 's/[^\"]*//'; }; b=$(a | sed \"s/.*$c/$(d \"e?\")/\")",
        "echo $? && curl ${T:+-H} ${T:+\"a: $T\"}",
        "echo 'a\n# b'",
        "echo \"1. Open\" \\# \\?",
    ] {
        let found = differences(script);
        let asked = found.iter().filter(|(_, why)| !why.contains("echo")).count();
        assert_eq!(asked, 0, "{script}: {found:?}");
    }
    let page = "```sh\na\n```\n  ```\nb\n  ```\n- c\n\n  ```bash\n  d\n  e\n  ```\n";
    assert_eq!(blocks(page), [(2, "a".to_owned()), (10, "  d\n  e".to_owned())]);
}
