// stdout carries data, stderr carries talk. Tables are for people, json and yaml for programs.
import { stringify } from "yaml";

export type Format = "table" | "json" | "yaml";
export type Column<T> = readonly [title: string, cell: (row: T) => string | number | undefined];

export interface Output {
  readonly format: Format;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** Prints rows as a table, or as they are in json and yaml. */
export function printRows<T>(out: Output, rows: readonly T[], columns: readonly Column<T>[]): void {
  if (out.format !== "table") {
    printValue(out, rows);
    return;
  }
  const cells = rows.map((row) => columns.map(([, cell]) => String(cell(row) ?? "")));
  const widths = columns.map(([title], i) =>
    Math.max(title.length, ...cells.map((row) => row[i]!.length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd();
  out.stdout(
    `${[line(columns.map(([title]) => title.toUpperCase())), ...cells.map(line)].join("\n")}\n`,
  );
}

/** Prints one value; as a table it is shown as its fields. */
export function printValue(out: Output, value: unknown): void {
  out.stdout(out.format === "json" ? `${JSON.stringify(value, null, 2)}\n` : stringify(value));
}
