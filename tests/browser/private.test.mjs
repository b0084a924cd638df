// The page of a private channel: OXBOW=build/dev/oxbow node --test tests/browser/private.test.mjs
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { chromium } from 'playwright-core';

import { playerOf, Server, until } from './oxbow.mjs';

let server;
let browser;
let channel;
let key;
let publisher;
const complaints = [];

async function open(path) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(`${path}: ${error}`));
  await page.goto(new URL(path, server.ready.http).href);
  return page;
}

const close = (page) => page.context().close();
const live = (page) => until('the player is live', () => playerOf(page), (p) => p?.state === 'live' && p.at > 0, 30);

before(async () => {
  server = await Server.start();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--mute-audio'],
  });
  key = await server.importKey();
  channel = await server.createChannel('private');
  await server.makePrivate(channel);
  publisher = server.publish(channel, 440);
});

after(async () => {
  await browser?.close();
  await server?.close();
});

test('who has the link sees it live, and rewinds it to its first second', async () => {
  // It counts once: what follows is all in the session.
  const page = await open(await server.watchUrl(channel, key, '--single-use'));

  await live(page);
  await until('there is something to rewind', () => playerOf(page), (p) => p.at > 12, 40);
  await page.keyboard.press('Home');
  const first = await until('it is at the start', () => playerOf(page), (p) => p.state === 'behind' && p.at < 3);
  await page.keyboard.press('End');
  await live(page);
  await close(page);

  assert.ok(first.at < 3);
});

test('who has no link, or one that has counted, sees nothing of it', async () => {
  const link = await server.watchUrl(channel, key, '--single-use');
  const used = await open(link);
  await live(used);
  const again = await open(link);
  const none = await open(`/watch/${channel.id}`);
  const wall = await open('/');

  const words = (page) => page.locator('.idle p').textContent();
  await until('the used link is refused', () => words(again), (text) => text?.includes('is private'));
  await until('no link is refused', () => words(none), (text) => text?.includes('no such channel'));
  await until('the wall is there', () => wall.locator('ox-empty h1').count());
  assert.equal(await wall.locator('ox-tile').count(), 0);
  for (const page of [used, again, none, wall]) await close(page);
});

test('after its end the link leads to the recording', async () => {
  const page = await open(await server.watchUrl(channel, key));
  await live(page);

  await server.stop(publisher);
  await until('it has ended', () => playerOf(page), (p) => p.state === 'ended', 30);
  const later = await open(await server.watchUrl(channel, key));
  const ended = await until('the recording plays', () => playerOf(later), (p) => p?.state === 'ended' && p.at > 0, 30);
  await close(page);
  await close(later);

  assert.ok(Number.isFinite(ended.duration));
});

test('no page raised an error', () => {
  assert.deepEqual(complaints, []);
});
