// StreamSide: Millrace itself, fed in batches and asked on the way.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/print/print_output.h"
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
  Result<std::string> Explain(const View& view);
  // Records or rows that could not be processed: there must be none.
  Result<std::string> DeadLetters();

 private:
  const Case& case_;
  connectors::MemoryPrintOutput printed_;
  std::unique_ptr<session::Instance> instance_;
  std::unique_ptr<session::Session> session_;
};

// The statements that define the case.
std::vector<std::string> Statements(const Case& definition);

}  // namespace millrace::property
