#include "trimtab/calibration/surface_fit.h"

#include <algorithm>
#include <string>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

constexpr char kHeader[] =
    "app,service,microservice,load_rps_per_container,cpu_inter,mem_inter,p95_latency,fit_exists\n";

TEST(SurfaceFitTest, RecoversSlopesAndFloorBelowTheKnee) {
  std::string text = kHeader;
  for (const double base : {500.0, 900.0}) {
    for (const double load : {5.0, 10.0, 20.0, 40.0}) {
      for (const double cpu : {0.4, 0.8, 1.2, 1.6}) {
        for (const double memory : {800.0, 2400.0}) {
          const double slow = (1 + 3 * std::max(0.0, cpu / 2 - 0.25)) * (1 + 0.1 * memory / 4000);
          // From 40 requests/s on, a queue that the fit must not see.
          text += fmt::format("app,op{},geo,{},{},{},{},1\n", base, load, cpu, memory,
                              base * slow * (load >= 40 ? 20 : 1));
        }
      }
    }
  }
  SurfaceFitOptions options;
  options.application = "app";
  const auto fits = FitSurface(text, "f", options);
  ASSERT_TRUE(fits.ok()) << fits.status();
  ASSERT_EQ(fits->size(), 1U);
  const SurfaceFit& fit = fits->front();
  EXPECT_NEAR(fit.cpu.slope, 3, 0.01);
  EXPECT_NEAR(fit.cpu.floor, 0.25, 0.001);
  EXPECT_NEAR(fit.memory_capacity.slope, 0.1, 0.001);
  EXPECT_NEAR(fit.mean_latency, 0.7, 0.001);
  EXPECT_EQ(fit.knee, 40);
  EXPECT_EQ(fit.points, 48U);  // 2 operations * 3 loads up to 20 * 4 * 2
}

TEST(SurfaceFitTest, ErrorsNameFileRowAndValue) {
  EXPECT_THAT(std::string(FitSurface("a,b\n", "f").status().message()),
              ::testing::HasSubstr("f:1: there is no column app"));
  EXPECT_THAT(std::string(FitSurface(std::string(kHeader) + "hotel-reserv,s,m,1,1,1,-5,1\n", "f")
                              .status()
                              .message()),
              ::testing::HasSubstr("f:2: p95_latency is -5"));
  EXPECT_THAT(
      std::string(FitSurface(std::string(kHeader) + "x,s,m,1,1,1,5,1\n", "f").status().message()),
      ::testing::HasSubstr("no rows of app 'hotel-reserv'"));
}

}  // namespace
}  // namespace trimtab
