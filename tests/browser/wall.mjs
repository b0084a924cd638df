// The wall's tests, in the world of watch.test.mjs: how it hears of what changes, and what is found on it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until } from './oxbow.mjs';
import { close, tiles } from './world.mjs';

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
}
