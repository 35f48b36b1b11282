// Where a command connects and as whom. `headgate dev` writes the profile; flags and the environment override it.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { exitCodes, Failure } from "./failure.ts";

export const Profile = z.object({
  api: z.string(),
  bootstrap: z.string(),
  cluster: z.string(),
  key: z.object({ id: z.string(), secret: z.string() }),
});
export type Profile = z.infer<typeof Profile>;

const Profiles = z.record(z.string(), Profile);

function readProfiles(file: string): Record<string, Profile> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return {};
  }
  const parsed = Profiles.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new Failure(`${file} is not a profile file.`, {
    exitCode: exitCodes.usage,
    fix: `Remove it and run 'headgate dev', which writes it anew.`,
  });
}

/** The named profile, or a Failure that says how to get one. */
export function readProfile(file: string, name: string): Profile {
  const profile = readProfiles(file)[name];
  if (profile) return profile;
  throw new Failure(`There is no profile '${name}'.`, {
    exitCode: exitCodes.usage,
    fix: "Run 'headgate dev', or pass --api, --bootstrap and --key.",
  });
}

/** Writes one profile, leaving the others; the file holds a secret and is readable by its owner only. */
export function writeProfile(file: string, name: string, profile: Profile): void {
  const profiles = { ...readProfiles(file), [name]: profile };
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, file);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
