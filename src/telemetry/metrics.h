// Metrics: counters, gauges and histograms, and the registry that renders them as Prometheus text.
//
// Whoever counts asks the registry once for its metric and keeps the reference, which is valid as long
// as the registry lives. Counting is one relaxed atomic operation, from any thread; asking takes a
// lock.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/thread_annotations.h"

namespace millrace::telemetry {

// Only grows.
class Counter {
 public:
  void Increment(uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  uint64_t Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Goes up and down.
class Gauge {
 public:
  void Set(int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void Add(int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
  int64_t Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// How many recorded values lie in each bucket; the buckets' upper bounds are 1, 2, 4, ... 2^40, and
// the last has none. Microseconds up to 12 days, bytes up to a terabyte.
class Histogram {
 public:
  static constexpr size_t kBuckets = 42;

  void Record(uint64_t value) {
    buckets_[BucketOf(value)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }
  // Of the bucket alone, not of those below it.
  uint64_t Count(size_t bucket) const { return buckets_[bucket].load(std::memory_order_relaxed); }
  uint64_t Sum() const { return sum_.load(std::memory_order_relaxed); }
  // An upper bound of the q-quantile (0 < q <= 1): that of the bucket it lies in, at most twice too
  // large; 0 if nothing has been recorded.
  uint64_t Quantile(double q) const;

  static size_t BucketOf(uint64_t value);
  // Of every bucket but the last.
  static uint64_t UpperBound(size_t bucket) { return uint64_t{1} << bucket; }

 private:
  std::array<std::atomic<uint64_t>, kBuckets> buckets_{};
  std::atomic<uint64_t> sum_{0};
};

// Names and values, e.g. {{"table", "ods.orders"}}. Values may be any UTF-8.
using Labels = std::vector<std::pair<std::string, std::string>>;

// One figure of a metric at one moment; of a histogram its _count and its _sum.
struct Sample {
  std::string name;
  Labels labels;
  double value = 0;
};

class MetricsRegistry {
 public:
  MetricsRegistry();
  ~MetricsRegistry();
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;

  // The metric of this name and these labels, made when first asked for. A name has one kind, one help
  // text (the first given) and one scale. Names and label names are those that Prometheus allows.
  // Values are multiplied by `scale` when rendered: with 1e-6, record microseconds and show seconds.
  Counter& GetCounter(std::string_view name, std::string_view help, const Labels& labels = {},
                      double scale = 1);
  Gauge& GetGauge(std::string_view name, std::string_view help, const Labels& labels = {}, double scale = 1);
  Histogram& GetHistogram(std::string_view name, std::string_view help, double scale = 1,
                          const Labels& labels = {});

  // Takes a gauge out; nobody may hold it. Nothing happens when there is none.
  void RemoveGauge(std::string_view name, const Labels& labels);

  // Every metric in Prometheus text exposition format 0.0.4, sorted by name and labels.
  std::string Render() const;
  // The same figures for tables, without the buckets of histograms.
  std::vector<Sample> Samples() const;

 private:
  enum class Kind : uint8_t { kCounter, kGauge, kHistogram };
  struct Metric {
    Labels labels;
    Counter counter;
    Gauge gauge;
    std::unique_ptr<Histogram> histogram;  // of that kind only
  };
  struct Family {
    Kind kind;
    std::string help;
    double scale = 1;
    // By rendered labels, so that the text is in a stable order.
    std::map<std::string, std::unique_ptr<Metric>> metrics;
  };

  Metric& Get(Kind kind, std::string_view name, std::string_view help, double scale, const Labels& labels);
  static void RenderFamily(std::string& text, const std::string& name, const Family& family);

  mutable Mutex mutex_;
  std::map<std::string, Family, std::less<>> families_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::telemetry
