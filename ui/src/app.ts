/** The page: its header, the theme, and which screen the address asks for. */
import './app.css';
import { h, setAttribute, setText } from './element';
import { icon, mark, setIcon } from './icons';
import { kMultiPath, pickAddress } from './multi-address';
import './ox-empty';
import './ox-multi';
import './ox-recordings';
import './ox-wall';
import './ox-watch';
import { state } from './state';
import { zoneName } from './time';

const kChannelPath = /^\/watch\/([A-Za-z0-9-]{1,64})\/?$/;

const outlet = h('main', { id: 'main', tabindex: -1 });
const away = h('p', { class: 'away', role: 'status', hidden: true }, 'The server does not answer. Trying again.');

function screen(): HTMLElement {
  const path = kChannelPath.exec(location.pathname);
  const query = new URLSearchParams(location.search);
  if (location.pathname === kMultiPath) return h('ox-multi', { class: 'page', c: query.get('c'), t: query.get('t') });
  if (!path) {
    document.title = 'Oxbow';
    const [name, rest] = location.hash.slice(1).split('/');
    if (name === 'publish') return h('ox-empty', { guide: true, class: 'page' });
    if (name === 'recordings') return h('ox-recordings', { channel: rest, class: 'page' });
    return h('ox-wall', { class: 'page', pick: name === 'pick' ? rest ?? '' : null });
  }
  return h('ox-watch', {
    class: 'page', channel: path[1] ?? '', t: query.get('t'), recording: query.get('recording'), token: query.get('token'),
  });
}

const kScreens: [string, string][] = [['/', 'Channels'], [pickAddress([]), 'Multiview'], ['/#recordings', 'Recordings']];
const links = kScreens.map(([href, name]) => h('a', { href }, name));

function show(): void {
  outlet.replaceChildren(screen());
  const hash = location.pathname === kMultiPath ? '#pick' : location.hash.split('/')[0];
  const here = kChannelPath.test(location.pathname) ? null : hash;
  for (const link of links) setAttribute(link, 'aria-current', link.hash === here ? 'page' : null);
  scrollTo(0, 0);
}

/** Links inside the page change the screen without loading the page again. */
function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = (event.target as Element).closest('a');
  if (!link || link.origin !== location.origin || link.target) return;
  if (link.pathname !== '/' && link.pathname !== kMultiPath && !kChannelPath.test(link.pathname)) return;
  event.preventDefault();
  if (link.href !== location.href) history.pushState(null, '', link.href);
  show();
}

function header(): HTMLElement {
  const theme = h('button', { class: 'icon-button', type: 'button' });
  theme.addEventListener('click', () => (state.theme = state.theme === 'dark' ? 'light' : 'dark'));
  const zone = h('button', { class: 'zone', type: 'button' });
  zone.addEventListener('click', () => (state.zone = state.zone === 'utc' ? 'local' : 'utc'));
  const draw = (): void => {
    document.documentElement.dataset['theme'] = state.theme;
    const other = state.theme === 'dark' ? 'light' : 'dark';
    setIcon(theme, state.theme === 'dark' ? 'sun' : 'moon');
    theme.title = `Use the ${other} theme`;
    theme.setAttribute('aria-label', theme.title);
    setText(zone, zoneName(state.zone, Date.now()));
    zone.title = state.zone === 'utc' ? 'Times are in UTC. Show local times' : 'Times are local. Show UTC';
    zone.setAttribute('aria-label', zone.title);
    // Where both are the same there is nothing to choose.
    zone.hidden = new Date().getTimezoneOffset() === 0;
  };
  state.watch(['settings'], new AbortController().signal, draw);
  matchMedia('(prefers-color-scheme: light)').addEventListener('change', draw);
  const home = h('a', { class: 'home', href: '/', 'aria-label': 'Oxbow, all channels' }, mark(), h('b', {}, 'Oxbow'));
  const publish = h('a', { class: 'button publish', href: '/#publish' }, icon('upload'), h('span', {}, 'How to publish'));
  return h('header', { class: 'top' }, home, h('nav', { 'aria-label': 'Screens' }, ...links), h('div', { class: 'right' }, zone, theme, publish));
}

function footer(): HTMLElement {
  return h('footer', {}, h('a', { class: 'publish-too', href: '/#publish' }, 'How to publish'),
    h('a', { href: '/assets/licenses.txt' }, 'Open-source licences'));
}

const skip = h('button', { class: 'skip-link', type: 'button', onclick: () => outlet.focus() }, 'Skip to content');
document.body.append(skip, header(), away, outlet, footer());
document.addEventListener('click', followLink);
addEventListener('popstate', show);
state.start();
state.watch(['channels'], new AbortController().signal, () => {
  away.hidden = state.reachable;
});
show();
