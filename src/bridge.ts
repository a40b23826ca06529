import type { Late } from "./accept/accept.ts";
import type { Config } from "./config/config.ts";
import type { Problem } from "./config/settings.ts";
import { idOf } from "./event/read-event.ts";
import type { ReceiptQuery } from "./ledger/receipt-query.ts";
import { type Log, report } from "./log.ts";
import type { Health } from "./operate/check-health.ts";
import type { Poisoned } from "./operate/poisoned.ts";
import type { ReplayAnswer, ReplayRequest } from "./operate/replay.ts";
import type { EventResult } from "./outcome.ts";
import { type ShownReceipts, type WiringOptions, wire } from "./wire.ts";

/** Takes events in and sees to it that they arrive. */
export interface Bridge extends Poisoned {
	/** What keeps the bridge from working; while there is any, every event is `unavailable`. */
	readonly problems: readonly Problem[];
	readonly warnings: readonly string[];
	/** Accepts the events of one delivery, each on its own. One result for each event and destination. Never rejects. */
	accept(elements: readonly unknown[], delivery: Arrival): Promise<readonly EventResult[]>;
	/** Heeds a wake-up: delivers what a lane holds. Rejects where the wake-up has to come back. */
	wake(message: unknown, log: Log): Promise<void>;
	receipts(query: ReceiptQuery): Promise<ShownReceipts>;
	replay(request: ReplayRequest, log: Log): Promise<ReplayAnswer>;
	health(): Promise<Health>;
	/** The daily upkeep. */
	upkeep(log: Log): Promise<void>;
}

/** Hands out the bridge, built when it is first asked for. */
export type TheBridge = () => Promise<Bridge>;

/** What accompanies the events of one delivery. */
export interface Arrival {
	readonly log: Log;
	/** The predecessor's query parameter: only routes to this repository. */
	readonly repoName?: string;
}

export interface BridgeOptions extends WiringOptions {
	/** For all events of one delivery; Event Grid gives up after 30 s. */
	readonly acceptTimeoutMs?: number;
}

/** Nothing is loaded or called before the first event. */
export function createBridge(config: Config, options: BridgeOptions): Bridge {
	const { acceptTimeoutMs = 20_000 } = options;
	let wired: ReturnType<typeof wire> | undefined;

	/** Storage that could not be opened is opened anew for the next one that asks. */
	function parts(): ReturnType<typeof wire> {
		wired ??= wire(config, options).catch((error: unknown) => {
			wired = undefined;
			throw error;
		});
		return wired;
	}

	async function accept(elements: readonly unknown[], { log, repoName }: Arrival): Promise<readonly EventResult[]> {
		const late = timeout(acceptTimeoutMs);
		const none = (reason: string) => elements.map((element) => unavailable(element, log, reason));
		try {
			const wired = await Promise.race([parts(), late.passed]);
			if (wired === undefined) return none(NO_TIME);
			return await wired.accept(elements, { log, onlyRepository: repoName, late });
		} catch (error) {
			return none(`it could not be made durable: ${(error as Error).message}`);
		} finally {
			late.clear();
		}
	}

	return {
		problems: [],
		warnings: config.warnings,
		accept,
		wake: async (message, log) => (await parts()).wake(message, log),
		putBack: async (message, log, queue) => (await parts()).putBack(message, log, queue),
		deadLetter: async (elements, reason, log) => (await parts()).deadLetter(elements, reason, log),
		receipts: async (query) => (await parts()).receipts(query),
		replay: async (request, log) => (await parts()).replay(request, log, (elements) => accept(elements, { log })),
		health: async () => (await parts()).health(),
		upkeep: async (log) => (await parts()).upkeep(log),
	};
}

const NO_TIME = "no time was left in this delivery: storage could not be opened in time";

function unavailable(element: unknown, log: Log, reason: string): EventResult {
	const id = idOf(element);
	report(log, "error", { stage: "accept", outcome: "unavailable", id, reason });
	return { id, outcome: "unavailable", route: null, key: null, reason };
}

function timeout(ms: number): Late & { readonly clear: () => void } {
	let timer: NodeJS.Timeout | undefined;
	let isPassed = false;
	const passed = new Promise<undefined>((resolve) => {
		timer = setTimeout(() => {
			isPassed = true;
			resolve(undefined);
		}, ms);
	});
	return { passed, isPassed: () => isPassed, clear: () => clearTimeout(timer) };
}
