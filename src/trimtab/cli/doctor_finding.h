// What `trimtab doctor` finds.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace trimtab {

enum class FindingState {
  kOk,
  kNote,     // works, but a user should know
  kProblem,  // Trimtab cannot do its work until it is mended
};

struct Finding {
  std::string area;   // "kubernetes", "permissions", "rivals", "prometheus", "jaeger"
  std::string check;  // "patch deployments/scale"
  FindingState state = FindingState::kOk;
  std::string detail;  // what is
  std::string remedy;  // the command or flag that mends it; empty where nothing has to be
};

// Findings of one area.
class Findings {
 public:
  explicit Findings(std::string area) : area_(std::move(area)) {}

  void Ok(std::string check, std::string detail) {
    all_.push_back({area_, std::move(check), FindingState::kOk, std::move(detail), ""});
  }
  void Note(std::string check, std::string detail, std::string remedy = "") {
    all_.push_back(
        {area_, std::move(check), FindingState::kNote, std::move(detail), std::move(remedy)});
  }
  void Problem(std::string check, std::string detail, std::string remedy) {
    all_.push_back(
        {area_, std::move(check), FindingState::kProblem, std::move(detail), std::move(remedy)});
  }
  std::vector<Finding> Take() { return std::move(all_); }

 private:
  std::string area_;
  std::vector<Finding> all_;
};

}  // namespace trimtab
