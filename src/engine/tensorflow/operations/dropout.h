// Random numbers of dropout.

#pragma once

#include <cstdint>

namespace panx {

// What dropout multiplies values with: 0 with probability `rate`, else 1 / (1 - rate). A pure function of the seed and of where a value stands, in
// two steps: a row's keys, by two rounds of the 64-bit finaliser of MurmurHash3 (Appleby; constants of Stafford's mix 13) over a Weyl
// sequence; then one word for each element of the row, by a 32-bit finaliser (Wellons' "prospector", 16-15-15), which is a sixth of the work. So any
// thread may draw any row, the backward draws the forward's mask again instead of keeping it, and a resumed run draws what an unbroken one would have.
class Dropout {
 public:
  Dropout(const int32_t* seed, float rate)
      : seed_(static_cast<uint64_t>(static_cast<uint32_t>(seed[0])) << 32 | static_cast<uint32_t>(seed[1])),
        threshold_(static_cast<uint32_t>(static_cast<double>(rate) * 4294967296.0)),
        scale_(1.0f / (1.0f - rate)) {}

  // The factors of `width` elements of row `row` of the seed's stream. rate 0 is not drawn.
  void draw(uint64_t row, int64_t width, float* __restrict factors) const {
    uint64_t z = seed_ * 0x9e3779b97f4a7c15ULL + row * 0xd1342543de82ef95ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z ^= z >> 27;
    const uint32_t first = static_cast<uint32_t>(z), second = static_cast<uint32_t>(z >> 32);
    // Copies: members, which may lie anywhere in memory, would keep the loop from becoming vector code.
    const uint32_t threshold = threshold_;
    const float scale = scale_;
    for (int64_t i = 0; i < width; i++) {
      uint32_t x = static_cast<uint32_t>(i) * 0x9e3779b9u + first;
      x = (x ^ (x >> 16)) * 0x21f0aaadu;
      x = (x ^ (x >> 15) ^ second) * 0xd35a2d97u;
      x ^= x >> 15;
      factors[i] = x < threshold ? 0.0f : scale;
    }
  }

 private:
  uint64_t seed_;
  uint32_t threshold_;
  float scale_;
};

}  // namespace panx
