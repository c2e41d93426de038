#include "shell/key_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::shell {
namespace {

using Kind = Key::Kind;
using testing::ElementsAre;

std::vector<Key> Keys(KeyDecoder& decoder, std::string_view bytes) {
  decoder.Feed(bytes);
  std::vector<Key> keys;
  while (std::optional<Key> key = decoder.Next()) keys.push_back(*key);
  return keys;
}

std::vector<Key> Keys(std::string_view bytes) {
  KeyDecoder decoder;
  std::vector<Key> keys = Keys(decoder, bytes);
  EXPECT_FALSE(decoder.Waiting());
  return keys;
}

TEST(KeyDecoder, ReadsCharacters) {
  EXPECT_THAT(Keys("a订"), ElementsAre(Key{Kind::kCharacter, 0, "a"}, Key{Kind::kCharacter, 0, "订"}));
  EXPECT_THAT(Keys("\xff\x80z"), ElementsAre(Key{Kind::kCharacter, 0, "z"}))
      << "what is not UTF-8 is left out";
}

TEST(KeyDecoder, ReadsControlKeys) {
  EXPECT_THAT(Keys("\x01\x12\x1f"),
              ElementsAre(Key{Kind::kControl, 'A'}, Key{Kind::kControl, 'R'}, Key{Kind::kControl, '_'}));
  EXPECT_THAT(Keys("\r\n\t\x7f\x08"), ElementsAre(Key{Kind::kEnter}, Key{Kind::kEnter}, Key{Kind::kTab},
                                                  Key{Kind::kBackspace}, Key{Kind::kBackspace}));
}

TEST(KeyDecoder, ReadsSequences) {
  EXPECT_THAT(Keys("\x1b[A\x1bOB\x1b[C\x1b[D"),
              ElementsAre(Key{Kind::kUp}, Key{Kind::kDown}, Key{Kind::kRight}, Key{Kind::kLeft}));
  EXPECT_THAT(
      Keys("\x1b[H\x1bOF\x1b[1~\x1b[4~\x1b[3~"),
      ElementsAre(Key{Kind::kHome}, Key{Kind::kEnd}, Key{Kind::kHome}, Key{Kind::kEnd}, Key{Kind::kDelete}));
  EXPECT_THAT(
      Keys("\x1b[1;5D\x1b[1;5C\x1b[1;2C\x1b[1;5H"),
      ElementsAre(Key{Kind::kWordLeft}, Key{Kind::kWordRight}, Key{Kind::kRight}, Key{Kind::kTextStart}));
  EXPECT_THAT(Keys("\x1b"
                   "b\x1b"
                   "F\x1b\x7f\x1b\r"),
              ElementsAre(Key{Kind::kAlt, 'b'}, Key{Kind::kAlt, 'f'}, Key{Kind::kAltBackspace},
                          Key{Kind::kAltEnter}));
}

TEST(KeyDecoder, LeavesOutWhatItDoesNotKnow) {
  EXPECT_THAT(Keys("\x1b[24~\x1b[[Ax\x1b[<0;1;2m"), ElementsAre(Key{Kind::kCharacter, 0, "x"}));
}

TEST(KeyDecoder, WaitsForTheRest) {
  KeyDecoder decoder;
  EXPECT_THAT(Keys(decoder, "\xe8\xae"), ElementsAre());
  EXPECT_THAT(Keys(decoder, "\xa2\x1b["), ElementsAre(Key{Kind::kCharacter, 0, "订"}));
  EXPECT_TRUE(decoder.Waiting());
  EXPECT_THAT(Keys(decoder, "A"), ElementsAre(Key{Kind::kUp}));
  EXPECT_FALSE(decoder.Waiting());
}

TEST(KeyDecoder, TakesALoneEscapeForAKeyWhenAsked) {
  KeyDecoder decoder;
  EXPECT_THAT(Keys(decoder, "\x1b"), ElementsAre());
  EXPECT_EQ(decoder.Resolve(), Key{Kind::kEscape});
  EXPECT_EQ(decoder.Resolve(), std::nullopt);
}

TEST(KeyDecoder, TakesAPasteAsAWhole) {
  KeyDecoder decoder;
  EXPECT_THAT(Keys(decoder, "\x1b[200~select\r1;\r\n\tx\x03"), ElementsAre());
  EXPECT_EQ(decoder.Resolve(), std::nullopt) << "a paste under way is not torn apart";
  EXPECT_THAT(Keys(decoder, "\x1b[201~\x1b[A"),
              ElementsAre(Key{Kind::kPaste, 0, "select\n1;\n x"}, Key{Kind::kUp}));
}

}  // namespace
}  // namespace millrace::shell
