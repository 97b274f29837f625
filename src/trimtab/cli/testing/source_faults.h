// The loop of an AppScaler whose source fails: where the reason can be read, and that nothing
// becomes smaller by it.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/cli/explain_report.h"
#include "trimtab/controller/decision_document.h"
#include "trimtab/journal/journal_reader.h"
#include "trimtab/journal/sqlite_journal.h"
#include "trimtab/operator/testing/app_loop_fixture.h"

namespace trimtab {

struct SourceFault {
  std::string name;   // of the test
  std::string words;  // of the reason, in the condition and in `trimtab explain`
  std::string state;  // of the source's condition
  std::vector<std::string> metrics;
};

inline void PrintTo(const SourceFault& fault, std::ostream* out) { *out << fault.name; }

inline std::string FaultNameOf(const ::testing::TestParamInfo<SourceFault>& info) {
  return info.param.name;
}

// A journal in a file, as the program keeps it. A test sets its source and calls Restart().
class SourceFaultFixture : public AppLoopFixture {
 protected:
  SourceFaultFixture() {
    for (const char* suffix : {"", "-wal", "-shm"}) std::remove((path_ + suffix).c_str());
    auto opened = SqliteJournal::Open(path_, {.started = clock.now,
                                              .application = "shop/two",
                                              .policy = "fake",
                                              .sla = std::chrono::milliseconds(300)});
    EXPECT_TRUE(opened.ok()) << opened.status();
    if (opened.ok()) file_ = *std::move(opened);
    journal_kept = file_.get();
  }

  // Until nothing but the policy keeps what is there: it asks for less, and gets it after this.
  void ExpectWell() {
    policy.make = nullptr;
    PassFreezes();
    Cycle();
    EXPECT_EQ(Condition("MetricsAvailable"), "True/Available") << Message("MetricsAvailable");
    EXPECT_EQ(Condition("TracesAvailable"), "True/Available") << Message("TracesAvailable");
    EXPECT_EQ(Condition("ScalingActive"), "True/Reconciled") << Message("ScalingActive");
  }

  // From now on one replica of each is wanted, and none is taken, for this reason.
  void ExpectNothingLowered(const SourceFault& fault, const std::string& condition, int cycles) {
    Ask(Sized(1), Sized(1));
    for (int i = 0; i < cycles; ++i) {
      Cycle();
      EXPECT_EQ(Desired(0), Sized(2));
      EXPECT_EQ(Desired(1), Sized(2));
      EXPECT_EQ(Condition(condition), fault.state);
      EXPECT_THAT(Message(condition), ::testing::HasSubstr(fault.words));
      EXPECT_THAT(Explanation(), ::testing::HasSubstr(fault.words));
    }
    const std::string page = Page();
    for (const std::string& line : fault.metrics) {
      EXPECT_THAT(page, ::testing::HasSubstr(line));
    }
    EXPECT_THAT(world.actuator_.applied, ::testing::IsEmpty());
  }

  // Well again, one replica of each is given back, and the journal has all that was done.
  void ExpectLoweredOnceWell() {
    for (int i = 0; i < 40 && Desired(1) != Sized(1); ++i) Cycle();
    EXPECT_EQ(Desired(0), Sized(1)) << Explanation();
    EXPECT_EQ(Desired(1), Sized(1));
    EXPECT_EQ(ChangesInJournal(), world.actuator_.applied.size());
  }

  // What Prometheus would scrape.
  virtual std::string Page() { return metrics.Text(); }

  std::string Message(std::string_view type) const {
    const nlohmann::json status = stored.Status();
    for (const auto& condition : ArrayAt(status, {"conditions"})) {
      if (TextAt(condition, {"type"}) == type) return TextAt(condition, {"message"});
    }
    return "";
  }

  // What `trimtab explain` prints of the last decision.
  std::string Explanation() const {
    std::ostringstream out;
    auto reader = JournalReader::Open(path_);
    if (!reader.ok()) return reader.status().ToString();
    const auto last = reader->LastDecision();
    if (!last.ok()) return last.status().ToString();
    const auto record = reader->Decision(*last);
    if (!record.ok()) return record.status().ToString();
    const auto run = reader->Run(record->run);
    const auto document = DecisionDocument(*record, run.ok() ? &*run : nullptr);
    if (!document.ok()) return document.status().ToString();
    WriteExplanation(*document, out, /*color=*/false);
    return out.str();
  }

 private:
  std::size_t ChangesInJournal() const {
    std::size_t changes = 0;
    auto reader = JournalReader::Open(path_);
    EXPECT_TRUE(reader.ok()) << reader.status();
    if (!reader.ok()) return 0;
    const auto read = reader->ForEachDecision(1, 1'000'000, [&](const DecisionRecord& record) {
      for (const OutcomeRecord& outcome : record.outcomes) {
        const auto body = nlohmann::json::parse(outcome.body);
        for (const char* part : {"raises", "lowers"}) {
          if (body.contains(part) && body[part].is_object()) {
            changes += body[part].value("accepted", nlohmann::json::array()).size();
          }
        }
      }
    });
    EXPECT_TRUE(read.ok()) << read;
    return changes;
  }

  static std::string PathOfTest() {
    const ::testing::TestInfo& test = *::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = fmt::format("{}.{}", test.test_suite_name(), test.name());
    for (char& c : name) c = c == '/' ? '-' : c;
    return ::testing::TempDir() + "trimtab_faults_" + name + ".sqlite";
  }

  const std::string path_ = PathOfTest();
  std::unique_ptr<SqliteJournal> file_;
};

}  // namespace trimtab
