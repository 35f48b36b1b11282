// The bill in plain words: records are in the hour of the last look before them, a look being each time somebody read
// the watermarks; what gateways carried to the store is in the hours they say.
export interface ModelTopic {
  readonly id: string;
  readonly ends: number[];
  lost: number;
  /** Flushed by gateways. */
  counted: number;
  seen: { hour: string; ends: number } | undefined;
}

export interface ModelHour {
  written: number;
  read: number;
  bytesIn: number;
  bytesOut: number;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

export function billModel() {
  const hours = new Map<string, ModelHour>();
  const at = (hour: string): ModelHour => {
    const found = hours.get(hour) ?? { written: 0, read: 0, bytesIn: 0, bytesOut: 0 };
    hours.set(hour, found);
    return found;
  };
  return {
    hours,
    at,
    look(topic: ModelTopic, hour: string): void {
      // Never seen before: all of it was written in the hour in which it is seen.
      const { hour: label, ends } = topic.seen ?? { hour, ends: 0 };
      const now = sum(topic.ends);
      at(label).written += now - ends;
      topic.seen = { hour, ends: now };
    },
    /** By direction: billable messages, by record or by 4 KiB, whichever is more. A loss is a credit by record. */
    messages(direction: "written" | "read"): number {
      const bytes = direction === "written" ? "bytesIn" : "bytesOut";
      return sum(
        [...hours.values()].map((hour) =>
          hour[direction] < 0
            ? hour[direction]
            : Math.max(hour[direction], Math.ceil(hour[bytes] / 4096)),
        ),
      );
    },
  };
}
