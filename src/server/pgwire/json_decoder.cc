#include "server/pgwire/json_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "formats/json_cursor.h"
#include "server/pgwire/value_decoder.h"

namespace millrace::server::pgwire {

using data::Column;
using data::DataType;
using data::TypeKind;

namespace {

// By recursive descent along the type, which bounds the depth.
class JsonText {
 public:
  JsonText(std::string_view text, const data::TimeZone& zone)
      : text_(text), cursor_(text.data(), text.data() + text.size()), zone_(zone) {}

  Status Read(const DataType& type, Column* column) {
    cursor_.SkipSpace();
    MR_TRY(ReadValue(type, column));
    cursor_.SkipSpace();
    if (cursor_.AtEnd()) return Ok();
    cursor_.Fail("text behind the value");
    return NotJson();
  }

 private:
  struct Member {
    std::string key;
    const char* value;  // where it begins
  };

  std::unexpected<Error> NotJson() const {
    return Fail(ErrorCode::kInvalidText, cursor_.Failure(text_.data()).message());
  }
  std::unexpected<Error> NotOfType(const DataType& type) const {
    constexpr size_t kShownBytes = 100;
    const std::string_view rest(cursor_.position(),
                                static_cast<size_t>(text_.data() + text_.size() - cursor_.position()));
    return Fail(ErrorCode::kInvalidText,
                fmt::format("JSON '{}{}' is not a valid {}", rest.substr(0, kShownBytes),
                            rest.size() > kShownBytes ? "…" : "", type.ToString()));
  }

  Status ReadValue(const DataType& type, Column* column) {
    if (cursor_.Peek() == 'n') {
      if (!type.nullable()) return NotOfType(type);
      if (!cursor_.TakeLiteral("null")) return NotJson();
      column->AppendNull();
      return Ok();
    }
    switch (type.kind()) {
      case TypeKind::kArray:
        return ReadArray(type, column);
      case TypeKind::kMap:
      case TypeKind::kMultiset:
        return ReadMap(type, column);
      case TypeKind::kRow:
        return ReadRow(type, column);
      default:
        return ReadScalar(type, column);
    }
  }

  Status ReadScalar(const DataType& type, Column* column) {
    const char c = cursor_.Peek();
    if (c == '{' || c == '[') return NotOfType(type);
    if (c == '"') {
      std::string text;
      MR_TRY(ReadString(&text));
      return DecodeText(text, type, zone_, column);
    }
    const char* const begin = cursor_.position();
    if (!cursor_.SkipValue(0)) return NotJson();
    return DecodeText({begin, static_cast<size_t>(cursor_.position() - begin)}, type, zone_, column);
  }

  Status ReadString(std::string* text) {
    std::string_view raw;
    bool escaped = false;
    if (!cursor_.TakeString(&raw, &escaped)) return NotJson();
    text->assign(raw);
    if (escaped) text->resize(formats::UnescapeJson(raw, text->data()));
    return Ok();
  }

  // The elements of a list or the members of an object: `read` one after the other, up to `close`.
  template <typename F>
  Status ReadUpTo(char close, F&& read) {
    cursor_.SkipSpace();
    if (cursor_.Peek() != close) {
      for (;;) {
        cursor_.SkipSpace();
        MR_TRY(read());
        cursor_.SkipSpace();
        if (cursor_.Peek() != ',') break;
        cursor_.Take(',');
      }
    }
    if (!cursor_.Take(close)) return NotJson();
    return Ok();
  }

  Status ReadArray(const DataType& type, Column* column) {
    if (cursor_.Peek() != '[') return NotOfType(type);
    cursor_.Take('[');
    Column& child = column->mutable_child(0);
    const size_t offset = child.size();
    MR_TRY(ReadUpTo(']', [&] { return ReadValue(type.element(), &child); }));
    column->Append(data::ListEntry{offset, child.size() - offset});
    return Ok();
  }

  // Leaves the cursor behind the object.
  Status ReadMembers(const DataType& type, std::vector<Member>* members) {
    if (cursor_.Peek() != '{') return NotOfType(type);
    cursor_.Take('{');
    std::map<std::string, size_t> seen;
    return ReadUpTo('}', [&]() -> Status {
      std::string key;
      MR_TRY(ReadString(&key));
      cursor_.SkipSpace();
      if (!cursor_.Take(':')) return NotJson();
      cursor_.SkipSpace();
      const char* const value = cursor_.position();
      if (!cursor_.SkipValue(0)) return NotJson();
      const auto [at, is_new] = seen.try_emplace(key, members->size());
      if (is_new) {
        members->push_back({std::move(key), value});
      } else {
        (*members)[at->second].value = value;
      }
      return Ok();
    });
  }

  Status ReadMemberValue(const Member& member, const DataType& type, Column* column) {
    cursor_.Seek(member.value);
    return ReadValue(type, column);
  }

  Status ReadMap(const DataType& type, Column* column) {
    std::vector<Member> members;
    MR_TRY(ReadMembers(type, &members));
    const char* const end = cursor_.position();
    const size_t offset = column->child(0).size();
    for (const Member& member : members) {
      MR_TRY(DecodeText(member.key, type.fields()[0].type, zone_, &column->mutable_child(0)));
      MR_TRY(ReadMemberValue(member, type.fields()[1].type, &column->mutable_child(1)));
    }
    cursor_.Seek(end);
    column->Append(data::ListEntry{offset, members.size()});
    return Ok();
  }

  Status ReadRow(const DataType& type, Column* column) {
    std::vector<Member> members;
    MR_TRY(ReadMembers(type, &members));
    const char* const end = cursor_.position();
    for (size_t i = 0; i < type.fields().size(); ++i) {
      const data::RowField& field = type.fields()[i];
      Column& child = column->mutable_child(i);
      const auto member = std::ranges::find(members, field.name, &Member::key);
      if (member != members.end()) {
        MR_TRY(ReadMemberValue(*member, field.type, &child));
      } else if (field.type.nullable()) {
        child.AppendNull();
      } else {
        return Fail(ErrorCode::kInvalidText,
                    fmt::format("JSON has no '{}', which may not be NULL", field.name));
      }
    }
    cursor_.Seek(end);
    column->SetRowSize(column->size() + 1);
    return Ok();
  }

  const std::string_view text_;
  formats::JsonCursor cursor_;
  const data::TimeZone& zone_;
};

}  // namespace

Status DecodeJson(std::string_view text, const DataType& type, const data::TimeZone& zone, Column* column) {
  return JsonText(text, zone).Read(type, column);
}

}  // namespace millrace::server::pgwire
