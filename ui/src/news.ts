/**
 * That something changed, as the server tells it by itself (`/events`): one connection for all tabs of a browser, which has
 * only six to a host. The tab that holds the lock has the connection and tells the others; when it goes, another gets
 * both. Without locks (a page over plain HTTP from another machine has none) or while the server does not tell,
 * `isTold` is false, and whoever wants to know has to ask.
 *
 * Events: "news"; "told" when `isTold` changed.
 */
const kName = 'oxbow.news';
const kTypes = ['state', 'live', 'interrupted', 'offline', 'recording-started', 'recording-ended'];
/** A server that takes no more listeners (503) ends the connection for good: asked again after this. */
const kAgainMs = 15_000;
const kAnswerMs = 2_000;

type Word = 'up' | 'down' | 'news' | 'who';

export class News extends EventTarget {
  isTold = false;
  private channel_: BroadcastChannel | null = null;
  private source_: EventSource | null = null;
  private lifetime_ = new AbortController();
  private release_: (() => void) | null = null;
  private answerTimer_ = 0;
  private againTimer_ = 0;

  start(): void {
    if (!('locks' in navigator) || typeof BroadcastChannel === 'undefined' || typeof EventSource === 'undefined') return;
    this.begin_();
    // A page that may come back out of the browser's memory holds nothing meanwhile.
    addEventListener('pagehide', () => this.end_());
    addEventListener('pageshow', (event) => event.persisted && this.begin_());
  }

  /** Whether whoever tells is still there; answered by `isTold`, a little later. */
  check(): void {
    if (!this.channel_ || this.source_) return;
    this.channel_.postMessage('who');
    clearTimeout(this.answerTimer_);
    this.answerTimer_ = window.setTimeout(() => this.tell_(false), kAnswerMs);
  }

  private begin_(): void {
    this.lifetime_ = new AbortController();
    this.channel_ = new BroadcastChannel(kName);
    this.channel_.addEventListener('message', ({ data }: MessageEvent<Word>) => this.hear_(data));
    this.check();
    const lead = (): Promise<void> => new Promise((resolve) => {
      this.release_ = resolve;
      this.connect_();
    });
    navigator.locks.request(kName, { signal: this.lifetime_.signal }, lead).catch(() => undefined);
  }

  private end_(): void {
    this.lifetime_.abort();
    clearTimeout(this.answerTimer_);
    clearTimeout(this.againTimer_);
    this.source_?.close();
    this.source_ = null;
    this.release_?.();
    this.release_ = null;
    this.channel_?.close();
    this.channel_ = null;
    this.tell_(false);
  }

  private connect_(): void {
    if (this.lifetime_.signal.aborted) return;
    clearTimeout(this.answerTimer_);
    const source = new EventSource('/events');
    this.source_ = source;
    source.addEventListener('open', () => this.say_('up'));
    source.addEventListener('error', () => {
      this.say_('down');
      // Otherwise the browser connects again by itself.
      if (source.readyState !== EventSource.CLOSED) return;
      clearTimeout(this.againTimer_);
      this.againTimer_ = window.setTimeout(() => this.connect_(), kAgainMs);
    });
    for (const type of kTypes) source.addEventListener(type, () => this.say_('news'));
  }

  private say_(word: Word): void {
    this.channel_?.postMessage(word);
    this.hear_(word);
  }

  private hear_(word: Word): void {
    if (word === 'who') {
      if (this.source_) this.channel_?.postMessage(this.isTold ? 'up' : 'down');
      return;
    }
    clearTimeout(this.answerTimer_);
    this.tell_(word !== 'down');
    if (word === 'news') this.dispatchEvent(new Event('news'));
  }

  private tell_(isTold: boolean): void {
    if (isTold === this.isTold) return;
    this.isTold = isTold;
    this.dispatchEvent(new Event('told'));
  }
}
