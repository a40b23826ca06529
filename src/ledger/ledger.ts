import type { Storage } from "../storage/storage.ts";
import { type Accepted, type Acceptor, createAcceptor } from "./acceptor.ts";
import { acquireLane, type LaneLease } from "./lane-lease.ts";
import type { LaneState } from "./lane-state.ts";
import type { Delivery } from "./promise.ts";
import type { Passed } from "./read-lane.ts";

/** What we promised, lane by lane. */
export interface Ledger {
	/** Makes a promise durable, or finds that it is. Rejects with StorageError. */
	accept(delivery: Delivery): Promise<Accepted>;
	/** Makes sure that somebody will look at the lane in time: see Acceptor. */
	wake(lane: string, dueAt: (state: LaneState) => number): Promise<LaneState>;
	/** Takes a lane to drain it; undefined while somebody else does. */
	take(lane: string): Promise<LaneLease | undefined>;
}

export interface LedgerOptions {
	readonly storage: Storage;
	/** The address of the service that this app is configured for, and the one that it was moved from. */
	readonly address: string;
	readonly formerAddress?: string | undefined;
	/** Tells this process from others. */
	readonly instance: string;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** Milliseconds of a clock that nobody sets. */
	readonly monotonic: () => number;
}

export function createLedger(options: LedgerOptions): Ledger {
	const acceptors = new Map<string, Acceptor>();
	const passed = new Map<string, Passed>();

	function acceptorOf(lane: string): Acceptor {
		const known = acceptors.get(lane) ?? createAcceptor({ ...options, lane });
		acceptors.set(lane, known);
		return known;
	}

	return {
		accept: (delivery) => acceptorOf(delivery.lane).accept(delivery),
		wake: (lane, due) => acceptorOf(lane).wake(due),
		take: (lane) => acquireLane({ ...options, lane, passed }),
	};
}
