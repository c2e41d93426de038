// Where the text that is being edited stands on the screen: lines behind their prompts, wrapped at the width,
// cut to the height around the cursor. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shell/highlighter.h"

namespace millrace::shell {

struct ScreenLayout {
  std::vector<std::string> rows;  // with escape sequences for styles, and a reset at each end of one
  size_t cursor_row = 0;
  size_t cursor_column = 0;
};

// `prompt` stands before the first line, `continuation` before the others. `styles` has one for each byte of
// the text, or is empty. `width` and `height` are the terminal's, in columns and rows (both at least 2).
ScreenLayout LayOut(std::string_view prompt, std::string_view continuation, std::string_view text,
                    size_t cursor, const std::vector<Style>& styles, size_t width, size_t height);

}  // namespace millrace::shell
