// Whole vector registers in the compiler's own notation (GCC's vector extensions): the same source for AVX-512 and AVX2. For loops that the
// compiler makes slow vector code of, or none: over a handful of values, or with a table to look up.

#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

namespace panx {

// Floats of a vector register.
#ifdef __AVX512F__
constexpr int kLanes = 16;
#else
constexpr int kLanes = 8;
#endif

typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));
typedef int32_t Places __attribute__((vector_size(kLanes * sizeof(int32_t))));
using Lanes = std::make_integer_sequence<int, kLanes>;

inline Vector load(const float* from) {
  Vector vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}

inline void store(const Vector& vector, float* to) { std::memcpy(to, &vector, sizeof vector); }

// Rounded to bfloat16: to the nearest, of two to the even one.
inline void store(const Vector& vector, uint16_t* to) {
  typedef uint32_t Bits __attribute__((vector_size(kLanes * sizeof(uint32_t))));
  typedef uint16_t Halves __attribute__((vector_size(kLanes * sizeof(uint16_t))));
  const Bits bits = reinterpret_cast<const Bits&>(vector);
  const Halves rounded = __builtin_convertvector((bits + 0x7fff + (bits >> 16 & 1)) >> 16, Halves);
  std::memcpy(to, &rounded, sizeof rounded);
}

// The first `count` values of an array of fewer than kLanes, zeros after them; and only so many of a vector.
inline Vector loadFirst(const float* from, int64_t count) {
  Vector vector{};
  std::memcpy(&vector, from, count * sizeof(float));
  return vector;
}
template <typename Value>
inline void storeFirst(const Vector& vector, int64_t count, Value* to) {
  Value values[kLanes];
  store(vector, values);
  std::memcpy(to, values, count * sizeof(Value));
}

// `count` values to float32 or to bfloat16.
template <typename Value>
inline void storeAll(const float* from, int64_t count, Value* to) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(load(from + i), to + i);
  if (i < count) storeFirst(loadFirst(from + i, count - i), count - i, to + i);
}

inline Vector absolute(Vector x) {
  const Places bits = reinterpret_cast<const Places&>(x) & INT32_MAX;
  return reinterpret_cast<const Vector&>(bits);
}

// x where `sign` is positive, -x where it is negative.
inline Vector withSign(Vector x, Vector sign) {
  const Places bits = reinterpret_cast<const Places&>(x) ^ (reinterpret_cast<const Places&>(sign) & INT32_MIN);
  return reinterpret_cast<const Vector&>(bits);
}

}  // namespace panx
