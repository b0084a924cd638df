// The real server, real encoders and a real browser, for the tests beside this file.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const binary = process.env.OXBOW;

export const kFrameRate = 30;

/** Polls `read` until `accept` of its value; fails with `what` and the last value after `seconds`. */
export async function until(what, read, accept = Boolean, seconds = 20) {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    const value = await read();
    if (accept(value)) return value;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s, last seen ${JSON.stringify(value)}`);
    await sleep(100);
  }
}

function filmOf(tone, pace) {
  const bits = (count) => Array.from({ length: count }, (_, bit) => bit);
  const seconds = bits(8).map(
    (bit) => `drawbox=x=${bit * 80}:y=0:w=80:h=40:t=fill:color=white:enable='mod(floor(t/${2 ** bit}),2)'`);
  const frames = bits(16).map(
    (bit) => `drawbox=x=${bit * 40}:y=40:w=40:h=40:t=fill:color=white:enable='mod(floor(n/${2 ** bit}),2)'`);
  return [
    ...pace, '-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=${kFrameRate}`,
    ...pace, '-f', 'lavfi', '-i', `sine=frequency=${tone}:sample_rate=48000`,
    '-vf', ['drawbox=x=0:y=0:w=640:h=80:t=fill:color=black', ...seconds, ...frames].join(','), '-pix_fmt', 'yuv420p',
    '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '60', '-b:v', '1200k',
    '-c:a', 'aac', '-b:a', '64k',
  ];
}

/** `oxbow serve` on free ports and a folder of its own. */
export class Server {
  #children = new Set();

  static async start({ reconnectSeconds = 2 } = {}) {
    if (!binary) throw new Error('set OXBOW to the oxbow binary, for example build/dev/oxbow');
    const server = new Server();
    server.folder = mkdtempSync(join(tmpdir(), 'oxbow-browser-'));
    writeFileSync(join(server.folder, 'oxbow.toml'), `[recording]\nreconnect_window_seconds = ${reconnectSeconds}\n`);
    server.data = join(server.folder, 'data');
    await server.#serve({ http: '127.0.0.1:0', api: '127.0.0.1:0', rtmp: '127.0.0.1:0' });
    return server;
  }

  #process;

  async #serve({ http, api, rtmp }) {
    const ready = join(this.folder, 'ready.json');
    rmSync(ready, { force: true });
    const child = this.#spawn(binary, ['serve', '--config', join(this.folder, 'oxbow.toml'), '--data', this.data, '--ready-file', ready,
      '--http', http, '--api', api, '--rtmp', rtmp]);
    this.#process = child;
    const read = () => {
      if (child.exitCode !== null) throw new Error(`oxbow serve ended with ${child.exitCode}; it says why above`);
      try {
        return JSON.parse(readFileSync(ready, 'utf8'));
      } catch {
        return null;
      }
    };
    this.ready = await until('the server is ready', read, Boolean, 30);
  }

  /** As by `kill -9`: nothing is put in order. Its encoders end by themselves. */
  async crash() {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await gone;
  }

  /** After a crash: the same data, at the same addresses. */
  async startAgain() {
    const address = (url) => new URL(url.replace(/^rtmp/, 'http')).host;
    const { http, api, rtmp } = this.ready;
    await this.#serve({ http: address(http), api: address(api), rtmp: address(rtmp) });
  }

  /** While it is away: the list of recordings, made again from the bucket. */
  async rebuildCatalogue() {
    await run(binary, ['catalog', 'rebuild', '--data', this.data]);
  }

  async createChannel(name) {
    const { stdout } = await run(binary, ['channel', 'create', name, '--json', '--data', this.data]);
    const answer = JSON.parse(stdout);
    return { id: answer.channel.arn.split('/').pop(), arn: answer.channel.arn, name, ingestUrl: answer.ingestUrl };
  }

  /** A call of the API by Amazon's command line. */
  async #aws(...words) {
    const env = {
      PATH: '/usr/bin:/bin', HOME: this.folder, AWS_SHARED_CREDENTIALS_FILE: this.ready.credentials, LC_ALL: 'C.UTF-8',
    };
    await run(process.env.AWS ?? '/usr/bin/aws', ['--region', 'us-east-1', '--endpoint-url', this.ready.api, 'ivs', ...words],
      { env });
  }

  async putMetadata(channel, text) {
    await this.#aws('put-metadata', '--channel-arn', channel.arn, '--metadata', text);
  }

  /** Makes a key pair as the documentation says it, and imports it. The private key's file. */
  async importKey() {
    const file = join(this.folder, 'private.pem');
    await run('openssl', ['ecparam', '-name', 'secp384r1', '-noout', '-genkey', '-out', file]);
    const { stdout } = await run('openssl', ['ec', '-in', file, '-pubout']);
    await this.#aws('import-playback-key-pair', '--public-key-material', stdout);
    return file;
  }

  async makePrivate(channel) {
    await this.#aws('update-channel', '--arn', channel.arn, '--authorized');
  }

  /** The link to a private channel's page. */
  async watchUrl(channel, key, ...options) {
    const { stdout } = await run(binary, ['token', 'create', '--channel', channel.arn, '--key', key, '--json', '--data', this.data,
      ...options]);
    return `/watch/${channel.id}?token=${JSON.parse(stdout).token}`;
  }

  /**
   * Publishes 640x360 at 30 fps with a key frame every 2 s. Eight squares along the top show the second of
   * the broadcast in binary, white for 1, the lowest bit on the left: `secondShown` reads it. Sixteen squares
   * below them show the number of the frame in the same way: `frameShown`.
   */
  publish(channel, tone) {
    return this.#spawn('ffmpeg', ['-nostdin', '-loglevel', 'error', ...filmOf(tone, ['-re']), '-f', 'flv', channel.ingestUrl]);
  }

  /** The same as `publish`, made in advance, so that many can be published by few cores. */
  async makeFilm(seconds) {
    const file = join(this.folder, 'film.flv');
    await run('ffmpeg', ['-nostdin', '-loglevel', 'error', ...filmOf(440, []), '-t', String(seconds), file]);
    return file;
  }

  /**
   * A recording as Amazon IVS leaves it in its bucket, in the bucket: of a film of `seconds`, as large as each of `heights`.
   * Of one chunk, which has a byte range for each GOP.
   */
  async putAmazonRecording(channel, recordingId, began, film, seconds, heights) {
    const folder = join(this.data, `bucket/ivs/v1/123456789012/${channel.id}/${began.getUTCFullYear()}/${began.getUTCMonth() + 1}/${began.getUTCDate()}`,
      `${began.getUTCHours()}/${began.getUTCMinutes()}`, recordingId);
    const time = (date) => date.toISOString().replace(/\.\d+/, '');
    const hls = join(folder, 'media/hls');
    const renditions = heights.map((height) => ({
      path: `${height}p30`, playlist: 'playlist.m3u8', byte_range_playlist: 'byte-range-variant.m3u8',
      resolution_width: (height * 16) / 9, resolution_height: height,
    }));
    for (const { path, resolution_height: height } of renditions) {
      const place = join(hls, path);
      mkdirSync(place, { recursive: true });
      await run('ffmpeg', ['-nostdin', '-loglevel', 'error', '-i', film, '-vf', `scale=-2:${height}`, '-c:v', 'libx264', '-preset', 'ultrafast',
        '-g', '60', '-sc_threshold', '0', '-c:a', 'copy', '-f', 'hls', '-hls_time', '2', '-hls_list_size', '0', '-hls_flags', 'single_file',
        '-hls_segment_filename', '0.ts', 'made.m3u8'], { cwd: place });
      const made = readFileSync(join(place, 'made.m3u8'), 'utf8');
      rmSync(join(place, 'made.m3u8'));
      const head = ['#EXTM3U', '#EXT-X-VERSION:4', '#EXT-X-TARGETDURATION:12', '#EXT-X-PLAYLIST-TYPE:VOD', '#EXT-X-MEDIA-SEQUENCE:0'];
      let at = began.getTime();
      const ranges = [...made.matchAll(/#EXTINF:([\d.]+),\s+(#EXT-X-BYTERANGE:\S+)/g)].flatMap(([, length, range]) => {
        const begins = new Date(at).toISOString();
        at += Number(length) * 1_000;
        return [`#EXT-X-PROGRAM-DATE-TIME:${begins}`, `#EXTINF:${Number(length).toFixed(3)},`, range, '0.ts'];
      });
      writeFileSync(join(place, 'byte-range-variant.m3u8'), [...head, ...ranges, '#EXT-X-ENDLIST', ''].join('\n'));
      const whole = [`#EXT-X-PROGRAM-DATE-TIME:${began.toISOString()}`, `#EXTINF:${seconds.toFixed(3)},`, '0.ts'];
      writeFileSync(join(place, 'playlist.m3u8'), [...head, ...whole, '#EXT-X-ENDLIST', ''].join('\n'));
    }
    for (const [name, playlist] of [['master.m3u8', 'playlist.m3u8'], ['byte-range-multivariant.m3u8', 'byte-range-variant.m3u8']]) {
      writeFileSync(join(hls, name), ['#EXTM3U', ...renditions.flatMap(({ path, resolution_width: width, resolution_height: height }) => [
        `#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="${path}",NAME="${height}p",AUTOSELECT=YES,DEFAULT=YES`,
        `#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH=${height * 3_000},CODECS="avc1.4D401F,mp4a.40.2",RESOLUTION=${width}x${height},VIDEO="${path}"`,
        `${path}/${playlist}`])].join('\n'));
    }
    mkdirSync(join(folder, 'events'));
    const event = (status, more, duration) => ({
      version: 'v1', recording_started_at: time(began), ...more,
      channel_arn: `arn:aws:ivs:us-east-1:123456789012:channel/${channel.id}`, recording_status: status,
      media: {
        hls: { ...duration, path: 'media/hls', playlist: 'master.m3u8', byte_range_playlist: 'byte-range-multivariant.m3u8', renditions },
        thumbnails: { path: 'media/thumbnails' },
      },
    });
    const ended = { recording_ended_at: time(new Date(began.getTime() + seconds * 1_000)) };
    writeFileSync(join(folder, 'events/recording-started.json'), JSON.stringify(event('RECORDING_STARTED')));
    writeFileSync(join(folder, 'events/recording-ended.json'),
      JSON.stringify(event('RECORDING_ENDED', ended, { duration_ms: seconds * 1_000 })));
  }

  publishFilm(channel, file) {
    return this.#spawn('ffmpeg', ['-nostdin', '-loglevel', 'error', '-re', '-i', file, '-c', 'copy', '-f', 'flv', channel.ingestUrl]);
  }

  /** Ends a publisher as its user would, and waits until it is gone. */
  async stop(child) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await gone;
    clearTimeout(late);
  }

  async close() {
    const children = [...this.#children].reverse();
    for (const child of children) await this.stop(child);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(command, args) {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }
}

/** The seconds of picture that a file holds. */
export async function probe(file) {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pts_time',
    '-of', 'csv=p=0', file]);
  const times = stdout.split(/[\s,]+/).filter(Boolean).map(Number);
  return Math.max(...times) - Math.min(...times) + 1 / 30;
}

/** The player of a page, from outside. */
export const playerOf = (page) => page.evaluate(() => {
  const player = document.querySelector('ox-player');
  const video = player?.querySelector('video');
  if (!player || !video) return null;
  return {
    state: player.dataset.state,
    behind: Number(player.dataset.behindSeconds),
    at: video.currentTime,
    duration: video.duration,
    paused: video.paused,
    spoken: player.querySelector('[role=slider]')?.getAttribute('aria-valuetext') ?? '',
  };
});

/**
 * In the page: the second of the broadcast that a film or a picture shows, read off its squares, and the time at which
 * a film was then. Both in one call, and the squares in one read: on a busy machine every other one takes its while.
 */
const readSquares = (picture) => {
  const canvas = document.createElement('canvas');
  canvas.width = 640;
  canvas.height = 360;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const at = picture.currentTime;
  context.drawImage(picture, 0, 0, 640, 360);
  const row = context.getImageData(0, 20, 640, 1).data;
  const isWhite = (bit) => row[(bit * 80 + 40) * 4] > 128;
  return { shown: [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, bit) => sum + (isWhite(bit) ? 2 ** bit : 0), 0), at };
};

/** { shown, at }: the second that the player's picture shows, and the time at which its film was then. */
export const momentShown = (page) => page.locator('ox-player video').evaluate(readSquares);

export const secondShown = async (page) => (await momentShown(page)).shown;

/** Of every picture of a locator. */
export async function secondsOf(pictures) {
  const found = await pictures.all();
  return Promise.all(found.map(async (picture) => (await picture.evaluate(readSquares)).shown));
}

/**
 * Of several films side by side that play: how far apart the pictures are that they show at one time, in ms of
 * PROGRAM-DATE-TIME. `firsts`: of each film, the PROGRAM-DATE-TIME of its frame 0.
 */
export async function spreadWhilePlaying(page, firsts, samples = 15) {
  const seen = await page.evaluate(async ([firstOf, count, frameMs]) => {
    const film = (video) => new Promise((resolve) => {
      const canvas = document.createElement('canvas');
      canvas.width = 640;
      canvas.height = 360;
      const context = canvas.getContext('2d', { willReadFrequently: true });
      const found = [];
      const look = (_now, { expectedDisplayTime }) => {
        context.drawImage(video, 0, 0, 640, 360);
        const { data } = context.getImageData(0, 60, 640, 1);
        let frame = 0;
        for (let bit = 0; bit < 16; ++bit) if (data[(bit * 40 + 20) * 4] > 128) frame += 2 ** bit;
        found.push(firstOf[video.closest('ox-cell').dataset.channel] + frame * frameMs - expectedDisplayTime);
        if (found.length < count) video.requestVideoFrameCallback(look);
        else resolve(found.sort((a, b) => a - b)[count >> 1]);
      };
      video.requestVideoFrameCallback(look);
      setTimeout(() => resolve(NaN), 5_000);
    });
    return Promise.all([...document.querySelectorAll('ox-cell[data-state=shown] video')].map(film));
  }, [firsts, samples, 1_000 / kFrameRate]);
  return Math.max(...seen) - Math.min(...seen);
}

/** The number of the frame that each of several films shows, by channel; of those that have a picture. */
export const framesShown = (page) => page.evaluate(() => Object.fromEntries([...document.querySelectorAll('ox-cell[data-state=shown]')].map((cell) => {
  const canvas = document.createElement('canvas');
  canvas.width = 640;
  canvas.height = 360;
  const context = canvas.getContext('2d');
  context.drawImage(cell.querySelector('video'), 0, 0, 640, 360);
  const { data } = context.getImageData(0, 60, 640, 1);
  let frame = 0;
  for (let bit = 0; bit < 16; ++bit) if (data[(bit * 40 + 20) * 4] > 128) frame += 2 ** bit;
  return [cell.dataset.channel, frame];
})));

/** CPU seconds so far, and MB of memory now (what processes share counts once), of the browsers of this test file. */
export function costOfBrowser() {
  const kTicksPerSecond = 100;
  const processes = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      // "15904 (chromium) S 15880 ...": the name may hold anything, also brackets.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      processes.set(pid, { name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')), parent: fields[1], ticks: Number(fields[11]) + Number(fields[12]) });
    } catch {
      // It has ended meanwhile.
    }
  }
  const isOurs = (pid) => pid === String(process.pid) || (processes.has(pid) && isOurs(processes.get(pid).parent));
  const browsers = [...processes].filter(([pid, { name }]) => name.startsWith('chrom') && isOurs(pid));
  const shares = browsers.map(([pid]) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0));
  return {
    cpu: browsers.reduce((sum, [, { ticks }]) => sum + ticks, 0) / kTicksPerSecond,
    megabytes: Math.round(shares.reduce((sum, share) => sum + share, 0) / 1024),
  };
}
