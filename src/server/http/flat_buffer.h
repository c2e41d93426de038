// FlatBuffer: writes FlatBuffers (https://flatbuffers.dev, "internals"), as far as Arrow's messages need
// them: tables, strings, vectors of tables and of structs.
//
// A buffer is built from its end to its beginning: children before the table that refers to them. A place in
// it is told by its distance from the end, which does not change. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::server::http {

class FlatBuffer {
 public:
  using Place = uint32_t;  // 0: none

  Place String(std::string_view text);
  Place Vector(std::span<const Place> tables);
  // Structs of 64-bit members, `members` in all.
  Place StructVector(std::span<const int64_t> members, size_t members_each);

  // A table: StartTable, its fields by number, EndTable. Other objects must be made before.
  void StartTable();
  void Byte(int field, uint8_t value);
  void Short(int field, int16_t value);
  void Int(int field, int32_t value);
  void Long(int field, int64_t value);
  void Reference(int field, Place place);
  Place EndTable();

  // The finished buffer with `root` as its root table; a multiple of 8 bytes.
  std::string Finish(Place root);

 private:
  struct FieldPlace {
    int field;
    Place place;
  };

  // Bytes are kept last first.
  template <typename T>
  void Push(T value);
  template <typename T>
  void Scalar(int field, T value);
  // So many zero bytes that, with `bytes` more, the distance from the end is a multiple of `alignment`.
  void Align(size_t bytes, size_t alignment);
  void PushReference(Place place);
  Place here() const { return static_cast<Place>(reversed_.size()); }

  std::string reversed_;
  std::vector<FieldPlace> fields_;
  Place table_end_ = 0;
};

}  // namespace millrace::server::http
