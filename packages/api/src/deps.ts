// What the API is made of. What only some deployments can do is a port that may be left out: its routes then say so.
import type { Control } from "@headgate/control/control";
import type { GroupReader } from "./groups.ts";
import type { LiveSource } from "./live.ts";
import type { BucketSize } from "./rate-limit.ts";

export interface ApiDeps {
  readonly control: Control;
  /** Of Headgate, shown by /v1/meta and /openapi.json. */
  readonly version: string;
  /** Where this service is reached; asked at each answer, because ports may be known only once it listens. */
  readonly publicAddresses?: (() => PublicAddresses) | undefined;
  /** Directory of the built portal. */
  readonly portalDir?: string | undefined;
  /** Reads consumer groups; needs a way to the brokers. */
  readonly groups?: GroupReader | undefined;
  /** Tells what changes; needs a process that stays. */
  readonly live?: LiveSource | undefined;
  /** Requests per API key; default 500 at once, 100 a second. */
  readonly rateLimit?: BucketSize | undefined;
}

export interface PublicAddresses {
  /** `http://host:port` of this API. */
  readonly api: string;
  /** `host:port` Kafka clients start with. */
  readonly bootstrap: string;
}
