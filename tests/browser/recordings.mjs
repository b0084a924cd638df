// The recordings page's tests, in the world of watch.test.mjs, once a broadcast has ended.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isForEverybody } from './access.mjs';
import { playerOf, until } from './oxbow.mjs';
import { close, fitsItsWidth, photograph, portraits } from './world.mjs';

export function recordingsTests(world) {
  test('recordings are there by day, with picture and length, and play', async () => {
    const [, , channel] = world.channels;
    const page = await world.open('/');
    await page.getByRole('link', { name: 'Recordings' }).click();
    await page.locator('.channels a', { hasText: channel.name }).click();
    const row = page.locator('.recording', { hasText: /\d to \d/ }).first();
    await row.waitFor();
    const picture = () => row.locator('img').evaluate((image) => image.naturalWidth).catch(() => 0);
    await until('its picture', picture, (width) => width > 0);
    const length = await row.locator('.length').textContent();
    const day = await page.locator('.days h2').first().textContent();
    const marked = await page.locator('ox-calendar td button').count();
    await row.getByRole('link', { name: /^Play/ }).click();
    const player = await until('it plays', () => playerOf(page), (p) => p?.state === 'ended' && p.at > 0.5);
    await close(page);

    assert.equal(day, 'Today');
    assert.ok(marked >= 1);
    assert.match(length, /^\d+:\d\d$/);
    const [minutes, seconds] = length.split(':').map(Number);
    assert.ok(Math.abs(minutes * 60 + seconds - player.duration) < 2, `${length} says ${player.duration} s`);
  });

  test('a range is marked by keyboard, and its address says it', async () => {
    const [, , channel] = world.channels;
    const page = await world.open(`/#recordings/${channel.id}`);
    const row = page.locator('.recording', { has: page.getByText('Range') }).first();
    await row.getByRole('button', { name: /range/ }).click();
    const begin = row.getByRole('slider', { name: 'Begin of the range' });
    await begin.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    const address = new URL(await row.locator('a', { hasText: 'Download range' }).evaluate((link) => link.href));
    const whole = await row.getByRole('link', { name: /^Download/ }).first().evaluate((link) => new URL(link.href).pathname);
    await until('its pictures', () => row.locator('ox-range img[src]').count(), (count) => count >= 10);
    const answers = await Promise.all([whole, address.pathname + address.search].map(async (path) => {
      const answer = await world.get(path);
      return { status: answer.status, bytes: (await answer.arrayBuffer()).byteLength };
    }));
    await photograph(page, 'recordings-1440-dark');
    await portraits(page, 'recordings');
    await isForEverybody(page);
    await page.setViewportSize({ width: 390, height: 844 });
    await photograph(page, 'recordings-390-dark');
    const fits = await fitsItsWidth(page);
    const { recordings } = await (await world.get(`/channels/${channel.id}/recordings.json`)).json();
    const { id, startedAt } = recordings.find((one) => one.status !== 'RECORDING_STARTED');
    await close(page);

    assert.equal(whole, `/recordings/${id}.ts`);
    assert.equal(address.pathname, `/recordings/${id}.ts`);
    assert.equal(Date.parse(address.searchParams.get('start')), Date.parse(startedAt) + 1_000);
    assert.ok(Date.parse(address.searchParams.get('end')) > Date.parse(startedAt) + 2_000);
    assert.deepEqual(answers.map(({ status }) => status), [200, 200]);
    assert.ok(answers[0].bytes > answers[1].bytes && answers[1].bytes > 0);
    assert.equal(fits, true);
  });
}
