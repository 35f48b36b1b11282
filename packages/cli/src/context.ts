// What every command gets: where to connect, where to print. Built once in main.ts from flags and environment.
import { exitCodes, Failure } from "./failure.ts";
import type { Format, Output } from "./output.ts";
import { type Profile, readProfile } from "./profile.ts";

export interface Environment {
  readonly profileFile: string;
  readonly profileName: string;
  readonly cacheDir: string;
  readonly javaHome: string | undefined;
  readonly kafkaHome: string | undefined;
  /** PATH. */
  readonly path: string;
  /** Whether npm is the parent process. */
  readonly startedByNpm: boolean;
  /** Whether stdout is a terminal. */
  readonly terminal: boolean;
  readonly colour: boolean;
}

export interface GlobalFlags {
  readonly output: Format;
  readonly profile?: string;
  readonly api?: string;
  readonly bootstrap?: string;
  readonly cluster?: string;
  readonly key?: string;
}

export interface Context {
  readonly env: Environment;
  readonly flags: () => GlobalFlags;
  readonly out: Output;
  /** The profile in force: flags over environment over file. */
  readonly profile: () => Profile;
}

/** Flags may replace every field of the profile; with all of them given no file is needed. */
export function resolveProfile(env: Environment, flags: GlobalFlags): Profile {
  const key = parseKey(flags.key);
  if (flags.api && flags.bootstrap && key) {
    return { api: flags.api, bootstrap: flags.bootstrap, cluster: flags.cluster ?? "default", key };
  }
  const base = readProfile(env.profileFile, flags.profile ?? env.profileName);
  return {
    api: flags.api ?? base.api,
    bootstrap: flags.bootstrap ?? base.bootstrap,
    cluster: flags.cluster ?? base.cluster,
    key: key ?? base.key,
  };
}

function parseKey(text: string | undefined): Profile["key"] | undefined {
  if (text === undefined) return undefined;
  const at = text.indexOf(":");
  if (at > 0) return { id: text.slice(0, at), secret: text.slice(at + 1) };
  throw new Failure("--key is the key's id and its secret with a colon between.", {
    exitCode: exitCodes.usage,
    fix: "For example --key ak_…:hgs_…; in scripts set HEADGATE_KEY instead.",
  });
}
