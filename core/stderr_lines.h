#pragma once

#include <cstddef>
#include <string_view>

/// The one place that writes to stderr below apps/: whole lines, from any thread, above a status line (the progress
/// bar) that they do not tear. The status line exists on a terminal only.
namespace banyan::stderr_lines {

/// stderr is a terminal that can redraw a line.
bool is_terminal();

/// Columns of the terminal, at least 20; 80 where unknown.
std::size_t terminal_columns();

/// Writes `line` and a line break; a status line moves below it.
void write(std::string_view line);

/// Draws the status line, or redraws it in place. It must be one line and fit into the terminal.
void show_status(std::string_view line);

/// Replaces the status line by `line` for good; "" just removes it.
void end_status(std::string_view line);

} // namespace banyan::stderr_lines
