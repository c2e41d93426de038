// Errors of a server as people read them: message, the place under the statement, detail and hint. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::shell {

struct ServerError {
  std::string severity = "ERROR";
  std::string sqlstate;
  std::string message;
  std::string detail;
  std::string hint;
  std::string context;
  size_t position = 0;  // in code points from 1; 0: nowhere
};

// Lines, each with its newline:
//     ERROR 42703: no column 'amunt'
//     LINE 2: SELECT amunt FROM orders
//                    ^
//     HINT: did you mean 'amount'?
// `first_line` is the line number of the statement's first character in its file. A long line is shown cut
// around the place.
std::string ErrorText(const ServerError& error, std::string_view statement, size_t first_line = 1);

}  // namespace millrace::shell
