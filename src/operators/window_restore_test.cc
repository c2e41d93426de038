// Windows that are saved and made anew at random points against themselves run through: large states, the
// clock of processing time, and early firing.
#include <gtest/gtest.h>

#include "operators/restore_testing.h"
#include "operators/sort_limit.h"
#include "operators/window_rank.h"

namespace millrace::operators {
namespace {

using testing::Compared;
using testing::ExpectTheSame;
using testing::Feeding;
using testing::kRestoreSeeds;
using testing::kSecond;
using testing::MakeStream;
using testing::Options;
using testing::Random;
using testing::StreamOptions;
using testing::WindowSpecOf;

TEST(WindowRestoreTest, WindowsOfLargeStates) {
  const WindowSpec windows[] = {
      {.kind = WindowKind::kTumble, .size_micros = 40 * kSecond},
      {.kind = WindowKind::kHop, .size_micros = 60 * kSecond, .slide_micros = 20 * kSecond},
      {.kind = WindowKind::kCumulate, .size_micros = 80 * kSecond, .slide_micros = 20 * kSecond},
      {.kind = WindowKind::kSession, .size_micros = 3 * kSecond},
  };
  for (uint64_t seed = 0; seed < kRestoreSeeds; ++seed) {
    Random random(seed);
    const WindowSpec& window = windows[seed % 4];
    const bool retracts = seed % 8 >= 4 && window.kind != WindowKind::kSession;
    StreamOptions options = Options(seed, retracts ? 4 : 0, 300);
    options.keys = 2;
    options.rows = 300;
    options.seconds_per_row = 0.4;
    const auto stream = MakeStream(random, options);
    const auto spec = WindowSpecOf(window, retracts);
    const auto make = [&](OperatorContext context) { return MakeWindowAggregate(spec, std::move(context)); };
    ExpectTheSame(make, {0}, stream, seed);
    // Early firing with a delay, which restarts must not begin anew: what is shown in between is compared by
    // its last state here, as each shard has its own delay, and change by change in EarlyFiringGoesOn.
    ExpectTheSame(
        make, {0}, stream, seed, {.seconds_per_batch = 1},
        [](OperatorContext& context) {
          context.early_fire = true;
          context.early_fire_delay_micros = 5 * kSecond;
        },
        Compared::kTable);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(WindowRestoreTest, WindowsOfProcessingTime) {
  for (uint64_t seed = 0; seed < kRestoreSeeds; ++seed) {
    Random random(seed);
    const WindowSpec windows[] = {
        {.kind = WindowKind::kTumble, .size_micros = 20 * kSecond},
        {.kind = WindowKind::kHop, .size_micros = 30 * kSecond, .slide_micros = 10 * kSecond},
        {.kind = WindowKind::kCumulate, .size_micros = 40 * kSecond, .slide_micros = 10 * kSecond},
        {.kind = WindowKind::kSession, .size_micros = 8 * kSecond},
    };
    auto spec = WindowSpecOf(windows[seed % 4], false);
    spec->processing_time = true;
    ExpectTheSame([&](OperatorContext context) { return MakeWindowAggregate(spec, std::move(context)); }, {0},
                  MakeStream(random, Options(seed, 0)), seed,
                  {.seconds_per_batch = 4, .with_watermarks = false});
    if (::testing::Test::HasFailure()) return;
  }
}

// What early firing has shown is corrected, not repeated, and shown when its delay is over and in the order
// in which groups and sessions changed, whatever happened between. On one shard: of several each has its own
// delay.
TEST(WindowRestoreTest, EarlyFiringGoesOn) {
  const WindowSpec windows[] = {
      {.kind = WindowKind::kTumble, .size_micros = 40 * kSecond},
      {.kind = WindowKind::kHop, .size_micros = 60 * kSecond, .slide_micros = 20 * kSecond},
      {.kind = WindowKind::kCumulate, .size_micros = 80 * kSecond, .slide_micros = 20 * kSecond},
      {.kind = WindowKind::kSession, .size_micros = 3 * kSecond},
  };
  for (uint64_t seed = 0; seed < kRestoreSeeds; ++seed) {
    Random random(seed);
    const WindowSpec& window = windows[seed % 4];
    const bool retracts = seed % 8 >= 4;
    const auto spec = WindowSpecOf(window, retracts);
    StreamOptions options = Options(seed, retracts ? 4 : 0);
    options.keys = 1 + static_cast<int64_t>(seed % 5) * 4;
    ExpectTheSame([&](OperatorContext context) { return MakeWindowAggregate(spec, std::move(context)); }, {},
                  MakeStream(random, options), seed, {.seconds_per_batch = 1},
                  [&](OperatorContext& context) {
                    context.early_fire = true;
                    context.early_fire_delay_micros = static_cast<int64_t>(seed % 3) * 5 * kSecond;
                  });
    if (::testing::Test::HasFailure()) return;
  }
}

// Whether a row is late is known from the operator's own watermark where rows bring none: a restored one must
// have it.
TEST(WindowRestoreTest, LateRowsStayLate) {
  auto rank = std::make_shared<WindowRankSpec>();
  rank->input_types = testing::TestTypes();
  rank->partition_keys = {0};
  rank->order = {{.column = 1}};
  rank->window_start_column = 2;
  rank->window_end_column = 2;
  rank->end = 2;
  auto sort = std::make_shared<TemporalSortSpec>();
  sort->input_types = testing::TestTypes();
  sort->rowtime_column = 2;
  const auto tumble = WindowSpecOf({.kind = WindowKind::kTumble, .size_micros = 4 * kSecond}, false);
  const auto session = WindowSpecOf({.kind = WindowKind::kSession, .size_micros = kSecond}, false);
  const Feeding feeding{.with_row_watermarks = false};
  for (uint64_t seed = 0; seed < kRestoreSeeds; ++seed) {
    Random random(seed);
    const auto stream = MakeStream(random, Options(seed, 0));
    ExpectTheSame([&](OperatorContext context) { return MakeWindowRank(rank, std::move(context)); }, {0},
                  stream, seed, feeding);
    ExpectTheSame([&](OperatorContext context) { return MakeTemporalSort(sort, std::move(context)); }, {},
                  stream, seed, feeding);
    for (const auto& spec : {tumble, session}) {
      ExpectTheSame([&](OperatorContext context) { return MakeWindowAggregate(spec, std::move(context)); },
                    {0}, stream, seed, feeding);
    }
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace millrace::operators
