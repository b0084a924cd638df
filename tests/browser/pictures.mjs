// Takes the pictures of docs/images/ anew, of films that ffmpeg draws: OXBOW=build/release/oxbow node tests/browser/pictures.mjs
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { multiOf } from './multi.mjs';
import { playerOf, until } from './oxbow.mjs';
import { close, live, rewindable, tiles, World } from './world.mjs';

const folder = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '../../docs/images');
const size = '640x360';
const films = [
  ['Colour drift', `gradients=size=${size}:rate=15:c0=0x0b486b:c1=0xf56217:x0=0:y0=0:x1=640:y1=360:speed=0.01`],
  ['Carpet', `sierpinski=size=${size}:rate=15:jump=60`],
  ['Test card', `testsrc2=size=${size}:rate=15`],
  ['Cell garden', 'life=size=160x90:rate=8:mold=30:ratio=0.2:seed=7:death_color=0x0f4a4a:life_color=0x7de8c8:mold_color=0x05181a,scale=640:360:flags=neighbor,fps=15'],
  ['Triangle', `sierpinski=size=${size}:rate=15:type=triangle:jump=40`],
  ['Colour bars', `smptehdbars=size=${size}:rate=15`],
  ['Rule 110', 'cellauto=size=160x90:rate=15:rule=110:seed=5,scale=640:360:flags=neighbor,hue=h=150:s=2'],
  ['Night drift', `gradients=size=${size}:rate=15:c0=0x10302e:c1=0x5b2a86:speed=0.015`],
  ['Deep zoom', `mandelbrot=size=${size}:rate=15:end_pts=400`],
];

const take = (page, name) => page.screenshot({ path: join(folder, `${name}.jpg`), type: 'jpeg', quality: 84 });

mkdirSync(folder, { recursive: true });
const world = await World.start();
try {
  for (const [name, source] of films) {
    const channel = await world.server.createChannel(name.replaceAll(' ', '-'));
    world.channels.push(channel);
    world.publishers.push(world.server.publishSource(channel, `${source},drawtext=text='%{gmtime} UTC':x=w-tw-12:y=h-th-12:fontsize=20:fontcolor=white:box=1:boxcolor=black@0.7:boxborderw=6`));
  }
  const wall = await world.open('/');
  await until('all are on air', () => tiles(wall, 'live'), (count) => count === films.length, 60);
  const player = await world.open(`/watch/${world.channels.at(-1).id}`);
  await live(player);
  await rewindable(player, 40);
  const bar = await player.locator('.slider').boundingBox();
  await player.mouse.move(bar.x + bar.width * 0.95, bar.y + 20);
  await player.mouse.down();
  await player.mouse.move(bar.x + bar.width * 0.55, bar.y + 20, { steps: 5 });
  await until('five pictures', () => player.locator('.strip img:not([data-none]):not([data-near])').count(), (count) => count === 5, 30);
  await take(player, 'watch');
  await player.mouse.up();
  await until('it is behind', () => playerOf(player), (p) => p.state === 'behind');
  await close(player);
  // The wall remembers no viewer of another browser: what is off air has its recording.
  for (const n of [0, 1]) await world.server.stop(world.publishers[n]);
  await until('two are off air', () => tiles(wall, 'off'), (count) => count === 2, 60);
  await wall.waitForTimeout(12_000); // for newer thumbnails
  await take(wall, 'wall');
  await close(wall);
  const multi = await world.open(`/multi?c=${world.channels.map(({ id }) => id).join(',')}`);
  await until('they play', () => multiOf(multi), (m) => m?.state === 'live' && m.busy === 0, 60);
  await multi.keyboard.press('j');
  await multi.keyboard.press('j');
  await multi.keyboard.press('9');
  await until('they play behind live', () => multiOf(multi), (m) => m.state === 'behind' && m.busy === 0 && !m.seeking, 30);
  await multi.waitForTimeout(2_500);
  await take(multi, 'multi');
} finally {
  await world.close();
}
