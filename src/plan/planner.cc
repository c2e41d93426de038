#include "plan/planner.h"

#include <utility>

#include "plan/binder.h"
#include "plan/finish_plan.h"

namespace millrace::plan {

Result<PlannedQuery> PlanQuery(const sql::Query& query, const catalog::Catalog& catalog,
                               const PlanContext& context) {
  QueryBinder binder(catalog, context);
  MR_ASSIGN(Relation relation, binder.BindQuery(query, QueryPlace::kResult));
  return FinishPlan(binder, std::move(relation));
}

}  // namespace millrace::plan
