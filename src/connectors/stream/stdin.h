// The stdin connector (ours, not Flink's): standard input, read once to its end.
#pragma once

#include "connectors/registry.h"

namespace millrace::connectors {

const ConnectorType& StdinConnector();

}  // namespace millrace::connectors
