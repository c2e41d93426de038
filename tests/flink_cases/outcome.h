// What running one case came to.
#pragma once

#include <string>

#include "base/error.h"

namespace millrace::flink_cases {

enum class Verdict : uint8_t {
  kPassed,
  kFailed,   // another answer than Flink's
  kRefused,  // a statement was refused; the message is ours
  kSkipped,  // the case file does not hold all that the case needs
};

struct Outcome {
  Verdict verdict = Verdict::kPassed;
  std::string message = {};

  static Outcome Passed() { return {}; }
  static Outcome Failed(std::string message) { return {Verdict::kFailed, std::move(message)}; }
  static Outcome Refused(const Error& error) { return {Verdict::kRefused, error.ToString()}; }
  static Outcome Skipped(std::string message) { return {Verdict::kSkipped, std::move(message)}; }
};

}  // namespace millrace::flink_cases
