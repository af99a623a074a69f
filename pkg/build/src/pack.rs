// Modules as text that any bundler and minifier leaves alone, which is smaller after brotli than the module itself: instructions lie
// with instructions, numbers of locals with numbers of locals. `pkg/unpack` says how the text is read and puts it together.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result, ensure};
use omnikv_unpack::{FIRST, LENGTH, SINGLE, STREAMS, SYMBOLS, Then};
use walrus::Module;
use walrus::passes::gc;
use wasmparser::{FunctionBody, Operator, Parser, Payload};

use crate::module;

/// An optimised module of `pkg/dist` becomes text in `pkg/dist/bindgen`.
pub fn build(name: &str) -> Result<()> {
    let wasm = std::fs::read(module::dist()?.join(name).with_extension("wasm"))
        .with_context(|| format!("{name}.wasm is not built"))?;
    let text = pack(&wasm)?;
    let again = unpacked(&text);
    ensure!(again.len() < 2 * text.len(), "pkg/src/unpacked.ts has no room for {name}.wasm");
    ensure!(pack(&again)? == text, "{name}.wasm does not come back");
    write(name, &text)
}

/// What puts texts together, in hexadecimal digits.
pub fn build_unpack() -> Result<()> {
    let wasm = module::compile_package(
        "omnikv-unpack",
        &[],
        &["profile.wasm.opt-level='z'"],
        &["-zstack-size=2048", "--strip-all"],
    )?;
    let mut module = Module::from_buffer(&wasm)?;
    let exports: Vec<_> = module.exports.iter().map(|export| (export.id(), export.name.clone())).collect();
    for (id, _) in exports.iter().filter(|(_, name)| name.starts_with("__")) {
        module.exports.delete(*id);
    }
    gc::run(&mut module);
    module.producers.clear();
    write("unpack", &module.emit_wasm().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn write(name: &str, text: &str) -> Result<()> {
    let folder = module::dist()?.join("bindgen");
    Ok(std::fs::write(folder.join(name).with_extension("text"), text)?)
}

/// What stands in the dictionary.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
struct Symbol {
    bytes: Vec<u8>,
    then: u8,
}

/// A symbol, and what follows it.
struct Step {
    symbol: Symbol,
    operand: Vec<u8>,
}

fn step(bytes: &[u8], then: Then, operand: &[u8]) -> Step {
    Step { symbol: Symbol { bytes: bytes.to_vec(), then: then as u8 }, operand: operand.to_vec() }
}

/// The text of a module.
pub fn pack(wasm: &[u8]) -> Result<String> {
    let mut steps = steps(wasm)?;
    shorten(&mut steps);
    let symbols = by_frequency(steps.iter().map(|step| step.symbol.clone()));
    ensure!(symbols.len() <= SYMBOLS, "{} symbols are too many", symbols.len());
    let numbers: HashMap<_, _> = symbols.iter().zip(0..=u8::MAX).collect();

    let mut streams = vec![Vec::new(); STREAMS];
    for symbol in &symbols {
        streams[0].push(symbol.bytes.len() as u8);
        streams[0].extend_from_slice(&symbol.bytes);
        streams[0].push(symbol.then);
    }
    for step in &steps {
        streams[1].push(numbers[&step.symbol]);
        streams[step.symbol.then as usize].extend_from_slice(&step.operand);
    }
    Ok(streams.iter().map(|stream| text(stream) + " ").collect())
}

/// A module taken apart.
fn steps(wasm: &[u8]) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut bodies = Vec::new();
    let mut code = 0..0;
    let mut before = 8;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::CodeSectionStart { unchecked_range, .. } => {
                code = unchecked_range.start as usize..unchecked_range.end as usize;
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            other if code.is_empty() => {
                before = other.as_section().map_or(before, |(_, range)| range.end as usize)
            }
            _ => (),
        }
    }
    // Up to the code section's number; its length is another here.
    verbatim(&wasm[..=before], &mut steps);
    let count = leb128(bodies.len());
    let length = bodies.iter().map(|body| LENGTH + body.as_bytes().len()).sum::<usize>() + count.len();
    verbatim(&[leb128(length), count].concat(), &mut steps);
    for body in bodies {
        function(wasm, &body, &mut steps)?;
    }
    verbatim(&wasm[code.end..], &mut steps);
    Ok(steps)
}

/// Bytes as they are.
fn verbatim(bytes: &[u8], steps: &mut Vec<Step>) {
    for part in bytes.chunks(u8::MAX.into()) {
        let length = part.len() as u8;
        steps.push(step(&[], Then::Bytes, &[&[length], part].concat()));
    }
}

fn function(wasm: &[u8], body: &FunctionBody, steps: &mut Vec<Step>) -> Result<()> {
    ensure!(body.as_bytes().len() >> (7 * LENGTH) == 0, "a function is longer than its length can tell");
    let mut operators = body.get_operators_reader()?;
    steps.push(step(&[], Then::Body, &[]));
    verbatim(&wasm[body.range().start as usize..operators.original_position() as usize], steps);
    while !operators.eof() {
        let start = operators.original_position() as usize;
        let operator = operators.read()?;
        let bytes = &wasm[start..operators.original_position() as usize];
        let then = |length: usize, then| step(&bytes[..length], then, &bytes[length..]);
        steps.push(match operator {
            Operator::LocalGet { .. } | Operator::LocalSet { .. } | Operator::LocalTee { .. } => {
                then(1, Then::Local)
            }
            Operator::Call { .. } => then(1, Then::Function),
            Operator::Br { .. } | Operator::BrIf { .. } => then(1, Then::Label),
            Operator::I32Const { .. } => then(1, Then::I32),
            Operator::I64Const { .. } => then(1, Then::I64),
            Operator::BrTable { .. } => {
                steps.push(step(&bytes[..1], Then::Nothing, &[]));
                verbatim(&bytes[1..], steps);
                continue;
            }
            // Loads and stores: the alignment belongs to what they do.
            _ if (0x28..=0x3e).contains(&bytes[0]) => then(2, Then::Offset),
            _ if operators.eof() => then(bytes.len(), Then::End),
            _ => then(bytes.len(), Then::Nothing),
        });
    }
    Ok(())
}

/// Gives what is often called and the most frequent constants symbols of their own, as many as there are left.
fn shorten(steps: &mut [Step]) {
    const THEN: [u8; 3] = [Then::Function as u8, Then::I32 as u8, Then::I64 as u8];
    let whole = |step: &Step| Symbol {
        bytes: [&step.symbol.bytes[..], &step.operand].concat(),
        then: Then::Nothing as u8,
    };
    let eligible = |step: &&mut Step| THEN.contains(&step.symbol.then);
    let taken = by_frequency(steps.iter().map(|step| step.symbol.clone())).len();
    let frequent: HashSet<_> = by_frequency(steps.iter_mut().filter(eligible).map(|step| whole(step)))
        .into_iter()
        .take(SYMBOLS.saturating_sub(taken))
        .collect();
    for step in steps.iter_mut().filter(eligible) {
        let symbol = whole(step);
        if frequent.contains(&symbol) {
            *step = Step { symbol, operand: Vec::new() };
        }
    }
}

/// Each symbol once, the most frequent first.
fn by_frequency(symbols: impl Iterator<Item = Symbol>) -> Vec<Symbol> {
    let mut counts = HashMap::new();
    for symbol in symbols {
        *counts.entry(symbol).or_insert(0) += 1;
    }
    let mut symbols: Vec<_> = counts.into_iter().collect();
    symbols.sort_by(|(one, often), (other, less)| less.cmp(often).then_with(|| one.cmp(other)));
    symbols.into_iter().map(|(symbol, _)| symbol).collect()
}

fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// Bytes as characters.
fn text(bytes: &[u8]) -> String {
    let character = |digit: u8| match digit + FIRST {
        code if code < b'\\' => code as char,
        code if code < b'~' => (code + 1) as char,
        code => (code - b'~' + b'#') as char,
    };
    let mut text = String::new();
    for &byte in bytes {
        if byte >= SINGLE {
            text.push(character(SINGLE + byte / SINGLE - 1));
        }
        text.push(character(byte % SINGLE));
    }
    text
}

/// The module of a text, as JavaScript will have it.
fn unpacked(text: &str) -> Vec<u8> {
    // No symbol is longer than a dozen bytes.
    let mut memory = vec![0; 16 * text.len()];
    memory[..text.len()].copy_from_slice(text.as_bytes());
    let start = memory.as_mut_ptr();
    // SAFETY: the text is `pack`'s, and there is room.
    let length = unsafe { omnikv_unpack::unpack(start, start.add(text.len())).offset_from(start) };
    memory[text.len()..length as usize].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What instructions can have behind them, bytes of all values, and more of them than one step takes.
    const MODULE: &str = r#"(module
        (import "host" "now" (func $now (result f64)))
        (memory (export "memory") 1)
        (global $top (mut i32) (i32.const 65536))
        (table 2 funcref)
        (elem (i32.const 0) $count $pick)
        (func $count (export "count") (param i32 i64) (result i64)
            (local $sum i64) (local $text i32)
            (local.set $sum (i64.const -9223372036854775808))
            (loop $again
                (local.set $sum (i64.add (local.get $sum) (i64.load32_u offset=70000 align=2 (local.get 0))))
                (i32.store8 offset=3 (local.get $text) (i32.const -300))
                (br_if $again (i64.lt_s (local.get $sum) (i64.const 1000000))))
            (drop (f64.add (call $now) (f64.const 0.1)))
            (memory.copy (i32.const 0) (local.get $text) (global.get $top))
            (i64.trunc_sat_f64_s (call $now)))
        (func $pick (export "pick") (param i32) (result i32)
            (block $c (block $b (block $a (br_table $a $b $c $a (local.get 0)))
                (return (call_indirect (param i32) (result i32) (local.get 0) (i32.const 1))))
                (unreachable))
            (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1)) (else (select (i32.const 2) (i32.const 3) (local.get 0)))))
        (data (i32.const 1024) "BYTES"))"#;

    #[test]
    fn a_module_comes_back() {
        let bytes: String = (0..600).map(|byte| format!("\\{:02x}", byte % 256)).collect();
        let wasm = wat::parse_str(MODULE.replace("BYTES", &bytes)).unwrap();
        let text = pack(&wasm).unwrap();
        assert!(
            text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && !b"\"\\<!".contains(&byte)),
            "{text}"
        );
        // Lengths may be written longer than they need be: walrus writes them its way.
        let plain = |wasm: &[u8]| Module::from_buffer(wasm).unwrap().emit_wasm();
        assert!(plain(&unpacked(&text)) == plain(&wasm));
    }
}
