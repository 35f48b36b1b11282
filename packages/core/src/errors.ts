// Every error a user can meet, as one table: what HTTP says, what Kafka says, whether to retry, and what to do about
// it. Errors are translated at three edges only: api/http-errors.ts, the gateway (to a Kafka code), the provisioner (to
// an outcome).

interface ErrorRow {
  readonly status: number;
  /** Apache Kafka error code (kafka/errors.ts): what a Kafka client that met this error is told. */
  readonly kafka: number;
  readonly retryable: boolean;
  readonly title: string;
  /** One sentence or command that mends it. `AppError.fix` may say it more exactly. */
  readonly fix: string;
}

const row = (
  status: number,
  kafka: number,
  retryable: boolean,
  title: string,
  fix: string,
): ErrorRow => ({ status, kafka, retryable, title, fix });

export const errorTable = {
  "request.invalid": row(
    400,
    42,
    false,
    "The request is not valid.",
    "Correct the fields listed in errors and send it again.",
  ),
  "request.not_json": row(
    400,
    42,
    false,
    "The body is not JSON.",
    "Send a JSON object with Content-Type: application/json.",
  ),
  "request.too_large": row(413, 10, false, "The request is too large.", "Send a smaller body."),
  "request.precondition_failed": row(
    412,
    42,
    false,
    "The resource has changed since you read it.",
    "Read it again and repeat the change with its new ETag.",
  ),
  "request.precondition_required": row(
    428,
    42,
    false,
    "Deleting something that holds data needs If-Match.",
    "Read the resource and send its ETag in If-Match.",
  ),
  "request.idempotency_mismatch": row(
    422,
    42,
    false,
    "This Idempotency-Key was used with another body.",
    "Use a new Idempotency-Key for a new request.",
  ),
  "request.idempotency_in_progress": row(
    409,
    42,
    true,
    "The first request with this Idempotency-Key is still being worked on.",
    "Send it again in a moment; it is answered with the first one's answer.",
  ),
  "request.method_not_allowed": row(
    405,
    42,
    false,
    "This address does not take that method.",
    "Use one of the methods in the Allow header; /openapi.json lists every route.",
  ),
  "auth.missing": row(
    401,
    58,
    false,
    "No credentials were sent.",
    "Send Authorization: Bearer <key id>:<secret>, or Basic with the same two.",
  ),
  "auth.failed": row(
    401,
    58,
    false,
    "The key or its secret is wrong, or the key was revoked.",
    "Check the key id and secret, or make a new key.",
  ),
  "auth.forbidden": row(
    403,
    29,
    false,
    "This key may not do that.",
    "Use a key whose service account has the role or grant.",
  ),
  "resource.not_found": row(
    404,
    3,
    false,
    "There is no such resource.",
    "Check the name; list what exists.",
  ),
  "resource.exists": row(
    409,
    36,
    false,
    "A resource of that name exists.",
    "Choose another name, or change the existing one.",
  ),
  "resource.protected": row(
    409,
    44,
    false,
    "The resource is protected against deletion.",
    "Set spec.protected to false first.",
  ),
  "resource.deleting": row(
    409,
    36,
    true,
    "The resource is being deleted.",
    "Wait until it is gone, then create it again.",
  ),
  "resource.conflict": row(
    409,
    42,
    true,
    "Somebody else changed it at the same moment.",
    "Try again.",
  ),
  "topic.name_invalid": row(
    400,
    17,
    false,
    "The topic name is not legal.",
    "Use 1 to 238 letters, digits, dots, underscores or hyphens; not '.' or '..'.",
  ),
  "topic.unknown": row(
    404,
    3,
    false,
    "There is no such topic.",
    "Create it: headgate topic create NAME, or switch on autoCreateTopics for the cluster.",
  ),
  "topic.partitions_invalid": row(
    400,
    37,
    false,
    "The number of partitions is not allowed.",
    "Use a whole number from 1 up to the cluster's partition limit.",
  ),
  "topic.partitions_decrease": row(
    400,
    37,
    false,
    "Kafka cannot remove partitions from a topic.",
    "Keep the number or raise it; to have fewer, make a new topic.",
  ),
  "topic.config_unknown": row(
    400,
    40,
    false,
    "There is no such topic setting.",
    "Use one of the settings listed at /v1/meta.",
  ),
  "topic.config_operator_only": row(
    403,
    44,
    false,
    "That setting belongs to the operator.",
    "Leave it out; the cluster's tier decides it.",
  ),
  "topic.config_invalid": row(
    400,
    40,
    false,
    "The value of a topic setting is not valid.",
    "Use a value in the range the error names.",
  ),
  "cluster.not_ready": row(
    503,
    15,
    true,
    "The cluster is not ready yet.",
    "Try again in a few seconds.",
  ),
  "group.not_empty": row(
    409,
    68,
    true,
    "The consumer group still has members.",
    "Stop its consumers first, then delete it.",
  ),
  "quota.exceeded": row(
    429,
    44,
    false,
    "A limit of this cluster is reached.",
    "Raise the cluster's streaming units, or ask the operator for more.",
  ),
  "rate.limited": row(429, 89, true, "Too many requests.", "Wait as long as Retry-After says."),
  "wait.timeout": row(
    504,
    7,
    true,
    "It is not done yet; the work goes on.",
    "Read the resource until its phase is Ready.",
  ),
  "store.unavailable": row(
    503,
    15,
    true,
    "The store did not answer.",
    "Try again; if it stays, tell the operator the request id.",
  ),
  "store.full": row(
    507,
    56,
    true,
    "The disk under the store is full.",
    "Free space on the data directory's disk; nothing acknowledged is lost.",
  ),
  "cell.unavailable": row(
    503,
    15,
    true,
    "The Kafka behind this cluster does not answer.",
    "Try again; if it stays, tell the operator the request id.",
  ),
  "deployment.unsupported": row(
    501,
    35,
    false,
    "This deployment of Headgate cannot do that.",
    "Ask the operator for an address that serves it.",
  ),
  "env.java_missing": row(
    500,
    -1,
    false,
    "Java was not found.",
    "Install Java 17 or newer: apt-get install default-jre-headless, or set JAVA_HOME.",
  ),
  "env.java_too_old": row(
    500,
    -1,
    false,
    "Java is too old.",
    "Install Java 17 or newer: apt-get install default-jre-headless, or set JAVA_HOME.",
  ),
  "env.maven_missing": row(
    500,
    -1,
    false,
    "Kafka's jars are not cached and Maven was not found.",
    "apt-get install maven, or set HEADGATE_KAFKA_HOME to an unpacked Apache Kafka 4.x.",
  ),
  "env.download_failed": row(
    500,
    -1,
    true,
    "Kafka's jars could not be fetched.",
    "Check the network or Maven's settings, or set HEADGATE_KAFKA_HOME.",
  ),
  "env.port_taken": row(
    500,
    -1,
    false,
    "The port is already in use.",
    "Stop the other program, or choose another port (0 means any free one).",
  ),
  "env.data_not_writable": row(
    500,
    -1,
    false,
    "The data directory is not writable.",
    "Choose another with --data DIR, or mend its permissions.",
  ),
  "env.data_in_use": row(
    500,
    -1,
    false,
    "The data directory is used by another running Headgate.",
    "Stop that one, or choose another directory with --data DIR.",
  ),
  "env.data_damaged": row(
    500,
    -1,
    false,
    "A file in the data directory is damaged.",
    "Restore it from a backup, or choose another directory with --data DIR.",
  ),
  "env.data_newer": row(
    500,
    -1,
    false,
    "The data directory was written by a newer Headgate.",
    "Upgrade Headgate, or choose another directory with --data DIR.",
  ),
  "kafka.start_failed": row(
    500,
    -1,
    true,
    "The embedded Kafka did not start.",
    "Read kafka.log in the data directory.",
  ),
  internal: row(
    500,
    -1,
    true,
    "Something went wrong on our side.",
    "Try again; if it stays, tell the operator the request id.",
  ),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** One fault in a request: a JSON pointer (RFC 6901) to the field, and what is wrong with it. */
export interface FieldError {
  readonly pointer: string;
  readonly code: ErrorCode;
  readonly detail: string;
}

export interface AppErrorOptions {
  /** What exactly is wrong, in a sentence the user may read. */
  detail?: string;
  /** Says the table's fix more exactly. */
  fix?: string;
  /** Every fault found, not just the first. */
  errors?: readonly FieldError[];
  /** For logs only, never shown. */
  cause?: unknown;
  retryAfterSeconds?: number;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly fix: string;
  readonly errors: readonly FieldError[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    const row = errorTable[code];
    super(options.detail ?? row.title, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.detail = options.detail;
    this.fix = options.fix ?? row.fix;
    this.errors = options.errors ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return errorTable[this.code].status;
  }

  get kafkaCode(): number {
    return errorTable[this.code].kafka;
  }

  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }
}

/** The error itself when it is one of ours, else `internal` with the original as its cause. */
export function toAppError(error: unknown): AppError {
  return error instanceof AppError ? error : new AppError("internal", { cause: error });
}

/** Fails the request on a state that cannot be; never used for input. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition)
    throw new AppError("internal", { cause: new Error(`invariant broken: ${invariant}`) });
}
