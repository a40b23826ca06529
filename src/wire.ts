import { type Accept, createAccept } from "./accept/accept.ts";
import { promiseFor } from "./accept/promise-for.ts";
import type { Config } from "./config.ts";
import { createEntryDelivery } from "./deliver/deliver-entry.ts";
import { drain } from "./deliver/drain.ts";
import { createInline } from "./deliver/inline.ts";
import type { Run } from "./deliver/run.ts";
import { createWake, MOVED, type Wake } from "./deliver/wake.ts";
import { windowBody } from "./deliver/window-body.ts";
import { createGitHub } from "./dispatch/github.ts";
import { laneOf } from "./dispatch/lane-of.ts";
import { openTokens } from "./dispatch/open-tokens.ts";
import { nextSlot } from "./dispatch/pace.ts";
import { runsPage } from "./dispatch/runs-page.ts";
import type { TokenFor } from "./dispatch/token-source.ts";
import type { ClosedWindow, WindowDispatch } from "./ledger/close-window.ts";
import type { Hold } from "./ledger/hold.ts";
import { createIgnoredLog } from "./ledger/ignored-log.ts";
import { createKeepRejected } from "./ledger/keep-rejected.ts";
import { dueAt } from "./ledger/lane-state.ts";
import { createLedger } from "./ledger/ledger.ts";
import { listReceipts } from "./ledger/list-receipts.ts";
import type { ReceiptQuery } from "./ledger/receipt-query.ts";
import { recordExpiry } from "./ledger/record-expiry.ts";
import type { FoundReceipt } from "./ledger/show-receipt.ts";
import type { Storage } from "./ledger/storage.ts";
import { checkHealth, type Health } from "./operate/check-health.ts";
import { type ReplayAnswer, type ReplayRequest, replay } from "./operate/replay.ts";

import { upkeep } from "./operate/upkeep.ts";
import type { EventResult } from "./outcome.ts";
import { createPoisoned, type Poisoned } from "./poisoned.ts";
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
	/** Does something later, for which no process has to stay alive. */
	readonly later?: (ms: number, work: () => void) => void;
}

/** A receipt, with the page where the runs of its repository are seen; null where it has none, or led nowhere. */
export interface ShownReceipt extends FoundReceipt {
	readonly runs: string | null;
}

export interface ShownReceipts {
	/** The newest event first. */
	readonly receipts: readonly ShownReceipt[];
	/** False where there may be more; then `continue` is what the next question goes on with. */
	readonly complete: boolean;
	readonly continue?: string;
	/** What could not be read. */
	readonly problems: readonly string[];
}

/** What the bridge's methods do, over an opened storage. */
export interface Wired extends Poisoned {
	readonly accept: Accept;
	readonly wake: Wake;
	readonly receipts: (query: ReceiptQuery) => Promise<ShownReceipts>;
	readonly replay: (
		request: ReplayRequest,
		log: Log,
		accept: (elements: readonly unknown[]) => Promise<readonly EventResult[]>,
	) => Promise<ReplayAnswer>;
	readonly health: () => Promise<Health>;
	readonly upkeep: (log: Log) => Promise<void>;
}

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
	const { dispatch, checkToken } = createGitHub({ ...gitHubOptions, tokens, timeoutMs: callTimeoutMs });

	const entries = createEntryDelivery({ ...options, storage, dispatch, limits, giveUpMs });
	const toBody = (window: WindowDispatch) => windowBody(window, version);
	const onClosed = (log: Log, lane: string, { key, count, refused: reason }: ClosedWindow) => {
		report(log, "info", { stage: "window", lane, key, count });
		if (reason !== undefined) report(log, "error", { stage: "dead-letter", lane, key, count, reason });
	};
	const drainOptions = { ...options, storage, limits, concurrency, entries, toBody, onClosed };
	const drainLane = (hold: Hold, run: Run) => drain(hold, run, drainOptions);
	const inline = createInline({ take, drain: drainLane, limits, now });

	const tokenKind = config.token.kind;
	const keep = (blob: string, content: Buffer) => storage.write(blob, content, "application/json");
	const keepRejected = createKeepRejected({ storage, now, grouping });
	const accept = createAccept({
		route: createRouter(routes),
		promiseFor: (event, match) => promiseFor(event, match, { version, tokenKind, keep }),
		ledger,
		inline,
		keep: keepRejected,
		ignored: createIgnoredLog({ ...options, storage }),
		earliest: (state, repository) =>
			Math.max(dueAt(state, { repository, notBefore: 0 }), nextSlot(state.calls, limits, now())),
		now,
	});

	const lanes = destinationByLane(routes, tokenKind);
	const wakeLane = async (lane: string) => void (await ledger.wake(lane, () => 0));
	const runsOf = ({ to }: FoundReceipt) => to && runsPage(config.githubApiUrl, to.repository);
	return {
		accept,
		wake: createWake({ storage, take, drain: drainLane, now }),
		...createPoisoned(storage, now),
		async receipts(query) {
			const { receipts: found, continueAfter, problems } = await listReceipts(storage, query, { now });
			const receipts = found.map((receipt) => ({ ...receipt, runs: runsOf(receipt) }));
			const next = continueAfter(found.length);
			return { receipts, complete: next === undefined, ...(next === undefined ? {} : { continue: next }), problems };
		},
		replay: (request, log, again) =>
			replay(request, log, {
				storage,
				list: (query, endsAt) => listReceipts(storage, query, { now, endsAt }),
				accept: again,
				wake: wakeLane,
				newId,
				now,
			}),
		health: () =>
			checkHealth({ storage, tokens, lanes, addresses: { ...addresses, repair: MOVED }, limits, warnings, now }),
		upkeep: (log) =>
			upkeep(log, {
				storage,
				lanes,
				wake: wakeLane,
				checkToken,
				recordExpiry: (lane, expiresAt) => recordExpiry(take, lane, expiresAt),
				keepMs,
				now,
			}),
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
