// SqlHandler: one statement and its result, for POST /v1/sql and GET /v1/views/{view}.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/http/backend.h"
#include "server/http/handler.h"
#include "server/http/http_limits.h"
#include "server/http/json_result.h"
#include "server/http/result_writer.h"

namespace millrace::server::http {

// Runs a statement when its turn comes; a body must be empty.
std::unique_ptr<Handler> MakeStatementHandler(std::shared_ptr<SqlClient> client, SqlStatement statement,
                                              ResultFormat format, Wake wake);
// Reads {"sql": "…", "parameters": […]} first.
std::unique_ptr<Handler> MakeSqlHandler(std::shared_ptr<SqlClient> client, ResultFormat format,
                                        const HttpLimits& limits, Wake wake);

// The statement of such a body. Parameters are null, true, false, numbers and strings.
Result<SqlStatement> ParseSqlBody(std::string_view body);

}  // namespace millrace::server::http
