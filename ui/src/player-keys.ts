/** The player's keys, wherever the focus is on its page. */

export interface KeyTarget {
  togglePlay(): void;
  skip(seconds: number): void;
  goToStart(): void;
  /** A digit was pressed. */
  digit(digit: number): void;
  goLive(): void;
  toggleMute(): void;
  changeVolume(by: number): void;
  togglePip(): void;
  toggleFullscreen(): void;
  changeSpeed(steps: number): void;
  share(): void;
  mark(end: 'from' | 'to'): void;
  showKeys(): void;
}

/** What a drag of the seek bar needs of the keys. */
export interface Draggable {
  cancel(): boolean;
}

/** Does what the key says, unless the focus is on something that has its own use for it. */
export function handleKey(event: KeyboardEvent, player: KeyTarget, bar: Draggable): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target as Element;
  const typing = target.closest('input:not([type=range]), textarea, select, dialog, [role=menu]') !== null;
  const ownArrows = target.closest('input[type=range]') !== null;
  const pressable = target.closest('button, a, summary') !== null;
  if (typing || (pressable && (event.key === ' ' || event.key === 'Enter'))) return;
  if (ownArrows && (event.key.startsWith('Arrow') || event.key === 'Home' || event.key === 'End')) return;
  if (event.key === 'Escape') {
    if (bar.cancel()) event.preventDefault();
    return;
  }
  // Up and down scroll the page, except on the player itself.
  if ((event.key === 'ArrowUp' || event.key === 'ArrowDown') && !target.closest('ox-player')) return;
  if (press(event, player)) event.preventDefault();
}

function press(event: KeyboardEvent, player: KeyTarget): boolean {
  if (event.key === 'L' && event.shiftKey) {
    player.goLive();
    return true;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  switch (key) {
    case ' ': case 'k': player.togglePlay(); return true;
    case 'j': player.skip(-10); return true;
    case 'l': player.skip(10); return true;
    case 'ArrowLeft': player.skip(event.shiftKey ? -60 : -5); return true;
    case 'ArrowRight': player.skip(event.shiftKey ? 60 : 5); return true;
    case 'ArrowUp': player.changeVolume(0.1); return true;
    case 'ArrowDown': player.changeVolume(-0.1); return true;
    case 'Home': player.goToStart(); return true;
    case 'End': player.goLive(); return true;
    case 'm': player.toggleMute(); return true;
    case 'f': player.toggleFullscreen(); return true;
    case 'p': player.togglePip(); return true;
    case 'c': player.share(); return true;
    case 'i': player.mark('from'); return true;
    case 'o': player.mark('to'); return true;
    case '<': player.changeSpeed(-1); return true;
    case '>': player.changeSpeed(1); return true;
    case '?': player.showKeys(); return true;
    default: break;
  }
  if (key >= '0' && key <= '9' && key.length === 1) {
    player.digit(Number(key));
    return true;
  }
  return false;
}
