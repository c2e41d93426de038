#include "env/env.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

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

// Saves a number each millisecond, and says which it has saved.
class Saver final : public Task {
 public:
  Saver(const Env& env, uint64_t from) : env_(env), number_(from), pool_(env.executor->MakePool("saver", 1)) {
    pool_->Wake(*this);
  }
  ~Saver() override { pool_->Retire(*this); }

  bool Run() override {
    if (Save()) saved_ = number_++;
    pool_->WakeAt(*this, env_.clock->MonotonicMicros() + 1'000);
    return false;
  }
  uint64_t saved() const { return saved_; }

 private:
  Status Save() {
    MR_TRY(env_.faults->Reach("env.test.first"));
    MR_ASSIGN(const auto file, env_.files->OpenWrite("/number.new", WriteMode::kTruncate));
    MR_TRY(file->Write(std::to_string(number_)));
    MR_TRY(file->Sync());
    MR_TRY(file->Close());
    MR_TRY(env_.files->Rename("/number.new", "/number"));
    MR_TRY(env_.files->SyncDir("/"));
    return env_.faults->Reach("env.test.second");
  }

  const Env& env_;
  uint64_t number_;
  uint64_t saved_ = 0;
  std::unique_ptr<WorkerPool> pool_;
};

uint64_t NumberIn(const Env& env) {
  const Result<std::string> text = env.files->ReadAll("/number");
  return text ? std::stoull(*text) : 0;
}

TEST(EnvTest, AWorldCrashesAndStartsAgain) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimulatedEnv world(seed);
    Random random(seed);
    uint64_t saved = 0;
    for (int life = 0; life < 5; ++life) {
      auto saver = std::make_unique<Saver>(world.env, NumberIn(world.env) + 1);
      switch (random.Below(4)) {
        case 0:
          world.CrashAt("env.test.first", 1 + random.Below(4));
          break;
        case 1:
          world.CrashAt("env.test.second", 1 + random.Below(4));
          break;
        case 2:
          world.CrashAtOperation(1 + random.Below(20));
          break;
        default:
          world.executor.RunFor(2'500);
          world.Crash();
      }
      const int64_t before = world.clock.MonotonicMicros();
      world.executor.RunFor(10'000);
      EXPECT_TRUE(world.has_crashed());
      EXPECT_EQ(world.clock.MonotonicMicros(), before + 10'000) << "time goes on";
      saved = std::max(saved, saver->saved());
      saver.reset();
      world.Restart();
      EXPECT_FALSE(world.has_crashed());
      // What was being saved may have been saved, but nothing beyond.
      EXPECT_GE(NumberIn(world.env), saved) << "seed " << seed;
      EXPECT_LE(NumberIn(world.env), saved + 1) << "seed " << seed;
      saved = NumberIn(world.env);
    }
  }
}

TEST(EnvTest, ACrashEndsConnections) {
  SimulatedEnv world;
  auto listener = world.net.Listen("", 80).value();
  const auto client = world.net.Connect("", 80, 0).value();
  const auto server = listener->Accept(0).value();
  const auto unaccepted = world.net.Connect("", 80, 0).value();
  ASSERT_TRUE(server->Write("done"));
  world.Crash();
  EXPECT_FALSE(server->Write("more"));
  EXPECT_FALSE(client->Write("more"));
  std::array<std::byte, 8> buffer;
  EXPECT_EQ(client->Read(buffer, 0)->bytes, 4u);
  EXPECT_TRUE(client->Read(buffer, 0)->AtEnd());
  EXPECT_TRUE(unaccepted->Read(buffer, 0)->AtEnd());
  listener.reset();
  world.Restart();
  listener = world.net.Listen("", 80).value();
  const auto again = world.net.Connect("", 80, 0).value();
  EXPECT_TRUE(again->Write("hello"));
  EXPECT_EQ(listener->Accept(0).value()->Read(buffer, 0)->bytes, 5u);
}

}  // namespace
}  // namespace millrace::env
