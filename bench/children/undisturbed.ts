import { Agent } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ROWS, STATE_KEY } from "../../src/ledger/rows.ts";
import { createClients } from "../../src/storage/azure-storage.ts";
import type { Columns, LedgerNames, Storage, Write } from "../../src/storage/storage.ts";
import { call } from "../../support/call.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { ledgerNames, openBenchBridge } from "../bench-bridge.ts";
import { answerQuestions } from "../child.ts";
import type { Sample } from "../measure.ts";
import { median } from "../measure.ts";

export type UndisturbedQuestion =
	| { readonly settings: Readonly<Record<string, string>>; readonly event: Readonly<Record<string, unknown>> }
	| { readonly run: "ours" | "baseline"; readonly events: number };

const NAMES = ledgerNames("undisturbed");

let runs: Record<"ours" | "baseline", () => Promise<BareEvent>> | undefined;

/** First the app's settings and the event; then, for each run, what an event took. One event after the other is accepted. */
answerQuestions<UndisturbedQuestion>(async (question) => {
	if ("settings" in question) {
		runs = await prepare(question.settings, question.event);
		return null;
	}
	const events: BareEvent[] = [];
	for (let count = 0; count < question.events; count++) events.push(await (runs?.[question.run] ?? never)());
	return {
		"until answered, ms": median(events.map(({ answeredMs }) => answeredMs)),
		"until the lane is released, ms": median(events.map(({ doneMs }) => doneMs)),
		"storage calls an event": events.reduce((sum, { calls }) => sum + calls, 0) / events.length,
	} satisfies Sample;
});

async function prepare(
	settings: Readonly<Record<string, string>>,
	event: Readonly<Record<string, unknown>>,
): Promise<typeof runs> {
	const commits: (readonly Write[])[] = [];
	let release = () => {};
	const around = (storage: Storage) =>
		wrapStorage(storage, async ({ method, args }, make) => {
			if (method === "commit") commits.push(args[1] as readonly Write[]);
			return make().finally(() => method === "release" && release());
		});
	const { bridge, calls } = await openBenchBridge(settings, NAMES, around);
	let accepted = 0;

	async function ours(): Promise<BareEvent> {
		accepted += 1;
		const before = calls();
		const released = new Promise<void>((resolve) => {
			release = resolve;
		});
		const start = performance.now();
		const results = await bridge.accept([{ ...event, id: `event-${accepted}` }], { log: () => {} });
		const answeredMs = performance.now() - start;
		if (results[0]?.outcome !== "dispatched") throw new Error(`not dispatched: ${JSON.stringify(results)}`);
		await released;
		const doneMs = performance.now() - start;
		// The drain ends a moment after its last call; who comes before that is not undisturbed.
		await nextTurn();
		return { answeredMs, doneMs, calls: calls() - before };
	}

	await ours();
	commits.length = 0;
	await ours();
	const [first = [], last = []] = commits;
	const entry = first.find((write) => "columns" in write && write.columns["body"] !== undefined);
	const body = entry !== undefined && "columns" in entry ? Buffer.from(entry.columns["body"] as Uint8Array) : "";
	const url = `${settings["GITHUB_API_URL"]}/repos/contoso/fraud-model/dispatches`;
	const written = { first, last, url, body: String(body) };
	return { ours, baseline: await openBareCalls(settings["AzureWebJobsStorage"] ?? "", NAMES, written) };
}

function never(): never {
	throw new Error("asked for a run before the settings");
}

/** What an undisturbed event writes before it is sent, and when GitHub has it; and what is sent. */
interface Written {
	readonly first: readonly Write[];
	readonly last: readonly Write[];
	readonly url: string;
	readonly body: string;
}

interface BareEvent {
	/** Milliseconds from the start until an answer could be given, and until all is done. */
	readonly answeredMs: number;
	readonly doneMs: number;
	/** Calls of storage. */
	readonly calls: number;
}

const PARTITION = "bare";
const BLOB = "lanes/bare";

/**
 * Makes the calls that an undisturbed event needs, with the same SDKs and the same rows in the same order, and nothing
 * else around them: commit, lease, list, post to GitHub, commit, release.
 */
async function openBareCalls(connectionString: string, names: LedgerNames, written: Written) {
	const { table, blobs } = createClients({ kind: "connection-string", connectionString }, names);
	const container = blobs.getContainerClient(names.container);
	const blob = container.getBlockBlobClient(BLOB);
	await blob.upload("", 0);
	const agent = new Agent({ keepAlive: true });
	const headers = { "user-agent": "bench", authorization: "Bearer a-token-that-only-the-stand-in-takes" };
	const filter = `PartitionKey eq '${PARTITION}' and RowKey ge '${ROWS.pending.from}' and RowKey lt '${ROWS.pending.to}'`;
	let events = 0;

	return async (): Promise<BareEvent> => {
		events += 1;
		const start = performance.now();
		const inserts = written.first.map((write) => ["create", entityOf(write, events)] as ["create", Entity]);
		await table.submitTransaction(inserts);
		const { leaseId = "" } = await blob.getBlobLeaseClient().acquireLease(30);
		const { value: rows = [] } = await table
			.listEntities({ queryOptions: { filter } })
			.byPage({ maxPageSize: 32 })
			.next();
		const etag = (rows as { rowKey?: string; etag: string }[]).find(({ rowKey }) => rowKey === STATE_KEY)?.etag;
		const { status } = await call(written.url, { method: "POST", headers, body: written.body, agent });
		if (status !== 204) throw new Error(`the stand-in answered ${status} to a bare call`);
		await table.submitTransaction(
			written.last.map((write) => {
				const entity = entityOf(write, events);
				if (write.kind === "delete") return ["delete", entity];
				if (write.rowKey === STATE_KEY) {
					return etag === undefined ? ["create", entity] : ["update", entity, "Replace", { etag }];
				}
				return ["update", entity, "Merge", { etag: "*" }];
			}),
		);
		const answeredMs = performance.now() - start;
		await blob.getBlobLeaseClient(leaseId).releaseLease();
		return { answeredMs, doneMs: performance.now() - start, calls: 5 };
	};
}

type Entity = Columns & { partitionKey: string; rowKey: string };

/** The same row under a key of its own. */
function entityOf(write: Write, event: number): Entity {
	const rowKey = write.rowKey === STATE_KEY ? STATE_KEY : `${write.rowKey}-${event}`;
	return { ...("columns" in write ? write.columns : {}), partitionKey: PARTITION, rowKey };
}
