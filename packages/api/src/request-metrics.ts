// Counts and durations of requests in the Prometheus text format (version 0.0.4). Labels are path templates, never
// paths, so their number is the number of routes.

const bucketsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

const methods = new Set(["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"]);

interface Series {
  readonly labels: string;
  readonly byBucket: number[];
  count: number;
  sumSeconds: number;
}

export type RequestMetrics = ReturnType<typeof requestMetrics>;

export function requestMetrics() {
  const requests = new Map<string, number>();
  const durations = new Map<string, Series>();
  return {
    count(method: string, route: string, status: number, seconds: number): void {
      // A client may make up methods without end.
      const shown = methods.has(method) ? method : "other";
      const labels = `method="${shown}",route="${route}"`;
      const counted = `${labels},status="${status}"`;
      requests.set(counted, (requests.get(counted) ?? 0) + 1);
      let series = durations.get(labels);
      if (!series) {
        series = { labels, byBucket: bucketsSeconds.map(() => 0), count: 0, sumSeconds: 0 };
        durations.set(labels, series);
      }
      series.count += 1;
      series.sumSeconds += seconds;
      const bucket = bucketsSeconds.findIndex((upTo) => seconds <= upTo);
      if (bucket >= 0) series.byBucket[bucket]! += 1;
    },
    text(): string {
      const lines = [
        "# HELP headgate_http_requests_total Requests answered.",
        "# TYPE headgate_http_requests_total counter",
        ...[...requests].map(([labels, n]) => `headgate_http_requests_total{${labels}} ${n}`),
        "# HELP headgate_http_request_seconds Time until the head of the answer was there.",
        "# TYPE headgate_http_request_seconds histogram",
        ...[...durations.values()].flatMap(histogram),
      ];
      return `${lines.join("\n")}\n`;
    },
  };
}

function histogram({ labels, byBucket, count, sumSeconds }: Series): string[] {
  const name = "headgate_http_request_seconds";
  let below = 0;
  const buckets = bucketsSeconds.map((upTo, i) => {
    below += byBucket[i]!;
    return `${name}_bucket{${labels},le="${upTo}"} ${below}`;
  });
  return [
    ...buckets,
    `${name}_bucket{${labels},le="+Inf"} ${count}`,
    `${name}_sum{${labels}} ${sumSeconds}`,
    `${name}_count{${labels}} ${count}`,
  ];
}
