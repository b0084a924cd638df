// The page as a viewer sees it: OXBOW=build/dev/oxbow node --test tests/browser/watch.test.mjs
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { chromium } from 'playwright-core';

import { playerOf, secondShown, Server, until } from './oxbow.mjs';

const screenshots = process.env.OXBOW_SCREENSHOTS ?? join(tmpdir(), 'oxbow-screenshots');

let server;
let browser;
let wall;
const channels = [];
const publishers = [];
const complaints = [];

async function open(path, viewport = { width: 1440, height: 900 }) {
  const context = await browser.newContext({ viewport, colorScheme: 'dark' });
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(`${path}: ${error}`));
  await page.goto(new URL(path, server.ready.http).href);
  // Gone as soon as the page is loaded anew.
  await page.evaluate(() => (document.documentElement.dataset.loadedOnce = 'yes'));
  return page;
}

const close = (page) => page.context().close();
const wasReloaded = (page) => page.evaluate(() => document.documentElement.dataset.loadedOnce !== 'yes');
const photograph = (page, name) => page.screenshot({ path: join(screenshots, `${name}.png`) });
const tiles = (page, state) => page.locator(`ox-tile[data-state=${state}]`).count();
const live = (page) => until('the player is live', () => playerOf(page), (p) => p?.state === 'live' && p.at > 0);

before(async () => {
  mkdirSync(screenshots, { recursive: true });
  server = await Server.start();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--mute-audio'],
  });
});

after(async () => {
  await browser?.close();
  await server?.close();
});

test('with nothing published the page says where to publish', async () => {
  wall = await open('/');

  const address = wall.locator('.listening code');
  await until('the address is there', () => address.textContent(), (text) => text === server.ready.rtmp);
  assert.equal(await wall.locator('ox-empty h1').textContent(), 'Nothing on air yet');
  await photograph(wall, 'empty-1440');
});

test('channels appear on the wall when they go on air, without a reload', async () => {
  for (const [name, tone] of [['Meadow', 440], ['Perch', 550], ['Deep-zoom', 660]]) {
    const channel = await server.createChannel(name);
    channels.push(channel);
    publishers.push(server.publish(channel, tone));
  }

  await until('three tiles are live', () => tiles(wall, 'live'), (count) => count === 3, 30);

  assert.equal(await wasReloaded(wall), false);
  await until('the large tile moves', () => wall.locator('ox-picture[data-moving]').count(), (count) => count > 0);
  await photograph(wall, 'wall-1440');
});

test('the wall fits a phone', async () => {
  const phone = await open('/', { width: 390, height: 844 });

  await until('three tiles are live', () => tiles(phone, 'live'), (count) => count === 3);
  const width = await phone.evaluate(() => document.documentElement.scrollWidth);
  await photograph(phone, 'wall-390');
  await close(phone);

  assert.equal(width, 390);
});

test('a viewer plays live, rewinds to the first second, and comes back to live', async () => {
  const page = await open(`/watch/${channels[0].id}`);

  const began = await live(page);
  await until('ten seconds are there to rewind', () => playerOf(page), (p) => p.duration > 14, 30);
  await page.mouse.move(600, 300);
  await photograph(page, 'watch-live-1440');

  await page.keyboard.press('Home');
  const first = await until('the first second plays', () => playerOf(page), (p) => p.state === 'behind' && p.at < 2 && p.at > 0.2);
  const shownFirst = await secondShown(page);
  await photograph(page, 'watch-behind-1440');

  await page.keyboard.press('End');
  const back = await live(page);
  const look = async () => ({ shown: await secondShown(page), at: (await playerOf(page)).at });
  const isOfItsTime = ({ shown, at }) => at > back.at + 1 && Math.abs(shown - at) <= 1.5;
  const later = await until('it moves on with the picture of its time', look, isOfItsTime, 8);
  await close(page);

  assert.ok(began.behind <= 3);
  assert.ok(first.behind >= 5);
  assert.match(first.spoken, /behind live$/);
  assert.ok(shownFirst <= 2, `the picture of second ${shownFirst} is not of the first second`);
  assert.ok(later.shown > shownFirst + 3, `second ${later.shown} is not where live is`);
});

test('metadata becomes a cue of the video, with its text and at the time of the call', async () => {
  const page = await open(`/watch/${channels[0].id}`);
  const began = await live(page);
  const tracks = () => page.evaluate(() => document.querySelector('ox-player video').textTracks.length);
  const cue = () => page.evaluate(() => {
    const [track] = document.querySelector('ox-player video').textTracks;
    const last = [...track.cues].at(-1);
    return last ? { at: last.startTime, owner: last.value.info, text: new TextDecoder().decode(last.value.data) } : null;
  });

  assert.equal(await tracks(), 0);
  await server.putMetadata(channels[0], 'This makes the track, and Chromium forgets what it is made with.');
  await until('the track', tracks);
  await server.putMetadata(channels[0], 'Größe 🦬');
  const found = await until('the cue', cue, (last) => last?.text === 'Größe 🦬');
  const shown = await until('it plays past the cue', () => playerOf(page), (p) => p.at > found.at);
  await close(page);

  assert.equal(found.owner, 'metadata.live-video.net');
  assert.ok(found.at > began.at && found.at < shown.duration, `it is at ${found.at}`);
});

test('ten jumps back to live hang not once', async () => {
  const page = await open(`/watch/${channels[1].id}`);
  await live(page);

  const moved = [];
  for (let jump = 0; jump < 10; ++jump) {
    await page.keyboard.press('Home');
    await sleep(1_500);
    await page.keyboard.press('End');
    const landed = await until('it is live', () => playerOf(page), (p) => p.state === 'live', 8);
    await until('frames follow', () => playerOf(page), (p) => p.at > landed.at + 0.5, 8);
    moved.push(jump);
  }
  await close(page);

  assert.equal(moved.length, 10);
});

test('a drag of the seek bar shows its wall clock and plays from there', async () => {
  const page = await open(`/watch/${channels[0].id}`);
  await live(page);
  const bar = await page.locator('.slider').boundingBox();

  await page.mouse.move(bar.x + bar.width - 2, bar.y + bar.height / 2);
  await page.mouse.down();
  await page.mouse.move(bar.x + bar.width / 2, bar.y + bar.height / 2, { steps: 6 });
  const card = await page.locator('.card').innerText();
  await photograph(page, 'watch-drag-1440');
  await page.mouse.up();
  const after = await until('it plays behind live', () => playerOf(page), (p) => p.state === 'behind' && !p.paused);
  await close(page);

  assert.match(card, /^\d\d:\d\d:\d\d\n\d+:\d\d behind live$/);
  assert.ok(Math.abs(after.at - after.duration / 2) < 8, `at ${after.at} of ${after.duration}`);
});

test('an address with a time opens at that second', async () => {
  const get = (path) => fetch(new URL(path, server.ready.http));
  const { recordings } = await (await get(`/channels/${channels[0].id}/recordings.json`)).json();
  const playlist = await (await get(recordings[0].playlistUrl)).text();
  const began = Date.parse(/#EXT-X-PROGRAM-DATE-TIME:(.*)/.exec(playlist)[1]);
  const moment = new Date(began + 6_000).toISOString();

  const page = await open(`/watch/${channels[0].id}?t=${moment}`);
  const player = await until('it plays', () => playerOf(page), (p) => p?.state === 'behind' && p.at > 1);
  await close(page);

  assert.ok(player.at >= 5.9 && player.at <= 8, `it plays second ${player.at}`);
});

test('the watch page fits a phone', async () => {
  const phone = await open(`/watch/${channels[0].id}`, { width: 390, height: 844 });
  await live(phone);
  const width = await phone.evaluate(() => document.documentElement.scrollWidth);
  await photograph(phone, 'watch-live-390');
  await close(phone);

  assert.equal(width, 390);
});

test('the end of a broadcast turns the page into its recording, and the next broadcast is offered', async () => {
  const behind = await open(`/watch/${channels[2].id}`);
  await live(behind);
  await behind.keyboard.press('Home');
  await until('it is behind', () => playerOf(behind), (p) => p.state === 'behind' && p.at < 3);

  await server.stop(publishers[2]);
  const ended = await until('it has ended', () => playerOf(behind), (p) => p.state === 'ended', 30);
  const goesOn = await until('it plays on', () => playerOf(behind), (p) => p.at > ended.at + 1, 8);
  await until('one tile is off air', () => tiles(wall, 'off'), (count) => count === 1);
  await photograph(behind, 'watch-ended-1440');
  await photograph(wall, 'wall-one-off-1440');

  publishers[2] = server.publish(channels[2], 770);
  const offer = behind.locator('.notice-action');
  await until('the next broadcast is offered', () => offer.textContent(), (text) => text === 'Watch live', 30);
  await photograph(behind, 'watch-again-1440');
  await offer.click();
  const again = await live(behind);
  const reloaded = await wasReloaded(behind);
  await close(behind);

  assert.equal(goesOn.paused, false);
  assert.ok(Number.isFinite(ended.duration) && ended.duration > 20);
  assert.ok(again.duration < ended.duration);
  assert.equal(reloaded, false);
});

test('no page raised an error', () => {
  assert.deepEqual(complaints, []);
});
