import assert from 'node:assert/strict';
import test from 'node:test';

import type { Recording } from './api';
import { addMonths, byDay, Day, shareOfDay, weeksOf } from './days';

const now = Date.parse('2026-11-22T10:40:00Z');
const recording = (id: string, startedAt: string, minutes: number, running = false): Recording => ({
  id, startedAt, status: running ? 'RECORDING_STARTED' : 'RECORDING_ENDED', durationMs: minutes * 60_000, rewindUrl: '', playlistUrl: '',
  endedAt: running ? null : new Date(Date.parse(startedAt) + (minutes + 1) * 60_000).toISOString(),
});

const days = byDay([
  recording('morning', '2026-11-22T06:30:00Z', 191),
  recording('now', '2026-11-22T10:12:00Z', 28, true),
  recording('late', '2026-11-21T18:00:00Z', 480),
], now, 'utc');

test('broadcasts are on the day on which they began, the newest first', () => {
  assert.deepEqual(days.map((day) => day.key), ['2026-11-22', '2026-11-21']);
  assert.deepEqual(days[0]?.broadcasts.map((one) => one.recording.id), ['now', 'morning']);
});

test('what still runs lasts until now', () => {
  assert.equal(days[0]?.broadcasts[0]?.ended, now);
});

test('a day shows a broadcast up to midnight', () => {
  const day = days[1] as Day;

  assert.deepEqual(shareOfDay(day, day.broadcasts[0] as Day['broadcasts'][0]), { left: 0.75, width: 0.25 });
});

test('weeks begin on Monday', () => {
  const weeks = weeksOf({ year: 2026, month: 10 });

  assert.deepEqual(weeks[0], [null, null, null, null, null, null, '2026-11-01']);
  assert.equal(weeks.length, 6);
  assert.equal(weeks[5]?.[0], '2026-11-30');
});

test('months go on over the end of a year', () => {
  assert.deepEqual(addMonths({ year: 2026, month: 11 }, 1), { year: 2027, month: 0 });
  assert.deepEqual(addMonths({ year: 2026, month: 0 }, -1), { year: 2025, month: 11 });
});
