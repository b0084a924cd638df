import test from 'node:test';
import assert from 'node:assert/strict';

import { SharedClock, steer } from './shared-clock';

test('the clock runs at its rate, stands, and goes on from where it stood', () => {
  const clock = new SharedClock();
  clock.set(1_000_000, 0);
  clock.run(true, 100);

  assert.equal(clock.at(100), 1_000_000);
  assert.equal(clock.at(1_100), 1_001_000);
  clock.setRate(2, 1_100);
  assert.equal(clock.at(2_100), 1_003_000);
  clock.run(false, 2_100);
  assert.equal(clock.at(9_100), 1_003_000);
  clock.run(true, 9_100);
  assert.equal(clock.at(9_600), 1_004_000);
});

test('a film is bent gently to its clock, and jumps from far away', () => {
  assert.deepEqual(steer(0.004, 1), { jump: false, rate: 1 });
  assert.deepEqual(steer(0.1, 1), { jump: false, rate: 1.05 });
  assert.deepEqual(steer(-0.1, 2), { jump: false, rate: 1.9 });
  assert.deepEqual(steer(0.4, 1), { jump: false, rate: 1.1 });
  assert.deepEqual(steer(-0.6, 1), { jump: true, rate: 0.9 });
});
