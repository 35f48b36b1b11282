// Copy-paste programs that send the first record, filled with the reader's own endpoint, topic and key. Pure.

export interface SnippetInput {
  /** `http://127.0.0.1:8080` */
  readonly api: string;
  /** `127.0.0.1:9092` */
  readonly bootstrap: string;
  readonly cluster: string;
  readonly topic: string;
  readonly key: { readonly id: string; readonly secret: string };
  /** Whether Kafka clients connect by TLS. */
  readonly tls: boolean;
}

export interface Snippet {
  readonly id: string;
  readonly label: string;
  /** Command that fetches what it needs. */
  readonly install?: string;
  /** The name to save the code under, and the command that runs it; without them the code is for a shell. */
  readonly file?: string;
  readonly run?: string;
  /** What a command cannot say. */
  readonly note?: string;
  readonly code: string;
}

/** One snippet per language, in the order of the tabs. */
export function snippets(input: SnippetInput): Snippet[] {
  return [kafkajs(input), kcat(input), java(input), python(input), curl(input)];
}

export function kafkajs({ bootstrap, topic, key, tls }: SnippetInput): Snippet {
  return {
    id: "node",
    label: "Node.js",
    install: "npm install kafkajs",
    file: "first.mjs",
    run: "node first.mjs",
    code: `import { Kafka } from "kafkajs";

const kafka = new Kafka({
  brokers: ["${bootstrap}"],
  ssl: ${tls},
  sasl: {
    mechanism: "plain",
    username: "${key.id}",
    password: "${key.secret}",
  },
});

const producer = kafka.producer();
await producer.connect();
await producer.send({
  topic: "${topic}",
  messages: [{ key: "1", value: "Hello, Headgate" }],
});
await producer.disconnect();`,
  };
}

const protocol = (tls: boolean) => (tls ? "SASL_SSL" : "SASL_PLAINTEXT");

function kcat({ bootstrap, topic, key, tls }: SnippetInput): Snippet {
  return {
    id: "kcat",
    label: "kcat",
    install: "apt-get install kcat",
    code: `echo 'Hello, Headgate' | kcat -P -b ${bootstrap} -t '${topic}' \\
  -X security.protocol=${protocol(tls)} -X sasl.mechanism=PLAIN \\
  -X sasl.username=${key.id} \\
  -X sasl.password=${key.secret}`,
  };
}

function java({ bootstrap, topic, key, tls }: SnippetInput): Snippet {
  return {
    id: "java",
    label: "Java",
    note: "For the console tools of an unpacked Apache Kafka; the properties work in every Java client.",
    code: `cat > client.properties <<'EOF'
bootstrap.servers=${bootstrap}
security.protocol=${protocol(tls)}
sasl.mechanism=PLAIN
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\
  username="${key.id}" \\
  password="${key.secret}";
EOF

echo 'Hello, Headgate' | bin/kafka-console-producer.sh \\
  --bootstrap-server ${bootstrap} \\
  --producer.config client.properties --topic '${topic}'`,
  };
}

function python({ bootstrap, topic, key, tls }: SnippetInput): Snippet {
  return {
    id: "python",
    label: "Python",
    install: "pip install confluent-kafka",
    file: "first.py",
    run: "python3 first.py",
    code: `from confluent_kafka import Producer

producer = Producer({
    "bootstrap.servers": "${bootstrap}",
    "security.protocol": "${protocol(tls)}",
    "sasl.mechanism": "PLAIN",
    "sasl.username": "${key.id}",
    "sasl.password": "${key.secret}",
})
producer.produce("${topic}", key="1", value="Hello, Headgate")
producer.flush()`,
  };
}

export function curl({ api, cluster, topic, key }: SnippetInput): Snippet {
  return {
    id: "curl",
    label: "curl",
    note: "This creates the topic; any of the others then writes to it.",
    code: `curl -X PUT ${api}/v1/clusters/${cluster}/topics/${topic} \\
  -H 'Authorization: Bearer ${key.id}:${key.secret}' \\
  -H 'Content-Type: application/json' \\
  -d '{"spec": {"partitions": 3}}'`,
  };
}
