//! The true protocol keeps its promises in every state; every mutant breaks one.

use model::{
    CATCHES, CONFIGURATIONS, Catch, LIMITS, Mutant, Told, explore, hunt, named, unreached,
};

/// Explores one configuration to its last state. The number of states is pinned: one that changes
/// unasked means that something can no longer happen, or newly can.
fn holds(name: &str, states: usize) {
    let configuration = named(name).expect(name);
    let explored = explore(configuration, 1);
    for (promise, timeline) in &explored.broken {
        println!("{}\n{}", promise.name(), Told { configuration, timeline });
    }
    assert!(explored.broken.is_empty(), "{name}: a promise is broken, see above");
    assert_eq!(unreached(configuration), [""; 0], "{name}: never happens");
    println!("{name}: {} states, {} steps", explored.states, explored.steps);
    assert_eq!(explored.states, states, "{name}: another number of states");
}

macro_rules! configurations {
    ($($test:ident $name:literal $states:literal)*) => {
        $(
            #[test]
            fn $test() {
                holds($name, $states);
            }
        )*

        #[test]
        fn every_configuration_is_explored() {
            let names: Vec<_> = CONFIGURATIONS.iter().map(|configuration| configuration.name).collect();
            assert_eq!(names, [$($name),*]);
        }
    };
}

configurations! {
    revoke "revoke" 198_322
    refresh "refresh" 67_079
    keep "keep" 474_043
    keep_two "keep-two" 308_725
    keep_same "keep-same" 620_500
    keep_open "keep-open" 116_005
    tabs "tabs" 10_676
    theft "theft" 707_617
    handles "handles" 651_855
    handles_refresh "handles-refresh" 80_904
    time "time" 31_493
    late "late" 918_191
    late_keep "late-keep" 1_578_572
    tenant "tenant" 838_437
    tenant_twice "tenant-twice" 345_135
    lost "lost" 491_993
    lost_keep "lost-keep" 419_870
    lost_copy "lost-copy" 1_806_514
}

fn is_found(catch: &Catch) {
    let configuration = named(catch.configuration).expect(catch.configuration);
    let timeline = hunt(catch, configuration);
    let timeline = timeline.unwrap_or_else(|| panic!("not found: {catch:?}"));
    let (told, broken) = (Told { configuration, timeline: &timeline }, catch.promise.name());
    println!("{:?}\nbreaks: {broken}\n{told}", catch.mutant);
}

#[test]
fn every_mutant_is_found() {
    CATCHES.iter().for_each(is_found);
    for mutant in Mutant::ALL {
        assert!(CATCHES.iter().any(|catch| catch.mutant == *mutant), "nothing catches {mutant:?}");
    }
}

#[test]
fn every_limit_shows() {
    LIMITS.iter().for_each(is_found);
}

#[test]
fn generations_switched_off_let_a_revoked_session_pass() {
    let catch = CATCHES.iter().find(|catch| catch.mutant == Mutant::GenerationsOff).unwrap();
    let configuration = named(catch.configuration).unwrap();
    let timeline = hunt(catch, configuration).unwrap();
    let told = Told { configuration, timeline: &timeline }.to_string();
    let told: Vec<_> = told.lines().map(str::trim).collect();
    let told: Vec<_> =
        told.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        told,
        [
            "at first: session 0 open, generation 2, clock of A at 3",
            "1 A revoke-user asks the index: it shows no (other) session",
            "=> answers: the user is revoked",
            "2 C verify-session, strict reads session 0: born 2, token t0",
            "3 C verify-session, strict reads generation 2",
            "=> answers: session 0 ALLOWED",
        ]
    );
}
