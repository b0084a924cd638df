// The page as a viewer sees it: OXBOW=build/dev/oxbow node --test tests/browser/watch.test.mjs
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { isForEverybody } from './access.mjs';
import { multiTests } from './multi.mjs';
import { momentShown, playerOf, secondShown, until } from './oxbow.mjs';
import { playerTests } from './player.mjs';
import { recordingsTests } from './recordings.mjs';
import { wallTests } from './wall.mjs';
import { restartTests } from './restart.mjs';
import { close, fitsItsWidth, isLong, live, phone, photograph, portraits, rewindable, tiles, wasReloaded, World } from './world.mjs';

/** As many as there is time for. */
const kJumps = Number(process.env.OXBOW_JUMPS ?? (isLong ? 30 : 3));

const world = new World();
let wall;

before(async () => Object.assign(world, await World.start({ reconnectSeconds: 5 })));
after(() => world.close());

test('with nothing published the page says where to publish', async () => {
  wall = await world.open('/');

  const address = wall.locator('.listening code');
  await until('the address is there', () => address.textContent(), (text) => text === world.server.ready.rtmp);
  assert.equal(await wall.locator('ox-empty h1').textContent(), 'Nothing on air yet');
  await photograph(wall, 'empty-1440');
  await isForEverybody(wall);
});

test('channels appear on the wall when they go on air, without a reload', async () => {
  for (const [name, tone] of [['Meadow', 440], ['Perch', 550], ['Deep-zoom', 660]]) {
    await world.publishNew(name, tone);
  }

  await until('three tiles are live', () => tiles(wall, 'live'), (count) => count === 3, 30);

  assert.equal(await wasReloaded(wall), false);
  await wall.locator('ox-tile').first().hover();
  await until('the tile under the pointer moves', () => wall.locator('ox-picture[data-moving]').count(), (count) => count === 1);
  await photograph(wall, 'wall-1440');
  await wall.mouse.move(1, 1);
  await until('it rests again', () => wall.locator('ox-picture[data-moving]').count(), (count) => count === 0);
  await portraits(wall, 'wall');
});

test('the wall fits a phone', async () => {
  const page = await world.open('/', phone);

  await until('three tiles are live', () => tiles(page, 'live'), (count) => count === 3);
  await until('their pictures', () => page.locator('ox-tile img').count(), (count) => count === 3);
  const fits = await fitsItsWidth(page);
  await photograph(page, 'wall-390-dark');
  await isForEverybody(page);
  await close(page);

  assert.equal(fits, true);
});

test('a viewer plays live, rewinds to the first second, and comes back to live', async () => {
  const page = await world.open(`/watch/${world.channels[0].id}`);

  const began = await live(page);
  await rewindable(page, 14);
  await page.mouse.move(600, 300);
  await photograph(page, 'watch-live-1440');
  await portraits(page, 'watch');

  await page.keyboard.press('Home');
  const first = await until('the first second plays', () => playerOf(page), (p) => p.state === 'behind' && p.at < 2 && p.at > 0.2);
  const shownFirst = await secondShown(page);
  await photograph(page, 'watch-behind-1440');
  await isForEverybody(page);

  await page.keyboard.press('End');
  const back = await live(page);
  const isOfItsTime = ({ shown, at }) => at > back.at + 1 && Math.abs(shown - at) <= 1.5;
  const later = await until('it moves on with the picture of its time', () => momentShown(page), isOfItsTime, 20);
  await close(page);

  assert.ok(began.behind <= 3);
  assert.ok(first.behind >= 5);
  assert.match(first.spoken, /behind live$/);
  assert.ok(shownFirst <= 2, `the picture of second ${shownFirst} is not of the first second`);
  assert.ok(later.shown > shownFirst + 3, `second ${later.shown} is not where live is`);
});

test('jumps back to live hang not once, and show the picture of their time', async () => {
  const page = await world.open(`/watch/${world.channels[1].id}`);
  await live(page);

  const offBy = [];
  for (let jump = 0; jump < kJumps; ++jump) {
    await page.keyboard.press('Home');
    await sleep(1_500);
    await page.keyboard.press('End');
    const landed = await until('it is live', () => playerOf(page), (p) => p.state === 'live', 8);
    const { shown, at } = await until('frames follow', () => momentShown(page), (moment) => moment.at > landed.at + 0.5, 8);
    offBy.push(shown - at);
  }
  await close(page);

  assert.equal(offBy.length, kJumps);
  assert.deepEqual(offBy.filter((seconds) => Math.abs(seconds) > 1.5), [], 'the picture is not of its time');
});

playerTests(world);
wallTests(world);
multiTests(world);

test('the end of a broadcast turns the page into its recording, and the next broadcast is offered', async () => {
  const behind = await world.open(`/watch/${world.channels[2].id}`);
  await live(behind);
  await behind.keyboard.press('Home');
  await until('it is behind', () => playerOf(behind), (p) => p.state === 'behind' && p.at < 3);

  await world.server.stop(world.publishers[2]);
  const ended = await until('it has ended', () => playerOf(behind), (p) => p.state === 'ended', 30);
  const goesOn = await until('it plays on', () => playerOf(behind), (p) => p.at > ended.at + 1, 8);
  await until('one tile is off air', () => tiles(wall, 'off'), (count) => count === 1);
  await photograph(behind, 'watch-ended-1440');
  await photograph(wall, 'wall-one-off-1440');

  world.publishers[2] = world.server.publish(world.channels[2], 770);
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

recordingsTests(world);
restartTests(world);

test('no page raised an error', () => {
  assert.deepEqual(world.complaints, []);
});
