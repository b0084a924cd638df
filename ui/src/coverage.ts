/** When channels have pictures, by the wall clock, and the one time axis of several of them. Times are UTC ms. Pure. */

export interface Stretch {
  from: number;
  to: number;
}

/** What a channel has at one moment. */
export type Place =
  | { kind: 'shown' }
  | { kind: 'gap'; until: number }
  /** `at`: of its first picture. */
  | { kind: 'before'; at: number }
  /** `at`: of its last picture. */
  | { kind: 'after'; at: number };

/** `whole` without its `holes`, which are in order. */
export function without(whole: Stretch, holes: readonly Stretch[]): Stretch[] {
  const left: Stretch[] = [];
  let { from } = whole;
  for (const hole of holes) {
    if (hole.from > from) left.push({ from, to: Math.min(hole.from, whole.to) });
    from = Math.max(from, hole.to);
  }
  if (whole.to > from) left.push({ from, to: whole.to });
  return left;
}

/** Null for a channel that has nothing at all. */
export function placeAt(pictured: readonly Stretch[], wall: number): Place | null {
  const [first, last] = [pictured[0], pictured.at(-1)];
  if (!first || !last) return null;
  if (wall < first.from) return { kind: 'before', at: first.from };
  if (wall >= last.to) return { kind: 'after', at: last.to };
  const here = pictured.find((one) => wall < one.to) as Stretch;
  return wall >= here.from ? { kind: 'shown' } : { kind: 'gap', until: here.from };
}

/**
 * The axis: from the first picture to the last of the channels that were on air together. A channel whose last
 * picture is more than `apartMs` older than the first one of all others is not on it, nor what it overlaps alone.
 */
export function axisOf(wholes: readonly Stretch[], apartMs: number): Stretch | null {
  const newestFirst = [...wholes].sort((a, b) => b.to - a.to);
  const newest = newestFirst[0];
  if (!newest) return null;
  const axis = { ...newest };
  for (const one of newestFirst) {
    if (one.to >= axis.from - apartMs) axis.from = Math.min(axis.from, one.from);
  }
  return axis;
}

/**
 * Where LIVE leads: the newest moment that all of `walls` have, each where its channel's own LIVE leads. One that has
 * fallen more than `lateMs` behind the others holds them back no more.
 */
export function liveOf(walls: readonly number[], lateMs: number): number | null {
  if (walls.length === 0) return null;
  const newest = Math.max(...walls);
  return Math.min(...walls.filter((wall) => newest - wall <= lateMs));
}

/** The first moment from `wall` on at which somebody has a picture. */
export function nextPicture(all: readonly (readonly Stretch[])[], wall: number): number | null {
  const next = all.flatMap((pictured) => pictured.filter((one) => one.to > wall).map((one) => Math.max(one.from, wall)));
  return next.length > 0 ? Math.min(...next) : null;
}
