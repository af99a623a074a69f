// What only panics would have read: their texts, and which line of which file panics. The linker kept it for functions that are
// emptied after it. Zeros weigh nothing after brotli.

use std::collections::HashSet;
use std::ops::Range;

use walrus::ir::{Const, Instr, InstrLocId, Value, Visitor, dfs_in_order};
use walrus::{ConstExpr, DataKind, FunctionId, Module};

/// Erases data of which only these functions speak, or who calls them. Whether a number is an address is not known: what is erased
/// also looks like a message or a place in a file.
pub fn forget(module: &mut Module, functions: &HashSet<FunctionId>) {
    let mut numbers =
        Numbers { functions, is_inside: false, beside: Vec::new(), said: Vec::new(), kept: HashSet::new() };
    for (id, function) in module.funcs.iter_local() {
        numbers.is_inside = functions.contains(&id);
        dfs_in_order(&mut numbers, function, function.entry_block());
        numbers.settle(None);
    }
    let Numbers { said, mut kept, .. } = numbers;
    // Tables in data speak of data, too.
    kept.extend(
        module.data.iter().flat_map(|data| data.value.chunks_exact(4)).map(|word| number(word) as i32),
    );

    let all: Vec<_> = module.data.iter().map(|data| data.id()).collect();
    for id in all {
        let data = module.data.get(id);
        let DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } = data.kind else {
            continue;
        };
        let mut erased = places(start, &data.value);
        for (callee, numbers) in &said {
            // A text in `fmt::Arguments` has its length doubled, and one.
            let is_formatted = callee.is_none_or(|callee| {
                module.funcs.get(callee).name.as_deref().is_none_or(|name| name.contains("panic_fmt"))
            });
            for (at, address) in numbers.iter().enumerate().filter(|(_, address)| !kept.contains(address)) {
                let length =
                    numbers.get(at + 1).map(|length| length >> i32::from(is_formatted && length & 1 == 1));
                erased.extend(message(&data.value, address.wrapping_sub(start) as usize, length));
            }
        }
        for range in erased {
            module.data.get_mut(id).value[range].fill(0);
        }
    }
}

/// The numbers in code that may be addresses.
struct Numbers<'a> {
    functions: &'a HashSet<FunctionId>,
    is_inside: bool,
    /// Those that follow each other where the walk has come to.
    beside: Vec<i32>,
    /// Those that the functions use, or that they are called with.
    said: Vec<(Option<FunctionId>, Vec<i32>)>,
    /// The others.
    kept: HashSet<i32>,
}

impl Numbers<'_> {
    /// The numbers so far are the arguments of this function, or are used otherwise.
    fn settle(&mut self, callee: Option<FunctionId>) {
        let numbers = std::mem::take(&mut self.beside);
        if self.is_inside || callee.is_some_and(|callee| self.functions.contains(&callee)) {
            self.said.push((callee, numbers));
        } else {
            self.kept.extend(numbers);
        }
    }
}

impl<'instructions> Visitor<'instructions> for Numbers<'_> {
    fn visit_instr(&mut self, instruction: &'instructions Instr, _: &'instructions InstrLocId) {
        match instruction {
            Instr::Const(Const { value: Value::I32(number) }) => self.beside.push(*number),
            // An address and a length, perhaps.
            Instr::Const(Const { value: Value::I64(number) }) => {
                self.kept.extend([*number as i32, (number >> 32) as i32]);
                self.settle(None);
            }
            Instr::Load(load) => {
                self.kept.insert(load.arg.offset as i32);
                self.settle(None);
            }
            Instr::Call(call) => self.settle(Some(call.func)),
            _ => self.settle(None),
        }
    }
}

/// The files and lines that panics tell, and the files' names: pointer, length, line and column, and a name with a zero behind it.
fn places(start: i32, data: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (index, place) in data.windows(16).enumerate().step_by(4) {
        let name = number(&place[..4]).wrapping_sub(start as u32) as usize;
        let name = name..name.saturating_add(number(&place[4..8]) as usize).saturating_add(1);
        if data.get(name.clone()).is_some_and(|name| name.ends_with(b".rs\0") && name.is_ascii()) {
            found.extend([index..index + 16, name]);
        }
    }
    found
}

fn number(word: &[u8]) -> u32 {
    word.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

/// The message at a place: a text that is as long, or what `format_args!` is compiled to.
fn message(data: &[u8], at: usize, length: Option<i32>) -> Option<Range<usize>> {
    let bytes = data.get(at..)?;
    let as_long = length.and_then(|length| bytes.get(..usize::try_from(length).ok()?));
    let length = as_long.filter(|text| is_text(text)).map(<[u8]>::len).or_else(|| template(bytes))?;
    Some(at..at + length)
}

/// The length of a template: texts after their lengths, values' places, and a zero.
fn template(bytes: &[u8]) -> Option<usize> {
    const VALUE: u8 = 0xc0;
    let mut at = 0;
    loop {
        match *bytes.get(at)? {
            0 => return bytes[..at].contains(&VALUE).then_some(at + 1),
            VALUE => at += 1,
            length => {
                bytes.get(at + 1..=at + usize::from(length)).filter(|text| is_text(text))?;
                at += 1 + usize::from(length);
            }
        }
    }
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &str = r#"(module
        (memory 1)
        (func $panic (param i32 i32 i32) (call $panic_fmt (i32.const 1064) (i32.const 0) (local.get 2)))
        (func $panic_fmt (param i32 i32 i32) unreachable)
        (func $show (param i32 i32))
        (func (export "run")
            (call $show (i32.const 1040) (i32.const 9))
            (call $panic (i32.const 1024) (i32.const 14) (i32.const 1104))
            (call $panic (i32.const 1040) (i32.const 9) (i32.const 1104))
            (call $panic_fmt (i32.const 1052) (i32.const 19) (i32.const 1104)))
        (data (i32.const 1024) "only in panics  "
            "shown too   "
            "formatted   "
            "\04len \c0\05, is \c0\00    "
            "src/lib.rs\00 after     "
            "\3a\04\00\00\0a\00\00\00\07\00\00\00\09\00\00\00stays"))"#;

    #[test]
    fn what_only_panics_say_is_erased() {
        let mut module = Module::from_buffer(&wat::parse_str(MODULE).unwrap()).unwrap();
        let functions = ["panic", "panic_fmt"].map(|name| module.funcs.by_name(name).unwrap()).into();
        forget(&mut module, &functions);
        let data = &module.data.iter().next().unwrap().value;
        let seen: String = data.iter().map(|&byte| if byte == 0 { '.' } else { char::from(byte) }).collect();
        assert_eq!(
            seen,
            "..............  shown too   .........   ..............    ........... after     ................stays"
        );
    }
}
