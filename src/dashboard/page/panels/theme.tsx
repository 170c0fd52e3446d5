/** Dark or light: the system's choice until a person makes one. */
import { useEffect, useState } from 'preact/hooks';

type Theme = 'dark' | 'light';
const KEY = 'theme';
const system = matchMedia('(prefers-color-scheme: light)');

const chosen = (): Theme => {
  const kept = localStorage.getItem(KEY);
  return kept === 'dark' || kept === 'light' ? kept : system.matches ? 'light' : 'dark';
};

const listeners = new Set<() => void>();

export function applyTheme(): void {
  document.documentElement.dataset.theme = chosen();
  for (const listener of listeners) listener();
}
system.addEventListener('change', applyTheme);

/** Changes with the theme: for what is drawn on a canvas and has to be drawn anew. */
export function useTheme(): Theme {
  const [theme, set] = useState(chosen);
  useEffect(() => {
    const look = () => set(chosen());
    listeners.add(look);
    return () => void listeners.delete(look);
  }, []);
  return theme;
}

export function ThemeSwitch() {
  const theme = useTheme();
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <button
      type="button"
      class="icon"
      aria-label={`switch to ${other} colours`}
      title={`${other} colours`}
      onClick={() => {
        localStorage.setItem(KEY, other);
        applyTheme();
      }}
    >
      <span aria-hidden="true">{theme === 'dark' ? '☀' : '☾'}</span>
    </button>
  );
}

/** A colour of the page's style by its name, for canvases. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
