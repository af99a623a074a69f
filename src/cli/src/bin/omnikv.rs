// The program `omnikv`.

fn main() -> std::process::ExitCode {
    omnikv_cli::native::main(omnikv_cli::Tool::Omnikv)
}
