#include "pictures/helper.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <span>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pictures/confinement.h"
#include "pictures/decoder.h"
#include "pictures/messages.h"

namespace oxbow::pictures {
namespace {

/// What the process of one picture leaves behind: nothing of it is believed unless that process
/// ended as it should, and then it is checked as bytes from outside.
struct Handover {
    std::uint32_t outcome;
    std::uint32_t jpeg_bytes;
    std::uint8_t jpeg[kJpegBytesMax];
};

class Helper {
public:
    Helper(int socket, Decoder decoder, Handover& handover)
        : socket_(socket), decoder_(std::move(decoder)), handover_(handover) {}

    int run() {
        decoder_.warm_up();
        if (!send(Answer{})) return 1;
        while (const auto request = next_request()) {
            if (!send(answer(*request))) return 1;
            forget_picture();
        }
        return 0;
    }

private:
    bool receive(std::span<std::uint8_t> out) const {
        while (!out.empty()) {
            const ssize_t count = ::recv(socket_, out.data(), out.size(), 0);
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) return false;
            out = out.subspan(static_cast<std::size_t>(count));
        }
        return true;
    }

    bool send_bytes(BytesView bytes) const {
        while (!bytes.empty()) {
            const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return false;
            bytes = bytes.subspan(static_cast<std::size_t>(count));
        }
        return true;
    }

    bool send(const Answer& answer) const {
        return send_bytes(to_bytes(answer)) &&
               send_bytes(BytesView{handover_.jpeg}.first(answer.jpeg_bytes));
    }

    /// nullopt: the server has gone, or says what is no request.
    std::optional<Request> next_request() {
        std::array<std::uint8_t, kRequestBytes> header{};
        if (!receive(header)) return std::nullopt;
        const auto request = read_request(header);
        if (!request) return std::nullopt;
        access_unit_.resize(request->access_unit_bytes);
        if (!receive(access_unit_)) return std::nullopt;
        return *request;
    }

    Answer answer(const Request& request) {
        handover_.outcome = static_cast<std::uint32_t>(Outcome::Crashed);
        handover_.jpeg_bytes = 0;
        const pid_t pid = ::fork();
        if (pid < 0) return {.outcome = Outcome::Crashed};
        if (pid == 0) make_picture(request);
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return {.outcome = Outcome::Crashed};
        const auto outcome = static_cast<Outcome>(std::min<std::uint32_t>(
            handover_.outcome, static_cast<std::uint32_t>(Outcome::NotConfined)));
        if (outcome != Outcome::Done) return {.outcome = outcome};
        return {.outcome = Outcome::Done,
                .jpeg_bytes = std::min<std::uint32_t>(handover_.jpeg_bytes, kJpegBytesMax)};
    }

    /// The next picture may be of another channel, and its process have been taken over.
    void forget_picture() {
        std::ranges::fill(access_unit_, std::uint8_t{0});
        std::fill_n(handover_.jpeg, std::min<std::size_t>(handover_.jpeg_bytes, kJpegBytesMax),
                    std::uint8_t{0});
    }

    /// In the process of this one picture.
    [[noreturn]] void make_picture(const Request& request) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!confine_to_computing({})) {
            handover_.outcome = static_cast<std::uint32_t>(Outcome::NotConfined);
            ::_exit(0);
        }
        const auto jpeg = decoder_.jpeg_of(access_unit_, request.size, handover_.jpeg);
        handover_.outcome = static_cast<std::uint32_t>(jpeg ? Outcome::Done : jpeg.error());
        handover_.jpeg_bytes = static_cast<std::uint32_t>(jpeg.value_or(0));
        ::_exit(0);
    }

    int socket_;
    Decoder decoder_;
    Handover& handover_;
    Bytes access_unit_;
};

int refuse(int socket, Outcome why) {
    const auto bytes = to_bytes(Answer{.outcome = why});
    ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return 1;
}

}  // namespace

int run_helper(int socket) {
    if (!lower_rights_and_priority()) return refuse(socket, Outcome::NotConfined);
    auto decoder = Decoder::load();
    if (!decoder) return refuse(socket, Outcome::NoLibraries);
    void* const shared = ::mmap(nullptr, sizeof(Handover), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return 1;
    return Helper{socket, std::move(*decoder), *static_cast<Handover*>(shared)}.run();
}

}  // namespace oxbow::pictures
