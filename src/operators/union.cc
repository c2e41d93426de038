#include "operators/union.h"

#include <algorithm>

#include "operators/saved_state.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::kMaxWatermark;
using data::kMinWatermark;

struct UnionState {
  struct Input {
    int64_t watermark = kMinWatermark;
    bool idle = false;
  };
  std::vector<Input> inputs;
  int64_t watermark = kMinWatermark;  // handed on
};

class Union final : public Operator {
 public:
  Union(std::shared_ptr<const UnionSpec> spec, OperatorContext context) : Operator(std::move(context)) {
    state_.inputs.resize(static_cast<size_t>(spec->inputs));
  }

  Status OnBatch(int input, Batch batch) override {
    if (batch.rows == 0) return {};
    if (batch.watermarks == nullptr) {
      // All rows came under the input's last watermark, which counts in what was handed on already,
      // unless another input held that back: then the rows are under what was handed on, too.
      return output().OnBatch(std::move(batch));
    }
    const int64_t others = MinWatermark(input);
    auto lowered = std::make_shared<std::vector<int64_t>>(*batch.watermarks);
    for (int64_t& watermark : *lowered) watermark = std::max(std::min(watermark, others), state_.watermark);
    batch.watermarks = std::move(lowered);
    return output().OnBatch(std::move(batch));
  }

  Status OnInputWatermark(int input, int64_t watermark) override {
    auto& from = state_.inputs[static_cast<size_t>(input)];
    from.watermark = std::max(from.watermark, watermark);
    return Advance();
  }

  Status OnInputIdle(int input, bool idle) override {
    state_.inputs[static_cast<size_t>(input)].idle = idle;
    return Advance();
  }

  // One value a shard: what was handed on, then each input's watermark. Whether an input is idle shows anew.
  void Save(state::StateWriter& writer) override {
    std::string value;
    PutNumber(state_.watermark, &value);
    for (const UnionState::Input& input : state_.inputs) PutNumber(input.watermark, &value);
    writer.PutShared("watermarks", value);
  }

  // Of each watermark the least that any shard had.
  Status Restore(state::StateReader& reader) override {
    MR_TRY(state::ExpectNothing(reader));
    bool is_first = true;
    const auto take = [&is_first](std::string_view* value, int64_t* watermark) -> Status {
      int64_t saved = 0;
      MR_TRY(TakeNumber(value, &saved));
      *watermark = is_first ? saved : std::min(*watermark, saved);
      return {};
    };
    for (std::string_view value : reader.shared("watermarks")) {
      MR_TRY(take(&value, &state_.watermark));
      for (UnionState::Input& input : state_.inputs) MR_TRY(take(&value, &input.watermark));
      MR_TRY(ExpectEnd(value));
      is_first = false;
    }
    return {};
  }

  size_t StateBytes() const override { return state_.inputs.size() * sizeof(UnionState::Input); }

 private:
  // Over the inputs that are not idle, but for `except`; kMaxWatermark when there are none.
  int64_t MinWatermark(int except) const {
    int64_t watermark = kMaxWatermark;
    for (size_t i = 0; i < state_.inputs.size(); ++i) {
      if (static_cast<int>(i) == except || state_.inputs[i].idle) continue;
      watermark = std::min(watermark, state_.inputs[i].watermark);
    }
    return watermark;
  }

  Status Advance() {
    int64_t watermark = MinWatermark(-1);
    const bool all_idle = std::ranges::all_of(state_.inputs, &UnionState::Input::idle);
    // When nothing is active, time stands at the furthest that was seen.
    if (all_idle) {
      watermark = std::ranges::max(state_.inputs, {}, &UnionState::Input::watermark).watermark;
    }
    if (watermark <= state_.watermark) return {};
    state_.watermark = watermark;
    return output().OnWatermark(watermark);
  }

  UnionState state_;
};

}  // namespace

std::unique_ptr<Operator> MakeUnion(std::shared_ptr<const UnionSpec> spec, OperatorContext context) {
  return std::make_unique<Union>(std::move(spec), std::move(context));
}

}  // namespace millrace::operators
