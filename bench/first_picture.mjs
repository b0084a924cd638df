// When hls.js shows the first picture of a broadcast that has yet to begin: for first_playlist.py.
// In: OXBOW, the URL of the server, the path of a playlist. Out: "ready", then {shownAt} (ms since 1970), as JSON lines.
import { createRequire } from 'node:module';

const [root, address, path] = process.argv.slice(2);
const { chromium } = createRequire(`${root}/tests/browser/package.json`)('playwright-core');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--mute-audio'],
});

/** Runs in the page: asks until the playlist is there, then plays it as hls.js does by itself. */
const firstPicture = async (url) => {
  while ((await fetch(url, { cache: 'no-store' })).status !== 200) await new Promise((done) => setTimeout(done, 20));
  const video = document.querySelector('video');
  const shown = new Promise((done) => video.requestVideoFrameCallback(() => done(performance.timeOrigin + performance.now())));
  const hls = new window.Hls({ lowLatencyMode: true });
  const faults = [];
  hls.on(window.Hls.Events.ERROR, (_, { details, fatal }) => {
    faults.push(details);
    if (fatal) setTimeout(() => hls.loadSource(url), 100);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  void video.play();
  return { shownAt: await shown, faults };
};

try {
  // The page that it starts from lets no script in but its own.
  const page = await browser.newPage({ bypassCSP: true });
  await page.goto(`${address}/`).catch(() => undefined);
  await page.setContent('<video muted width="640" height="360"></video>');
  await page.addScriptTag({ path: `${root}/ui/node_modules/hls.js/dist/hls.min.js` });
  console.log(JSON.stringify('ready'));
  console.log(JSON.stringify(await page.evaluate(firstPicture, address + path)));
} finally {
  await browser.close();
}
