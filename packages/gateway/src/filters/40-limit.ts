// What one request may ask of a shared broker, whoever sends it.

/** Frames before authentication: a SASL message is at most a few kilobytes. */
export const frameBytesMaxBeforeLogin = 64 * 1024;
/** Kafka's own socket.request.max.bytes. */
export const frameBytesMax = 100 * 1024 * 1024;
export const loginTimeoutMs = 10_000;
/** A fetch answer is held whole for one connection (KIP-74 may exceed this by one batch). */
export const fetchBytesMax = 8 * 1024 * 1024;
export const recordsPerBatchMax = 100_000;
export const joinMetadataBytesMax = 64 * 1024;
/** Requests of one connection that wait for their answer; reading pauses above. */
export const inFlightMax = 512;
/** Answers of one connection that wait for their turn behind a slower one; the broker's side pauses above. */
export const heldAnswerBytesMax = 16 * 1024 * 1024;
/** A client that left may have answers due that still count; the broker gets this long to give them. */
export const lingerMs = 5000;
/** A client that failed to log in gets this long to read why. */
export const farewellMs = 1000;
/** A broker session with a limit is replaced when this share of it is left. */
export const renewBeforeMs = 60_000;

export const capped = (value: number, max: number): number => Math.min(value, max);
