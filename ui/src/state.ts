/**
 * The page's state, in one place: what the server says of its channels, and the viewer's two settings.
 * Elements subscribe and draw; nobody else asks the server for channels.
 */
import { Channel, ChannelList, fetchChannels } from './api';
import { News } from './news';
import { setTheme, Theme, theme } from './theme';
import type { Zone } from './time';

const kPollMs = 2_000;
/** While the server tells by itself what changes; pictures of tiles are not told of. */
const kToldPollMs = 10_000;
/** After news; at most once a second. The list may be a second old, also in a cache: it is asked for once more. */
const kNewsMs = 100;
const kNewsApartMs = 1_000;
const kNewsAgainMs = 1_300;
const kPollAfterFailureMs = 4_000;

/** Events: "channels" (the list changed, or the server came or went), "tick" (a second passed), "settings". */
class State extends EventTarget {
  list: ChannelList | null = null;
  /** False from the first failed request until one succeeds. */
  reachable = true;

  private etag_: string | null = null;
  private timer_ = 0;
  private newsTimer_ = 0;
  private newsAgainTimer_ = 0;
  private askedAt_ = -Infinity;
  private skewMs_ = 0;
  private readonly news_ = new News();

  start(): void {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) return;
      this.news_.check();
      void this.poll_();
    });
    this.news_.addEventListener('news', () => this.askSoon_());
    this.news_.addEventListener('told', () => this.askSoon_());
    this.news_.start();
    setInterval(() => {
      if (!document.hidden) this.dispatchEvent(new Event('tick'));
    }, 1_000);
    void this.poll_();
  }

  channel(id: string): Channel | undefined {
    return this.list?.channels.find((channel) => channel.id === id);
  }

  /** The server's clock. The viewer's own may be wrong. */
  now(): number {
    return Date.now() + this.skewMs_;
  }

  get zone(): Zone {
    return localStorage.getItem('oxbow.zone') === 'utc' ? 'utc' : 'local';
  }

  set zone(zone: Zone) {
    localStorage.setItem('oxbow.zone', zone);
    this.dispatchEvent(new Event('settings'));
  }

  get theme(): Theme {
    return theme();
  }

  set theme(chosen: Theme) {
    setTheme(chosen);
    this.dispatchEvent(new Event('settings'));
  }

  /** Calls `draw` at each of `types` until `signal` ends, and once now. */
  watch(types: string[], signal: AbortSignal, draw: () => void): void {
    for (const type of types) this.addEventListener(type, draw, { signal });
    draw();
  }

  private askSoon_(): void {
    if (document.hidden) return;
    const poll = (): void => void this.poll_();
    clearTimeout(this.newsAgainTimer_);
    this.newsAgainTimer_ = window.setTimeout(poll, kNewsAgainMs);
    if (this.newsTimer_) return;
    const wait = Math.max(kNewsMs, this.askedAt_ + kNewsApartMs - performance.now());
    this.newsTimer_ = window.setTimeout(() => {
      this.newsTimer_ = 0;
      poll();
    }, wait);
  }

  private async poll_(): Promise<void> {
    clearTimeout(this.timer_);
    this.askedAt_ = performance.now();
    this.news_.check();
    let next = this.news_.isTold ? kToldPollMs : kPollMs;
    try {
      const answer = await fetchChannels(this.etag_);
      const changed = answer !== null || !this.reachable;
      if (answer) {
        this.list = answer.list;
        this.etag_ = answer.etag;
        if (Number.isFinite(answer.list.now)) this.skewMs_ = answer.list.now - Date.now();
      }
      this.reachable = true;
      if (changed) this.dispatchEvent(new Event('channels'));
    } catch {
      next = kPollAfterFailureMs;
      if (this.reachable) {
        this.reachable = false;
        this.dispatchEvent(new Event('channels'));
      }
    }
    clearTimeout(this.timer_);
    // A hidden page asks nothing; becoming visible asks at once.
    if (!document.hidden) this.timer_ = window.setTimeout(() => void this.poll_(), next);
  }
}

export const state = new State();
