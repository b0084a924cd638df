// The pages left open for minutes, with a reconnect and a crash of the server in between: nothing is wrong in any console.
// For the long run. OXBOW_MINUTES: how long, 10 unless told.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { multiOf, together } from './multi.mjs';
import { playerOf, until } from './oxbow.mjs';
import { live, tiles, wasReloaded, World } from './world.mjs';

const minutes = Number(process.env.OXBOW_MINUTES ?? 10);
let world;

before(async () => {
  world = await World.start({ reconnectSeconds: 20 });
  await world.publishNew('Harbour', 440);
  await world.publishNew('Market', 550);
});
after(() => world?.close());

test(`nothing is wrong in the console for ${minutes} minutes, with a reconnect and a crash`, async () => {
  const [harbour, market] = world.channels;
  const pages = {
    wall: await world.open('/'),
    player: await world.open(`/watch/${harbour.id}`),
    multi: await world.open(`/multi?c=${harbour.id},${market.id}`),
  };
  const allLive = async () => {
    await until('the wall has both', () => tiles(pages.wall, 'live'), (count) => count === 2, 40);
    await until('the player is live', () => playerOf(pages.player), (p) => p?.state === 'live' && p.at > 0, 40);
    await together(pages.multi, 2);
  };
  await allLive();
  const third = (minutes * 60_000) / 3;
  await sleep(third);

  await world.server.stop(world.publishers[0]);
  await sleep(5_000);
  world.publishers[0] = world.server.publish(harbour, 440);
  await allLive();
  await pages.player.keyboard.press('Home');
  await until('the player is at the beginning', () => playerOf(pages.player), (p) => p.state === 'behind' && p.at < 20);
  await pages.player.keyboard.press('End');
  await live(pages.player);
  await sleep(third);

  await world.server.crash();
  await sleep(3_000);
  await world.server.startAgain();
  world.channels.forEach((channel, n) => (world.publishers[n] = world.server.publish(channel, 440 + 110 * n)));
  await allLive();
  const { at } = await playerOf(pages.player);
  await sleep(third);

  const still = await playerOf(pages.player);
  assert.ok(still.at > at + (0.9 * third) / 1_000, `played on: from ${at} s to ${still.at} s`);
  assert.equal((await multiOf(pages.multi)).state, 'live');
  for (const page of Object.values(pages)) assert.equal(await wasReloaded(page), false);
  assert.deepEqual(world.complaints, []);
});
