// COPY data in PostgreSQL's three formats. What is written: taken from PostgreSQL 15's COPY of the same rows.
#include <gtest/gtest.h>

#include <string>

#include "data/text.h"
#include "server/pgwire/copy_decoder.h"
#include "server/pgwire/copy_encoder.h"
#include "server/pgwire/message_log.h"

namespace millrace::server::pgwire {
namespace {

using namespace std::string_literals;
using Format = CopyOptions::Format;

data::Schema Schema() {
  return data::Schema({{"n", data::DataType::BigInt()}, {"t", data::DataType::String()}});
}

CopyOptions Options(Format format) {
  CopyOptions options;
  options.format = format;
  if (format == Format::kCsv) {
    options.delimiter = ',';
    options.null_text = "";
  }
  return options;
}

data::Batch Rows() {
  data::BatchBuilder builder(Schema());
  const auto add = [&](std::optional<int64_t> n, std::optional<std::string_view> t) {
    n ? builder.column(0).Append<int64_t>(*n) : builder.column(0).AppendNull();
    t ? builder.column(1).AppendString(*t) : builder.column(1).AppendNull();
    builder.FinishRow();
  };
  add(1, "a");
  add(2, std::nullopt);
  add(3, "tab\tnl\ncr\r\\ \"q\" ,");
  add(4, "");
  add(5, "\\N");
  add(6, "\\.");
  add(std::nullopt, "\b\f\x01");
  return builder.Build();
}

// The data of all messages, one behind the other.
std::string Encode(const CopyOptions& options, const data::Batch& batch, const data::Schema& schema) {
  CopyEncoder encoder(options, schema);
  OutputBuffer out;
  encoder.Begin(&out);
  for (size_t row = 0; row < batch.rows;) {
    row += encoder.Encode(batch, row, batch.rows - row, data::TimeZone::Utc(), 1 << 20, &out).value();
  }
  encoder.End(&out);
  std::string data;
  std::string_view rest = out.view();
  while (!rest.empty()) {
    EXPECT_EQ(rest[0], 'd');
    const auto length = LoadBigEndian<uint32_t>(rest.data() + 1);
    data += rest.substr(5, length - 4);
    rest.remove_prefix(length + 1);
  }
  return data;
}

std::string Show(const data::Batch& batch) {
  std::string text;
  for (size_t row = 0; row < batch.rows; ++row) {
    for (size_t c = 0; c < batch.columns.size(); ++c) {
      text += c > 0 ? "|" : "";
      text += data::ToText(*batch.columns[c], row);
    }
    text += ";";
  }
  return text;
}

// In pieces of `piece` bytes; an error's text, or the rows.
std::string Decode(const CopyOptions& options, std::string_view bytes, size_t piece = 1000,
                   const data::Schema& schema = Schema()) {
  CopyDecoder decoder(options, schema, data::TimeZone::Utc());
  std::string rows;
  while (!bytes.empty()) {
    std::string_view now = bytes.substr(0, piece);
    bytes.remove_prefix(now.size());
    bool again = true;
    while (again) {
      const auto read = decoder.Decode(now);
      if (!read) return read.error().ToString();
      now.remove_prefix(*read);
      again = decoder.IsFull() || !now.empty();
      if (decoder.IsFull()) rows += Show(decoder.Take());
    }
  }
  while (true) {
    const Status finished = decoder.Finish();
    if (!finished) return finished.error().ToString();
    if (decoder.rows() == 0) return rows;
    rows += Show(decoder.Take());
  }
}

TEST(CopyEncoderTest, WritesTextAsPostgresDoes) {
  EXPECT_EQ(Encode(Options(Format::kText), Rows(), Schema()),
            "1\ta\n"
            "2\t\\N\n"
            "3\ttab\\tnl\\ncr\\r\\\\ \"q\" ,\n"
            "4\t\n"
            "5\t\\\\N\n"
            "6\t\\\\.\n"
            "\\N\t\\b\\f\x01\n");
}

TEST(CopyEncoderTest, WritesCsvAsPostgresDoes) {
  CopyOptions options = Options(Format::kCsv);
  options.header = true;
  EXPECT_EQ(Encode(options, Rows(), Schema()),
            "n,t\n"
            "1,a\n"
            "2,\n"
            "3,\"tab\tnl\ncr\r\\ \"\"q\"\" ,\"\n"
            "4,\"\"\n"
            "5,\\N\n"
            "6,\\.\n"
            ",\b\f\x01\n");
  const data::Batch rows = Rows();
  data::Batch texts{{rows.columns[1]}, rows.rows, nullptr, nullptr};
  const data::Schema one({{"t", data::DataType::String()}});
  EXPECT_EQ(Encode(Options(Format::kCsv), texts, one),
            "a\n\n\"tab\tnl\ncr\r\\ \"\"q\"\" ,\"\n\"\"\n\\N\n\"\\.\"\n\b\f\x01\n");
}

TEST(CopyEncoderTest, WritesBinaryAsPostgresDoes) {
  const data::Batch two = data::Slice(Rows(), 0, 2);
  EXPECT_EQ(Encode(Options(Format::kBinary), two, Schema()),
            "PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"
            "\0\x02\0\0\0\x08\0\0\0\0\0\0\0\x01\0\0\0\x01"
            "a"
            "\0\x02\0\0\0\x08\0\0\0\0\0\0\0\x02\xff\xff\xff\xff"
            "\xff\xff"s);
  EXPECT_EQ(Encode(Options(Format::kBinary), data::Slice(Rows(), 0, 0), Schema()),
            "PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\xff\xff"s);
}

TEST(CopyDecoderTest, ReadsBackWhatIsWritten) {
  const std::string rows = Show(Rows());
  for (const Format format : {Format::kText, Format::kCsv, Format::kBinary}) {
    const std::string bytes = Encode(Options(format), Rows(), Schema());
    for (size_t piece = 1; piece <= bytes.size(); ++piece)
      EXPECT_EQ(Decode(Options(format), bytes, piece), rows);
  }
}

TEST(CopyDecoderTest, ReadsManyRowsInBatches) {
  std::string text;
  std::string rows;
  for (int i = 0; i < 10'000; ++i) {
    text += std::to_string(i) + "\tx\n";
    rows += std::to_string(i) + "|x;";
  }
  for (const size_t piece : {7u, 4'000u, 1'000'000u})
    EXPECT_EQ(Decode(Options(Format::kText), text, piece), rows);
}

TEST(CopyDecoderTest, ReadsTextAsPostgresDoes) {
  const auto read = [](std::string_view text) { return Decode(Options(Format::kText), text); };
  EXPECT_EQ(read("1\ta\r\n2\tb\r\n"), "1|a;2|b;");
  EXPECT_EQ(read("1\ta\n2\tb"), "1|a;2|b;");  // no end behind the last
  EXPECT_EQ(read("1\ta\n\\.\nwhatever"), "1|a;");
  EXPECT_EQ(read("1\t\\101\\x42\\q\\\\\n"), "1|ABq\\;");
  EXPECT_EQ(read("1\ta\\\nb\n"), "1|a\nb;");
  EXPECT_EQ(read("\\N\t\\N\n"), "NULL|NULL;");
  EXPECT_EQ(read("1\n"), "22P04: COPY, line 1: no data for column t");
  EXPECT_EQ(read("1\ta\n1\ta\tb\n"), "22P04: COPY, line 2: data behind the last of 2 columns");
  EXPECT_EQ(read("1\ta\nx\ta\n"), "22P02: COPY, line 2, column n: 'x' is not a valid BIGINT");
  EXPECT_EQ(read("1\t\xff\n").substr(0, 34), "22P02: COPY, line 1, column t: the");
  CopyOptions header = Options(Format::kText);
  header.header = true;
  EXPECT_EQ(Decode(header, "n\tt\n1\ta\n"), "1|a;");
}

TEST(CopyDecoderTest, ReadsCsvAsPostgresDoes) {
  const auto read = [](std::string_view text) { return Decode(Options(Format::kCsv), text); };
  EXPECT_EQ(read("1,a\r\n2,\"b\"\r\n"), "1|a;2|b;");
  EXPECT_EQ(read("1,\n2,\"\"\n"), "1|NULL;2|;");
  EXPECT_EQ(read("1,\"a\"\"b\nc,\"\n2,x\"y,z\"w\n"), "1|a\"b\nc,;2|xy,zw;");
  EXPECT_EQ(read("1,\"open\n"), "22P04: COPY, line 1: a quote is not closed");
  EXPECT_EQ(read("1,\"a\nb\"\nx,y\n"), "22P02: COPY, line 3, column n: 'x' is not a valid BIGINT");
  CopyOptions escaped = Options(Format::kCsv);
  escaped.escape = '\\';
  EXPECT_EQ(Decode(escaped, "1,\"a\\\"b\\\\c\\d\"\n"), "1|a\"b\\c\\d;");
}

TEST(CopyDecoderTest, RefusesBinaryDataThatAreNone) {
  const std::string header = "PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"s;
  const auto read = [](const std::string& bytes) {
    return Decode(Options(Format::kBinary), bytes).substr(0, 6);
  };
  EXPECT_EQ(read(header), "");
  EXPECT_EQ(read("PGCOPY\n\xff\r\n\1\0\0\0\0\0\0\0\0"s), "22P04:");
  EXPECT_EQ(read("PGC"), "22P04:");
  EXPECT_EQ(read("PGCOPY\n\xff\r\n\0\0\1\0\0\0\0\0\0"s), "22P04:");
  EXPECT_EQ(read(header + "\0\x01"s), "22P04:");
  EXPECT_EQ(read(header + "\0\x02\0\0\0\x08"s), "22P04:");
  EXPECT_EQ(read(header + "\0\x02\0\0\0\x03\0\0\0\xff\xff\xff\xff"s), "22P03:");
  EXPECT_EQ(read(header + "\0\x02\xff\xff\xff\xfe"s), "22P04:");
}

TEST(CopyDecoderTest, RefusesNullInAColumnThatHasNone) {
  const data::Schema strict({{"n", data::DataType::BigInt().NotNull()}});
  EXPECT_EQ(Decode(Options(Format::kText), "\\N\n", 100, strict),
            "22004: COPY, line 1, column n: NULL in a column that is declared NOT NULL");
}

}  // namespace
}  // namespace millrace::server::pgwire
