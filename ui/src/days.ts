/** Broadcasts by calendar day. Pure. */
import type { Recording } from './api';
import { dayBegins, dayKey, Zone } from './time';

export interface Broadcast {
  recording: Recording;
  began: number;
  ended: number;
}

export interface Day {
  /** "2026-11-22". */
  key: string;
  begins: number;
  broadcasts: Broadcast[];
}

const kDayMs = 86_400_000;
const kReconnectWindowMs = 60_000;

/** The days on which something began, and what began on them, both the newest first. `now` ends what still runs. */
export function byDay(recordings: readonly Recording[], now: number, zone: Zone): Day[] {
  const days = new Map<string, Day>();
  const broadcasts = recordings.map((recording) => broadcastOf(recording, now)).sort((a, b) => b.began - a.began);
  for (const broadcast of broadcasts) {
    const key = dayKey(broadcast.began, zone);
    const day = days.get(key) ?? { key, begins: dayBegins(key, zone), broadcasts: [] };
    day.broadcasts.push(broadcast);
    days.set(key, day);
  }
  return [...days.values()];
}

function broadcastOf(recording: Recording, now: number): Broadcast {
  const began = Date.parse(recording.startedAt);
  const byLength = began + recording.durationMs;
  const running = recording.status === 'RECORDING_STARTED';
  // Its end was known when nobody had come back for so long.
  const last = Date.parse(recording.endedAt ?? '') - kReconnectWindowMs;
  const ended = running ? Math.max(now, byLength) : Math.max(last || 0, byLength);
  return { recording, began, ended };
}

/** Where a broadcast lies in its day: shares of 24 hours, cut at midnight. */
export function shareOfDay(day: Day, broadcast: Broadcast): { left: number; width: number } {
  const left = (broadcast.began - day.begins) / kDayMs;
  return { left, width: Math.min((broadcast.ended - broadcast.began) / kDayMs, 1 - left) };
}

export interface Month {
  year: number;
  /** 0 is January. */
  month: number;
}

export const monthOf = (key: string): Month => ({ year: Number(key.slice(0, 4)), month: Number(key.slice(5, 7)) - 1 });

export function addMonths({ year, month }: Month, by: number): Month {
  const months = year * 12 + month + by;
  return { year: Math.floor(months / 12), month: months % 12 };
}

/** The days of a month in weeks that begin on Monday; null where the week has days of another month. */
export function weeksOf({ year, month }: Month): (string | null)[][] {
  const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const before = (new Date(Date.UTC(year, month, 1)).getUTCDay() + 6) % 7;
  const cells: (string | null)[] = Array.from({ length: before }, () => null);
  for (let day = 1; day <= days; ++day) cells.push(`${year}-${two(month + 1)}-${two(day)}`);
  while (cells.length % 7 !== 0) cells.push(null);
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
}

const two = (n: number): string => String(n).padStart(2, '0');
