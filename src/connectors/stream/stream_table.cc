#include "connectors/stream/stream_table.h"

#include <numeric>
#include <utility>

namespace millrace::connectors {

Status CheckStreamFormat(const TableRequest& request) {
  MR_TRY(formats::MakeDecoder(request.parsed.GetString("format"), request.columns.physical,
                              FormatOptions(request.options)));
  return {};
}

Result<StreamReading> MakeStreamReading(const TableRequest& request, const std::vector<bool>& needed,
                                        const data::TimeZone& zone) {
  formats::DecodeContext context;
  context.zone = &zone;
  context.projection.emplace();
  for (size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) context.projection->push_back(static_cast<int>(i));
  }
  std::vector<int> decoded(context.projection->size());
  std::iota(decoded.begin(), decoded.end(), 0);
  StreamReading reading;
  MR_ASSIGN(reading.decoder,
            formats::MakeDecoder(request.parsed.GetString("format"), request.columns.physical,
                                 FormatOptions(request.options), context));
  reading.forwarder = std::make_unique<RowForwarder>(ReadSchema(request.columns, needed), std::move(decoded));
  return reading;
}

int64_t WaitMillis(int64_t wait_micros) {
  return (wait_micros + 999) / 1000;
}

}  // namespace millrace::connectors
