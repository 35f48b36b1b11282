// The REST API as the portal uses it: one request with the tab's key, and problem documents (RFC 9457) as errors that
// carry their fix and request id. A key that stopped working ends the session.
import { type Credentials, session, signOut } from "./session.ts";
import type { Problem, WhoAmI } from "./wire.ts";

/** An answer of 4xx or 5xx, or none at all. */
export class ApiProblem extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = "ApiProblem";
    this.problem = problem;
  }

  /** Whether nothing answered. */
  get isSilence(): boolean {
    return this.problem.status === 0;
  }

  /** What is wrong with one field of the request, by JSON pointer. */
  field(pointer: string): string | undefined {
    const fault = this.problem.errors?.find((error) => error.pointer === pointer);
    // The field it stands at says which one it is.
    return fault?.detail.replace(`${pointer}: `, "");
  }
}

export interface RequestOptions {
  readonly method?: "GET" | "PUT" | "PATCH" | "POST" | "DELETE";
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

export interface Answer<T> {
  readonly body: T;
  /** The resource's version, quoted, as If-Match wants it. */
  readonly etag: string | undefined;
}

/** Sends one request. Throws ApiProblem, also when the network fails. */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<Answer<T>> {
  const response = await open(path, options);
  const text = await response.text();
  return {
    body: (text === "" ? undefined : JSON.parse(text)) as T,
    etag: response.headers.get("etag") ?? undefined,
  };
}

/** The body of a GET. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const answer = await request<T>(path, signal === undefined ? {} : { signal });
  return answer.body;
}

/** Whose key it is; the way to try a key before signing in with it. */
export async function whoIs(key: Credentials): Promise<WhoAmI> {
  const authorization = `Bearer ${key.id}:${key.secret}`;
  return (await request<WhoAmI>("/v1/whoami", { headers: { authorization } })).body;
}

/** Sends a request and answers once the headers of a good answer are there. */
export async function open(path: string, options: RequestOptions = {}): Promise<Response> {
  const key = session.get();
  const response = await send(path, options, key && `Bearer ${key.id}:${key.secret}`);
  if (response.ok) return response;
  const problem = await readProblem(response);
  // Another key may have been taken meanwhile: only the one that was refused is forgotten.
  if (response.status === 401 && key !== undefined && session.get() === key) {
    const { detail, title, fix } = problem.problem;
    signOut(`You were signed out. ${detail ?? title} ${fix}`);
  }
  throw problem;
}

async function send(
  path: string,
  { method = "GET", body, headers, signal }: RequestOptions,
  authorization: string | undefined,
): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      headers: {
        "x-headgate-client": "portal",
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiProblem({
      title: "Headgate does not answer.",
      status: 0,
      code: "network",
      fix: "Check that it runs and that this machine reaches it. This page tries again by itself.",
      requestId: "",
    });
  }
}

async function readProblem(response: Response): Promise<ApiProblem> {
  const fallback: Problem = {
    title: `The server answered ${response.status}.`,
    status: response.status,
    code: "internal",
    fix: "Try again; if it stays, tell the operator the request id.",
    requestId: response.headers.get("x-request-id") ?? "",
  };
  try {
    return new ApiProblem({ ...fallback, ...((await response.json()) as Partial<Problem>) });
  } catch {
    return new ApiProblem(fallback);
  }
}

/** What to show of anything that was thrown. */
export function toProblem(error: unknown): Problem {
  if (error instanceof ApiProblem) return error.problem;
  return {
    title: error instanceof Error ? error.message : "Something went wrong on this page.",
    status: 0,
    code: "portal",
    fix: "Reload the page.",
    requestId: "",
  };
}
