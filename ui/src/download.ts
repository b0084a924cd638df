/** Where a recording, or a range of it, is downloaded. Pure. */

/** UTC milliseconds. */
export interface MarkedRange {
  from: number;
  to: number;
}

/** What a range has at least, and what one has that is marked at one end only. */
export const kRangeMinMs = 1_000;
export const kRangeUsualMs = 30_000;

/** In: one of the recording's playlists; for a private channel it lies in the viewer's session, and so does this. */
export function downloadUrl(playlistUrl: string, recordingId: string, range?: MarkedRange): string {
  const mount = playlistUrl.split('/rewind/')[0] ?? '';
  const whole = `${mount}/recordings/${recordingId}.ts`;
  if (!range) return whole;
  const moments = { start: new Date(range.from).toISOString(), end: new Date(range.to).toISOString() };
  return `${whole}?${new URLSearchParams(moments).toString()}`;
}

/** `marked` with one of its ends at `at`: the other moves away from it where it must, and both stay inside `bounds`. */
export function withEnd(marked: MarkedRange | null, end: keyof MarkedRange, at: number, bounds: MarkedRange): MarkedRange {
  const inside = (ms: number): number => Math.min(Math.max(Math.round(ms), bounds.from), bounds.to);
  if (end === 'from') {
    const from = Math.min(inside(at), bounds.to - kRangeMinMs);
    const to = marked && marked.to - from >= kRangeMinMs ? marked.to : inside(from + kRangeUsualMs);
    return { from, to };
  }
  const to = Math.max(inside(at), bounds.from + kRangeMinMs);
  const from = marked && to - marked.from >= kRangeMinMs ? marked.from : inside(to - kRangeUsualMs);
  return { from, to };
}
