// What every command gets: where to connect, where to print. Built once in main.ts from flags and environment.
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
  const at = text?.indexOf(":") ?? -1;
  return text === undefined || at < 0
    ? undefined
    : { id: text.slice(0, at), secret: text.slice(at + 1) };
}
