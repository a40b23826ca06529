import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createLedger } from "../../src/ledger/ledger.ts";
import { writeWakeUp } from "../../src/ledger/wake-up.ts";
import { openStorage } from "../../src/storage/azure-storage.ts";
import { destinations, repositoryDispatch } from "../../support/destinations.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { LANE } from "../bench-bridge.ts";
import { startChild } from "../child.ts";
import type { CoalesceQuestion } from "../children/coalesce.ts";
import type { GitHubCalls, GitHubQuestion } from "../children/github.ts";
import type { HostQuestion } from "../children/host.ts";
import { exampleSettings } from "../example-app.ts";
import { alternate, type Pair, type Sample } from "../measure.ts";
import type { Row } from "../row.ts";
import type { Workbench } from "../workbench.ts";

/**
 * Whether a backlog uses the whole allowance of a token, and no more; and whether several instances use one allowance
 * together: a lane has one drainer, wherever it runs.
 */
const drains: readonly Row[] = [
	drain("drain-one", 1, "one process"),
	drain("drain-three", 3, "three processes on the same storage"),
];

function drain(name: string, processes: number, where: string): Row {
	return {
		name,
		what: `dispatches a second from a backlog, through the queue trigger of ${where}`,
		baseline: "what GITHUB_PACE allows",
		better: "higher",
		goal: 0.95,
		measure: (bench) => drainRate(bench, processes),
	};
}

const PER_SECOND = 10;
const LOOK_MS = 250;
/** What was sent last is written down, the lane let go, and the second over that the pace looks back. */
const BETWEEN_MS = 1_500;
const TIMEOUT_MS = 120_000;

/**
 * How fast a backlog reaches GitHub, against what the pace allows: the first ten at once, then ten a second. Through
 * the queue trigger of so many hosts over one storage; the stand-in refuses what is too fast, by arrival. The allowance
 * is not measured, it follows from the same number of dispatches.
 */
async function drainRate(bench: Workbench, processes: number): Promise<readonly Pair[]> {
	const entries = bench.times(200, 20);
	const storage = await bench.startStorage();
	const github = startChild(bench.child("github"));
	const children = [github];
	const askGitHub = <Answer>(question: GitHubQuestion) => github.ask<Answer>(question);

	async function allArrived(): Promise<GitHubCalls> {
		const giveUpAt = performance.now() + TIMEOUT_MS;
		let all: GitHubCalls = { statuses: {}, first: 0, last: 0 };
		while ((all.statuses["204"] ?? 0) < entries) {
			if (performance.now() > giveUpAt) throw new Error(`GitHub has only ${JSON.stringify(all.statuses)}`);
			await sleep(LOOK_MS);
			all = together(all, await askGitHub<GitHubCalls>({ calls: true }));
		}
		return all;
	}

	try {
		const url = await askGitHub<string>({ start: { perSecond: PER_SECOND } });
		const settings = { ...exampleSettings(url, storage.connectionString), GITHUB_PACE: `${PER_SECOND}/s` };
		const backlog = await openBacklog(storage.connectionString);
		for (let count = 0; count < processes; count++) {
			const host = startChild(bench.child("host"), settings);
			children.push(host);
			await host.ask({ start: bench.app, triggers: bench.hostJson } satisfies HostQuestion);
		}
		const pairs: Pair[] = [];
		for (let count = 0; count < bench.times(3, 2); count++) {
			await backlog.fill(entries);
			await backlog.wake(processes);
			const { statuses, first, last } = await allArrived();
			const calls = Object.values(statuses).reduce((sum, some) => sum + some, 0);
			pairs.push({
				ours: {
					"dispatches a second": ((entries - PER_SECOND) * 1000) / (last - first),
					"calls a dispatch": calls / entries,
				},
				baseline: { "dispatches a second": PER_SECOND, "calls a dispatch": 1 },
			});
			await sleep(BETWEEN_MS);
		}
		return pairs;
	} finally {
		await Promise.all(children.map((child) => child.end()));
		await storage.end();
	}
}

function together(one: GitHubCalls, other: GitHubCalls): GitHubCalls {
	const statuses = { ...one.statuses };
	for (const [status, count] of Object.entries(other.statuses)) statuses[status] = (statuses[status] ?? 0) + count;
	return { statuses, first: one.first || other.first, last: other.last || one.last };
}

/** Puts entries into the lane of an app's ledger, as accepting does, and wakes those who deliver. */
interface Backlog {
	fill(entries: number): Promise<void>;
	/** So many wake-ups at the same time, as from so many instances that have accepted at the same time. */
	wake(times: number): Promise<void>;
}

async function openBacklog(connectionString: string): Promise<Backlog> {
	const storage = openStorage({ kind: "connection-string", connectionString });
	const monotonic = () => performance.now();
	const ledger = createLedger({
		addressesOf: destinations.policyOf,
		storage,
		instance: randomUUID(),
		now: Date.now,
		monotonic,
	});

	return {
		async fill(entries) {
			await Promise.all(Array.from({ length: entries }, () => ledger.accept(newDelivery())));
		},
		async wake(times) {
			const { wake } = await ledger.ensureWakeUp(LANE, () => Date.now());
			const another = () => storage.put(writeWakeUp({ lane: LANE, wake: wake.last }), 0);
			await Promise.all(Array.from({ length: times - 1 }, another));
		},
	};
}

function newDelivery() {
	const key = randomUUID().replaceAll("-", "");
	const to = repositoryDispatch("contoso/fraud-model", "benchmark");
	const event = { id: key, type: "Contoso.Benchmark", source: "/bench", subject: key, time: new Date().toISOString() };
	const body = JSON.stringify({ event_type: to["dispatchType"], client_payload: { id: key, bridge: { key } } });
	return { key, lane: LANE, event, route: "benchmark", to, how: { body } };
}

/** What it takes to make one dispatch of very many events. */
const coalesced: Row = {
	name: "coalesced",
	what: "10,000 events of a coalescing route (500 with --quick), until GitHub has their one dispatch",
	baseline: "one event of the same route",
	better: "lower",
	measure: (bench) =>
		alternate(
			2,
			() => gather(bench, bench.times(10_000, 500)),
			() => gather(bench, 1),
			// Each is measured in a process and on a storage of its own.
			{ warmUps: 0 },
		),
};

async function gather(bench: Workbench, events: number): Promise<Sample> {
	const storage = await bench.startStorage();
	const child = startChild(bench.child("coalesce"));
	try {
		const { connectionString } = storage;
		const event = inEventGridSchema(exampleOf("BlobCreated"));
		return await child.ask<Sample>({
			connectionString,
			event,
			events,
			hostJson: bench.hostJson,
		} satisfies CoalesceQuestion);
	} finally {
		await child.end();
		await storage.end();
	}
}
/** What becomes of many events together: a backlog, and a window. */
export const rows: readonly Row[] = [coalesced, ...drains];
