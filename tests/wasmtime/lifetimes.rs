// The lifetimes of stores in both components: dropping and closing handles.

use omnikv::Options;
use omnikv::command::{Command, Reply};
use omnikv_wasmtime::{Handle, Instance};

fn open(instance: &mut Instance, url: &str) -> Handle {
    instance.connect(url, &Options::default()).expect("a store")
}

fn run(instance: &mut Instance, handle: Handle, command: &[&str]) -> Reply {
    instance.execute(handle, &Command::parse(command).expect("a command")).expect("a reply")
}

/// The memory store's component, and the one with all stores.
fn instances() -> [Instance; 2] {
    [Instance::new(1_700_000_000_000, 1), Instance::with_network()]
}

#[test]
fn dropping_a_handle_does_not_end_a_named_store() {
    for mut instance in instances() {
        let dropped = open(&mut instance, "memory:app");
        let closed = open(&mut instance, "memory:app");
        run(&mut instance, dropped, &["SET", "k", "v"]);
        instance.drop_handle(dropped);
        instance.close(closed).unwrap();
        let again = open(&mut instance, "memory:app");
        assert_eq!(run(&mut instance, again, &["GET", "k"]), Reply::Bytes(b"v".to_vec()));
    }
}

#[test]
fn closing_every_handle_ends_a_named_store() {
    for mut instance in instances() {
        let handles = [open(&mut instance, "memory:app"), open(&mut instance, "memory:app")];
        run(&mut instance, handles[0], &["SET", "k", "v"]);
        for handle in handles {
            instance.close(handle).unwrap();
            instance.drop_handle(handle);
        }
        let anew = open(&mut instance, "memory:app");
        assert_eq!(run(&mut instance, anew, &["EXISTS", "k"]), Reply::Int(0));
    }
}

#[test]
fn dropping_a_private_store_frees_its_memory() {
    for mut instance in instances() {
        let value = "x".repeat(1 << 20);
        let mut grown = Vec::new();
        for _ in 0..100 {
            let store = open(&mut instance, "memory:");
            run(&mut instance, store, &["SET", "k", &value]);
            instance.drop_handle(store);
            grown.push(instance.memory());
        }
        assert_eq!(grown[10], grown[99]);
    }
}
