/** Which playlist a watch page plays, from its address and what the server says. Pure. */
import type { Channel, Recording } from './api';

export interface Wanted {
  /** UTC ms of the moment asked for. */
  at: number | null;
  recordingId: string | null;
}

export interface Choice {
  url: string;
  fallbackUrl: string | null;
  beginAt: number | null;
  recordingId: string | null;
}

/** A moment this long after a recording's end still means that recording. */
const kAfterEndMs = 2_000;

/** Null when there is nothing to play, yet or any more. */
export function choose(wanted: Wanted, channel: Channel, recordings: readonly Recording[]): Choice | null {
  const current = currentOf(channel);
  if (wanted.recordingId !== null) {
    const recording = recordings.find((one) => one.id === wanted.recordingId);
    // Of a channel whose next broadcast has no recording yet, the last one is still the channel's.
    const isOver = recording !== undefined && recording.status !== 'RECORDING_STARTED';
    if (isOver || wanted.recordingId !== channel.recording?.id) return recording ? choiceOf(recording, wanted.at) : null;
  }
  if (wanted.at === null || !current) return current;
  const began = Date.parse(channel.recording?.startedAt ?? '');
  if (wanted.at < began) {
    const recording = recordings.find((one) => holds(one, wanted.at as number));
    if (recording) return choiceOf(recording, wanted.at);
  }
  return { ...current, beginAt: wanted.at };
}

/** The running broadcast, or the last one. */
function currentOf(channel: Channel): Choice | null {
  const url = channel.rewindUrl ?? (channel.isLive ? channel.playbackUrl : null);
  if (!url) return null;
  const fallbackUrl = channel.isLive && url !== channel.playbackUrl ? channel.playbackUrl : null;
  return { url, fallbackUrl, beginAt: null, recordingId: recordingIdOf(channel) };
}

/** Of what the channel plays: on air, the recording of an earlier broadcast is none of it. */
export function recordingIdOf({ isLive, recording }: Channel): string | null {
  return recording && (!isLive || recording.status === 'RECORDING_STARTED') ? recording.id : null;
}

function choiceOf(recording: Recording, at: number | null): Choice {
  return { url: recording.rewindUrl, fallbackUrl: null, beginAt: at, recordingId: recording.id };
}

function holds(recording: Recording, at: number): boolean {
  const began = Date.parse(recording.startedAt);
  const ended = recording.endedAt ? Date.parse(recording.endedAt) : began + recording.durationMs;
  return at >= began && at <= ended + kAfterEndMs;
}
