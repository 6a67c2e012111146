#pragma once

#include "attribute_pdu.hpp"

#include <blau/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// @file
/// GATT procedures (Core Vol 3 Part G 4) as state machines: a request out, a response in, until done.

namespace blau::sim::detail {

/// What procedures of one bearer share.
struct ProcedureContext {
  std::uint16_t mtu = default_mtu;  ///< agreed on
  std::uint16_t own_mtu = max_mtu;  ///< offered
};

/// One GATT procedure. Sends one PDU at a time.
class Procedure {
 public:
  using Next = std::optional<Bytes>;

  Procedure() = default;
  Procedure(const Procedure&) = delete;
  Procedure& operator=(const Procedure&) = delete;
  virtual ~Procedure() = default;

  /// The first PDU; empty if there is nothing to do or the procedure failed at once. `context` outlives the procedure.
  virtual Next begin(ProcedureContext& context) = 0;
  /// Takes the response to the last PDU; gives the next one, or nothing at the end.
  virtual Next consume(ByteView response) = 0;

  /// True for a PDU that is not answered: the procedure is over when it is sent.
  [[nodiscard]] virtual bool is_command() const noexcept { return false; }

  /// The handle of the one attribute that it is about; 0 if it is about none or many.
  [[nodiscard]] virtual std::uint16_t attribute() const noexcept { return 0; }

  /// Why it failed: `att` with the server's code, `failed` for a malformed answer, or what `stop` was given. Empty if
  /// it did not.
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }
  void stop(const Error& error) {
    if (!error_) error_ = error;
  }

 private:
  std::optional<Error> error_;
};

/// A procedure that asks by itself, not by others.
class RequestProcedure : public Procedure {
 public:
  Next begin(ProcedureContext& context) final;
  Next consume(ByteView response) final;

 protected:
  virtual Next first() = 0;
  /// A response of the right kind; `in` stands behind its opcode.
  virtual Next on_response(PduReader& in) = 0;
  /// An Error Response. By default it ends the procedure.
  virtual Next on_error(AttError error, std::uint16_t handle);

  /// Sends a request and expects this response to it.
  Next ask(Bytes request, Opcode expected);
  /// The end, by an answer that no server should give.
  Next malformed(const std::string& what);
  /// The end, by the server's error.
  Next failed(AttError error, std::uint16_t handle);
  [[nodiscard]] std::uint16_t mtu() const noexcept { return context_->mtu; }
  [[nodiscard]] ProcedureContext& context() noexcept { return *context_; }

 private:
  ProcedureContext* context_ = nullptr;
  std::uint8_t asked_ = 0;
  std::uint8_t expected_ = 0;
};

/// Core Vol 3 Part G 4.3.1.
class ExchangeMtu final : public RequestProcedure {
 private:
  Next first() override;
  Next on_response(PduReader& in) override;
};

/// Reads a value to its end, by Read and Read Blob (Core Vol 3 Part G 4.8.1, 4.8.3).
class ReadValue final : public RequestProcedure {
 public:
  explicit ReadValue(std::uint16_t handle) : handle_(handle) {}
  [[nodiscard]] const Bytes& value() const noexcept { return value_; }
  [[nodiscard]] std::uint16_t attribute() const noexcept override { return handle_; }

 private:
  Next first() override;
  Next on_response(PduReader& in) override;
  Next on_error(AttError error, std::uint16_t handle) override;

  std::uint16_t handle_;
  Bytes value_;
};

/// Reads the values of a UUID (Core Vol 3 Part G 4.8.2), each cut as Read By Type does.
class ReadByType final : public RequestProcedure {
 public:
  struct Found {
    std::uint16_t handle = 0;
    Bytes value;
  };
  ReadByType(const Uuid& type, std::uint16_t first, std::uint16_t last) : type_(type), from_(first), last_(last) {}
  [[nodiscard]] const std::vector<Found>& values() const noexcept { return found_; }

 private:
  Next first() override;
  Next on_response(PduReader& in) override;
  Next on_error(AttError error, std::uint16_t handle) override;

  Uuid type_;
  std::uint16_t from_;
  std::uint16_t last_;
  std::vector<Found> found_;
};

/// Writes a value: by Write Request if it fits, else by prepared writes whose echo is compared (Core Vol 3 Part G
/// 4.9.3 to 4.9.5).
class WriteValue final : public RequestProcedure {
 public:
  /// @param reliable prepared writes also for a short value
  WriteValue(std::uint16_t handle, Bytes value, bool reliable = false)
      : handle_(handle), value_(std::move(value)), reliable_(reliable) {}
  [[nodiscard]] std::uint16_t attribute() const noexcept override { return handle_; }

 private:
  Next first() override;
  Next on_response(PduReader& in) override;
  Next on_error(AttError error, std::uint16_t handle) override;
  Next prepare();
  Next execute(bool keep);

  std::uint16_t handle_;
  Bytes value_;
  bool reliable_;
  std::size_t sent_ = 0;  ///< bytes whose preparation was confirmed
  std::size_t part_ = 0;  ///< bytes of the part that is out
  bool prepares_ = false;
  bool executing_ = false;
};

/// Write Without Response (Core Vol 3 Part G 4.9.1). A value that the MTU does not hold is an error,
/// `invalid_argument`.
class WriteCommand final : public RequestProcedure {
 public:
  WriteCommand(std::uint16_t handle, Bytes value) : handle_(handle), value_(std::move(value)) {}
  [[nodiscard]] bool is_command() const noexcept override { return true; }
  [[nodiscard]] std::uint16_t attribute() const noexcept override { return handle_; }

 private:
  Next first() override;
  Next on_response(PduReader& in) override;

  std::uint16_t handle_;
  Bytes value_;
};

}  // namespace blau::sim::detail
