// Light, dark, or whatever the system says. public/theme.js applies the same choice before the first paint.
import { keep, readKept } from "./browser-storage.ts";

export const themes = ["light", "dark", "system"] as const;
export type Theme = (typeof themes)[number];

const slot = "headgate.theme";
const listeners = new Set<() => void>();
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const kept = readKept("localStorage", slot);
let chosen: Theme = themes.find((theme) => theme === kept) ?? "system";

/** What the user chose; `system` until then. */
export const theme = {
  get: () => chosen,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

export function chooseTheme(next: Theme): void {
  chosen = next;
  keep("localStorage", slot, next);
  paint();
  for (const listener of listeners) listener();
}

function paint(): void {
  const dark = chosen === "dark" || (chosen === "system" && systemDark.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

systemDark.addEventListener("change", paint);
