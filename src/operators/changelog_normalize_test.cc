#include "operators/changelog_normalize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operators/testing.h"

namespace millrace::operators {
namespace {

using data::DataType;
using ::testing::ElementsAre;
using testing::Harness;
using ::testing::IsEmpty;
using Lines = std::vector<std::string>;

struct ChangelogTest : ::testing::Test, Harness {
  std::vector<DataType> types = {DataType::BigInt(), DataType::String()};
  void Send(const Lines& rows) { Harness::Send(types, rows); }
};

TEST_F(ChangelogTest, NormalizeCompletesUpserts) {
  op = MakeChangelogNormalize(
      std::make_shared<ChangelogNormalizeSpec>(ChangelogNormalizeSpec{.input_types = types, .keys = {0}}),
      Context());
  Send({"+I 1|a", "+I 2|b"});
  EXPECT_THAT(output.Take(), ElementsAre("+I 1|a", "+I 2|b"));
  Send({"+I 1|c", "-U 2|b", "+U 2|b", "-D 3|null"});
  EXPECT_THAT(output.Take(), ElementsAre("-U 1|a", "+U 1|c"));
  Send({"-D 1|null", "+U 4|d", "-D 4|d"});
  EXPECT_THAT(output.Take(), ElementsAre("-D 1|c"));
  EXPECT_EQ(op->StateEntries(), 1u);
  Send({"-D 2|b", "+I 2|e"});
  EXPECT_THAT(output.Take(), ElementsAre("-U 2|b", "+U 2|e"));
}

TEST_F(ChangelogTest, DropUpdateBefore) {
  op = MakeDropUpdateBefore(std::make_shared<DropUpdateBeforeSpec>(), Context());
  output.is_upsert = true;
  Send({"+I 1|a", "-U 1|a", "+U 1|b", "-D 1|b"});
  EXPECT_THAT(output.Take(), ElementsAre("+I 1|a", "+U 1|b", "-D 1|b"));
  Send({"-U 1|a"});
  EXPECT_THAT(output.Take(), IsEmpty());
}

TEST_F(ChangelogTest, UpsertMaterializeShowsTheRowBefore) {
  op = MakeUpsertMaterialize(std::make_shared<UpsertMaterializeSpec>(
                                 UpsertMaterializeSpec{.input_types = types, .primary_key = {0}}),
                             Context());
  output.is_upsert = true;
  Send({"+I 1|a", "+I 1|b", "+I 1|c"});
  EXPECT_THAT(output.Take(), ElementsAre("+I 1|a", "+U 1|b", "+U 1|c"));
  Send({"-D 1|b"});
  EXPECT_THAT(output.Take(), IsEmpty());
  Send({"-D 1|c"});
  EXPECT_THAT(output.Take(), ElementsAre("+U 1|a"));
  Send({"-D 1|a"});
  EXPECT_THAT(output.Take(), ElementsAre("-D 1|a"));
  EXPECT_EQ(op->StateEntries(), 0u);
}

}  // namespace
}  // namespace millrace::operators
