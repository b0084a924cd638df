#pragma once

#include <chrono>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/times.h"
#include "net/tls.h"

namespace oxbow::app {

/// How long a renewed certificate waits until it is seen.
inline constexpr std::chrono::seconds kCertificateLookEvery{1};
/// The log warns when the certificate ends within this time.
inline constexpr std::chrono::hours kCertificateWarningMax{7 * 24};

/// Looks at the certificate's files while its loop runs, takes up what is new, and says so in the
/// log; also when a certificate is about to end, once a day.
///
/// Thread safety: the loop's thread.
class CertificateWatch {
public:
    CertificateWatch(boost::asio::io_context& loop,
                     std::shared_ptr<net::TlsCertificate> certificate, const Clock& clock);

private:
    void await();
    void look();
    void warn_of_end();

    boost::asio::steady_timer timer_;
    std::shared_ptr<net::TlsCertificate> certificate_;
    const Clock& clock_;
    WallTime warned_{};
};

}  // namespace oxbow::app
