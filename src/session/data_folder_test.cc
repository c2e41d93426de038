#include "session/data_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

#include "env/random.h"
#include "env/simulated_disk.h"

namespace millrace::session {
namespace {

class DataFolderTest : public testing::Test {
 protected:
  DataFolderTest() : disk_(*env::RealEnv().clock, 3), env_(env::RealEnv()) { env_.files = &disk_; }

  Result<std::unique_ptr<DataFolder>> Open(const std::string& path = "/srv/data") {
    DataFolderOptions options;
    options.path = path;
    options.journal = true;
    options.metrics = &metrics_;
    return DataFolder::Open(env_, std::move(options));
  }
  std::string ErrorOf(const std::string& path = "/srv/data") {
    const auto folder = Open(path);
    return folder.has_value() ? "opened" : folder.error().ToString();
  }
  void Write(const std::string& path, std::string_view text) {
    ASSERT_TRUE(disk_.MakeDirs(env::DirName(path)).has_value());
    ASSERT_TRUE(disk_.WriteAll(path, text).has_value());
  }

  telemetry::MetricsRegistry metrics_;
  env::SimulatedDisk disk_;
  env::Env env_;
};

TEST_F(DataFolderTest, IsMadeAndOpenedAgain) {
  {
    auto folder = Open();
    ASSERT_TRUE(folder.has_value()) << folder.error().ToString();
    EXPECT_TRUE((*folder)->is_new());
    EXPECT_TRUE((*folder)->status().has_value());
    ASSERT_TRUE((*folder)->Close().has_value());
  }
  EXPECT_EQ(disk_.ReadAll("/srv/data/MILLRACE").value(), "millrace data folder, version 1\n");
  auto again = Open();
  ASSERT_TRUE(again.has_value()) << again.error().ToString();
  EXPECT_FALSE((*again)->is_new());
  EXPECT_TRUE((*again)->notices().empty());
}

TEST_F(DataFolderTest, OneProcessHasIt) {
  const auto folder = Open();
  ASSERT_TRUE(folder.has_value());
  const auto second = Open();
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code(), ErrorCode::kObjectInUse);
  EXPECT_NE(second.error().message().find("data folder '/srv/data'"), std::string::npos);
}

TEST_F(DataFolderTest, AnothersFolderIsLeftAlone) {
  Write("/home/letters/dear.txt", "Dear");
  EXPECT_NE(ErrorOf("/home/letters").find("no data folder of Millrace, and not empty: there is 'dear.txt'"),
            std::string::npos)
      << ErrorOf("/home/letters");
  EXPECT_EQ(disk_.List("/home/letters").value().size(), 1u);
  EXPECT_NE(ErrorOf("/home/letters/dear.txt").find("a file, not a folder"), std::string::npos);
  // What looks like ours without our mark is another's too.
  Write("/home/logs/log/a", "x");
  EXPECT_NE(ErrorOf("/home/logs").find("not empty"), std::string::npos);
}

TEST_F(DataFolderTest, OtherVersionsAreRefused) {
  ASSERT_TRUE(Open().has_value());
  Write("/srv/data/MILLRACE", "millrace data folder, version 2\n");
  EXPECT_NE(ErrorOf().find("it is of version 2, this Millrace reads version 1"), std::string::npos)
      << ErrorOf();
  EXPECT_NE(ErrorOf().find("newer"), std::string::npos);
  Write("/srv/data/MILLRACE", "millrace data folder, version 0\n");
  EXPECT_NE(ErrorOf().find("version 0"), std::string::npos);
  for (const char* text :
       {"", "millrace data folder, version 1", "millrace data folder, version x\n", "PNG\n"}) {
    Write("/srv/data/MILLRACE", text);
    EXPECT_NE(ErrorOf().find("XX001"), std::string::npos) << text;
  }
}

// A power loss at any step of the making leaves something that the next opening makes whole.
TEST_F(DataFolderTest, AMakingThatWasCutOffGoesOn) {
  for (uint64_t nth = 1;; ++nth) {
    env::SimulatedDisk disk(*env::RealEnv().clock, nth);
    env_.files = &disk;
    bool was_cut = false;
    disk.At(std::nullopt, nth, [&] {
      was_cut = true;
      disk.CutPower();
      return EIO;
    });
    const bool made = Open("/srv/data/").has_value();
    if (!was_cut) {
      EXPECT_TRUE(made);
      EXPECT_GT(nth, 20u);
      return;
    }
    env::Random random(nth);
    disk.Restore(random);
    disk.Disarm();
    const auto again = Open("/srv/data/");
    ASSERT_TRUE(again.has_value()) << nth << ": " << again.error().ToString();
  }
}

TEST_F(DataFolderTest, NobodyElseMayLookIntoIt) {
  const std::string path =
      testing::TempDir() + "millrace_data_" + std::to_string(env::RealEnv().seeds->NextSeed());
  env_.files = env::RealEnv().files;
  DataFolderOptions options;
  options.path = path + "/deep";
  options.metrics = &metrics_;
  {
    const auto folder = DataFolder::Open(env_, std::move(options));
    ASSERT_TRUE(folder.has_value()) << folder.error().ToString();
    struct stat status;
    ASSERT_EQ(::stat((path + "/deep").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
  }
  ASSERT_TRUE(env_.files->RemoveTree(path).has_value());
}

}  // namespace
}  // namespace millrace::session
