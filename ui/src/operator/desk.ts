/** The page's state, in one place: who is signed in, and what the server says. Elements subscribe and draw. */
import { merged } from './health';
import {
  ApiChannel, ApiStream, call, channelIdOf, currentSession, listChannels, listStreams, Refusal, ServerStatus, serverNow,
  serverStatus, Session, signIn, signOut, StreamHealth, streamHealth,
} from './server';

const kPollMs = 2_500;
const kPollAfterFailureMs = 4_000;
/** Channels and pictures change seldom, and are asked for at once after a change of ours. */
const kChannelsEveryMs = 15_000;
const kPicturesEveryMs = 10_000;

/** Events: "session", "data" (what the server says), "selection". */
class Desk extends EventTarget {
  session: Session = { signedIn: false };
  /** False until the first answers are there. */
  isLoaded = false;
  isReachable = true;
  channels: ApiChannel[] = [];
  streams = new Map<string, ApiStream>();
  health = new Map<string, StreamHealth>();
  server: ServerStatus | null = null;
  /** The newest picture of public channels, absolute. */
  pictures = new Map<string, string>();

  private timer_ = 0;
  private channelsAt_ = -Infinity;
  private picturesAt_ = -Infinity;
  private round_ = 0;
  private last_ = '';

  async begin(): Promise<void> {
    addEventListener('hashchange', () => this.dispatchEvent(new Event('selection')));
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.session.signedIn) void this.poll_();
    });
    try {
      this.take_(await currentSession());
    } catch {
      this.take_({ signedIn: false });
    }
  }

  async signIn(accessKeyId: string, secret: string): Promise<void> {
    this.take_(await signIn(accessKeyId, secret));
  }

  async signOut(): Promise<void> {
    await signOut().catch(() => undefined);
    this.take_({ signedIn: false });
  }

  /** Calls an operation, then shows what came of it. An ended session leads back to the sign-in. */
  async change<T>(work: () => Promise<T>): Promise<T> {
    try {
      const answer = await work();
      this.channelsAt_ = -Infinity;
      void this.poll_();
      return answer;
    } catch (error) {
      this.lookAt_(error);
      throw error;
    }
  }

  stop(channel: ApiChannel): Promise<unknown> {
    return this.change(() => call('StopStream', { channelArn: channel.arn }));
  }

  /** The channel that the address names. */
  get named(): ApiChannel | null {
    const id = /^#channel\/([A-Za-z0-9-]{1,64})$/.exec(location.hash)?.[1];
    return this.channels.find((channel) => channelIdOf(channel.arn) === id) ?? null;
  }

  /** That, else the one shown last, else the first on air: what stands beside the lists where there is room. */
  get selected(): ApiChannel | null {
    const last = this.channels.find((channel) => channel.arn === this.last_);
    const selected = this.named ?? last ?? this.onAir[0] ?? this.channels[0] ?? null;
    this.last_ = selected?.arn ?? '';
    return selected;
  }

  get onAir(): ApiChannel[] {
    const begun = (channel: ApiChannel): string => this.streams.get(channel.arn)?.startTime ?? '';
    return this.channels.filter((channel) => this.streams.has(channel.arn))
      .sort((a, b) => begun(a).localeCompare(begun(b)) || a.name.localeCompare(b.name));
  }

  get offAir(): ApiChannel[] {
    return this.channels.filter((channel) => !this.streams.has(channel.arn)).sort((a, b) => a.name.localeCompare(b.name));
  }

  nameOf(channelArn: string): string {
    return this.channels.find((channel) => channel.arn === channelArn)?.name || channelIdOf(channelArn);
  }

  /** Calls `draw` at each of `types` until `signal` ends, and once now. */
  watch(types: string[], signal: AbortSignal, draw: () => void): void {
    for (const type of types) this.addEventListener(type, draw, { signal });
    draw();
  }

  private take_(session: Session): void {
    this.session = session;
    clearTimeout(this.timer_);
    ++this.round_;
    if (session.signedIn) {
      this.channelsAt_ = -Infinity;
      void this.poll_();
    } else {
      this.isLoaded = false;
      this.channels = [];
      this.streams.clear();
      this.health.clear();
      this.server = null;
    }
    this.dispatchEvent(new Event('session'));
  }

  private lookAt_(error: unknown): void {
    if (error instanceof Refusal && error.status === 401) this.take_({ signedIn: false });
  }

  private async poll_(): Promise<void> {
    clearTimeout(this.timer_);
    const round = ++this.round_;
    let next = kPollMs;
    try {
      await this.ask_();
      this.isReachable = true;
      this.isLoaded = true;
    } catch (error) {
      next = kPollAfterFailureMs;
      if (error instanceof Refusal) this.lookAt_(error);
      else this.isReachable = false;
    }
    if (round !== this.round_) return; // another began meanwhile, or nobody is signed in any more
    this.dispatchEvent(new Event('data'));
    // A hidden page asks nothing; becoming visible asks at once.
    if (!document.hidden) this.timer_ = window.setTimeout(() => void this.poll_(), next);
  }

  private async ask_(): Promise<void> {
    const now = performance.now();
    if (now - this.channelsAt_ >= kChannelsEveryMs) {
      this.channels = await listChannels();
      this.channelsAt_ = now;
    }
    const [streams, server] = await Promise.all([listStreams(), serverStatus()]);
    this.streams = new Map(streams.map((stream) => [stream.channelArn, stream]));
    this.server = server;
    // One that came to air is perhaps a new one.
    if (streams.some((stream) => !this.channels.some((channel) => channel.arn === stream.channelArn))) {
      this.channels = await listChannels();
    }
    await this.askHealth_();
    if (now - this.picturesAt_ >= kPicturesEveryMs) {
      this.picturesAt_ = now;
      void this.askPictures_();
    }
  }

  private async askHealth_(): Promise<void> {
    const arns = [...new Set([...this.streams.keys(), ...(this.selected ? [this.selected.arn] : [])])];
    const known = arns.filter((arn) => this.health.has(arn));
    const since = Math.min(...known.map((arn) => this.health.get(arn)?.samples.at(-1)?.[0] ?? 0));
    const answers = [
      ...(known.length > 0 ? await streamHealth(known, since) : []),
      ...(known.length < arns.length ? await streamHealth(arns.filter((arn) => !this.health.has(arn)), 0) : []),
    ];
    const old = serverNow() - 30 * 60_000;
    for (const answer of answers) {
      const before = this.health.get(answer.channelArn)?.samples ?? [];
      this.health.set(answer.channelArn, {
        ...answer, samples: merged(before, answer.samples).filter((sample) => sample[0] > old),
      });
    }
  }

  /** From the viewers' server, as every page may; where that cannot be reached there are no pictures. */
  private async askPictures_(): Promise<void> {
    const base = this.session.viewersUrl;
    if (!base) return;
    try {
      const list = (await (await fetch(`${base}/channels.json`, { credentials: 'omit' })).json()) as
        { channels: { id: string; thumbnail?: { url: string } | null }[] };
      this.pictures = new Map(list.channels.flatMap((channel) =>
        channel.thumbnail ? [[channel.id, new URL(channel.thumbnail.url, base).href] as const] : []));
      this.dispatchEvent(new Event('data'));
    } catch {
      this.pictures.clear();
    }
  }
}

export const desk = new Desk();
