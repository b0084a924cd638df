// The recordings page's tests, in the world of watch.test.mjs, once a broadcast has ended.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { playerOf, until } from './oxbow.mjs';
import { close, fitsItsWidth, photograph } from './world.mjs';

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

  test('the recordings fit a phone', async () => {
    const [, , channel] = world.channels;
    const page = await world.open(`/#recordings/${channel.id}`);
    await until('its broadcasts', () => page.locator('.recording').count(), (count) => count >= 1);
    await photograph(page, 'recordings-1440-dark');
    await page.setViewportSize({ width: 390, height: 844 });
    await photograph(page, 'recordings-390-dark');
    const fits = await fitsItsWidth(page);
    await close(page);

    assert.equal(fits, true);
  });
}
