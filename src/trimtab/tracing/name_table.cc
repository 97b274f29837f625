#include "trimtab/tracing/name_table.h"

#include "trimtab/tracing/text_hash.h"

namespace trimtab {
namespace {

constexpr std::string_view kOther = "(other)";

// What an entry costs beside its text: the entry itself and its place in the hash table.
constexpr std::int64_t kEntryBytes = 64;

}  // namespace

NameTable::NameTable(Bytes text_bound) : text_bound_(text_bound) {
  Append({}, HashText({}));
  recent_.fill({.hash = entries_.front().hash, .id = NameId()});
  argument_classes_.push_back(NameId());
}

NameId NameTable::Intern(std::string_view name) {
  const std::uint64_t hash = HashText(name);
  const Recent& recent = recent_[hash % recent_.size()];
  // The text is compared as well: ids may collide, names must not.
  if (recent.hash == hash && entries_[recent.id.value()].name == name) return recent.id;
  return InternSlow(name, hash);
}

std::uint16_t NameTable::InternArgumentClasses(std::string_view classes) {
  if (classes.empty()) return 0;
  const bool is_full = argument_classes_.size() >= kMostArgumentClasses;
  if (is_full) {
    // Looked for without being kept.
    const auto known = by_hash_.find(HashText(classes));
    const bool is_known = known != by_hash_.end() && Name(known->second) == classes &&
                          argument_class_of_.contains(known->second.value());
    if (!is_known) classes = kOther;
  }
  const NameId id = Intern(classes);
  const auto [entry, is_new] = argument_class_of_.try_emplace(
      id.value(), static_cast<std::uint16_t>(argument_classes_.size()));
  if (is_new) argument_classes_.push_back(id);
  return entry->second;
}

NameId NameTable::InternSlow(std::string_view name, std::uint64_t hash) {
  std::uint64_t key = hash;
  auto found = by_hash_.find(key);
  while (found != by_hash_.end() && entries_[found->second.value()].name != name) {
    found = by_hash_.find(++key);
  }
  NameId id;
  if (found != by_hash_.end()) {
    id = found->second;
  } else if (text_ >= text_bound_ && name != kOther) {
    ++refused_;
    return Intern(kOther);
  } else {
    id = Append(name, key);
  }
  recent_[hash % recent_.size()] = {.hash = hash, .id = id};
  return id;
}

NameId NameTable::Append(std::string_view name, std::uint64_t hash) {
  const NameId id(entries_.size());
  entries_.push_back({std::string(name), hash});
  by_hash_.emplace(hash, id);
  text_ += Bytes(static_cast<std::int64_t>(name.size()) + kEntryBytes);
  return id;
}

}  // namespace trimtab
