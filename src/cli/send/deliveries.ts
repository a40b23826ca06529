import type { EventResult } from "../../model.ts";
import { type Schema, schemaOf } from "../catalogue/envelope.ts";

/** What became of a delivery. */
export interface DeliveryEnd {
	/** Null where nothing answered. */
	readonly status: number | null;
	/** What the bridge says of each event at each of its destinations; undefined where the receiver is another one. */
	readonly results: readonly EventResult[] | undefined;
	/** Why it was not taken; null where it was. */
	readonly reason: string | null;
}

/** Where events go in. Never rejects. */
export interface Door {
	/** As it may be printed. */
	readonly name: string;
	deliver(delivery: Delivery): Promise<DeliveryEnd>;
}

/** What goes in one request: events of one schema, in their envelopes. */
export interface Delivery {
	readonly schema: Schema;
	readonly elements: readonly unknown[];
}

export interface PlanOptions {
	/** So many events in one request. */
	readonly batch: number;
	/** How many more times each request is sent. */
	readonly duplicates: number;
}

/** Puts events into requests, in their order; a duplicate follows what it repeats, so that a burst sends both at once. */
export function planDeliveries(elements: readonly unknown[], { batch, duplicates }: PlanOptions): readonly Delivery[] {
	const deliveries: { schema: Schema; elements: unknown[] }[] = [];
	for (const element of elements) {
		const schema = schemaOf(element);
		const last = deliveries.at(-1);
		if (last?.schema === schema && last.elements.length < batch) last.elements.push(element);
		else deliveries.push({ schema, elements: [element] });
	}
	return deliveries.flatMap((delivery) => Array.from({ length: 1 + duplicates }, () => delivery));
}
