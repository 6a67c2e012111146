#pragma once

#include <blau/operation.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace blau::test {

/// An operation that was started, and how it ended.
template <class T>
class Started {
 public:
  explicit Started(Operation<T> operation) {
    operation.start([ended = ended_](Result<T> result) { ended->emplace_back(std::move(result)); });
  }
  [[nodiscard]] bool pending() const { return ended_->empty(); }
  [[nodiscard]] std::size_t ends() const { return ended_->size(); }
  [[nodiscard]] bool succeeded() const { return ended_->size() == 1 && ended_->front().has_value(); }
  [[nodiscard]] std::optional<ErrorCode> failure() const {
    if (ended_->size() != 1 || ended_->front().has_value()) return std::nullopt;
    return ended_->front().error().code();
  }
  [[nodiscard]] Result<T>& result() { return ended_->at(0); }

 private:
  std::shared_ptr<std::vector<Result<T>>> ended_ = std::make_shared<std::vector<Result<T>>>();
};

}  // namespace blau::test
