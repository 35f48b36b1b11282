// What this Headgate is, allows and costs: everything a client may want to know before it has a key.
import { liveKeysMax } from "@headgate/core/api-key";
import { perStreamingUnit, replication, Tier } from "@headgate/core/cluster";
import { formatUsd } from "@headgate/core/money";
import { defaultPriceBook, type PriceBook } from "@headgate/core/price-book";
import { partitionsDefault, topicNameLengthMax } from "@headgate/core/topic";
import { messageBytesMax, topicSettings } from "@headgate/core/topic-config";
import { priceBooks } from "@headgate/store/price-books";
import { bodyBytesMax } from "../body.ts";
import type { ApiDeps } from "../deps.ts";
import { listLimitDefault, listLimitMax } from "../list-query.ts";
import { waitSecondsMax } from "../prefer.ts";
import { type Api, route } from "../route.ts";
import type { Meta } from "../schemas.ts";

export function metaRoutes(api: Api): void {
  const operation = {
    method: "get",
    path: "/v1/meta",
    operationId: "getMeta",
    tag: "About",
    summary: "Version, tiers and prices, limits, and the topic settings there are",
    access: "public",
    answers: {
      200: {
        description: "About this Headgate.",
        schema: "Meta",
        example: metaOf({ version: "0.1.0" }, defaultPriceBook),
      },
    },
  } as const;
  route(api, operation, async ({ c }) => {
    const versions = await priceBooks(api.deps.control.store).versions(defaultPriceBook.id);
    return c.json(metaOf(api.deps, versions.at(-1) ?? defaultPriceBook));
  });
}

function metaOf(
  { version, publicAddresses }: Pick<ApiDeps, "version" | "publicAddresses">,
  book: PriceBook,
): Meta {
  return {
    kind: "Meta",
    version,
    ...(publicAddresses === undefined ? {} : { addresses: publicAddresses() }),
    tiers: Tier.options.map((name) => tierOf(name, book)),
    creditPerMonth: formatUsd(BigInt(book.creditPerMonthPico)),
    perStreamingUnit: { ...perStreamingUnit },
    limits: {
      topicNameLengthMax,
      partitionsDefault,
      messageBytesMax,
      liveKeysMax,
      bodyBytesMax,
      listLimitDefault,
      listLimitMax,
      waitSecondsMax,
    },
    topicSettings: Object.entries(topicSettings).map(([setting, { description }]) => ({
      name: setting,
      description,
    })),
  };
}

const promises: Record<Tier, string> = {
  dev: "One copy, no promise: a lost disk loses data.",
  standard: "Three copies, two of them acknowledged; 99.9 % available.",
  high: "Three copies over three zones, never asleep; 99.95 % available.",
};

function tierOf(name: Tier, book: PriceBook): Meta["tiers"][number] {
  const prices = book.tiers[name];
  const messages = formatUsd(BigInt(prices.perMillionMessagesPico));
  const unitHour = formatUsd(BigInt(prices.perUnitHourPico));
  const gibMonth = formatUsd(BigInt(prices.perGibMonthPico));
  return {
    name,
    promise: promises[name],
    replicas: replication[name].factor,
    minInsyncReplicas: replication[name].minInsyncReplicas,
    price:
      `$${messages} per million messages written or read, never more than $${unitHour} per streaming unit ` +
      `in any hour, $${gibMonth} a month per GiB kept; what nobody uses costs only what it stores.`,
    perMillionMessages: messages,
    perStreamingUnitHour: unitHour,
    perGibMonth: gibMonth,
  };
}
