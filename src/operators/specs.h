// All operators: their immutable configurations and factories. For the dataflow, which builds them.
#pragma once

#include "operators/calc.h"
#include "operators/changelog_normalize.h"
#include "operators/deduplicate.h"
#include "operators/expand.h"
#include "operators/group_aggregate.h"
#include "operators/rank.h"
#include "operators/sort_limit.h"
#include "operators/union.h"
#include "operators/unnest.h"
#include "operators/watermark_assigner.h"
#include "operators/window_aggregate.h"
#include "operators/window_assign.h"
#include "operators/window_rank.h"
