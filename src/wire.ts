import { type AcceptElement, createAccept, factsOf } from "./accept/accept.ts";
import { promiseFor } from "./accept/promise-for.ts";
import type { Config } from "./config.ts";
import { createEntryDelivery } from "./deliver/deliver-entry.ts";
import { drain } from "./deliver/drain.ts";
import { createInline } from "./deliver/inline.ts";
import type { Run } from "./deliver/run.ts";
import { createWake, type Wake } from "./deliver/wake.ts";
import { windowBody } from "./deliver/window-body.ts";
import { createGitHub } from "./dispatch/github.ts";
import { laneOf } from "./dispatch/lane-of.ts";
import { openTokens } from "./dispatch/open-tokens.ts";
import { nextSlot } from "./dispatch/pace.ts";
import { runsPage } from "./dispatch/runs-page.ts";
import type { TokenFor } from "./dispatch/token-source.ts";
import { idOf } from "./event/read-event.ts";
import type { WindowDispatch } from "./ledger/close-window.ts";
import type { Hold } from "./ledger/hold.ts";
import { keepRejected } from "./ledger/keep-rejected.ts";
import { dueAt } from "./ledger/lane-state.ts";
import { createLedger } from "./ledger/ledger.ts";
import { type FoundReceipt, listReceipts, type ReceiptQuery } from "./ledger/list-receipts.ts";
import type { Storage } from "./ledger/storage.ts";
import { checkHealth, type Health } from "./operate/check-health.ts";
import { type ReplayAnswer, type ReplayRequest, replay } from "./operate/replay.ts";
import { upkeep } from "./operate/upkeep.ts";
import type { EventResult } from "./outcome.ts";
import { type Log, report } from "./report.ts";
import type { Route } from "./route/route.ts";
import { createRouter } from "./route/router.ts";

export interface WiringOptions {
	readonly version: string;
	/** Opens the ledger's storage, when it is first needed. */
	readonly openStorage: () => Promise<Storage>;
	/** Never the same twice. */
	readonly newId: () => string;
	/** From 0 to 1. */
	readonly random: () => number;
	readonly fetch?: typeof globalThis.fetch;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** Milliseconds of a clock that nobody sets. */
	readonly monotonic: () => number;
	readonly sleep: (ms: number) => Promise<void>;
	/** For one call of GitHub. */
	readonly callTimeoutMs?: number;
	/** False: nothing shares a transaction. */
	readonly grouping?: boolean;
}

/** A receipt, with the page where the runs of its repository are seen; null where it has none, or led nowhere. */
export interface ShownReceipt extends FoundReceipt {
	readonly runs: string | null;
}

export interface ShownReceipts {
	readonly receipts: readonly ShownReceipt[];
	readonly complete: boolean;
}

/** What the bridge's methods do, over an opened storage. */
export interface Wired {
	readonly accept: AcceptElement;
	readonly wake: Wake;
	readonly putBack: (message: unknown, log: Log) => Promise<void>;
	readonly bury: (elements: readonly unknown[], reason: string, log: Log) => Promise<void>;
	readonly receipts: (query: ReceiptQuery) => Promise<ShownReceipts>;
	readonly replay: (
		request: ReplayRequest,
		log: Log,
		accept: (elements: readonly unknown[]) => Promise<readonly EventResult[]>,
	) => Promise<ReplayAnswer>;
	readonly health: () => Promise<Health>;
	readonly upkeep: (log: Log) => Promise<void>;
}

/** A poisoned wake-up comes back so much later. */
const PUT_BACK_SECONDS = 30;

/** Wires the rooms together. */
export async function wire(config: Config, options: WiringOptions): Promise<Wired> {
	const { version, now, newId, fetch = globalThis.fetch, callTimeoutMs = 10_000, grouping = true } = options;
	const { limits, giveUpMs, keepMs, concurrency, routes, warnings } = config;
	const storage = await options.openStorage();
	const addresses = { address: config.githubApiUrl, formerAddress: config.formerApiUrl };
	const ledger = createLedger({ ...options, ...addresses, storage, instance: newId(), grouping });
	const { take } = ledger;

	const reach = { apiUrl: config.githubApiUrl, userAgent: `grid-dispatch/${version}`, fetch };
	const loadSend = async () => (await import("./dispatch/octokit.ts")).createSend(reach);
	const gitHubOptions = { apiUrl: config.githubApiUrl, loadSend, now, sleep: options.sleep };
	const tokens = openTokens(config.token, gitHubOptions);
	const { dispatch } = createGitHub({ ...gitHubOptions, tokens, timeoutMs: callTimeoutMs });

	const entries = createEntryDelivery({ ...options, storage, dispatch, limits, giveUpMs });
	const toBody = (window: WindowDispatch) => windowBody(window, version);
	const onClosed = (log: Log, lane: string, closed: { key: string; count: number }) =>
		report(log, "info", { stage: "window", lane, ...closed });
	const drainOptions = { ...options, storage, limits, concurrency, entries, toBody, onClosed };
	const drainLane = (hold: Hold, run: Run) => drain(hold, run, drainOptions);
	const inline = createInline({ take, drain: drainLane, limits, now });

	const tokenKind = config.token.kind;
	const keep = (blob: string, content: Buffer) => storage.write(blob, content, "application/json");
	const accept = createAccept({
		route: createRouter(routes),
		promiseFor: (event, match) => promiseFor(event, match, { version, tokenKind, keep }),
		ledger,
		inline,
		keep: (rejected) => keepRejected(storage, rejected, now()),
		earliest: (state, repository) =>
			Math.max(dueAt(state, { repository, notBefore: 0 }), nextSlot(state.calls, limits, now())),
		now,
	});

	const lanes = destinationByLane(routes, tokenKind);
	const wakeLane = async (lane: string) => void (await ledger.wake(lane, () => 0));
	const receipts = (query: ReceiptQuery) => listReceipts(storage, query, { now });
	const runsOf = ({ to }: FoundReceipt) => to && runsPage(config.githubApiUrl, to.repository);
	return {
		accept,
		wake: createWake({ storage, take, drain: drainLane, now }),
		async putBack(message, log) {
			report(log, "error", { stage: "wake-up", change: "put back", reason: "nobody could heed it in all its tries" });
			await storage.put(JSON.stringify(message), PUT_BACK_SECONDS);
		},
		async bury(elements, reason, log) {
			for (const element of elements) {
				const event = factsOf(element, idOf(element));
				const key = await keepRejected(storage, { element, event, route: null, to: null, reason }, now());
				report(log, "error", { stage: "dead-letter", change: "poisoned", id: event.id, key, reason });
			}
		},
		async receipts(query) {
			const { receipts: found, complete } = await receipts(query);
			return { receipts: found.map((receipt) => ({ ...receipt, runs: runsOf(receipt) })), complete };
		},
		replay: (request, log, again) =>
			replay(request, log, {
				storage,
				list: receipts,
				accept: again,
				wake: wakeLane,
				now,
			}),
		health: () => checkHealth({ storage, tokens, lanes, limits, warnings, now }),
		upkeep: (log) => upkeep(log, { storage, lanes: new Set(lanes.keys()), wake: wakeLane, keepMs, now }),
	};
}

/** A destination of each lane that the routes lead to: what its token is asked for with. */
function destinationByLane(routes: readonly Route[], kind: Config["token"]["kind"]): ReadonlyMap<string, TokenFor> {
	return new Map(
		routes.map(({ to }) => {
			const [owner = "", repo = ""] = to.repository.split("/");
			return [laneOf(kind, to), { owner, repo, ...(to.token === undefined ? {} : { token: to.token }) }];
		}),
	);
}
