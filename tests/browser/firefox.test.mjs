// The main path of a viewer in Firefox: OXBOW=build/dev/oxbow node --test tests/browser/firefox.test.mjs
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { momentShown, playerOf, secondShown, secondsOf, until } from './oxbow.mjs';
import { close, firefox, live, photograph, rewindable, tiles, wasReloaded, World } from './world.mjs';

const kOff = 1.5; // s: of the picture from its time

const world = new World();
let page;

before(async () => Object.assign(world, await World.start({ launch: firefox })));
after(() => world.close());

const isOfItsTime = ({ shown, at }) => Math.abs(shown - at) <= kOff;

test('the wall shows a channel as it goes on air, and its tile opens the player, which plays live', async () => {
  page = await world.open('/');
  await until('the page says where to publish', () => page.locator('.listening code').count());
  await world.publishNew('Meadow', 440);

  await until('its tile is live', () => tiles(page, 'live'), (count) => count === 1, 30);
  await until('its picture', () => secondsOf(page.locator('ox-tile img')), (seconds) => seconds.length === 1);
  await page.locator('ox-tile').hover();
  await until('it moves under the pointer', () => page.locator('ox-picture[data-moving]').count());
  await photograph(page, 'firefox-wall');
  await page.locator('ox-tile .name').click();
  const began = await live(page);
  await until('it plays on, with the picture of its time', () => momentShown(page), (moment) => moment.at > began.at + 2 && isOfItsTime(moment));
  const { pathname } = new URL(page.url());

  assert.equal(pathname, `/watch/${world.channels[0].id}`);
  assert.equal(await wasReloaded(page), false);
  assert.equal(await page.evaluate(() => navigator.userAgent.includes('Firefox/')), true);
});

test('by the keyboard it goes to the first second, and back to live', async () => {
  await rewindable(page, 14);

  await page.keyboard.press('Home');
  const first = await until('the first second plays', () => playerOf(page), (p) => p.state === 'behind' && p.at < 2 && p.at > 0.2);
  const shownFirst = await secondShown(page);
  await photograph(page, 'firefox-behind');
  await page.keyboard.press('End');
  const back = await live(page);
  const later = await until('it moves on with the picture of its time', () => momentShown(page),
    (moment) => moment.at > back.at + 1 && isOfItsTime(moment));

  assert.ok(first.behind >= 5, `it is ${first.behind} s behind`);
  assert.ok(shownFirst <= 2, `the picture of second ${shownFirst} is not of the first second`);
  assert.ok(later.shown > shownFirst + 3, `second ${later.shown} is not where live is`);
});

test('the broadcast ends while it is watched, and its recording is at the same address', async () => {
  await page.keyboard.press('Home');
  await until('it is behind', () => playerOf(page), (p) => p.state === 'behind' && p.at < 3);
  await world.server.stop(world.publishers[0]);
  const ended = await until('it has ended', () => playerOf(page), (p) => p.state === 'ended', 30);
  await until('it plays on', () => momentShown(page), (moment) => moment.at > ended.at + 1 && isOfItsTime(moment));

  const again = await world.open(new URL(page.url()).pathname);
  const replayed = await until('the recording plays', () => playerOf(again), (p) => p?.state === 'ended' && p.at > 0.2);
  const shown = await momentShown(again);
  const isMuted = () => again.evaluate(() => document.querySelector('ox-player video').muted);
  const began = await isMuted();
  const words = await again.locator('.notice-text').textContent();
  await again.locator('.notice-action').click();
  const sounds = !await isMuted();
  await again.keyboard.press('9');
  await until('it ends', () => again.evaluate(() => document.querySelector('ox-player video').ended));
  const last = await momentShown(again);
  await photograph(again, 'firefox-ended');
  await close(again);
  await close(page);

  assert.ok(replayed.at < 4 && isOfItsTime(shown), `second ${shown.shown} is shown at ${shown.at}`);
  assert.equal(replayed.paused, false);
  assert.deepEqual({ began, words, sounds }, { began: true, words: 'Playing without sound', sounds: true });
  assert.ok(Math.abs(last.at - ended.duration) < 1 && isOfItsTime(last), `it ended at ${last.at} of ${ended.duration}, with second ${last.shown}`);
});

test('no page raised an error', () => {
  assert.deepEqual(world.complaints, []);
});
