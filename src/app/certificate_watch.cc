#include "app/certificate_watch.h"

#include <utility>

#include "base/log.h"

namespace oxbow::app {
namespace {

constexpr std::chrono::hours kWarnEvery{24};

}  // namespace

CertificateWatch::CertificateWatch(boost::asio::io_context& loop,
                                   std::shared_ptr<net::TlsCertificate> certificate,
                                   const Clock& clock)
    : timer_(loop), certificate_(std::move(certificate)), clock_(clock) {
    warn_of_end();
    await();
}

void CertificateWatch::await() {
    timer_.expires_after(kCertificateLookEvery);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        look();
        await();
    });
}

void CertificateWatch::look() {
    const auto looked = certificate_->look(clock_.steady());
    if (!looked) {
        log::error("[tls] the new certificate is not used, the old one stays: {}",
                   looked.error().what);
    } else if (*looked == net::TlsCertificate::Look::Renewed) {
        warned_ = {};
        log::info("[tls] a new certificate is in use, until {}",
                  format_rfc3339(certificate_->newest()->expires()));
    }
    warn_of_end();
}

void CertificateWatch::warn_of_end() {
    const WallTime now = clock_.wall();
    const WallTime end = certificate_->newest()->expires();
    if (end - now > kCertificateWarningMax || now - warned_ < kWarnEvery) return;
    warned_ = now;
    log::warning("[tls] the certificate {} {}: clients refuse it then; renew it",
                 end > now ? "ends" : "has ended", format_rfc3339(end));
}

}  // namespace oxbow::app
