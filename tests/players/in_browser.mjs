// Plays a URL with a player for web pages in headless Chromium: for browser.py.
// In: OXBOW, player, URL, "live" or "start", seconds at most. Out, as JSON: when it began, what was seen, whether it ended,
// its complaints.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const [root, player, url, from, seconds] = process.argv.slice(2);
const { chromium } = createRequire(`${root}/tests/browser/package.json`)('playwright-core');
const kScripts = {
  'hls.js': `${root}/ui/node_modules/hls.js/dist/hls.min.js`,
  'video.js': `${root}/tests/browser/node_modules/video.js/dist/video.min.js`,
  Shaka: `${root}/tests/browser/node_modules/shaka-player/dist/shaka-player.compiled.js`,
};
const kLookEveryMs = 40;

/** Runs in the page: plays, and looks at the picture (clock_camera.py says what is in it). */
const play = async ([name, source, fromStart, lookEveryMs]) => {
  const complaints = [];
  const seen = [];
  let ended = false;
  document.querySelector('video').addEventListener('ended', () => (ended = true));
  const began = Date.now();
  let film = document.querySelector('video');
  if (name === 'hls.js') {
    const hls = new window.Hls(fromStart ? { startPosition: 0 } : {});
    hls.on(window.Hls.Events.ERROR, (_, { details, fatal }) => complaints.push(`${details}${fatal ? ', fatal' : ''}`));
    hls.loadSource(source);
    hls.attachMedia(film);
  } else if (name === 'video.js') {
    const made = window.videojs(film, { muted: true });
    made.on('error', () => complaints.push(`fatal: ${made.error()?.message}`));
    made.on('ended', () => (ended = true));
    made.src({ src: source, type: 'application/vnd.apple.mpegurl' });
    film = made.tech(true).el();
  } else {
    const made = new window.shaka.Player();
    made.addEventListener('error', ({ detail }) => complaints.push(`error ${detail.code}${detail.severity === 2 ? ', fatal' : ''}`));
    await made.attach(film);
    await made.load(source, fromStart ? 0 : null).catch((error) => complaints.push(`load: ${error.code ?? error.message}`));
  }
  film.muted = true;
  void film.play().catch((error) => complaints.push(String(error)));
  const canvas = document.createElement('canvas');
  canvas.width = 256;
  canvas.height = 144;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  let rewound = !(fromStart && name === 'video.js'); // it has no option for where to begin
  const look = () => {
    if (film.readyState < 2 || film.seeking) return;
    context.drawImage(film, 0, 0, 256, 144);
    const white = (block, y) => context.getImageData(16 * block + 8, y, 1, 1).data[0] > 128;
    let number = 0;
    for (let block = 0; block < 16; ++block) {
      if (white(block, 36) === white(block, 108)) return;
      number = 2 * number + Number(white(block, 36));
    }
    if (rewound) seen.push([Date.now(), number]);
    else if (film.seekable.length) film.currentTime = film.seekable.start(0);
    rewound = true;
  };
  setInterval(look, lookEveryMs);
  window.report = () => ({ began, seen, ended, complaints });
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--mute-audio'],
});
try {
  const page = await browser.newPage({ viewport: { width: 640, height: 360 } });
  const raised = [];
  page.on('pageerror', (error) => raised.push(`raised: ${error.message}`));
  await page.goto(new URL('/channels.json', url).href);
  await page.setContent('<video muted width="512" height="288" controls></video>');
  await page.evaluate(readFileSync(kScripts[player], 'utf8'));
  await page.evaluate(play, [player, url, from === 'start', kLookEveryMs]);
  const end = Date.now() + 1_000 * Number(seconds);
  let found = null;
  do {
    await sleep(250);
    found = await page.evaluate(() => window.report());
  } while (!found.ended && Date.now() < end);
  console.log(JSON.stringify({ ...found, complaints: [...raised, ...found.complaints] }));
} finally {
  await browser.close();
}
