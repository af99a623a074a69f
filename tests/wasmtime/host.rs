// A host of the components: wasmtime, the two imports implemented by hand and, for the one with a network, wasmtime's
// own WASI. No operation semantics.

mod bit_commands;
mod commands;
mod convert;
mod geo_commands;
mod network;
mod plain;
mod record_commands;
mod zset_commands;

use std::path::Path;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use network::Wasi;
use wasmtime::component::{Component, Linker, ResourceAny};
use wasmtime::{Engine, ResourceLimiter, Store};

mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit", world: "omnikv" });
}

use bindings::Omnikv;
use bindings::exports::omnikv::kv::connection::Options;
use bindings::exports::omnikv::kv::types;
use bindings::wasi::{clocks::wall_clock, random::insecure_seed};

use omnikv::{Capabilities, Result, Stats};

/// A component in its own instance.
pub struct Instance {
    guest: Omnikv,
    store: Store<Lent>,
    /// The argument for flushing a store without prefix: on a server it must be true.
    all: bool,
    /// How many times a string was read.
    reads: u64,
}

/// A handle on a store of an instance.
#[derive(Clone, Copy)]
pub struct Handle(ResourceAny);

/// The limit of 32-bit addresses.
const MOST_MEMORY: usize = 1 << 32;

/// What the host provides to the component.
struct Lent {
    /// A clock that only moves on demand; `None`: the system's.
    now_ms: Option<u64>,
    seed: u64,
    /// The component's memory in bytes.
    memory: usize,
    /// The most memory it may have.
    most: usize,
    wasi: Wasi,
}

impl Lent {
    fn new(now_ms: Option<u64>, seed: u64, wasi: Wasi) -> Lent {
        Lent { now_ms, seed, memory: 0, most: MOST_MEMORY, wasi }
    }

    fn now_ms(&self) -> u64 {
        let system = || SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
        self.now_ms.unwrap_or_else(|| system().as_millis().try_into().expect("a moment that fits"))
    }
}

impl wall_clock::Host for Lent {
    fn now(&mut self) -> wall_clock::Datetime {
        let now_ms = self.now_ms();
        let nanoseconds = u32::try_from(now_ms % 1000 * 1_000_000).expect("less than a second");
        wall_clock::Datetime { seconds: now_ms / 1000, nanoseconds }
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

impl ResourceLimiter for Lent {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let fits = desired <= self.most;
        if fits {
            self.memory = desired;
        }
        Ok(fits)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

impl wasmtime::component::HasData for Lent {
    type Data<'a> = &'a mut Lent;
}

/// A component, compiled once.
type Compiled = OnceLock<(Engine, Component)>;

fn compiled(component: &'static Compiled, name: &str) -> &'static (Engine, Component) {
    component.get_or_init(|| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pkg/dist").join(name);
        let engine = Engine::default();
        let component = Component::from_file(&engine, &file).unwrap_or_else(|error| {
            panic!("{}: {error:#}. Build it: cd pkg && npm run build", file.display())
        });
        (engine, component)
    })
}

impl Instance {
    /// Creates an instance of the memory store's component. Its clock starts at this time and only moves on demand.
    pub fn new(now_ms: u64, seed: u64) -> Instance {
        static COMPONENT: Compiled = OnceLock::new();
        let (engine, component) = compiled(&COMPONENT, "omnikv.wasm");
        // Provide only the imports of the world: with one more import, this fails.
        let mut linker = Linker::new(engine);
        Omnikv::add_to_linker::<_, Lent>(&mut linker, |lent| lent).expect("the imports");
        Instance::of(component, &linker, Lent::new(Some(now_ms), seed, Wasi::default()), false)
    }

    fn of(component: &Component, linker: &Linker<Lent>, lent: Lent, all: bool) -> Instance {
        let mut store = Store::new(linker.engine(), lent);
        store.limiter(|lent| lent);
        // Test the component's own limits, not those of a cautious host.
        store.set_hostcall_fuel(usize::MAX);
        let guest = Omnikv::instantiate(&mut store, component, linker).expect("an instance");
        Instance { guest, store, all, reads: 0 }
    }

    /// The clock's time.
    pub fn now_ms(&self) -> u64 {
        self.store.data().now_ms()
    }

    /// Limits the component's memory to this many bytes.
    pub fn limit_memory(&mut self, most: usize) {
        self.store.data_mut().most = most;
    }

    /// The component's memory in bytes; it never shrinks.
    pub fn memory(&self) -> usize {
        self.store.data().memory
    }

    /// Advances the time.
    pub fn advance(&mut self, milliseconds: u64) {
        *self.store.data_mut().now_ms.as_mut().expect("a clock that moves when told") += milliseconds;
    }

    /// Opens a store.
    pub fn connect(&mut self, url: &str, options: &omnikv::Options) -> Result<Handle> {
        let options = Options {
            prefix: (!options.prefix.is_empty()).then(|| options.prefix.clone()),
            default_ttl_ms: options
                .default_ttl
                .map(|ttl| ttl.as_millis().try_into().expect("a TTL of 64 bits")),
            max_bytes: options.max_bytes,
            max_keys: options.max_keys,
            eviction: options.eviction.map(convert::eviction),
            max_key_bytes: options.max_key_bytes.map(|bytes| bytes as u64),
        };
        let answer = self.guest.omnikv_kv_connection().call_connect(&mut self.store, url, &options);
        Ok(Handle(untrapped(answer)?))
    }

    /// Closes a handle.
    pub fn close(&mut self, handle: Handle) -> Result<()> {
        untrapped(self.guest.omnikv_kv_connection().call_close(&mut self.store, handle.0))
    }

    /// Empties a store; `all` confirms that the whole store is meant.
    pub fn flush(&mut self, handle: Handle, all: bool) -> Result<()> {
        untrapped(self.guest.omnikv_kv_connection().call_flush(&mut self.store, handle.0, all))
    }

    /// Drops a handle, closed or not.
    pub fn drop_handle(&mut self, handle: Handle) {
        handle.0.resource_drop(&mut self.store).expect("a handle that is there");
    }

    /// The store's statistics.
    pub fn stats(&mut self, handle: Handle) -> Result<Stats> {
        let stats = untrapped(self.guest.omnikv_kv_connection().call_stats(&mut self.store, handle.0))?;
        Ok(Stats {
            keys: stats.keys,
            expiring_keys: stats.expiring_keys,
            hits: stats.hits,
            misses: stats.misses,
            bytes: stats.bytes,
            evicted: stats.evicted,
            server: stats.server.into_iter().collect(),
        })
    }

    /// What the store guarantees.
    pub fn capabilities(&mut self, handle: Handle) -> Result<Capabilities> {
        let answer = self.guest.omnikv_kv_connection().call_capabilities(&mut self.store, handle.0);
        let promised = untrapped(answer)?;
        Ok(Capabilities {
            atomic: promised.atomic,
            ordered: promised.ordered,
            exact_counts: promised.exact_counts,
            records: promised.records,
            ttl_minimum_ms: promised.ttl_minimum_ms,
            max_key_bytes: promised.max_key_bytes,
            max_value_bytes: promised.max_value_bytes,
            consistency: match promised.consistency.as_str() {
                "strong" => "strong",
                "eventual" => "eventual",
                other => panic!("{other} is no consistency"),
            },
        })
    }
}

/// The result of a call; a trap is never acceptable.
fn untrapped<T>(answer: wasmtime::Result<Result<T, types::Error>>) -> Result<T> {
    answer.unwrap_or_else(|trap| panic!("the component trapped: {trap:?}")).map_err(convert::error)
}
