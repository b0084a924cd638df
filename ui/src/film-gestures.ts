/**
 * What a press on the film does. A mouse plays or pauses; a finger shows or hides the controls, and a second tap
 * at a side skips, each further one again.
 */
export interface FilmActions {
  togglePlay(): void;
  skip(seconds: number): void;
  toggleFullscreen(): void;
  toggleControls(): void;
}

const kTwiceMs = 300;
const kSide = 0.35;
const kTapSkip = 10;

export function listenToFilm(film: HTMLElement, actions: FilmActions, options: AddEventListenerOptions): void {
  let tappedAt = -Infinity;
  film.addEventListener('pointerup', (event) => {
    if (event.pointerType === 'mouse') {
      if (event.button === 0) actions.togglePlay();
      return;
    }
    const box = film.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    const twice = event.timeStamp - tappedAt < kTwiceMs;
    tappedAt = event.timeStamp;
    if (twice && share < kSide) actions.skip(-kTapSkip);
    else if (twice && share > 1 - kSide) actions.skip(kTapSkip);
    else actions.toggleControls();
  }, options);
  film.addEventListener('dblclick', () => {
    if (matchMedia('(hover: hover)').matches) actions.toggleFullscreen();
  }, options);
}
