#include "trimtab/experiment/trade_gains.h"

#include <optional>
#include <vector>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

GainCell Cell(double predicted_cpu, double predicted_memory, double measured_cpu,
              double measured_memory) {
  return {.predicted = TradeGains{.tail = Latency(100),
                                  .by_cpu = Latency(predicted_cpu),
                                  .by_memory = Latency(predicted_memory)},
          .measured = TradeGains{.tail = Latency(100),
                                 .by_cpu = Latency(measured_cpu),
                                 .by_memory = Latency(measured_memory)}};
}

TEST(AgreementTest, CountsCellsWithAClearPreference) {
  GainCell unknown = Cell(5, 0, 5, 0);
  unknown.predicted = std::nullopt;
  const std::vector<GainCell> cells = {Cell(5, 1, 6, 2),   // both prefer CPU
                                       Cell(1, 5, 6, 2),   // the model prefers memory, wrongly
                                       Cell(1, 5, 3, 4),   // 1 ms of 100: within chance
                                       Cell(1, 5, -1, 4),  // both prefer memory
                                       unknown};
  const Agreement agreement = AgreementOf(cells);
  EXPECT_EQ(agreement.cells, 3);
  EXPECT_EQ(agreement.same, 2);
}

}  // namespace
}  // namespace trimtab
