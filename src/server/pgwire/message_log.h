// What a server sent, as a line a person reads, for tests: "T(n:20,t:25) D(1|row 1) C(SELECT 1) Z(I)". Text
// values; NULL is ~. Header only.
#pragma once

#include <string>
#include <string_view>

#include "server/pgwire/wire_reader.h"

namespace millrace::server::pgwire {

inline std::string DescribeRow(WireReader reader) {
  std::string text;
  const int16_t count = reader.Int16();
  for (int16_t i = 0; i < count; ++i) {
    if (i > 0) text += '|';
    const int32_t length = reader.Int32();
    text += length < 0 ? std::string("~") : std::string(reader.Bytes(static_cast<size_t>(length)));
  }
  return text + (reader.AtEnd() ? "" : "?");
}

inline std::string DescribeColumns(WireReader reader) {
  std::string text;
  const int16_t count = reader.Int16();
  for (int16_t i = 0; i < count; ++i) {
    if (i > 0) text += ',';
    text += reader.CString();
    reader.Bytes(6);
    text += ':' + std::to_string(reader.Int32());
    reader.Bytes(6);
    if (reader.Int16() == 1) text += 'b';
  }
  return text + (reader.AtEnd() ? "" : "?");
}

// Code, message, hint, position and routine of an error or notice.
inline std::string DescribeError(WireReader reader) {
  std::string text;
  while (true) {
    const char kind = reader.Byte();
    if (kind == '\0' || !reader.ok()) break;
    const std::string_view value = reader.CString();
    if (kind == 'V' && value != "ERROR") text += std::string(value) + " ";
    if (kind == 'C') text += value;
    if (kind == 'M') text += " " + std::string(value);
    if (kind == 'H') text += " [" + std::string(value) + "]";
    if (kind == 'P') text += " @" + std::string(value);
    if (kind == 'R') text += " in " + std::string(value);
  }
  return text;
}

inline std::string DescribeBody(char type, std::string_view body) {
  WireReader reader(body);
  switch (type) {
    case 'D':
      return DescribeRow(reader);
    case 'T':
      return DescribeColumns(reader);
    case 'E':
    case 'N':
      return DescribeError(reader);
    case 't': {
      std::string text;
      for (int16_t left = reader.Int16(); left > 0; --left)
        text += (text.empty() ? "" : ",") + std::to_string(reader.Int32());
      return text;
    }
    case 'C':
      return std::string(reader.CString());
    case 'S': {
      const std::string name(reader.CString());
      return name + "=" + std::string(reader.CString());
    }
    case 'Z':
      return std::string(body);
    case 'R':
      return std::to_string(reader.Int32());
    case 'd':
      return std::string(body);
    default:
      return {};
  }
}

// The messages within `bytes`; "…" at the end if the last is not complete.
inline std::string DescribeMessages(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    if (!text.empty()) text += ' ';
    if (bytes.size() < 5) return text + "…";
    const auto length = LoadBigEndian<uint32_t>(bytes.data() + 1);
    if (bytes.size() < length + 1) return text + "…";
    const std::string body = DescribeBody(bytes[0], bytes.substr(5, length - 4));
    text += bytes[0];
    if (!body.empty()) text += "(" + body + ")";
    bytes.remove_prefix(length + 1);
  }
  return text;
}

}  // namespace millrace::server::pgwire
