// The threads that panx's operations divide their work among.
//
// TensorFlow's own pool sends work to threads that sleep, and sleeps itself meanwhile: two changes of context for each operation, 0.1 ms and more, which
// is as long as many operations here take. This team's threads look out for the next operation for a while before they sleep, as
// those of OpenMP do, and the thread that has the work takes part.

#pragma once

#include <immintrin.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace panx {

// Look until it is so.
template <typename Condition>
void waitUntil(const Condition& isSo) {
  for (int look = 1; !isSo(); look++) {
    if (look % 4096 == 0) std::this_thread::yield();  // Other programs have the core of the one that is waited for.
    _mm_pause();
  }
}

class Team {
 public:
  // The team of the process. Its size is settled by the first call: the threads that TensorFlow was told to use.
  static Team& of(int threads) {
    static Team* team = new Team(threads);  // Never destroyed: its threads may look at it until the process ends.
    return *team;
  }

  int size() const { return size_; }

  // Run `work` in up to `workers` threads, this one among them, and return when all of them have. A thread that comes too late
  // to take part does not: `work` must take what is left to do, piece by piece, from a counter of its own.
  void run(int workers, const std::function<void()>& work) {
    std::unique_lock<std::mutex> alone(running_, std::try_to_lock);
    if (workers <= 1 || size_ <= 1 || !alone.owns_lock()) return work();
    work_ = &work;
    places_ = workers - 1;
    turn_++;  // from even to odd: open
    if (asleep_ > 0) {
      std::lock_guard<std::mutex> lock(sleeping_);
      wake_.notify_all();
    }
    work();
    turn_++;  // closed: nobody joins any more
    waitUntil([&] { return active_ == 0; });
  }

 private:
  const int size_;
  const std::function<void()>* work_ = nullptr;
  std::atomic<int> places_{0};
  // All of these in the order that every thread sees alike (std::atomic's default): whoever has joined is seen by the one that closes, or sees the close.
  std::atomic<uint64_t> turn_{0};
  std::atomic<int> active_{0}, asleep_{0};
  std::mutex running_, sleeping_;
  std::condition_variable wake_;

  // Longer than the JavaScript between two operations of a step, and too short to matter beside anything else.
  static constexpr std::chrono::microseconds kLookOut{300};

  explicit Team(int threads) : size_(threads) {
    for (int i = 1; i < threads; i++) std::thread([this] { serve(); }).detach();
  }

  void serve() {
    uint64_t seen = 0;
    for (;;) {
      const uint64_t turn = nextTurn(seen);
      seen = turn;
      active_++;
      if (turn_ == turn && places_-- > 0) (*work_)();
      active_--;
    }
  }

  // Wait for a turn that is open and was not seen.
  uint64_t nextTurn(uint64_t seen) {
    const auto isNew = [&](uint64_t turn) { return turn % 2 == 1 && turn != seen; };
    const auto until = std::chrono::steady_clock::now() + kLookOut;
    for (int look = 1;; look++) {
      const uint64_t turn = turn_;
      if (isNew(turn)) return turn;
      _mm_pause();
      if (look % 64 == 0 && std::chrono::steady_clock::now() > until) break;
    }
    std::unique_lock<std::mutex> lock(sleeping_);
    asleep_++;
    uint64_t turn = 0;
    wake_.wait(lock, [&] { return isNew(turn = turn_); });
    asleep_--;
    return turn;
  }
};

}  // namespace panx
