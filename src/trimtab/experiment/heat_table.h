// A table of numbers as SVG, darker where the number is larger.
#pragma once

#include <string>
#include <vector>

namespace trimtab {

struct HeatTable {
  struct Row {
    std::string label;
    std::vector<double> values;  // one a column; NaN: nothing known
  };
  std::string title;
  std::string column_label;  // what the columns vary
  std::string value_label;   // what the numbers are, with their unit
  std::vector<std::string> columns;
  std::vector<Row> rows;
  int group = 1;  // rows that belong together; a gap follows each group
};

// How dark each value is, in [0, 1]: its share of the largest in the table; 0 for values below 0
// and for NaN, 0 everywhere when no value is above 0. One list a row.
std::vector<std::vector<double>> HeatOf(const HeatTable& table);

// REQUIRES: every row as long as `columns`, group >= 1.
std::string RenderHeatTable(const HeatTable& table);

}  // namespace trimtab
