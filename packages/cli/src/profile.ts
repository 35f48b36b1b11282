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

/** Names under which `headgate dev` writes: the second when the first points to another machine. */
const localNames = ["default", "local"] as const;

/**
 * Writes where a local Headgate is. Leaves a default profile that points elsewhere alone. Answers what to tell the
 * user: that it is another profile, or that none could be written.
 */
export function writeLocalProfile(file: string, profile: Profile): string | undefined {
  try {
    const known = readProfiles(file).default;
    const name = known === undefined || isLocal(known) ? localNames[0] : localNames[1];
    writeProfile(file, name, profile);
    if (name === localNames[0]) return undefined;
    return `Your default profile is ${known?.api}; for this one say --profile ${name}.`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `The profile could not be written, so commands need --api, --bootstrap and --key: ${why}`;
  }
}

function isLocal({ api }: Profile): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(new URL(api).hostname);
}

/** Writes one profile, leaving the others; the file holds a secret and is readable by its owner only. */
function writeProfile(file: string, name: string, profile: Profile): void {
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
