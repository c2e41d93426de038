// Places: the order in which ShardOf (base/hash.h) gives hashes to shards. A place is a mixed hash; a shard
// has a run of places that lie side by side.
//
// Some run ends at each place i / n of the whole, for n up to limits::kShardsMax. What lies between two such
// ends is a *stretch*: whatever the number of shards, all of it belongs to one. So a record of rows of one
// stretch can be given to the shard that each of its rows belongs to. There are 1,260.
//
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "state/record_block.h"

namespace millrace::tables {

using state::PlaceOf;

// The hash that has this place.
uint64_t HashAtPlace(uint64_t place);
// Where the places of a shard, of so many, begin. The first shard's begin at 0, of however many.
uint64_t FirstPlace(uint32_t shard, uint32_t shards);

size_t StretchCount();
size_t StretchOf(uint64_t place);
uint64_t FirstPlaceOfStretch(size_t stretch);

}  // namespace millrace::tables
