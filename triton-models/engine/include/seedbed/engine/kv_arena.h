#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

namespace seedbed::engine {

// Hands out contiguous spans of KV positions of one model's arena (first fit). Not thread-safe: owned by the scheduler's thread.
class KvArena {
 public:
  explicit KvArena(int32_t capacity_positions);

  // One sequence's KV: positions [0, capacity), of which [0, length) are kept. Returns its positions on destruction.
  class Span {
   public:
    Span(Span&& other) noexcept;
    Span& operator=(Span&& other) noexcept;
    Span(const Span&) = delete;
    Span& operator=(const Span&) = delete;
    ~Span();

    int32_t offset() const { return offset_; }      // first position inside the arena
    int32_t capacity() const { return capacity_; }  // positions
    int32_t length() const { return length_; }      // kept positions
    void keep(int32_t rows);                        // length += rows

   private:
    friend class KvArena;
    Span(KvArena* arena, int32_t offset, int32_t capacity);
    KvArena* arena_;
    int32_t offset_;
    int32_t capacity_;
    int32_t length_ = 0;
  };

  // Empty when no gap is large enough now.
  std::optional<Span> acquire(int32_t positions);

  int32_t capacity() const { return capacity_; }
  int32_t used() const { return used_; }
  int32_t largest_gap() const;

 private:
  void release(int32_t offset, int32_t positions);
  int32_t capacity_;
  int32_t used_ = 0;
  std::map<int32_t, int32_t> gaps_;  // offset -> positions, never adjacent
};

}  // namespace seedbed::engine
