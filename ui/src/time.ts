/** Words for times. All arguments are milliseconds unless the name says seconds. */

export type Zone = 'local' | 'utc';

const kSecond = 1_000;
const kMinute = 60 * kSecond;
const kHour = 60 * kMinute;
const kDay = 24 * kHour;

const two = (n: number): string => String(n).padStart(2, '0');

/** "0:41", "31:33", "14:09:52": a stretch of time down to the second, rounded down. */
export function stretch(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** "12 minutes 34 seconds", for the ear. Zero is "0 seconds". */
export function spoken(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts: [number, string][] = [
    [Math.floor(whole / 3600), 'hour'],
    [Math.floor(whole / 60) % 60, 'minute'],
    [whole % 60, 'second'],
  ];
  const said = parts.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}${n === 1 ? '' : 's'}`);
  return said.length > 0 ? said.join(' ') : '0 seconds';
}

interface Fields {
  year: number;
  month: number;
  day: number;
  weekday: number;
  hour: number;
  minute: number;
  second: number;
}

function fields(at: number, zone: Zone): Fields {
  const d = new Date(at);
  return zone === 'utc'
    ? {
        year: d.getUTCFullYear(), month: d.getUTCMonth(), day: d.getUTCDate(), weekday: d.getUTCDay(),
        hour: d.getUTCHours(), minute: d.getUTCMinutes(), second: d.getUTCSeconds(),
      }
    : {
        year: d.getFullYear(), month: d.getMonth(), day: d.getDate(), weekday: d.getDay(),
        hour: d.getHours(), minute: d.getMinutes(), second: d.getSeconds(),
      };
}

/** "10:31:07". */
export function clock(at: number, zone: Zone): string {
  const f = fields(at, zone);
  return `${two(f.hour)}:${two(f.minute)}:${two(f.second)}`;
}

/** "10:31". */
export function clockMinutes(at: number, zone: Zone): string {
  const f = fields(at, zone);
  return `${two(f.hour)}:${two(f.minute)}`;
}

const kMonths = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const kWeekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** Calendar days from `at` to `now`, as the viewer's calendar counts them; 0 is today. */
function daysAgo(at: number, now: number, zone: Zone): number {
  const a = fields(at, zone);
  const b = fields(now, zone);
  return Math.round((Date.UTC(b.year, b.month, b.day) - Date.UTC(a.year, a.month, a.day)) / kDay);
}

/** "Today", "Yesterday", "Fri 20 Nov", "20 Nov 2025". */
export function dayName(at: number, now: number, zone: Zone): string {
  const ago = daysAgo(at, now, zone);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  const f = fields(at, zone);
  const month = kMonths[f.month] ?? '';
  if (f.year !== fields(now, zone).year) return `${f.day} ${month} ${f.year}`;
  return `${(kWeekdays[f.weekday] ?? '').slice(0, 3)} ${f.day} ${month}`;
}

/** "2026-11-20": the calendar day of `at`. */
export function dayKey(at: number, zone: Zone): string {
  const f = fields(at, zone);
  return `${f.year}-${two(f.month + 1)}-${two(f.day)}`;
}

/** When a day, "2026-11-20", begins. */
export function dayBegins(key: string, zone: Zone): number {
  const [year = 0, month = 1, day = 1] = key.split('-').map(Number);
  return zone === 'utc' ? Date.UTC(year, month - 1, day) : new Date(year, month - 1, day).getTime();
}

const kMonthNames = [
  'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December',
];

/** "Sunday 22 November 2026". */
export function dayLong(at: number, zone: Zone): string {
  const f = fields(at, zone);
  return `${kWeekdays[f.weekday] ?? ''} ${f.day} ${kMonthNames[f.month] ?? ''} ${f.year}`;
}

/** "November 2026". */
export const monthName = (year: number, month: number): string => `${kMonthNames[month] ?? ''} ${year}`;

/** "3 h 42 min", "47 min", "12 s": about how long. */
export function length(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const [h, m] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return h > 0 ? `${h} h ${m} min` : `${m} min`;
}

/** "10:12", "yesterday 20:33", "Thursday 06:12", "20 Nov 06:12": when something began. */
export function since(at: number, now: number, zone: Zone): string {
  const ago = daysAgo(at, now, zone);
  const time = clockMinutes(at, zone);
  if (ago <= 0) return time;
  if (ago === 1) return `yesterday ${time}`;
  const f = fields(at, zone);
  if (ago < 7) return `${kWeekdays[f.weekday] ?? ''} ${time}`;
  return `${f.day} ${kMonths[f.month] ?? ''} ${time}`;
}

/** "just now", "3 min ago", "2 h ago", "yesterday", "Fri 20 Nov": how long ago something ended. */
export function ago(at: number, now: number, zone: Zone): string {
  const gone = now - at;
  if (gone < kMinute) return 'just now';
  if (gone < kHour) return `${Math.floor(gone / kMinute)} min ago`;
  if (daysAgo(at, now, zone) === 0) return `${Math.floor(gone / kHour)} h ago`;
  const day = dayName(at, now, zone);
  return day === 'Yesterday' ? 'yesterday' : day;
}

/** "31:33", "14:09:52", "3 d 4 h": how long a channel is on air. */
export function onAir(seconds: number): string {
  if (seconds < 2 * 86_400) return stretch(seconds);
  return `${Math.floor(seconds / 86_400)} d ${Math.floor(seconds / 3600) % 24} h`;
}

const kRulerSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];

/**
 * The distance between two ticks of a ruler, in seconds: the smallest round one that leaves each tick
 * `pixelsMin` of a ruler `pixels` wide that spans `seconds`.
 */
export function rulerStep(seconds: number, pixels: number, pixelsMin: number): number {
  const least = (seconds * pixelsMin) / Math.max(1, pixels);
  return kRulerSteps.find((step) => step >= least) ?? Math.ceil(least / 86_400) * 86_400;
}

/** The viewer's name for a zone: "UTC", "CET", "GMT+2". */
export function zoneName(zone: Zone, at: number): string {
  if (zone === 'utc') return 'UTC';
  const parts = new Intl.DateTimeFormat(undefined, { timeZoneName: 'short' }).formatToParts(at);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? 'local time';
}
