import assert from 'node:assert/strict';
import test from 'node:test';

import { merged, totals, usualFrameRate, warnings } from './health';
import type { HealthSample } from './server';

const sample = (time: number, bits = 4e6, frames = 30, interval = 2_000, viewers = 1): HealthSample => [time, bits, frames, interval, viewers];
const steady = (count: number, frames = 30, interval = 2_000): HealthSample[] =>
  Array.from({ length: count }, (_, i) => sample(i * 5_000, 4e6, frames, interval));
const health = (...samples: HealthSample[]) => ({ channelArn: 'arn', samples });

test('samples that are known are not taken again', () => {
  assert.deepEqual(merged([sample(1), sample(2)], [sample(2), sample(3)]).map((s) => s[0]), [1, 2, 3]);
});

test('360 samples are kept, the newest', () => {
  const all = merged(steady(360), [sample(1e9)]);

  assert.equal(all.length, 360);
  assert.equal(all[0]?.[0], 5_000);
  assert.equal(all[359]?.[0], 1e9);
});

test('the usual frame rate is known from four samples on, whatever a stall does to some', () => {
  assert.equal(usualFrameRate(steady(3)), 0);
  assert.equal(usualFrameRate([...steady(6), sample(1e6, 1e6, 12), sample(1e6 + 1, 0, 0)]), 30);
});

test('a stream that does well has no warning', () => {
  assert.deepEqual(warnings(health(...steady(10)), false), []);
  assert.deepEqual(warnings(undefined, false), []);
});

test('a frame rate that stays low is warned of, a single low sample is not', () => {
  const low = sample(1e6, 4e6, 24.1);
  const lower = sample(1e6 + 5_000, 4e6, 24.1);

  assert.deepEqual(warnings(health(...steady(10), low), false), []);
  assert.deepEqual(warnings(health(...steady(10), low, lower), false).map((w) => w.text),
    ['delivers 24.1 of 30 frames per second. Its encoder may be too slow.']);
});

test('key frames too far apart are warned of with what to do', () => {
  assert.deepEqual(warnings(health(...steady(4, 30, 2_600)), false), []);
  assert.deepEqual(warnings(health(...steady(4, 30, 3_800)), false).map((w) => w.text),
    ['sends a key frame every 3.8 s. Set the encoder to 2 s to bring the delay down.']);
});

test('a stream that starves is warned of that, and not of its missing pictures', () => {
  const slow = [sample(1e6, 1e6, 10), sample(1e6 + 5_000, 1e6, 10)];

  assert.deepEqual(warnings(health(...steady(10), ...slow), true).map((w) => w.trouble), ['starving']);
});

test('the samples of one moment are added up', () => {
  assert.deepEqual(totals([health(sample(5, 1), sample(10, 2)), health(sample(10, 3))]),
    [{ time: 5, bits: 1, viewers: 1 }, { time: 10, bits: 5, viewers: 2 }]);
});
