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
  playlistUrl: string;
}

/** `/recording-started-{CHANNEL_ID}.json`, the members this page uses; null when never recorded. */
interface RecordingStarted {
  isChannelLive: boolean;
  livePlaybackUrl?: string;
  masterKey?: string;
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
  return get(`${path}?token=${encodeURIComponent(entry.token)}`);
}

/** The recordings of a channel, newest first; the first page. */
export async function fetchRecordings(channelId: string): Promise<Recording[]> {
  // A channel that was never on the air begins no session, and this would use up a token that counts once.
  if (entries.get(channelId)?.sessionPath === '') return [];
  const response = await getOf(channelId, `/channels/${encodeURIComponent(channelId)}/recordings.json`);
  if (response.status === 404) return [];
  return (await json<{ recordings: Recording[] }>(response)).recordings;
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
    rewindUrl: recording ? `${session}/rewind/${id}.m3u8` : null,
    width: null,
    height: null,
    frameRate: null,
    recording,
  };
}
