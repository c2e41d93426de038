// PRINTF.
#include <memory>

#include "functions/builtin.h"
#include "functions/pattern_argument.h"
#include "functions/printf_format.h"
#include "functions/row_writer.h"
#include "functions/signature.h"

namespace millrace::functions {

using data::DataType;

namespace {

Result<ExprPtr> BindPrintf(BoundArgs bound) {
  std::shared_ptr<const PrintfFormat> constant;
  if (const std::optional<std::string> format = ConstantText(&bound, 0)) {
    MR_ASSIGN(PrintfFormat parsed, PrintfFormat::Parse(*format));
    constant = std::make_shared<const PrintfFormat>(std::move(parsed));
  }
  const DataType type = DataType::String();
  return bound.Call(type,
                    [type, constant](const std::vector<data::ColumnPtr>& args, size_t rows,
                                     EvalContext& context) -> data::ColumnPtr {
                      auto result = MakeResult(type, rows);
                      result->AndValidity(*args[0]);
                      RowWriter out(result.get(), &context);
                      const ArgReader<std::string_view> formats(*args[0]);
                      std::vector<ArgReader<Cell>> readers;
                      for (size_t i = 1; i < args.size(); ++i) readers.emplace_back(*args[i]);
                      std::vector<Cell> values(readers.size());
                      for (size_t row = 0; row < rows; ++row) {
                        if (result->IsNull(row)) continue;
                        out.Start(row);
                        for (size_t i = 0; i < readers.size(); ++i) values[i] = readers[i][row];
                        out.scratch().clear();
                        Status status = Ok();
                        if (constant != nullptr) {
                          status = constant->Append(values, &out.scratch());
                        } else {
                          const Result<PrintfFormat> format = PrintfFormat::Parse(formats[row]);
                          status = format ? format->Append(values, &out.scratch())
                                          : Status(std::unexpected(format.error()));
                        }
                        if (status) {
                          out.SetText(out.scratch());
                        } else {
                          out.Fail(status.error());
                        }
                      }
                      return result;
                    });
}

}  // namespace

void RegisterPrintf(Registry& registry) {
  Define(registry,
         {"string", "PRINTF(format STRING [, value ANY...])",
          "The values in a format of Java's: %d, %s, %08.2f, ..."},
         BindPrintf);
}

}  // namespace millrace::functions
