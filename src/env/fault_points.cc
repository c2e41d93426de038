#include "env/fault_points.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <utility>

namespace millrace::env {

static_assert(std::ranges::is_sorted(kFaultPointNames));
static_assert(std::ranges::adjacent_find(kFaultPointNames) == kFaultPointNames.end());

namespace {

// The text up to the separator, which is taken off `rest` with it.
std::string_view TakeUntil(char separator, std::string_view& rest) {
  const size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return taken;
}

Status KillThisProcess() {
  ::kill(::getpid(), SIGKILL);
  return Ok();
}

FaultScript::Action ActionNamed(std::string_view name, FaultPoint point) {
  if (name == "kill") return KillThisProcess;
  const auto answer = [point](ErrorCode code) {
    return [point, code]() -> Status {
      return Fail(code, fmt::format("failed at fault point '{}', as it was told to", point.name()));
    };
  };
  if (name == "error") return answer(ErrorCode::kIoError);
  if (name == "full") return answer(ErrorCode::kDiskFull);
  return nullptr;
}

}  // namespace

std::optional<FaultPoint> FaultPoint::Find(std::string_view name) {
  const auto found = std::ranges::lower_bound(kFaultPointNames, name);
  if (found == kFaultPointNames.end() || *found != name) return std::nullopt;
  return FaultPoint(static_cast<size_t>(found - kFaultPointNames.begin()));
}

Status FaultScript::Reach(FaultPoint point) {
  const uint64_t count = counts_[point.index()].fetch_add(1, std::memory_order_relaxed) + 1;
  if (pending_.load(std::memory_order_relaxed) == 0) [[likely]]
    return Ok();
  const Action action = Take(point, count);
  return action ? action() : Ok();
}

FaultScript::Action FaultScript::Take(FaultPoint point, uint64_t count) {
  MutexLock lock(mutex_);
  const auto due = std::ranges::find_if(
      rules_, [&](const Rule& rule) { return rule.point.index() == point.index() && rule.count == count; });
  if (due == rules_.end()) return nullptr;
  Action action = std::move(due->action);
  rules_.erase(due);
  pending_.store(rules_.size(), std::memory_order_relaxed);
  return action;
}

void FaultScript::At(FaultPoint point, uint64_t nth, Action action) {
  MutexLock lock(mutex_);
  rules_.push_back({point, Count(point) + nth, std::move(action)});
  pending_.store(rules_.size(), std::memory_order_relaxed);
}

void FaultScript::Disarm() {
  MutexLock lock(mutex_);
  rules_.clear();
  pending_.store(0, std::memory_order_relaxed);
}

Result<FaultScript::Rule> FaultScript::ParseRule(std::string_view text) {
  const auto fail = [&](std::string_view what) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("fault '{}': {}", text, what),
                "name:count:action, such as log.sync.before:3:kill; actions are kill, error and full");
  };
  std::string_view rest = text;
  const std::string_view name = TakeUntil(':', rest);
  const std::string_view count_text = TakeUntil(':', rest);
  const std::optional<FaultPoint> point = FaultPoint::Find(name);
  if (!point) return fail(fmt::format("there is no point '{}'", name));
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(count_text.data(), count_text.data() + count_text.size(), count);
  if (error != std::errc() || end != count_text.data() + count_text.size() || count == 0) {
    return fail(fmt::format("'{}' is not a count from 1", count_text));
  }
  Action action = ActionNamed(rest, *point);
  if (!action) return fail(fmt::format("there is no action '{}'", rest));
  return Rule{*point, count, std::move(action)};
}

Status FaultScript::Arm(std::string_view script) {
  std::vector<Rule> rules;
  while (!script.empty()) {
    MR_ASSIGN(Rule rule, ParseRule(TakeUntil(',', script)));
    rules.push_back(std::move(rule));
  }
  for (Rule& rule : rules) At(rule.point, rule.count, std::move(rule.action));
  return Ok();
}

std::vector<std::string_view> FaultScript::Unreached(std::string_view prefix) const {
  std::vector<std::string_view> names;
  for (size_t index = 0; index < kFaultPointNames.size(); ++index) {
    if (!kFaultPointNames[index].starts_with(prefix)) continue;
    if (counts_[index].load(std::memory_order_relaxed) == 0) names.push_back(kFaultPointNames[index]);
  }
  return names;
}

}  // namespace millrace::env
