// RAND, RAND_INTEGER and UUID.
//
// Without a seed they draw from the context, whose state the dataflow sets from its environment's
// randomness. With a seed the sequence is java.util.Random's, and goes on from batch to batch.
#include <fmt/format.h>

#include <atomic>
#include <memory>

#include "functions/builtin.h"
#include "functions/signature.h"

namespace millrace::functions {

using data::ColumnPtr;
using data::DataType;

namespace {

// SplitMix64.
uint64_t NextRandom(uint64_t* state) {
  *state += 0x9E3779B97F4A7C15ull;
  uint64_t z = *state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

// The linear congruential generator that java.util.Random is specified as.
class JavaRandom {
 public:
  static uint64_t Scramble(int64_t seed) { return (static_cast<uint64_t>(seed) ^ 0x5DEECE66Dull) & kMask; }
  explicit JavaRandom(uint64_t state) : state_(state) {}
  uint64_t state() const { return state_; }

  double NextDouble() {
    const uint64_t high = Next(26);
    return static_cast<double>((high << 27) + Next(27)) * 0x1.0p-53;
  }
  int32_t NextInt(int32_t bound) {
    if ((bound & -bound) == bound) {
      return static_cast<int32_t>((static_cast<int64_t>(bound) * static_cast<int64_t>(Next(31))) >> 31);
    }
    int64_t bits = 0;
    int64_t value = 0;
    do {
      bits = static_cast<int64_t>(Next(31));
      value = bits % bound;
    } while (bits - value + (bound - 1) > INT32_MAX);
    return static_cast<int32_t>(value);
  }

 private:
  static constexpr uint64_t kMask = (uint64_t{1} << 48) - 1;
  uint64_t Next(int bits) {
    state_ = (state_ * 0x5DEECE66Dull + 0xB) & kMask;
    return state_ >> (48 - bits);
  }
  uint64_t state_;
};

// Calls draw(i, generator) for each row, the generator continuing where the last batch ended.
template <typename F>
void DrawRows(std::atomic<uint64_t>& shared, size_t rows, F draw) {
  JavaRandom random(shared.load(std::memory_order_relaxed));
  for (size_t i = 0; i < rows; ++i) draw(i, random);
  shared.store(random.state(), std::memory_order_relaxed);
}

Result<std::shared_ptr<std::atomic<uint64_t>>> SeedOf(const BoundArgs& bound) {
  if (!bound.IsLiteral(0)) {
    return Fail(ErrorCode::kNotSupported, fmt::format("{}: a seed must be a constant", bound.name));
  }
  return std::make_shared<std::atomic<uint64_t>>(JavaRandom::Scramble(bound.LiteralValue(0).as_int()));
}

Result<ExprPtr> BindRand(BoundArgs bound) {
  const DataType type = DataType::Double();
  if (bound.size() == 0) {
    return bound.Call(
        type.NotNull(),
        [type](const std::vector<ColumnPtr>&, size_t rows, EvalContext& context) -> ColumnPtr {
          auto result = MakeResult(type, rows);
          double* out = result->mutable_values<double>();
          for (size_t i = 0; i < rows; ++i)
            out[i] = static_cast<double>(NextRandom(&context.random_state) >> 11) * 0x1.0p-53;
          return result;
        },
        /*deterministic=*/false);
  }
  if (bound.IsLiteral(0) && bound.LiteralValue(0).is_null()) return MakeLiteral(type, data::Value::Null());
  MR_ASSIGN(auto shared, SeedOf(bound));
  return bound.Call(
      type.NotNull(),
      [type, shared](const std::vector<ColumnPtr>&, size_t rows, EvalContext&) -> ColumnPtr {
        auto result = MakeResult(type, rows);
        double* out = result->mutable_values<double>();
        DrawRows(*shared, rows, [&](size_t i, JavaRandom& random) { out[i] = random.NextDouble(); });
        return result;
      },
      /*deterministic=*/false);
}

Error BadBound(int32_t bound) {
  return Error(ErrorCode::kNumericOutOfRange,
               fmt::format("numeric out of range: RAND_INTEGER below {}, which is not above 0", bound));
}

Result<ExprPtr> BindRandInteger(BoundArgs bound) {
  const DataType type = DataType::Int();
  const bool seeded = bound.size() == 2;
  std::shared_ptr<std::atomic<uint64_t>> shared;
  if (seeded) {
    if (bound.IsLiteral(0) && bound.LiteralValue(0).is_null()) return MakeLiteral(type, data::Value::Null());
    MR_ASSIGN(shared, SeedOf(bound));
  }
  return bound.Call(
      bound.Nullable(type),
      [type, shared](const std::vector<ColumnPtr>& args, size_t rows, EvalContext& context) -> ColumnPtr {
        auto result = MakeResult(type, rows);
        auto* out = result->mutable_values<int32_t>();
        const data::ColumnView<int32_t> bounds(*args.back());
        result->AndValidity(*args.back());
        const auto check = [&](size_t i) {
          if (result->IsNull(i)) return false;
          if (bounds[i] > 0) return true;
          context.Fail(i, BadBound(bounds[i]));
          result->SetNull(i);
          return false;
        };
        if (shared != nullptr) {
          DrawRows(*shared, rows, [&](size_t i, JavaRandom& random) {
            if (check(i)) out[i] = random.NextInt(bounds[i]);
          });
        } else {
          for (size_t i = 0; i < rows; ++i) {
            if (!check(i)) continue;
            const auto wide = static_cast<unsigned __int128>(NextRandom(&context.random_state)) *
                              static_cast<uint32_t>(bounds[i]);
            out[i] = static_cast<int32_t>(wide >> 64);
          }
        }
        return result;
      },
      /*deterministic=*/false);
}

Result<ExprPtr> BindUuid(BoundArgs bound) {
  const DataType type = DataType::String();
  return bound.Call(
      type.NotNull(),
      [type](const std::vector<ColumnPtr>&, size_t rows, EvalContext& context) -> ColumnPtr {
        auto result = MakeResult(type, rows);
        auto* out = result->mutable_values<data::StringRef>();
        for (size_t i = 0; i < rows; ++i) {
          // Version 4, variant 1 of RFC 4122.
          const uint64_t high = (NextRandom(&context.random_state) & ~uint64_t{0xF000}) | 0x4000;
          const uint64_t low =
              (NextRandom(&context.random_state) & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);
          char text[36];
          fmt::format_to_n(text, sizeof(text), "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32,
                           (high >> 16) & 0xFFFF, high & 0xFFFF, low >> 48, low & 0xFFFFFFFFFFFFull);
          out[i] = result->heap().Add(std::string_view(text, sizeof(text)));
        }
        return result;
      },
      /*deterministic=*/false);
}

}  // namespace

void RegisterRandom(Registry& registry) {
  Define(registry, {"arithmetic", "RAND([seed BIGINT])", "A random number from 0 to below 1"},
         [](BoundArgs bound) { return BindRand(std::move(bound)); });
  Define(registry,
         {"arithmetic", "RAND_INTEGER(a INT [, bound INT])",
          "A random integer from 0 to below a; with two arguments, below the second, a being the seed"},
         [](BoundArgs bound) { return BindRandInteger(std::move(bound)); });
  Define(registry, {"arithmetic", "UUID()", "A random universally unique identifier"},
         [](BoundArgs bound) { return BindUuid(std::move(bound)); });
}

}  // namespace millrace::functions
