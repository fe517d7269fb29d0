//! A fixed number of histories, and every mutant.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use checker::{Missing, Program, Tables, check, shrink, timeline};

/// Histories of the real thing.
const HISTORIES: u64 = 400;
/// Histories that were once judged wrongly: a refresh that was refused had exchanged its token, as
/// it could.
const FOUND: [u64; 1] = [5_085_282];
/// Histories within which a mutant must be caught.
const FOR_A_MUTANT: u64 = 1_000;

#[test]
fn no_history_breaks_a_promise() {
    let mut tables = Tables::new().unwrap();
    for seed in (0..HISTORIES).chain(FOUND) {
        let program = Program::of(seed);
        let history = tables.run(&program, None).unwrap();
        assert!(!history.calls.is_empty(), "seed {seed} did nothing");
        if let Some(violation) = check(&history) {
            panic!("seed {seed}\n{}", timeline(&history, &violation));
        }
    }
}

#[test]
fn a_history_is_the_same_each_time() {
    let outcomes = |seed| {
        let history = Tables::new().unwrap().run(&Program::of(seed), None).unwrap();
        let outcome =
            |call: &checker::Call| (call.begun, call.ended, std::mem::discriminant(&call.outcome));
        history.calls.iter().map(outcome).collect::<Vec<_>>()
    };
    for seed in 0..20 {
        assert_eq!(outcomes(seed), outcomes(seed), "seed {seed}");
    }
}

/// The first seed at which it is noticed that something is missing.
fn noticed(missing: Missing) -> Option<u64> {
    let mut tables = Tables::new().unwrap();
    (0..FOR_A_MUTANT).find(|seed| {
        let history = tables.run(&Program::of(*seed), Some(missing)).unwrap();
        check(&history).is_some()
    })
}

macro_rules! noticed {
    ($($test:ident => $missing:ident),* $(,)?) => {$(
        #[test]
        fn $test() {
            assert!(noticed(Missing::$missing).is_some());
        }
    )*};
}

noticed!(
    missing_generations_are_noticed => Generations,
    clocks_in_place_of_generations_are_noticed => GenerationsButClocks,
    a_delete_that_does_not_ask_is_noticed => Existence,
    weak_reads_are_noticed => StrongReads,
    unprocessed_keys_taken_for_absent_are_noticed => UnprocessedKeys,
    expiry_left_to_time_to_live_is_noticed => Expiry,
    a_rotation_without_condition_is_noticed => RotationCondition,
    a_sweep_without_condition_is_noticed => SweepCondition,
    a_session_written_twice_is_noticed => WrittenOnce,
    a_session_that_is_ahead_and_lives_is_noticed => Ahead,
    a_copy_that_is_not_raised_is_noticed => EveryCopy,
    a_check_that_reads_another_copy_is_noticed => OwnCopy,
);

#[test]
fn what_is_shown_is_small() {
    let missing = Some(Missing::Generations);
    let seed = noticed(Missing::Generations).unwrap();
    let run = |program: &Program| Tables::new().unwrap().run(program, missing).unwrap();
    let (program, history, violation) = shrink(Program::of(seed), run).unwrap();
    assert!(program.steps.len() <= 3, "{}", timeline(&history, &violation));
    assert!(timeline(&history, &violation).contains("broken:"));
}
