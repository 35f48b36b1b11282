import { Command } from "commander";
import type { Context } from "../context.ts";
import { exitCodes, Failure } from "../failure.ts";
import { request } from "../http.ts";

/** `headgate api METHOD PATH`: any route, with the profile's key. */
export function apiCommand(context: Context): Command {
  return new Command("api")
    .description("Call any REST route, for example: headgate api GET /v1/meta")
    .argument("<method>")
    .argument("<path>")
    .option("-d, --data <json>", "request body")
    .option("-H, --header <name: value...>", "request header")
    .action(async (method: string, path: string, flags: { data?: string; header?: string[] }) => {
      const { body } = await request(context.profile(), method.toUpperCase(), path, {
        ...(flags.data === undefined ? {} : { body: parseBody(flags.data) }),
        headers: Object.fromEntries((flags.header ?? []).map(parseHeader)),
      });
      if (body === undefined) return;
      context.out.stdout(typeof body === "string" ? body : `${JSON.stringify(body, null, 2)}\n`);
    });
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure("--data is not JSON.", { exitCode: exitCodes.usage });
  }
}

function parseHeader(text: string): [string, string] {
  const at = text.indexOf(":");
  if (at > 0) return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  throw new Failure(`'${text}' is not 'Name: value'.`, { exitCode: exitCodes.usage });
}
