// TransactionState: where a session stands between BEGIN and COMMIT.
#pragma once

#include <cstdint>

namespace millrace::session {

enum class TransactionState : uint8_t { kIdle, kInBlock, kFailed };

}  // namespace millrace::session
