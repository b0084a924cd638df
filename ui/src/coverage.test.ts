import test from 'node:test';
import assert from 'node:assert/strict';

import { axisOf, liveOf, nextPicture, placeAt, without } from './coverage';

test('holes cut a stretch, at its ends too', () => {
  const left = without({ from: 100, to: 200 }, [{ from: 90, to: 110 }, { from: 150, to: 160 }, { from: 190, to: 210 }]);

  assert.deepEqual(left, [{ from: 110, to: 150 }, { from: 160, to: 190 }]);
});

test('a hole behind the end is none', () => {
  assert.deepEqual(without({ from: 100, to: 200 }, [{ from: 210, to: 220 }]), [{ from: 100, to: 200 }]);
});

test('a channel is shown, in a gap, not on air yet, or over', () => {
  const pictured = [{ from: 100, to: 150 }, { from: 160, to: 200 }];

  assert.deepEqual(placeAt(pictured, 99), { kind: 'before', at: 100 });
  assert.deepEqual(placeAt(pictured, 100), { kind: 'shown' });
  assert.deepEqual(placeAt(pictured, 150), { kind: 'gap', until: 160 });
  assert.deepEqual(placeAt(pictured, 160), { kind: 'shown' });
  assert.deepEqual(placeAt(pictured, 200), { kind: 'after', at: 200 });
  assert.deepEqual(placeAt([], 200), null);
});

test('the axis holds all that was on air together, also by way of a third', () => {
  const wholes = [{ from: 500, to: 900 }, { from: 300, to: 450 }, { from: 100, to: 320 }];

  assert.deepEqual(axisOf(wholes, 60), { from: 100, to: 900 });
});

test('a broadcast of another day is not on the axis', () => {
  assert.deepEqual(axisOf([{ from: 10_000, to: 20_000 }, { from: 100, to: 900 }], 1_000), { from: 10_000, to: 20_000 });
  assert.equal(axisOf([], 1_000), null);
});

test('live is where all are, but for one that has stopped', () => {
  assert.equal(liveOf([10_000, 9_000, 9_500], 5_000), 9_000);
  assert.equal(liveOf([10_000, 4_000, 9_500], 5_000), 9_500);
  assert.equal(liveOf([], 5_000), null);
});

test('the next picture is that of whoever has one first', () => {
  const all = [[{ from: 100, to: 200 }, { from: 400, to: 500 }], [{ from: 300, to: 350 }]];

  assert.equal(nextPicture(all, 150), 150);
  assert.equal(nextPicture(all, 200), 300);
  assert.equal(nextPicture(all, 500), null);
});
