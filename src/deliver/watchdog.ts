import type { Hold } from "../ledger/hold.ts";
import { persist } from "../ledger/persist.ts";

/** The wake-up that a drainer puts against its own death, before it works. */
export interface Watchdog {
	/** Makes sure that there is one for the term that is under way; one that is not what is recorded is none any more. */
	begin(): Promise<void>;
	/** Whether it has that number. */
	is(wake: number): boolean;
	/** Takes it back. Only after a write, against the ETag, that has cleared its record or replaced it. */
	takeBack(): Promise<void>;
}

/** It surfaces when a term of its drainer, and a call, are over. */
const TERM_MS = 30_000;
const WATCHDOG_MS = 45_000;

/** @param now epoch milliseconds */
export function createWatchdog(hold: Hold, now: () => number): Watchdog {
	let put: { readonly wake: number; readonly termEndsAt: number; readonly takeBack: () => Promise<void> } | undefined;
	return {
		async begin() {
			const { last, at } = hold.state().wake;
			if (put?.wake === last && at !== null && now() < put.termEndsAt) return;
			// The one before stays, and will find itself superseded: as long as it is recorded, somebody may rely on it.
			const takeBack = await persist(() => hold.putWakeUp(now() + WATCHDOG_MS));
			put = { wake: hold.state().wake.last, termEndsAt: now() + TERM_MS, takeBack };
		},
		is: (wake) => put?.wake === wake,
		async takeBack() {
			await put?.takeBack();
			put = undefined;
		},
	};
}
