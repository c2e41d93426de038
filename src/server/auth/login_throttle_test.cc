#include "server/auth/login_throttle.h"

#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"

namespace millrace::server::auth {
namespace {

TEST(LoginThrottleTest, MakesALoginWaitAfterFailuresInARow) {
  env::SimulatedClock clock;
  LoginThrottle throttle(clock);
  for (int i = 0; i < limits::kLoginFailuresMax; ++i) {
    EXPECT_TRUE(throttle.Check("ann@10.0.0.1").has_value());
    throttle.Failed("ann@10.0.0.1");
  }
  EXPECT_FALSE(throttle.Check("ann@10.0.0.1").has_value());
  EXPECT_TRUE(throttle.Check("bob@10.0.0.1").has_value());
  clock.Advance(limits::kLoginWaitMicros - 1);
  EXPECT_FALSE(throttle.Check("ann@10.0.0.1").has_value());
  clock.Advance(1);
  EXPECT_TRUE(throttle.Check("ann@10.0.0.1").has_value());
  throttle.Failed("ann@10.0.0.1");
  EXPECT_FALSE(throttle.Check("ann@10.0.0.1").has_value());
  throttle.Succeeded("ann@10.0.0.1");
  EXPECT_TRUE(throttle.Check("ann@10.0.0.1").has_value());
}

TEST(LoginThrottleTest, ForgetsTheOldestPastItsBound) {
  env::SimulatedClock clock;
  LoginThrottle throttle(clock);
  for (int i = 0; i < limits::kLoginFailuresMax; ++i) throttle.Failed("oldest");
  EXPECT_FALSE(throttle.Check("oldest").has_value());
  for (size_t i = 0; i < limits::kLoginAddressesMax; ++i) throttle.Failed("login " + std::to_string(i));
  EXPECT_TRUE(throttle.Check("oldest").has_value());
}

}  // namespace
}  // namespace millrace::server::auth
