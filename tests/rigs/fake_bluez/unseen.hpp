#pragma once

#include "loop.hpp"
#include "object.hpp"

#include <blau/address.hpp>

#include <list>
#include <memory>

namespace blau::fake {

class Adapter;

/// Adapter1.ConnectDevice: attempts at links to devices that the daemon does not know. An object is there as soon as the link is, and no call takes an attempt back.
class UnseenConnects {
 public:
  explicit UnseenConnects(Adapter& adapter) : adapter_(adapter) {}

  void begin(const Call& call, const Address& address);
  /// The adapter is off.
  void fail_all();
  /// The end of the process: nothing is told.
  void forget() noexcept;

 private:
  struct Attempt {
    Attempt(const Call& made, const Address& wanted) : call(made), address(wanted) {}
    Call call;
    Address address;
    Timer limit;
    Timer establish;
  };
  using Attempts = std::list<std::shared_ptr<Attempt>>;

  void look(const std::shared_ptr<Attempt>& attempt);
  void establish(const std::shared_ptr<Attempt>& attempt);
  void fail(const std::shared_ptr<Attempt>& attempt);
  void end(const std::shared_ptr<Attempt>& attempt);
  [[nodiscard]] bool is_near(const Attempt& attempt) const;

  Adapter& adapter_;
  Attempts attempts_;
};

}  // namespace blau::fake
