#include "net/tls.h"

#include <doctest/doctest.h>

#include "net/test_certificate.h"

namespace oxbow::net {
namespace {

using namespace std::chrono_literals;

/// A pair on disk, loaded.
struct Loaded {
    TestFolder folder;
    TestCertificate first = TestCertificate::make();
    TlsFiles files{.certificate = folder.put("fullchain.pem", first.certificate),
                   .key = folder.put("privkey.pem", first.key)};
    std::shared_ptr<TlsCertificate> certificate = TlsCertificate::load(files).value();
};

std::string key_with_passphrase() {
    EVP_PKEY* const pair = EVP_EC_gen("P-256");
    BIO* const to = BIO_new(BIO_s_mem());
    unsigned char secret[] = "secret";
    PEM_write_bio_PrivateKey(to, pair, EVP_aes_128_cbc(), secret, 6, nullptr, nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(to, &data);
    std::string out{data, static_cast<std::size_t>(size)};
    BIO_free(to);
    EVP_PKEY_free(pair);
    return out;
}

}  // namespace

TEST_CASE("a certificate and its key are a context; those of two pairs are none") {
    const TestCertificate one = TestCertificate::make();
    const TestCertificate other = TestCertificate::make();

    const auto made = TlsContext::make(one.certificate, one.key);
    const auto mixed = TlsContext::make(one.certificate, other.key);

    REQUIRE(made);
    CHECK((*made)->expires() > SystemClock{}.wall() + 50min);
    CHECK((*made)->expires() < SystemClock{}.wall() + 70min);
    REQUIRE_FALSE(mixed);
    CHECK(mixed.error().code == ErrorCode::Malformed);
    CHECK(mixed.error().what == "the key is not that of the certificate (key values mismatch)");
}

TEST_CASE("a file that is no certificate or no key is refused with its name") {
    const TestFolder folder;
    const TestCertificate pair = TestCertificate::make();
    const auto key = folder.put("key.pem", pair.key);
    const auto certificate = folder.put("cert.pem", pair.certificate);
    const auto locked = folder.put("locked.pem", key_with_passphrase());

    CHECK(read_certificate(certificate));
    CHECK(read_private_key(key));
    CHECK(read_certificate(key).error().what ==
          key.string() +
              " has no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----");
    CHECK(read_private_key(certificate).error().code == ErrorCode::Malformed);
    CHECK(read_private_key(locked).error().what ==
          locked.string() +
              " has no private key in PEM form without a passphrase, which begins with "
              "-----BEGIN PRIVATE KEY-----");
    CHECK(read_private_key(folder.path / "none").error().code == ErrorCode::NotFound);
    CHECK(read_private_key(folder.path).error().what ==
          "cannot read " + folder.path.string() + ": it is not a file");
}

TEST_CASE("a certificate may have kPemBytesMax with all its chain, and not a byte more") {
    const TestFolder folder;
    std::string text = TestCertificate::make().certificate;
    text.resize(kPemBytesMax, '\n');
    const auto fits = folder.put("fits.pem", text);
    const auto longer = folder.put("longer.pem", text + "\n");

    CHECK(read_certificate(fits));
    CHECK(read_certificate(longer).error().code == ErrorCode::LimitExceeded);
}

TEST_CASE("a pair that is renewed on disk is taken up by the next look") {
    const Loaded loaded;
    const auto before = loaded.certificate->newest();
    const TestCertificate second = TestCertificate::make();

    CHECK(loaded.certificate->look(SteadyTime{1s}).value() == TlsCertificate::Look::Unchanged);
    loaded.folder.put("fullchain.pem", second.certificate);
    loaded.folder.put("privkey.pem", second.key);

    CHECK(loaded.certificate->look(SteadyTime{2s}).value() == TlsCertificate::Look::Renewed);
    CHECK(loaded.certificate->newest() != before);
    CHECK(loaded.certificate->look(SteadyTime{3s}).value() == TlsCertificate::Look::Unchanged);
}

TEST_CASE("a wrong new pair is told once, and the old one stays") {
    const Loaded loaded;
    const auto before = loaded.certificate->newest();
    const TestCertificate second = TestCertificate::make();
    loaded.folder.put("fullchain.pem", second.certificate);

    const auto looked = loaded.certificate->look(SteadyTime{1s});
    const auto again = loaded.certificate->look(SteadyTime{2s});

    REQUIRE_FALSE(looked);
    CHECK(looked.error().what.contains(
        "are no pair: the key is not that of the certificate (key values mismatch)"));
    CHECK(again.value() == TlsCertificate::Look::Unchanged);
    CHECK(loaded.certificate->newest() == before);
    loaded.folder.put("privkey.pem", second.key);
    CHECK(loaded.certificate->look(SteadyTime{3s}).value() == TlsCertificate::Look::Renewed);
}

TEST_CASE("files that go away are told once, and the old pair stays") {
    const Loaded loaded;
    const auto before = loaded.certificate->newest();
    std::filesystem::remove(loaded.files.key);

    CHECK(loaded.certificate->look(SteadyTime{1s}).error().code == ErrorCode::NotFound);
    CHECK(loaded.certificate->look(SteadyTime{2s}).value() == TlsCertificate::Look::Unchanged);
    CHECK(loaded.certificate->newest() == before);
}

TEST_CASE("the keys of tickets are new after kTicketKeysMax, and not before") {
    const Loaded loaded;
    const auto before = loaded.certificate->newest();
    const SteadyTime start{1s};

    CHECK(loaded.certificate->look(start).has_value());
    CHECK(loaded.certificate->look(start + kTicketKeysMax - 1ms).has_value());
    CHECK(loaded.certificate->newest() == before);
    CHECK(loaded.certificate->look(start + kTicketKeysMax).value() ==
          TlsCertificate::Look::Unchanged);
    CHECK(loaded.certificate->newest() != before);
}

}  // namespace oxbow::net
