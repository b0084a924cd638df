// The tests of several channels at once, in the world of watch.test.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { setTimeout as sleep } from 'node:timers/promises';

import { isForEverybody } from './access.mjs';
import { costOfBrowser, framesShown, kFrameRate, spreadWhilePlaying, until } from './oxbow.mjs';
import { close, fitsItsWidth, longTest, phone, photograph, portraits, tiles } from './world.mjs';

const kFrameMs = 1_000 / kFrameRate;

export const multiOf = (page) => page.evaluate(() => {
  const multi = document.querySelector('ox-multi');
  if (!multi) return null;
  const cells = [...multi.querySelectorAll('ox-cell')];
  return {
    state: multi.dataset.state,
    cells: cells.map((cell) => cell.dataset.state),
    busy: cells.filter((cell) => cell.hasAttribute('data-busy')).length,
    paused: cells.map((cell) => cell.querySelector('video').paused),
    seeking: cells.some((cell) => cell.querySelector('video').seeking),
    sounding: cells.flatMap((cell, n) => (cell.querySelector('video').muted ? [] : [n])),
    spoken: multi.querySelector('[role=slider]').getAttribute('aria-valuetext') ?? '',
  };
});

/** The PROGRAM-DATE-TIME of the first picture that the channel's encoder sent since it came, by channel. */
export async function firstPictures(world, channels) {
  const firsts = await Promise.all(channels.map(async ({ id }) => {
    const base = new URL(`/rewind/${id}.m3u8`, world.server.ready.http);
    const variant = (await (await fetch(base)).text()).split('\n').find((line) => line && !line.startsWith('#'));
    const playlist = await (await fetch(new URL(variant, base))).text();
    const time = /EXT-X-PROGRAM-DATE-TIME:(\S+)/.exec(playlist.split('#EXT-X-DISCONTINUITY\n').at(-1));
    return [id, Date.parse(time[1])];
  }));
  return Object.fromEntries(firsts);
}

export const together = (page, count) => until(`${count} play together`, () => multiOf(page),
  (multi) => multi?.state === 'live' && multi.busy === 0 && multi.cells.filter((cell) => cell === 'shown').length === count, 40);

/** Paused, all at one picture: how far apart they are by PROGRAM-DATE-TIME, in ms. */
export async function spreadWhilePaused(page, firsts) {
  await until('all stand', () => multiOf(page), (multi) => multi.paused.every(Boolean) && !multi.seeking);
  const spread = async () => {
    const walls = Object.entries(await framesShown(page)).map(([id, frame]) => firsts[id] + frame * kFrameMs);
    return Math.max(...walls) - Math.min(...walls);
  };
  // The picture of a seek comes a moment after it has ended.
  return until('they show one moment', spread, (apart) => apart <= kFrameMs + 1, 5);
}

export function multiTests(world) {
  test('channels picked on the wall play side by side, in sync to the frame', async (context) => {
    const { channels } = world;
    const page = await world.open('/');
    await until('four are on air', () => tiles(page, 'live'), (count) => count === 4, 30);
    await page.getByRole('link', { name: 'Watch several' }).click();
    for (const { name } of channels) await page.getByRole('button', { name: `Watch ${name} together` }).click();
    await photograph(page, 'pick-1440-dark');
    await portraits(page, 'pick');
    await isForEverybody(page);
    await page.getByRole('link', { name: 'Watch together' }).click();
    await together(page, 4);
    const firsts = await firstPictures(world, channels);

    const playing = await until('they are in sync', () => spreadWhilePlaying(page, firsts), (apart) => apart <= kFrameMs, 30);
    await page.keyboard.press('k');
    const paused = await spreadWhilePaused(page, firsts);
    await page.keyboard.press('k');
    await until('they play on', () => multiOf(page), (multi) => !multi.paused.some(Boolean) && multi.busy === 0);

    context.diagnostic(`${playing.toFixed(1)} ms apart playing, ${paused.toFixed(1)} ms paused`);
    assert.equal(new URL(page.url()).search, `?c=${channels.map(({ id }) => id).join(',')}`);
    assert.ok(playing <= kFrameMs, `${playing} ms apart while playing`);
    assert.ok(paused <= kFrameMs + 1, `${paused} ms apart while paused`);

    await page.keyboard.press('End');
    await together(page, 4);
    await page.keyboard.press('2');
    const second = await multiOf(page);
    await page.locator('ox-cell').nth(3).click();
    const fourth = await multiOf(page);
    await photograph(page, 'multi-1440-dark');
    await portraits(page, 'multi');

    assert.deepEqual([second.sounding, fourth.sounding], [[1], [3]]);
    assert.equal(await page.locator('.pill').innerText(), 'LIVE');

    // One scrubber moves all, over the time of the one that is on air the longest.
    const bar = await page.locator('.slider').boundingBox();
    await page.mouse.move(bar.x + bar.width * 0.9, bar.y + 20);
    await page.mouse.down();
    await page.mouse.move(bar.x + bar.width * 0.5, bar.y + 20, { steps: 4 });
    await photograph(page, 'multi-scrubbing-1440-dark');
    await page.mouse.up();
    const there = await until('they play behind live', () => multiOf(page), (multi) => multi.state === 'behind' && !multi.paused[0]);
    await page.keyboard.press('k');
    const apart = await spreadWhilePaused(page, firsts);
    await page.keyboard.press('Home');
    const first = await until('at the first second only the first ones have pictures', () => multiOf(page),
      (multi) => multi.cells[3] === 'before' && multi.cells.includes('shown'));
    const words = await page.locator('ox-cell').nth(3).locator('.words').innerText();
    await page.keyboard.press('End');
    await together(page, 4);
    await close(page);

    assert.match(there.spoken, /^\d\d:\d\d:\d\d, .*behind live$/);
    assert.ok(apart <= kFrameMs + 1, `${apart} ms apart after a drag`);
    assert.match(words, /^Not on air at this time\nfirst picture \d\d:\d\d/);
    assert.ok(first.cells.filter((cell) => cell === 'before').length < 4);
  });

  test('a bad address of several channels shows what there is; it fits a phone', async () => {
    const [{ id }] = world.channels;
    const page = await world.open(`/multi?c=${id},<img src=x onerror=alert(1)>,${id},NoSuchChannel&t=never`, phone);
    await together(page, 1);
    const shown = await page.locator('ox-cell').allInnerTexts();
    const fits = await fitsItsWidth(page);
    await photograph(page, 'multi-390-dark');
    await isForEverybody(page);
    await page.goto(new URL('/multi', world.server.ready.http).href);
    await page.getByRole('link', { name: 'Choose channels' }).waitFor();
    await close(page);

    assert.equal(shown.length, 2);
    assert.match(shown[1], /No such channel/);
    assert.equal(fits, true);
  });

  longTest('nine are in sync, stay so, and what they cost is said', async (context) => {
    const film = await world.server.makeFilm(150);
    const channels = [];
    for (let n = 1; n <= 9; ++n) channels.push(await world.server.createChannel(`Nine-${n}`));
    const publishers = channels.map((channel) => world.server.publishFilm(channel, film));
    const page = await world.open(`/multi?c=${channels.map(({ id }) => id).join(',')}`);
    await together(page, 9);
    const firsts = await firstPictures(world, channels);
    await until('they are in sync', () => spreadWhilePlaying(page, firsts, 30), (apart) => apart <= kFrameMs, 60);
    const before = costOfBrowser();
    await sleep(20_000);
    const after = costOfBrowser();
    const still = await until('they are in sync', () => spreadWhilePlaying(page, firsts, 30), (apart) => apart <= kFrameMs, 20);
    await page.keyboard.press('k');
    const paused = await spreadWhilePaused(page, firsts);
    await photograph(page, 'nine-1440-dark');
    await close(page);
    for (const publisher of publishers) await world.server.stop(publisher);

    context.diagnostic(`nine at 360p: ${((after.cpu - before.cpu) / 20).toFixed(2)} cores, ${after.megabytes} MB, `
      + `${still.toFixed(1)} ms apart playing, ${paused.toFixed(1)} ms paused`);
    assert.ok(still <= kFrameMs && paused <= kFrameMs + 1);
  });
}
