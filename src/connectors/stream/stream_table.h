// What standard input and sockets share as tables: a format that must be readable, no columns but the
// decoded ones.
#pragma once

#include <memory>
#include <vector>

#include "connectors/registry.h"
#include "connectors/row_forwarder.h"
#include "formats/format.h"

namespace millrace::connectors {

// Fails if 'format' cannot read the columns.
Status CheckStreamFormat(const TableRequest& request);

struct StreamReading {
  std::unique_ptr<formats::Decoder> decoder;
  std::unique_ptr<RowForwarder> forwarder;
};
Result<StreamReading> MakeStreamReading(const TableRequest& request, const std::vector<bool>& needed,
                                        const data::TimeZone& zone);

// Poll's wait for ByteStream::Read, in whole milliseconds: 0 only if no wait is allowed.
int64_t WaitMillis(int64_t wait_micros);

}  // namespace millrace::connectors
