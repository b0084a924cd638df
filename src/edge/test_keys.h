#pragma once

#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/ensure.h"

// What the tests of this room share: keys made for the moment.

namespace oxbow::edge {

struct TestKey {
    std::string private_pem;
    std::string public_pem;

    explicit TestKey(const char* curve = "P-384") {
        EVP_PKEY* const key = EVP_EC_gen(curve);
        ENSURE(key != nullptr);
        private_pem = pem([&](BIO* out) {
            return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
        });
        public_pem = pem([&](BIO* out) { return PEM_write_bio_PUBKEY(out, key); });
        EVP_PKEY_free(key);
    }

private:
    template <typename Write>
    static std::string pem(Write write) {
        BIO* const out = BIO_new(BIO_s_mem());
        ENSURE(out != nullptr && write(out) == 1);
        char* bytes = nullptr;
        const long size = BIO_get_mem_data(out, &bytes);
        std::string text(bytes, static_cast<std::size_t>(size));
        BIO_free(out);
        return text;
    }
};

}  // namespace oxbow::edge
