// Checks of invariants. A failed check is a defect of Millrace, never of its input: it prints the
// condition, both operands and the place, and aborts. Input can never reach one.
#pragma once

#include <string>

namespace millrace {

[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, const std::string& detail);

template <typename T>
std::string CheckOperand(const T& value) {
  if constexpr (requires { std::to_string(value); }) {
    return std::to_string(value);
  } else if constexpr (requires { std::string(value); }) {
    return std::string(value);
  } else {
    return "?";
  }
}

#define MR_CHECK(condition)                                        \
  do {                                                             \
    if (!(condition)) [[unlikely]]                                 \
      ::millrace::CheckFailed(__FILE__, __LINE__, #condition, ""); \
  } while (false)

#define MR_CHECK_OP_(a, op, b)                                                                           \
  do {                                                                                                   \
    const auto& mr_a = (a);                                                                              \
    const auto& mr_b = (b);                                                                              \
    if (!(mr_a op mr_b)) [[unlikely]]                                                                    \
      ::millrace::CheckFailed(__FILE__, __LINE__, #a " " #op " " #b,                                     \
                              ::millrace::CheckOperand(mr_a) + " vs " + ::millrace::CheckOperand(mr_b)); \
  } while (false)
#define MR_CHECK_EQ(a, b) MR_CHECK_OP_(a, ==, b)
#define MR_CHECK_NE(a, b) MR_CHECK_OP_(a, !=, b)
#define MR_CHECK_LT(a, b) MR_CHECK_OP_(a, <, b)
#define MR_CHECK_LE(a, b) MR_CHECK_OP_(a, <=, b)
#define MR_CHECK_GE(a, b) MR_CHECK_OP_(a, >=, b)

#define MR_UNREACHABLE() ::millrace::CheckFailed(__FILE__, __LINE__, "unreachable", "")

#ifdef NDEBUG
// Compiled but never run, so that what only it uses is not reported as unused.
#define MR_DCHECK(condition)        \
  do {                              \
    if (false) MR_CHECK(condition); \
  } while (false)
#else
#define MR_DCHECK(condition) MR_CHECK(condition)
#endif

}  // namespace millrace
