/** The clipboard, also where the page came without HTTPS. */
import { h } from './element';

/** Puts `text` on the clipboard; false where the browser does not allow it (a page without HTTPS). */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h('textarea', { readonly: true, class: 'offscreen' });
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    return copied;
  }
}
