// The component with a network in its host: wasmtime's WASI sockets and HTTP, as far as they are allowed. What is sent
// does not matter here.

use std::sync::OnceLock;

use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView, default_hooks};

use crate::bindings::Omnikv;
use crate::{Compiled, Instance, Lent, compiled};

/// wasmtime's WASI state of an instance.
#[derive(Default)]
pub(crate) struct Wasi {
    ctx: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
}

impl WasiView for Lent {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi.ctx, table: &mut self.wasi.table }
    }
}

impl WasiHttpView for Lent {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let Wasi { http, table, .. } = &mut self.wasi;
        WasiHttpCtxView { hooks: default_hooks(), table, ctx: http }
    }
}

impl Instance {
    /// Creates an instance of the component with a network, with the system's clock and the whole network.
    pub fn with_network() -> Instance {
        Instance::networked(
            WasiCtxBuilder::new().inherit_network().allow_tcp(true).allow_ip_name_lookup(true).build(),
        )
    }

    /// Like [`with_network`](Self::with_network), with a host that allows no sockets.
    pub fn without_sockets() -> Instance {
        Instance::networked(WasiCtxBuilder::new().build())
    }

    fn networked(ctx: WasiCtx) -> Instance {
        static COMPONENT: Compiled = OnceLock::new();
        let (engine, component) = compiled(&COMPONENT, "omnikv-net.wasm");
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).expect("WASI");
        wasmtime_wasi_http::p2::add_only_http_to_linker_sync(&mut linker).expect("wasi:http");
        // Two imports are the same as those of the memory store's component.
        linker.allow_shadowing(true);
        Omnikv::add_to_linker::<_, Lent>(&mut linker, |lent| lent).expect("the imports");
        let (http, table) = (WasiHttpCtx::new(), ResourceTable::new());
        Instance::of(component, &linker, Lent::new(None, 7, Wasi { ctx, http, table }), true)
    }
}
