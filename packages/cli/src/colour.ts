// Colour on a terminal, plain text elsewhere (no-color.org).

export interface Colours {
  bold(text: string): string;
  dim(text: string): string;
  accent(text: string): string;
  warn(text: string): string;
}

export function colours(on: boolean): Colours {
  const style = (open: number, close: number) => (text: string) =>
    on ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return { bold: style(1, 22), dim: style(2, 22), accent: style(36, 39), warn: style(33, 39) };
}
