/** The address of several channels at once: `/multi?c=ID,ID&t=RFC3339`. Pure. */

export const kTogetherMax = 9;
export const kMultiPath = '/multi';

const kChannelId = /^[A-Za-z0-9-]{1,64}$/;

/** Channel ids out of "ID,ID": each once, as many as go together; what is no id is left out. */
export function idsOf(text: string | null | undefined): string[] {
  const ids = (text ?? '').split(',').filter((id) => kChannelId.test(id));
  return [...new Set(ids)].slice(0, kTogetherMax);
}

/** `at`: UTC ms; null for live. */
export function multiAddress(ids: readonly string[], at: number | null = null): string {
  // Ids need no escape, and a comma may stand in a query as it is.
  return `${kMultiPath}?c=${ids.join(',')}${at === null ? '' : `&t=${new Date(at).toISOString()}`}`;
}

/** The wall, with these channels picked. */
export const pickAddress = (ids: readonly string[]): string => `/#pick${ids.length > 0 ? `/${ids.join(',')}` : ''}`;
