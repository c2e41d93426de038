// The families of built-in functions. Each is a file that defines Register<Family>(Registry&); the
// registry calls all of them once. To add a family: write the file and add its line here.
#pragma once

#include "functions/registry.h"

#define MR_FUNCTION_FAMILIES(FAMILY) \
  FAMILY(Arithmetic)                 \
  FAMILY(Comparison)                 \
  FAMILY(Logic)                      \
  FAMILY(Conditional)                \
  FAMILY(Cast)                       \
  FAMILY(StringConcat)               \
  FAMILY(StringShape)                \
  FAMILY(StringSearch)               \
  FAMILY(Like)                       \
  FAMILY(Regexp)                     \
  FAMILY(JsonQuery)                  \
  FAMILY(JsonConstruct)              \
  FAMILY(StringSplit)                \
  FAMILY(Encode)                     \
  FAMILY(Printf)                     \
  FAMILY(HashFunctions)              \
  FAMILY(CollectionConstructor)      \
  FAMILY(ListElement)                \
  FAMILY(ArrayFunctions)             \
  FAMILY(MapFunctions)               \
  FAMILY(Math)                       \
  FAMILY(Datetime)                   \
  FAMILY(DatetimeText)               \
  FAMILY(Aggregates)

namespace millrace::functions {

#define MR_DECLARE_FAMILY(Name) void Register##Name(Registry& registry);
MR_FUNCTION_FAMILIES(MR_DECLARE_FAMILY)
#undef MR_DECLARE_FAMILY

// Part of Comparison, and of Math.
void RegisterInList(Registry& registry);
void RegisterRounding(Registry& registry);
void RegisterRandom(Registry& registry);

}  // namespace millrace::functions
