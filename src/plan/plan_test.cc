#include "plan/plan_test_fixture.h"

namespace millrace::plan {
namespace {

class Plans : public PlanTest {
 protected:
  void SetUp() override {
    Run("CREATE TABLE orders (id BIGINT, city STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3), "
        "WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'datagen')");
  }
};

TEST_F(Plans, Print) {
  for (const char* sql : {
           "SELECT id, city FROM orders WHERE amount > 10",
           "SELECT city, COUNT(*), SUM(amount) s FROM orders GROUP BY city",
           "SELECT window_start, window_end, city, COUNT(*) FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), "
           "INTERVAL '1' HOUR)) GROUP BY window_start, window_end, city",
           "SELECT city, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY city ORDER BY amount DESC) AS rn "
           "FROM orders) WHERE rn <= 3",
           "SELECT city, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY city ORDER BY ts DESC) AS rn "
           "FROM orders) WHERE rn = 1",
           "SELECT * FROM nosuch",
           "SELECT x FROM orders",
           "SELECT city, GROUPING(city), COUNT(DISTINCT id) FROM orders GROUP BY ROLLUP(city, id)",
       }) {
    printf("%s\n%s\n", sql, Explained(sql).c_str());
  }
}

}  // namespace
}  // namespace millrace::plan
