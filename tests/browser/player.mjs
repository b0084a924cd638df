// The player's tests, in the world of watch.test.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { momentShown, playerOf, probe, secondShown, secondsOf, until } from './oxbow.mjs';
import { close, fitsItsWidth, isLong, live, longTest, phone, photograph, rewindable } from './world.mjs';

const kThumbnailEvery = 5;
const kGop = 2;

const rate = (page) => page.evaluate(() => document.querySelector('ox-player video').playbackRate);
const pictures = (page) => page.locator('.strip:not([hidden]) img:not([data-none]):not([data-near])');
const note = (page) => page.locator('.notice:not([hidden]) .notice-text').textContent({ timeout: 500 }).catch(() => '');

/** Where on the bar a share of it is. */
async function onBar(page, share) {
  const box = await page.locator('.slider').boundingBox();
  return [box.x + box.width * share, box.y + box.height / 2];
}

export function playerTests(world) {
  test('the bar shows the picture of the moment, its wall clock and the time behind live', async () => {
    const page = await world.open(`/watch/${world.channels[0].id}`);
    await live(page);
    await rewindable(page, 24);

    await page.mouse.move(...await onBar(page, 0.5));
    const [shown] = await until('a picture of the moment', () => secondsOf(pictures(page)), (list) => list.length === 1);
    const { duration } = await playerOf(page);
    const card = await page.locator('.card').innerText();
    await photograph(page, 'watch-hover-1440-dark');
    await close(page);

    assert.match(card, /^\d\d:\d\d:\d\d\n\d+:\d\d behind live$/);
    const moment = duration / 2;
    assert.ok(shown <= moment && shown > moment - kThumbnailEvery - 3, `the picture of second ${shown} for second ${moment}`);
  });

  test('a drag shows pictures on both sides, and plays from the picture it ends at', async () => {
    const page = await world.open(`/watch/${world.channels[0].id}`);
    await live(page);

    await page.mouse.move(...await onBar(page, 0.99));
    await page.mouse.down();
    await page.mouse.move(...await onBar(page, 0.5), { steps: 6 });
    const shown = await until('pictures', () => secondsOf(pictures(page)), (list) => list.length >= 4);
    const card = await page.locator('.card').innerText();
    await photograph(page, 'watch-scrubbing-1440-dark');
    if (isLong) {
      await page.emulateMedia({ colorScheme: 'light' });
      await photograph(page, 'watch-scrubbing-1440-light');
    }
    await page.mouse.up();
    const after = await until('it plays behind live', () => playerOf(page), (p) => p.state === 'behind' && !p.paused);
    const picture = await momentShown(page);
    await close(page);

    assert.match(card, /^\d\d:\d\d:\d\d\n\d+:\d\d behind live$/);
    assert.deepEqual(shown, [...shown].sort((a, b) => a - b));
    assert.ok(shown.at(-1) > shown[0], `all pictures are of second ${shown[0]}`);
    assert.ok(Math.abs(after.at - after.duration / 2) < 8, `at ${after.at} of ${after.duration}`);
    assert.ok(Math.abs(picture.shown - picture.at) <= 1.5, `second ${picture.shown} is shown at ${picture.at}`);
  });

  test('a range is marked while playing, and its download is those seconds', async () => {
    const page = await world.open(`/watch/${world.channels[0].id}`);
    await live(page);
    await rewindable(page, 16);
    await page.keyboard.press('Home');
    await until('it plays behind live', () => playerOf(page), (p) => p.state === 'behind' && p.at > 0.2);
    const from = (await playerOf(page)).at;
    await page.keyboard.press('i');
    await page.keyboard.press('ArrowRight');
    await until('it has moved', () => playerOf(page), (p) => p.at >= from + 5);
    await page.keyboard.press('o');
    const to = (await playerOf(page)).at;
    const onBar = await until('it stands on the bar', () => page.locator('.marks .marked').count());
    await photograph(page, 'watch-marked-1440-dark');
    const link = page.getByRole('link', { name: 'Download range' });
    const marked = await link.evaluate(({ href }) => Object.fromEntries(new URL(href).searchParams));
    const begun = page.waitForEvent('download');
    await link.click();
    const download = await begun;
    const probed = await probe(await download.path());
    await page.setViewportSize(phone.viewport);
    await photograph(page, 'watch-marked-390-dark');
    const fits = await until('it fits the width', () => fitsItsWidth(page), Boolean);
    await page.getByRole('button', { name: 'Unmark the range' }).click();
    const left = await until('it is gone', () => page.locator('.marks .marked').count(), (count) => count === 0);
    await close(page);

    const asked = (Date.parse(marked.end) - Date.parse(marked.start)) / 1_000;
    assert.ok(Math.abs(asked - (to - from)) < 2, `${asked} s are marked from second ${from} to ${to}`);
    assert.match(download.suggestedFilename(), new RegExp(`^${world.channels[0].name}-\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\dZ-\\d+s\\.ts$`));
    assert.ok(probed >= asked && probed < asked + 2 * kGop, `${probed} s came for ${asked} s`);
    assert.equal(onBar, 1);
    assert.equal(left, 0);
    assert.equal(fits, true);
  });

  longTest('the address of a moment opens at its picture', async () => {
    const page = await world.open(`/watch/${world.channels[0].id}`, { permissions: ['clipboard-read', 'clipboard-write'] });
    await live(page);
    await page.keyboard.press('3');
    await until('it is behind', () => playerOf(page), (p) => p.state === 'behind');
    await page.keyboard.press('k');
    await page.waitForFunction(() => document.querySelector('video').paused && !document.querySelector('video').seeking);
    const paused = await until('it is paused', () => secondShown(page));
    await page.keyboard.press('c');
    const link = await until('the link', () => page.evaluate(() => navigator.clipboard.readText()));
    const other = await world.open(link);
    const opened = await until('it plays from there', () => playerOf(other), (p) => p?.state === 'behind' && p.at > 0.5);
    const shown = await secondShown(other);
    await close(other);
    await close(page);

    assert.match(link, /\/watch\/[A-Za-z0-9]+\?t=\d{4}-\d\d-\d\dT[\d%A.:]+Z$/);
    assert.equal(opened.paused, false);
    assert.ok(shown >= paused && shown <= paused + 3, `it shows second ${shown}, the link is of ${paused}`);
  });

  longTest('keys do what people know of them', async () => {
    const page = await world.open(`/watch/${world.channels[0].id}`);
    await rewindable(page, 25);
    await until('it is at live', () => playerOf(page), (p) => p.state === 'live' && p.at > p.duration - 8);
    await page.keyboard.press('k');
    const at = async () => (await playerOf(page)).at;
    const moves = async (key, seconds) => {
      const before = await at();
      await page.keyboard.press(key);
      await until(`${key} moves by ${seconds}`, at, (now) => Math.abs(now - before - seconds) < 0.3, 3);
    };
    await moves('j', -10);
    await moves('ArrowLeft', -5);
    await moves('ArrowRight', 5);
    await moves('l', 10);
    const { duration } = await playerOf(page);
    await page.keyboard.press('Shift+ArrowLeft');
    await until('a minute back is the start', at, (now) => now < 0.5 || duration > 60, 3);
    await page.keyboard.press('5');
    const half = await until('5 is the middle', () => playerOf(page), (p) => Math.abs(p.at - p.duration / 2) < 3, 3);
    await page.keyboard.press('<');
    assert.equal(await rate(page), 0.75);
    await page.keyboard.press('>');
    assert.equal(await rate(page), 1);
    await page.keyboard.press('m');
    assert.equal(await page.evaluate(() => document.querySelector('video').muted), true);
    await page.keyboard.press('?');
    await page.locator('dialog.keys[open]').waitFor({ timeout: 2_000 });
    await photograph(page, 'watch-keys-1440-dark');
    await page.keyboard.press('Escape');
    await page.locator('dialog.keys').waitFor({ state: 'hidden' }); // which has its own use for a space
    await page.locator('video').waitFor();
    await page.evaluate(() => document.activeElement?.blur()); // a button has its own use for a space, too
    await page.keyboard.press(' ');
    await until('space plays', () => playerOf(page), (p) => !p.paused);
    await page.keyboard.press('f');
    await until('the whole screen', () => page.evaluate(() => document.fullscreenElement !== null));
    await close(page);

    assert.match(half.spoken, /^\d\d:\d\d:\d\d, .*behind live$/);
  });

  test('who paused goes on where the picture stopped', async () => {
    const page = await world.open(`/watch/${world.channels[1].id}`);
    await live(page);
    await page.keyboard.press('k');
    const before = (await until('it is paused', () => playerOf(page), (p) => p.paused)).at;
    await sleep(5_000);
    await page.locator('ox-player video').evaluate((video) => {
      video.addEventListener('playing', () => { video.dataset.wentOnAt = video.currentTime; }, { once: true });
    });
    await page.keyboard.press('k');
    await until('it plays', () => playerOf(page), (p) => !p.paused && p.state === 'behind');
    const after = Number(await until('it has gone on', () => page.locator('ox-player video').getAttribute('data-went-on-at'), (at) => at !== null));
    const picture = await momentShown(page);
    await close(page);

    assert.ok(Math.abs(after - before) <= 1, `it stopped at second ${before} and went on at ${after}`);
    assert.ok(Math.abs(picture.shown - picture.at) <= 1.5, `second ${picture.shown} is shown at ${picture.at}`);
  });

  longTest('faster than the broadcast it comes to live, and stays there at its speed', async () => {
    const page = await world.open(`/watch/${world.channels[1].id}`);
    await live(page);
    await page.keyboard.press('j');
    await until('it is behind', () => playerOf(page), (p) => p.state === 'behind');

    await page.locator('.control.speed').click();
    await photograph(page, 'watch-speed-1440-dark');
    await page.getByRole('menuitemradio', { name: '2×' }).click();
    const fast = await rate(page);
    await until('it is live', () => playerOf(page), (p) => p.state === 'live', 20);
    const after = await until('its speed is that of live', () => rate(page), (now) => now <= 1.1);
    await page.keyboard.press('ArrowLeft');
    await until('it is behind again', () => playerOf(page), (p) => p.state === 'behind');
    await page.locator('.control.speed').click();
    await page.getByRole('menuitem', { name: 'Catch up to live' }).click();
    const gentle = await rate(page);
    await close(page);

    assert.equal(fast, 2);
    assert.ok(after >= 1);
    assert.equal(gentle, 1.1);
  });

  test('metadata becomes a cue and a moment on the bar and in the list, which leads to it', async () => {
    const page = await world.open(`/watch/${world.channels[0].id}`);
    const began = await live(page);
    const cue = () => page.evaluate(() => {
      const cues = [...document.querySelector('ox-player video').textTracks].flatMap((track) => [...track.cues ?? []]);
      const last = cues.at(-1);
      return last ? { at: last.startTime, owner: last.value.info, text: new TextDecoder().decode(last.value.data) } : null;
    });
    // The first one makes the track, and Chromium forgets what it is made with.
    await world.server.putMetadata(world.channels[0], 'By the stream');
    await world.server.putMetadata(world.channels[0], 'Größe 🦬');
    const found = await until('the cue', cue, (last) => last?.text === 'Größe 🦬');
    const row = page.locator('.moment', { hasText: 'Größe 🦬' });
    await row.waitFor({ timeout: 5_000 });
    const marks = await page.locator('.marks .note').count();
    const shown = await until('it plays on', () => playerOf(page), (p) => p.at > found.at + 4);
    await photograph(page, 'watch-moments-1440-dark');
    await row.click();
    const after = await until('it is at the moment', () => playerOf(page), (p) => Math.abs(p.at - found.at) < 2, 5);
    await close(page);

    assert.equal(found.owner, 'metadata.live-video.net');
    assert.ok(found.at > began.at && found.at < shown.duration, `it is at ${found.at}`);
    assert.ok(marks >= 1);
    assert.equal(after.paused, false);
  });

  test('a second tap at the left goes ten seconds back', async () => {
    const page = await world.open(`/watch/${world.channels[1].id}`, phone);
    const began = await live(page);
    await photograph(page, 'watch-live-390-dark');
    // On a busy machine two taps may be too far apart for one double tap.
    const after = await until('it is behind', async () => {
      if ((await playerOf(page)).state !== 'behind') {
        await page.touchscreen.tap(40, 200);
        await page.touchscreen.tap(40, 200);
      }
      return playerOf(page);
    }, (p) => p.state === 'behind' && p.behind >= 8);
    const fits = await until('it fits the width', () => fitsItsWidth(page), Boolean);
    await close(page);

    assert.ok(after.at < began.at);
    assert.equal(fits, true);
  });

  longTest('where the encoder was away the bar has a gap as long as that, and seeking goes over it', async () => {
    const channel = world.channels[1];
    const page = await world.open(`/watch/${channel.id}`);
    await live(page);
    await world.server.stop(world.publishers[1]);
    await sleep(2_500);
    world.publishers[1] = world.server.publish(channel, 550);
    const gap = page.locator('.marks .gap');
    await until('the gap', () => gap.count(), (count) => count === 1, 30);
    const seconds = await until('it goes on', () => playerOf(page), (p) => p.state === 'live');
    // The bar grows, and is drawn anew with that.
    const middle = () => page.evaluate(() => {
      const box = document.querySelector('.marks .gap').getBoundingClientRect();
      return [box.x + box.width / 2, box.y + 3];
    });
    const words = await until('the card says it', async () => {
      await page.mouse.move(...await middle());
      return page.locator('.card').innerText();
    }, (text) => /no picture/.test(text));
    await page.mouse.click(...await middle());
    await page.locator('.gap-note').waitFor({ timeout: 2_000 });
    await photograph(page, 'watch-gap-1440-dark');
    // Not beside video.duration, which hls.js takes too long right behind a gap and never shortens.
    const bar = Number(await page.locator('.slider').getAttribute('aria-valuemax'));
    await close(page);

    assert.match(words, /no picture, \d+ seconds?$/);
    assert.ok(bar > seconds.at, `the bar is ${bar} s long, and its media ${seconds.at} and more`);
  });

  test('a network outage is said, and the player is live again by itself', async () => {
    const page = await world.open(`/watch/${world.channels[0].id}`);
    await live(page);
    await page.context().setOffline(true);
    await until('it says so', () => note(page), (text) => /Connection lost/.test(text), 20);
    await photograph(page, 'watch-offline-1440-dark');
    await page.context().setOffline(false);
    await until('it is live', () => playerOf(page), (p) => p.state === 'live', 20);
    const silent = await until('it says nothing more', () => note(page), (text) => text === '');
    await close(page);

    assert.equal(silent, '');
  });
}
