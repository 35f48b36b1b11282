// Idempotency-Key on POST: the first answer is kept for 24 hours and given again to the same caller (API key) who sends
// the same request. A claim is written before the work, so two at once do not both do it. Answers may hold a new
// secret: they are kept sealed (seal.ts), so neither the store nor another key can read one.
//
// Only success is kept; after an error the key is free for another try. After a crash in the middle of the work the
// claim is taken over a minute later, and the work is done again: what it made the first time is then in the list.
import { createHash } from "node:crypto";
import type { Control } from "@headgate/control/control";
import { AppError } from "@headgate/core/errors";
import { isConflict } from "@headgate/store/errors";
import { idempotencyKey } from "@headgate/store/keys";
import { parseItem } from "@headgate/store/resources";
import type { Key, Version } from "@headgate/store/store";
import { z } from "@hono/zod-openapi";
import type { Caller } from "./auth.ts";
import type { ApiContext } from "./env.ts";

const keptSeconds = 86_400;
const abandonedAfterMs = 60_000;

const Claim = z.object({
  /** Of method, address and body. */
  fingerprint: z.string(),
  claimedAtMs: z.int(),
  /** There once the work is done. */
  sealedAnswer: z.string().optional(),
});
type Claim = z.infer<typeof Claim>;

const KeptAnswer = z.object({
  status: z.int(),
  location: z.string().optional(),
  body: z.string(),
});

interface Work {
  readonly c: ApiContext;
  readonly caller: Caller;
}

/** Runs `work`, or answers what it answered before. Throws `request.idempotency_mismatch` and `…_in_progress`. */
export async function answerOnce(
  control: Control,
  { c, caller }: Work,
  bodyText: string,
  work: () => Promise<Response>,
): Promise<Response> {
  const given = c.req.header("idempotency-key");
  if (given === undefined) return work();
  checkKey(given);
  const { apiKey, tenant } = caller.actor;
  const at = idempotencyKey(tenant, sha256(`${apiKey}\n${given}`));
  const { pathname, search } = new URL(c.req.url);
  const fingerprint = sha256(`${c.req.method} ${pathname}${search}\n${bodyText}`);
  const claimed = await claim(control, at, fingerprint);
  if ("answer" in claimed) return replay(c, caller, at, claimed.answer);
  const response = await orRelease(control, at, claimed.version, work);
  // The work is done, whatever becomes of its copy: a caller must not lose the one answer that holds a secret.
  await keep(control, caller, at, claimed, response).catch((error: unknown) =>
    control.log?.("An answer could not be kept", {
      requestId: c.var.requestId,
      error: String(error),
    }),
  );
  return response;
}

async function orRelease(
  { store }: Control,
  at: Key,
  version: Version,
  work: () => Promise<Response>,
): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    await store.delete(at, version).catch(ignoreConflict);
    throw error;
  }
}

function checkKey(key: string): void {
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return;
  const detail = "Idempotency-Key must be 1 to 255 visible ASCII characters.";
  throw new AppError("request.invalid", {
    detail,
    fix: "Send a random UUID, new for each request you mean to make once.",
    errors: [{ pointer: "/headers/idempotency-key", code: "request.invalid", detail }],
  });
}

interface Claimed {
  readonly claim: Claim;
  readonly version: Version;
}

async function claim(
  { store, clock }: Control,
  at: Key,
  fingerprint: string,
): Promise<Claimed | { readonly answer: string }> {
  const nowMs = clock.nowMs();
  const item = await store.get(at);
  const isOver = item?.expiresAt !== undefined && item.expiresAt * 1000 <= nowMs;
  const known = item && !isOver ? parseItem(Claim, item).value : undefined;
  if (known && known.fingerprint !== fingerprint)
    throw new AppError("request.idempotency_mismatch");
  if (known?.sealedAnswer !== undefined) return { answer: known.sealedAnswer };
  if (known && nowMs - known.claimedAtMs < abandonedAfterMs) throw inProgress();
  const data: Claim = { fingerprint, claimedAtMs: nowMs };
  try {
    const version = await store.put(
      { ...at, data, expiresAt: Math.floor(nowMs / 1000) + keptSeconds },
      item?.version ?? "absent",
    );
    return { claim: data, version };
  } catch (error) {
    if (isConflict(error)) throw inProgress();
    throw error;
  }
}

async function keep(
  { store }: Control,
  caller: Caller,
  at: Key,
  { claim: claimed, version }: Claimed,
  response: Response,
): Promise<void> {
  const body = await response.clone().text();
  const location = response.headers.get("location") ?? undefined;
  const answer = JSON.stringify({ status: response.status, location, body });
  const data: Claim = { ...claimed, sealedAnswer: caller.sealed.seal(at.sk, answer) };
  const expiresAt = Math.floor(claimed.claimedAtMs / 1000) + keptSeconds;
  // Taken over by another try meanwhile: that one's answer is kept.
  await store.put({ ...at, data, expiresAt }, version).catch(ignoreConflict);
}

function replay(c: ApiContext, caller: Caller, at: Key, sealed: string): Response {
  const opened = caller.sealed.open(at.sk, sealed);
  const kept = KeptAnswer.parse(JSON.parse(opened ?? "null"));
  c.header("Idempotency-Replayed", "true");
  if (kept.location !== undefined) c.header("Location", kept.location);
  c.header("Content-Type", "application/json");
  return c.body(kept.body, kept.status as 201);
}

function inProgress(): AppError {
  return new AppError("request.idempotency_in_progress", { retryAfterSeconds: 1 });
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function ignoreConflict(error: unknown): void {
  if (!isConflict(error)) throw error;
}
