// Random commands on the release component: it answers all of them, and memory does not leak.
//
// OMNIKV_RANDOM_COMMANDS sets the number of commands (1,000,000); OMNIKV_RANDOM_SEED=n repeats those of that seed.

#[path = "../support/commands.rs"]
mod commands;

use commands::{Alphabet, Commands};
use fastrand::Rng;
use omnikv::Kind;
use omnikv::command::Command;
use omnikv_wasmtime::Instance;

/// When the clock begins, in milliseconds since 1970.
const START_MS: u64 = 1_800_000_000_000;
/// Commands between two flushes.
const ROUND: u64 = 50_000;

#[test]
fn a_million_random_commands() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect(name));
    let wanted: u64 = number("OMNIKV_RANDOM_COMMANDS").unwrap_or(1_000_000);
    let seed = number("OMNIKV_RANDOM_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("OMNIKV_RANDOM_SEED={seed} replays this");

    let mut instance = Instance::new(START_MS, seed);
    let store = instance.connect("memory:", &omnikv::Options::default()).expect("a store");
    let mut random = Commands { rng: Rng::with_seed(seed), alphabet: Alphabet::Small, now_ms: START_MS };
    let mut memory = Vec::new();
    let mut failed = 0;
    for number in 1..=wanted {
        random.alphabet = if random.rng.u8(..4) == 0 { Alphabet::Wide } else { Alphabet::Small };
        let name = Command::NAMES[random.rng.usize(..Command::NAMES.len())];
        // Otherwise the store would be almost empty most of the time.
        if name == "flush" || name == "delete-range" && random.rng.u8(..50) > 0 {
            continue;
        }
        let command = random.command(name);
        if let Err(error) = instance.execute(store, &command) {
            assert_ne!(error.kind(), Kind::Internal, "{command:?}: {error:?}");
            failed += 1;
        }
        if random.rng.u8(..100) == 0 {
            instance.advance(random.rng.u64(..20_000));
            random.now_ms = instance.now_ms();
        }
        if number % ROUND == 0 {
            instance.execute(store, &Command::Flush { prefix: String::new() }).expect("a flush");
            let stats = instance.stats(store).expect("stats");
            assert_eq!((stats.keys, stats.bytes), (0, Some(0)), "after {number} commands and a flush");
            memory.push(instance.memory());
        }
    }
    println!("{wanted} commands, {failed} of them refused; memory after each flush: {memory:?}");
    let (first, last) = memory.split_at(memory.len() / 2);
    let most = |sizes: &[usize]| sizes.iter().copied().max().unwrap_or_default();
    assert!(most(last) <= most(first) * 5 / 4, "memory grows from round to round: {memory:?}");
}
