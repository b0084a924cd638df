/** How to publish: where the server listens, how to make a channel, what to enter in OBS, a line for ffmpeg. */
import { h, setText } from './element';
import { copy } from './copy';
import { icon, mark, setIcon } from './icons';
import { state } from './state';

const kUnknownIngest = 'rtmp://SERVER:1935/app';
const kCopiedMs = 1_600;

function copyButton(label: string, text: () => string): HTMLButtonElement {
  const button = h('button', { class: 'icon-button', type: 'button', 'aria-label': label, title: label }, icon('copy'));
  button.addEventListener('click', () => {
    void copy(text()).then((copied) => {
      if (!copied) return;
      setIcon(button, 'check');
      setTimeout(() => setIcon(button, 'copy'), kCopiedMs);
    });
  });
  return button;
}

export class OxEmpty extends HTMLElement {
  private readonly title_ = h('h1', {}, 'Nothing on air yet');
  private readonly address_ = [h('code', {}), h('code', {}), h('code', {})] as const;
  private lifetime_ = new AbortController();

  connectedCallback(): void {
    this.lifetime_ = new AbortController();
    if (!this.firstChild) this.append(...this.build_());
    if (this.hasAttribute('guide')) setText(this.title_, 'How to publish');
    state.watch(['channels'], this.lifetime_.signal, () => {
      for (const element of this.address_) setText(element, this.ingest_);
    });
  }

  disconnectedCallback(): void {
    this.lifetime_.abort();
  }

  private get ingest_(): string {
    return state.list?.ingestUrl ?? kUnknownIngest;
  }

  private build_(): HTMLElement[] {
    return [
      h('div', { class: 'hero' }, mark(), this.title_,
        h('p', {}, 'Send a stream from OBS or ffmpeg. It shows up here by itself, and can be rewound from its first second.'),
        h('p', { class: 'listening' }, h('i', {}), 'Listening on ', this.address_[0])),
      h('div', { class: 'steps' }, this.channelStep_(), this.obsStep_(), this.ffmpegStep_()),
      h('p', { class: 'hint' }, 'No encoder at hand? Start with ', h('code', {}, 'oxbow serve --demo'),
        ' and three channels go live by themselves.'),
    ];
  }

  private step_(number: string, title: string, note: string, ...body: HTMLElement[]): HTMLElement {
    return h('article', { class: 'step' },
      h('header', {}, h('b', {}, number), h('h2', {}, title), h('span', {}, note)), ...body);
  }

  private channelStep_(): HTMLElement {
    const line = 'oxbow channel create Meadow';
    const code = h('pre', {}, h('code', {}, h('span', { class: 'prompt' }, '$ '), line));
    return this.step_('1', 'Make a channel and get its stream key', 'once per channel, on the server',
      h('div', { class: 'code' }, code, copyButton('Copy the command', () => line)));
  }

  private obsStep_(): HTMLElement {
    const row = (name: string, ...value: (Node | string)[]): HTMLElement =>
      h('div', {}, h('dt', {}, name), h('dd', {}, ...value));
    return this.step_('2', 'In OBS Studio', 'Settings, Stream', h('dl', {},
      row('Service', 'Custom'),
      row('Server', this.address_[1], copyButton('Copy the server address', () => this.ingest_)),
      row('Stream key', h('em', {}, 'the one from step 1')),
      row('Key-frame interval', '2 s'),
      row('Rate control', 'CBR, 2500 to 6000 kb/s')));
  }

  private ffmpegStep_(): HTMLElement {
    const lines = [
      'ffmpeg -re -stream_loop -1 -i film.mp4 \\',
      '  -c:v libx264 -preset veryfast \\',
      '  -g 60 -keyint_min 60 -sc_threshold 0 \\',
      '  -b:v 3500k -c:a aac -ac 2 -f flv \\',
      '  ',
    ].join('\n');
    const code = h('pre', {}, h('code', {}, lines, this.address_[2], '/', h('mark', {}, 'STREAM_KEY')));
    return this.step_('2', 'Or with ffmpeg', 'any file, in a loop',
      h('div', { class: 'code' }, code, copyButton('Copy the command', () => `${lines}${this.ingest_}/STREAM_KEY`)),
      h('p', {}, 'Two seconds between key frames (-g 60 at 30 frames per second) keep the delay low and the scrubbing fine.'));
  }
}

customElements.define('ox-empty', OxEmpty);
