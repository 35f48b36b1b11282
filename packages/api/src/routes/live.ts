// The live stream: one server-sent event per change of the caller's tenant. Events are hints; who gets one reads again.
import { AppError } from "@headgate/core/errors";
import { eventStream } from "../event-stream.ts";
import { type Api, route } from "../route.ts";

const heartbeatMs = 15_000;
const streamsMax = 100;

export function liveRoutes(api: Api): void {
  const { live } = api.deps;
  const open = new Map<string, number>();
  const operation = {
    method: "get",
    path: "/v1/live",
    operationId: "followChanges",
    tag: "Live",
    summary: "Follow what changes, as server-sent events",
    description:
      "Each event is named `change`; its data is a `LiveEvent` as JSON: what changed, not how. " +
      "`usage` comes when counts of a cluster were written. Comments keep the connection open.",
    access: "view",
    answers: {
      200: {
        description: "A stream that ends when the key does.",
        mediaType: "text/event-stream",
        example: 'event: change\ndata: {"kind":"topic","action":"write","name":"orders"}\n\n',
      },
    },
    errors: ["deployment.unsupported"],
  } as const;
  route(api, operation, ({ c, caller }) => {
    if (!live) {
      throw new AppError("deployment.unsupported", {
        detail: "This deployment has no live stream.",
        fix: "Read what you follow again every few seconds.",
      });
    }
    const { tenant } = caller.actor;
    const count = open.get(tenant) ?? 0;
    if (count >= streamsMax) {
      throw new AppError("rate.limited", {
        detail: `${streamsMax} live streams are open for this tenant.`,
        fix: "Close some of them first.",
        retryAfterSeconds: 10,
      });
    }
    const body = eventStream({
      heartbeatMs,
      mayGoOn: caller.isLive,
      start({ send, end }) {
        open.set(tenant, (open.get(tenant) ?? 0) + 1);
        const stop = live.listen(tenant, {
          onEvent(event) {
            send("change", event);
            // It may have been this stream's own key.
            const isAccess = event.kind === "api-key" || event.kind === "service-account";
            if (isAccess) void caller.isLive().then((lives) => lives || end(), end);
          },
          onEnd: end,
        });
        return () => {
          stop();
          open.set(tenant, Math.max(0, (open.get(tenant) ?? 0) - 1));
        };
      },
    });
    c.header("Content-Type", "text/event-stream");
    // Proxies that would collect the stream (nginx) are told not to.
    c.header("X-Accel-Buffering", "no");
    return c.body(body, 200);
  });
}
