#include "shell/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "env/clock.h"
#include "env/posix_files.h"
#include "env/simulated_disk.h"

namespace millrace::shell {
namespace {

using testing::ElementsAre;

TEST(History, KeepsWhatIsWorthKeeping) {
  History history;
  for (const char* text : {"a;", "  \n", "a;", "b;", "a;"}) history.Add(text);
  history.Add("CREATE ROLE x LOGIN password 'secret';");
  history.Add("SELECT password FROM t WHERE a = 'b';");
  EXPECT_THAT(history.entries(), ElementsAre("a;", "b;", "a;", "SELECT password FROM t WHERE a = 'b';"));
}

TEST(History, FindsBackwards) {
  History history;
  for (const char* text : {"select 1;", "insert;", "select 2;"}) history.Add(text);
  EXPECT_EQ(history.FindBefore(3, "sel"), 2U);
  EXPECT_EQ(history.FindBefore(2, "sel"), 0U);
  EXPECT_EQ(history.FindBefore(0, "sel"), std::nullopt);
  EXPECT_EQ(history.FindBefore(3, "nothing"), std::nullopt);
}

TEST(History, SurvivesInItsFile) {
  env::SimulatedClock clock;
  env::SimulatedDisk files(clock);
  History history;
  ASSERT_TRUE(history.Load(files, "/state/millrace/history").has_value()) << "no file yet";
  history.Add("select\n'\\n';");
  ASSERT_TRUE(history.Save(files, "/state/millrace/history").has_value());
  History again;
  ASSERT_TRUE(again.Load(files, "/state/millrace/history").has_value());
  EXPECT_THAT(again.entries(), ElementsAre("select\n'\\n';"));
}

TEST(History, OfTwoShellsLosesNothing) {
  env::SimulatedClock clock;
  env::SimulatedDisk files(clock);
  History first;
  History second;
  ASSERT_TRUE(first.Load(files, "/h").has_value());
  ASSERT_TRUE(second.Load(files, "/h").has_value());
  first.Add("one;");
  second.Add("two;");
  ASSERT_TRUE(first.Save(files, "/h").has_value());
  ASSERT_TRUE(second.Save(files, "/h").has_value());
  ASSERT_TRUE(second.Save(files, "/h").has_value()) << "again: nothing is written twice";
  EXPECT_EQ(files.ReadAll("/h").value(), "one;\ntwo;\n");
}

TEST(History, IsBounded) {
  History history;
  for (size_t i = 0; i < limits::kShellHistoryEntries + 5; ++i) history.Add(std::to_string(i));
  EXPECT_EQ(history.entries().size(), limits::kShellHistoryEntries);
  EXPECT_EQ(history.entries().front(), "5");
  history.Add(std::string(limits::kShellHistoryBytes, 'x'));
  EXPECT_EQ(history.entries().size(), 1U);
}

TEST(History, IsPrivate) {
  env::PosixFiles files;
  const std::string path = env::JoinPath(testing::TempDir(), "millrace_history_test/history");
  ASSERT_TRUE(files.RemoveTree(env::DirName(path)).has_value());
  History history;
  history.Add("select 1;");
  ASSERT_TRUE(history.Save(files, path).has_value());
  struct stat status;
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_TRUE(files.RemoveTree(env::DirName(path)).has_value());
}

}  // namespace
}  // namespace millrace::shell
