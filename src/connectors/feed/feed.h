// The feed connector: a table whose rows are pushed through a FeedHub. For tests; refused elsewhere.
#pragma once

#include "connectors/registry.h"

namespace millrace::connectors {

const ConnectorType& FeedConnector();

}  // namespace millrace::connectors
