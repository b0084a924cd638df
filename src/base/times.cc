#include "base/times.h"

#include <fmt/format.h>

namespace oxbow {
namespace {

struct CivilTime {
    int year;
    unsigned month, day;
    long hour, minute, second, millisecond;
};

CivilTime civil(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    return {static_cast<int>(date.year()),     static_cast<unsigned>(date.month()),
            static_cast<unsigned>(date.day()), clock.hours().count(),
            clock.minutes().count(),           clock.seconds().count(),
            clock.subseconds().count()};
}

/// Takes `count` digits off the front of `text`; -1 when they are not there.
int take_digits(std::string_view& text, std::size_t count) {
    if (text.size() < count) return -1;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

/// Up to nine digits behind a decimal point, cut to milliseconds; -1 when malformed.
int take_fraction(std::string_view& text) {
    if (!take(text, ".")) return 0;
    int value = 0;
    int digits = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; ++digits) {
        if (digits < 3) value = value * 10 + (text.front() - '0');
        text.remove_prefix(1);
    }
    if (digits == 0 || digits > 9) return -1;
    for (int i = digits; i < 3; ++i) value *= 10;
    return value;
}

}  // namespace

WallTime SystemClock::wall() const {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady() const {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::steady_clock::now());
}

std::string format_rfc3339_ms(WallTime time) {
    const CivilTime t = civil(time);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", t.year, t.month, t.day, t.hour,
                       t.minute, t.second, t.millisecond);
}

std::string format_rfc3339(WallTime time) {
    const CivilTime t = civil(time);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", t.year, t.month, t.day, t.hour,
                       t.minute, t.second);
}

Result<WallTime> parse_rfc3339(std::string_view text) {
    const auto malformed = [whole = std::string(text.substr(0, 40))] {
        return fail(ErrorCode::Malformed, "'" + whole + "' is not an RFC 3339 time");
    };
    const int year = take_digits(text, 4);
    const bool dash1 = take(text, "-");
    const int month = take_digits(text, 2);
    const bool dash2 = take(text, "-");
    const int day = take_digits(text, 2);
    const bool t = take(text, "Tt ");
    const int hour = take_digits(text, 2);
    const bool colon1 = take(text, ":");
    const int minute = take_digits(text, 2);
    const bool colon2 = take(text, ":");
    const int second = take_digits(text, 2);
    const int millisecond = take_fraction(text);
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    const bool shape = dash1 && dash2 && t && colon1 && colon2 && year >= 0 && date.ok();
    const bool clock = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 &&
                       second <= 60 && millisecond >= 0;  // 60: a leap second
    if (!shape || !clock) return malformed();

    std::chrono::minutes offset{0};
    if (!take(text, "Zz")) {
        if (text.empty() || (text.front() != '+' && text.front() != '-')) return malformed();
        const int sign = text.front() == '+' ? 1 : -1;
        text.remove_prefix(1);
        const int hours = take_digits(text, 2);
        const bool colon = take(text, ":");
        const int minutes = take_digits(text, 2);
        if (!colon || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return malformed();
        offset = std::chrono::minutes{sign * (hours * 60 + minutes)};
    }
    if (!text.empty()) return malformed();
    const WallTime time{std::chrono::sys_days{date} + std::chrono::hours{hour} +
                        std::chrono::minutes{minute} + std::chrono::seconds{second} +
                        std::chrono::milliseconds{millisecond} - offset};
    // In UTC it may lie in a year that has no four digits.
    if (time < kWallTimeMin || time > kWallTimeMax) return malformed();
    return time;
}

}  // namespace oxbow
