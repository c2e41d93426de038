#include "catalog/roles.h"

#include <gtest/gtest.h>

#include "catalog/roles_fixture.h"

namespace millrace::catalog {
namespace {

TEST_F(RolesTest, BeginsWithOneSuperuser) {
  const auto all = roles_.snapshot()->All();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]->name, "millrace");
  EXPECT_TRUE(all[0]->superuser);
  EXPECT_TRUE(MayRead("millrace", "sys", "dead_letters"));
}

TEST_F(RolesTest, CreatesAndAltersRoles) {
  Must(
      "CREATE USER Alice PASSWORD 'secret' VALID UNTIL '2030-01-31' CONNECTION LIMIT 2 MEMORY LIMIT '64 mb' "
      "TIME LIMIT '30 s'");
  RolePtr alice = roles_.snapshot()->Find("alice");
  ASSERT_NE(alice, nullptr);
  EXPECT_TRUE(alice->login);
  EXPECT_FALSE(alice->superuser);
  EXPECT_EQ(alice->verifier, "verifier of secret");
  EXPECT_EQ(alice->valid_until, 1'896'048'000'000'000);  // 2030-01-31T00:00:00Z
  EXPECT_EQ(alice->limits.connections, 2);
  EXPECT_EQ(alice->limits.memory_bytes, 64 * 1024 * 1024);
  EXPECT_EQ(alice->limits.time_micros, 30'000'000);
  EXPECT_EQ(roles_.LimitsOf("alice").result_rows, 1000);
  EXPECT_EQ(roles_.LimitsOf("millrace").result_rows, std::nullopt);
  Must("ALTER ROLE alice ROW LIMIT 5 CONNECTION LIMIT NONE VALID UNTIL 'infinity' PASSWORD NULL NOLOGIN");
  alice = roles_.snapshot()->Find("alice");
  EXPECT_EQ(roles_.LimitsOf("alice").result_rows, 5);
  EXPECT_EQ(alice->limits.connections, std::nullopt);
  EXPECT_EQ(alice->valid_until, std::nullopt);
  EXPECT_EQ(alice->verifier, std::nullopt);
  EXPECT_FALSE(alice->login);
  Must("ALTER ROLE alice SET statement_timeout = '5s'");
  Must("ALTER ROLE ALL SET search_path = ods, public");
  const auto parameters = roles_.ParametersOf("alice");
  EXPECT_EQ(parameters.at("statement_timeout"), std::vector<std::string>{"5s"});
  EXPECT_EQ(parameters.at("search_path"), (std::vector<std::string>{"ods", "public"}));
  Must("ALTER ROLE alice RENAME TO bob");
  EXPECT_EQ(roles_.snapshot()->Find("alice"), nullptr);
  EXPECT_EQ(roles_.LimitsOf("bob").result_rows, 5);
  Must("CREATE ROLE IF NOT EXISTS bob");
  EXPECT_FALSE(created_);
  Must("DROP ROLE IF EXISTS bob, nobody");
  EXPECT_EQ(missing_, std::vector<std::string>{"nobody"});
}

TEST_F(RolesTest, TakesPasswordsAndVerifiers) {
  Must("CREATE ROLE r PASSWORD '" + std::string(kTestVerifier) + "'");
  EXPECT_EQ(roles_.snapshot()->Find("r")->verifier, kTestVerifier);
  EXPECT_EQ(Answer("millrace", "ALTER ROLE r PASSWORD ''"),
            "22023 at line 1, column 23: a password cannot be empty\nHINT: PASSWORD NULL takes it away");
  EXPECT_EQ(Answer("millrace", "ALTER ROLE r PASSWORD 'SCRAM-SHA-256$4096:x'"),
            "22023 at line 1, column 23: this is not a SCRAM-SHA-256 verifier\n"
            "HINT: it reads SCRAM-SHA-256$iterations:salt$stored key:server key");
  EXPECT_EQ(Answer("millrace", "ALTER ROLE r PASSWORD 'md50123456789abcdef0123456789abcdef'"),
            "22023 at line 1, column 23: MD5 verifiers are not supported\n"
            "HINT: give the password or a SCRAM-SHA-256 verifier");
  EXPECT_EQ(Answer("millrace", "ALTER ROLE r VALID UNTIL 'tomorrow'").substr(0, 5), "22007");
  EXPECT_EQ(roles_.snapshot()->Find("r")->verifier, kTestVerifier);
}

TEST_F(RolesTest, OnlySomeMayManageRoles) {
  Must("CREATE USER plain PASSWORD 'x'");
  Must("CREATE USER manager CREATEROLE");
  Must("CREATE ROLE other");
  Must("CREATE USER root SUPERUSER");
  EXPECT_EQ(Answer("plain", "CREATE ROLE x"),
            "42501: permission denied to create a role\nHINT: a superuser, or a role with CREATEROLE, can");
  EXPECT_EQ(Answer("plain", "ALTER ROLE plain SUPERUSER").substr(0, 5), "42501");
  EXPECT_EQ(Answer("plain", "ALTER ROLE plain CREATEROLE").substr(0, 5), "42501");
  EXPECT_EQ(Answer("plain", "ALTER ROLE plain PASSWORD 'y' SUPERUSER").substr(0, 5), "42501");
  EXPECT_EQ(Answer("plain", "ALTER ROLE plain MEMORY LIMIT NONE").substr(0, 5), "42501");
  EXPECT_EQ(Answer("plain", "ALTER ROLE other PASSWORD 'y'").substr(0, 5), "42501");
  EXPECT_EQ(Answer("plain", "ALTER ROLE ALL SET search_path = ods").substr(0, 5), "42501");
  EXPECT_EQ(Answer("plain", "DROP ROLE other").substr(0, 5), "42501");
  EXPECT_EQ(Answer("plain", "ALTER ROLE plain PASSWORD 'y'"), "ok");
  EXPECT_EQ(Answer("plain", "ALTER ROLE plain SET search_path = ods"), "ok");
  // CREATEROLE is over the roles one made, as in PostgreSQL 16.
  EXPECT_EQ(Answer("manager", "CREATE ROLE made"), "ok");
  EXPECT_EQ(Answer("manager", "ALTER ROLE made LOGIN"), "ok");
  EXPECT_EQ(Answer("manager", "ALTER ROLE other LOGIN").substr(0, 5), "42501");
  EXPECT_EQ(Answer("manager", "ALTER ROLE root PASSWORD 'mine'").substr(0, 5), "42501");
  EXPECT_EQ(Answer("manager", "DROP ROLE root").substr(0, 5), "42501");
  EXPECT_EQ(Answer("manager", "CREATE ROLE x SUPERUSER"),
            "42501: only a superuser can make or unmake superusers");
  EXPECT_EQ(Answer("manager", "CREATE ROLE x IN ROLE root").substr(0, 5), "42501");
  EXPECT_EQ(Answer("manager", "GRANT root TO manager").substr(0, 5), "42501");
  EXPECT_EQ(Answer("manager", "GRANT other TO manager").substr(0, 5), "42501");
  EXPECT_EQ(roles_.snapshot()->Find("x"), nullptr);
  // It manages the role, but has not its privileges.
  MakeTable("ods", "t", "made");
  Must("GRANT USAGE ON SCHEMA ods TO manager");
  EXPECT_FALSE(MayRead("manager", "ods", "t"));
  EXPECT_FALSE(roles_.CheckSetRole("manager", "made"));
  Must("ALTER ROLE manager ROW LIMIT 100");
  EXPECT_EQ(Answer("manager", "ALTER ROLE made ROW LIMIT 101"),
            "42501: role 'made' cannot have higher limits than role 'manager', which gives them");
  EXPECT_EQ(Answer("manager", "ALTER ROLE made ROW LIMIT 100"), "ok");
  EXPECT_EQ(Answer("millrace", "ALTER ROLE millrace NOSUPERUSER").substr(0, 5), "42501");
  EXPECT_EQ(Answer("root", "DROP ROLE millrace").substr(0, 5), "2BP01");
}

TEST_F(RolesTest, MembersHaveThePrivilegesOfTheirRoles) {
  for (const char* text : {"CREATE ROLE readers", "CREATE ROLE analysts IN ROLE readers",
                           "CREATE USER alice IN ROLE analysts", "GRANT USAGE ON SCHEMA ods TO readers"}) {
    Must(text);
  }
  MakeTable("ods", "orders", "millrace");
  EXPECT_FALSE(MayRead("alice", "ods", "orders"));
  Must("GRANT SELECT ON ods.orders TO readers");
  EXPECT_TRUE(MayRead("alice", "ods", "orders"));
  EXPECT_TRUE(roles_.CheckSetRole("alice", "readers"));
  EXPECT_EQ(Answer("millrace", "GRANT alice TO readers"),
            "0LP01 at line 1, column 7: role 'alice' is a member of role 'readers'");
  EXPECT_EQ(Answer("millrace", "GRANT alice TO alice"),
            "0LP01 at line 1, column 7: role 'alice' cannot be a member of itself");
  Must("REVOKE readers FROM analysts");
  EXPECT_FALSE(MayRead("alice", "ods", "orders"));
  EXPECT_FALSE(roles_.CheckSetRole("alice", "readers"));
  // A member of a superuser is none.
  Must("CREATE ROLE root SUPERUSER");
  Must("GRANT root TO alice");
  EXPECT_FALSE(MayRead("alice", "ods", "orders"));
  // ADMIN OPTION.
  EXPECT_EQ(Answer("alice", "GRANT analysts TO readers").substr(0, 5), "42501");
  Must("CREATE ROLE carol");
  Must("GRANT analysts TO alice WITH ADMIN OPTION");
  EXPECT_EQ(Answer("alice", "GRANT analysts TO carol"), "ok");
  Must("REVOKE ADMIN OPTION FOR analysts FROM alice");
  EXPECT_EQ(Answer("alice", "REVOKE analysts FROM carol").substr(0, 5), "42501");
}

TEST_F(RolesTest, ChecksSayWhichGrantWouldHelp) {
  Must("CREATE USER bob");
  MakeTable("ods", "Orders", "millrace");
  const auto answer = [&](Privilege privilege, const Securable& object) {
    const Status status = roles_.Check("bob", privilege, object);
    return status ? std::string("ok") : status.error().ToString();
  };
  const Securable orders = Securable::Table({"ods", "Orders"});
  EXPECT_EQ(answer(Privilege::kSelect, orders),
            "42501: permission denied for schema ods\nHINT: its owner can GRANT USAGE ON SCHEMA ods TO bob");
  Must("GRANT USAGE ON SCHEMA ods TO PUBLIC");
  EXPECT_EQ(answer(Privilege::kInsert, orders),
            "42501: permission denied for table ods.Orders\n"
            "HINT: its owner can GRANT INSERT ON ods.Orders TO bob");
  Must("GRANT ALL ON ods.Orders TO bob");
  EXPECT_EQ(answer(Privilege::kInsert, orders), "ok");
  EXPECT_EQ(answer(Privilege::kCreate, Securable::Schema("public")).substr(0, 5), "42501");
  EXPECT_EQ(answer(Privilege::kUsage, Securable::Schema("public")), "ok");
  EXPECT_EQ(answer(Privilege::kConnect, Securable::Database()), "ok");
  EXPECT_EQ(answer(Privilege::kCreate, Securable::Database()),
            "42501: permission denied for database\n"
            "HINT: its owner can GRANT CREATE ON DATABASE millrace TO bob");
  EXPECT_EQ(answer(Privilege::kSelect, Securable::Table({"pg_catalog", "pg_class"})), "ok");
  EXPECT_EQ(answer(Privilege::kInsert, Securable::Table({"pg_catalog", "pg_class"})).substr(0, 5), "42501");
  EXPECT_EQ(roles_.Check("ghost", Privilege::kUsage, Securable::Schema("public")).error().code(),
            ErrorCode::kInvalidAuthorization);
  EXPECT_EQ(roles_.snapshot()->CheckOwner("bob", orders).error().ToString(),
            "42501: must be owner of table ods.Orders\nHINT: its owner is role 'millrace'");
}

TEST_F(RolesTest, GrantsOnlyWhatOneHolds) {
  for (const char* text :
       {"CREATE USER owner", "CREATE USER a", "CREATE USER b", "GRANT USAGE ON SCHEMA ods TO PUBLIC"}) {
    Must(text);
  }
  MakeTable("ods", "t", "owner");
  EXPECT_TRUE(MayRead("owner", "ods", "t"));
  EXPECT_EQ(Answer("a", "GRANT SELECT ON ods.t TO a").substr(0, 5), "42501");
  EXPECT_EQ(Answer("owner", "GRANT SELECT ON ods.t TO a"), "ok");
  EXPECT_EQ(Answer("a", "GRANT SELECT ON ods.t TO b").substr(0, 5), "42501");
  EXPECT_EQ(Answer("owner", "GRANT SELECT ON ods.t TO a WITH GRANT OPTION"), "ok");
  EXPECT_EQ(Answer("a", "GRANT SELECT ON ods.t TO b"), "ok");
  EXPECT_EQ(Answer("a", "GRANT ALL ON ods.t TO b").substr(0, 5), "42501");
  EXPECT_TRUE(MayRead("b", "ods", "t"));
  EXPECT_EQ(Answer("owner", "REVOKE SELECT ON ods.t FROM a"),
            "2BP01: role 'a' granted SELECT on to role 'b'\nHINT: REVOKE … CASCADE takes it from both");
  EXPECT_TRUE(MayRead("a", "ods", "t"));
  EXPECT_EQ(Answer("owner", "REVOKE SELECT ON ods.t FROM a CASCADE"), "ok");
  EXPECT_FALSE(MayRead("a", "ods", "t"));
  EXPECT_FALSE(MayRead("b", "ods", "t"));
  EXPECT_EQ(Answer("millrace", "GRANT SELECT ON ods.t TO PUBLIC"), "ok");
  EXPECT_TRUE(MayRead("b", "ods", "t"));
  EXPECT_EQ(Answer("millrace", "GRANT SELECT ON ods.t TO PUBLIC WITH GRANT OPTION").substr(0, 5), "0LP01");
  EXPECT_EQ(Answer("millrace", "GRANT SELECT ON ods.t TO nobody"),
            "42704 at line 1, column 26: there is no role 'nobody'");
}

TEST_F(RolesTest, GivesDefaultPrivilegesToNewObjects) {
  for (const char* text : {"CREATE USER maker", "CREATE USER reader", "GRANT USAGE ON SCHEMA ods TO reader",
                           "GRANT USAGE ON SCHEMA dws TO reader",
                           "ALTER DEFAULT PRIVILEGES FOR ROLE maker IN SCHEMA ods GRANT SELECT ON TABLES TO "
                           "reader"}) {
    Must(text);
  }
  MakeTable("ods", "a", "maker");
  MakeTable("dws", "b", "maker");
  MakeTable("ods", "c", "millrace");
  EXPECT_TRUE(MayRead("reader", "ods", "a"));
  EXPECT_FALSE(MayRead("reader", "dws", "b"));
  EXPECT_FALSE(MayRead("reader", "ods", "c"));
  Must("ALTER DEFAULT PRIVILEGES FOR ROLE maker IN SCHEMA ods REVOKE ALL ON TABLES FROM reader");
  MakeTable("ods", "d", "maker");
  EXPECT_FALSE(MayRead("reader", "ods", "d"));
  EXPECT_TRUE(MayRead("reader", "ods", "a"));
  EXPECT_EQ(Answer("reader", "ALTER DEFAULT PRIVILEGES FOR ROLE maker GRANT SELECT ON TABLES TO reader")
                .substr(0, 5),
            "42501");
  // A new object of an old name begins anew.
  ASSERT_TRUE(roles_.ChangeObjects({.created = {}, .owner = {}, .dropped = {Securable::Table({"ods", "a"})}})
                  .has_value());
  MakeTable("ods", "a", "maker");
  EXPECT_FALSE(MayRead("reader", "ods", "a"));
}

TEST_F(RolesTest, RolesThatOwnOrHoldAreNotDropped) {
  for (const char* text : {"CREATE USER a", "CREATE USER b", "GRANT USAGE ON SCHEMA ods TO a",
                           "GRANT CREATE ON SCHEMA ods TO b"}) {
    Must(text);
  }
  MakeTable("ods", "t", "a");
  EXPECT_EQ(Answer("millrace", "DROP ROLE a"),
            "2BP01 at line 1, column 11: role 'a' cannot be dropped: owner of table ods.t, privileges for "
            "schema ods\n"
            "HINT: REASSIGN OWNED BY a TO another role, then DROP OWNED BY a");
  EXPECT_EQ(Answer("b", "REASSIGN OWNED BY a TO b").substr(0, 5), "42501");
  EXPECT_EQ(Answer("b", "DROP OWNED BY a").substr(0, 5), "42501");
  Must("REASSIGN OWNED BY a TO b");
  EXPECT_EQ(roles_.snapshot()->OwnerOf(Securable::Table({"ods", "t"})), "b");
  Must("DROP OWNED BY a");
  EXPECT_TRUE(released_.empty());
  ASSERT_TRUE(roles_.Connect("a"));
  EXPECT_EQ(Answer("millrace", "DROP ROLE a").substr(0, 5), "55006");
  roles_.Disconnect("a");
  Must("DROP ROLE a");
  Must("DROP OWNED BY b");
  EXPECT_EQ(released_, std::vector<Securable>{Securable::Table({"ods", "t"})});
  EXPECT_EQ(Answer("millrace", "DROP ROLE millrace").substr(0, 5), "2BP01");
}

TEST_F(RolesTest, OwnersGiveAwayOnlyWhereTheyMay) {
  for (const char* text : {"CREATE USER a", "CREATE USER b", "GRANT USAGE ON SCHEMA ods TO a, b"}) Must(text);
  MakeTable("ods", "t", "a");
  EXPECT_EQ(Answer("b", "ALTER TABLE ods.t OWNER TO b").substr(0, 5), "42501");
  EXPECT_EQ(Answer("a", "ALTER TABLE ods.t OWNER TO b").substr(0, 5), "42501");
  Must("GRANT b TO a");
  EXPECT_EQ(Answer("a", "ALTER TABLE ods.t OWNER TO b"),
            "42501: permission denied for schema ods\nHINT: its owner can GRANT CREATE ON SCHEMA ods TO b");
  Must("GRANT CREATE ON SCHEMA ods TO b");
  EXPECT_EQ(Answer("a", "ALTER TABLE ods.t OWNER TO b"), "ok");
  EXPECT_EQ(roles_.snapshot()->OwnerOf(Securable::Table({"ods", "t"})), "b");
}

TEST_F(RolesTest, CountsConnectionsAndChecksLogins) {
  Must("CREATE USER a CONNECTION LIMIT 1 VALID UNTIL '2000-01-01'");
  Must("CREATE ROLE g");
  ASSERT_TRUE(roles_.Connect("a"));
  EXPECT_EQ(roles_.Connect("a").error().code(), ErrorCode::kTooManyConnections);
  roles_.Disconnect("a");
  EXPECT_TRUE(roles_.Connect("a"));
  const int64_t in_2020 = 1'577'836'800'000'000;
  const int64_t in_1999 = 915'148'800'000'000;
  EXPECT_EQ(roles_.CheckLogin("a", in_2020, /*by_password=*/true).error().code(),
            ErrorCode::kInvalidPassword);
  EXPECT_TRUE(roles_.CheckLogin("a", in_1999, /*by_password=*/true));
  EXPECT_TRUE(roles_.CheckLogin("a", in_2020, /*by_password=*/false));
  EXPECT_EQ(roles_.CheckLogin("g", in_2020, false).error().ToString(),
            "28000: role 'g' is not permitted to log in\nHINT: ALTER ROLE g LOGIN permits it");
  EXPECT_EQ(roles_.CheckLogin("ghost", in_2020, false).error().ToString(),
            "28000: role 'ghost' does not exist");
}

TEST_F(RolesTest, FindsTokensByTheirHash) {
  Must("CREATE USER a");
  Must("CREATE USER b");
  EXPECT_EQ(Answer("a", "CREATE TOKEN ci FOR ROLE b").substr(0, 5), "42501");
  EXPECT_EQ(Answer("a", "CREATE TOKEN ci FOR ROLE CURRENT_USER VALID UNTIL '2001-01-01'"), "ok");
  EXPECT_EQ(Answer("a", "CREATE TOKEN ci FOR ROLE a").substr(0, 5), "42710");
  const int64_t in_2000 = 946'684'800'000'000;
  ASSERT_TRUE(roles_.FindToken("hash of the token", in_2000));
  EXPECT_EQ((*roles_.FindToken("hash of the token", in_2000))->name, "a");
  EXPECT_FALSE(roles_.FindToken("another hash", in_2000));
  EXPECT_EQ(roles_.FindToken("hash of the token", 978'307'200'000'000).error().code(),
            ErrorCode::kInvalidAuthorization);
  EXPECT_EQ(Answer("b", "DROP TOKEN ci").substr(0, 5), "42501");
  EXPECT_EQ(Answer("b", "DROP TOKEN IF EXISTS cj"), "ok");
  Must("ALTER ROLE a NOLOGIN");
  EXPECT_FALSE(roles_.FindToken("hash of the token", in_2000));
  Must("ALTER ROLE a LOGIN");
  Must("DROP TOKEN ci");
  EXPECT_FALSE(roles_.FindToken("hash of the token", in_2000));
}

TEST_F(RolesTest, AReaderKeepsItsSnapshot) {
  Must("CREATE USER a");
  const RoleSnapshotPtr before = roles_.snapshot();
  Must("DROP ROLE a");
  EXPECT_NE(before->Find("a"), nullptr);
  EXPECT_EQ(roles_.snapshot()->Find("a"), nullptr);
}

}  // namespace
}  // namespace millrace::catalog
