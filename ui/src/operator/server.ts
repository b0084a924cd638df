/** What the API answers, and how the page asks it: in its session, by the names of the API's operations. */
import { signatureHeaders } from './signature';

export interface Session {
  signedIn: boolean;
  accessKeyId?: string;
  csrfToken?: string;
  expiresAt?: string;
  /** Where viewers are served, and this page's pictures come from. */
  viewersUrl?: string;
}

export interface ApiChannel {
  arn: string;
  name: string;
  type: string;
  recordingConfigurationArn: string;
  authorized: boolean;
}

export interface ApiStream {
  channelArn: string;
  streamId: string;
  startTime: string;
  health: 'HEALTHY' | 'STARVING';
  viewerCount: number;
}

export interface ApiRecording {
  recordingId: string;
  channelId: string;
  channelArn: string;
  prefix: string;
  status: 'RECORDING_STARTED' | 'RECORDING_ENDED' | 'RECORDING_ENDED_WITH_FAILURE';
  startedAt: string;
  endedAt?: string;
  durationMs: number;
  bytes: number;
  locked: boolean;
}

/** [time (ms), bits per second, frames per second, key-frame interval (ms), viewers] */
export type HealthSample = [number, number, number, number, number];

export interface Ingest {
  video?: { codec?: string; avcProfile?: string; avcLevel?: string; encoder?: string; targetFramerate?: number;
    videoWidth?: number; videoHeight?: number };
  audio?: { codec?: string; channels?: number; sampleRate?: number };
}

export interface StreamHealth {
  channelArn: string;
  samples: HealthSample[];
  ingestConfiguration?: Ingest;
}

export interface ServerStatus {
  time: string;
  ingestUrl: string;
  secureIngestUrl?: string;
  bucket: string;
  disk: { freeBytes: number; sizeBytes: number };
  uploads?: { objects: number; bytes: number; oldestAgeMs: number; failures: number; trouble?: string };
}

/** An answer that is no success, in the server's words. */
export class Refusal extends Error {
  constructor(readonly status: number, readonly type: string, message: string) {
    super(message);
  }
}

const kSession = '/operator/session';
const kTimeoutMs = 10_000;
const kPagesMax = 50;
const kHealthBatch = 50;

let csrf = '';
/** The server's clock less ours. */
let skewMs = 0;

export const serverNow = (): number => Date.now() + skewMs;

async function ask(path: string, init: RequestInit): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), kTimeoutMs);
  try {
    const response = await fetch(path, { ...init, cache: 'no-store', credentials: 'same-origin', signal: abort.signal });
    const date = Date.parse(response.headers.get('Date') ?? '');
    if (Number.isFinite(date)) skewMs = date - Date.now();
    return response;
  } finally {
    clearTimeout(timer);
  }
}

async function read<T>(response: Response): Promise<T> {
  if (response.status === 204) return {} as T;
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (response.ok) return body as T;
  const text = (name: string): string => (typeof body[name] === 'string' ? (body[name] as string) : '');
  throw new Refusal(response.status, text('__type'), text('message') || `The server answered ${response.status}.`);
}

function keep(session: Session): Session {
  csrf = session.csrfToken ?? '';
  return session;
}

export const currentSession = async (): Promise<Session> => keep(await read(await ask(kSession, {})));

/** The secret signs, and does not leave the page. */
export async function signIn(accessKeyId: string, secret: string): Promise<Session> {
  const headers = signatureHeaders(accessKeyId, secret, location.host, kSession, serverNow());
  return keep(await read(await ask(kSession, { method: 'POST', headers })));
}

export async function signOut(): Promise<void> {
  await read(await ask(kSession, { method: 'DELETE', headers: { 'x-oxbow-csrf': csrf } }));
  csrf = '';
}

/** Calls an operation: "ListChannels", "oxbow/ListRecordings". */
export async function call<T>(operation: string, members: Record<string, unknown> = {}): Promise<T> {
  const headers = { 'content-type': 'application/json', 'x-oxbow-csrf': csrf };
  return read(await ask(`/operator/api/${operation}`, { method: 'POST', headers, body: JSON.stringify(members) }));
}

/** All pages of a list, as far as kPagesMax. */
async function whole<Item>(operation: string, name: string, members: Record<string, unknown> = {}): Promise<Item[]> {
  const out: Item[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < kPagesMax; ++page) {
    const answer = await call<Record<string, unknown>>(operation, nextToken ? { ...members, nextToken } : members);
    out.push(...((answer[name] as Item[] | undefined) ?? []));
    nextToken = answer['nextToken'] as string | undefined;
    if (!nextToken) break;
  }
  return out;
}

export const listChannels = (): Promise<ApiChannel[]> => whole('ListChannels', 'channels', { maxResults: 100 });
export const listStreams = (): Promise<ApiStream[]> => whole('ListStreams', 'streams', { maxResults: 100 });

export async function listRecordings(
  channelId: string | null, nextToken: string | null, maxResults: number,
): Promise<{ recordings: ApiRecording[]; nextToken?: string }> {
  const members: Record<string, unknown> = { maxResults };
  if (channelId) members['channelId'] = channelId;
  if (nextToken) members['nextToken'] = nextToken;
  return call('oxbow/ListRecordings', members);
}

/** How streams did after `since`; an ARN that is no channel's any more is left out. */
export async function streamHealth(channelArns: string[], since: number): Promise<StreamHealth[]> {
  const out: StreamHealth[] = [];
  for (let at = 0; at < channelArns.length; at += kHealthBatch) {
    const members = { channelArns: channelArns.slice(at, at + kHealthBatch), since };
    out.push(...(await call<{ streams: StreamHealth[] }>('oxbow/BatchGetStreamHealth', members)).streams);
  }
  return out;
}

export const serverStatus = async (): Promise<ServerStatus> =>
  (await call<{ server: ServerStatus }>('oxbow/GetServerStatus')).server;

export const channelIdOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);

/** The ARN of a channel's stream key; null: it has none. */
export async function streamKeyArn(channelArn: string): Promise<string | null> {
  const answer = await call<{ streamKeys: { arn: string }[] }>('ListStreamKeys', { channelArn });
  return answer.streamKeys[0]?.arn ?? null;
}

export async function streamKeyValue(arn: string): Promise<string> {
  return (await call<{ streamKey: { value: string } }>('GetStreamKey', { arn })).streamKey.value;
}

/** The old key, if there is one, ends; the new one counts at once. In one call: no failure leaves the channel without. */
export async function resetStreamKey(channelArn: string): Promise<string> {
  return (await call<{ streamKey: { value: string } }>('oxbow/ResetStreamKey', { channelArn })).streamKey.value;
}
