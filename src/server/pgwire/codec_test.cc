// Messages byte by byte, as the protocol's documentation lays them out ("Message Formats").
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "server/pgwire/backend_message.h"
#include "server/pgwire/frame_reader.h"
#include "server/pgwire/frontend_message.h"
#include "server/pgwire/startup_packet.h"
#include "server/pgwire/wire_type.h"

namespace millrace::server::pgwire {
namespace {

using namespace std::string_literals;

ErrorCode CodeOf(const auto& result) {
  EXPECT_FALSE(result.has_value());
  return result.has_value() ? ErrorCode::kInternal : result.error().code();
}

TEST(StartupPacketTest, ReadsRequests) {
  const auto tls = ParseStartupPacket("\x04\xd2\x16\x2f"s);  // 80877103
  ASSERT_TRUE(tls.has_value());
  EXPECT_EQ(tls->kind, StartupPacket::Kind::kTlsRequest);
  const auto gss = ParseStartupPacket("\x04\xd2\x16\x30"s);  // 80877104
  ASSERT_TRUE(gss.has_value());
  EXPECT_EQ(gss->kind, StartupPacket::Kind::kGssEncRequest);
  const auto cancel = ParseStartupPacket("\x04\xd2\x16\x2e\0\0\0\x07\x01\x02\x03\x04"s);  // 80877102
  ASSERT_TRUE(cancel.has_value());
  EXPECT_EQ(cancel->kind, StartupPacket::Kind::kCancelRequest);
  EXPECT_EQ(cancel->process_id, 7);
  EXPECT_EQ(cancel->secret_key, 0x01020304);
}

TEST(StartupPacketTest, ReadsParameters) {
  const auto packet = ParseStartupPacket("\0\x03\0\0user\0ann\0database\0shop\0application_name\0psql\0\0"s);
  ASSERT_TRUE(packet.has_value());
  EXPECT_EQ(packet->user, "ann");
  EXPECT_EQ(packet->database, "shop");
  EXPECT_FALSE(packet->NeedsNegotiation());
  ASSERT_EQ(packet->parameters.size(), 1u);
  EXPECT_EQ(packet->parameters[0].first, "application_name");
  EXPECT_EQ(ParseStartupPacket("\0\x03\0\0user\0ann\0\0"s)->database, "ann");
  const auto newer = ParseStartupPacket("\0\x03\0\x02user\0ann\0_pq_.x\0y\0\0"s);
  ASSERT_TRUE(newer.has_value());
  EXPECT_TRUE(newer->NeedsNegotiation());
  EXPECT_EQ(newer->protocol_options, std::vector<std::string>{"_pq_.x"});
}

TEST(StartupPacketTest, RefusesWhatIsNone) {
  for (const std::string& bad :
       {""s, "\0\x03"s, "\0\x03\0\0"s, "\0\x03\0\0user"s, "\0\x03\0\0user\0ann"s, "\0\x03\0\0user\0ann\0"s,
        "\0\x03\0\0user\0ann\0\0x"s, "\x04\xd2\x16\x2fx"s, "\x04\xd2\x16\x2e\0\0\0\x07"s}) {
    EXPECT_EQ(CodeOf(ParseStartupPacket(bad)), ErrorCode::kProtocolViolation);
  }
  EXPECT_EQ(CodeOf(ParseStartupPacket("\0\x02\0\0user\0ann\0\0"s)), ErrorCode::kNotSupported);
  EXPECT_EQ(CodeOf(ParseStartupPacket("\0\x03\0\0database\0x\0\0"s)), ErrorCode::kInvalidAuthorization);
  std::string many = "\0\x03\0\0user\0ann\0"s;
  for (int i = 0; i < 200; ++i) many += "p" + std::to_string(i) + "\0v\0"s;
  EXPECT_EQ(CodeOf(ParseStartupPacket(many + "\0"s)), ErrorCode::kProtocolViolation);
}

TEST(FrontendMessageTest, ReadsParse) {
  ParseMessage message;
  const std::string body = "s1\0SELECT $1\0\0\x01\0\0\0\x17"s;
  ASSERT_TRUE(ReadParse(body, &message).has_value());
  EXPECT_EQ(message.statement, "s1");
  EXPECT_EQ(message.text, "SELECT $1");
  EXPECT_EQ(message.parameter_oids, std::vector<uint32_t>{23});
  for (const std::string& bad : {""s, "s1"s, "s1\0q"s, "s1\0q\0"s, "s1\0q\0\0"s, "s1\0q\0\0\x01"s,
                                 "\0\0\0\0x"s, "\0\0\xff\xff\0\0\0\x17"s}) {
    EXPECT_EQ(CodeOf(ReadParse(bad, &message)), ErrorCode::kProtocolViolation);
  }
}

TEST(FrontendMessageTest, ReadsBind) {
  BindMessage message;
  const std::string body = "p\0s\0\0\x01\0\x01\0\x02\0\0\0\x02hi\xff\xff\xff\xff\0\x01\0\0"s;
  ASSERT_TRUE(ReadBind(body, &message).has_value());
  EXPECT_EQ(message.portal, "p");
  EXPECT_EQ(message.statement, "s");
  ASSERT_EQ(message.parameters.size(), 2u);
  EXPECT_EQ(message.parameters[0], "hi");
  EXPECT_EQ(message.parameters[1], std::nullopt);
  EXPECT_EQ(message.ParameterFormat(1), WireFormat::kBinary);  // one format is for all
  EXPECT_EQ(message.result_formats, std::vector<WireFormat>{WireFormat::kText});
  ASSERT_TRUE(ReadBind("\0\0\0\0\0\0\0\0"s, &message).has_value());
  EXPECT_TRUE(message.parameters.empty());
  for (const std::string& bad : {""s, "\0\0"s, "\0\0\0\0"s, "\0\0\0\0\0\0"s, "\0\0\0\0\0\0\0\0x"s,
                                 "\0\0\0\x01\0\x02\0\0\0\0"s, "\0\0\xff\xff\0\0\0\0"s,
                                 "\0\0\0\0\0\x01\0\0\0\x09"
                                 "a\0\0"s,
                                 "\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0"s,
                                 "\0\0\0\x02\0\0\0\0\0\x01\xff\xff\xff\xff\0\0"s, "\0\0\0\0\xff\xff\0\0"s}) {
    EXPECT_EQ(CodeOf(ReadBind(bad, &message)), ErrorCode::kProtocolViolation);
  }
}

TEST(FrontendMessageTest, ReadsTheOthers) {
  const std::string execute_body = "p\0\0\0\0\x05"s;
  const auto execute = ReadExecute(execute_body);
  ASSERT_TRUE(execute.has_value());
  EXPECT_EQ(execute->portal, "p");
  EXPECT_EQ(execute->row_limit, 5);
  const std::string describe_body = "Pp\0"s;
  const auto describe = ReadNamed(MessageType::kDescribe, describe_body);
  ASSERT_TRUE(describe.has_value());
  EXPECT_TRUE(describe->is_portal);
  EXPECT_EQ(describe->name, "p");
  const std::string query_body = "SELECT 1\0"s;
  EXPECT_EQ(ReadQuery(query_body).value(), "SELECT 1");
  const std::string sasl_body = "SCRAM-SHA-256\0\0\0\0\x03n,,"s;
  const auto sasl = ReadSaslInitialResponse(sasl_body);
  ASSERT_TRUE(sasl.has_value());
  EXPECT_EQ(sasl->mechanism, "SCRAM-SHA-256");
  EXPECT_EQ(sasl->data, "n,,");
  EXPECT_EQ(ReadSaslInitialResponse("X\0\xff\xff\xff\xff"s)->data, std::nullopt);
  EXPECT_FALSE(ReadExecute("p\0\0\0"s).has_value());
  EXPECT_FALSE(ReadNamed(MessageType::kClose, "Xp\0"s).has_value());
  EXPECT_FALSE(ReadNamed(MessageType::kClose, "S"s).has_value());
  EXPECT_FALSE(ReadQuery("SELECT 1"s).has_value());
  EXPECT_FALSE(ReadQuery("SELECT 1\0 "s).has_value());
  EXPECT_FALSE(ReadSaslInitialResponse("X\0\0\0\0\x09n,,"s).has_value());
}

TEST(FrameReaderTest, CutsMessagesHoweverTheyArrive) {
  const std::string bytes = "Q\0\0\0\x06x\0S\0\0\0\x04"s;
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameReader reader(100, 100);
    std::string seen;
    const auto take = [&] {
      while (true) {
        const Frame frame = reader.Peek();
        if (frame.kind != Frame::Kind::kMessage) break;
        EXPECT_EQ(reader.Peek().body, frame.body);  // looking takes nothing
        seen += frame.type;
        seen += "(" + std::string(frame.body) + ")";
        reader.Consume();
      }
    };
    reader.Append(std::string_view(bytes).substr(0, cut));
    take();
    reader.Append(std::string_view(bytes).substr(cut));
    take();
    EXPECT_EQ(seen, "Q(x\0)S()"s);
    EXPECT_EQ(reader.pending_bytes(), 0u);
  }
}

TEST(FrameReaderTest, SkipsAnOversizeMessageWithoutKeepingIt) {
  FrameReader reader(100, 1000);
  reader.Append("Q\0\0\x04\0abc"s);  // 1024 bytes are announced
  const Frame frame = reader.Peek();
  EXPECT_EQ(frame.kind, Frame::Kind::kOversize);
  EXPECT_EQ(frame.type, 'Q');
  EXPECT_EQ(frame.length, 1024u);
  reader.Consume();
  EXPECT_EQ(reader.pending_bytes(), 0u);
  reader.Append(std::string(1000, 'x'));
  EXPECT_EQ(reader.pending_bytes(), 0u);
  reader.Append(std::string(1024 - 4 - 3 - 1000, 'x') + "S\0\0\0\x04"s);
  const Frame next = reader.Peek();
  EXPECT_EQ(next.kind, Frame::Kind::kMessage);
  EXPECT_EQ(next.type, 'S');
}

TEST(FrameReaderTest, SeesLengthsThatCannotBe) {
  for (const std::string& length : {"\0\0\0\x03"s, "\0\0\0\0"s, "\xff\xff\xff\xff"s, "\x7f\xff\xff\xff"s}) {
    FrameReader reader(100, 1000);
    reader.Append("Q" + length);
    EXPECT_EQ(reader.Peek().kind, Frame::Kind::kBroken);
  }
  FrameReader startup(100, 1000);
  startup.Append("\0\0\0\x65"s);
  EXPECT_EQ(startup.Peek(true).kind, Frame::Kind::kOversize);
}

TEST(BackendMessageTest, WritesEachMessage) {
  const auto written = [](auto&& write) {
    OutputBuffer out;
    write(&out);
    return std::string(out.view());
  };
  EXPECT_EQ(written([](auto* out) { WriteAuthenticationOk(out); }), "R\0\0\0\x08\0\0\0\0"s);
  EXPECT_EQ(written([](auto* out) {
              const std::string_view one[] = {"SCRAM-SHA-256"};
              WriteAuthenticationSasl(one, out);
            }),
            "R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"s);
  EXPECT_EQ(written([](auto* out) { WriteAuthenticationSaslContinue("r=1", out); }),
            "R\0\0\0\x0b\0\0\0\x0br=1"s);
  EXPECT_EQ(written([](auto* out) { WriteAuthenticationSaslFinal("v=1", out); }),
            "R\0\0\0\x0b\0\0\0\x0cv=1"s);
  EXPECT_EQ(written([](auto* out) { WriteBackendKeyData(7, 8, out); }), "K\0\0\0\x0c\0\0\0\x07\0\0\0\x08"s);
  EXPECT_EQ(written([](auto* out) { WriteParameterStatus("a", "b", out); }),
            "S\0\0\0\x08"
            "a\0b\0"s);
  EXPECT_EQ(written([](auto* out) { WriteReadyForQuery('T', out); }), "Z\0\0\0\x05T"s);
  EXPECT_EQ(written([](auto* out) { WriteParseComplete(out); }), "1\0\0\0\x04"s);
  EXPECT_EQ(written([](auto* out) { WriteBindComplete(out); }), "2\0\0\0\x04"s);
  EXPECT_EQ(written([](auto* out) { WriteCloseComplete(out); }), "3\0\0\0\x04"s);
  EXPECT_EQ(written([](auto* out) { WriteNoData(out); }), "n\0\0\0\x04"s);
  EXPECT_EQ(written([](auto* out) { WriteEmptyQueryResponse(out); }), "I\0\0\0\x04"s);
  EXPECT_EQ(written([](auto* out) { WritePortalSuspended(out); }), "s\0\0\0\x04"s);
  EXPECT_EQ(written([](auto* out) { WriteCopyDone(out); }), "c\0\0\0\x04"s);
  EXPECT_EQ(written([](auto* out) { WriteCommandComplete("SELECT 1", out); }), "C\0\0\0\x0dSELECT 1\0"s);
  EXPECT_EQ(written([](auto* out) { WriteCopyResponse(true, WireFormat::kBinary, 2, out); }),
            "G\0\0\0\x0b\x01\0\x02\0\x01\0\x01"s);
  EXPECT_EQ(written([](auto* out) { WriteCopyResponse(false, WireFormat::kText, 1, out); }),
            "H\0\0\0\x09\0\0\x01\0\0"s);
  EXPECT_EQ(written([](auto* out) {
              const uint32_t oids[] = {23, 1700};
              WriteParameterDescription(oids, out);
            }),
            "t\0\0\0\x0e\0\x02\0\0\0\x17\0\0\x06\xa4"s);
  EXPECT_EQ(written([](auto* out) {
              const std::string options[] = {"_pq_.x"};
              WriteNegotiateProtocolVersion(options, out);
            }),
            "v\0\0\0\x13\0\x03\0\0\0\0\0\x01_pq_.x\0"s);
  EXPECT_EQ(written([](auto* out) {
              WriteError(Severity::kError, Error(ErrorCode::kSyntaxError, "m", "h"), 12, out);
            }),
            "E\0\0\0\x24SERROR\0VERROR\0C42601\0Mm\0Hh\0P12\0\0"s);
  EXPECT_EQ(written([](auto* out) { WriteNotice(Severity::kWarning, "01000", "w", out); }),
            "N\0\0\0\x21SWARNING\0VWARNING\0C01000\0Mw\0\0"s);
}

TEST(BackendMessageTest, DescribesRows) {
  OutputBuffer out;
  const WireFormat formats[] = {WireFormat::kBinary, WireFormat::kText};
  WriteRowDescription(data::Schema({{"n", data::DataType::Int()}, {"d", data::DataType::Decimal(10, 2)}}),
                      formats, &out);
  EXPECT_EQ(out.view(),
            "T\0\0\0\x2e\0\x02"
            "n\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\x01"
            "d\0\0\0\0\0\0\0\0\0\x06\xa4\xff\xff\0\x0a\0\x06\0\0"s);
}

TEST(BackendMessageTest, CountsPositionsInCharacters) {
  constexpr std::string_view kText = "SELECT 'ü',\n  x";
  EXPECT_EQ(PositionOf({1, 1}, kText), 1u);
  EXPECT_EQ(PositionOf({1, 11}, kText), 11u);  // the comma, behind a letter of two bytes
  EXPECT_EQ(PositionOf({2, 3}, kText), 15u);
  EXPECT_EQ(PositionOf({2, 4}, kText), 16u);  // the end
  EXPECT_EQ(PositionOf({3, 1}, kText), 0u);
  EXPECT_EQ(PositionOf({}, kText), 0u);
}

// OIDs and modifiers as PostgreSQL's pg_type and format_type have them.
TEST(WireTypeTest, NamesTypes) {
  using data::DataType;
  const auto is = [](const DataType& type, uint32_t oid, int size, int modifier) {
    const WireType wire = WireTypeOf(type);
    return wire.oid == oid && wire.size == size && wire.modifier == modifier;
  };
  EXPECT_TRUE(is(DataType::Boolean(), 16, 1, -1));
  EXPECT_TRUE(is(DataType::TinyInt(), 21, 2, -1));
  EXPECT_TRUE(is(DataType::BigInt(), 20, 8, -1));
  EXPECT_TRUE(is(DataType::Decimal(10, 2), 1700, -1, 655366));
  EXPECT_TRUE(is(DataType::Varchar(10), 1043, -1, 14));
  EXPECT_TRUE(is(DataType::Char(3), 1042, -1, 7));
  EXPECT_TRUE(is(DataType::String(), 25, -1, -1));
  EXPECT_TRUE(is(DataType::Bytes(), 17, -1, -1));
  EXPECT_TRUE(is(DataType::Timestamp(3), 1114, 8, 3));
  EXPECT_TRUE(is(DataType::TimestampLtz(6), 1184, 8, 6));
  EXPECT_TRUE(is(DataType::IntervalYearMonth(), 1186, 16, -1));
  EXPECT_TRUE(is(DataType::Array(DataType::Array(DataType::Int())), 1007, -1, -1));
  EXPECT_TRUE(is(DataType::Array(DataType::Decimal(10, 2)), 1231, -1, 655366));
  EXPECT_TRUE(is(DataType::Row({{"a", DataType::Int()}}), 114, -1, -1));
  EXPECT_TRUE(is(DataType::Array(DataType::Row({{"a", DataType::Int()}})), 199, -1, -1));

  EXPECT_TRUE(is(DataType::Interval(), 1186, 16, -1));
  EXPECT_TRUE(is(DataType::AnyDecimal(), 1700, -1, -1));

  EXPECT_FALSE(DeclaredTypeOf(0).type.has_value());
  EXPECT_EQ(DeclaredTypeOf(1186).type, DataType::Interval());
  EXPECT_EQ(DeclaredTypeOf(1700).type, DataType::AnyDecimal());
  EXPECT_TRUE(DeclaredTypeOf(705).known);
  EXPECT_EQ(DeclaredTypeOf(23).type, DataType::Int());
  EXPECT_EQ(DeclaredTypeOf(1007).type, DataType::Array(DataType::Int()));
  EXPECT_FALSE(DeclaredTypeOf(600).known);  // point
}

}  // namespace
}  // namespace millrace::server::pgwire
