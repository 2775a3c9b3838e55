#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "triton_error.h"

namespace seedbed::backend {

// Bounds the requests of one version that are accepted and not finished. Triton's own queue bounds nothing
// here, since execute returns at once. Thread-safe.
class InflightLimit : public std::enable_shared_from_this<InflightLimit> {
 public:
  explicit InflightLimit(int32_t limit) : limit_(limit) {}

  // A place among the requests in flight, given back on destruction.
  class Place {
   public:
    explicit Place(std::shared_ptr<InflightLimit> owner) noexcept : owner_(std::move(owner)) {}
    Place(Place&&) noexcept = default;
    Place& operator=(Place&&) = delete;
    ~Place() { give_back(); }
    void give_back() noexcept {
      if (owner_) owner_->taken_.fetch_sub(1);
      owner_.reset();
    }

   private:
    std::shared_ptr<InflightLimit> owner_;
  };

  // Throws TritonError UNAVAILABLE when all places are taken.
  Place take() {
    Place place(shared_from_this());
    if (const int32_t before = taken_.fetch_add(1); before >= limit_) {
      throw TritonError(TRITONSERVER_ERROR_UNAVAILABLE,
                        "too many requests in flight: " + std::to_string(before) +
                            " (max_inflight: " + std::to_string(limit_) + ")");
    }
    return place;
  }

 private:
  const int32_t limit_;
  std::atomic<int32_t> taken_{0};
};

}  // namespace seedbed::backend
