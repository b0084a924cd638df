/** Questions before what cannot be undone: asked in place, the thing named, the focus on what changes nothing. */
import { h, setText } from '../element';
import { Refusal } from './server';

export const reasonOf = (error: unknown): string =>
  error instanceof Refusal ? error.message : 'The server does not answer. Try again.';

/**
 * Asks `text` in the place of `asker`, which comes back when it is answered. `yes` does it, and may fail: then its
 * reason stands there.
 */
export function ask(asker: HTMLElement, text: string, yes: string, no: string, work: () => Promise<unknown>): void {
  const asked = document.activeElement;
  const problem = h('span', { class: 'problem', role: 'alert' });
  const keep = h('button', { class: 'button', type: 'button' }, no);
  const go = h('button', { class: 'button danger', type: 'button' }, yes);
  const box = h('div', { class: 'question', role: 'group', 'aria-label': text }, h('span', {}, text), h('div', {}, keep, go), problem);
  const close = (): void => {
    if (!box.isConnected) return;
    box.replaceWith(asker);
    const back = asked instanceof HTMLElement && asker.contains(asked) && !asked.hidden ? asked : null;
    (back ?? asker.querySelector<HTMLElement>('button:not([hidden])') ?? asker).focus();
  };
  keep.addEventListener('click', close);
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
  });
  go.addEventListener('click', () => {
    if (go.hasAttribute('aria-busy')) return;
    go.setAttribute('aria-busy', 'true');
    work().then(close, (error: unknown) => {
      setText(problem, reasonOf(error));
      go.removeAttribute('aria-busy');
    });
  });
  asker.replaceWith(box);
  keep.focus();
}
