import test from 'node:test';
import assert from 'node:assert/strict';

import { idsOf, multiAddress, pickAddress } from './multi-address';

test('ids are read each once and no more than nine, and what is none is left out', () => {
  assert.deepEqual(idsOf('AsXego4U6tnj,j8Z9O91ndcVs,AsXego4U6tnj'), ['AsXego4U6tnj', 'j8Z9O91ndcVs']);
  assert.deepEqual(idsOf('a,,<img src=x>,../b,c d,e'), ['a', 'e']);
  assert.equal(idsOf('1,2,3,4,5,6,7,8,9,10').length, 9);
  assert.deepEqual(idsOf(null), []);
  assert.deepEqual(idsOf('x'.repeat(65)), []);
});

test('an address names the channels, and a moment when there is one', () => {
  assert.equal(multiAddress(['a', 'b']), '/multi?c=a,b');
  assert.equal(multiAddress(['a'], Date.UTC(2026, 10, 23, 9, 5)), '/multi?c=a&t=2026-11-23T09:05:00.000Z');
  assert.equal(pickAddress(['a', 'b']), '/#pick/a,b');
  assert.equal(pickAddress([]), '/#pick');
});
