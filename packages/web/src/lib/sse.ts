// Server-sent events from a byte stream (HTML Standard §9.2.6). EventSource cannot send an Authorization header.

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Feeds text as it arrives; answers the events completed by it. Keeps the rest for the next call. */
export function createEventParser(): (text: string) => ServerEvent[] {
  let rest = "";
  let event = "message";
  let data: string[] = [];
  const takeLine = (line: string): ServerEvent | undefined => {
    if (line === "") {
      const done = data.length > 0 ? { event, data: data.join("\n") } : undefined;
      event = "message";
      data = [];
      return done;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
    return undefined;
  };
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    return lines.flatMap((line) => takeLine(line) ?? []);
  };
}
