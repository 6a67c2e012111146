#pragma once

#include "platform.hpp"

namespace fake_windows {

/// The factory of a class whose objects need no arguments.
template <class Made>
class PlainFactory : public winrt::implements<PlainFactory<Made>, foundation::IActivationFactory> {
 public:
  foundation::IInspectable ActivateInstance() const {
    return winrt::make<Made>().template as<foundation::IInspectable>();
  }
};

}  // namespace fake_windows
