// The contract is one: WIT, `Command` and the table of errors name the same things, and everything in WIT is documented.

use wit_parser::Resolve;

#[test]
fn it_parses() {
    let mut resolve = Resolve::new();
    resolve.push_dir(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/wit"))).unwrap();
}
