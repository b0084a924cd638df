/** What the player says of where the viewer is. Pure. */
import type { View } from './playback';
import { clock, stretch, Zone } from './time';

export interface Moment {
  /** Media second shown, or dragged to, and its wall clock (UTC ms). */
  at: number;
  wall: number | null;
  paused: boolean;
  scrubbing: boolean;
}

export interface PlayerWords {
  pill: 'live' | 'behind' | 'paused' | 'ended';
  pillLabel: string;
  main: string;
  detail: string;
}

/** `now` is the server's clock. */
export function playerWords(view: View, moment: Moment, now: number, zone: Zone): PlayerWords {
  const { at, wall, paused, scrubbing } = moment;
  const time = wall === null ? '' : clock(wall, zone);
  const bar = (media: number): number => view.axis.toBar(media);
  const into = `${stretch(bar(at) - bar(view.start))} of ${stretch(bar(view.end) - bar(view.start))}`;
  if (view.phase !== 'playing') return { ...pillOf(view, paused, scrubbing), main: '', detail: '' };
  const pill = pillOf(view, paused, scrubbing);
  if (pill.pill === 'ended') return { ...pill, main: into, detail: time };
  if (!view.rewindable) return { ...pill, main: time, detail: 'not recorded' };
  if (view.atEdge && !scrubbing) {
    const delay = wall === null || paused ? 0 : Math.round((now - wall) / 1_000);
    return { ...pill, main: time, detail: delay > 0 ? `${delay} s delay` : '' };
  }
  return { ...pill, main: `${stretch(bar(view.end) - bar(at))} behind live`, detail: time || into };
}

function pillOf(view: View, paused: boolean, scrubbing: boolean): Pick<PlayerWords, 'pill' | 'pillLabel'> {
  if (view.phase === 'playing' && !view.live && view.end > 0) return { pill: 'ended', pillLabel: 'The broadcast has ended' };
  if (view.atEdge && !paused && !scrubbing) return { pill: 'live', pillLabel: 'Live' };
  return { pill: paused ? 'paused' : 'behind', pillLabel: 'Go to live (End)' };
}
