// Plays a page of a recording in Chromium, from its first second to its end: node play_to_end.mjs URL
// Prints {"played": seconds, "complaints": [...]}; for tests that are not written for node.
import { chromium } from 'playwright-core';

const [url] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--mute-audio'],
});
try {
  const page = await browser.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  const video = page.locator('ox-player video');
  await video.evaluate(async (film) => {
    film.muted = true;
    await new Promise((resolve) => (film.readyState >= 2 ? resolve() : film.addEventListener('loadeddata', resolve, { once: true })));
    film.currentTime = 0;
    await film.play();
  });
  await page.waitForFunction(() => document.querySelector('ox-player video').ended, null, { timeout: 60_000 });
  console.log(JSON.stringify({ played: await video.evaluate((film) => film.currentTime), complaints }));
} finally {
  await browser.close();
}
