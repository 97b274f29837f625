// Writes YAML that ParseYaml() reads back: block maps and lists, text always quoted.
#pragma once

#include <string>
#include <string_view>

#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Thread-safety: none. Open*() and Close() must pair; items of a list start with Item().
class YamlWriter {
 public:
  void Text(std::string_view key, std::string_view value);
  void Number(std::string_view key, double value);
  void Integer(std::string_view key, std::int64_t value);
  void Cpu(std::string_view key, Millicores value);
  void Memory(std::string_view key, Bytes value);
  void Time(std::string_view key, Duration value);
  // A key with a bare value, such as an enumerator.
  void Word(std::string_view key, std::string_view value);

  // A map, or a list, under `key`; what follows is inside it until Close().
  void Open(std::string_view key);
  void Close();
  // The next line starts a new item of the open list; until Close() it belongs to the item.
  void OpenItem();
  // An item that is one value.
  void ScalarItem(std::string_view value);

  const std::string& text() const { return text_; }

  static std::string Quoted(std::string_view value);

 private:
  void Line(std::string_view line);

  std::string text_;
  int depth_ = 0;
  bool item_ = false;  // the next line carries the dash
};

}  // namespace trimtab
