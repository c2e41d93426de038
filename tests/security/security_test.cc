// Runs the attempts of this folder against an instance, as a remote session would.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "env/env.h"
#include "security/attack_file.h"
#include "session/instance.h"
#include "session/session.h"

namespace millrace::security {
namespace {

constexpr size_t kAttemptsMin = 100;

// One warehouse, and one remote session for each role.
class Victim {
 public:
  Victim() {
    session::InstanceOptions options;
    options.env = &env::RealEnv();
    // What a real verifier looks like; nobody logs in with it here.
    options.roles.make_verifier = [](std::string_view) -> Result<std::string> {
      return "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$"
             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    };
    options.make_token = []() -> Result<session::NewToken> {
      return session::NewToken{"a token", std::string(32, 'h')};
    };
    instance_ = std::make_unique<session::Instance>(std::move(options));
    EXPECT_TRUE(instance_->Start().has_value());
  }

  // The number of rows, or the error.
  Result<size_t> Run(const Attempt& attempt) {
    std::unique_ptr<session::Session>& session = sessions_[attempt.role];
    if (session == nullptr) {
      session::SessionOptions options;
      options.role = attempt.role;
      session = std::make_unique<session::Session>(instance_.get(), std::move(options));
      MR_TRY(session->Start());
    }
    MR_ASSIGN(const session::StatementResult result, session->Execute(attempt.statement));
    size_t rows = 0;
    for (const data::Batch& batch : result.batches) rows += batch.rows;
    return rows;
  }

 private:
  std::unique_ptr<session::Instance> instance_;
  std::map<std::string, std::unique_ptr<session::Session>> sessions_;
};

void RunAll(const std::string& name) {
  const auto attempts = ReadAttempts(std::string(MILLRACE_SECURITY_DIR) + "/" + name);
  const auto refused =
      std::ranges::count_if(attempts, [](const Attempt& attempt) { return !attempt.refuse.empty(); });
  ASSERT_GE(static_cast<size_t>(refused), kAttemptsMin);
  Victim victim;
  for (const Attempt& attempt : attempts) {
    SCOPED_TRACE(name + " line " + std::to_string(attempt.line) + ", " + attempt.role + ": " +
                 attempt.statement);
    const Result<size_t> rows = victim.Run(attempt);
    if (attempt.refuse.empty()) {
      EXPECT_TRUE(rows.has_value()) << rows.error().ToString();
      if (rows && attempt.rows) {
        EXPECT_EQ(*rows, *attempt.rows);
      }
      continue;
    }
    EXPECT_FALSE(rows.has_value()) << "it worked";
    if (rows) continue;
    const std::string state(SqlState(rows.error().code()));
    EXPECT_NE(std::ranges::find(attempt.refuse, state), attempt.refuse.end()) << rows.error().ToString();
  }
}

TEST(Security, ARemoteSessionCannotReachTheHost) {
  RunAll("sandbox.txt");
}

TEST(Security, ARoleCannotReachWhatItWasNotGranted) {
  RunAll("privileges.txt");
}

}  // namespace
}  // namespace millrace::security
