// Which field of the form a refused topic is about.
import { ApiProblem } from "./client.ts";

/** A name that cannot even be asked about, because an address with it would be another address. */
export function nameFault(name: string): string | undefined {
  const trimmed = name.trim();
  if (trimmed === "") return "A topic needs a name.";
  return trimmed === "." || trimmed === ".."
    ? "A name of dots alone means a directory."
    : undefined;
}

export interface TopicFaults {
  readonly name: string | undefined;
  readonly partitions: string | undefined;
  /** By the setting's name. */
  readonly config: (setting: string) => string | undefined;
  /** There is a problem, and it is about none of these. */
  readonly isOther: boolean;
}

const aboutName: readonly string[] = [
  "topic.name_invalid",
  "resource.deleting",
  // The only condition sent is that no such topic exists.
  "request.precondition_failed",
];

export function topicFaults(error: unknown): TopicFaults {
  const problem = error instanceof ApiProblem ? error : undefined;
  const { code = "", detail, title, errors = [] } = problem?.problem ?? {};
  const name = aboutName.includes(code) ? (detail ?? title) : undefined;
  const config = (setting: string) => problem?.field(`/spec/config/${setting}`);
  const partitions = problem?.field("/spec/partitions");
  const isConfig = errors.some(({ pointer }) => pointer.startsWith("/spec/config/"));
  const isOther = error != null && name === undefined && partitions === undefined && !isConfig;
  return { name, partitions, config, isOther };
}
