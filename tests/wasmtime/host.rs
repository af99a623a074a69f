// A host of the component: wasmtime, the two imports by hand, one store. It must not know what an operation does.

mod commands;
mod convert;

use std::path::Path;
use std::sync::OnceLock;

use wasmtime::component::{Component, Linker, ResourceAny};
use wasmtime::{Engine, Store};

mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit", world: "omnikv" });
}

use bindings::Omnikv;
use bindings::exports::omnikv::kv::connection::Options;
use bindings::exports::omnikv::kv::types;
use bindings::wasi::{clocks::wall_clock, random::insecure_seed};

use omnikv::error::Error;

/// What is said when a handle is opened.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    pub prefix: Option<String>,
    pub default_ttl_ms: Option<u64>,
    pub max_bytes: Option<u64>,
    pub max_key_bytes: Option<u64>,
}

/// The component in an instance of its own, with a clock that only moves when told.
pub struct Instance {
    guest: Omnikv,
    store: Store<Lent>,
}

/// A handle on a store of an instance.
#[derive(Clone, Copy)]
pub struct Handle(ResourceAny);

/// What the host lends the component.
struct Lent {
    now_ms: u64,
    seed: u64,
}

impl wall_clock::Host for Lent {
    fn now(&mut self) -> wall_clock::Datetime {
        let nanoseconds = u32::try_from(self.now_ms % 1000 * 1_000_000).expect("less than a second");
        wall_clock::Datetime { seconds: self.now_ms / 1000, nanoseconds }
    }

    fn resolution(&mut self) -> wall_clock::Datetime {
        wall_clock::Datetime { seconds: 0, nanoseconds: 1_000_000 }
    }
}

impl insecure_seed::Host for Lent {
    fn insecure_seed(&mut self) -> (u64, u64) {
        (self.seed, 0)
    }
}

impl wasmtime::component::HasData for Lent {
    type Data<'a> = &'a mut Lent;
}

/// The component, compiled once.
fn component() -> &'static (Engine, Component) {
    static COMPONENT: OnceLock<(Engine, Component)> = OnceLock::new();
    COMPONENT.get_or_init(|| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pkg/dist/omnikv.wasm");
        let engine = Engine::default();
        let component = Component::from_file(&engine, &file).unwrap_or_else(|error| {
            panic!("{}: {error:#}. Build it: cargo run -p omnikv-build component", file.display())
        });
        (engine, component)
    })
}

impl Instance {
    /// A fresh instance whose clock shows this moment.
    pub fn new(now_ms: u64, seed: u64) -> Instance {
        let (engine, component) = component();
        // Only what the world names is lent: one import more, and this fails.
        let mut linker = Linker::new(engine);
        Omnikv::add_to_linker::<_, Lent>(&mut linker, |lent| lent).expect("the imports");
        let mut store = Store::new(engine, Lent { now_ms, seed });
        let guest = Omnikv::instantiate(&mut store, component, &linker).expect("an instance");
        Instance { guest, store }
    }

    /// What the clock shows.
    pub fn now_ms(&self) -> u64 {
        self.store.data().now_ms
    }

    /// Lets time pass.
    pub fn advance(&mut self, milliseconds: u64) {
        self.store.data_mut().now_ms += milliseconds;
    }

    /// Opens a store.
    pub fn connect(&mut self, url: &str, opening: Opening) -> Result<Handle, Error> {
        let Opening { prefix, default_ttl_ms, max_bytes, max_key_bytes } = opening;
        let options = Options { prefix, default_ttl_ms, max_bytes, max_key_bytes };
        let answer = self.guest.omnikv_kv_connection().call_connect(&mut self.store, url, &options);
        Ok(Handle(untrapped(answer)?))
    }
}

/// What a call gave, if the component still lives: a trap is never an answer.
fn untrapped<T>(answer: wasmtime::Result<Result<T, types::Error>>) -> Result<T, Error> {
    answer.unwrap_or_else(|trap| panic!("the component trapped: {trap:?}")).map_err(convert::error)
}
