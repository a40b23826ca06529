import { type Accept, createAccept } from "./accept/accept.ts";
import { planDelivery } from "./accept/plan-delivery.ts";
import { createWindows } from "./coalesce/close-due-windows.ts";
import { windowBody } from "./coalesce/window-body.ts";
import type { Config } from "./config/config.ts";
import { createEntryDelivery } from "./deliver/attempt.ts";
import { drain } from "./deliver/drain.ts";
import { createInline } from "./deliver/inline.ts";
import type { Run } from "./deliver/run.ts";
import { createWake, MOVED, type Wake } from "./deliver/wake.ts";
import { createGitHub } from "./destinations/github/github.ts";
import { laneOf } from "./destinations/github/lane-of.ts";
import { openTokens } from "./destinations/github/open-tokens.ts";
import { runsPage } from "./destinations/github/runs-page.ts";
import type { TokenFor } from "./destinations/github/token-source.ts";
import { createIgnoredLog } from "./ledger/ignored-log.ts";
import type { LaneLease } from "./ledger/lane-lease.ts";
import { dueAt } from "./ledger/lane-state.ts";
import { createLedger } from "./ledger/ledger.ts";
import { listReceipts } from "./ledger/list-receipts.ts";
import { nextSlot } from "./ledger/pace.ts";
import type { ReceiptQuery } from "./ledger/receipt-query.ts";
import { recordExpiry } from "./ledger/record-expiry.ts";
import { createRecordRejected } from "./ledger/record-rejected.ts";
import type { FoundReceipt } from "./ledger/show-receipt.ts";
import type { Log } from "./log.ts";
import { checkHealth, type Health } from "./operate/check-health.ts";
import { maintain } from "./operate/maintenance.ts";
import { createPoisoned, type Poisoned } from "./operate/poisoned.ts";
import { type ReplayAnswer, type ReplayRequest, replay } from "./operate/replay.ts";
import type { EventResult } from "./outcome.ts";
import type { Route } from "./route/route.ts";
import { createRouter } from "./route/router.ts";
import type { Storage } from "./storage/storage.ts";

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
	const { version, now, newId, fetch = globalThis.fetch, callTimeoutMs = 10_000 } = options;
	const { limits, giveUpMs, retentionMs, concurrency, routes, warnings } = config;
	const storage = await options.openStorage();
	const addresses = { address: config.githubApiUrl, formerAddress: config.formerApiUrl };
	const ledger = createLedger({ ...options, ...addresses, storage, instance: newId() });
	const { take } = ledger;

	const reach = { apiUrl: config.githubApiUrl, userAgent: `grid-dispatch/${version}`, fetch };
	const loadSend = async () => (await import("./destinations/github/octokit.ts")).createSend(reach);
	const gitHubOptions = { apiUrl: config.githubApiUrl, loadSend, now, sleep: options.sleep };
	const tokens = openTokens(config.token, gitHubOptions);
	const { dispatch, checkToken } = createGitHub({ ...gitHubOptions, tokens, timeoutMs: callTimeoutMs });

	const entries = createEntryDelivery({ ...options, storage, dispatch, limits, giveUpMs });
	const windows = createWindows({ storage, now, toBody: (window) => windowBody(window, version) });
	const drainOptions = { ...options, limits, concurrency, entries, windows };
	const drainLane = (lease: LaneLease, run: Run) => drain(lease, run, drainOptions);
	const inline = createInline({ take, drain: drainLane, limits, now });

	const tokenKind = config.token.kind;
	const keep = (blob: string, content: Buffer) => storage.write(blob, content, "application/json");
	const recordRejected = createRecordRejected({ storage, now });
	const accept = createAccept({
		route: createRouter(routes),
		planDelivery: (event, match) => planDelivery(event, match, { version, tokenKind, keep }),
		ledger,
		inline,
		keep: recordRejected,
		addresses,
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
			maintain(log, {
				storage,
				lanes,
				wake: wakeLane,
				checkToken,
				recordExpiry: (lane, expiresAt) => recordExpiry(take, lane, expiresAt),
				retentionMs,
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
