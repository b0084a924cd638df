/** Signing in with an access key of the API. The secret signs one request and is not kept. */
import { h, setText } from '../element';
import { mark } from '../icons';
import { desk } from './desk';
import { Refusal } from './server';

function words(error: unknown): string {
  if (!(error instanceof Refusal)) return 'The server does not answer. Try again in a moment.';
  if (error.type === 'UnrecognizedClientException') return 'There is no such access key on this server.';
  if (error.type === 'InvalidSignatureException') return 'The secret does not belong to this access key.';
  return error.message;
}

export class OxSignIn extends HTMLElement {
  private readonly id_ = h('input', {
    id: 'access-key', name: 'username', autocomplete: 'username', spellcheck: 'false', autocapitalize: 'off', required: true,
    maxlength: 128,
  });
  private readonly secret_ = h('input', {
    id: 'secret-key', name: 'password', type: 'password', autocomplete: 'current-password', required: true, maxlength: 256,
  });
  private readonly problem_ = h('p', { class: 'problem', role: 'alert' });
  private readonly go_ = h('button', { class: 'button primary', type: 'submit' }, 'Sign in');

  connectedCallback(): void {
    if (this.firstChild) return;
    const form = h('form', { onsubmit: (event: Event) => void this.submit_(event) },
      h('label', { for: 'access-key' }, 'Access key id'), this.id_,
      h('label', { for: 'secret-key' }, 'Secret access key'), this.secret_,
      this.problem_, this.go_);
    this.append(h('section', { class: 'card' },
      mark(), h('h1', {}, 'Operate Oxbow'),
      h('p', { class: 'lead' }, 'Sign in with an access key of this server\'s API.'),
      form,
      h('p', { class: 'where' }, 'The first key is in ', h('code', {}, 'oxbow-data/credentials'), ' on the server. ',
        h('code', {}, 'oxbow credential create'), ' makes another.')));
    this.id_.focus();
  }

  private async submit_(event: Event): Promise<void> {
    event.preventDefault();
    if (this.go_.hasAttribute('aria-busy')) return;
    this.go_.setAttribute('aria-busy', 'true');
    setText(this.problem_, '');
    try {
      await desk.signIn(this.id_.value.trim(), this.secret_.value.trim());
    } catch (error) {
      setText(this.problem_, words(error));
      this.secret_.select();
    } finally {
      this.go_.removeAttribute('aria-busy');
    }
  }
}

customElements.define('ox-sign-in', OxSignIn);
