// Light, dark, or whatever the system says. public/theme.js applies the same choice before the first paint.

export const themes = ["light", "dark", "system"] as const;
export type Theme = (typeof themes)[number];

const slot = "headgate.theme";
const listeners = new Set<() => void>();
const systemDark = matchMedia("(prefers-color-scheme: dark)");

/** What the user chose; `system` until then. */
export function chosenTheme(): Theme {
  const kept = localStorage.getItem(slot);
  return themes.find((theme) => theme === kept) ?? "system";
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(slot, theme);
  apply();
}

/** Calls back whenever the colours on screen change: canvases must draw themselves anew. */
export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function apply(): void {
  const choice = chosenTheme();
  const dark = choice === "dark" || (choice === "system" && systemDark.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  for (const listener of listeners) listener();
}

systemDark.addEventListener("change", apply);
