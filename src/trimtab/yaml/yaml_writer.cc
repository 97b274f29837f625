#include "trimtab/yaml/yaml_writer.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/text.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

std::string YamlWriter::Quoted(std::string_view value) {
  std::string quoted = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned>(byte));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

void YamlWriter::Line(std::string_view line) {
  text_.append(static_cast<std::size_t>(2 * depth_), ' ');
  if (item_) text_.replace(text_.size() - 2, 2, "- ");
  item_ = false;
  text_ += line;
  text_ += '\n';
}

void YamlWriter::Word(std::string_view key, std::string_view value) {
  Line(fmt::format("{}: {}", key, value));
}
void YamlWriter::Text(std::string_view key, std::string_view value) { Word(key, Quoted(value)); }
void YamlWriter::Number(std::string_view key, double value) { Word(key, fmt::format("{}", value)); }
void YamlWriter::Integer(std::string_view key, std::int64_t value) {
  Word(key, fmt::format("{}", value));
}
void YamlWriter::Cpu(std::string_view key, Millicores value) { Word(key, FormatCpu(value)); }
void YamlWriter::Memory(std::string_view key, Bytes value) { Word(key, FormatMemory(value)); }
void YamlWriter::Time(std::string_view key, Duration value) { Word(key, FormatDuration(value)); }

void YamlWriter::Open(std::string_view key) {
  Line(fmt::format("{}:", key));
  ++depth_;
}
void YamlWriter::Close() {
  --depth_;
  item_ = false;
}
void YamlWriter::OpenItem() {
  ++depth_;
  item_ = true;
}
void YamlWriter::ScalarItem(std::string_view value) {
  ++depth_;
  item_ = true;
  Line(value);
  --depth_;
}

}  // namespace trimtab
