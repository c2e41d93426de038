#include "base/byte_arena.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace {
namespace {

struct Piece {
  char* place;
  std::string bytes;
};

TEST(ByteArena, KeepsBytesApartWhileTheyComeAndGo) {
  ByteArena arena;
  std::vector<Piece> pieces;
  uint64_t state = 7;
  auto next = [&state](uint64_t bound) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (state >> 33) % bound;
  };
  for (int step = 0; step < 20000; ++step) {
    if (pieces.size() > 200 || (!pieces.empty() && next(3) == 0)) {
      const size_t victim = next(pieces.size());
      ASSERT_EQ(std::string(pieces[victim].place, pieces[victim].bytes.size()), pieces[victim].bytes);
      arena.Free(pieces[victim].place, pieces[victim].bytes.size());
      pieces[victim] = pieces.back();
      pieces.pop_back();
    } else {
      const size_t limits[] = {16, 40, 600, 5000, 70000, 200000};
      const std::string bytes(1 + next(limits[next(6)]), static_cast<char>('a' + next(26)));
      char* place = arena.Allocate(bytes.size());
      ASSERT_EQ(reinterpret_cast<uintptr_t>(place) % 16, 0u);
      std::memcpy(place, bytes.data(), bytes.size());
      pieces.push_back({place, bytes});
    }
  }
  for (const Piece& piece : pieces) {
    EXPECT_EQ(std::string(piece.place, piece.bytes.size()), piece.bytes);
  }
}

TEST(ByteArena, GivesFreedRoomOutAgain) {
  ByteArena arena;
  for (int i = 0; i < 100000; ++i) arena.Free(arena.Allocate(100), 100);
  EXPECT_LE(arena.allocated_bytes(), 4096u);
  for (int i = 0; i < 100; ++i) arena.Free(arena.Allocate(1000000), 1000000);
  EXPECT_LE(arena.allocated_bytes(), 4096u);
}

}  // namespace
}  // namespace millrace
