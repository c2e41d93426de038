// The print connector: shows every change as a line, "+I[1, beijing, 3]", as Flink's does.
#pragma once

#include "connectors/registry.h"

namespace millrace::connectors {

const ConnectorType& PrintConnector();

}  // namespace millrace::connectors
