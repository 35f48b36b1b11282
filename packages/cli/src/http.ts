// The REST API as the commands use it: one request, and problem documents (RFC 9457) as Failures with their fix.
import { exitCodeOf, Failure } from "./failure.ts";
import type { Profile } from "./profile.ts";

interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly fix?: string;
  readonly requestId?: string;
  readonly errors?: readonly { pointer: string; detail: string }[];
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** Sends one request; answers the status, the headers and the parsed JSON body. Throws Failure on any 4xx or 5xx. */
export async function request(
  profile: Pick<Profile, "api" | "key">,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<{ status: number; headers: Headers; body: unknown }> {
  const response = await send(profile, method, path, options);
  const text = await response.text();
  const body = text === "" ? undefined : parse(text);
  if (response.ok) return { status: response.status, headers: response.headers, body };
  const problem = (typeof body === "object" ? body : {}) as Problem;
  const faults = (problem.errors ?? []).map((error) => `\n  ${error.pointer}: ${error.detail}`);
  throw new Failure(
    `${problem.detail ?? problem.title ?? `HTTP ${response.status}`}${faults.join("")}`,
    {
      exitCode: exitCodeOf(response.status),
      fix: problem.fix,
      requestId: response.headers.get("x-request-id") ?? undefined,
    },
  );
}

/** Every item of a paged list. */
export async function list<T>(profile: Profile, path: string): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await request(profile, "GET", `${path}?limit=100${query}`);
    const page = body as { items: T[]; next?: string };
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}

async function send(
  profile: Pick<Profile, "api" | "key">,
  method: string,
  path: string,
  options: RequestOptions,
): Promise<Response> {
  try {
    return await fetch(new URL(path, profile.api), {
      method,
      headers: {
        authorization: `Bearer ${profile.key.id}:${profile.key.secret}`,
        "x-headgate-client": "cli",
        ...(options.body === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
  } catch (error) {
    throw new Failure(`${profile.api} does not answer: ${reason(error)}.`, {
      fix: "Start it with 'headgate dev', or check --api; 'headgate doctor' looks closer.",
    });
  }
}

/** The innermost message of a failed fetch, which hides it in `cause`. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reason(error.cause) : error.message;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
