// The blackhole connector: takes every row and forgets it. For measuring.
#pragma once

#include "connectors/registry.h"

namespace millrace::connectors {

const ConnectorType& BlackholeConnector();

}  // namespace millrace::connectors
