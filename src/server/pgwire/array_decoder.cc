#include "server/pgwire/array_decoder.h"

#include <fmt/format.h>

#include <string>

#include "base/limits.h"
#include "server/pgwire/value_decoder.h"
#include "server/pgwire/wire_reader.h"

namespace millrace::server::pgwire {

using data::Column;
using data::DataType;
using data::TypeKind;

namespace {

bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// "{1,NULL,"a b"}" by recursive descent along the type, which bounds the depth.
class ArrayText {
 public:
  ArrayText(std::string_view text, const data::TimeZone& zone) : whole_(text), rest_(text), zone_(zone) {}

  Status Read(const DataType& type, Column* column) {
    MR_TRY(SkipBounds());
    MR_TRY(ReadList(type, column));
    SkipSpaces();
    if (!rest_.empty()) return Bad("text behind the closing brace");
    return Ok();
  }

 private:
  std::unexpected<Error> Bad(std::string_view why) const {
    constexpr size_t kShownBytes = 100;
    return Fail(ErrorCode::kInvalidText,
                fmt::format("malformed array '{}{}': {}", whole_.substr(0, kShownBytes),
                            whole_.size() > kShownBytes ? "…" : "", why));
  }

  void SkipSpaces() {
    while (!rest_.empty() && IsSpace(rest_[0])) rest_.remove_prefix(1);
  }
  bool Take(char c) {
    SkipSpaces();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // "[1:3]=" before the braces: arrays here always begin at 1, so it says nothing.
  Status SkipBounds() {
    SkipSpaces();
    if (rest_.empty() || rest_[0] != '[') return Ok();
    const size_t end = rest_.find('=');
    if (end == std::string_view::npos) return Bad("no = behind its bounds");
    rest_.remove_prefix(end + 1);
    return Ok();
  }

  Status ReadList(const DataType& type, Column* column) {
    if (!Take('{')) return Bad(fmt::format("no {{ where {} begins", type.WithNullable(true).ToString()));
    Column& child = column->mutable_child(0);
    const size_t offset = child.size();
    if (!Take('}')) {
      do {
        MR_TRY(ReadElement(type.element(), &child));
      } while (Take(','));
      if (!Take('}')) return Bad("neither a comma nor a closing brace behind an element");
    }
    column->Append(data::ListEntry{offset, child.size() - offset});
    return Ok();
  }

  Status ReadElement(const DataType& type, Column* column) {
    SkipSpaces();
    if (!rest_.empty() && rest_[0] == '"') {
      MR_TRY(ReadQuoted());
      return DecodeText(element_, type, zone_, column);
    }
    if (type.kind() == TypeKind::kArray && !rest_.empty() && rest_[0] == '{') return ReadList(type, column);
    bool is_escaped = false;
    MR_TRY(ReadPlain(&is_escaped));
    if (!is_escaped && IsNull(element_)) {
      column->AppendNull();
      return Ok();
    }
    if (type.kind() == TypeKind::kArray) return Bad("fewer dimensions than its type has");
    return DecodeText(element_, type, zone_, column);
  }

  static bool IsNull(std::string_view text) {
    constexpr std::string_view kNull = "null";
    if (text.size() != kNull.size()) return false;
    for (size_t i = 0; i < kNull.size(); ++i) {
      if ((text[i] | 0x20) != kNull[i]) return false;
    }
    return true;
  }

  // Both into element_.
  Status ReadQuoted() {
    element_.clear();
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_[0] != '"') {
      if (rest_[0] == '\\') rest_.remove_prefix(1);
      if (rest_.empty()) break;
      element_ += rest_[0];
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return Bad("a quote is not closed");
    rest_.remove_prefix(1);
    return Ok();
  }
  Status ReadPlain(bool* is_escaped) {
    element_.clear();
    size_t kept = 0;  // spaces behind the last other character are not part of it
    while (!rest_.empty() && rest_[0] != ',' && rest_[0] != '}') {
      if (rest_[0] == '{' || rest_[0] == '"') return Bad(fmt::format("{} within an element", rest_[0]));
      const bool escape = rest_[0] == '\\';
      if (escape) {
        *is_escaped = true;
        rest_.remove_prefix(1);
        if (rest_.empty()) return Bad("it ends with a backslash");
      }
      element_ += rest_[0];
      if (escape || !IsSpace(rest_[0])) kept = element_.size();
      rest_.remove_prefix(1);
    }
    element_.resize(kept);
    if (element_.empty()) return Bad("an element is missing");
    return Ok();
  }

  std::string_view whole_;
  std::string_view rest_;
  const data::TimeZone& zone_;
  std::string element_;
};

std::unexpected<Error> BadBytes(std::string_view why) {
  return Fail(ErrorCode::kInvalidBinary, fmt::format("malformed binary array: {}", why));
}

class ArrayBytes {
 public:
  ArrayBytes(std::string_view bytes, const data::TimeZone& zone) : reader_(bytes), zone_(zone) {}

  Status Read(const DataType& type, Column* column) {
    const int32_t dimensions = reader_.Int32();
    reader_.Int32();  // whether it has NULLs
    reader_.Int32();  // the element's type: what counts is the one that the statement wants
    if (!reader_.ok() || dimensions < 0 || dimensions > limits::kNestingMax) return BadBytes("its header");
    if (dimensions == 0) {
      if (!reader_.AtEnd()) return BadBytes("bytes behind an empty array");
      column->Append(data::ListEntry{column->child(0).size(), 0});
      return Ok();
    }
    int depth = 0;
    for (const DataType* t = &type; t->kind() == TypeKind::kArray; t = &t->element()) ++depth;
    if (depth != dimensions) {
      return Fail(ErrorCode::kDatatypeMismatch, fmt::format("an array of {} dimensions for {}", dimensions,
                                                            type.WithNullable(true).ToString()));
    }
    // Each element takes four bytes at least, so what has arrived bounds the lengths.
    uint64_t elements = 1;
    for (int32_t i = 0; i < dimensions; ++i) {
      const int32_t length = reader_.Int32();
      reader_.Int32();  // the first element's number
      if (!reader_.ok() || length < 0) return BadBytes("its dimensions");
      lengths_.push_back(static_cast<uint32_t>(length));
      elements *= static_cast<uint32_t>(length);
      if (elements > kElementsMax) return BadBytes("more elements than it has bytes");
    }
    if (elements > reader_.rest().size() / 4) return BadBytes("more elements than it has bytes");
    if (elements == 0) lengths_[0] = 0;
    MR_TRY(ReadList(type, 0, column));
    if (!reader_.AtEnd()) return BadBytes("its elements do not fill it");
    return Ok();
  }

 private:
  static constexpr uint64_t kElementsMax = limits::kWireLengthMax;

  Status ReadList(const DataType& type, size_t dimension, Column* column) {
    Column& child = column->mutable_child(0);
    const size_t offset = child.size();
    for (uint32_t i = 0; i < lengths_[dimension]; ++i) {
      if (type.element().kind() == TypeKind::kArray) {
        MR_TRY(ReadList(type.element(), dimension + 1, &child));
        continue;
      }
      const int32_t length = reader_.Int32();
      if (!reader_.ok() || length < -1) return BadBytes("cut within an element");
      if (length == -1) {
        child.AppendNull();
        continue;
      }
      const std::string_view bytes = reader_.Bytes(static_cast<size_t>(length));
      if (!reader_.ok()) return BadBytes("cut within an element");
      MR_TRY(DecodeBinary(bytes, type.element(), zone_, &child));
    }
    column->Append(data::ListEntry{offset, child.size() - offset});
    return Ok();
  }

  WireReader reader_;
  const data::TimeZone& zone_;
  std::vector<uint32_t> lengths_;
};

}  // namespace

Status DecodeTextArray(std::string_view text, const DataType& type, const data::TimeZone& zone,
                       Column* column) {
  return ArrayText(text, zone).Read(type, column);
}

Status DecodeBinaryArray(std::string_view bytes, const DataType& type, const data::TimeZone& zone,
                         Column* column) {
  return ArrayBytes(bytes, zone).Read(type, column);
}

}  // namespace millrace::server::pgwire
