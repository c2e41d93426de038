#include "base/suggest.h"

#include <gtest/gtest.h>

#include <array>

namespace millrace {
namespace {

TEST(EditDistance, CountsEdits) {
  EXPECT_EQ(EditDistance("", ""), 0);
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
  EXPECT_EQ(EditDistance("form", "from"), 1) << "neighbours swapped";
  EXPECT_EQ(EditDistance("Orders", "ORDERS"), 0) << "case costs nothing";
  EXPECT_EQ(EditDistance("城市", "域市"), 1) << "code points, not bytes";
  EXPECT_EQ(EditDistance("abcdef", "uvwxyz", 2), 3) << "stops at the limit";
}

TEST(Nearest, FindsWhatWasMeant) {
  const std::array<std::string_view, 3> tables{"orders", "clicks", "users"};
  EXPECT_EQ(Nearest("ordes", tables), "orders");
  EXPECT_EQ(Nearest("USER", tables), "users");
  EXPECT_EQ(Nearest("payments", tables), "");
  EXPECT_EQ(Nearest("", tables), "");
}

TEST(Nearest, ShortNamesMustBeNear) {
  const std::array<std::string_view, 2> columns{"a", "id"};
  EXPECT_EQ(Nearest("b", columns), "") << "one edit of one character leaves nothing";
  EXPECT_EQ(Nearest("ix", columns), "id");
  EXPECT_EQ(Nearest("xyz", columns), "");
}

TEST(DidYouMean, IsAQuestionOrNothing) {
  const std::array<std::string_view, 1> columns{"user_id"};
  EXPECT_EQ(DidYouMean("userid", columns), "did you mean 'user_id'?");
  EXPECT_EQ(DidYouMean("amount", columns), "");
}

}  // namespace
}  // namespace millrace
