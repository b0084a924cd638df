import assert from 'node:assert/strict';
import test from 'node:test';

import { downloadUrl, withEnd } from './download';

const bounds = { from: 1_000_000, to: 1_600_000 };

test('a download is of the whole recording, or of a range', () => {
  const range = { from: Date.UTC(2026, 10, 23, 9, 5), to: Date.UTC(2026, 10, 23, 9, 6) };

  assert.equal(downloadUrl('/rewind/AsXego4U6tnj.m3u8', 'j8Z9', range),
    '/recordings/j8Z9.ts?start=2026-11-23T09%3A05%3A00.000Z&end=2026-11-23T09%3A06%3A00.000Z');
  assert.equal(downloadUrl('/p/AQ-1/rewind/AsXego4U6tnj/j8Z9/720p30.m3u8', 'j8Z9'), '/p/AQ-1/recordings/j8Z9.ts');
  assert.equal(downloadUrl('https://tv.example/rewind/AsXego4U6tnj.m3u8', 'j8Z9'), 'https://tv.example/recordings/j8Z9.ts');
});

test('a range that is marked at one end has half a minute, or what there is', () => {
  assert.deepEqual(withEnd(null, 'from', 1_100_000, bounds), { from: 1_100_000, to: 1_130_000 });
  assert.deepEqual(withEnd(null, 'to', 1_100_000, bounds), { from: 1_070_000, to: 1_100_000 });
  assert.deepEqual(withEnd(null, 'from', 1_590_000, bounds), { from: 1_590_000, to: 1_600_000 });
  assert.deepEqual(withEnd(null, 'to', 1_010_000, bounds), { from: 1_000_000, to: 1_010_000 });
});

test('an end that passes the other takes it along', () => {
  const marked = { from: 1_100_000, to: 1_200_000 };

  assert.deepEqual(withEnd(marked, 'from', 1_150_000, bounds), { from: 1_150_000, to: 1_200_000 });
  assert.deepEqual(withEnd(marked, 'from', 1_300_000, bounds), { from: 1_300_000, to: 1_330_000 });
  assert.deepEqual(withEnd(marked, 'to', 1_100_500, bounds), { from: 1_070_500, to: 1_100_500 });
});

test('a range stays inside the recording, and lasts a second', () => {
  assert.deepEqual(withEnd(null, 'from', 9_999_999, bounds), { from: 1_599_000, to: 1_600_000 });
  assert.deepEqual(withEnd(null, 'to', 0, bounds), { from: 1_000_000, to: 1_001_000 });
});
