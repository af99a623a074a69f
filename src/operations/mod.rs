use crate::command::{Command, Reply};
use crate::error::Result;
use crate::reply::FromReply;
pub trait Run {
    type Output<T>;
    fn read<T: 'static>(&self, command: Result<Command>, read: fn(Reply) -> Result<T>) -> Self::Output<T>;
    fn run<T: FromReply>(&self, command: Result<Command>) -> Self::Output<T> {
        self.read(command, T::from_reply)
    }
}
