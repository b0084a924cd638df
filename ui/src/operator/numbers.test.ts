import assert from 'node:assert/strict';
import test from 'node:test';

import { bytes, megabits, roomFor, seconds } from './numbers';

test('megabits have as many digits as they deserve', () => {
  assert.equal(megabits(0), '0.00');
  assert.equal(megabits(4_123_000), '4.12');
  assert.equal(megabits(17_300_000), '17.3');
});

test('bytes are told in the unit that fits', () => {
  assert.equal(bytes(0), '0 B');
  assert.equal(bytes(612_400), '612 KB');
  assert.equal(bytes(1_420_000_000), '1.4 GB');
  assert.equal(bytes(75_500_000_000), '75.5 GB');
  assert.equal(bytes(999_600_000), '1.0 GB');
  assert.equal(bytes(2_060_000_000_000), '2.06 TB');
});

test('the room left is told in whole units, and not at all when nothing comes', () => {
  assert.equal(roomFor(1e9, 0), null);
  assert.equal(roomFor(1e9, 8e6), '16 minutes');
  assert.equal(roomFor(1e12, 80e6), '27 hours');
  assert.equal(roomFor(1e13, 40e6), '23 days');
  assert.equal(roomFor(1e15, 1e6), 'years');
});

test('an interval is told in tenths of a second', () => {
  assert.equal(seconds(2_000), '2.0');
  assert.equal(seconds(3_840), '3.8');
});
