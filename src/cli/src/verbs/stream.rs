// The verbs on the stream of changes.

use crate::app::{App, Outcome};
use crate::args::Stream;
use omnikv::command::Command;

pub async fn run(app: &App, stream: Stream) -> Outcome {
    match stream {
        Stream::Get { seq, limit, of_type } => {
            let (from, limit) = (Some(seq).filter(|seq| *seq > 0), u64::try_from(limit).ok());
            app.execute(Command::ChangesRead { from, limit, kind: of_type, prefix: None }).await
        }
        Stream::Seq => app.execute(Command::ChangesLatest {}).await,
        Stream::Trim { seq } => app.execute(Command::ChangesTrim { seq, prefix: None }).await,
    }
}
