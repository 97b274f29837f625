// Graph shares over time from a CSV file.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "trimtab/graphdynamics/share_series.h"
#include "trimtab/tracing/input_file.h"

namespace trimtab {

// One row a step, oldest first. Columns, in any order:
//   graph:NAME      share of a graph class; at least one
//   argument:NAME   share of an argument class
//   load            requests/s; 0 without the column
//   block           a text; another than the row's before starts a new block
// Shares of a row that sum to within 1 % of one are scaled to one.
//
// Or the form in which the authors of Derm publish what their network has to predict: NAME_t1 and
// NAME_t2, the shares one and two steps ahead of each row. Then a row starts a new block when its
// NAME_t1 are not what the row before foresaw as NAME_t2.
//
// kInvalidArgument names row, column and value: a share that is no number from 0 to 1, shares that
// do not sum to one, a row of another length, a header without graph classes, no rows.
absl::StatusOr<ShareSeries> ReadShareCsv(InputFile& input);

// The same table, blocks numbered from 0, as text. Expected shares are left out. Shares read back
// differ from those written by the rounding of their sum at most.
std::string ShareCsv(const ShareSeries& series);

}  // namespace trimtab
