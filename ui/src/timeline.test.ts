import assert from 'node:assert/strict';
import test from 'node:test';

import { Axis, Gaps, liveDelay, mediaTimeAt, Piece, Reconnects, wallClockAt } from './timeline';

const piece = (start: number, programDateTime: number | null, cc = 0): Piece => ({ start, duration: 2, cc, programDateTime });

// Two pieces, then a reconnect whose wall clock is 60 s later.
const merged = [piece(0, 100_000), piece(2, 102_000), piece(4, 164_000, 1), piece(6, 166_000, 1)];

test('the wall clock runs with media time inside a piece', () => {
  assert.equal(wallClockAt(merged, 0), 100_000);
  assert.equal(wallClockAt(merged, 3.5), 103_500);
});

test('the wall clock jumps where the publisher came back', () => {
  assert.equal(wallClockAt(merged, 3.999), 103_999);
  assert.equal(wallClockAt(merged, 4), 164_000);
});

test('a playlist without PROGRAM-DATE-TIME has no wall clock', () => {
  assert.equal(wallClockAt([piece(0, null)], 1), null);
  assert.equal(wallClockAt([], 1), null);
});

test('a wall-clock time is found again, and one in a gap gives its end', () => {
  assert.equal(mediaTimeAt(merged, 103_500), 3.5);
  assert.equal(mediaTimeAt(merged, 130_000), 4);
  assert.equal(mediaTimeAt(merged, 165_000), 5);
});

test('a wall-clock time outside the recording gives its nearest second', () => {
  assert.equal(mediaTimeAt(merged, 5), 0);
  assert.equal(mediaTimeAt(merged, 999_000), 8);
});

test('reconnects are read once each from a list that grows', () => {
  const reconnects = new Reconnects();

  reconnects.read(merged.slice(0, 3));
  reconnects.read(merged);
  reconnects.read([...merged, piece(8, 300_000, 2)]);

  assert.deepEqual(reconnects.at, [4, 8]);
});

test('a reconnect and its gap are found where hls.js tells of them a moment late', () => {
  const [reconnects, gaps] = [new Reconnects(), new Gaps()];
  const late = [...merged.slice(0, 2), piece(4, 164_000, 0)];

  for (const pieces of [merged.slice(0, 2), late, merged]) {
    reconnects.read(pieces);
    gaps.read(pieces);
  }

  assert.deepEqual(reconnects.at, [4]);
  assert.deepEqual(gaps.all, [away]);
});

test('a reconnect far back stays where it is, also when the player moves its pieces a little', () => {
  const reconnects = new Reconnects();
  const long = (by: number) => Array.from({ length: 60 }, (_, i) => piece(2 * i + by, 100_000 + 2_000 * i, i < 30 ? 0 : 1));

  for (let count = 2; count <= 60; ++count) reconnects.read(long(count % 2 ? 0.03 : 0).slice(0, count));

  assert.deepEqual(reconnects.at, [60]);
});

test('the live delay follows the longest recent piece and the pace of reloads', () => {
  const plain = { targetduration: 6, partHoldBack: 0, canBlockReload: false };

  assert.equal(liveDelay(merged, plain), 6.5);
  assert.equal(liveDelay([{ ...piece(0, 0), duration: 6 }], plain), 10.5);
  assert.equal(liveDelay(merged, { ...plain, canBlockReload: true }), 3.5);
});

test('with parts the live delay is what the server asks for', () => {
  assert.equal(liveDelay(merged, { targetduration: 6, partHoldBack: 1.2, canBlockReload: true }), 1.2);
});

const away = { at: 4, seconds: 60, inMedia: 0 };

test('where the publisher was away there is a gap as long as the wall clock says', () => {
  const gaps = new Gaps();

  gaps.read(merged.slice(0, 3));
  gaps.read(merged);

  assert.deepEqual(gaps.all, [away]);
});

test('pieces without pictures are one gap, which takes its media time', () => {
  const gaps = new Gaps();

  gaps.read([piece(0, 100_000), { ...piece(2, 102_000), gap: true }, { ...piece(4, 104_000), gap: true }, piece(6, 106_000)]);

  assert.deepEqual(gaps.all, [{ at: 2, seconds: 4, inMedia: 4 }]);
});

test('the bar is as wide as the wall clock', () => {
  const axis = new Axis([away, { at: 10, seconds: 2, inMedia: 2 }]);

  assert.equal(axis.toBar(3), 3);
  assert.equal(axis.toBar(4), 64);
  assert.equal(axis.toBar(13), 73);
  assert.deepEqual(axis.toMedia(3), { at: 3, gap: null });
  assert.deepEqual(axis.toMedia(5), { at: 4, gap: away });
  assert.deepEqual(axis.toMedia(64), { at: 4, gap: null });
  assert.deepEqual(axis.toMedia(71).at, 12);
  assert.deepEqual(axis.toMedia(73), { at: 13, gap: null });
  assert.equal(axis.beginOf(away), 4);
});
