// Completions and manual pages, from the definition of the arguments.

use crate::app::{App, Outcome};
use crate::args;
use crate::failure::Failure;
use crate::host::Stream;
use clap_complete::Shell;

pub fn completions(app: &App, shell: Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::with_words(app.tool), app.tool_name(), &mut script);
    app.host.write(Stream::Out, &script)?;
    Ok(0)
}

pub fn man(app: &App, verb: &[String]) -> Outcome {
    let mut command = args::command(app.tool);
    command.build();
    let mut name = app.tool_name().to_owned();
    for word in verb {
        let found = command.find_subcommand(word).cloned();
        name = format!("{name}-{word}");
        command = found.ok_or_else(|| {
            Failure::usage(format!("there is no verb of that name: see {} --help", app.tool_name()))
        })?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.name(name)).render(&mut page)?;
    app.host.write(Stream::Out, &page)?;
    Ok(0)
}
