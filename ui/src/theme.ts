/** Dark or light: as this viewer chose, else as the system says. */

export type Theme = 'dark' | 'light';

const kName = 'oxbow.theme';

export function theme(): Theme {
  const chosen = localStorage.getItem(kName);
  if (chosen === 'dark' || chosen === 'light') return chosen;
  return matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
}

export const setTheme = (chosen: Theme): void => localStorage.setItem(kName, chosen);
