// Rows as a table that fits the terminal.

use super::text::{highlighted, scalar};
use super::{Look, Style};
use crate::tree::Tree;
use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, Width};

/// Columns that tables leave out: JSON has them.
const HIDDEN: [&str; 8] =
    ["stamp", "created", "unique", "maxRetries", "timeoutMs", "started", "token", "lockedUntil"];

/// Columns that a narrow terminal does without, the first of them first.
const DISPENSABLE: [&str; 7] =
    ["updated", "expiresAt", "priority", "tries", "scheduledFor", "version", "type"];

/// Columns that are cut where there is no room.
const LONG: [&str; 6] = ["key", "value", "payload", "error", "id", "name"];

/// The width of a column that may be cut, at least.
const LEAST: usize = 12;

/// The space behind each column.
const GAP: usize = 2;

/// A table of rows with the same fields. Columns without any value are left out.
pub fn table(rows: &[Tree], look: Look) -> String {
    let plain = Look { is_colourful: false, is_redis: false, ..look };
    let rows: Vec<Vec<(&str, String)>> = rows.iter().map(|row| cells(row, plain)).collect();
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !names.contains(name) && !HIDDEN.contains(name) {
            names.push(name);
        }
    }
    let is_used = |name: &&str| rows.iter().flatten().any(|(known, cell)| known == name && !cell.is_empty());
    names.retain(is_used);
    if names.contains(&"at") {
        // Of a change, both are the same moment.
        names.retain(|name| *name != "updated");
    }
    let width_of = |name: &str| {
        let cells = rows.iter().flatten().filter(|(known, _)| *known == name);
        let longest = cells.map(|(_, cell)| cell.chars().count()).max().unwrap_or(0);
        longest.max(heading(name).len())
    };
    let least = |name: &str| match LONG.contains(&name) {
        true => width_of(name).min(LEAST) + GAP,
        false => width_of(name) + GAP,
    };
    for name in DISPENSABLE {
        if names.iter().map(|name| least(name)).sum::<usize>() > look.width {
            names.retain(|known| *known != name);
        }
    }
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(look.width).unwrap_or(u16::MAX));
    table.set_truncation_indicator("…");
    table.set_header(names.iter().map(|name| heading(name)));
    for row in &rows {
        let cell = |name: &&str| {
            row.iter().find(|(known, _)| known == name).map_or(String::new(), |(_, cell)| cell.clone())
        };
        let mut row = Row::from(names.iter().map(cell));
        row.max_height(1);
        table.add_row(row);
    }
    for (name, column) in names.iter().zip(table.column_iter_mut()) {
        column.set_padding((0, 2));
        column.set_constraint(match LONG.contains(name) {
            true => {
                ColumnConstraint::LowerBoundary(Width::Fixed(u16::try_from(least(name)).unwrap_or(u16::MAX)))
            }
            false => ColumnConstraint::ContentWidth,
        });
    }
    let shown = table.to_string();
    let mut lines = shown.lines().map(str::trim_end);
    let head = lines.next().map(|line| look.paint(Style::Heading, line)).unwrap_or_default();
    [head].into_iter().chain(lines.map(str::to_owned)).collect::<Vec<_>>().join("\n")
}

/// `expiresAt` as `EXPIRES AT`.
fn heading(name: &str) -> String {
    let mut shown = String::new();
    for c in name.chars() {
        if c.is_uppercase() {
            shown.push(' ');
        }
        shown.extend(c.to_uppercase());
    }
    shown
}

/// The names and texts of a row; rows within it are part of it.
fn cells(row: &Tree, look: Look) -> Vec<(&str, String)> {
    let Tree::Fields(fields) = row else { return vec![("key", scalar(row, look))] };
    let mut cells = Vec::with_capacity(fields.len());
    for (name, tree) in fields {
        match tree {
            Tree::Fields(_) => cells.extend(self::cells(tree, look)),
            Tree::Nothing => cells.push((*name, String::new())),
            Tree::Json(json) => cells.push((*name, highlighted(json, look, false))),
            other => cells.push((*name, scalar(other, look))),
        }
    }
    cells
}
