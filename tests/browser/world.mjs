// One server, one browser and the encoders of a test file, shared by its tests.
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { test } from 'node:test';

import playwright from 'playwright-core';

import { playerOf, Server, until } from './oxbow.mjs';

const screenshots = process.env.OXBOW_SCREENSHOTS ?? join(tmpdir(), 'oxbow-screenshots');

/** What a browser says by itself of an answer that is no success: tests that cause one look at the page instead. */
const ofTheBrowser = /^Failed to load resource/;
/** In Firefox, of the style "body {}" that Playwright puts into a page and takes out again to photograph it: our policy refuses it. */
const ofTheDriver = /'sha256-YjaKGiklmzC6wjXA513HAMmzus8VE61XCOT\+SmwNZWA='/;
const isOurs = (text) => ![ofTheBrowser, ofTheDriver].some((other) => other.test(text));

const chromium = () => playwright.chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--mute-audio'],
});

/**
 * Debian's own, by WebDriver BiDi: Playwright's `firefox` is a build of its own. Sound plays only at a gesture of the viewer; by
 * default one was enough for ever after, and as such counts whatever we ask of a page.
 */
export const firefox = () => playwright._bidiFirefox.launch({
  executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
  firefoxUserPrefs: { 'media.autoplay.default': 1, 'media.autoplay.blocking_policy': 2 },
});

export class World {
  channels = [];
  publishers = [];
  complaints = [];

  /** `launch`: the browser. */
  static async start({ launch = chromium, ...options } = {}) {
    mkdirSync(screenshots, { recursive: true });
    const world = new World();
    world.server = await Server.start(options);
    world.browser = await launch();
    return world;
  }

  /** A page of its own context; `options` as Playwright's newContext. */
  async open(path, options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark', ...options });
    const page = await context.newPage();
    const complain = (text) => isOurs(text) && this.complaints.push(`${path}: ${text}`);
    page.on('pageerror', (error) => complain(String(error)));
    page.on('console', (message) => message.type() === 'error' && complain(message.text()));
    await page.goto(new URL(path, this.server.ready.http).href);
    // Gone as soon as the page is loaded anew.
    await page.evaluate(() => (document.documentElement.dataset.loadedOnce = 'yes'));
    return page;
  }

  async close() {
    await this.browser?.close();
    await this.server?.close();
  }

  async publishNew(name, tone) {
    const channel = await this.server.createChannel(name);
    this.channels.push(channel);
    this.publishers.push(this.server.publish(channel, tone));
    return channel;
  }

  get(path) {
    return fetch(new URL(path, this.server.ready.http));
  }
}

/** Whether there is time for all of it: `./dev test --long`, or by hand. */
export const isLong = process.env.OXBOW_LONG === '1';
/** A test of the long run alone. */
export const longTest = isLong ? test : () => {};

export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
export const close = (page) => page.context().close();
export const wasReloaded = (page) => page.evaluate(() => document.documentElement.dataset.loadedOnce !== 'yes');
export const photograph = (page, name) => page.screenshot({ path: join(screenshots, `${name}.png`) });
/** A page by day and by night, on a desk and on a phone; in the long run, for who looks at them. It is as before afterwards. */
export async function portraits(page, name) {
  const before = page.viewportSize();
  for (const colorScheme of isLong ? ['light', 'dark'] : []) {
    await page.emulateMedia({ colorScheme });
    for (const [width, height] of [[390, 844], [1440, 900]]) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(700); // what moves there comes to rest
      await photograph(page, `${name}-${width}-${colorScheme}`);
    }
  }
  await page.setViewportSize(before);
}
export const tiles = (page, state) => page.locator(`ox-tile[data-state=${state}]`).count();
export const live = (page) => until('the player is live', () => playerOf(page), (p) => p?.state === 'live' && p.at > 0);
export const rewindable = (page, seconds) =>
  until(`${seconds} s are there to rewind`, () => playerOf(page), (p) => p.duration > seconds, seconds + 15);
/** Not by innerWidth: on a phone that grows with what does not fit. */
export const fitsItsWidth = (page) =>
  page.evaluate((width) => document.documentElement.scrollWidth <= width, page.viewportSize().width);
