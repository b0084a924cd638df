/** What the keys do: opened by "?". */
import { h } from './element';
import { icon } from './icons';

type Keys = readonly (readonly [readonly string[], string])[];

export const kPlayerKeys: Keys = [
  [['Space', 'K'], 'play, pause'],
  [['J', 'L'], '10 seconds back, forward'],
  [['←', '→'], '5 seconds back, forward'],
  [['Shift ←', 'Shift →'], '60 seconds back, forward'],
  [['Home'], 'to the first second'],
  [['End'], 'to live'],
  [['0', '9'], 'to a tenth of it'],
  [['<', '>'], 'slower, faster'],
  [['↑', '↓', 'M'], 'sound'],
  [['F'], 'full screen'],
  [['P'], 'picture in picture'],
  [['C'], 'copy the address of this moment'],
  [['I', 'O'], 'mark a range from here, to here'],
  [['?'], 'this list'],
];

export const kMultiKeys: Keys = [
  [['1', '9'], 'the sound of a channel'],
  [['Space', 'K'], 'play, pause'],
  [['J', 'L'], '10 seconds back, forward'],
  [['←', '→'], '5 seconds back, forward'],
  [['Shift ←', 'Shift →'], '60 seconds back, forward'],
  [['Home'], 'to the first second'],
  [['End'], 'to live'],
  [['<', '>'], 'slower, faster'],
  [['M'], 'sound'],
  [['F'], 'full screen'],
  [['C'], 'copy the address of this moment'],
  [['?'], 'this list'],
];

export function keysHelp(list: Keys): HTMLDialogElement {
  const close = h('button', { class: 'icon-button', type: 'button', 'aria-label': 'Close', title: 'Close' }, icon('close'));
  const rows = list.map(([keys, words]) =>
    h('div', {}, h('dt', {}, ...keys.map((key) => h('kbd', {}, key))), h('dd', {}, words)));
  const dialog = h('dialog', { class: 'keys', 'aria-labelledby': 'keys-title' },
    h('header', {}, h('h2', { id: 'keys-title' }, 'Keys'), close), h('dl', {}, ...rows));
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}
