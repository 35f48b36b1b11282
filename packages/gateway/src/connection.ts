// One client connection: open → authenticated → closed, with at most one broker connection behind it.
//
//   client ──frames──▶ #handle ─┬─ local: an answer of our own
//                               └─ forward: RequestWalk ──▶ broker ──▶ ResponseWalk
//   answers leave through the slot queue, in request order
//
// While a login step or a dial is under way the connection is blocked: reading stops, frames already read wait in order.
// Reading also stops when the other side does not take bytes, and when too many answers are due.
import type { Socket } from "node:net";
import { responseFrame } from "@headgate/kafka/frame";
import { Api } from "@headgate/kafka/generated/types";
import { rewriteFrame } from "@headgate/kafka/walker";
import { type Route, routeFor } from "./allow-list.ts";
import { apiVersionsBody, apiVersionsUnsupported } from "./answers/18-api-versions.ts";
import {
  farewellMs,
  frameBytesMax,
  frameBytesMaxBeforeLogin,
  heldAnswerBytesMax,
  inFlightMax,
  lingerMs,
  renewBeforeMs,
} from "./filters/40-limit.ts";
import { isBillable } from "./filters/50-count.ts";
import { type Outgoing, outgoing, Pause, type Valve, valve } from "./flow.ts";
import { type FrameReader, frameReader } from "./frame-reader.ts";
import {
  answerBodyAt,
  apiKeyOf,
  apiVersionOf,
  checkHeader,
  clientIds,
  correlationIdOf,
  requestBodyAt,
} from "./header.ts";
import type { ConnectionHost } from "./host.ts";
import { describeError } from "./log.ts";
import { type LoginFrames, type LoginResult, loginFrames } from "./login-frames.ts";
import { refusalBody } from "./refusals.ts";
import type { Session } from "./session.ts";
import { Slot, SlotQueue } from "./slots.ts";
import { stubsOf } from "./stubs.ts";
import type { Upstream } from "./upstream.ts";

export class ClientConnection {
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #nodeId: number;
  readonly #read: FrameReader;
  readonly #toClient: Outgoing;
  readonly #login: LoginFrames;
  readonly #slots = new SlotQueue();
  readonly #waiting: { readonly frame: Buffer; readonly slab: Buffer | undefined }[] = [];
  #session: Session | undefined;
  #upstream: Upstream | undefined;
  #toBroker: Outgoing | undefined;
  #blocked = false;
  #renewing = false;
  #closed = false;
  #clientGone = false;
  readonly #fromClient: Valve;
  #fromBroker: Valve | undefined;
  readonly #clientId = clientIds();

  constructor(host: ConnectionHost, socket: Socket, nodeId: number) {
    this.#host = host;
    this.#socket = socket.setNoDelay(true);
    this.#fromClient = valve(socket);
    this.#nodeId = nodeId;
    this.#login = loginFrames(host);
    this.#read = frameReader({
      pool: host.pool,
      frameBytesMax: () => (this.#session ? frameBytesMax : frameBytesMaxBeforeLogin),
      onFrame: (frame, slab) => this.#onFrame(frame, slab),
    });
    this.#toClient = outgoing(socket, host.pool, (delivery) => {
      if (this.#session) delivery.count(this.#session.who);
    });
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("drain", () => this.#fromBroker?.set(Pause.otherSideFull, false));
    socket.on("error", () => this.close());
    socket.on("close", () => this.#onClientGone());
  }

  get session(): Session | undefined {
    return this.#session;
  }

  /** Ends a connection that did not log in in time. */
  expireLogin(): void {
    if (!this.#session) this.#fail("Login timed out", {});
  }

  /** Replaces the broker connection before its session ends; called from time to time. */
  tick(nowMs: number): void {
    const endsAtMs = this.#upstream?.sessionEndsAtMs ?? Number.POSITIVE_INFINITY;
    if (nowMs < endsAtMs - renewBeforeMs || this.#blocked) return;
    this.#renewing = true;
    this.#block();
    this.#renewWhenIdle();
  }

  /** Closes both sides at once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    this.#upstream?.socket.destroy();
    this.#waiting.length = 0;
    this.#host.closed(this);
  }

  #fail(message: string, fields: Record<string, unknown>): void {
    if (this.#closed) return;
    const { binding } = this.#session ?? {};
    this.#host.log(message, {
      ...fields,
      remote: this.#socket.remoteAddress,
      ...(binding ? { cluster: binding.cluster, apiKey: binding.apiKey } : {}),
    });
    this.close();
  }

  #onData(chunk: Buffer): void {
    const upstream = this.#upstream?.socket;
    upstream?.cork();
    try {
      this.#read(chunk);
    } catch (error) {
      this.#fail("Request could not be read", { error: String(error) });
    } finally {
      upstream?.uncork();
    }
  }

  #onFrame(frame: Buffer, slab: Buffer | undefined): void {
    if (this.#closed) return;
    if (this.#blocked) this.#waiting.push({ frame, slab });
    else this.#handle(frame, slab);
  }

  #handle(frame: Buffer, slab: Buffer | undefined): void {
    checkHeader(frame);
    const apiKey = apiKeyOf(frame);
    const route = routeFor(apiKey, apiVersionOf(frame));
    if (!route) this.#refuseRoute(frame, apiKey);
    else if (!this.#session && !this.#login.accepts(apiKey))
      this.#fail("Request before authentication", { api: apiKey });
    else if (route.action === "forward") this.#forward(route, frame, slab);
    else this.#local(route, frame);
    if (this.#slots.size > inFlightMax) this.#fromClient.set(Pause.inFlight, true);
  }

  #refuseRoute(frame: Buffer, apiKey: number): void {
    if (apiKey !== Api.ApiVersions) {
      this.#fail("API is not offered", { api: apiKey, version: apiVersionOf(frame) });
      return;
    }
    const slot = this.#slot(routeFor(Api.ApiVersions, 0)!, frame, false);
    this.#answer(slot, [apiVersionsUnsupported(slot.correlationId)]);
  }

  #slot(route: Route, frame: Buffer, forwarded: boolean): Slot {
    const slot = new Slot(route, correlationIdOf(frame), forwarded);
    this.#slots.push(slot);
    return slot;
  }

  #forward(route: Route, frame: Buffer, slab: Buffer | undefined): void {
    const session = this.#session!;
    if (!this.#toBroker) {
      this.#waiting.push({ frame, slab });
      this.#dial(session);
      return;
    }
    this.#identify(session, frame);
    const slot = this.#slot(route, frame, true);
    const bodyAt = requestBodyAt(route, frame);
    const walk = this.#host.requestWalk.begin(session, slot);
    const slices = rewriteFrame(route.requestPlan, frame, bodyAt, walk);
    walk.end();
    const refused = slot.refusal !== 0 || slot.denied !== undefined;
    if (refused && !this.#refuse(slot, frame.subarray(bodyAt), session)) return;
    if (!this.#toBroker.send(slices, slab)) this.#fromClient.set(Pause.otherSideFull, true);
  }

  /** Whether anything of the request is left to forward. */
  #refuse(slot: Slot, body: Buffer, session: Session): boolean {
    if (slot.swallow) {
      // As a broker does when nobody waits for its answer.
      this.#fail("Produce without acknowledgement was refused", {});
      return false;
    }
    if (slot.refusal !== 0) {
      slot.forwarded = false;
      const { apiKey, version } = slot.route;
      const answer = responseFrame(apiKey, version, slot.correlationId, refusalBody(slot, body));
      this.#answer(slot, [answer]);
      return false;
    }
    slot.stubs = stubsOf(slot, body, session.binding.clusterSpec.autoCreateTopics);
    return true;
  }

  /** Keeps the counter that belongs to the client id. */
  #identify(session: Session, frame: Buffer): void {
    const clientId = this.#clientId.changed(frame);
    if (clientId === undefined) return;
    const { serviceAccountName } = session.binding;
    session.who = session.usage.attributed(serviceAccountName, clientId);
  }

  #local(route: Route, frame: Buffer): void {
    const slot = this.#slot(route, frame, false);
    const body = frame.subarray(requestBodyAt(route, frame));
    const { apiKey, version } = route;
    const reply = (answer: Buffer) =>
      this.#answer(slot, [responseFrame(apiKey, version, slot.correlationId, answer)]);
    if (apiKey === Api.ApiVersions) reply(apiVersionsBody(version));
    else if (this.#login.accepts(apiKey)) this.#logIn(route, body, reply);
    else {
      const session = this.#session!;
      session.who.request();
      this.#host.localAnswer(session, route, Buffer.from(body)).then(reply, (error: unknown) => {
        this.#fail("Request could not be answered", { api: apiKey, error: String(error) });
      });
    }
  }

  #logIn(route: Route, body: Buffer, reply: (answer: Buffer) => void): void {
    this.#block();
    this.#login.answer(route, body, this.#session?.binding).then(
      (result) => this.#loggedIn(result, reply),
      (error: unknown) => this.#fail("Login could not be checked", { error: describeError(error) }),
    );
  }

  #loggedIn(result: LoginResult, reply: (answer: Buffer) => void): void {
    if (result.kind === "session" && (this.#closed || this.#session))
      this.#host.releaseSession(result.session);
    if (this.#closed) return;
    reply(result.body);
    if (result.kind === "failed") {
      this.#host.log("Login failed", { remote: this.#socket.remoteAddress });
      this.#closed = true;
      // Not destroyed at once: a reset could overtake the answer that says why.
      this.#socket.end();
      setTimeout(() => this.#socket.destroy(), farewellMs).unref();
      this.#upstream?.socket.destroy();
      this.#host.closed(this);
      return;
    }
    if (result.kind === "session") this.#session ??= result.session;
    this.#unblock();
  }

  /** The binding changed: from the next request on, the new grants count. */
  rebind(session: Session): void {
    if (this.#session) this.#session = { ...session, who: this.#session.who };
  }

  #dial(session: Session): void {
    this.#block();
    const { placement } = session.binding;
    this.#host.dial(placement, this.#nodeId).then(
      (upstream) => this.#attach(upstream),
      (error: unknown) =>
        this.#fail("Broker could not be reached", { error: describeError(error) }),
    );
  }

  #attach(upstream: Upstream): void {
    const { socket } = upstream;
    if (this.#closed) {
      socket.destroy();
      return;
    }
    this.#upstream = upstream;
    this.#fromBroker = valve(socket);
    this.#toBroker = outgoing(socket, this.#host.pool);
    const read = frameReader({
      pool: this.#host.pool,
      frameBytesMax: () => frameBytesMax * 2,
      onFrame: (frame, memory) => this.#onAnswer(frame, memory),
    });
    socket.on("data", (chunk: Buffer) => this.#onUpstreamData(read, chunk));
    socket.on("drain", () => this.#fromClient.set(Pause.otherSideFull, false));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#onUpstreamGone(socket));
    socket.resume();
    this.#unblock();
  }

  #onUpstreamData(read: FrameReader, chunk: Buffer): void {
    this.#socket.cork();
    try {
      read(chunk);
    } catch (error) {
      this.#fail("Broker's answer could not be read", { error: String(error) });
    } finally {
      this.#socket.uncork();
    }
  }

  #onAnswer(frame: Buffer, slab: Buffer | undefined): void {
    if (this.#closed) return;
    const session = this.#session!;
    const slot = this.#slots.nextForwarded();
    if (!slot || slot.correlationId !== frame.readInt32BE(4)) {
      this.#fail("Broker answered out of order", {});
      return;
    }
    const { route } = slot;
    const walk = this.#host.responseWalk.begin(session, slot);
    const slices = rewriteFrame(route.responsePlan, frame, answerBodyAt(route, frame), walk);
    if (walk.wallError !== 0) {
      this.#fail("Second wall refused a request", { api: route.apiKey, code: walk.wallError });
      return;
    }
    if (slot.swallow && walk.anyError !== 0) {
      this.#fail("Produce without acknowledgement failed", { code: walk.anyError });
      return;
    }
    if (walk.toCreate) this.#host.autoCreate(session, walk.toCreate);
    if (isBillable(route.apiKey, slot.delivery)) session.who.request();
    slot.slab = slab;
    this.#answer(slot, slot.swallow ? nothing : slices);
  }

  #answer(slot: Slot, slices: readonly Buffer[]): void {
    slot.answer = slices;
    for (const slice of slices) this.#slots.heldBytes += slice.length;
    for (let ready = this.#slots.shiftReady(); ready; ready = this.#slots.shiftReady())
      this.#send(ready);
    this.#fromBroker?.set(Pause.inFlight, this.#slots.heldBytes > heldAnswerBytesMax);
    if (this.#slots.size <= inFlightMax / 2) this.#fromClient.set(Pause.inFlight, false);
    if (this.#renewing) this.#renewWhenIdle();
  }

  #send(slot: Slot): void {
    const slices = slot.answer ?? nothing;
    for (const slice of slices) this.#slots.heldBytes -= slice.length;
    if (this.#clientGone || slices.length === 0) return;
    const delivery = slot.delivery?.isEmpty ? undefined : slot.delivery;
    if (!this.#toClient.send(slices, slot.slab, delivery))
      this.#fromBroker?.set(Pause.otherSideFull, true);
  }

  #block(): void {
    this.#blocked = true;
    this.#fromClient.set(Pause.blocked, true);
  }

  #unblock(): void {
    this.#blocked = false;
    try {
      while (!this.#blocked && !this.#closed && this.#waiting.length > 0) {
        const { frame, slab } = this.#waiting.shift()!;
        this.#handle(frame, slab);
      }
    } catch (error) {
      this.#fail("Request could not be read", { error: String(error) });
    }
    if (!this.#blocked) this.#fromClient.set(Pause.blocked, false);
  }

  #renewWhenIdle(): void {
    if (this.#slots.size > 0) return;
    this.#renewing = false;
    const old = this.#upstream;
    this.#upstream = undefined;
    this.#toBroker = undefined;
    old?.socket.destroy();
    this.#unblock();
  }

  #onUpstreamGone(socket: Socket): void {
    if (this.#upstream?.socket !== socket || this.#closed) return;
    this.#upstream = undefined;
    this.#toBroker = undefined;
    // When nothing is due, the next request dials again.
    if (this.#clientGone) this.close();
    else if (this.#slots.size > 0) this.#fail("Broker closed the connection", {});
    else this.#fromClient.set(Pause.otherSideFull, false);
  }

  #onClientGone(): void {
    if (this.#closed || this.#clientGone) return;
    this.#clientGone = true;
    const { socket } = this.#upstream ?? {};
    if (!socket || this.#slots.size === 0) {
      this.close();
      return;
    }
    // What was sent is still written and counted.
    socket.end();
    this.#fromBroker?.set(Pause.otherSideFull, false);
    setTimeout(() => this.close(), lingerMs).unref();
  }
}

const nothing: readonly Buffer[] = [];
