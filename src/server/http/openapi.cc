#include "server/http/openapi.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::server::http {
namespace {

// {{ and }} stand for braces; the arguments are named.
constexpr std::string_view kDocument = R"json({{
"openapi":"3.1.0",
"info":{{"title":"Millrace","version":"{version}","summary":"Rows into tables, queries, views and their changes over HTTP."}},
"security":[{{"bearer":[]}},{{}}],
"paths":{{
"/v1/tables/{{table}}":{{
"post":{{
"operationId":"insertRows",
"summary":"Adds the records of the body to a table.",
"description":"The body is decoded as it comes. While the table has no room nothing more is read of it; after {ingest_wait} s of that the request ends with 429, whose resume_offset is where the first record begins that was not taken. A server with --data answers when the rows are on the disk; if they cannot be written (507: it is full), those from resume_offset on are not in the table. Records that are no rows go to sys.dead_letters and are named in the answer. With an Idempotency-Key the body is taken as a whole or not at all, and once. Options of the format are given by their keys, e.g. csv.field-delimiter.",
"parameters":[
{{"$ref":"#/components/parameters/table"}},
{{"name":"visible","in":"query","description":"Answer only when queries see the rows.","schema":{{"type":"boolean","default":false}}}},
{{"name":"header","in":"query","description":"text/csv: the first record names the columns, in any order; those not named become NULL.","schema":{{"type":"boolean","default":false}}}},
{{"name":"Content-Encoding","in":"header","schema":{{"enum":["identity","gzip","zstd"]}}}},
{{"name":"Idempotency-Key","in":"header","description":"A name for this body, in quotes or without: a post with one that the table has taken is answered with the count of then and repeated, and adds nothing. Needs a server with --data; the body has at most {keyed_bytes} bytes, before and after unpacking.","schema":{{"type":"string","minLength":1,"maxLength":{key_bytes},"pattern":"^[ -~]+$"}}}}
],
"requestBody":{{"required":true,"description":"At most {table_bytes} bytes, before and after unpacking.","content":{{
"application/x-ndjson":{{"schema":{{"type":"string","description":"One JSON object a line."}}}},
"application/json":{{"schema":{{"oneOf":[{{"type":"array","items":{{"type":"object"}}}},{{"type":"object"}}]}}}},
"text/csv":{{"schema":{{"type":"string"}}}},
"text/plain":{{"schema":{{"type":"string","description":"Records of the table's own format."}}}}
}}}},
"responses":{{
"200":{{"description":"At least one record was taken, or there was none.","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Ingested"}}}}}}}},
"400":{{"description":"No record was taken, or the body as a whole is wrong.","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Ingested"}}}}}}}},
"401":{{"$ref":"#/components/responses/Error"}},
"403":{{"$ref":"#/components/responses/Error"}},
"404":{{"$ref":"#/components/responses/Error"}},
"408":{{"$ref":"#/components/responses/Error"}},
"413":{{"$ref":"#/components/responses/Error"}},
"415":{{"$ref":"#/components/responses/Error"}},
"429":{{"description":"The table had no room for too long.","headers":{{"Retry-After":{{"schema":{{"type":"integer"}}}}}},"content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Ingested"}}}}}}}},
"507":{{"description":"The disk is full.","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Ingested"}}}}}}}}
}}}}}},
"/v1/sql":{{
"post":{{
"operationId":"runStatement",
"summary":"Runs one SQL statement.",
"parameters":[{{"$ref":"#/components/parameters/format"}}],
"requestBody":{{"required":true,"description":"At most {sql_bytes} bytes.","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Statement"}}}}}}}},
"responses":{{
"200":{{"$ref":"#/components/responses/Rows"}},
"400":{{"$ref":"#/components/responses/Error"}},
"401":{{"$ref":"#/components/responses/Error"}},
"403":{{"$ref":"#/components/responses/Error"}},
"404":{{"$ref":"#/components/responses/Error"}},
"406":{{"$ref":"#/components/responses/Error"}},
"409":{{"$ref":"#/components/responses/Error"}},
"413":{{"$ref":"#/components/responses/Error"}},
"415":{{"$ref":"#/components/responses/Error"}},
"503":{{"$ref":"#/components/responses/Error"}},
"504":{{"$ref":"#/components/responses/Error"}}
}}}}}},
"/v1/views/{{view}}":{{
"get":{{
"operationId":"readView",
"summary":"Rows of a view or table, as of one moment.",
"description":"Any other query parameter is a filter by the column of its name: value, or eq.value, ne.value, gt.value, ge.value, lt.value, le.value, like.pattern, in.(a,b), is.null, is.notnull, is.true, is.false. Filters are joined by AND.",
"parameters":[
{{"$ref":"#/components/parameters/view"}},
{{"$ref":"#/components/parameters/format"}},
{{"name":"select","in":"query","description":"Columns, separated by commas; all without it.","schema":{{"type":"string"}}}},
{{"name":"order","in":"query","description":"Columns, separated by commas, each with .asc or .desc.","schema":{{"type":"string"}}}},
{{"name":"limit","in":"query","schema":{{"type":"integer","minimum":0,"default":{view_rows}}}}},
{{"name":"offset","in":"query","schema":{{"type":"integer","minimum":0,"default":0}}}}
],
"responses":{{
"200":{{"$ref":"#/components/responses/Rows"}},
"400":{{"$ref":"#/components/responses/Error"}},
"401":{{"$ref":"#/components/responses/Error"}},
"403":{{"$ref":"#/components/responses/Error"}},
"404":{{"$ref":"#/components/responses/Error"}},
"406":{{"$ref":"#/components/responses/Error"}},
"503":{{"$ref":"#/components/responses/Error"}}
}}}}}},
"/v1/views/{{view}}/changes":{{
"get":{{
"operationId":"followView",
"summary":"The changes of a view or table as server-sent events.",
"description":"Events: columns (once), change (data: op and row; id: the epoch), epoch (everything of that epoch has come), lagged (the reader fell behind; the end), error (the end). A comment is sent every {heartbeat} s while nothing happens.",
"parameters":[
{{"$ref":"#/components/parameters/view"}},
{{"name":"snapshot","in":"query","description":"First the rows there are, as +I.","schema":{{"type":"boolean","default":true}}}}
],
"responses":{{
"200":{{"description":"The events.","content":{{"text/event-stream":{{"schema":{{"type":"string"}}}}}}}},
"400":{{"$ref":"#/components/responses/Error"}},
"401":{{"$ref":"#/components/responses/Error"}},
"403":{{"$ref":"#/components/responses/Error"}},
"404":{{"$ref":"#/components/responses/Error"}},
"503":{{"$ref":"#/components/responses/Error"}}
}}}}}},
"/v1/openapi.json":{{
"get":{{"operationId":"describe","summary":"This document.","responses":{{"200":{{"description":"The document.","content":{{"application/json":{{}}}}}}}}}}}},
"/healthz":{{
"get":{{"operationId":"health","summary":"Whether the process lives.","responses":{{"200":{{"description":"It does.","content":{{"application/json":{{}}}}}}}}}}}},
"/readyz":{{
"get":{{"operationId":"readiness","summary":"Whether the statements of the start have run and no job has failed.","responses":{{"200":{{"description":"So it is.","content":{{"application/json":{{}}}}}},"503":{{"$ref":"#/components/responses/Error"}}}}}}}},
"/metrics":{{
"get":{{"operationId":"metrics","summary":"Metrics in Prometheus's text format.","responses":{{"200":{{"description":"The metrics.","content":{{"text/plain":{{"schema":{{"type":"string"}}}}}}}}}}}}}}
}},
"components":{{
"securitySchemes":{{"bearer":{{"type":"http","scheme":"bearer","description":"Not needed from the same machine where the server trusts it."}}}},
"parameters":{{
"table":{{"name":"table","in":"path","required":true,"description":"schema.table, or a table of schema public.","schema":{{"type":"string"}}}},
"view":{{"name":"view","in":"path","required":true,"description":"schema.view, or a view of schema public.","schema":{{"type":"string"}}}},
"format":{{"name":"format","in":"query","description":"Goes before the Accept header.","schema":{{"enum":["json","ndjson","csv","arrow"]}}}}
}},
"responses":{{
"Error":{{"description":"What was wrong, and what would work.","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Error"}}}}}}}},
"Rows":{{"description":"The rows of the result.","content":{{
"application/json":{{"schema":{{"$ref":"#/components/schemas/Result"}}}},
"application/x-ndjson":{{"schema":{{"type":"string"}}}},
"text/csv":{{"schema":{{"type":"string"}}}},
"application/vnd.apache.arrow.stream":{{}}
}}}}
}},
"schemas":{{
"Statement":{{"type":"object","required":["sql"],"additionalProperties":false,"properties":{{
"sql":{{"type":"string"}},
"parameters":{{"type":"array","description":"Values of $1, $2, …","items":{{"type":["null","boolean","number","string"]}}}}}}}},
"Result":{{"type":"object","required":["tag"],"properties":{{
"columns":{{"type":"array","items":{{"type":"object","properties":{{"name":{{"type":"string"}},"type":{{"type":"string"}}}}}}}},
"rows":{{"type":"array","items":{{"type":"array"}}}},
"tag":{{"type":"string"}},
"warnings":{{"type":"array","items":{{"type":"string"}}}}}}}},
"Ingested":{{"type":"object","required":["accepted","rejected","errors"],"properties":{{
"accepted":{{"type":"integer"}},
"rejected":{{"type":"integer"}},
"errors":{{"type":"array","maxItems":{errors},"items":{{"type":"object","properties":{{
"record":{{"type":"integer","description":"Its number in the body, from 0."}},
"offset":{{"type":"integer","description":"Of its first byte in the unpacked body."}},
"code":{{"type":"string"}},
"reason":{{"type":"string"}}}}}}}},
"repeated":{{"const":true,"description":"A post with this Idempotency-Key was taken before: the records accepted are those of then."}},
"resume_offset":{{"type":"integer"}},
"error":{{"$ref":"#/components/schemas/ErrorDetail"}}}}}},
"Error":{{"type":"object","required":["error"],"properties":{{"error":{{"$ref":"#/components/schemas/ErrorDetail"}}}}}},
"ErrorDetail":{{"type":"object","required":["code","message"],"properties":{{
"code":{{"type":"string","description":"The SQLSTATE."}},
"message":{{"type":"string"}},
"hint":{{"type":"string"}},
"line":{{"type":"integer"}},
"column":{{"type":"integer"}}}}}}
}}
}}
}}
)json";

}  // namespace

std::string OpenApiDocument(std::string_view version, const HttpLimits& limits) {
  using fmt::arg;
  return fmt::format(
      fmt::runtime(kDocument), arg("version", version),
      arg("ingest_wait", limits.ingest_wait_micros / kMicrosPerSecond),
      arg("table_bytes", limits.table_body_bytes), arg("sql_bytes", limits.sql_body_bytes),
      arg("keyed_bytes", std::min(limits.table_body_bytes, limits.keyed_body_bytes)),
      arg("key_bytes", limits::kLogBatchIdBytesMax), arg("view_rows", limits.default_view_rows),
      arg("heartbeat", limits.heartbeat_micros / kMicrosPerSecond), arg("errors", kReportedErrorsMax));
}

}  // namespace millrace::server::http
