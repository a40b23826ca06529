import type { ApiCall } from "../src/local/stand-in/calls.ts";
import type { Outcome } from "../src/model.ts";
import type { Arrival } from "./arrival.ts";
import type { Plan } from "./plan.ts";
import type { Weather } from "./plan-weather.ts";

/** Epoch milliseconds. */
export interface Interval {
	readonly from: number;
	readonly to: number;
}

/** What Event Grid knows of one event. */
export interface Told {
	/** The first success, epoch milliseconds; undefined while there is none. */
	readonly acknowledgedAt: number | undefined;
	/** The bridge has refused it for good. */
	readonly refused: boolean;
	/** Its deliveries, each from its beginning to its end. */
	readonly deliveries: readonly Interval[];
	/** What a webhook has said of it, for each destination, in an answer with success. */
	readonly claims: readonly Claim[];
}

export interface Claim {
	readonly outcome: Outcome;
	/** Of the delivery; empty where there is none. */
	readonly key: string;
	/** Epoch milliseconds. */
	readonly at: number;
}

/** A receipt of the ledger, as far as a judge goes by it. */
export interface ReceiptFacts {
	readonly key: string;
	readonly state: string;
	readonly id: string;
	/** The destination's id. */
	readonly to: string;
	readonly reason: string;
	/** The key of the window's dispatch that an event went with. */
	readonly window: string;
	/** Of its calls, where one was answered. */
	readonly statuses: readonly (number | null)[];
	/** The ids of the runs that it shows as its own for certain. */
	readonly runs: readonly string[];
	readonly blobs: readonly string[];
}

/** Everything that is known when a storm is over. */
export interface Evidence {
	readonly plan: Plan;
	/** By the index of the event. */
	readonly told: readonly Told[];
	readonly received: readonly Arrival[];
	/** `bridge.key` of each run that was started, by its id. */
	readonly runs: ReadonlyMap<string, string>;
	readonly calls: readonly ApiCall[];
	readonly receipts: readonly ReceiptFacts[];
	/** The keys of rows that wait for something: entries, windows and members. */
	readonly waiting: readonly string[];
	/** The keys of the receipts that have dead letters. */
	readonly deadLetters: ReadonlySet<string>;
	/** Messages that are not looked at again. */
	readonly poisoned: number;
	/** A blob of the ledger by its name, or by its URL. */
	readonly blob: (place: string) => Promise<Buffer | undefined>;
	readonly kills: readonly number[];
	readonly outages: readonly Interval[];
	/** What GitHub did, and when, in epoch milliseconds. */
	readonly played: readonly { readonly at: number; readonly weather: Weather }[];
	readonly pace: { readonly perSecond: number; readonly perMinute: number; readonly concurrency: number };
}

/** Something that must not be. */
export interface Finding {
	/** The rule that is broken. */
	readonly rule: string;
	readonly what: string;
}
