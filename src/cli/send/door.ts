import type { EventResult } from "../../model.ts";
import type { Delivery } from "./plan-deliveries.ts";

/** What became of a delivery. */
export interface DeliveryEnd {
	/** Null where nothing answered. */
	readonly status: number | null;
	/** What the bridge says of each event; undefined where the receiver is another one. */
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
