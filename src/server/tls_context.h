// TlsContext: the server's certificate and key, from which connections make their TLS.
//
// TLS 1.2 and above; ALPN offers "postgresql" and "http/1.1" to clients that ask. Immutable; any thread;
// outlives the connections.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

struct ssl_st;      // OpenSSL's SSL
struct ssl_ctx_st;  // and SSL_CTX

namespace millrace::server {

class TlsContext {
 public:
  // From PEM texts: the certificate with those that it is signed by behind it, and its key without a
  // password. kInvalidParameter says which of them is wrong.
  static Result<std::unique_ptr<TlsContext>> Make(std::string_view certificate_pem, std::string_view key_pem);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // A new connection's TLS, which the caller owns; nullptr without memory.
  ssl_st* NewConnection() const;
  // Boost's and other users' way to it; stays owned here.
  ssl_ctx_st* native() const { return context_; }
  // The hash of the certificate for channel binding by tls-server-end-point (RFC 5929).
  const std::string& certificate_hash() const { return certificate_hash_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}

  ssl_ctx_st* context_;
  std::string certificate_hash_;
};

}  // namespace millrace::server
