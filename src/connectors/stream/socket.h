// The socket connector: records over TCP, from a server that is connected to (as Flink's example does)
// or, with 'mode' = 'listen' (ours), from any number of clients that connect.
#pragma once

#include "connectors/registry.h"

namespace millrace::connectors {

const ConnectorType& SocketConnector();

}  // namespace millrace::connectors
