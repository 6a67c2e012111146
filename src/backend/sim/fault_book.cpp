#include "fault_book.hpp"

#include "attribute_spec.hpp"

#include <utility>
#include <vector>

namespace blau::sim::detail {

namespace {

/// The first of the list that is meant and takes this occurrence; those before it only see it pass.
template <class List, class Meant>
auto take_first(List& list, Meant is_meant) -> std::optional<typename List::value_type> {
  for (auto entry = list.begin(); entry != list.end(); ++entry) {
    if (!is_meant(*entry) || !entry->turns.take()) continue;
    auto taken = *entry;
    if (taken.turns.spent()) list.erase(entry);
    return taken;
  }
  return std::nullopt;
}

}  // namespace

void LinkFaults::call_at(ConnectStep step, std::function<void()> call, const FaultTurns& turns) {
  calls_.push_back({step, std::move(call), Turns(turns)});
}

void LinkFaults::clear() noexcept {
  losses_.clear();
  lives_.clear();
  calls_.clear();
}

bool LinkFaults::reach(ConnectStep step) {
  std::vector<std::function<void()>> due;
  for (auto& entry : calls_)
    if (entry.step == step && entry.turns.take()) due.push_back(entry.call);
  std::erase_if(calls_, [](const StepCall& entry) { return entry.turns.spent(); });
  const auto lost = take_first(losses_, [step](const Loss& loss) { return loss.step == step; });
  for (const auto& call : due) call();  // it may add to these lists
  return lost.has_value();
}

std::optional<std::chrono::nanoseconds> LinkFaults::next_life() {
  const auto taken = take_first(lives_, [](const Life&) { return true; });
  if (!taken) return std::nullopt;
  return taken->life;
}

void CharacteristicFaults::clear() noexcept {
  requests_.clear();
  values_.clear();
}

std::optional<RequestFault> CharacteristicFaults::next_request(RequestKind kind) {
  const auto taken = take_first(requests_, [kind](const Request& request) {
    return request.fault.request == RequestKind::any || request.fault.request == kind;
  });
  if (!taken) return std::nullopt;
  return taken->fault;
}

std::uint32_t CharacteristicFaults::next_value() {
  const auto taken = take_first(values_, [](const Value&) { return true; });
  return taken ? taken->times : 1;
}

std::uint16_t properties_for(RequestKind kind) noexcept {
  constexpr std::uint16_t writes = property::write | property::write_without_response |
                                   property::authenticated_signed_writes | property::reliable_write;
  constexpr std::uint16_t tells = property::notify | property::indicate;
  switch (kind) {
    case RequestKind::read: return property::read;
    case RequestKind::write: return writes;
    case RequestKind::subscribe: return tells;
    default: return property::read | writes | tells;
  }
}

std::string contradiction_in(const RequestFault& fault) {
  if (fault.delay < std::chrono::nanoseconds(0)) return "a delay is not negative";
  if (fault.delay == never && fault.error) return "an answer that never comes has no error";
  if (fault.delay == std::chrono::nanoseconds(0) && !fault.error) return "it needs an error, a delay, or both";
  return {};
}

}  // namespace blau::sim::detail
