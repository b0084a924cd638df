/** One channel: its picture, its stream key, where to send, how it does. */
import { copy } from '../copy';
import { h, setAttribute, setText } from '../element';
import { icon, IconName, setIcon } from '../icons';
import { poster } from '../poster';
import { onAir } from '../time';
import { desk } from './desk';
import { warnings } from './health';
import { Metrics } from './ox-channels';
import { spanOf } from './plots';
import { ask, reasonOf } from './question';
import { ApiChannel, ApiStream, call, channelIdOf, Ingest, resetStreamKey, serverNow, streamKeyArn, streamKeyValue } from './server';

const kShownMs = 30_000;
const kCopiedMs = 1_600;
const kHiddenKey = '•'.repeat(15);

function iconButton(name: IconName, label: string, act: () => void): HTMLButtonElement {
  return h('button', { class: 'icon-button', type: 'button', 'aria-label': label, title: label, onclick: act }, icon(name));
}

/** "avc1.4D401F" -> "H.264 Main, 1280x720, 30 fps" */
function videoWords(ingest: Ingest | undefined): string {
  const video = ingest?.video;
  if (!video) return '–';
  const profile: Record<string, string> = { '42': 'Baseline', '4D': 'Main', '64': 'High' };
  const name = video.codec?.startsWith('avc1.') ? `H.264 ${profile[video.codec.slice(5, 7).toUpperCase()] ?? ''}`.trim() : (video.codec ?? '');
  return [name, video.videoWidth ? `${video.videoWidth}×${video.videoHeight ?? 0}` : ''].filter(Boolean).join(', ');
}

function audioWords(ingest: Ingest | undefined): string {
  const audio = ingest?.audio;
  if (!audio) return '–';
  const channels = audio.channels === 1 ? 'mono' : audio.channels === 2 ? 'stereo' : `${audio.channels ?? 0} channels`;
  return `AAC, ${(audio.sampleRate ?? 0) / 1_000} kHz, ${channels}`;
}

export class OxChannel extends HTMLElement {
  private channel_: ApiChannel | null = null;
  private keyTimer_ = 0;
  private readonly frame_ = h('div', { class: 'frame' });
  private readonly picture_ = h('img', { alt: '', hidden: true });
  private readonly badge_ = h('span', { class: 'badge', hidden: true }, 'LIVE');
  private readonly viewers_ = h('span', { class: 'length', hidden: true });
  private readonly name_ = h('h2', { tabindex: -1 });
  private readonly id_ = h('code', {});
  private readonly key_ = h('code', { class: 'value' }, kHiddenKey);
  private readonly show_ = iconButton('eye', 'Show the stream key for 30 seconds', () => void this.toggleKey_());
  private readonly copyKey_ = iconButton('copy', 'Copy the stream key', () => void this.copyKey_do_());
  private readonly reset_ = h('button', { class: 'button outline', type: 'button' }, icon('renew'), 'Reset');
  private readonly keyRow_ = h('div', { class: 'field-row' }, h('div', { class: 'field' }, this.key_, this.show_, this.copyKey_), this.reset_);
  private readonly keyNote_ = h('p', { class: 'small', role: 'status' });
  private readonly server_ = h('code', { class: 'value' });
  private readonly copyServer_ = iconButton('copy', 'Copy the server address', () => void this.copied_(this.copyServer_, this.server_.textContent ?? ''));
  private readonly metrics_ = new Metrics();
  private readonly plots_ = h('div', { class: 'metrics' }, ...this.metrics_.elements);
  private readonly video_ = h('dd', {});
  private readonly audio_ = h('dd', {});
  private readonly encoder_ = h('dd', {});
  private readonly recorded_ = h('dd', {});
  private readonly live_ = h('div', {}, this.plots_);
  private readonly warnings_ = h('div', { class: 'warnings' });
  private readonly watch_ = h('a', { class: 'button', target: '_blank', rel: 'noreferrer' }, icon('play'), 'Watch');
  private readonly stop_ = h('button', { class: 'button outline', type: 'button' }, icon('stop'), 'Stop stream');
  private readonly delete_ = h('button', { class: 'button outline red', type: 'button' }, icon('bin'), 'Delete channel');
  private readonly actions_ = h('div', { class: 'actions' }, this.watch_, this.stop_, this.delete_);
  private lifetime_ = new AbortController();

  connectedCallback(): void {
    this.lifetime_ = new AbortController();
    if (!this.firstChild) this.build_();
    desk.watch(['data', 'selection'], this.lifetime_.signal, () => this.draw_());
    // Who follows a link hears where it leads.
    desk.addEventListener('selection', () => {
      if (desk.named) this.name_.focus({ preventScroll: true });
    }, { signal: this.lifetime_.signal });
  }

  disconnectedCallback(): void {
    this.lifetime_.abort();
    clearTimeout(this.keyTimer_);
  }

  private build_(): void {
    const row = (name: string, value: HTMLElement): HTMLElement => h('div', {}, h('dt', {}, name), value);
    this.frame_.append(this.picture_, this.badge_, this.viewers_);
    this.picture_.addEventListener('error', () => (this.picture_.hidden = true));
    this.picture_.addEventListener('load', () => (this.picture_.hidden = false));
    this.append(
      h('a', { class: 'back', href: '#' }, icon('previous'), 'All channels'),
      h('section', { class: 'card channel', 'aria-label': 'Channel' },
        this.frame_,
        h('div', { class: 'title' }, this.name_, this.id_),
        this.warnings_,
        h('div', { class: 'labelled' }, h('h3', {}, 'Stream key'), this.keyRow_, this.keyNote_),
        h('div', { class: 'labelled' }, h('h3', {}, 'Server'),
          h('div', { class: 'field' }, this.server_, this.copyServer_)),
        this.live_,
        h('dl', { class: 'facts' }, row('Video', this.video_), row('Audio', this.audio_), row('Encoder', this.encoder_), row('Recording', this.recorded_)),
        this.actions_));
    this.reset_.addEventListener('click', () => this.askReset_());
    this.stop_.addEventListener('click', () => {
      const channel = this.channel_;
      if (channel) ask(this.actions_, `Stop the stream of ${channel.name}? Its encoder is disconnected.`, 'Stop', 'Keep on air', () => desk.stop(channel));
    });
    this.delete_.addEventListener('click', () => {
      const channel = this.channel_;
      if (!channel) return;
      ask(this.actions_, `Delete ${channel.name}? Its stream key ends. Its recordings stay.`, 'Delete', 'Keep', async () => {
        await desk.change(() => call('DeleteChannel', { arn: channel.arn }));
        location.hash = '';
      });
    });
  }

  private draw_(): void {
    const channel = desk.selected;
    this.hidden = channel === null;
    if (!channel) return;
    if (channel.arn !== this.channel_?.arn) this.begin_(channel);
    this.channel_ = channel;
    const stream = desk.streams.get(channel.arn);
    const id = channelIdOf(channel.arn);
    this.dataset['state'] = stream ? 'live' : 'off';
    setText(this.name_, channel.name || id);
    setText(this.id_, `channel/${id}`);
    setText(this.server_, desk.server?.secureIngestUrl ?? desk.server?.ingestUrl ?? '');
    setAttribute(this.watch_, 'href', `${desk.session.viewersUrl ?? ''}/watch/${id}`);
    this.stop_.hidden = !stream;
    this.delete_.hidden = stream !== undefined;
    setText(this.recorded_, channel.recordingConfigurationArn ? (stream ? 'on' : 'when on air') : 'off');
    this.drawPicture_(id, stream);
    this.drawHealth_(channel, stream);
  }

  /** Another channel: nothing of the one before stays, its key first of all. */
  private begin_(channel: ApiChannel): void {
    this.hideKey_();
    setText(this.keyNote_, '');
    for (const question of this.querySelectorAll('.question button:first-child')) (question as HTMLElement).click();
    this.frame_.querySelector('.poster')?.remove();
    this.frame_.prepend(poster(channelIdOf(channel.arn)));
    this.picture_.hidden = true;
    this.picture_.removeAttribute('src');
  }

  private drawPicture_(id: string, stream: ApiStream | undefined): void {
    const url = desk.pictures.get(id);
    if (url && url !== this.picture_.src) this.picture_.src = url;
    this.badge_.hidden = !stream;
    this.viewers_.hidden = !stream;
    this.viewers_.replaceChildren(icon('eye'), String(stream?.viewerCount ?? 0));
    setAttribute(this.viewers_, 'aria-label', `${stream?.viewerCount ?? 0} viewers`);
  }

  private drawHealth_(channel: ApiChannel, stream: ApiStream | undefined): void {
    const health = desk.health.get(channel.arn);
    const now = serverNow();
    this.live_.hidden = !stream && (health?.samples.length ?? 0) === 0;
    this.metrics_.show(channel.name, health, spanOf(health?.samples[0]?.[0] ?? now, now), stream !== undefined);
    const lines = stream ? warnings(health, stream.health === 'STARVING').map((warning) => warning.text) : [];
    if (this.warnings_.dataset['lines'] !== lines.join('|')) {
      this.warnings_.dataset['lines'] = lines.join('|');
      this.warnings_.replaceChildren(...lines.map((line) =>
        h('p', {}, h('i', { class: 'dot' }), h('span', {}, line.charAt(0).toUpperCase() + line.slice(1)))));
    }
    const ingest = stream ? health?.ingestConfiguration : undefined;
    setText(this.video_, videoWords(ingest));
    setText(this.audio_, audioWords(ingest));
    setText(this.encoder_, ingest?.video?.encoder || '–');
    if (stream) setText(this.id_, `channel/${channelIdOf(channel.arn)}, on air ${onAir((now - Date.parse(stream.startTime)) / 1_000)}`);
  }

  private hideKey_(): void {
    clearTimeout(this.keyTimer_);
    setText(this.key_, kHiddenKey);
    this.key_.removeAttribute('data-shown');
    setIcon(this.show_, 'eye');
    this.show_.title = 'Show the stream key for 30 seconds';
    setAttribute(this.show_, 'aria-label', this.show_.title);
  }

  private showKey_(value: string): void {
    clearTimeout(this.keyTimer_);
    setText(this.key_, value);
    this.key_.setAttribute('data-shown', '');
    setIcon(this.show_, 'eyeOff');
    this.show_.title = 'Hide the stream key';
    setAttribute(this.show_, 'aria-label', this.show_.title);
    this.keyTimer_ = window.setTimeout(() => this.hideKey_(), kShownMs);
  }

  /** Its value, asked for when it is needed and not before; says what is wrong where there is none. */
  private async keyValue_(): Promise<string | null> {
    const channel = this.channel_;
    if (!channel) return null;
    try {
      const value = await desk.change(async () => {
        const arn = await streamKeyArn(channel.arn);
        return arn ? streamKeyValue(arn) : null;
      });
      if (channel !== this.channel_ && channel.arn !== this.channel_?.arn) return null;
      if (value === null) setText(this.keyNote_, 'This channel has no stream key. Reset makes one.');
      return value;
    } catch (error) {
      setText(this.keyNote_, reasonOf(error));
      return null;
    }
  }

  private async toggleKey_(): Promise<void> {
    if (this.key_.hasAttribute('data-shown')) {
      this.hideKey_();
      return;
    }
    const value = await this.keyValue_();
    if (value) this.showKey_(value);
  }

  private async copyKey_do_(): Promise<void> {
    const value = await this.keyValue_();
    if (value) await this.copied_(this.copyKey_, value);
  }

  private async copied_(button: HTMLButtonElement, text: string): Promise<void> {
    if (!(await copy(text))) {
      setText(this.keyNote_, 'The browser does not let this page copy. Show it, and copy it by hand.');
      return;
    }
    setIcon(button, 'check');
    setText(this.keyNote_, button === this.copyKey_ ? 'Copied, without showing it.' : 'Copied.');
    setTimeout(() => {
      setIcon(button, 'copy');
      setText(this.keyNote_, '');
    }, kCopiedMs);
  }

  private askReset_(): void {
    const channel = this.channel_;
    if (!channel) return;
    ask(this.keyRow_, `Reset the key of ${channel.name}? Its encoder must be given the new one.`, 'Reset', 'Keep', async () => {
      const value = await desk.change(() => resetStreamKey(channel.arn));
      if (channel.arn !== this.channel_?.arn) return;
      this.showKey_(value);
      setText(this.keyNote_, 'A new key. Enter it in the encoder: the old one begins no stream any more.');
    });
  }
}

customElements.define('ox-channel', OxChannel);
