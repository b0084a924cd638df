/**
 * Pictures of a channel by wall-clock time. The list is asked for in pieces of half an hour, where the viewer
 * looks; the newest piece anew while the channel is live. Of pictures, the ones that were asked for last come first.
 */
import { fetchThumbnails, Thumbnail } from './api';

const kPieceMs = 1_800_000;
const kPiecesMax = 48;
const kNewestFreshMs = 4_000;
const kImagesMax = 160;
const kLoadingMax = 2;  // a browser has six connections to a host, and the player wants some
const kWaitingMax = 8;
/** No picture this far from the moment stands for it. */
const kFarMs = 90_000;

interface Piece {
  list: Thumbnail[];
  /** performance.now() of the last answer; 0 while none came. */
  askedAt: number;
  asking: boolean;
}

/** Events: "change" when a list or a picture came. */
export class Thumbnails extends EventTarget {
  private readonly pieces_ = new Map<number, Piece>();
  private readonly images_ = new Map<string, HTMLImageElement>();
  private waiting_: string[] = [];
  private loading_ = 0;

  /** `now` is the server's clock. */
  constructor(private readonly channelId_: string, private readonly now_: () => number) {
    super();
  }

  /** The picture of `wall`: the last one before it, or the first after it. Null when there is none near. */
  at(wall: number, recordingId: string | null): Thumbnail | null {
    const here = this.piece_(wall);
    let best = lastBefore(here.list, wall, recordingId);
    if (!best || wall - best.time > kFarMs) {
      const before = lastBefore(this.piece_(wall - kPieceMs).list, wall, recordingId);
      if (before && (!best || before.time > best.time)) best = before;
    }
    best ??= here.list.find((one) => one.time >= wall && isOf(one, recordingId)) ?? null;
    return best && Math.abs(best.time - wall) <= kFarMs ? best : null;
  }

  /** The loaded image of `thumbnail`; until it is there the nearest that is, `exact` false. */
  image(thumbnail: Thumbnail): { src: string; exact: boolean } | null {
    const loaded = this.images_.get(thumbnail.url);
    if (loaded?.complete && loaded.naturalWidth > 0) {
      this.images_.delete(thumbnail.url);
      this.images_.set(thumbnail.url, loaded);
      return { src: loaded.src, exact: true };
    }
    if (!loaded) this.want_(thumbnail.url);
    const list = this.pieces_.get(pieceOf(thumbnail.time))?.list ?? [];
    let near: { src: string; away: number } | null = null;
    for (const other of list) {
      const image = this.images_.get(other.url);
      const away = Math.abs(other.time - thumbnail.time);
      if (image?.complete && image.naturalWidth > 0 && (!near || away < near.away)) near = { src: image.src, away };
    }
    return near && { src: near.src, exact: false };
  }

  private piece_(wall: number): Piece {
    const begins = pieceOf(wall);
    let piece = this.pieces_.get(begins);
    if (!piece) {
      piece = { list: [], askedAt: 0, asking: false };
      this.pieces_.set(begins, piece);
      const oldest = this.pieces_.keys().next();
      if (this.pieces_.size > kPiecesMax && !oldest.done) this.pieces_.delete(oldest.value);
    }
    const grows = begins + kPieceMs + kNewestFreshMs > this.now_();
    const stale = grows ? performance.now() - piece.askedAt > kNewestFreshMs : piece.askedAt === 0;
    if (!piece.asking && (piece.askedAt === 0 || stale)) void this.ask_(begins, piece);
    return piece;
  }

  private async ask_(begins: number, piece: Piece): Promise<void> {
    piece.asking = true;
    const last = piece.list.at(-1)?.time;
    try {
      const more = await fetchThumbnails(this.channelId_, last === undefined ? begins : last + 1, begins + kPieceMs);
      piece.list.push(...more);
      if (more.length > 0) this.dispatchEvent(new Event('change'));
    } catch {
      // The bar works without pictures; asked again when it is looked at again.
    } finally {
      piece.asking = false;
      piece.askedAt = performance.now();
    }
  }

  private want_(url: string): void {
    this.waiting_ = [...this.waiting_.filter((other) => other !== url), url].slice(-kWaitingMax);
    this.loadNext_();
  }

  private loadNext_(): void {
    while (this.loading_ < kLoadingMax) {
      const url = this.waiting_.pop();
      if (url === undefined) return;
      const image = new Image();
      this.images_.set(url, image);
      const oldest = this.images_.keys().next();
      if (this.images_.size > kImagesMax && !oldest.done) this.images_.delete(oldest.value);
      ++this.loading_;
      const done = (): void => {
        --this.loading_;
        this.dispatchEvent(new Event('change'));
        this.loadNext_();
      };
      image.addEventListener('load', done, { once: true });
      image.addEventListener('error', done, { once: true });
      image.src = url;
    }
  }
}

const pieceOf = (wall: number): number => Math.floor(wall / kPieceMs) * kPieceMs;

const isOf = (one: Thumbnail, recordingId: string | null): boolean => recordingId === null || one.recordingId === recordingId;

/** Lists are by time, so that the search may halve them. */
function lastBefore(list: readonly Thumbnail[], wall: number, recordingId: string | null): Thumbnail | null {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as Thumbnail).time <= wall) low = middle + 1;
    else high = middle;
  }
  for (let n = low - 1; n >= 0; --n) {
    const one = list[n] as Thumbnail;
    if (isOf(one, recordingId)) return one;
  }
  return null;
}
