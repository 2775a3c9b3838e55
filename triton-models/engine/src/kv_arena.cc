#include "seedbed/engine/kv_arena.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "seedbed/engine/check.h"

namespace seedbed::engine {

KvArena::KvArena(int32_t capacity_positions) : capacity_(capacity_positions) {
  ENGINE_CHECK(capacity_positions >= 1, "arena capacity out of range: ", capacity_positions,
               " (expected: 1..)");
  gaps_.emplace(0, capacity_);
}

std::optional<KvArena::Span> KvArena::acquire(int32_t positions) {
  ENGINE_CHECK(positions >= 1, "span positions out of range: ", positions, " (expected: 1..)");
  const auto gap = std::ranges::find_if(gaps_, [&](const auto& entry) { return entry.second >= positions; });
  if (gap == gaps_.end()) return std::nullopt;
  const auto [offset, size] = *gap;
  gaps_.erase(gap);
  if (size > positions) gaps_.emplace(offset + positions, size - positions);
  used_ += positions;
  return Span(this, offset, positions);
}

int32_t KvArena::largest_gap() const {
  int32_t largest = 0;
  for (const auto& [offset, size] : gaps_) largest = std::max(largest, size);
  return largest;
}

void KvArena::release(int32_t offset, int32_t positions) {
  used_ -= positions;
  const auto next = gaps_.lower_bound(offset);
  if (next != gaps_.end() && next->first == offset + positions) {
    positions += next->second;
    gaps_.erase(next);
  }
  const auto after = gaps_.lower_bound(offset);
  if (after != gaps_.begin()) {
    const auto previous = std::prev(after);
    if (previous->first + previous->second == offset) {
      previous->second += positions;
      return;
    }
  }
  gaps_.emplace(offset, positions);
}

KvArena::Span::Span(KvArena* arena, int32_t offset, int32_t capacity)
    : arena_(arena), offset_(offset), capacity_(capacity) {}

KvArena::Span::Span(Span&& other) noexcept
    : arena_(std::exchange(other.arena_, nullptr)),
      offset_(other.offset_),
      capacity_(other.capacity_),
      length_(other.length_) {}

KvArena::Span& KvArena::Span::operator=(Span&& other) noexcept {
  if (this != &other) {
    if (arena_ != nullptr) arena_->release(offset_, capacity_);
    arena_ = std::exchange(other.arena_, nullptr);
    offset_ = other.offset_;
    capacity_ = other.capacity_;
    length_ = other.length_;
  }
  return *this;
}

KvArena::Span::~Span() {
  if (arena_ != nullptr) arena_->release(offset_, capacity_);
}

void KvArena::Span::keep(int32_t rows) {
  ENGINE_CHECK(rows >= 0 && rows <= capacity_ - length_, "kept rows out of range: ", rows, " (expected: 0..",
               capacity_ - length_, ")");
  length_ += rows;
}

}  // namespace seedbed::engine
