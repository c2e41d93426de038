#include "shell/script_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace millrace::shell {
namespace {

using testing::ElementsAre;

std::vector<std::string> Parts(ScriptText& script) {
  std::vector<std::string> out;
  for (;;) {
    const auto part = script.Next();
    EXPECT_TRUE(part.has_value());
    if (!part.has_value() || !part->has_value()) return out;
    out.push_back(std::to_string((*part)->line) + ((*part)->complete ? " " : "? ") + (*part)->text);
  }
}

// Gives its bytes in the pieces it is made of.
class PiecesStream final : public env::ByteStream {
 public:
  explicit PiecesStream(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  Result<env::ReadOutcome> Read(std::span<std::byte> buffer, int64_t) override {
    if (given_ == pieces_.size()) return env::ReadOutcome{};
    const std::string& piece = pieces_[given_++];
    std::memcpy(buffer.data(), piece.data(), piece.size());
    return env::ReadOutcome{env::ReadOutcome::Kind::kData, piece.size()};
  }
  size_t given() const { return given_; }

 private:
  std::vector<std::string> pieces_;
  size_t given_ = 0;
};

TEST(ScriptText, GivesPartsWithTheirLines) {
  ScriptText script("select\n 1;\n\nselect 2; \\x\nselect 3");
  EXPECT_THAT(Parts(script), ElementsAre("1 select\n 1", "4 select 2", "4 \\x", "5? select 3"));
}

TEST(ScriptText, RunsAStreamAsItComes) {
  auto stream =
      std::make_unique<PiecesStream>(std::vector<std::string>{"sel", "ect 1; sel", "ect 2;", "\\d", "t\n"});
  const PiecesStream& pieces = *stream;
  ScriptText script(std::move(stream));
  EXPECT_EQ(script.Next().value()->text, "select 1");
  EXPECT_EQ(pieces.given(), 2U) << "nothing is waited for that is not needed";
  EXPECT_THAT(Parts(script), ElementsAre("1 select 2", "1 \\dt"));
}

TEST(ScriptText, GivesRowsBehindCopy) {
  ScriptText script("copy t from stdin;\n1\t'a\n2\tb;\n\\.\nselect 1;");
  EXPECT_EQ(script.Next().value()->text, "copy t from stdin");
  EXPECT_EQ(script.NextRow().value(), "\n") << "the rest of the statement's line";
  EXPECT_EQ(script.NextRow().value(), "1\t'a\n");
  EXPECT_EQ(script.NextRow().value(), "2\tb;\n");
  EXPECT_EQ(script.NextRow().value(), std::nullopt);
  EXPECT_THAT(Parts(script), ElementsAre("5 select 1"));
}

TEST(ScriptText, EndsRowsWithTheText) {
  ScriptText script("1");
  EXPECT_EQ(script.NextRow().value(), "1\n");
  EXPECT_EQ(script.NextRow().value(), std::nullopt);
}

}  // namespace
}  // namespace millrace::shell
