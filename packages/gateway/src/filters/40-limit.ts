// What one request may ask of a shared broker, whoever sends it.

/** Frames before authentication: a SASL message is at most a few kilobytes. */
export const frameBytesMaxBeforeLogin = 64 * 1024;
/** Kafka's own socket.request.max.bytes. */
export const frameBytesMax = 100 * 1024 * 1024;
export const loginTimeoutMs = 10_000;
/**
 * Memory for large frames of all connections together (frame-memory.ts), by what the machine has. The largest request
 * and the largest answer must find room at the same time.
 */
export const frameMemoryBytesMax = (machineBytes: number): number =>
  Math.max(3 * frameBytesMax, Math.min(512 * 1024 * 1024, machineBytes / 8));
export const recordsPerBatchMax = 100_000;
/** Named in one Produce, Fetch, ListOffsets or OffsetCommit: far more than a cluster may have. */
export const partitionsPerRequestMax = 10_000;
/** A request that is answered here: room for thousands of topics, and no work for a minute. */
export const localBytesMax = 1024 * 1024;
/** Named in one request that the control plane answers. */
export const topicsPerRequestMax = 1000;
/** Topics of one cluster that are being created because clients named them. */
export const autoCreatesMax = 100;
export const joinMetadataBytesMax = 64 * 1024;
/** Requests of one connection that wait for their answer; reading pauses above. */
export const inFlightMax = 512;
/** Answers of one connection that wait for their turn behind a slower one; the broker's side pauses above. */
export const heldAnswerBytesMax = 16 * 1024 * 1024;
/** A client that left may have answers due that still count; the broker gets this long to give them. */
export const lingerMs = 5000;
/** A client that failed to log in gets this long to read why. */
export const farewellMs = 1000;
/** After so much silence the system asks whether the client is still there. */
export const keepAliveMs = 60_000;
/** A broker session with a limit is replaced when so much of it is left. */
export const renewBeforeMs = 60_000;
/** A token is used for new connections while so much of it is left: more than what makes a connection be replaced. */
export const tokenMarginMs = 2 * renewBeforeMs;

export const capped = (value: number, max: number): number => Math.min(value, max);

/**
 * What a fetch may bring: its answer is held whole for one connection. Less when memory is short; one batch comes in
 * any case (KIP-74), so consumers go on, in smaller steps.
 */
export function fetchBytesMax(usedMemoryShare: number): number {
  // A little under 8 MiB: with its headers the answer just fits into memory of that size.
  if (usedMemoryShare < 0.5) return 8 * 1024 * 1024 - 65_536;
  return usedMemoryShare < 0.8 ? 1024 * 1024 : 64 * 1024;
}
