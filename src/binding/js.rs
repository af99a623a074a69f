// trivial
use wasm_bindgen::prelude::*;
#[wasm_bindgen]
pub struct Core { n: u32 }
#[wasm_bindgen]
impl Core {
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<Core, JsValue> {
        let m: std::collections::BTreeMap<String, u32> = serde_wasm_bindgen::from_value(options).map_err(JsValue::from)?;
        Ok(Core { n: m.len() as u32 })
    }
    pub fn x() -> String { "x".into() }
    pub fn call(&mut self, len: usize) -> usize { self.n += 1; (self.n as usize) + len }
}
