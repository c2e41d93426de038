#include "env/glob.h"

#include <gtest/gtest.h>

#include "env/clock.h"
#include "env/simulated_disk.h"

namespace millrace::env {
namespace {

TEST(GlobMatchNameTest, StarsAndQuestionMarks) {
  EXPECT_TRUE(GlobMatchName("*.csv", "orders.csv"));
  EXPECT_FALSE(GlobMatchName("*.csv", "orders.csv.gz"));
  EXPECT_TRUE(GlobMatchName("*", "anything"));
  EXPECT_TRUE(GlobMatchName("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(GlobMatchName("a*b*c", "a-c-b"));
  EXPECT_TRUE(GlobMatchName("log-??", "log-07"));
  EXPECT_FALSE(GlobMatchName("log-??", "log-7"));
  EXPECT_TRUE(GlobMatchName("订?.json", "订单.json"));
  EXPECT_TRUE(GlobMatchName("**", "x"));
}

TEST(GlobMatchNameTest, Brackets) {
  EXPECT_TRUE(GlobMatchName("part-[0-9]", "part-7"));
  EXPECT_FALSE(GlobMatchName("part-[0-9]", "part-x"));
  EXPECT_TRUE(GlobMatchName("part-[!0-9]", "part-x"));
  EXPECT_TRUE(GlobMatchName("part-[^0-9]", "part-x"));
  EXPECT_TRUE(GlobMatchName("[]]", "]"));
  EXPECT_TRUE(GlobMatchName("[a-]", "-"));
  EXPECT_TRUE(GlobMatchName("[一-三]", "丁"));
  EXPECT_TRUE(GlobMatchName("[abc", "[abc")) << "never closed: an ordinary character";
  EXPECT_TRUE(GlobMatchName("[\\]]", "]"));
}

TEST(GlobMatchNameTest, BackslashTakesTheNextCharacterAsItIs) {
  EXPECT_TRUE(GlobMatchName("a\\*b", "a*b"));
  EXPECT_FALSE(GlobMatchName("a\\*b", "axb"));
}

TEST(GlobMatchNameTest, ALeadingDotIsMatchedOnlyByADot) {
  EXPECT_FALSE(GlobMatchName("*", ".hidden"));
  EXPECT_FALSE(GlobMatchName("?hidden", ".hidden"));
  EXPECT_TRUE(GlobMatchName(".*", ".hidden"));
}

TEST(GlobMatchNameTest, ManyStarsDoNotBacktrackWithoutBound) {
  const std::string name(2'000, 'a');
  EXPECT_FALSE(GlobMatchName("*a*a*a*a*a*a*a*a*a*b", name));
}

using Paths = std::vector<std::string>;

class GlobTest : public testing::Test {
 protected:
  GlobTest() {
    for (const std::string directory : {"/data/2024/01", "/data/2024/02", "/data/.trash"}) {
      EXPECT_TRUE(files_.MakeDirs(directory));
    }
    for (const std::string path : {"/data/a.json", "/data/2024/b.json", "/data/2024/01/c.json",
                                   "/data/2024/02/d.csv", "/data/.trash/e.json"}) {
      EXPECT_TRUE(files_.WriteAll(path, "x"));
    }
  }
  Paths Glob(const std::string& pattern) { return files_.Glob(pattern).value(); }

  SimulatedClock clock_;
  SimulatedDisk files_{clock_};
};

TEST_F(GlobTest, MatchesNamesWithinOneFolder) {
  EXPECT_EQ(Glob("/data/*.json"), Paths{"/data/a.json"});
  EXPECT_EQ(Glob("/data/*"), (Paths{"/data/2024", "/data/a.json"}));
}

TEST_F(GlobTest, MatchesFoldersOnTheWay) {
  EXPECT_EQ(Glob("/data/*/0?/*"), (Paths{"/data/2024/01/c.json", "/data/2024/02/d.csv"}));
  EXPECT_EQ(Glob("/data/a.json/*"), Paths{}) << "a file has nothing below it";
}

TEST_F(GlobTest, TwoStarsMatchAnyNumberOfFolders) {
  EXPECT_EQ(Glob("/data/**/*.json"), (Paths{"/data/2024/01/c.json", "/data/2024/b.json", "/data/a.json"}));
  EXPECT_EQ(Glob("/**/d.csv"), Paths{"/data/2024/02/d.csv"});
  EXPECT_EQ(Glob("/data/2024/**"), (Paths{"/data/2024/01", "/data/2024/01/c.json", "/data/2024/02",
                                          "/data/2024/02/d.csv", "/data/2024/b.json"}));
}

TEST_F(GlobTest, APathWithoutSpecialCharactersIsItself) {
  EXPECT_EQ(Glob("/data/a.json"), Paths{"/data/a.json"});
  EXPECT_EQ(Glob("/data/missing.json"), Paths{});
  EXPECT_EQ(Glob("/missing/*.json"), Paths{});
  EXPECT_EQ(Glob("data/a.json"), Paths{"data/a.json"});
}

TEST_F(GlobTest, AnEscapedNameIsFound) {
  ASSERT_TRUE(files_.WriteAll("/data/odd[1].json", "x"));
  EXPECT_EQ(Glob("/data/odd\\[1].json"), Paths{"/data/odd[1].json"});
}

}  // namespace
}  // namespace millrace::env
