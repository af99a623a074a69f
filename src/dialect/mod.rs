//! A command's text form: its argv, in Redis's words.

// One word per operation, and the same words in both directions: what a caller wrote, and what a Redis server reads.
// It knows syntax only: whether a key may be empty or an increment fits is not its business.

mod args;
mod options;
mod parse;
mod print;
