/** The renditions of a playlist, as a viewer chooses among them; what was chosen is kept by the tab. */

/** What is used of hls.js's levels; 0 where the playlist does not say. */
export interface Rendition {
  width: number;
  height: number;
  bitrate: number;
  frameRate: number;
}

/** What the viewer chose; kept for other playlists, whose renditions may be others. */
export interface Quality {
  lines: number;
  bitrate: number;
}

/** Of an upright picture the width: 720x1280 is 720p as well. */
export const linesOf = ({ width, height }: Rendition): number => Math.min(width, height);

const kManyFrames = 45;

/** "720p", "720p60"; beside another of that name with its bitrate. */
export function namesOf(renditions: readonly Rendition[]): string[] {
  const rate = ({ bitrate }: Rendition): string => `${(bitrate / 1_000_000).toFixed(1)} Mbit/s`;
  const names = renditions.map((one) =>
    !linesOf(one) ? rate(one) : `${linesOf(one)}p${one.frameRate > kManyFrames ? Math.round(one.frameRate) : ''}`);
  return names.map((name, n) =>
    linesOf(renditions[n] as Rendition) && names.filter((other) => other === name).length > 1
      ? `${name}, ${rate(renditions[n] as Rendition)}` : name);
}

/** The rendition that is nearest to `wanted` without being above it, or else the least; -1 when there is none. */
export function renditionFor(renditions: readonly Rendition[], wanted: Quality): number {
  const order = (a: Rendition, b: Rendition): number => {
    const off = ({ bitrate }: Rendition): number => Math.abs(bitrate - wanted.bitrate);
    return linesOf(b) - linesOf(a) || off(a) - off(b);
  };
  const fitting = renditions.filter((one) => linesOf(one) <= wanted.lines);
  const least = [...renditions].sort((a, b) => a.bitrate - b.bitrate)[0];
  const best = fitting.sort(order)[0] ?? least;
  return best ? renditions.indexOf(best) : -1;
}

const kKey = 'oxbow.quality';

/** Of this tab, until it is closed; null: whatever the network allows. */
export function chosenQuality(): Quality | null {
  try {
    const { lines, bitrate } = JSON.parse(sessionStorage.getItem(kKey) ?? 'null') as Quality;
    return Number.isFinite(lines) && Number.isFinite(bitrate) ? { lines, bitrate } : null;
  } catch {
    return null;
  }
}

export function keepQuality(quality: Quality | null): void {
  if (quality) sessionStorage.setItem(kKey, JSON.stringify(quality));
  else sessionStorage.removeItem(kKey);
}
