#pragma once

#include "bus.hpp"
#include "habits.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace blau::fake {

/// A condition on the version: a member of Habits.
using Since = bool Habits::*;

struct SignalInfo {
  const char* name;
  const char* types;
  Since since = &Habits::always;
};

template <class T>
struct MethodOf {
  const char* name;
  const char* in;
  const char* out;
  void (T::*call)(const Call&);
  Since since = &Habits::always;
};

template <class T>
struct PropertyOf {
  const char* name;
  const char* type;
  void (*get)(const T&, Message&);
  bool (*exists)(const T&) = nullptr;  ///< absent: always
  /// Takes the new value, which has the right type, and answers the call.
  void (*set)(T&, Reader&, const Call&) = nullptr;
  Since since = &Habits::always;
};

/// What an interface is made of. One for each class.
template <class T>
struct Description {
  const char* name;
  std::span<const MethodOf<T>> methods;
  std::span<const PropertyOf<T>> properties;
  std::span<const SignalInfo> signals;
};

/// An interface of an object, as the tree sees it. Numbers are places in its description.
class Interface {
 public:
  struct Member {
    const char* name;
    const char* in;  ///< of a property: its type
    const char* out;
    Since since;
    bool writable;
  };

  explicit Interface(std::string path) : path_(std::move(path)) {}
  Interface(const Interface&) = delete;
  Interface& operator=(const Interface&) = delete;
  virtual ~Interface() = default;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] virtual const char* name() const noexcept = 0;
  [[nodiscard]] virtual std::size_t methods() const noexcept = 0;
  [[nodiscard]] virtual std::size_t properties() const noexcept = 0;
  [[nodiscard]] virtual Member method(std::size_t number) const noexcept = 0;
  [[nodiscard]] virtual Member property(std::size_t number) const noexcept = 0;
  [[nodiscard]] virtual std::span<const SignalInfo> signals() const noexcept = 0;
  [[nodiscard]] virtual bool exists(std::size_t property) const = 0;
  /// Appends the value, without a variant around it.
  virtual void get(std::size_t property, Message& to) const = 0;
  virtual void set(std::size_t property, Reader& value, const Call& call) = 0;
  virtual void call(std::size_t method, const Call& call) = 0;

 private:
  std::string path_;
};

/// The interface that `T` implements: `T::description()`.
template <class T>
class InterfaceOf : public Interface {
 public:
  using Interface::Interface;
  [[nodiscard]] const char* name() const noexcept final { return T::description().name; }
  [[nodiscard]] std::size_t methods() const noexcept final { return T::description().methods.size(); }
  [[nodiscard]] std::size_t properties() const noexcept final { return T::description().properties.size(); }
  [[nodiscard]] Member method(std::size_t number) const noexcept final {
    const auto& method = T::description().methods[number];
    return {method.name, method.in, method.out, method.since, false};
  }
  [[nodiscard]] Member property(std::size_t number) const noexcept final {
    const auto& property = T::description().properties[number];
    return {property.name, property.type, "", property.since, property.set != nullptr};
  }
  [[nodiscard]] std::span<const SignalInfo> signals() const noexcept final { return T::description().signals; }
  [[nodiscard]] bool exists(std::size_t number) const final {
    const auto& property = T::description().properties[number];
    return !property.exists || property.exists(self());
  }
  void get(std::size_t number, Message& to) const final { T::description().properties[number].get(self(), to); }
  void set(std::size_t number, Reader& value, const Call& call) final {
    T::description().properties[number].set(static_cast<T&>(*this), value, call);
  }
  void call(std::size_t number, const Call& call) final {
    (static_cast<T&>(*this).*T::description().methods[number].call)(call);
  }

 private:
  [[nodiscard]] const T& self() const { return static_cast<const T&>(*this); }
};

}  // namespace blau::fake
