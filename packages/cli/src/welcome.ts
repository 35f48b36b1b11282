// What `headgate dev` says once everything runs: where things are, and three snippets that work as printed. The secret
// is shown on a terminal only; elsewhere the text names the file that holds it.
import { curl, kafkajs, type SnippetInput } from "@headgate/core/snippets";
import type { Colours } from "./colour.ts";

export interface WelcomeInput extends Omit<SnippetInput, "topic" | "tls"> {
  readonly portal: string;
  readonly ownerKeyFile: string;
  readonly secretShown: boolean;
}

export function welcome(input: WelcomeInput, colours: Colours): string {
  const { bold, dim, accent } = colours;
  const { api, bootstrap, portal, key, ownerKeyFile, secretShown } = input;
  const secret = secretShown ? key.secret : `<secret in ${ownerKeyFile}>`;
  const shown: SnippetInput = {
    ...input,
    topic: "orders",
    tls: false,
    key: { id: key.id, secret },
  };
  const row = (name: string, value: string) => `  ${dim(name.padEnd(8))} ${accent(value)}`;
  const block = (title: string, code: string) => `${bold(title)}\n\n${code}\n`;
  const signIn = secretShown ? `/#key=${key.id}:${key.secret}` : "";
  return [
    bold("Headgate is running."),
    "",
    row("Portal", `${portal}${signIn}`),
    row("REST", api),
    row("Kafka", bootstrap),
    row("Key", `${key.id}:${secret}`),
    "",
    block("Create a topic", curl(shown).code),
    block("Write a record", heredoc(kafkajs(shown).code)),
    block("Read it", "npx headgate consume orders --from start"),
    dim("Ctrl-C stops everything. What was written stays."),
    "",
  ].join("\n");
}

/** Runs a program from standard input, so that one paste is enough. Not indented: then it would not end. */
function heredoc(code: string): string {
  return `node --input-type=module <<'EOF'\n${code}\nEOF`;
}
