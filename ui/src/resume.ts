/** Where the viewer left a running broadcast behind live, kept in the browser for a day. */

export interface Left {
  recordingId: string;
  /** The wall clock of the last picture seen, RFC 3339. */
  at: string;
  savedAt: number;
}

const kKeptMs = 86_400_000;
const key = (channelId: string): string => `oxbow.left.${channelId}`;

export function remember(channelId: string, recordingId: string, wallClock: number): void {
  const left: Left = { recordingId, at: new Date(wallClock).toISOString(), savedAt: Date.now() };
  localStorage.setItem(key(channelId), JSON.stringify(left));
}

export function forget(channelId: string): void {
  localStorage.removeItem(key(channelId));
}

/** Null when nothing is kept, or what is kept belongs to another broadcast. */
export function whereLeft(channelId: string, recordingId: string | undefined): Left | null {
  try {
    const left = JSON.parse(localStorage.getItem(key(channelId)) ?? 'null') as Left | null;
    if (!left || left.recordingId !== recordingId || Date.now() - left.savedAt > kKeptMs) return null;
    return Number.isFinite(Date.parse(left.at)) ? left : null;
  } catch {
    return null;
  }
}
