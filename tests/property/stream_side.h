// StreamSide: Millrace itself, fed in batches and asked on the way.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "connectors/print/print_output.h"
#include "env/clock.h"
#include "env/thread_executor.h"
#include "property/relation.h"
#include "property/rows.h"
#include "session/session.h"

namespace millrace::property {

class StreamSide {
 public:
  explicit StreamSide(const Case& definition);

  Status Define();
  // Pushes the events up to `to`, cut into batches by `random`.
  void Feed(size_t table, size_t from, size_t to, Random& random);
  void Finish();
  Status Settle() { return session_->Settle(); }
  Result<std::vector<Row>> Read(const View& view);
  // window_start, window_end, row_time and watermark of the view's rows in sys.late_rows, as timestamps.
  Result<std::vector<Row>> ReadLateRows(const View& view);
  // Sets the clock ahead.
  void Advance(int64_t micros) { clock_.Advance(micros); }
  // What the print table holds once its changes have been made; fails where one takes away a row that is not
  // there. Rows are the texts of the last view's values.
  Result<std::vector<Row>> ReadChangelog();
  Result<std::string> Explain(const View& view);
  // Records or rows that could not be processed: there must be none.
  Result<std::string> DeadLetters();

 private:
  Result<std::vector<Row>> Select(const std::string& sql);

  const Case& case_;
  env::ShiftedClock clock_;
  env::ThreadExecutor executor_;
  env::Env env_;
  std::multiset<std::string> changelog_;
  connectors::MemoryPrintOutput printed_;
  std::unique_ptr<session::Instance> instance_;
  std::unique_ptr<session::Session> session_;
};

// The statements that define the case.
std::vector<std::string> Statements(const Case& definition);

}  // namespace millrace::property
