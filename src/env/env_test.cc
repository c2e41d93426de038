#include "env/env.h"

#include <gtest/gtest.h>

#include "env/simulated_env.h"

namespace millrace::env {
namespace {

TEST(EnvTest, TheRealOneIsComplete) {
  const Env& env = RealEnv();
  EXPECT_EQ(&env, &RealEnv());
  EXPECT_GT(env.clock->NowMicros(), 0);
  EXPECT_TRUE(env.files->Exists("/").value());
  EXPECT_NE(env.net, nullptr);
  EXPECT_NE(env.seeds, nullptr);
  EXPECT_NE(env.executor, nullptr);
}

TEST(EnvTest, TheSimulatedOneStartsTheSameEachTime) {
  SimulatedEnv first(9), second(9), other(10);
  EXPECT_EQ(first.env.clock->NowMicros(), SimulatedEnv::kStartMicros);
  const uint64_t seed = first.env.seeds->NextSeed();
  EXPECT_EQ(seed, second.env.seeds->NextSeed());
  EXPECT_NE(seed, other.env.seeds->NextSeed());
  EXPECT_TRUE(first.env.files->WriteAll("/a", "x"));
  EXPECT_FALSE(second.env.files->Exists("/a").value());
}

}  // namespace
}  // namespace millrace::env
