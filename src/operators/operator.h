// Operator: one step of the incremental dataflow, on one shard.
//
// Contract. An operator is driven by one thread at a time. It receives batches and watermarks on its
// inputs and passes batches and watermarks on through its Output. What it emits, applied to an empty
// table, must at the end of every epoch equal its definition over all rows received so far (minus
// late rows, and for windows: those closed, or with early firing all). Results must not depend on how rows
// are cut into batches. Its configuration is immutable and shared; what it remembers is a separate state
// object.
//
// Order of calls within an epoch: any mix of OnBatch and OnWatermark, then OnEpoch. After the watermark
// kMaxWatermark on all inputs nothing more comes but OnEpoch, and everything held back has been emitted.
//
// Checkpoints (src/state/README.md): behind OnEpoch comes Save. An operator that is made anew, on any number
// of shards, and given by Restore what the instances before it have saved goes on as they would have.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "functions/expression.h"
#include "state/state_reader.h"
#include "state/state_writer.h"

namespace millrace::operators {

// Where an operator's results go: the next operator, an exchange, a table or a sink.
class Output {
 public:
  virtual ~Output() = default;
  virtual Status OnBatch(data::Batch batch) = 0;
  virtual Status OnWatermark(int64_t watermark) = 0;
};

// A row that came too late for its window(s). All in µs and on the clock of the windows: for TIMESTAMP_LTZ
// the wall clock of the session's zone.
struct LateRow {
  int64_t window_start;  // of the last window it would have belonged to
  int64_t window_end;
  int64_t watermark;  // in force when it arrived
  int64_t rowtime;
};

// What goes aside instead of on: never lost, queryable in sys.late_rows and sys.dead_letters. Shared by
// the shards of a job, thread-safe.
class SideOutput {
 public:
  virtual ~SideOutput() = default;
  virtual void Late(const std::string& operator_name, const data::Batch& batch, size_t row,
                    const LateRow& late) = 0;
  // A row whose values could not be computed.
  virtual void Failed(const std::string& operator_name, const data::Batch& batch, size_t row,
                      const Error& error) = 0;
};

// What an operator instance is given by the dataflow that runs it.
struct OperatorContext {
  std::string name;  // "WindowAggregate(1)": as in EXPLAIN
  int shard = 0;
  Output* output = nullptr;  // outlives the operator
  SideOutput* side_output = nullptr;
  functions::EvalContext eval;   // zone, clock reading of the current batch, row errors
  int64_t state_ttl_micros = 0;  // table.exec.state.ttl; 0: keep for ever
  bool early_fire = false;       // table.exec.emit.early-fire.enabled
  int64_t early_fire_delay_micros = 0;
  // Whether Save will be called: what changes is noted only then.
  bool is_durable = false;
  // The input columns by whose hash rows find their shard (data::HashRows, in this order), some of the
  // operator's keys; none where one shard takes all rows. Saved state is spread by them.
  std::vector<int> spread_columns;
};

class Operator {
 public:
  explicit Operator(OperatorContext context) : context_(std::move(context)) {}
  virtual ~Operator() = default;
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  // An error ends the job; a bad row does not (it goes to the side output).
  virtual Status OnBatch(int input, data::Batch batch) = 0;
  // The watermark of the operator: the minimum over its inputs. Never decreases. Before the watermark
  // goes on, everything that it completes has been emitted.
  virtual Status OnWatermark(int64_t watermark) { return output().OnWatermark(watermark); }
  // The watermark of one input. Only operators with several inputs that weigh them themselves (the
  // union) override it; for them the dataflow calls this and not OnWatermark.
  virtual Status OnInputWatermark(int input, int64_t watermark) {
    (void)input;
    return OnWatermark(watermark);
  }
  // An idle input (scan.watermark.idle-timeout) does not hold the watermark back until it is active again.
  virtual Status OnInputIdle(int input, bool idle) {
    (void)input;
    (void)idle;
    return {};
  }
  // True once further input cannot change what was emitted (LIMIT reached): sources may stop.
  virtual bool IsDone() const { return false; }
  // The end of an epoch: what is held back for it (early firing) goes out. `now_micros`: the epoch's
  // time, for state TTL.
  virtual Status OnEpoch(int64_t now_micros) {
    (void)now_micros;
    return {};
  }
  // Writes what has changed of the state since the last call, or since Restore; at the first call of an
  // instance that was not restored, all of it. Shared values are written every time. Only with
  // context.is_durable.
  virtual void Save(state::StateWriter& writer) { (void)writer; }
  // Takes up the state that instances of this operator have saved; before anything else, and once. On error
  // the operator is of no use. State that is not this operator's is an error: kDataCorrupted.
  virtual Status Restore(state::StateReader& reader) { return state::ExpectNothing(reader); }

  // Hands on the watermark that a restored operator had handed on before; asked of those at the head of a
  // chain, when all operators are restored. The others hear of it from them.
  virtual Status Announce() { return {}; }

  // Bytes of state.
  virtual size_t StateBytes() const { return 0; }
  virtual size_t StateEntries() const { return 0; }

  // The dataflow sets the clock reading before each call.
  void SetNow(int64_t now_micros) { context_.eval.now_micros = now_micros; }

 protected:
  Output& output() { return *context_.output; }
  OperatorContext context_;
};

}  // namespace millrace::operators
