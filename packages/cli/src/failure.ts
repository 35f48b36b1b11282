// How a command fails: one sentence, one fix, one exit code. Scripts may rely on the codes.

export const exitCodes = {
  error: 1,
  usage: 2,
  auth: 3,
  notFound: 4,
  conflict: 5,
  quota: 6,
  waitTimedOut: 7,
} as const;

export class Failure extends Error {
  readonly exitCode: number;
  readonly fix: string | undefined;
  readonly requestId: string | undefined;

  constructor(
    message: string,
    options: { exitCode?: number; fix?: string | undefined; requestId?: string | undefined } = {},
  ) {
    super(message);
    this.exitCode = options.exitCode ?? exitCodes.error;
    this.fix = options.fix;
    this.requestId = options.requestId;
  }
}

/** The exit code of an HTTP status. */
export function exitCodeOf(status: number): number {
  if (status === 401 || status === 403) return exitCodes.auth;
  if (status === 404) return exitCodes.notFound;
  if (status === 409 || status === 412 || status === 428) return exitCodes.conflict;
  if (status === 429) return exitCodes.quota;
  if (status === 504) return exitCodes.waitTimedOut;
  return status === 400 || status === 422 ? exitCodes.usage : exitCodes.error;
}
