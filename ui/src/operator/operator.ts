/** The operator's page: its header, and the sign-in or the desk. */
import './operator.css';
import { h, setText } from '../element';
import { icon, mark, setIcon } from '../icons';
import { setTheme, theme } from '../theme';
import { desk } from './desk';
import './ox-channel';
import './ox-channels';
import './ox-library';
import './ox-new-channel';
import './ox-numbers';
import './ox-sign-in';

const kForever = new AbortController().signal;

const outlet = h('main', { id: 'main', tabindex: -1 });
const away = h('p', { class: 'away', role: 'status', hidden: true }, 'The server does not answer. Trying again.');

function desktop(): HTMLElement {
  const detail = h('ox-channel', { class: 'detail' });
  const body = h('div', { class: 'desk page' },
    h('h1', { class: 'offscreen-text' }, 'Operator'),
    h('div', { class: 'lists' }, h('ox-numbers', {}), h('ox-channels', {}), h('ox-library', {})),
    detail);
  return body;
}

function header(): HTMLElement {
  const look = h('button', { class: 'icon-button', type: 'button' });
  const drawTheme = (): void => {
    document.documentElement.dataset['theme'] = theme();
    const other = theme() === 'dark' ? 'light' : 'dark';
    setIcon(look, theme() === 'dark' ? 'sun' : 'moon');
    look.title = `Use the ${other} theme`;
    look.setAttribute('aria-label', look.title);
  };
  look.addEventListener('click', () => {
    setTheme(theme() === 'dark' ? 'light' : 'dark');
    drawTheme();
  });
  matchMedia('(prefers-color-scheme: light)').addEventListener('change', drawTheme);
  drawTheme();

  const words = h('span', {});
  const state = h('span', { class: 'service', hidden: true }, h('i', {}), words);
  const key = h('code', { class: 'key' });
  const leave = h('button', { class: 'button leave', type: 'button', 'aria-label': 'Sign out', title: 'Sign out' },
    icon('leave'), h('span', {}, 'Sign out'));
  leave.addEventListener('click', () => void desk.signOut());
  const draw = (): void => {
    const { signedIn, accessKeyId } = desk.session;
    state.hidden = !signedIn || !desk.isLoaded;
    leave.hidden = !signedIn;
    key.hidden = !signedIn;
    setText(key, accessKeyId ?? '');
    const trouble = desk.server?.uploads?.trouble;
    state.dataset['state'] = !desk.isReachable ? 'away' : trouble ? 'warn' : 'up';
    setText(words, !desk.isReachable ? 'Server away' : trouble ? 'Bucket away' : 'All services up');
    away.hidden = !signedIn || desk.isReachable;
  };
  desk.watch(['session', 'data'], kForever, draw);
  const home = h('a', { class: 'home', href: '#', 'aria-label': 'Oxbow operator, all channels' }, mark(), h('b', {}, 'Oxbow'));
  return h('header', { class: 'top' }, home, h('span', { class: 'role' }, 'Operator'),
    h('div', { class: 'right' }, state, key, look, leave));
}

function show(): void {
  outlet.replaceChildren(desk.session.signedIn ? desktop() : h('ox-sign-in', {}));
}

/** Beside the lists where there is room, in their place where there is not. */
function drawSelection(): void {
  document.documentElement.toggleAttribute('data-channel', desk.named !== null);
}

const skip = h('button', { class: 'skip-link', type: 'button', onclick: () => outlet.focus() }, 'Skip to content');
document.body.append(skip, header(), away, outlet);
desk.addEventListener('selection', () => {
  drawSelection();
  scrollTo(0, 0);
});
desk.addEventListener('data', drawSelection);
void desk.begin().then(() => {
  desk.addEventListener('session', show);
  show();
});
