#include "shell/screen_layout.h"

#include <algorithm>

#include "shell/text_width.h"

namespace millrace::shell {
namespace {

class Writer {
 public:
  Writer(size_t width, ScreenLayout* layout) : width_(width), layout_(layout) {
    layout_->rows.emplace_back();
  }

  void Put(std::string_view character, size_t columns, Style style) {
    if (column_ + columns > width_) NewRow();
    if (style != style_) {
      layout_->rows.back() += StyleSequence(style);
      style_ = style;
    }
    layout_->rows.back() += character;
    column_ += columns;
  }
  void Put(std::string_view text) {
    const std::string visible = Visible(text);
    for (size_t at = 0; at < visible.size();) {
      const size_t next = NextCharacter(visible, at);
      const std::string_view character = std::string_view(visible).substr(at, next - at);
      Put(character, DisplayWidth(character), Style::kPlain);
      at = next;
    }
  }
  void NewRow() {
    if (style_ != Style::kPlain) layout_->rows.back() += StyleSequence(Style::kPlain);
    style_ = Style::kPlain;
    layout_->rows.emplace_back();
    column_ = 0;
  }
  // Here stands the cursor; `columns` wide is what comes next.
  void MarkCursor(size_t columns) {
    if (column_ + std::max<size_t>(columns, 1) > width_) NewRow();
    layout_->cursor_row = layout_->rows.size() - 1;
    layout_->cursor_column = column_;
  }
  void Finish() {
    if (style_ != Style::kPlain) layout_->rows.back() += StyleSequence(Style::kPlain);
  }

 private:
  size_t width_;
  ScreenLayout* layout_;
  size_t column_ = 0;
  Style style_ = Style::kPlain;
};

}  // namespace

ScreenLayout LayOut(std::string_view prompt, std::string_view continuation, std::string_view text,
                    size_t cursor, const std::vector<Style>& styles, size_t width, size_t height) {
  ScreenLayout layout;
  Writer writer(width, &layout);
  writer.Put(prompt);
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '\n') {
      if (at == cursor) writer.MarkCursor(1);
      writer.NewRow();
      writer.Put(continuation);
      ++at;
      continue;
    }
    // A mark that combines with a newline stands for itself.
    const size_t next = std::min(NextCharacter(text, at), std::min(text.find('\n', at), text.size()));
    const std::string visible = Visible(text.substr(at, next - at));
    const size_t columns = DisplayWidth(visible);
    if (at == cursor) writer.MarkCursor(columns);
    writer.Put(visible, columns, styles.empty() ? Style::kPlain : styles[at]);
    at = next;
  }
  if (cursor >= text.size()) writer.MarkCursor(1);
  writer.Finish();

  if (layout.rows.size() > height) {
    const size_t first =
        std::min(layout.cursor_row - std::min(layout.cursor_row, height / 2), layout.rows.size() - height);
    layout.rows.erase(layout.rows.begin() + static_cast<std::ptrdiff_t>(first + height), layout.rows.end());
    layout.rows.erase(layout.rows.begin(), layout.rows.begin() + static_cast<std::ptrdiff_t>(first));
    layout.cursor_row -= first;
  }
  return layout;
}

}  // namespace millrace::shell
