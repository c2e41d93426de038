// ChangeEvents: GET /v1/views/{view}/changes. The changes of a view as server-sent events (the HTML
// standard's "text/event-stream").
//
//   event: columns    data: [{"name":…,"type":…},…]                 once, at the beginning
//   event: change     data: {"op":"+I","row":{…}}   id: <epoch>     "+I", "-U", "+U", "-D"
//   event: epoch      data: {"epoch":…}             id: <epoch>     everything of the epoch has come
//   event: lagged     data: {"error":{…}}                           the reader fell behind; the end
//   event: error      data: {"error":{…}}                           the end
//
// First come the rows there are, as +I under the epoch of the snapshot, unless ?snapshot=false.
#pragma once

#include <memory>
#include <string>

#include "server/http/backend.h"
#include "server/http/handler.h"
#include "server/http/http_metrics.h"

namespace millrace::server::http {

// SUBSCRIBE TO a relation, as the query parameters say; an error for those that are not known.
Result<SqlStatement> MakeSubscription(const Relation& relation, const Request& request);

// `statement` gives rows of (mr_epoch BIGINT, mr_op VARCHAR, columns…), 'P' as mr_op behind each epoch.
std::unique_ptr<Handler> MakeChangesHandler(std::shared_ptr<SqlClient> client, SqlStatement statement,
                                            HttpMetrics* metrics);

}  // namespace millrace::server::http
