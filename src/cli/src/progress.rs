// A line on the terminal that shows how far something is: a bar, the rate, and the time left. What it is about is not
// known here.

use crate::app::App;
use crate::host::{Host, Stream};
use crate::show::{Look, Style};
use crate::time::left;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often the line is drawn.
const EVERY: Duration = Duration::from_millis(100);

/// A bar on standard error; it shows nothing if that is no terminal, or with --quiet.
pub struct Bar {
    host: Arc<dyn Host>,
    look: Look,
    name: &'static str,
    is_shown: bool,
    begun: Duration,
    drawn: Mutex<Option<Duration>>,
}

impl Bar {
    pub fn new(app: &App, name: &'static str) -> Bar {
        Bar {
            host: Arc::clone(&app.host),
            look: app.look(Stream::Err),
            name,
            is_shown: app.host.terminal(Stream::Err).is_some() && !app.globals.quiet,
            begun: app.host.elapsed(),
            drawn: Mutex::default(),
        }
    }

    /// Draws the bar, if it is time.
    pub fn draw(&self, done: u64, total: Option<u64>) {
        if !self.is_shown {
            return;
        }
        let now = self.host.elapsed();
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if drawn.is_some_and(|drawn| now.saturating_sub(drawn) < EVERY) {
            return;
        }
        *drawn = Some(now);
        let line = line(self.name, done, total, now.saturating_sub(self.begun), self.look);
        // A bar is no data: who does not see it misses nothing.
        _ = self.host.write(Stream::Err, format!("\r{line}\x1b[K").as_bytes());
    }

    /// Removes the line.
    pub fn clear(&self) {
        if self.drawn.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            _ = self.host.write(Stream::Err, b"\r\x1b[K");
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.clear();
    }
}

/// `copying ━━━━━━━━──── 67%  1234/s  3s left`
fn line(name: &str, done: u64, total: Option<u64>, time: Duration, look: Look) -> String {
    let rate = done as f64 / time.as_secs_f64().max(0.001);
    let rate_text = format!("{rate:.0}/s");
    let Some(total) = total.filter(|total| *total > 0) else { return format!("{name} {done}  {rate_text}") };
    let part = (done as f64 / total as f64).min(1.0);
    let rest = total.saturating_sub(done) as f64 / rate.max(0.001);
    let rest = left(Duration::try_from_secs_f64(rest).unwrap_or(Duration::MAX));
    let text = format!("{:>3.0}%  {rate_text}  {rest} left", part * 100.0);
    let width = look.width.saturating_sub(name.len() + text.len() + 4).min(40);
    let full = ((part * width as f64) as usize).min(width);
    let bar =
        look.paint(Style::Good, &"━".repeat(full)) + &look.paint(Style::Faint, &"─".repeat(width - full));
    format!("{name} {bar} {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fits_the_terminal() {
        let look = Look { width: 50, is_colourful: false, is_redis: false };
        let shown = line("copying", 50, Some(200), Duration::from_secs(5), look);
        assert_eq!(shown, "copying ━━━━───────────────  25%  10/s  15s left");
        assert!(shown.chars().count() < 50);
        assert_eq!(line("copying", 50, None, Duration::from_secs(5), look), "copying 50  10/s");
    }
}
