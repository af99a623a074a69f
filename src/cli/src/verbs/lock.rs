// The verbs on locks.

use crate::app::{App, Outcome};
use crate::args::Lock;
use crate::failure::CONFLICT;
use crate::time::milliseconds;
use crate::tree::Tree;
use omnikv::command::Command;

pub async fn run(app: &App, lock: Lock) -> Outcome {
    match lock {
        Lock::Acquire { name, locked_by, duration } => {
            let milliseconds = milliseconds(duration);
            let command = Command::LocksAcquire { name: name.into(), owner: locked_by, milliseconds };
            let token = app.answer(command).await?;
            let is_acquired = token.is_found();
            if !app.globals.quiet {
                app.show(&Tree::Fields(vec![("acquired", Tree::Flag(is_acquired)), ("token", token)]))?;
            }
            Ok(if is_acquired { 0 } else { CONFLICT })
        }
        Lock::Release { name, locked_by } => {
            let command = Command::LocksRelease { name: name.into(), owner: locked_by };
            let released = app.answer(command).await?;
            let code = u8::from(!released.is_found());
            if !app.globals.quiet {
                app.show(&Tree::Fields(vec![("released", released)]))?;
            }
            Ok(code)
        }
        Lock::Status { name } => app.execute(Command::LocksStatus { name: name.into() }).await,
    }
}
