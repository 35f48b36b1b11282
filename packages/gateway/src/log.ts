// What an operator sees of connections that end badly. Messages say what happened, fields say who; never a secret.
import { AppError } from "@headgate/core/errors";

/** `message` is a constant sentence, so that it can be counted. */
export type Log = (message: string, fields: Record<string, unknown>) => void;

/** An error for the log: what lies behind one of ours. */
export const describeError = (error: unknown): string =>
  error instanceof AppError && error.cause ? String(error.cause) : String(error);
