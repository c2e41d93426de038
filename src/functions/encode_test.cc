#include <gtest/gtest.h>

#include "functions/function_tester.h"

namespace millrace::functions::testing {

ExprPtr BytesOf(std::string_view bytes) {
  return MakeLiteral(DataType::Bytes().NotNull(), Value::String(std::string(bytes)));
}

std::string Hex(const ExprPtr& expr) {
  return Result("HEX", {expr}, {}, false);
}

TEST(EncodeTest, CharactersAndNumbers) {
  EXPECT_EQ(Result("CHR", {Int(65)}), "A");
  EXPECT_EQ(Result("CHR", {Int(256 + 98)}), "b");
  EXPECT_EQ(Result("CHR", {Int(233)}), "é");
  EXPECT_EQ(Result("CHR", {Int(-5)}), "");
  EXPECT_EQ(Result("ASCII", {Text("Zoo")}), "90");
  EXPECT_EQ(Result("ASCII", {Text("")}), "0");
}

TEST(EncodeTest, Base64) {
  // RFC 4648, section 10.
  EXPECT_EQ(Result("TO_BASE64", {Text("")}), "");
  EXPECT_EQ(Result("TO_BASE64", {Text("f")}), "Zg==");
  EXPECT_EQ(Result("TO_BASE64", {Text("fo")}), "Zm8=");
  EXPECT_EQ(Result("TO_BASE64", {Text("foobar")}), "Zm9vYmFy");
  EXPECT_EQ(Result("TO_BASE64", {BytesOf("\xfb\xff")}), "+/8=");
  EXPECT_EQ(Result("FROM_BASE64", {Text("Zm9vYg==")}), "foob");
  EXPECT_EQ(Result("FROM_BASE64", {Text("Zm9vYg")}), "foob");
  EXPECT_EQ(Result("FROM_BASE64", {Text("")}), "");
  EXPECT_EQ(Result("FROM_BASE64", {Text("Zm9v!")}), "FROM_BASE64: 'Zm9v!' is not base 64");
  EXPECT_EQ(Result("FROM_BASE64", {Text("Z")}), "FROM_BASE64: 'Z' is not base 64");
}

TEST(EncodeTest, CharacterSets) {
  const auto encoded = [](std::string_view text, std::string_view set) {
    const auto call = Registry::Get().BindScalar("ENCODE", {Text(text), Text(set)}, BindContext{});
    return call ? Hex(*call) : call.error().message();
  };
  EXPECT_EQ(encoded("é", "utf-8"), "C3A9");
  EXPECT_EQ(encoded("é", "ISO-8859-1"), "E9");
  EXPECT_EQ(encoded("é", "US-ASCII"), "3F");
  EXPECT_EQ(encoded("A😀", "UTF-16BE"), "0041D83DDE00");
  EXPECT_EQ(encoded("A", "UTF-16LE"), "4100");
  EXPECT_EQ(encoded("A", "UTF-16"), "FEFF0041");
  EXPECT_EQ(encoded("A", "EBCDIC"), "unknown character set 'EBCDIC'");
  EXPECT_EQ(Result("DECODE", {BytesOf("\xE9"), Text("ISO-8859-1")}), "é");
  EXPECT_EQ(Result("DECODE", {BytesOf({"\x00\x41\xD8\x3D\xDE\x00", 6}), Text("UTF-16BE")}), "A😀");
  EXPECT_EQ(Result("DECODE", {BytesOf({"\xFF\xFE\x41\x00", 4}), Text("UTF-16")}), "A");
  EXPECT_EQ(Result("DECODE", {BytesOf("a\xFF"), Text("UTF-8")}), "a\xEF\xBF\xBD");
  EXPECT_EQ(Result("IS_VALID_UTF8", {BytesOf("京")}), "TRUE");
  EXPECT_EQ(Result("IS_VALID_UTF8", {BytesOf("\xC0\x80")}), "FALSE");
  EXPECT_EQ(Result("IS_VALID_UTF8", {BytesOf("\xF5\x80\x80\x80")}), "FALSE");
  EXPECT_EQ(Result("MAKE_VALID_UTF8", {BytesOf("a\x80z")}), "a\xEF\xBF\xBDz");
}

TEST(EncodeTest, Urls) {
  EXPECT_EQ(Result("URL_ENCODE", {Text("a b&c=京*~")}), "a+b%26c%3D%E4%BA%AC*%7E");
  EXPECT_EQ(Result("URL_DECODE", {Text("a+b%26c%3D%E4%BA%AC")}), "a b&c=京");
  EXPECT_EQ(Result("URL_DECODE", {Text("50%")}), "NULL");
  EXPECT_EQ(Result("URL_DECODE", {Text("%zz")}), "NULL");

  const auto part = [](std::string_view name,
                       std::string_view url = "https://me:pw@shop.example:8443/a/b.html?x=1&y=2&x=3#top") {
    return Result("PARSE_URL", {Text(url), Text(name)});
  };
  EXPECT_EQ(part("PROTOCOL"), "https");
  EXPECT_EQ(part("HOST"), "shop.example");
  EXPECT_EQ(part("PATH"), "/a/b.html");
  EXPECT_EQ(part("QUERY"), "x=1&y=2&x=3");
  EXPECT_EQ(part("REF"), "top");
  EXPECT_EQ(part("FILE"), "/a/b.html?x=1&y=2&x=3");
  EXPECT_EQ(part("AUTHORITY"), "me:pw@shop.example:8443");
  EXPECT_EQ(part("USERINFO"), "me:pw");
  EXPECT_EQ(part("host"), "NULL");
  EXPECT_EQ(part("HOST", "shop.example/a"), "NULL");
  EXPECT_EQ(part("HOST", "http://[2001:db8::1]:80/"), "[2001:db8::1]");
  EXPECT_EQ(part("REF", "http://a/b"), "NULL");
  EXPECT_EQ(Result("PARSE_URL", {Text("http://a/?xx=0&x=1&y="), Text("QUERY"), Text("x")}), "1");
  EXPECT_EQ(Result("PARSE_URL", {Text("http://a/?x=1&y="), Text("QUERY"), Text("y")}), "");
  EXPECT_EQ(Result("PARSE_URL", {Text("http://a/?x=1"), Text("QUERY"), Text("z")}), "NULL");
  EXPECT_EQ(Result("PARSE_URL", {Text("http://a/?x=1"), Text("HOST"), Text("x")}), "NULL");
}

TEST(EncodeTest, Addresses) {
  EXPECT_EQ(Result("INET_ATON", {Text("10.0.5.9")}), "167773449");
  EXPECT_EQ(Result("INET_ATON", {Text("127.1")}), "2130706433");
  EXPECT_EQ(Result("INET_ATON", {Text("10.0.0.256")}), "NULL");
  EXPECT_EQ(Result("INET_ATON", {Text("10..1")}), "NULL");
  EXPECT_EQ(Result("INET_ATON", {Text("1.2.3.4.5")}), "NULL");
  EXPECT_EQ(Result("INET_NTOA", {Long(167773449)}), "10.0.5.9");
  EXPECT_EQ(Result("INET_NTOA", {Long(4294967296)}), "NULL");
}

TEST(HashTest, PublishedDigests) {
  // RFC 1321 and FIPS 180: the digests of "abc".
  EXPECT_EQ(Result("MD5", {Text("abc")}), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(Result("SHA1", {Text("abc")}), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(Result("SHA224", {Text("abc")}), "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
  EXPECT_EQ(Result("SHA256", {BytesOf("abc")}),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Result("SHA2", {Text("abc"), Int(224)}), Result("SHA224", {Text("abc")}));
  EXPECT_EQ(Result("SHA2", {Text("abc"), Int(512)}), Result("SHA512", {Text("abc")}));
  EXPECT_EQ(
      Result("SHA384", {Text("abc")}),
      "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(Result("SHA2", {Text("abc"), Int(100)}), "SHA2 knows no digest of 100 bits");
}

}  // namespace millrace::functions::testing
