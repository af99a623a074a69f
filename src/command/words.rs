// Command -> argv: a command's canonical words, and its words for a Redis server.

use super::{Bytes, Command};

impl Command {
    /// The command as words that [`Command::parse`] reads back. A `getset` with an expiry becomes the equivalent `SET
    /// key value GET ..`.
    pub fn to_argv(&self) -> Vec<Bytes> {
        self.print(Speaker::Ourselves).argv
    }

    /// The words that make a Redis 7 server do the same, or `None` if it has no single command with this effect and
    /// reply.
    ///
    /// They differ from [`to_argv`](Command::to_argv) in omitting `PERSIST` where Redis does not accept it: what `SET`
    /// writes never expires there unless it says so.
    pub fn to_redis(&self) -> Option<Vec<Bytes>> {
        let words = self.print(Speaker::Redis);
        words.is_for_redis.then_some(words.argv)
    }

    /// Whether a Redis 7 server has a single command with this effect and reply.
    pub fn in_redis(&self) -> bool {
        self.print(Speaker::Redis).is_for_redis
    }

    fn print(&self, speaker: Speaker) -> Words {
        let row = self.row();
        // Since Redis 7.2.
        let is_new = matches!(
            self,
            Command::ZRank { with_score: true, .. } | Command::ZRevRank { with_score: true, .. }
        );
        let is_for_redis = row.in_redis && !is_new;
        let words = Words { argv: vec![row.word().into_bytes()], speaker, is_for_redis };
        self.print_arguments(words)
    }
}

/// Who will read the words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    Ourselves,
    Redis,
}

/// The words printed so far.
pub(crate) struct Words {
    argv: Vec<Bytes>,
    speaker: Speaker,
    is_for_redis: bool,
}

impl Words {
    pub(super) fn speaker(&self) -> Speaker {
        self.speaker
    }

    /// Starts over with another command's word.
    pub(super) fn instead(self, word: &str, is_for_redis: bool) -> Words {
        Words { argv: vec![word.as_bytes().to_vec()], is_for_redis, ..self }
    }

    /// Marks the words as not understood by a Redis server.
    pub(super) fn not_for_redis(self) -> Words {
        Words { is_for_redis: false, ..self }
    }

    pub(super) fn word(mut self, word: impl AsRef<[u8]>) -> Words {
        self.argv.push(word.as_ref().to_vec());
        self
    }

    pub(super) fn number(self, number: impl ToString) -> Words {
        self.word(number.to_string())
    }
}
