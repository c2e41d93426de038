#include "catalog/role_state.h"

#include <gtest/gtest.h>

#include "catalog/roles_fixture.h"

namespace millrace::catalog {
namespace {

class RoleStateTest : public RolesTest {
 protected:
  // Something of everything that a role, a grant and a token may have.
  void MakeAll() {
    Must("CREATE ROLE readers");
    Must("CREATE ROLE team NOLOGIN CREATEROLE");
    Must(
        "CREATE USER alice PASSWORD 'secret' IN ROLE readers CONNECTION LIMIT 2 VALID UNTIL '2030-01-01' "
        "MEMORY LIMIT '64mb' TIME LIMIT '5s' ROW LIMIT 10");
    Must("CREATE USER boss SUPERUSER ADMIN alice");
    Must("GRANT team TO alice WITH ADMIN OPTION");
    Must("ALTER ROLE alice SET statement_timeout = '30s'");
    Must("ALTER ROLE alice SET search_path = ods, dws");
    Must("ALTER ROLE ALL SET extra_float_digits = 1");
    MakeTable("ods", "orders", "alice");
    MakeTable("dws", "figures", "millrace");
    Must("GRANT SELECT ON TABLE ods.orders TO PUBLIC");
    Must("GRANT SELECT, INSERT ON TABLE dws.figures TO readers WITH GRANT OPTION");
    Must("GRANT USAGE, CREATE ON SCHEMA ods TO team");
    Must("ALTER DEFAULT PRIVILEGES IN SCHEMA dws GRANT SELECT ON TABLES TO readers");
    Must("ALTER DEFAULT PRIVILEGES FOR ROLE alice GRANT SELECT ON TABLES TO team WITH GRANT OPTION");
    Must("CREATE TOKEN feed FOR ROLE alice VALID UNTIL '2031-02-03'");
  }
};

TEST_F(RoleStateTest, EverythingComesBack) {
  MakeAll();
  ASSERT_TRUE(roles_.Comment({"millrace", "millrace"}, "team", "who works").has_value());
  const std::string state = RoleState::Encode(*roles_.snapshot());

  Roles again(Options());
  ASSERT_TRUE(again.Restore(state).has_value());
  EXPECT_EQ(RoleState::Encode(*again.snapshot()), state);

  const RolePtr alice = again.snapshot()->Find("alice");
  ASSERT_NE(alice, nullptr);
  EXPECT_TRUE(alice->login);
  EXPECT_FALSE(alice->superuser);
  EXPECT_EQ(alice->verifier, "verifier of secret");
  EXPECT_EQ(alice->valid_until, int64_t{1'893'456'000} * 1'000'000);
  EXPECT_EQ(alice->limits.memory_bytes, int64_t{64} << 20);
  EXPECT_EQ(alice->limits.time_micros, 5'000'000);
  EXPECT_EQ(alice->limits.result_rows, 10);
  EXPECT_EQ(alice->limits.connections, 2);
  EXPECT_TRUE(again.snapshot()->Find("team")->create_role);
  EXPECT_EQ(again.snapshot()->Find("team")->comment, "who works");
  EXPECT_TRUE(again.snapshot()->IsSuperuser("boss"));
  EXPECT_TRUE(again.snapshot()->IsAdmin("alice", "team"));
  EXPECT_TRUE(again.snapshot()->IsMember("alice", "readers"));
  const auto parameters = again.ParametersOf("alice");
  EXPECT_EQ(parameters.at("search_path"), (std::vector<std::string>{"ods", "dws"}));
  EXPECT_TRUE(parameters.contains("extra_float_digits"));
  EXPECT_EQ(again.snapshot()->OwnerOf(Securable::Table({"ods", "orders"})), "alice");
  EXPECT_TRUE(
      again.snapshot()->MayGrant("readers", Privilege::kInsert, Securable::Table({"dws", "figures"})));
  EXPECT_TRUE(again.snapshot()->Has("team", Privilege::kCreate, Securable::Schema("ods")));
  EXPECT_EQ(again.snapshot()->default_grants().size(), 2u);
  EXPECT_TRUE(again.FindToken("hash of the token", 0).has_value());
  EXPECT_FALSE(again.FindToken("hash of the token", int64_t{1} << 60).has_value());
}

TEST_F(RoleStateTest, WhatIsCutOrLongerIsRefused) {
  MakeAll();
  const std::string state = RoleState::Encode(*roles_.snapshot());
  for (size_t size = 0; size < state.size(); ++size) {
    const auto cut = RoleState::Decode(std::string_view(state).substr(0, size));
    ASSERT_FALSE(cut.has_value()) << size;
    ASSERT_EQ(cut.error().code(), ErrorCode::kDataCorrupted);
  }
  EXPECT_FALSE(RoleState::Decode(state + "x").has_value());
}

TEST_F(RoleStateTest, NoBytesAreACrash) {
  MakeAll();
  const std::string state = RoleState::Encode(*roles_.snapshot());
  for (size_t at = 0; at < state.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string flipped = state;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      // A flipped letter of a name may be another name; what matters is that it ends.
      static_cast<void>(RoleState::Decode(flipped));
    }
  }
}

TEST_F(RoleStateTest, AnotherVersionIsRefused) {
  std::string state = RoleState::Encode(*roles_.snapshot());
  state[0] = 2;
  const auto decoded = RoleState::Decode(state);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_NE(decoded.error().message().find("version 2"), std::string::npos) << decoded.error().ToString();
}

TEST_F(RoleStateTest, WhatCannotBeSavedDoesNotHappen) {
  std::vector<std::string> saved;
  bool has_room = true;
  roles_.SaveWith([&](const std::string& state) -> Status {
    if (!has_room) return Fail(ErrorCode::kDiskFull, "no room");
    saved.push_back(state);
    return {};
  });
  Must("CREATE ROLE first");
  ASSERT_EQ(saved.size(), 1u);
  EXPECT_EQ(saved.back(), RoleState::Encode(*roles_.snapshot()));
  has_room = false;
  for (const char* text :
       {"CREATE ROLE other", "DROP ROLE first", "ALTER ROLE first LOGIN", "GRANT first TO millrace",
        "GRANT SELECT ON TABLE ods.t TO first", "CREATE TOKEN t FOR ROLE millrace",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO first", "ALTER TABLE ods.t OWNER TO first",
        "REASSIGN OWNED BY millrace TO first", "DROP OWNED BY first"}) {
    EXPECT_NE(Answer("millrace", text).find("no room"), std::string::npos) << text;
  }
  EXPECT_FALSE(roles_.Comment({"millrace", "millrace"}, "first", "x").has_value());
  EXPECT_FALSE(roles_.ChangeObjects({.created = {Securable::Schema("s")}, .owner = "first", .dropped = {}})
                   .has_value());
  EXPECT_EQ(saved.back(), RoleState::Encode(*roles_.snapshot()));
  has_room = true;
  Must("DROP ROLE first");
  EXPECT_EQ(saved.size(), 2u);
}

}  // namespace
}  // namespace millrace::catalog
