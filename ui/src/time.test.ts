import assert from 'node:assert/strict';
import test from 'node:test';

import { ago, clock, dayName, onAir, rulerStep, since, spoken, stretch } from './time';

const now = Date.parse('2026-11-23T10:43:41.000Z');

test('a stretch shows hours only from the first hour on', () => {
  assert.equal(stretch(0), '0:00');
  assert.equal(stretch(41.9), '0:41');
  assert.equal(stretch(3_599), '59:59');
  assert.equal(stretch(3_600), '1:00:00');
  assert.equal(stretch(-3), '0:00');
});

test('a spoken stretch names its units and leaves out those that are zero', () => {
  assert.equal(spoken(754), '12 minutes 34 seconds');
  assert.equal(spoken(3_601), '1 hour 1 second');
  assert.equal(spoken(0), '0 seconds');
});

test('a clock is that of the zone asked for', () => {
  assert.equal(clock(now, 'utc'), '10:43:41');
});

test('a day is named by its distance from today', () => {
  assert.equal(dayName(Date.parse('2026-11-23T00:00:00Z'), now, 'utc'), 'Today');
  assert.equal(dayName(Date.parse('2026-11-22T23:59:59Z'), now, 'utc'), 'Yesterday');
  assert.equal(dayName(Date.parse('2026-11-20T12:00:00Z'), now, 'utc'), 'Fri 20 Nov');
  assert.equal(dayName(Date.parse('2025-11-20T12:00:00Z'), now, 'utc'), '20 Nov 2025');
});

test('a beginning is a time today, and names its day before that', () => {
  assert.equal(since(Date.parse('2026-11-23T10:12:08Z'), now, 'utc'), '10:12');
  assert.equal(since(Date.parse('2026-11-22T20:33:00Z'), now, 'utc'), 'yesterday 20:33');
  assert.equal(since(Date.parse('2026-11-19T06:12:00Z'), now, 'utc'), 'Thursday 06:12');
  assert.equal(since(Date.parse('2026-11-16T06:12:00Z'), now, 'utc'), '16 Nov 06:12');
});

test('an end is told in the coarsest unit that still helps', () => {
  assert.equal(ago(now - 59_999, now, 'utc'), 'just now');
  assert.equal(ago(now - 60_000, now, 'utc'), '1 min ago');
  assert.equal(ago(now - 2 * 3_600_000, now, 'utc'), '2 h ago');
  assert.equal(ago(now - 12 * 3_600_000, now, 'utc'), 'yesterday');
});

test('a channel on air for two days and more counts days', () => {
  assert.equal(onAir(172_799), '47:59:59');
  assert.equal(onAir(172_800), '2 d 0 h');
});

test('ruler ticks keep their distance on any width', () => {
  assert.equal(rulerStep(1_893, 940, 72), 300);
  assert.equal(rulerStep(10, 940, 72), 1);
  assert.equal(rulerStep(86_400, 358, 72), 21_600);
});
