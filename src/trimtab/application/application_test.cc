#include "trimtab/application/application.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

TEST(ApplicationTest, FindsMicroservicesByName) {
  const auto app =
      Application::Create("shop", {Microservice{"cart", {}}, Microservice{"search", {}}},
                          {Operation{.name = "/find", .entry_microservice = "search"}});
  ASSERT_TRUE(app.ok()) << app.status();
  EXPECT_EQ(app->Find("search"), MicroserviceId(1));
  EXPECT_FALSE(app->Find("geo").has_value());
}

TEST(ApplicationTest, ReportsEveryViolationAtOnce) {
  Microservice broken{"cart", {}};
  broken.bounds.smallest.cpu = Cores(4);
  broken.bounds.most_replicas = 0;
  broken.bounds.working_set = Gibibytes(2);
  const auto app =
      Application::Create("shop", {broken, Microservice{"cart", {}}},
                          {Operation{.name = "/find", .entry_microservice = "search"}});
  const std::string message(app.status().message());
  EXPECT_THAT(message, HasSubstr("smallest cpu 4000m exceeds largest 1000m"));
  EXPECT_THAT(message, HasSubstr("most replicas 0 is below fewest replicas 1"));
  EXPECT_THAT(message, HasSubstr("working set 2147483648 B exceeds"));
  EXPECT_THAT(message, HasSubstr("'cart' is named twice"));
  EXPECT_THAT(message, HasSubstr("operation '/find' enters unknown microservice 'search'"));
}

}  // namespace
}  // namespace trimtab
