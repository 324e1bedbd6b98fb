// Fetching into the second-level cache what will soon be read, a few lines at a time: all at once, and whoever asks waits for it.

#pragma once

#include <cstdint>

namespace panx {

// The cache lines of `rows` rows of `width` bytes each, `stride` bytes apart.
class Lines {
 public:
  Lines(const void* data, int64_t stride, int64_t rows, int64_t width)
      : row_(static_cast<const char*>(data)), stride_(stride), perRow_((width + kLine - 1) / kLine), rows_(width > 0 ? rows : 0) {}

  // From now on, all of them in `turns` turns.
  void begin(int64_t turns) { atOnce_ = turns == 0 ? 0 : (rows_ * perRow_ + turns - 1) / turns; }

  void fetch() {
    for (int64_t i = 0; i < atOnce_ && rows_ > 0; i++) {
      __builtin_prefetch(row_ + next_ * kLine, 0, 2);
      if (++next_ < perRow_) continue;
      next_ = 0;
      row_ += stride_;
      rows_--;
    }
  }

 private:
  static constexpr int64_t kLine = 64;
  const char* row_;
  int64_t stride_, perRow_, rows_;
  int64_t next_ = 0, atOnce_ = 0;
};

}  // namespace panx
