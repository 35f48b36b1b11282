// Keeps tenants apart: what a tenant calls a name, what the cell calls it, and nothing of the cell in any text.
import { type EmbeddedKind, rewriteEmbedded } from "@headgate/kafka/consumer-protocol";
import {
  ADD_PREFIX,
  bystander,
  DROP,
  type Edit,
  KEEP,
  STRIP_PREFIX,
  type Visitor,
} from "@headgate/kafka/walker";
import type { ClusterState } from "../cluster-state.ts";

/** A name in an answer: ours without the prefix; an empty one stands for "no name"; anything else is a neighbour's. */
export function stripName(cluster: ClusterState, bytes: Buffer, start: number, end: number): Edit {
  if (start === end) return KEEP;
  return cluster.owns(bytes, start, end) ? STRIP_PREFIX : DROP;
}

const EMPTY = Buffer.alloc(0);
const anyPrefix = /c[0-9a-hjkmnp-tv-z]{9}[.]/;
const anyPrincipal = /\bcl_[0-9a-hjkmnp-tv-z]{16}/;

/** Error text of the broker: our prefix taken out; dropped when anything of the cell is left in it. */
export function cleanText(cluster: ClusterState, bytes: Buffer, start: number, end: number): Edit {
  const text = bytes.toString("utf8", start, end);
  const clean = text.replaceAll(cluster.prefixText, "");
  if (anyPrefix.test(clean) || anyPrincipal.test(clean)) return EMPTY;
  return clean === text ? KEEP : Buffer.from(clean);
}

/**
 * Topic names inside member bytes: with the prefix on the way in, without it (and without foreign ones) on the way out.
 */
export interface EmbeddedNames {
  prefix(kind: EmbeddedKind, bytes: Buffer, start: number, end: number): Edit;
  strip(kind: EmbeddedKind, bytes: Buffer, start: number, end: number): Edit;
}

export function embeddedNames(cluster: ClusterState): EmbeddedNames {
  const { prefix } = cluster;
  const adding: Visitor = { ...bystander, prefix, span: () => ADD_PREFIX };
  const stripping: Visitor = {
    ...bystander,
    prefix,
    span: (_mark, bytes, start, end) => stripName(cluster, bytes, start, end),
  };
  const walk =
    (visitor: Visitor) =>
    (kind: EmbeddedKind, bytes: Buffer, start: number, end: number): Edit =>
      rewriteEmbedded(kind, bytes, start, end, visitor) ?? KEEP;
  return { prefix: walk(adding), strip: walk(stripping) };
}
