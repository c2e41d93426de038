// Java's format strings, for PRINTF: %[index$][flags][width][.precision]conversion.
//
// Immutable. Conversions: s S b B d x X o c f e E %% %n. Values are those that Flink hands to Java's
// Formatter: DATE is its days, TIME its milliseconds, intervals months or milliseconds, TIMESTAMP in ISO
// form.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "functions/row_writer.h"

namespace millrace::functions {

class PrintfFormat {
 public:
  static Result<PrintfFormat> Parse(std::string_view format);

  // Appends the text of a row's values. An error: too few values, or one of a type that its conversion lacks.
  Status Append(std::span<const Cell> values, std::string* out) const;

 private:
  struct Piece {
    std::string literal;  // before the conversion
    char conversion = 0;  // 0: none, the literal ends the format
    size_t value = 0;
    std::string flags;
    size_t width = 0;
    int precision = -1;
    bool Has(char flag) const { return flags.find(flag) != std::string::npos; }
  };

  static Status AppendPiece(const Piece& piece, const Cell& value, std::string* out);
  static Status FormatInteger(const Piece& piece, const Cell& value, std::string* text);
  static Status FormatFloat(const Piece& piece, const Cell& value, std::string* text);

  std::vector<Piece> pieces_;
};

}  // namespace millrace::functions
