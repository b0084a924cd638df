/** The button that makes a channel, and its dialog. */
import { h, setText } from '../element';
import { icon } from '../icons';
import { desk } from './desk';
import { reasonOf } from './question';
import { call, channelIdOf } from './server';

interface Configuration {
  arn: string;
  name: string;
  state: string;
}

/** The configuration that records as `oxbow channel create` does. */
async function recordingArn(): Promise<string> {
  const answer = await call<{ recordingConfigurations: Configuration[] }>('ListRecordingConfigurations', { maxResults: 100 });
  const active = answer.recordingConfigurations.filter((each) => each.state === 'ACTIVE');
  const chosen = active.find((each) => each.name === 'default') ?? active[0];
  if (!chosen) throw new Error('no recording configuration');
  return chosen.arn;
}

export class OxNewChannel extends HTMLElement {
  private readonly name_ = h('input', {
    id: 'channel-name', name: 'name', required: true, maxlength: 128, pattern: '[A-Za-z0-9_\\-]+', autocomplete: 'off', spellcheck: 'false',
    'aria-describedby': 'channel-name-hint',
  });
  private readonly record_ = h('input', { type: 'checkbox', id: 'channel-record' });
  private readonly problem_ = h('p', { class: 'problem', role: 'alert' });
  private readonly go_ = h('button', { class: 'button primary', type: 'submit' }, 'Create channel');
  private readonly dialog_ = h('dialog', { 'aria-labelledby': 'new-channel-title' });

  connectedCallback(): void {
    if (this.firstChild) return;
    const cancel = h('button', { class: 'button', type: 'button', onclick: () => this.dialog_.close() }, 'Cancel');
    this.dialog_.append(h('form', { onsubmit: (event: Event) => void this.submit_(event) },
      h('h2', { id: 'new-channel-title' }, 'New channel'),
      h('label', { for: 'channel-name' }, 'Name'), this.name_,
      h('p', { class: 'small', id: 'channel-name-hint' }, 'Letters, digits, - and _.'),
      h('label', { class: 'check', for: 'channel-record' }, this.record_, 'Record its broadcasts'),
      this.problem_, h('div', { class: 'actions' }, cancel, this.go_)));
    this.append(h('button', { class: 'button primary', type: 'button', onclick: () => this.open_() }, icon('plus'), 'New channel'), this.dialog_);
  }

  private open_(): void {
    this.name_.value = '';
    this.record_.checked = true;
    setText(this.problem_, '');
    this.dialog_.showModal();
    this.name_.focus();
  }

  private async submit_(event: Event): Promise<void> {
    event.preventDefault();
    if (this.go_.hasAttribute('aria-busy')) return;
    this.go_.setAttribute('aria-busy', 'true');
    setText(this.problem_, '');
    try {
      const channel = await desk.change(() => this.create_());
      this.dialog_.close();
      desk.channels = [...desk.channels, channel];
      location.hash = `#channel/${channelIdOf(channel.arn)}`;
    } catch (error) {
      setText(this.problem_, reasonOf(error));
    } finally {
      this.go_.removeAttribute('aria-busy');
    }
  }

  private async create_(): Promise<import('./server').ApiChannel> {
    const members: Record<string, unknown> = { name: this.name_.value };
    if (this.record_.checked) members['recordingConfigurationArn'] = await recordingArn();
    return (await call<{ channel: import('./server').ApiChannel }>('CreateChannel', members)).channel;
  }
}

customElements.define('ox-new-channel', OxNewChannel);
