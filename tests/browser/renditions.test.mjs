// Recordings with several renditions: OXBOW=build/dev/oxbow node --test tests/browser/renditions.test.mjs
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { isForEverybody } from './access.mjs';
import { momentShown, playerOf, until } from './oxbow.mjs';
import { close, fitsItsWidth, phone, photograph, tiles, World } from './world.mjs';

const kSeconds = 30;

const world = new World();
let several;
let one;

before(async () => {
  Object.assign(world, await World.start());
  const { server } = world;
  several = await server.createChannel('Several');
  one = await server.createChannel('One');
  const film = await server.makeFilm(kSeconds);
  await server.crash();
  await server.putAmazonRecording(several, 'earlier0recd', new Date('2023-02-08T20:05:41.550Z'), film, kSeconds, [360, 180]);
  await server.putAmazonRecording(several, 'amazon0recrd', new Date('2023-02-09T22:55:41.550Z'), film, kSeconds, [360, 270, 180]);
  await server.putAmazonRecording(one, 'single0recrd', new Date('2023-02-09T22:55:41.550Z'), film, kSeconds, [360]);
  await server.rebuildCatalogue();
  await server.startAgain();
});
after(() => world.close());

const linesShown = (page) => page.evaluate(() => document.querySelector('ox-player video')?.videoHeight);
const menu = (page) => page.locator('ox-quality-menu .menu');
const button = (page) => page.locator('ox-quality-menu > button');
const checked = (page) => menu(page).locator('[aria-checked=true]').textContent();
const plays = (page) => until('it plays', () => playerOf(page), (p) => p?.state === 'ended' && p.at > 0.2);

/** Waits until the film has so many lines, and plays on with the picture of its time. */
async function playsWith(page, lines) {
  await until(`it has ${lines} lines`, () => linesShown(page), (shown) => shown === lines);
  const { at } = await playerOf(page);
  await until('it plays on', () => momentShown(page), (moment) => moment.at > at + 0.5 && Math.abs(moment.shown - moment.at) <= 1.5, 8);
}

test('a rendition is chosen by the keyboard, and shown from then on', async () => {
  const page = await world.open(`/watch/${several.id}`);
  await plays(page);
  const names = await menu(page).locator('button').allTextContents();
  const atFirst = await checked(page);
  const [words, label] = [await button(page).textContent(), await button(page).getAttribute('aria-label')];

  await button(page).focus();
  await page.keyboard.press('Enter');
  await photograph(page, 'watch-quality-1440-dark');
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await playsWith(page, 180);
  const chosen = { button: await button(page).textContent(), item: await checked(page), open: await menu(page).isVisible() };
  const isFocused = await button(page).evaluate((element) => element === document.activeElement);
  await button(page).click();
  await menu(page).getByText('360p').click();
  await playsWith(page, 360);
  await isForEverybody(page);
  await close(page);

  assert.deepEqual(names, ['Auto', '360p', '270p', '180p']);
  assert.equal(atFirst, 'Auto');
  assert.equal(words, 'Auto');
  assert.match(label, /^Quality: auto, \d+p now$/);
  assert.deepEqual(chosen, { button: '180p', item: '180p', open: false });
  assert.equal(isFocused, true);
});

test('it holds for the session, for other recordings as near as they have it, and fits a phone', async () => {
  const page = await world.open(`/watch/${several.id}`, phone);
  await plays(page);
  await button(page).click();
  await photograph(page, 'watch-quality-390-dark');
  const fits = await fitsItsWidth(page);
  await menu(page).getByText('270p').click();
  await playsWith(page, 270);

  await page.addInitScript(() => {
    window.linesSeen = [];
    addEventListener('resize', ({ target }) => target instanceof HTMLVideoElement && linesSeen.push(target.videoHeight), true);
  });
  const linesSeen = () => page.evaluate(() => window.linesSeen);
  await page.reload();
  await plays(page);
  await playsWith(page, 270);
  const again = [await button(page).textContent(), await linesSeen()];
  await page.goto(new URL(`/watch/${several.id}?recording=earlier0recd`, page.url()).href);
  await plays(page);
  await playsWith(page, 180);
  const nearest = [await button(page).textContent(), await linesSeen()];
  await button(page).click();
  await menu(page).getByText('Auto').click();
  await until('it is as the network allows', () => button(page).textContent(), (text) => text === 'Auto');
  const kept = await page.evaluate(() => sessionStorage.length);
  await close(page);

  assert.equal(fits, true);
  assert.deepEqual([again, nearest], [['270p', [270]], ['180p', [180]]], 'from the first picture on');
  assert.equal(kept, 0);
});

test('where there is one rendition there is nothing to choose', async () => {
  const page = await world.open(`/watch/${one.id}`);
  await plays(page);
  const isShown = await button(page).isVisible();
  await close(page);

  assert.equal(isShown, false);
});

test('a channel off the air has a tile with its last recording, and the tile opens it', async () => {
  const page = await world.open('/');
  await until('both are off the air', () => tiles(page, 'off'), (count) => count === 2);
  const tile = page.locator('ox-tile', { hasText: 'Several' });
  await until('its picture', () => tile.locator('img').count(), (count) => count === 1);
  const words = await tile.innerText();
  const isBadged = await tile.locator('.badge').isVisible();
  await photograph(page, 'wall-off-1440-dark');
  await tile.locator('.name').click();
  await plays(page);
  const names = await menu(page).locator('button').count();
  const { pathname } = new URL(page.url());
  await close(page);

  assert.match(words, /0:30[\s\S]*Ended[\s\S]*Watch last/);
  assert.equal(isBadged, false);
  assert.equal(pathname, `/watch/${several.id}`);
  assert.equal(names, 4, 'it is the last one, with three renditions');
});

test('no page raised an error', () => {
  assert.deepEqual(world.complaints, []);
});
