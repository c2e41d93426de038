// Batches as bytes, for what is kept on a disk: rows of INSERT and COPY in the log, rows of tables in
// checkpoints. docs/formats/batch.md has the grammar.
//
// Columnar, and narrow by cheap means: integers are written above their minimum in as few bytes as their
// range takes, constants once. What would cost more is left to the codec of the block that the bytes lie in,
// and checksums too. Plain functions; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/batch.h"
#include "data/type.h"

namespace millrace::data {

// Appends the batch. It has at most limits::kBatchRows rows.
void EncodeBatch(const Batch& batch, std::string* bytes);

// The batch that the bytes, all of them, were made of; it holds copies of what they hold. `types`: those of
// its columns. The bytes may be anything: kDataCorrupted if they break the grammar, are of columns of another
// layout, or hold what no column may (a boolean of 2, text that is not UTF-8); kNotSupported for a later
// version. A number past the precision of its type is not looked for.
Result<Batch> DecodeBatch(std::string_view bytes, std::span<const DataType> types);

}  // namespace millrace::data
