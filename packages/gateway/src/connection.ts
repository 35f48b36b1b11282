// One client connection: open → authenticated → closed, with at most one broker connection behind it (broker-link.ts).
//
//   client ──frames──▶ #handle ─┬─ local: an answer of our own
//                               └─ forward: RequestWalk ──▶ broker ──▶ ResponseWalk
//   answers leave through the slot queue, in request order
//
// While a login step or a dial is under way the gate is shut: reading stops, frames already read wait in order.
// Reading also stops when the other side does not take bytes, and when too many answers are due.
import type { Socket } from "node:net";
import { responseFrame } from "@headgate/kafka/frame";
import { Api } from "@headgate/kafka/generated/types";
import { rewriteFrame } from "@headgate/kafka/walker";
import { type Route, routeFor } from "./allow-list.ts";
import { type AnswerQueue, answerQueue } from "./answer-queue.ts";
import { apiVersionsBody, apiVersionsUnsupported } from "./answers/18-api-versions.ts";
import { type BrokerLink, brokerLink } from "./broker-link.ts";
import {
  farewellMs,
  frameBytesMax,
  frameBytesMaxBeforeLogin,
  heldAnswerBytesMax,
  inFlightMax,
  keepAliveMs,
  lingerMs,
  localBytesMax,
} from "./filters/40-limit.ts";
import { isBillable } from "./filters/50-count.ts";
import { Pause, type Valve, valve } from "./flow.ts";
import { type FrameGate, frameGate } from "./frame-gate.ts";
import type { MemoryLease } from "./frame-memory.ts";
import { frameReader } from "./frame-reader.ts";
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
import { Slot } from "./slots.ts";
import { stubsOf } from "./stubs.ts";

export class ClientConnection {
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #memory: MemoryLease;
  readonly #fromClient: Valve;
  readonly #broker: BrokerLink;
  readonly #login: LoginFrames;
  readonly #answers: AnswerQueue;
  readonly #gate: FrameGate;
  readonly #clientId = clientIds();
  #session: Session | undefined;
  #renewing = false;
  #closed = false;
  #clientGone = false;

  constructor(host: ConnectionHost, socket: Socket, nodeId: number) {
    this.#host = host;
    // A client that vanished without a word is found out.
    this.#socket = socket.setNoDelay(true).setKeepAlive(true, keepAliveMs);
    this.#memory = host.memory.lease(() => this.#fail("Memory was taken back from a stuck client"));
    this.#fromClient = valve(socket);
    this.#gate = frameGate(this.#fromClient, (frame, slab) => this.#handle(frame, slab));
    this.#login = loginFrames(host);
    const read = frameReader({
      memory: this.#memory,
      frameBytesMax: () => (this.#session ? frameBytesMax : frameBytesMaxBeforeLogin),
      onFrame: (frame, slab) => {
        if (!this.#closed) this.#gate.pass(frame, slab);
      },
    });
    this.#answers = answerQueue({
      socket,
      memory: this.#memory,
      onDelivered: (delivery) => delivery.count(this.#session!.who),
      onFull: () => this.#broker.pause(Pause.otherSideFull, true),
    });
    this.#broker = brokerLink({
      dial: host.dial,
      memory: this.#memory,
      nodeId,
      onData: (bytes, read) => {
        host.bytesRead(bytes);
        this.#onBrokerData(read);
      },
      onAnswer: (frame, slab) => this.#onAnswer(frame, slab),
      onDrain: () => this.#fromClient.set(Pause.otherSideFull, false),
      onGone: () => this.#onBrokerGone(),
    });
    socket.on("data", (chunk: Buffer) => {
      host.bytesRead(chunk.length);
      this.#reading(() => read(chunk));
    });
    socket.on("drain", () => this.#broker.pause(Pause.otherSideFull, false));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#onClientGone());
  }

  get session(): Session | undefined {
    return this.#session;
  }

  /** Whether there is a broker connection behind it. */
  get hasLink(): boolean {
    return this.#broker.isOpen;
  }

  /** Ends a connection that did not log in in time. */
  expireLogin(): void {
    if (!this.#session) this.#fail("Login timed out");
  }

  /** Bytes of answers the client, and of requests the broker, has not taken yet. */
  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#broker.writableBytes + this.#answers.heldBytes;
  }

  /** Replaces the broker connection before its login ends; called from time to time. */
  tick(nowMs: number): void {
    if (this.#gate.isShut || !this.#broker.endsSoon(nowMs)) return;
    this.#renewing = true;
    this.#gate.shut();
    this.#renewWhenIdle();
  }

  /** Closes both sides at once. */
  close(): void {
    this.#socket.destroy();
    this.#end();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#broker.close();
    this.#gate.clear();
    this.#memory.release();
    this.#host.closed(this);
  }

  #fail(message: string, fields: Record<string, unknown> = {}): void {
    if (this.#closed) return;
    const { binding } = this.#session ?? {};
    this.#host.log(message, {
      ...fields,
      remote: this.#socket.remoteAddress,
      ...(binding ? { cluster: binding.cluster, apiKey: binding.apiKey } : {}),
    });
    this.close();
  }

  /** Requests that are handled in one go leave for the broker in one write. */
  #reading(work: () => void): void {
    this.#broker.cork();
    try {
      work();
    } catch (error) {
      this.#fail("Request could not be read", { error: String(error) });
    } finally {
      this.#broker.uncork();
    }
  }

  #handle(frame: Buffer, slab: Buffer | undefined): void {
    checkHeader(frame);
    const apiKey = apiKeyOf(frame);
    const route = routeFor(apiKey, apiVersionOf(frame));
    if (route && !this.#session && !this.#login.accepts(apiKey))
      this.#fail("Request before authentication", { api: apiKey });
    else if (route?.action === "forward") this.#forward(route, frame, slab);
    else {
      if (route) this.#local(route, frame);
      else this.#refuseRoute(frame, apiKey);
      if (slab) this.#memory.give(slab);
    }
    if (this.#answers.size > inFlightMax) this.#fromClient.set(Pause.inFlight, true);
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
    this.#answers.push(slot);
    return slot;
  }

  #forward(route: Route, frame: Buffer, slab: Buffer | undefined): void {
    const session = this.#session!;
    if (!this.#broker.isOpen) {
      this.#gate.shutBefore(frame, slab);
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
    if (refused && !this.#refuse(slot, frame.subarray(bodyAt), session)) {
      if (slab) this.#memory.give(slab);
      return;
    }
    if (!this.#broker.send(slices, slab)) this.#fromClient.set(Pause.otherSideFull, true);
  }

  /** Whether anything of the request is left to forward. */
  #refuse(slot: Slot, body: Buffer, session: Session): boolean {
    if (slot.swallow) {
      // As a broker does when nobody waits for its answer.
      this.#fail("Produce without acknowledgement was refused");
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
    const { apiKey, version } = route;
    if (frame.length > localBytesMax) {
      this.#fail("Request is too large", { api: apiKey, bytes: frame.length });
      return;
    }
    // A copy: the frame's memory is used again while the answer is made.
    const body = Buffer.from(frame.subarray(requestBodyAt(route, frame)));
    const reply = (answer: Buffer) =>
      this.#answer(slot, [responseFrame(apiKey, version, slot.correlationId, answer)]);
    if (apiKey === Api.ApiVersions) reply(apiVersionsBody(version));
    else if (this.#login.accepts(apiKey)) this.#logIn(route, body, reply);
    else {
      const session = this.#session!;
      session.who.request();
      this.#host.localAnswer(session, route, body).then(reply, (error: unknown) => {
        this.#fail("Request could not be answered", { api: apiKey, error: String(error) });
      });
    }
  }

  #logIn(route: Route, body: Buffer, reply: (answer: Buffer) => void): void {
    this.#gate.shut();
    this.#login.answer(route, body, this.#session?.binding).then(
      (result) => this.#loggedIn(result, reply),
      (error: unknown) => this.#fail("Login could not be checked", { error: describeError(error) }),
    );
  }

  #loggedIn(result: LoginResult, reply: (answer: Buffer) => void): void {
    const opened = result.kind === "session" ? result.session : undefined;
    if (opened && (this.#closed || this.#session)) this.#host.releaseSession(opened);
    if (this.#closed) return;
    // From here on a change finds this connection; one between the look-up and here would be missed by both.
    if (opened && !this.#session) {
      this.#session = opened;
      if (!this.#host.isCurrent(opened.binding)) {
        this.#fail("Key changed during its login");
        return;
      }
    }
    reply(result.body);
    if (result.kind === "failed") this.#refuseLogin(result.reason);
    else this.#goOn();
  }

  #refuseLogin(reason: string): void {
    this.#host.log("Login failed", { remote: this.#socket.remoteAddress, reason });
    // Not destroyed at once: a reset could overtake the answer that says why.
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), farewellMs).unref();
    this.#end();
  }

  /** The binding changed: from the next request on, the new grants count. */
  rebind(session: Session): void {
    if (this.#session) this.#session = { ...session, who: this.#session.who };
  }

  #dial(session: Session): void {
    this.#broker.open(session.binding.placement).then(
      () => this.#goOn(),
      (error: unknown) =>
        this.#fail("Broker could not be reached", { error: describeError(error) }),
    );
  }

  #onBrokerData(read: () => void): void {
    this.#socket.cork();
    try {
      read();
    } catch (error) {
      this.#fail("Broker's answer could not be read", { error: String(error) });
    } finally {
      this.#socket.uncork();
    }
  }

  #onAnswer(frame: Buffer, slab: Buffer | undefined): void {
    if (this.#closed) return;
    const session = this.#session!;
    const slot = this.#answers.nextForwarded();
    if (!slot || slot.correlationId !== frame.readInt32BE(4)) {
      this.#fail("Broker answered out of order");
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
    if (this.#closed) return;
    this.#answers.settle(slot, slices);
    this.#broker.pause(Pause.inFlight, this.#answers.heldBytes > heldAnswerBytesMax);
    if (this.#answers.size <= inFlightMax / 2) this.#fromClient.set(Pause.inFlight, false);
    if (this.#renewing) this.#renewWhenIdle();
    if (this.#clientGone && !this.#answers.owes(Api.Produce)) this.close();
  }

  #goOn(): void {
    this.#reading(() => this.#gate.open());
  }

  #renewWhenIdle(): void {
    if (this.#answers.size > 0) return;
    this.#renewing = false;
    this.#broker.drop();
    // Everything was answered, so everything was taken; the word of it may be lost with the link.
    this.#fromClient.set(Pause.otherSideFull, false);
    this.#goOn();
  }

  #onBrokerGone(): void {
    if (this.#closed) return;
    // When nothing is due, the next request dials again.
    if (this.#answers.size > 0) this.#fail("Broker closed the connection");
    else this.#fromClient.set(Pause.otherSideFull, false);
  }

  #onClientGone(): void {
    if (this.#closed || this.#clientGone) return;
    this.#clientGone = true;
    // What was sent is still written, and counted when the broker says so: it answers only while its link is open.
    if (!this.#answers.owes(Api.Produce)) {
      this.close();
      return;
    }
    this.#answers.mute();
    this.#broker.pause(Pause.otherSideFull, false);
    setTimeout(() => this.close(), lingerMs).unref();
  }
}

const nothing: readonly Buffer[] = [];
