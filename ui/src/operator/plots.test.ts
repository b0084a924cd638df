import assert from 'node:assert/strict';
import test from 'node:test';

import { bars, grounded, linePath, spanName, spanOf } from './plots';

const kMinute = 60_000;

test('a plot spans the shortest usual time that shows everything', () => {
  assert.deepEqual(spanOf(1_000 * kMinute, 1_000.5 * kMinute), { from: 999.5 * kMinute, to: 1_000.5 * kMinute });
  assert.deepEqual(spanOf(997 * kMinute, 1_000 * kMinute), { from: 995 * kMinute, to: 1_000 * kMinute });
  assert.deepEqual(spanOf(0, 1_000 * kMinute), { from: 970 * kMinute, to: 1_000 * kMinute });
});

test('spans have names', () => {
  assert.equal(spanName({ from: 0, to: kMinute }), 'minute');
  assert.equal(spanName({ from: 0, to: 5 * kMinute }), '5 minutes');
  assert.equal(spanName({ from: 0, to: 30 * kMinute }), 'half hour');
});

test('the line falls to the ground where nothing came, and only there', () => {
  const close = [{ time: 0, value: 4 }, { time: 5_000, value: 4 }];

  assert.deepEqual(grounded(close), close);
  assert.deepEqual(grounded([{ time: 0, value: 4 }, { time: 20_000, value: 4 }]), [
    { time: 0, value: 4 }, { time: 2_500, value: 0 }, { time: 17_500, value: 0 }, { time: 20_000, value: 4 },
  ]);
});

test('a line runs from left to right, its ceiling at the top', () => {
  const points = [{ time: 0, value: 0 }, { time: 5_000, value: 5 }, { time: 10_000, value: 20 }];

  assert.equal(linePath(points, { from: 0, to: 10_000 }, 10, 100, 40), 'M0.0 40.0L50.0 20.0L100.0 0.0');
  assert.equal(linePath([], { from: 0, to: 10_000 }, 10, 100, 40), '');
});

test('a bar is the largest value of its time, and warns when one of it does', () => {
  const points = [
    { time: -1, value: 9 }, { time: 0, value: 2 }, { time: 1, value: 4, warn: true }, { time: 2, value: 3 }, { time: 10, value: 2 },
  ];

  assert.deepEqual(bars(points, { from: 0, to: 10 }, 2), [{ value: 4, warn: true }, { value: 2, warn: false }]);
  assert.deepEqual(bars([], { from: 0, to: 10 }, 2), [null, null]);
});
