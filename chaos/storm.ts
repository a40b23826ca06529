import { setTimeout as sleep } from "node:timers/promises";
import { keyOf } from "../src/local/stand-in/received.ts";
import { stopInOrder } from "../src/local/stopping.ts";
import { freshEvents, lanesParkedByYoungTokens, tokensInLogs } from "./aftermath.ts";
import { readArrival } from "./arrival.ts";
import { createBound } from "./bound.ts";
import type { Evidence, Finding } from "./evidence.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import { type Pace, type StormGitHub, startStormGitHub } from "./github.ts";
import { judge } from "./judge.ts";
import { type LedgerView, openLedgerView } from "./ledger-view.ts";
import { createOracle, type Oracle } from "./oracle.ts";
import { BRIDGES, type Plan } from "./plan.ts";
import type { Weather } from "./plan-weather.ts";
import { createRandom } from "./random.ts";
import { type Report, toReport } from "./report.ts";
import { routesTable } from "./routes.ts";
import type { Snapshot } from "./snapshot.ts";
import { type StormStorage, startStormStorage } from "./storage.ts";

export interface StormOptions {
	readonly plan: Plan;
	readonly pace: Pace;
	readonly coalesce: { readonly quietSeconds: number; readonly maxSeconds: number };
	/** For everything. What is not done by then is found missing. */
	readonly boundMs: number;
	/** Told how it goes. */
	readonly onProgress: (line: string) => void;
	readonly snapshot: Snapshot;
	/** Ends it early. */
	readonly signal: AbortSignal;
}

/** What takes part in a storm. */
interface Stage {
	readonly github: StormGitHub;
	readonly storage: StormStorage;
	readonly fleet: Fleet;
	readonly view: LedgerView;
}

const LOOK_MS = 1_000;
/** 216 seconds: longer than what is parked waits for its probe, which a repair lets through. */
const GIVE_UP_DAYS = "0.0025";
/** The last part of the bound is for the fresh events, the judges, and for stopping. */
const RESERVE_MS = 15_000;

/** Lets a storm pass over three bridges, waits until it is quiet, and judges. */
export async function runStorm(options: StormOptions): Promise<Report> {
	const begun = Date.now();
	const started = stopInOrder();
	try {
		const stage = await setStage(options, started.add);
		return await pass(stage, options, begun);
	} finally {
		await started.stop();
	}
}

async function setStage(options: StormOptions, onStop: (stop: () => Promise<void>) => void): Promise<Stage> {
	const { pace, coalesce, snapshot } = options;
	const github = await startStormGitHub(pace);
	onStop(github.close);
	const storage = await startStormStorage(snapshot.data);
	onStop(storage.stop);
	const settings = {
		...github.settings,
		AzureWebJobsStorage: storage.connectionString,
		BRIDGE_ROUTES: routesTable(coalesce),
		GIVE_UP_DAYS,
	};
	const fleet = await startFleet({ size: BRIDGES, app: snapshot.app, logs: snapshot.logs, settings });
	onStop(fleet.stop);
	return { github, storage, fleet, view: openLedgerView(storage.connectionString) };
}

async function pass(stage: Stage, options: StormOptions, begun: number): Promise<Report> {
	const { github, storage, fleet, view } = stage;
	const { plan, pace, snapshot, onProgress, boundMs, signal } = options;
	const bound = createBound(begun + boundMs - RESERVE_MS - Date.now(), signal);
	const oracle = createOracle(plan, fleet.up, createRandom(plan.seed).of("bridges").fraction);
	const played: { at: number; weather: Weather }[] = [];
	const startAt = Date.now();
	const timetable = playTimetable(scriptOf(plan, stage, played), startAt);
	bound.signal.addEventListener("abort", timetable.cancel);
	const progress = setInterval(() => onProgress(progressOf(stage, oracle, plan, startAt)), 10_000);
	try {
		onProgress(`the storm begins: ${plan.events.length} events in ${plan.size.intakeMs / 1000} s`);
		const delivered = oracle.run(startAt, bound.signal);
		await timetable.done;
		github.calm();
		await fleet.settled();
		onProgress("the storm is over; waiting until it is quiet");
		await delivered;
		await untilQuiet(view, bound.signal);
		signal.throwIfAborted();
		const passedMs = Date.now() - startAt;
		const fresh = await freshEvents(fleet.up(), github.github);
		const evidence = await gather(stage, plan, pace, oracle, played);
		const judgement = await judge(evidence);
		const accidents = [...storage.accidents, ...fleet.accidents].map(
			(what): Finding => ({ rule: "no accidents", what }),
		);
		const tokens = [...github.issued, ...evidence.calls.flatMap(({ token }) => token ?? [])];
		const logged = [...tokensInLogs(snapshot.logs, [...new Set(tokens)]), ...lanesParkedByYoungTokens(snapshot.logs)];
		const findings = [...accidents, ...oracle.findings, ...fresh, ...logged, ...judgement.findings];
		return toReport({ evidence, judgement, oracle, findings, passedMs });
	} finally {
		clearInterval(progress);
		timetable.cancel();
		bound.clear();
	}
}

/** Everything that the storm does by itself, at its times. */
function scriptOf(plan: Plan, { github, storage, fleet }: Stage, played: { at: number; weather: Weather }[]) {
	const play = (weather: Weather) => {
		played.push({ at: Date.now(), weather });
		github.play(weather);
	};
	return [
		...plan.kills.map(({ at, bridge, downMs }) => ({ at, run: () => fleet.kill(bridge, downMs) })),
		...plan.outages.map(({ at, ms }) => ({ at, run: () => storage.outage(ms) })),
		...plan.weather.map((weather) => ({ at: weather.at, run: () => play(weather) })),
		// It is not over before the last event has come.
		{ at: plan.size.intakeMs, run: () => {} },
	];
}

/** Until nothing waits in the ledger any more, or the time is over. */
async function untilQuiet(view: LedgerView, bound: AbortSignal): Promise<void> {
	while (!bound.aborted) {
		if (await view.isQuiet().catch(() => false)) return;
		await sleep(LOOK_MS, undefined, { signal: bound }).catch(() => {});
	}
}

async function gather(
	{ github, storage, fleet, view }: Stage,
	plan: Plan,
	pace: Pace,
	{ told }: Oracle,
	played: Evidence["played"],
): Promise<Evidence> {
	const isFresh = (id: unknown) => String(id).startsWith("fresh-");
	const receipts = await view.receipts();
	return {
		plan,
		told,
		received: github.github.received.map(readArrival).filter(({ event }) => !isFresh(event.id)),
		runs: new Map(github.github.runs().map(({ id, dispatch }) => [String(id), keyOf(dispatch) ?? ""])),
		calls: [...github.github.calls],
		receipts: receipts.filter(({ id }) => !isFresh(id)),
		waiting: await view.waiting(),
		deadLetters: await view.deadLetters(),
		poisoned: await view.poisoned(),
		blob: view.blob,
		kills: [...fleet.kills],
		outages: [...storage.outages],
		played,
		pace,
	};
}

function progressOf({ github, fleet, storage }: Stage, oracle: Oracle, plan: Plan, startAt: number): string {
	const seconds = Math.round((Date.now() - startAt) / 1000);
	const known = oracle.told.filter(({ acknowledgedAt, refused }) => acknowledgedAt !== undefined || refused).length;
	return [
		`${seconds} s`,
		`${known} of ${plan.events.length} events taken`,
		`${github.github.received.length} dispatches`,
		`${fleet.kills.length} kills`,
		`${storage.outages.length} outages`,
	].join(", ");
}

/** Does things at their times. */
interface Timetable {
	/** Resolves when everything was done. */
	readonly done: Promise<void>;
	/** Does nothing more. */
	cancel(): void;
}

/** @param startAt what the items' times are counted from, epoch milliseconds */
function playTimetable(
	items: readonly { readonly at: number; readonly run: () => unknown }[],
	startAt: number,
): Timetable {
	const timers = new Map<NodeJS.Timeout, () => void>();
	const done = Promise.all(
		items.map(
			({ at, run }) =>
				new Promise<void>((resolve, reject) => {
					const act = () => {
						timers.delete(timer);
						Promise.resolve(run()).then(() => resolve(), reject);
					};
					const timer = setTimeout(act, Math.max(0, startAt + at - Date.now()));
					timers.set(timer, resolve);
				}),
		),
	).then(() => {});
	return {
		done,
		cancel() {
			for (const [timer, resolve] of timers) {
				clearTimeout(timer);
				resolve();
			}
			timers.clear();
		},
	};
}
