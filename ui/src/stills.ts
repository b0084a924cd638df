/**
 * One picture out of a playlist, for tiles. Stills are taken one after the other, of visible tiles only,
 * and kept: each costs the viewer one segment.
 */
import { loadEngine, previewSettings } from './engine';

/** Which second to show: the newest, or this share of the whole. */
export type Moment = 'live' | number;

const kStillsMax = 48;
const kTimeoutMs = 10_000;
const kWidth = 480;

const taken = new Map<string, string>();
let queue: Promise<unknown> = Promise.resolve();

/** The picture's object URL; null when none could be had. `key` names the picture for the cache. */
export function still(key: string, url: string, moment: Moment): Promise<string | null> {
  const known = taken.get(key);
  if (known) return Promise.resolve(known);
  const next = queue.then(() => taken.get(key) ?? take(url, moment)).then((picture) => {
    if (picture) keep(key, picture);
    return picture;
  });
  queue = next.catch(() => null);
  return next;
}

/** A picture taken before, if it is still there. */
export function stillTaken(key: string): string | null {
  return taken.get(key) ?? null;
}

function keep(key: string, picture: string): void {
  taken.set(key, picture);
  const oldest = taken.keys().next();
  if (taken.size <= kStillsMax || oldest.done) return;
  URL.revokeObjectURL(taken.get(oldest.value) ?? '');
  taken.delete(oldest.value);
}

async function take(url: string, moment: Moment): Promise<string | null> {
  const engine = await loadEngine();
  if (!engine.isSupported()) return null;
  const video = document.createElement('video');
  video.muted = true;
  const hls = new engine({ ...previewSettings(), maxBufferLength: 1, maxMaxBufferLength: 1 });
  try {
    const shown = new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(false), kTimeoutMs);
      video.addEventListener('loadeddata', () => resolve(true), { once: true });
      hls.on(engine.Events.ERROR, (_event, data) => data.fatal && resolve(false));
    });
    hls.on(engine.Events.LEVEL_LOADED, (_event, { details }) => {
      if (moment === 'live' || details.live || video.readyState > 0) return;
      hls.stopLoad();
      hls.startLoad(details.fragmentStart + details.totalduration * moment);
    });
    hls.loadSource(`${url}${url.includes('?') ? '&' : '?'}parts=0`);
    hls.attachMedia(video);
    return (await shown) && video.videoWidth > 0 ? await draw(video) : null;
  } finally {
    hls.destroy();
  }
}

async function draw(video: HTMLVideoElement): Promise<string | null> {
  const canvas = document.createElement('canvas');
  canvas.width = kWidth;
  canvas.height = Math.round((kWidth * video.videoHeight) / video.videoWidth);
  canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.82));
  return blob ? URL.createObjectURL(blob) : null;
}
