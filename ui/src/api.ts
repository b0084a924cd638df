/** What the edge answers, and how to ask it. Times are RFC 3339 with milliseconds, in UTC. */

export type RecordingStatus =
  | 'RECORDING_STARTED'
  | 'RECORDING_ENDED'
  | 'RECORDING_ENDED_WITH_FAILURE';

/** The running, or else the last, recording of a channel. */
export interface LatestRecording {
  id: string;
  status: RecordingStatus;
  startedAt: string;
  endedAt: string | null;
  durationMs: number;
  /** Until then a publisher who comes back goes on in this recording; null unless one is awaited. */
  reconnectUntil: string | null;
}

export interface Channel {
  id: string;
  name: string;
  isLive: boolean;
  startedAt: string | null;
  playbackUrl: string | null;
  rewindUrl: string | null;
  width: number | null;
  height: number | null;
  frameRate: number | null;
  recording: LatestRecording | null;
  /** The newest picture; absent where the channel is in no list. */
  thumbnail?: { url: string; time: string } | null;
}

/** A picture and its wall clock, UTC ms. */
export interface Thumbnail {
  time: number;
  recordingId: string;
  url: string;
}

interface ChannelPage {
  channels: Channel[];
  nextToken: string | null;
  now: string;
  ingestUrl: string | null;
}

export interface ChannelList {
  channels: Channel[];
  /** The server's clock when it answered. */
  now: number;
  /** Where encoders send to, "rtmp://127.0.0.1:1935/app". */
  ingestUrl: string | null;
}

export interface Recording {
  id: string;
  status: RecordingStatus;
  startedAt: string;
  endedAt: string | null;
  durationMs: number;
  /** With all of its renditions. */
  rewindUrl: string;
  /** Its best rendition. */
  playlistUrl: string;
}

/** `/recording-started-{CHANNEL_ID}.json`, the members this page uses; null when never recorded. */
interface RecordingStarted {
  isChannelLive: boolean;
  livePlaybackUrl?: string;
  masterKey?: string;
  /** The timeline begins before the recording does. */
  rewindPlaybackUrl?: string;
  recordingStartedAt?: string;
  playlistDuration?: number;
  recordingStatus?: RecordingStatus;
  recordingEndedAt?: string;
  reconnectUntil?: string;
  /** Of a private channel: what stands before every path of it. */
  sessionPath?: string;
}

const kRequestTimeoutMs = 8_000;
const kPagesMax = 20;

async function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), kRequestTimeoutMs);
  try {
    return await fetch(url, { headers, cache: 'no-store', signal: abort.signal });
  } finally {
    clearTimeout(timer);
  }
}

async function json<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}`);
  return (await response.json()) as T;
}

const page = (url: string, token: string): string => `${url}?nextToken=${encodeURIComponent(token)}`;

/** All public channels. Asked again with the ETag of the last answer: null when nothing changed. */
export async function fetchChannels(
  etag: string | null,
): Promise<{ list: ChannelList; etag: string | null } | null> {
  const first = await get('/channels.json', etag ? { 'If-None-Match': etag } : {});
  if (first.status === 304) return null;
  const answer = await json<ChannelPage>(first);
  const channels = [...answer.channels];
  let token = answer.nextToken;
  for (let pages = 1; token && pages < kPagesMax; ++pages) {
    const more = await json<ChannelPage>(await get(page('/channels.json', token)));
    channels.push(...more.channels);
    token = more.nextToken;
  }
  // One ETag speaks for one page only.
  const tag = answer.nextToken ? null : first.headers.get('ETag');
  return { list: { channels, now: Date.parse(answer.now), ingestUrl: answer.ingestUrl }, etag: tag };
}

/** Of private channels: the token that the page was opened with, and the session that it began. */
interface Entry {
  token: string;
  /** Before every path of the channel; '' until there is one. */
  sessionPath: string;
}

const entries = new Map<string, Entry>();

/** The page was opened with a playback token for this channel. */
export function enter(channelId: string, token: string): void {
  if (entries.get(channelId)?.token !== token) entries.set(channelId, { token, sessionPath: '' });
}

/** Whether this page may know more of the channel than the public lists say. */
export function isPrivate(channelId: string): boolean {
  return entries.has(channelId);
}

/** In the viewer's session; without one, or when it is over, with the token, which begins another while it counts. */
async function getOf(channelId: string, path: string): Promise<Response> {
  const entry = entries.get(channelId);
  if (!entry) return get(path);
  if (entry.sessionPath) {
    const response = await get(entry.sessionPath + path);
    if (response.status !== 403) return response;
  }
  return get(`${path}${path.includes('?') ? '&' : '?'}token=${encodeURIComponent(entry.token)}`);
}

/** A channel that was never on the air begins no session, and asking would use up a token that counts once. */
const hasNoSession = (channelId: string): boolean => entries.get(channelId)?.sessionPath === '';

/** The recordings of a channel, newest first; the first page, or all pages up to kPagesMax. */
export async function fetchRecordings(channelId: string, pagesMax = 1): Promise<Recording[]> {
  if (hasNoSession(channelId)) return [];
  const path = `/channels/${encodeURIComponent(channelId)}/recordings.json`;
  const recordings: Recording[] = [];
  let token: string | null = null;
  for (let pages = 0; pages < Math.min(pagesMax, kPagesMax); ++pages) {
    const response = await getOf(channelId, token ? page(path, token) : path);
    if (response.status === 404) return recordings;
    const answer: { recordings: Recording[]; nextToken: string | null } = await json(response);
    recordings.push(...answer.recordings);
    token = answer.nextToken;
    if (!token) break;
  }
  return recordings;
}

/** The pictures of a channel from one wall-clock time (UTC ms) to before another, the oldest first. */
export async function fetchThumbnails(channelId: string, from: number, to: number): Promise<Thumbnail[]> {
  if (hasNoSession(channelId)) return [];
  const path = `/channels/${encodeURIComponent(channelId)}/thumbnails.json?from=${Math.floor(from)}&to=${Math.ceil(to)}`;
  const found: Thumbnail[] = [];
  let token: string | null = null;
  for (let pages = 0; pages < kPagesMax; ++pages) {
    const response = await getOf(channelId, token ? `${path}&nextToken=${encodeURIComponent(token)}` : path);
    if (response.status === 404) return found;
    const answer: { thumbnails: { time: string; recordingId: string; url: string }[]; nextToken: string | null } =
      await json(response);
    found.push(...answer.thumbnails.map((one) => ({ ...one, time: Date.parse(one.time) })));
    token = answer.nextToken;
    if (!token) break;
  }
  return found.sort((a, b) => a.time - b.time);
}

/** A channel that is in no public list, by its id; null when there is none, or none for this viewer. */
export async function fetchChannel(channelId: string): Promise<Channel | null> {
  const response = await getOf(channelId, `/recording-started-${encodeURIComponent(channelId)}.json`);
  if (response.status === 404 || response.status === 400 || response.status === 403) return null;
  const meta = await json<RecordingStarted | null>(response);
  const entry = entries.get(channelId);
  if (entry && meta?.sessionPath) entry.sessionPath = meta.sessionPath;
  return channelOf(channelId, meta);
}

function channelOf(id: string, meta: RecordingStarted | null): Channel {
  const session = meta?.sessionPath ?? '';
  const recording: LatestRecording | null = meta?.recordingStartedAt
    ? {
        // "ivs/v1/.../2026/11/23/9/5/j8Z9O91ndcVs/media/hls/...", in whatever session.
        id: meta.masterKey?.split('/').at(-4) ?? id,
        status: meta.recordingStatus ?? 'RECORDING_STARTED',
        startedAt: meta.recordingStartedAt,
        endedAt: meta.recordingEndedAt ?? null,
        durationMs: (meta.playlistDuration ?? 0) * 1_000,
        reconnectUntil: meta.reconnectUntil ?? null,
      }
    : null;
  return {
    id,
    name: id,
    isLive: meta?.isChannelLive ?? false,
    startedAt: meta?.recordingStartedAt ?? null,
    playbackUrl: meta?.livePlaybackUrl || null,
    rewindUrl: recording || meta?.rewindPlaybackUrl ? `${session}/rewind/${id}.m3u8` : null,
    width: null,
    height: null,
    frameRate: null,
    recording,
  };
}
