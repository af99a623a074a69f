// From a Worker to its Durable Objects. What is requested of them does not matter here.

use super::network::exchange;
use super::unavailable;
use crate::error::Result;
use crate::host::BoxFuture;
use crate::host::network::{Http, Request, Response};
use ::worker::ObjectNamespace;

/// The prefix of all our objects' names, the same as in JavaScript.
const NAMES: &str = "omnikv";

/// The objects of a store: a request to `http://0.object/` goes to the first of them.
pub(super) struct Objects {
    namespace: ObjectNamespace,
    shards: u64,
}

impl Objects {
    pub fn new(namespace: ObjectNamespace, shards: u64) -> Objects {
        Objects { namespace, shards }
    }

    /// The object whose number is the host of the URL.
    fn named(&self, url: &str) -> String {
        let host = url.strip_prefix("http://").unwrap_or(url);
        let number = host.split('.').next().unwrap_or_default();
        format!("{NAMES}:{number}/{}", self.shards)
    }
}

impl Http for Objects {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response>> {
        let name = self.named(&request.url);
        // A stub belongs to its request; the namespace does not.
        let stub = self.namespace.id_from_name(&name).and_then(|id| id.get_stub());
        Box::pin(async move {
            let stub = stub.map_err(|_| unavailable("(object) cannot be reached"))?;
            exchange(request, async |request| stub.fetch_with_request(request).await).await
        })
    }
}
