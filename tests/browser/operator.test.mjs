// The operator's page, on the API's port: OXBOW=build/dev/oxbow node --test tests/browser/operator.test.mjs
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { isForEverybody } from './access.mjs';
import { until } from './oxbow.mjs';
import { fitsItsWidth, isLong, photograph, World } from './world.mjs';

const world = new World();
let page;
let accessKey;
let streamKey;
let publisher;

const address = () => new URL('/operator/', world.server.ready.api).href;
const row = () => page.locator('ox-channels .row', { hasText: 'Meadow' });
const numbers = () => row().locator('.metric b').allTextContents();
const recorded = () => page.locator('.recorded');
const focused = () => page.evaluate(() => document.activeElement?.textContent);

async function signIn(on, secret) {
  await on.fill('#access-key', accessKey.id);
  await on.fill('#secret-key', secret);
  await on.getByRole('button', { name: 'Sign in' }).click();
}

before(async () => {
  Object.assign(world, await World.start());
  const file = readFileSync(world.server.ready.credentials, 'utf8');
  accessKey = { id: /aws_access_key_id = (\S+)/.exec(file)[1], secret: /aws_secret_access_key = (\S+)/.exec(file)[1] };
  const context = await world.browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  page = await context.newPage();
  page.on('pageerror', (error) => world.complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/^Failed to load resource/.test(message.text())) world.complaints.push(message.text());
  });
});
after(() => world.close());

test('who has an access key signs in, by a cookie that no script reads; who has not is told why', async () => {
  await page.goto(new URL('/', world.server.ready.api).href);
  await page.locator('ox-sign-in').waitFor();
  await isForEverybody(page);
  await signIn(page, 'not-the-secret');
  const problem = page.locator('ox-sign-in .problem');
  await until('it is refused', () => problem.textContent(), (text) => text === 'The secret does not belong to this access key.');
  const sent = page.waitForRequest((request) => request.method() === 'POST');
  await signIn(page, accessKey.secret);
  const request = await sent;
  await page.locator('ox-channels .nothing').getByText('There is no channel yet').waitFor();

  assert.equal(page.url(), address());
  assert.ok(!JSON.stringify([await request.allHeaders(), request.postData()]).includes(accessKey.secret), 'the secret stays in the page');
  const [cookie] = await page.context().cookies(address());
  assert.match(cookie.name, /^oxbow-operator-\d+$/);
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path], [true, 'Strict', '/operator/']);
  assert.equal(await page.evaluate(() => document.cookie), '');
});

test('a channel is made by the keyboard alone, and its key is copied without being shown', async () => {
  await page.getByRole('button', { name: 'New channel' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.type('Meadow');
  await page.keyboard.press('Enter');
  await page.locator('ox-channel h2', { hasText: 'Meadow' }).waitFor();
  await page.getByRole('button', { name: 'Copy the stream key' }).click();
  streamKey = await until('it is on the clipboard', () => page.evaluate(() => navigator.clipboard.readText()), (text) => text.startsWith('sk_'));
  const hidden = await page.locator('ox-channel').textContent();
  await page.getByRole('button', { name: 'Show the stream key' }).click();
  await page.locator('ox-channel .value[data-shown]').waitFor();
  const shown = await page.locator('ox-channel .value[data-shown]').textContent();
  await page.getByRole('button', { name: 'Hide the stream key' }).click();

  assert.ok(!hidden.includes(streamKey));
  assert.equal(shown, streamKey);
  assert.ok(!(await page.locator('ox-channel').textContent()).includes(streamKey));
});

test('its health is there while it is on air: bitrate, frame rate, key-frame interval, each with a plot', async () => {
  publisher = world.server.publish({ ingestUrl: `${world.server.ready.rtmp}/${streamKey}` }, 440);

  const [rate, frames, apart] = await until('its numbers', async () => ((await row().count()) === 1 ? numbers() : []),
    (shown) => shown.length === 3 && shown.every((number) => number !== '–') && shown[2] === '2.0', 40);
  assert.ok(Number(rate) > 0.1 && Number(rate) < 10, `${rate} Mb/s`);
  assert.ok(Number(frames) > 5 && Number(frames) < 40, `${frames} frames per second`);
  assert.equal(apart, '2.0');
  await until('its plots', () => row().locator('.plot .line, .plot .bar').count(), (count) => count >= 3);
  assert.match(await row().locator('.plot').first().getAttribute('aria-label'), /^Bitrate of Meadow over the last minute, now \d/);
  assert.match(await page.locator('ox-channel .facts').textContent(), /H\.264 \w+, 640×360/);
  await until('its picture', () => page.locator('ox-channel .frame img:not([hidden])').count(), Boolean, 30);
  await isForEverybody(page);
});

test('it fits a phone and a desk, by day and by night', async () => {
  for (const [theme, widths] of [['dark', [1440, 390, 320]], ['light', isLong ? [1440, 390, 320] : [390]]]) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of widths) {
      await page.setViewportSize({ width, height: width === 1440 ? 900 : 844 });
      await photograph(page, `operator-channel-${width}-${theme}`);
      await page.evaluate(() => (location.hash = ''));
      await page.locator('.lists').waitFor();
      await photograph(page, `operator-${width}-${theme}`);
      assert.equal(await fitsItsWidth(page), true, `${width} px`);
      await row().locator('.name').click();
      await page.locator('ox-channel').waitFor();
      assert.equal(await fitsItsWidth(page), true, `a channel at ${width} px`);
    }
  }
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 1440, height: 900 });
});

test('another page of this machine stops no stream, although the browser sends the cookie', async () => {
  const other = await page.context().newPage();
  // One without a policy of its own: ours would not let it ask anybody.
  await other.goto(new URL('/channels.json', world.server.ready.http).href);
  const url = new URL('/operator/api/StopStream', world.server.ready.api).href;
  // No answer reaches the page: what comes is of our own origin alone.
  const answer = await other.evaluate(
    (to) => fetch(to, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' }).then(() => 'sent', () => 'kept away'), url);
  await other.close();

  assert.equal(answer, 'kept away');
  const [cookie] = await page.context().cookies(url);
  assert.match(cookie.name, /^oxbow-operator-/);
  const headers = { cookie: `${cookie.name}=${cookie.value}`, origin: new URL(world.server.ready.http).origin };
  const refused = await fetch(url, { method: 'POST', headers, body: '{}' });
  assert.equal(refused.status, 403);
  assert.equal(publisher.exitCode, null);
});

test('a key is reset after a question whose focus is on keeping it', async () => {
  await page.getByRole('button', { name: 'Reset' }).click();
  assert.equal(await focused(), 'Keep');
  await page.keyboard.press('Escape');
  assert.equal(await focused(), 'Reset');
  await page.keyboard.press('Enter');
  await page.locator('ox-channel .question').getByRole('button', { name: 'Reset' }).click();
  const value = page.locator('ox-channel .value[data-shown]');
  await value.waitFor();

  assert.match(await value.textContent(), /^sk_/);
  assert.notEqual(await value.textContent(), streamKey);
});

test('a stream is stopped: its encoder is disconnected, and the channel is off air', async () => {
  await page.getByRole('button', { name: 'Stop Meadow' }).click();
  assert.equal(await focused(), 'Keep on air');
  await row().locator('.question').getByRole('button', { name: 'Stop' }).click();

  await until('the encoder is gone', () => publisher.exitCode ?? publisher.signalCode, (code) => code !== null);
  await page.locator('.off-air a', { hasText: 'Meadow' }).waitFor();
  assert.equal(await row().count(), 0);
});

test('a recording is locked, then it has no delete; unlocked and deleted it is gone', async () => {
  const button = (name) => recorded().getByRole('button', { name: new RegExp(`^${name}`) });
  await button('Lock').waitFor({ timeout: 40_000 });
  await button('Lock').click();
  await recorded().locator('.tag').waitFor();
  const mayDelete = await button('Delete').isVisible();
  await photograph(page, 'operator-recordings-1440-dark');
  await button('Unlock').click();
  await button('Delete').click();
  const first = await focused();
  await recorded().locator('.question').getByRole('button', { name: 'Delete' }).click();
  await page.locator('ox-library .nothing').getByText('Nothing is recorded yet.').waitFor();

  assert.equal(mayDelete, false);
  assert.equal(first, 'Keep');
  assert.equal(await recorded().count(), 0);
});

test('upload backlog and disk are told', async () => {
  const cards = await page.locator('ox-numbers .number').allTextContents();

  assert.match(cards[2], /^Upload backlog0nothing to upload/);
  assert.match(cards[3], /^Disk[\d.]+ \w+free of [\d.]+ \w+/);
});

test('who signs out is out, here and in the server', async () => {
  const [cookie] = await page.context().cookies(address());
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.locator('ox-sign-in').waitFor();
  const again = await fetch(new URL('/operator/session', world.server.ready.api), { headers: { cookie: `${cookie.name}=${cookie.value}` } });

  assert.deepEqual(await again.json(), { signedIn: false });
  assert.deepEqual(await page.context().cookies(address()), []);
});

test('no page raised an error', () => {
  assert.deepEqual(world.complaints, []);
});
