// The way from a Worker to its Durable Objects. It must not know what is asked of them.

use super::network::exchange;
use super::unavailable;
use crate::error::Result;
use crate::host::BoxFuture;
use crate::host::network::{Http, Request, Response};
use ::worker::ObjectNamespace;

/// What all names of our objects begin with, also those that JavaScript asks for.
const NAMES: &str = "omnikv";

/// The objects of a store: requests to `http://0.object/` go to the first of them.
pub(super) struct Objects {
    namespace: ObjectNamespace,
    shards: u64,
}

impl Objects {
    pub fn new(namespace: ObjectNamespace, shards: u64) -> Objects {
        Objects { namespace, shards }
    }

    /// The object that the URL's host names, as its number.
    fn named(&self, url: &str) -> String {
        let host = url.strip_prefix("http://").unwrap_or(url);
        let number = host.split('.').next().unwrap_or_default();
        format!("{NAMES}:{number}/{}", self.shards)
    }
}

impl Http for Objects {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response>> {
        let name = self.named(&request.url);
        // A stub belongs to its request, the namespace does not.
        let stub = self.namespace.id_from_name(&name).and_then(|id| id.get_stub());
        Box::pin(async move {
            let stub = stub.map_err(|_| unavailable("(object) cannot be reached"))?;
            exchange(request, async |request| stub.fetch_with_request(request).await).await
        })
    }
}
