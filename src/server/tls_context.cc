#include "server/tls_context.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace millrace::server {

namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio Reader(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

// Why OpenSSL's last call failed; clears its queue of errors.
std::unexpected<Error> Refused(std::string_view what) {
  char text[256] = "unknown";
  const unsigned long error = ERR_get_error();
  if (error != 0) ERR_error_string_n(error, text, sizeof(text));
  ERR_clear_error();
  return Fail(ErrorCode::kInvalidParameter, fmt::format("{}: {}", what, text));
}

// The hash that the certificate's signature is made with; SHA-256 where that is MD5, SHA-1 or none.
const EVP_MD* BindingHash(const X509* certificate) {
  int hash = NID_undef;
  if (OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &hash, nullptr) != 1 || hash == NID_undef ||
      hash == NID_md5 || hash == NID_sha1) {
    return EVP_sha256();
  }
  const EVP_MD* digest = EVP_get_digestbynid(hash);
  return digest == nullptr ? EVP_sha256() : digest;
}

// Each name behind its length.
constexpr unsigned char kProtocols[] = "\x0apostgresql\x08http/1.1";

int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes,
                   const unsigned char* offered, unsigned int offered_bytes, void*) {
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_bytes, kProtocols, sizeof(kProtocols) - 1, offered,
                            offered_bytes) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

// A key with a password is refused, not asked for on the terminal.
int NoPassword(char*, int, int, void*) {
  return 0;
}

}  // namespace

Result<std::unique_ptr<TlsContext>> TlsContext::Make(std::string_view certificate_pem,
                                                     std::string_view key_pem) {
  SSL_CTX* native = SSL_CTX_new(TLS_server_method());
  if (native == nullptr) return Refused("TLS cannot be set up");
  std::unique_ptr<TlsContext> context(new TlsContext(native));
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(
      native, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(native, ChooseProtocol, nullptr);

  const Bio certificates = Reader(certificate_pem);
  const Certificate own(PEM_read_bio_X509(certificates.get(), nullptr, NoPassword, nullptr), &X509_free);
  if (!own) return Refused("no certificate can be read from the TLS certificate file");
  if (SSL_CTX_use_certificate(native, own.get()) != 1) return Refused("the TLS certificate is refused");
  while (X509* signer = PEM_read_bio_X509(certificates.get(), nullptr, NoPassword, nullptr)) {
    if (SSL_CTX_add0_chain_cert(native, signer) != 1) {
      X509_free(signer);
      return Refused("a certificate behind the first is refused");
    }
  }
  ERR_clear_error();  // of the end of the file
  const Key key(PEM_read_bio_PrivateKey(Reader(key_pem).get(), nullptr, NoPassword, nullptr), &EVP_PKEY_free);
  if (!key) return Refused("no key without a password can be read from the TLS key file");
  if (SSL_CTX_use_PrivateKey(native, key.get()) != 1 || SSL_CTX_check_private_key(native) != 1) {
    return Refused("the TLS key is not that of the certificate");
  }

  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned int bytes = 0;
  if (X509_digest(own.get(), BindingHash(own.get()), hash, &bytes) != 1) {
    return Refused("the TLS certificate cannot be hashed");
  }
  context->certificate_hash_.assign(reinterpret_cast<const char*>(hash), bytes);
  return context;
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

SSL* TlsContext::NewConnection() const {
  return SSL_new(context_);
}

}  // namespace millrace::server
