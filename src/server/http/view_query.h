// ViewQuery: the query parameters of GET /v1/views/{view} to a SELECT with bound values.
//
//   ?city=beijing&amount=gt.100        WHERE city = $1 AND amount > $2
//   ?select=city,amount&order=amount.desc,city&limit=10&offset=20
//
// A filter is <column>=<value> or <column>=<operator>.<value>; operators are eq, ne, gt, ge, lt, le, like
// (% and _, text columns), in.(a,b,"c,d") and is.null, is.notnull, is.true, is.false. Filters are joined by
// AND; a value that begins like an operator is written with eq. before it. Columns named select, order,
// limit, offset, format or snapshot cannot be filtered by.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "server/http/backend.h"
#include "server/http/request.h"

namespace millrace::server::http {

// Values become parameters of their column's type and names are those of the relation: nothing of the
// request is spliced into the text. Errors name the parameter and what would be taken.
Result<SqlStatement> MakeViewQuery(const Relation& relation, const Request& request, uint64_t default_rows);

// `name`, for SQL.
std::string QuoteName(std::string_view name);

}  // namespace millrace::server::http
