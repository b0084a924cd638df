// The wall's tests, in the world of watch.test.mjs: how it hears of what changes, and what is found on it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from './oxbow.mjs';
import { close, live, tiles } from './world.mjs';

const isList = (request) => new URL(request.url()).pathname === '/channels.json';
const isEvents = (request) => new URL(request.url()).pathname === '/events';

export function wallTests(world) {
  test('the server tells the wall, by one connection for all tabs; without it the wall asks', async () => {
    const first = await world.open('about:blank');
    const context = first.context();
    const connections = [];
    context.on('request', (request) => isEvents(request) && connections.push(request.frame().page()));
    const wall = new URL('/', world.server.ready.http).href;
    await first.goto(wall);
    await until('it is connected', () => connections.length, (count) => count === 1);
    const second = await context.newPage();
    // It never asks by the clock: what it shows it was told of.
    await second.addInitScript(() => {
      const { setTimeout } = window;
      window.setTimeout = (run, wait, ...rest) => (wait >= 2_000 ? 0 : setTimeout(run, wait, ...rest));
    });
    await second.goto(wall);
    const asking = await world.open('about:blank');
    await asking.context().route('**/events', (route) => route.abort());
    await asking.goto(wall);
    await until('three are on air', () => tiles(asking, 'live'), (count) => count === 3);

    await world.publishNew('Forest-edge', 880);
    await until('the tab that is told shows it', () => tiles(second, 'live'), (count) => count === 4);
    await until('the tab that asks shows it', () => tiles(asking, 'live'), (count) => count === 4);
    const before = [...connections];
    await first.close();
    await until('another tab has the connection', () => connections.length, (count) => count === 2);
    await close(asking);
    await close(second);

    assert.deepEqual(before, [first]);
    assert.equal(connections[1], second);
  });

  test('who is told asks every ten seconds, for pictures; who is not asks every two', async () => {
    const asked = { told: 0, asking: 0 };
    const counted = async (name) => {
      const page = await world.open('about:blank');
      page.on('request', (request) => (asked[name] += isList(request) ? 1 : 0));
      if (name === 'asking') await page.context().route('**/events', (route) => route.abort());
      await page.goto(new URL('/', world.server.ready.http).href);
      await until('four are on air', () => tiles(page, 'live'), (count) => count === 4);
      return page;
    };
    const pages = [await counted('told'), await counted('asking')];
    await sleep(3_000); // what it is told of at first is asked for twice
    Object.assign(asked, { told: 0, asking: 0 });
    await sleep(9_000);
    const seen = { ...asked };
    for (const page of pages) await close(page);

    assert.ok(seen.told <= 1, `who is told asked ${seen.told} times in 9 s`);
    assert.ok(seen.asking >= 3 && seen.asking <= 5, `who is not asked ${seen.asking} times in 9 s`);
  });

  test('the wall is searched by name', async () => {
    const page = await world.open('/');
    await until('four are on air', () => tiles(page, 'live'), (count) => count === 4);
    await page.keyboard.press('/');
    await page.keyboard.type('edge for');
    const found = await until('one is found', () => page.locator('ox-tile .name').allInnerTexts(), (names) => names.length === 1);
    await page.keyboard.type('<b>');
    const none = await page.locator('.none-found').innerText();
    await page.getByRole('searchbox').fill('');
    await until('all are there again', () => tiles(page, 'live'), (count) => count === 4);
    await close(page);

    assert.deepEqual(found, ['Forest-edge']);
    assert.equal(none, 'No channel is called “edge for<b>”.');
  });

  test('the wall and the player cost no more than their budgets', async (context) => {
    const wall = await weighed(world, '/');
    await until('three pictures', () => wall.page.locator('ox-tile[data-state=live] img').count(), (count) => count >= 3);
    const wallBytes = await wall.bytes();
    const names = [...wall.names];
    const ready = await wall.page.evaluate(() => performance.getEntriesByType('navigation')[0].domInteractive);
    await wall.page.locator('ox-tile[data-state=live]').first().hover();
    await until('a tile plays', () => wall.page.locator('ox-picture[data-moving]').count(), (count) => count === 1);
    const hasEngine = wall.names.some((name) => /hls/.test(name));
    await close(wall.page);
    const player = await weighed(world, `/watch/${world.channels[0].id}`);
    await live(player.page);
    const playerBytes = await player.bytes();
    await close(player.page);

    context.diagnostic(`the wall: ${kilobytes(wallBytes)}, to be used after ${ready.toFixed(0)} ms; the player: ${kilobytes(playerBytes)}`);
    assert.deepEqual(names.filter((name) => /hls/.test(name)), [], 'nothing of the player before a tile plays');
    assert.equal(hasEngine, true);
    assert.ok(wallBytes > 20_000 && wallBytes <= 60_000, `the wall is ${kilobytes(wallBytes)}`);
    assert.ok(playerBytes > 100_000 && playerBytes <= 260_000, `the player is ${kilobytes(playerBytes)}`);
  });
}

const kilobytes = (bytes) => `${(bytes / 1_000).toFixed(1)} kB`;

/** A page, and what comes with it by the network, as it comes: the page itself and its assets. */
async function weighed(world, path) {
  const page = await world.open('about:blank');
  const names = [];
  const sizes = [];
  page.on('requestfinished', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname !== path && !pathname.startsWith('/assets/')) return;
    names.push(pathname);
    sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
  });
  await page.goto(new URL(path, world.server.ready.http).href);
  return { page, names, bytes: async () => (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) };
}
