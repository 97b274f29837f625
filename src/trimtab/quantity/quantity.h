// Strong types for what Trimtab counts: CPU, memory, rates, shares and quantiles.
#pragma once

#include <cmath>
#include <compare>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace trimtab {

// A number with a kind. Same-kind sums, differences and comparisons compile, scaling by a plain
// number compiles, a ratio of the same kind is a double; mixing CPU with memory does not compile.
// Thread-safety: a value type.
template <class Tag, class Rep>
class Quantity {
 public:
  using rep = Rep;

  constexpr Quantity() = default;
  constexpr explicit Quantity(Rep value) : value_(value) {}

  constexpr Rep value() const { return value_; }
  constexpr double as_double() const { return static_cast<double>(value_); }

  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    return Quantity(a.value_ + b.value_);
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    return Quantity(a.value_ - b.value_);
  }
  friend constexpr Quantity operator*(Quantity a, Rep factor) {
    return Quantity(a.value_ * factor);
  }
  friend constexpr Quantity operator*(Rep factor, Quantity a) {
    return Quantity(a.value_ * factor);
  }
  friend constexpr double operator/(Quantity a, Quantity b) {
    return a.as_double() / b.as_double();
  }
  constexpr Quantity& operator+=(Quantity b) { return *this = *this + b; }
  constexpr Quantity& operator-=(Quantity b) { return *this = *this - b; }

 private:
  Rep value_{};
};

// CPU in thousandths of a core.
using Millicores = Quantity<struct MillicoresTag, std::int64_t>;
// Memory in bytes. The papers' "100 MB" is 100 MiB.
using Bytes = Quantity<struct BytesTag, std::int64_t>;
// An arrival rate or a load, in requests per second.
using RequestsPerSecond = Quantity<struct RequestsPerSecondTag, double>;

constexpr Bytes Mebibytes(std::int64_t count) { return Bytes(count * (std::int64_t{1} << 20)); }
constexpr Bytes Gibibytes(std::int64_t count) { return Bytes(count * (std::int64_t{1} << 30)); }
constexpr double InMebibytes(Bytes size) { return size.as_double() / 1048576.0; }
constexpr double InCores(Millicores cpu) { return cpu.as_double() / 1000.0; }
constexpr Millicores Cores(std::int64_t count) { return Millicores(count * 1000); }

namespace quantity_internal {
constexpr double CheckedUnitInterval(double value) {
  if (!(value >= 0.0 && value <= 1.0)) std::abort();
  return value;
}
}  // namespace quantity_internal

// A share in [0, 1]. REQUIRES at construction: the value lies inside; NaN does not. The check is
// on in every build: a share outside is a bug of the caller, who validates input first.
class Ratio {
 public:
  constexpr Ratio() = default;
  constexpr explicit Ratio(double value) : value_(quantity_internal::CheckedUnitInterval(value)) {}
  constexpr double value() const { return value_; }
  friend constexpr auto operator<=>(Ratio, Ratio) = default;

 private:
  double value_ = 0.0;
};

// A quantile level in [0, 1], such as 0.95 for P95. REQUIRES as Ratio.
class Quantile {
 public:
  constexpr explicit Quantile(double level)
      : level_(quantity_internal::CheckedUnitInterval(level)) {}
  constexpr double level() const { return level_; }
  friend constexpr auto operator<=>(Quantile, Quantile) = default;

 private:
  double level_;
};

inline constexpr Quantile kP50{0.50};
inline constexpr Quantile kP95{0.95};
inline constexpr Quantile kP99{0.99};

// An index of one kind: a MicroserviceId never stands where a HostId is wanted.
template <class Tag>
class Index {
 public:
  constexpr Index() = default;
  constexpr explicit Index(std::size_t value) : value_(static_cast<std::uint32_t>(value)) {}
  constexpr std::size_t value() const { return value_; }
  friend constexpr auto operator<=>(Index, Index) = default;
  template <class H>
  friend H AbslHashValue(H h, Index index) {
    return H::combine(std::move(h), index.value_);
  }

 private:
  std::uint32_t value_ = 0;
};

}  // namespace trimtab
