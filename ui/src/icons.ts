/** Icons on a 24 grid, line 1.75, in the colour of the text. */

/** An arrow that runs around a number of seconds. */
const around = (head: string, arc: string, seconds: number): string =>
  `<path d="${head}"/><path d="${arc}"/><text x="12" y="15.6" font-size="7.6" font-weight="600" ` +
  `text-anchor="middle" fill="currentColor" stroke="none">${seconds}</text>`;

const kPaths = {
  play: '<path fill="currentColor" d="M8 5.5v13l10.5-6.5z"/>',
  pause: '<path fill="currentColor" stroke="none" d="M7.5 5.5h3v13h-3zM13.5 5.5h3v13h-3z"/>',
  backMinute: around('M4.6 5.2v4.3h4.3', 'M5 9.4A8 8 0 1 1 4 13', 60),
  forwardMinute: around('M19.4 5.2v4.3h-4.3', 'M19 9.4A8 8 0 1 0 20 13', 60),
  back: around('M4.6 5.2v4.3h4.3', 'M5 9.4A8 8 0 1 1 4 13', 10),
  forward: around('M19.4 5.2v4.3h-4.3', 'M19 9.4A8 8 0 1 0 20 13', 10),
  sound: '<path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z"/><path d="M15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11"/>',
  muted: '<path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z"/><path d="m16 9.7 4.6 4.6M20.6 9.7 16 14.3"/>',
  link:
    '<path d="M10.2 13.8a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1"/>' +
    '<path d="M13.8 10.2a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1"/>',
  pip: '<rect x="3" y="5" width="18" height="14" rx="2.5"/><rect x="12" y="12" width="6.5" height="4.5" rx="1" fill="currentColor"/>',
  expand: '<path d="M4 9V4.8h4.2M15.8 4.8H20V9M20 15v4.2h-4.2M8.2 19.2H4V15"/>',
  shrink: '<path d="M8.5 4.5v4.2H4.2M19.8 8.7h-4.3V4.5M15.5 19.5v-4.2h4.3M4.2 15.3h4.3v4.2"/>',
  sun:
    '<circle cx="12" cy="12" r="4"/><path d="M12 3v1.6M12 19.4V21M3 12h1.6M19.4 12H21M5.6 5.6l1.2 1.2M17.2 17.2l1.2 1.2' +
    'M5.6 18.4l1.2-1.2M17.2 6.8l1.2-1.2"/>',
  moon: '<path d="M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z"/>',
  upload: '<path d="M12 15V4.5M8 8l4-4 4 4M5 14.5v3A1.5 1.5 0 0 0 6.5 19h11a1.5 1.5 0 0 0 1.5-1.5v-3"/>',
  copy: '<rect x="8.5" y="8.5" width="11" height="11" rx="2"/><path d="M15.5 5.5v-.1A1.9 1.9 0 0 0 13.6 3.5H6.4a1.9 1.9 0 0 0-1.9 1.9v7.2a1.9 1.9 0 0 0 1.9 1.9h.1"/>',
  check: '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
  clock: '<circle cx="12" cy="12" r="8.2"/><path d="M12 7.5V12l3 2"/>',
  search: '<circle cx="10.8" cy="10.8" r="6.3"/><path d="m15.6 15.6 4.6 4.6"/>',
  eye: '<path d="M2.8 12S6 5.8 12 5.8 21.2 12 21.2 12 18 18.2 12 18.2 2.8 12 2.8 12z"/><circle cx="12" cy="12" r="2.7"/>',
  grid: '<rect x="4" y="4" width="6.6" height="6.6" rx="1.4"/><rect x="13.4" y="4" width="6.6" height="6.6" rx="1.4"/>' +
    '<rect x="4" y="13.4" width="6.6" height="6.6" rx="1.4"/><rect x="13.4" y="13.4" width="6.6" height="6.6" rx="1.4"/>',
  download: '<path d="M12 4.5V15M8 11.5l4 4 4-4M5 18.8h14"/>',
  range: '<path d="M5 5.5v13M19 5.5v13M8.5 12h7M10.3 9.6 7.9 12l2.4 2.4M13.7 9.6l2.4 2.4-2.4 2.4"/>',
  previous: '<path d="m14.5 6-6 6 6 6"/>',
  next: '<path d="m9.5 6 6 6-6 6"/>',
  keyboard: '<rect x="3" y="6" width="18" height="12" rx="2.5"/><path d="M7 10h.01M11 10h.01M15 10h.01M17.5 10h.01M8 14h8"/>',
  close: '<path d="m6.5 6.5 11 11M17.5 6.5l-11 11"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  stop: '<rect x="7" y="7" width="10" height="10" rx="2"/>',
  renew: '<path d="M19.5 5v4.5H15"/><path d="M19 9.5A8 8 0 1 0 20 13"/>',
  lock: '<rect x="5.5" y="10.5" width="13" height="9" rx="2.2"/><path d="M8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5"/>',
  unlock: '<rect x="5.5" y="10.5" width="13" height="9" rx="2.2"/><path d="M8.5 10.5V8a3.5 3.5 0 0 1 6.7-1.4"/>',
  bin: '<path d="M5 7h14M10 7V4.8h4V7M7 7l.8 12.2h8.4L17 7M10.3 10.5v5.5M13.7 10.5v5.5"/>',
  eyeOff: '<path d="M2.8 12S6 5.8 12 5.8 21.2 12 21.2 12 18 18.2 12 18.2 2.8 12 2.8 12z"/><path d="m4.5 19.5 15-15"/>',
  leave: '<path d="M14 4.8H7A1.8 1.8 0 0 0 5.2 6.6v10.8A1.8 1.8 0 0 0 7 19.2h7M10.5 12h9M16.5 8.5 20 12l-3.5 3.5"/>',
} as const;

export type IconName = keyof typeof kPaths;

function svg(viewBox: string, paths: string): SVGSVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  element.setAttribute('viewBox', viewBox);
  element.setAttribute('aria-hidden', 'true');
  // The only markup ever set from a string, and all of it is in this file.
  element.innerHTML = paths;
  return element;
}

export function icon(name: IconName): SVGSVGElement {
  const element = svg('0 0 24 24', kPaths[name]);
  element.setAttribute('class', 'icon');
  element.dataset['icon'] = name;
  return element;
}

/** Shows `name` in a button that shows one icon at a time. */
export function setIcon(button: Element, name: IconName): void {
  const shown = button.querySelector<SVGSVGElement>('svg.icon');
  if (shown?.dataset['icon'] === name) return;
  if (shown) shown.replaceWith(icon(name));
  else button.prepend(icon(name));
}

/** The mark: the bend the river left behind, over the river running straight on to its live point. */
export function mark(): SVGSVGElement {
  const element = svg(
    '0 0 32 32',
    '<path d="M9.1 19.2A9.4 9.4 0 1 1 22.9 19.2" stroke="var(--acc)" stroke-width="3.8"/>' +
      '<path d="M4 27H20.5" stroke="var(--t1)" stroke-width="3.8"/><circle cx="27.5" cy="27" r="2.4" fill="var(--live)"/>',
  );
  element.setAttribute('class', 'mark');
  return element;
}
