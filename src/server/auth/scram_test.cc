#include "server/auth/scram.h"

#include <gtest/gtest.h>

#include <string>

#include "formats/base64.h"

namespace millrace::server::auth {
namespace {

// The exchange of RFC 7677, section 3: user "user", password "pencil".
constexpr std::string_view kSalt64 = "W22ZaJ0SNY7soEsUEjb6gQ==";
constexpr std::string_view kServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr std::string_view kClientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr std::string_view kFinalWithoutProof = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr std::string_view kProof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
constexpr std::string_view kServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

std::string FromBase64(std::string_view text) {
  std::string bytes(formats::DecodedBase64Size(text), '\0');
  EXPECT_TRUE(formats::DecodeBase64(text, bytes.data()));
  return bytes;
}

ScramServer Server(std::string_view password = "pencil", std::string binding = "") {
  return ScramServer(MakeScramVerifier(password, FromBase64(kSalt64)), std::move(binding),
                     std::string(kServerNonce));
}

std::string Final(std::string_view proof = kProof) {
  return std::string(kFinalWithoutProof) + ",p=" + std::string(proof);
}

TEST(ScramTest, AnswersTheExchangeOfRfc7677) {
  ScramServer server = Server();
  EXPECT_EQ(server.First(kScram, kClientFirst).value(), kServerFirst);
  EXPECT_EQ(server.Final(Final()).value(), kServerFinal);
}

TEST(ScramTest, RefusesAWrongPassword) {
  ScramServer server = Server("pencils");
  ASSERT_TRUE(server.First(kScram, kClientFirst).has_value());
  const auto answer = server.Final(Final());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), ErrorCode::kInvalidPassword);
}

TEST(ScramTest, RefusesAnotherNonceAndAnotherBinding) {
  for (const std::string_view changed : {"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k1,p=",
                                         "c=eSws,r=rOprNGfwEbeRWgbNEkqO,p="}) {
    ScramServer server = Server();
    ASSERT_TRUE(server.First(kScram, kClientFirst).has_value());
    EXPECT_FALSE(server.Final(std::string(changed) + std::string(kProof)).has_value()) << changed;
  }
}

TEST(ScramTest, RefusesMalformedMessages) {
  for (const std::string_view first :
       {"", "n", "n,", "n,,", "n,,n=user", "n,,r=abc", "n,,n=user,r=", "x,,n=,r=a", "n,a=admin,n=user,r=abc",
        "n,,m=x,n=user,r=abc", "p=tls-unique,,n=,r=a"}) {
    ScramServer server = Server();
    EXPECT_FALSE(server.First(kScram, first).has_value()) << first;
  }
  for (const std::string_view last : {"", "c=biws", "p=", ",p=", "c=biws,r=x,p=AAAA", "r=x,c=biws,p=AAAA"}) {
    ScramServer server = Server();
    ASSERT_TRUE(server.First(kScram, kClientFirst).has_value());
    EXPECT_FALSE(server.Final(last).has_value()) << last;
  }
}

TEST(ScramTest, BindsTheChannelWhenThereIsOne) {
  // Not offered without a channel.
  EXPECT_FALSE(Server().First(kScramPlus, "p=tls-server-end-point,,n=,r=abc").has_value());
  // A client that was told that there is no binding, when there is.
  const auto downgraded = Server("pencil", "hash").First(kScram, "y,,n=,r=abc");
  ASSERT_FALSE(downgraded.has_value());
  EXPECT_EQ(downgraded.error().code(), ErrorCode::kInvalidAuthorization);
  // c= is the header and the hash: base64("p=tls-server-end-point,,hash").
  ScramServer server = Server("pencil", "hash");
  ASSERT_TRUE(server.First(kScramPlus, "p=tls-server-end-point,,n=,r=abc").has_value());
  std::string right;
  formats::AppendBase64("p=tls-server-end-point,,hash", &right);
  std::string wrong;
  formats::AppendBase64("p=tls-server-end-point,,hasH", &wrong);
  const std::string tail = ",r=abc" + std::string(kServerNonce) + ",p=" + std::string(kProof);
  EXPECT_EQ(server.Final("c=" + wrong + tail).error().code(), ErrorCode::kInvalidAuthorization);
  EXPECT_EQ(server.Final("c=" + right + tail).error().code(),
            ErrorCode::kInvalidPassword);  // bound, wrong proof
}

// Computed with Python's hashlib: pbkdf2_hmac('sha256', b'pencil', salt, 4096), then hmac and sha256.
TEST(ScramTest, WritesVerifiersAsPostgresDoes) {
  constexpr std::string_view kText =
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
      "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
  const ScramVerifier verifier = MakeScramVerifier("pencil", FromBase64(kSalt64));
  EXPECT_EQ(FormatScramVerifier(verifier), kText);
  const auto parsed = ParseScramVerifier(kText);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->iterations, 4096);
  EXPECT_EQ(parsed->salt, verifier.salt);
  EXPECT_EQ(parsed->stored_key, verifier.stored_key);
  EXPECT_EQ(parsed->server_key, verifier.server_key);
  for (const std::string_view bad :
       {"", "pencil", "md5abc", "SCRAM-SHA-256$",
        "SCRAM-SHA-256$0:QQ==$QQ==:QQ==", "SCRAM-SHA-256$4096:QQ==$QQ==:QQ==", "SCRAM-SHA-256$x:y$z:w"}) {
    EXPECT_FALSE(ParseScramVerifier(bad).has_value()) << bad;
  }
}

TEST(ScramTest, AsksUnknownUsersForAPasswordOfTheSameSaltEachTime) {
  const ScramVerifier first = MockScramVerifier("nobody", "secret");
  EXPECT_EQ(first.salt.size(), 16u);
  EXPECT_EQ(first.iterations, 4096);
  EXPECT_EQ(MockScramVerifier("nobody", "secret").salt, first.salt);
  EXPECT_NE(MockScramVerifier("somebody", "secret").salt, first.salt);
  EXPECT_NE(MockScramVerifier("nobody", "other").salt, first.salt);
}

}  // namespace
}  // namespace millrace::server::auth
