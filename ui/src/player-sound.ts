/** The film's volume, as the viewer left it the last time. */
export function restoreVolume(video: HTMLVideoElement): void {
  const volume = Number(localStorage.getItem('oxbow.volume') ?? '1');
  video.volume = volume >= 0 && volume <= 1 ? volume : 1;
  video.muted = localStorage.getItem('oxbow.muted') === 'yes';
}

export function keepVolume(video: HTMLVideoElement): void {
  localStorage.setItem('oxbow.volume', String(video.volume));
  localStorage.setItem('oxbow.muted', video.muted ? 'yes' : 'no');
}

export function setVolume(video: HTMLVideoElement, volume: number): void {
  video.volume = Math.min(Math.max(volume, 0), 1);
  video.muted = video.volume === 0;
}
