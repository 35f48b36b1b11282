// The broker's server.properties as a pure function. The values are measured ones: what is small here is what makes a
// start take one second and 150 MiB; what is very long is what must survive a cell that sleeps for months.

export interface NodeAddress {
  nodeId: number;
  /** Loopback address of the node. */
  host: string;
  controllerPort: number;
}

export interface NodeProperties {
  nodeId: number;
  host: string;
  brokerPort: number;
  /** All voters, this node among them: one today, three when a cell grows. */
  voters: readonly NodeAddress[];
  /** Kafka's log directory, absolute. */
  logDir: string;
  admin: { username: string; password: string };
  tokens: TokenTrust;
}

/** Whose tokens the broker believes: RS256 tokens verified against a JWKS file (KIP-768). */
export interface TokenTrust {
  /** Absolute path of the JWKS file. Kafka reads it once, at start. */
  jwksPath: string;
  issuer: string;
  audience: string;
}

/** 8 MiB records, plus the batch header, record headers and keys that come with them. */
export const MESSAGE_BYTES_MAX = 8 * 1024 * 1024 + 64 * 1024;

// Ten years. Offsets are expired by awake time, which only the control plane knows.
const OFFSETS_RETENTION_MINUTES = 10 * 365 * 24 * 60;
// The largest value Kafka takes: both are 32-bit milliseconds, 24.8 days.
const INT_MAX = 2 ** 31 - 1;

const PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required";
const BEARER = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;";
const VALIDATOR =
  "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler";

/** The properties of one node, in the order in which they are written. */
export function nodeProperties(node: NodeProperties): Map<string, string | number> {
  const copies = Math.min(3, node.voters.length);
  const minIsr = Math.max(1, copies - 1);
  return new Map<string, string | number>([
    ["process.roles", "broker,controller"],
    ["node.id", node.nodeId],
    ["log.dirs", node.logDir],
    ["authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"],
    ["super.users", `User:${node.admin.username}`],
    ["allow.everyone.if.no.acl.found", "false"],
    ["auto.create.topics.enable", "false"],
    ["message.max.bytes", MESSAGE_BYTES_MAX],
    ["replica.fetch.max.bytes", MESSAGE_BYTES_MAX],
    ["offsets.retention.minutes", OFFSETS_RETENTION_MINUTES],
    ["transactional.id.expiration.ms", INT_MAX],
    ["producer.id.expiration.ms", INT_MAX],
    ["offsets.topic.replication.factor", copies],
    ["transaction.state.log.replication.factor", copies],
    ["transaction.state.log.min.isr", minIsr],
    ["share.coordinator.state.topic.replication.factor", copies],
    ["share.coordinator.state.topic.min.isr", minIsr],
    ...listeners(node),
    ...SMALL,
  ]);
}

/**
 * Both listeners ask for a password, the controller's too: on loopback any local process can connect, and a controller
 * obeys whoever is authorised. Settings with a listener prefix are never part of a client's or a neighbour's view.
 */
function listeners(node: NodeProperties): [string, string | number][] {
  const own = node.voters.find((voter) => voter.nodeId === node.nodeId);
  if (own === undefined) throw new Error(`node ${node.nodeId} is not among its voters`);
  const { username, password } = node.admin;
  const plain = `${PLAIN} username="${username}" password="${password}" user_${username}="${password}";`;
  const bearer = "listener.name.broker.oauthbearer.sasl";
  return [
    ["controller.quorum.voters", node.voters.map(voterText).join(",")],
    [
      "listeners",
      `BROKER://${node.host}:${node.brokerPort},CONTROLLER://${own.host}:${own.controllerPort}`,
    ],
    ["advertised.listeners", `BROKER://${node.host}:${node.brokerPort}`],
    ["listener.security.protocol.map", "BROKER:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT"],
    ["inter.broker.listener.name", "BROKER"],
    ["controller.listener.names", "CONTROLLER"],
    ["sasl.mechanism.inter.broker.protocol", "PLAIN"],
    ["sasl.mechanism.controller.protocol", "PLAIN"],
    ["listener.name.controller.sasl.enabled.mechanisms", "PLAIN"],
    ["listener.name.controller.plain.sasl.jaas.config", plain],
    ["listener.name.broker.sasl.enabled.mechanisms", "PLAIN,OAUTHBEARER"],
    ["listener.name.broker.plain.sasl.jaas.config", plain],
    [`${bearer}.jaas.config`, BEARER],
    [`${bearer}.server.callback.handler.class`, VALIDATOR],
    [`${bearer}.oauthbearer.jwks.endpoint.url`, fileUrl(node.tokens.jwksPath)],
    [`${bearer}.oauthbearer.expected.issuer`, node.tokens.issuer],
    [`${bearer}.oauthbearer.expected.audience`, node.tokens.audience],
  ];
}

const SMALL: [string, string | number][] = [
  // The default cleaner buffer alone is 128 MB.
  ["log.cleaner.dedupe.buffer.size", 2 * 1024 * 1024],
  ["log.cleaner.io.buffer.size", 128 * 1024],
  // After a crash the controller waits this long for the dead broker's session; below 3 s a busy laptop fences a live
  // one.
  ["broker.heartbeat.interval.ms", 500],
  ["broker.session.timeout.ms", 3000],
  ["controller.quorum.append.linger.ms", 0],
  ["metadata.max.idle.interval.ms", 0],
  ["metric.reporters", ""],
  ["num.network.threads", 1],
  ["num.io.threads", 2],
  ["background.threads", 2],
  ["num.recovery.threads.per.data.dir", 2],
  ["group.coordinator.threads", 1],
  ["share.coordinator.threads", 1],
  ["group.initial.rebalance.delay.ms", 0],
  ["offsets.topic.num.partitions", 1],
  ["transaction.state.log.num.partitions", 1],
  ["share.coordinator.state.topic.num.partitions", 1],
];

function voterText(voter: NodeAddress): string {
  return `${voter.nodeId}@${voter.host}:${voter.controllerPort}`;
}

/** `file:///…`; the same text must stand in the JVM's allow-list (`jvmTokenFlags`). */
function fileUrl(path: string): string {
  return `file://${encodeURI(path)}`;
}

/** Kafka only reads token keys from places the JVM was told to allow (CVE-2025-27817). */
export function jvmTokenFlags(tokens: TokenTrust): string[] {
  return [
    `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${fileUrl(tokens.jwksPath)}`,
    `-Dorg.apache.kafka.sasl.oauthbearer.allowed.files=${tokens.jwksPath}`,
  ];
}

/** Java's properties format: ISO 8859-1 with `\uXXXX` for the rest, backslashes doubled. */
export function renderProperties(properties: Iterable<[string, string | number]>): string {
  let text = "";
  for (const [key, value] of properties) text += `${key}=${escapeValue(String(value))}\n`;
  return text;
}

function escapeValue(value: string): string {
  let out = "";
  for (const char of value) {
    if (char === "\\") out += "\\\\";
    else if (char >= " " && char <= "~") out += char;
    else for (let i = 0; i < char.length; i++) out += unicodeEscape(char.charCodeAt(i));
  }
  return out.startsWith(" ") ? `\\${out}` : out;
}

function unicodeEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}
