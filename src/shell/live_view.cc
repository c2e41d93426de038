#include "shell/live_view.h"

#include <fmt/core.h>

#include <algorithm>

#include "shell/sql_scan.h"
#include "shell/text_width.h"

namespace millrace::shell {
namespace {

constexpr int64_t kFrameMicros = 100'000;
constexpr int64_t kKeyMs = 20;
// Records taken between two looks at the keyboard.
constexpr int kRecordsAtOnce = 10'000;

bool IsNumber(const std::string& text) {
  const size_t begin = text.starts_with('-') ? 1 : 0;
  return text.size() > begin && text.find_first_not_of("0123456789.eE+-", begin) == std::string::npos &&
         text[begin] >= '0' && text[begin] <= '9' && text.find('-', begin) == std::string::npos;
}

// Nothing tells the types: a column whose shown values are all numbers is one of numbers.
std::vector<ResultColumn> ColumnsOf(const SubscriptionTable& table,
                                    const std::vector<const std::vector<Cell>*>& rows) {
  std::vector<ResultColumn> columns;
  for (size_t i = 0; i < table.columns().size(); ++i) {
    bool any = false;
    bool all = true;
    for (const auto* row : rows) {
      const Cell& cell = (*row)[i];
      if (!cell.has_value()) continue;
      any = true;
      all = all && IsNumber(*cell);
    }
    columns.push_back({table.columns()[i], any && all ? ValueKind::kNumber : ValueKind::kText});
  }
  return columns;
}

bool Leaves(const Key& key) {
  return key.kind == Key::Kind::kEscape || (key.kind == Key::Kind::kCharacter && key.text == "q") ||
         (key.kind == Key::Kind::kControl && (key.letter == 'C' || key.letter == 'D'));
}

// What was drawn before is overwritten, not cleared, so that nothing flickers.
std::string OverScreen(std::string_view frame) {
  std::string out = "\x1b[H";
  for (const char c : frame) {
    if (c == '\n') {
      out += "\x1b[K\r\n";
    } else {
      out += c;
    }
  }
  return out + "\x1b[J";
}

}  // namespace

std::string CutToScreen(std::string_view text, Terminal::Size size) {
  std::string out;
  // The last row stays free, so that the screen does not roll.
  for (size_t row = 0; row + 1 < size.rows && !text.empty(); ++row) {
    const size_t end = std::min(text.find('\n'), text.size());
    out += Cut(text.substr(0, end), size.columns - 1) + '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string LiveFrame(const SubscriptionTable& table, std::string_view title, Terminal::Size size) {
  // The title, the header and its rule, the last line and the free one.
  constexpr size_t kOtherRows = 5;
  const auto rows = table.Top(size.rows > kOtherRows ? size.rows - kOtherRows : 1);
  std::string frame = fmt::format("{}   epoch {}, {} changes   (q leaves)\n", Visible(title),
                                  table.epoch().empty() ? "-" : table.epoch(), table.changes());
  const auto append = [&](std::string_view lines) {
    frame += lines;
    return Status{};
  };
  TablePrinter printer(ColumnsOf(table, rows), OutputFormat::kTable, append);
  for (const auto* row : rows) static_cast<void>(printer.Row(*row));
  static_cast<void>(printer.Flush());
  frame += rows.size() == table.rows() ? fmt::format("({} row{})\n", rows.size(), rows.size() == 1 ? "" : "s")
                                       : fmt::format("({} of {} rows)\n", rows.size(), table.rows());
  return CutToScreen(frame, size);
}

std::string SubscriptionCopy(std::string_view argument) {
  // A name is one word or several with dots; anything else is a query.
  bool is_name = true;
  for (const Piece& piece : ScanSql(argument)) {
    is_name &= piece.kind == PieceKind::kWord || piece.kind == PieceKind::kQuotedName ||
               argument.substr(piece.begin, piece.end - piece.begin) == ".";
  }
  const std::string query = is_name ? fmt::format("SUBSCRIBE TO {} WITH (PROGRESS = true)", argument)
                                    : std::string(argument.substr(0, argument.find_last_not_of("; \t") + 1));
  return fmt::format("COPY ({}) TO STDOUT WITH (FORMAT csv, HEADER true)", query);
}

ExecuteOutcome FollowView(env::Env& env, Connection& connection, Terminal& terminal,
                          const std::string& argument) {
  ExecuteOutcome outcome = connection.StartCopyOut(SubscriptionCopy(argument));
  if (!outcome.ok()) return outcome;
  SubscriptionTable table;
  bool has_header = false;
  bool changed = true;
  int64_t drawn_micros = 0;
  std::string record;
  terminal.BeginRaw();
  terminal.BeginScreen();
  Connection::Poll poll = Connection::Poll::kNothing;
  for (bool follow = true; follow && poll != Connection::Poll::kEnd;) {
    for (int i = 0; i < kRecordsAtOnce; ++i) {
      poll = connection.PollCopyOut(&record, &outcome);
      if (poll != Connection::Poll::kRecord) break;
      const Status taken = has_header ? table.TakeRecord(record) : table.TakeHeader(record);
      has_header = changed = true;
      if (!taken.has_value()) {
        outcome = {ExecuteOutcome::Kind::kSinkError, {}, taken.error()};
        follow = false;
        break;
      }
    }
    const int64_t now = env.clock->MonotonicMicros();
    if (changed && now - drawn_micros >= kFrameMicros) {
      terminal.Write(OverScreen(LiveFrame(table, argument, terminal.GetSize())));
      drawn_micros = now;
      changed = false;
    }
    const std::optional<Key> key = terminal.ReadKey(poll == Connection::Poll::kNothing ? kKeyMs : 0);
    if ((key.has_value() && Leaves(*key)) || terminal.AtEnd()) follow = false;
  }
  const std::string last = LiveFrame(table, argument, terminal.GetSize());
  terminal.EndScreen();
  terminal.EndRaw();
  // What was seen last stays.
  terminal.Write(last);
  if (poll != Connection::Poll::kEnd) connection.StopCopyOut();
  return outcome;
}

}  // namespace millrace::shell
