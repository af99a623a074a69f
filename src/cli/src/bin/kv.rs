// The program `kv`: the same by the name of the tool whose verbs it has.

fn main() -> std::process::ExitCode {
    omnikv_cli::native::main(omnikv_cli::Tool::Kv)
}
