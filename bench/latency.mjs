// How far behind the camera the page shows, by the number in the picture: for latency.py.
// In: OXBOW, the URL of the server, a channel's id, the camera's epoch (ms), seconds to watch, how many jumps, "page" or "bare"
// (hls.js alone). Out: JSON.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const [root, address, channel, epoch, seconds, jumps, player] = process.argv.slice(2);
const { chromium } = createRequire(`${root}/tests/browser/package.json`)('playwright-core');
const FRAME_MS = 40;
const LOOP_FRAMES = 1600;
const LOOP_MS = FRAME_MS * LOOP_FRAMES;

/** Runs in the page: the number in the picture that is shown, and the media time; null where none can be read. */
const look = () => {
  const video = document.querySelector('ox-player video, #bare');
  if (!video || video.readyState < 2) return null;
  const canvas = document.createElement('canvas');
  canvas.width = 256;
  canvas.height = 144;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0, 256, 144);
  const now = Date.now();
  const white = (block, y) => context.getImageData(16 * block + 8, y, 1, 1).data[0] > 128;
  let number = 0;
  for (let block = 0; block < 16; ++block) {
    if (white(block, 36) === white(block, 108)) return null;
    number = 2 * number + Number(white(block, 36));
  }
  const stalls = (window.stalls ??= { count: 0 });
  if (!stalls.heard) {
    stalls.heard = true;
    video.addEventListener('waiting', () => ++stalls.count);
  }
  return { number, now, at: video.currentTime, stalls: stalls.count, rate: video.playbackRate };
};

/** hls.js as it is by default. */
async function playBare(page) {
  await page.goto(`${address}/channels.json`);
  await page.setContent('<video id="bare" muted></video>');
  await page.evaluate(await readFile(`${root}/ui/node_modules/hls.js/dist/hls.min.js`, 'utf8'));
  await page.evaluate((url) => {
    const hls = new window.Hls();
    hls.loadSource(url);
    hls.attachMedia(document.querySelector('#bare'));
    void document.querySelector('#bare').play();
  }, `${address}/rewind/${channel}.m3u8`);
}

const behind = ({ number, now }) => (now - Number(epoch) - number * FRAME_MS + LOOP_MS * 1e6) % LOOP_MS;
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--mute-audio'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const opened = Date.now();
  if (player === 'bare') await playBare(page);
  else await page.goto(`${address}/watch/${channel}`);
  let first = null;
  while (!(first = await page.evaluate(look))) await sleep(20);
  const toFirstPicture = Date.now() - opened;
  await sleep(5_000);  // it catches up gently
  const samples = [];
  const stallsBefore = (await page.evaluate(look))?.stalls ?? 0;
  const end = Date.now() + 1_000 * Number(seconds);
  while (Date.now() < end) {
    const seen = await page.evaluate(look);
    if (seen) samples.push(seen);
    await sleep(250);
  }
  const latencies = samples.map(behind);
  const stalls = samples.at(-1).stalls - stallsBefore;
  const stalledAt = samples.filter((seen, n) => n > 0 && seen.stalls > samples[n - 1].stalls).map((seen) => (seen.now - Number(epoch)) / 1_000);

  const toStart = [];
  const toLive = [];
  for (let turn = 0; turn < Number(jumps); ++turn) {
    let pressed = Date.now();
    await page.keyboard.press('Home');
    for (let seen = null; !(seen && seen.at < 3); await sleep(10)) seen = await page.evaluate(look);
    toStart.push(Date.now() - pressed);
    await sleep(1_500);
    pressed = Date.now();
    await page.keyboard.press('End');
    for (let seen = null; !(seen && behind(seen) < 4_000); await sleep(10)) {
      seen = await page.evaluate(look);
      if (Date.now() - pressed > 20_000) break;
    }
    toLive.push(Date.now() - pressed);
    await sleep(2_000);
  }
  console.log(JSON.stringify({
    toFirstPicture, samples: samples.length, median: median(latencies),
    p95: [...latencies].sort((a, b) => a - b)[Math.floor(latencies.length * 0.95)], worst: Math.max(...latencies),
    stalls, stalledAt, toStart, toLive,
  }));
} finally {
  await browser.close();
}
