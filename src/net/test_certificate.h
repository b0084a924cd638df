#pragma once

#include <stdlib.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace oxbow::net {

/// A certificate for localhost that vouches for itself, and its key, as files hold them.
struct TestCertificate {
    std::string certificate;
    std::string key;

    /// Another one with every call.
    static TestCertificate make() {
        EVP_PKEY* const pair = EVP_EC_gen("P-256");
        X509* const made = X509_new();
        ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
        X509_gmtime_adj(X509_getm_notBefore(made), -3600);
        X509_gmtime_adj(X509_getm_notAfter(made), 3600);
        X509_set_pubkey(made, pair);
        X509_NAME* const name = X509_get_subject_name(made);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
        X509_set_issuer_name(made, name);
        X509_sign(made, pair, EVP_sha256());
        TestCertificate out{.certificate = text([&](BIO* to) { PEM_write_bio_X509(to, made); }),
                            .key = text([&](BIO* to) {
                                PEM_write_bio_PrivateKey(to, pair, nullptr, nullptr, 0, nullptr,
                                                         nullptr);
                            })};
        X509_free(made);
        EVP_PKEY_free(pair);
        return out;
    }

private:
    static std::string text(auto write) {
        BIO* const to = BIO_new(BIO_s_mem());
        write(to);
        char* data = nullptr;
        const long size = BIO_get_mem_data(to, &data);
        std::string out{data, static_cast<std::size_t>(size)};
        BIO_free(to);
        return out;
    }
};

/// A folder for certificates, which goes with it.
struct TestFolder {
    TestFolder() {
        std::string name = std::filesystem::temp_directory_path() / "oxbow-tls-XXXXXX";
        path = ::mkdtemp(name.data());
    }
    ~TestFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;

    /// As certbot does: another file in the place of the old one.
    std::filesystem::path put(const std::string& name, const std::string& text) const {
        std::ofstream{path / "new", std::ios::binary} << text;
        std::filesystem::rename(path / "new", path / name);
        return path / name;
    }

    std::filesystem::path path;
};

}  // namespace oxbow::net
