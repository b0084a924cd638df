// What is seen of a server that crashes and comes back, in the world of watch.test.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { multiOf, together } from './multi.mjs';
import { playerOf, until } from './oxbow.mjs';
import { close, live, photograph, tiles, wasReloaded } from './world.mjs';

const notice = (page) => page.locator('.notice:not([hidden]) .notice-text').textContent({ timeout: 500 }).catch(() => '');

export function restartTests(world) {
  test('a server that crashes and comes back is waited for, and everything goes on', async () => {
    const { channels } = world;
    const two = channels.slice(0, 2);
    const player = await world.open(`/watch/${channels[0].id}`);
    const before = await live(player);
    const wall = await world.open('/');
    const multi = await world.open(`/multi?c=${two.map(({ id }) => id).join(',')}`);
    await together(multi, two.length);

    await world.server.crash();
    await until('the wall says so', () => wall.locator('.away').isVisible());
    await until('the player says so', () => notice(player), (text) => /^Connection lost/.test(text), 30);
    await until('so do the films side by side', () => notice(multi), (text) => /^Connection lost/.test(text), 30);
    await photograph(wall, 'wall-away-1440-dark');
    await photograph(multi, 'multi-away-1440-dark');
    await world.server.startAgain();
    channels.forEach((channel, n) => (world.publishers[n] = world.server.publish(channel, 440 + 110 * n)));

    await until('the wall has them', () => tiles(wall, 'live'), (count) => count === channels.length, 40);
    const after = await until('the player is live', () => playerOf(player), (p) => p.state === 'live' && p.at > before.at + 1, 40);
    // Several at once may have had enough in store to play over it.
    await until('the films side by side are behind it', () => multi.locator('.lane').first().locator('i').count(), (count) => count >= 2, 40);
    await together(multi, two.length);
    assert.equal(await wall.locator('.away').isVisible(), false);
    await until('nobody says anything more', async () => await notice(player) + await notice(multi), (text) => text === '', 40);
    assert.equal(after.paused, false);

    // Meanwhile there was no picture, which the scrubber of all shows.
    await multi.keyboard.press('k');
    const hole = () => multi.locator('.lane').first().evaluate((lane) => {
      const [first, second] = [...lane.children].slice(-2).map((bar) => bar.getBoundingClientRect());
      return { x: (first.right + second.left) / 2, y: first.y };
    });
    // The scrubber goes on growing under the pointer.
    const gap = await until('the first has a gap there', async () => {
      const { x, y } = await hole();
      await multi.mouse.click(x, y);
      return multiOf(multi);
    }, ({ cells }) => cells[0] === 'gap');
    const words = await multi.locator('ox-cell').first().locator('.words').innerText();
    await photograph(multi, 'multi-gap-1440-dark');
    const reloaded = await Promise.all([wall, player, multi].map(wasReloaded));
    for (const page of [wall, player, multi]) await close(page);

    assert.equal(gap.state, 'behind');
    assert.match(words, /^Gap in the broadcast\npicture again in \d+:\d\d, at \d\d:\d\d:\d\d$/);
    assert.deepEqual(reloaded, [false, false, false]);
  });
}
