/**
 * The time axis of one playlist: media seconds on one side, the wall clock of PROGRAM-DATE-TIME on the
 * other. Between two broadcasts merged into one recording the wall clock jumps, media time does not.
 */

/** What is used of hls.js's fragments: rising `start`, `programDateTime` in UTC milliseconds. */
export interface Piece {
  start: number;
  duration: number;
  cc: number;
  programDateTime: number | null;
  /** EXT-X-GAP: it takes its time, and has no picture. */
  gap?: boolean;
}

/** The last piece whose `key` is not above `value`; the first piece when all are. */
function pieceAt(pieces: readonly Piece[], value: number, key: (piece: Piece) => number): Piece | undefined {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (key(pieces[middle] as Piece) <= value) low = middle;
    else high = middle - 1;
  }
  return pieces[low];
}

/** UTC milliseconds of the picture at media second `at`; null when the playlist names no wall clock. */
export function wallClockAt(pieces: readonly Piece[], at: number): number | null {
  const piece = pieceAt(pieces, at, (p) => p.start);
  if (!piece || piece.programDateTime === null) return null;
  return piece.programDateTime + (at - piece.start) * 1_000;
}

/** Media second of the wall-clock time `wall`; a time in a gap gives the gap's end. Null as above. */
export function mediaTimeAt(pieces: readonly Piece[], wall: number): number | null {
  const piece = pieceAt(pieces, wall, (p) => p.programDateTime ?? 0);
  if (!piece || piece.programDateTime === null) return null;
  const inside = (wall - piece.programDateTime) / 1_000;
  return piece.start + Math.min(Math.max(inside, 0), piece.duration);
}

/** Media seconds at which the publisher came back: where the discontinuity number rises. */
export class Reconnects {
  at: readonly number[] = [];
  private pieces_: number[] = [];  // that begin behind a reconnect
  private seen_ = 0;

  /**
   * Reads the pieces added since the last call, as an EVENT playlist only grows, and the newest of before once more:
   * hls.js takes the first piece behind a reconnect that a delta update brought for one without, until it reads the
   * whole playlist.
   */
  read(pieces: readonly Piece[]): void {
    const from = Math.max(1, Math.min(this.seen_, pieces.length) - kReadAgain);
    this.pieces_ = this.pieces_.filter((index) => index < from);
    for (let i = from; i < pieces.length; ++i) {
      if ((pieces[i] as Piece).cc !== (pieces[i - 1] as Piece).cc) this.pieces_.push(i);
    }
    this.at = this.pieces_.map((index) => (pieces[index] as Piece).start);
    this.seen_ = pieces.length;
  }
}

const kReadAgain = 24; // pieces

/** A stretch of the wall clock without a picture. */
export interface Gap {
  /** Media second at which it begins. */
  at: number;
  /** How long it lasted, by the wall clock. */
  seconds: number;
  /** How much of that media time has, too: nothing where the publisher was away, all of an EXT-X-GAP. */
  inMedia: number;
}

const kGapSecondsMin = 1;

/** The gaps of an EVENT playlist, which only grows: reads the pieces added since the last call. */
export class Gaps {
  readonly all: Gap[] = [];
  private seen_ = 0;
  private last_: Piece | null = null;

  read(pieces: readonly Piece[]): void {
    for (; this.seen_ < pieces.length; ++this.seen_) {
      const piece = pieces[this.seen_] as Piece;
      const away = this.awayBefore_(piece);
      if (away >= kGapSecondsMin) this.all.push({ at: piece.start, seconds: away, inMedia: 0 });
      if (piece.gap) this.lengthen_(piece);
      const { start, duration, cc, programDateTime, gap } = piece;  // of hls.js these are getters, which no spread copies
      this.last_ = { start, duration, cc, programDateTime, gap: gap === true };
    }
  }

  private awayBefore_(piece: Piece): number {
    const last = this.last_;
    // Not by cc, which hls.js has wrong at first: see Reconnects.
    if (!last?.duration || last.programDateTime === null || piece.programDateTime === null) return 0;
    return (piece.programDateTime - last.programDateTime) / 1_000 - last.duration;
  }

  private lengthen_(piece: Piece): void {
    const open = this.all.at(-1);
    if (open && this.last_?.gap) {
      open.seconds += piece.duration;
      open.inMedia += piece.duration;
    } else {
      this.all.push({ at: piece.start, seconds: piece.duration, inMedia: piece.duration });
    }
  }
}

/**
 * The axis of the seek bar: seconds since the first picture as a wall clock counts them. Where the publisher
 * was away it goes on, and media time does not.
 */
export class Axis {
  constructor(readonly gaps: readonly Gap[]) {}

  toBar(at: number): number {
    let bar = at;
    for (const gap of this.gaps) if (gap.at <= at) bar += gap.seconds - gap.inMedia;
    return bar;
  }

  /** The media second at `bar`, and the gap that `bar` is in; then the second is that of the gap's end. */
  toMedia(bar: number): { at: number; gap: Gap | null } {
    let added = 0;
    for (const gap of this.gaps) {
      const begins = gap.at + added;
      if (bar < begins) break;
      if (bar < begins + gap.seconds) return { at: gap.at + gap.inMedia, gap };
      added += gap.seconds - gap.inMedia;
    }
    return { at: bar - added, gap: null };
  }

  /** Where on the bar a gap begins. */
  beginOf(gap: Gap): number {
    return this.toBar(gap.at) - gap.seconds + gap.inMedia;
  }
}

/** What a playlist says that decides how near to its end a player may stay. */
export interface Pace {
  targetduration: number;
  /** 0 without parts. */
  partHoldBack: number;
  canBlockReload: boolean;
}

/**
 * How far behind the newest picture to play, in seconds. Without parts a player sees a segment when it is
 * whole; and having asked in vain it waits for half a target duration (RFC 8216, 6.3.4), unless the server
 * holds its answer. On top of that a little for the network.
 */
export function liveDelay(pieces: readonly Piece[], pace: Pace): number {
  if (pace.partHoldBack > 0) return pace.partHoldBack;
  const recent = pieces.slice(-6).map((piece) => piece.duration);
  const longest = recent.length > 0 ? Math.max(...recent) : 2;
  return longest + (pace.canBlockReload ? 0 : pace.targetduration / 2) + 1.5;
}
