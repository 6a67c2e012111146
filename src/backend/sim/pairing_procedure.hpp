#pragma once

#include "association.hpp"

#include <blau/backend.hpp>
#include <blau/detail/loop.hpp>
#include <blau/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace blau::sim::detail {

class Link;
class SimClient;

/// One pairing over a link, both sides of it (Core Vol 3 Part H 2.3): features are exchanged, the users asked, keys made. What passes takes the link's latency; a peripheral that is frozen or out of
/// reach lets it wait.
class Pairing : public std::enable_shared_from_this<Pairing> {
 public:
  /// The link has it as long as it is under way, and the client until it leaves the link.
  Pairing(Link& link, SimClient& client, backend::PairRequest request);

  void begin();
  /// Begun by the peripheral, but our user wants it too.
  void claim() noexcept { request_.implied = false; }
  /// The peripheral answers again, maybe.
  void kick();
  [[nodiscard]] bool is_of(const SimClient& client) const noexcept { return &client_ == &client; }
  [[nodiscard]] SimClient& client() const noexcept { return client_; }
  /// What the peripheral's display shows.
  [[nodiscard]] std::optional<std::uint32_t> shown_by_peripheral() const noexcept;
  /// Nothing that is under way counts any more.
  void stop() noexcept;

 private:
  using Step = void (Pairing::*)();
  /// Takes the step after so many exchanges.
  void next(Step step, int exchanges);
  void arrived();
  void restart_limit();
  void features_exchanged();
  void ask_ours(backend::PairingQuestion::Kind kind);
  void answered(const Result<backend::PairingAnswer>& answer);
  void rejected_by_peripheral();
  void make_keys_if_agreed();
  void make_keys();
  void finish(const Result<void>& result);

  Link& link_;
  SimClient& client_;
  backend::PairRequest request_;
  Association association_ = Association::just_works;
  std::uint32_t shown_ = 0;  ///< on a display, or on both
  std::uint32_t typed_ = 0;  ///< by our user
  bool ours_agreed_ = false;
  bool theirs_agreed_ = false;
  bool over_ = false;
  Step step_ = nullptr;  ///< what comes next, by itself
  blau::detail::Timer step_timer_;
  blau::detail::Timer limit_;
};

}  // namespace blau::sim::detail
