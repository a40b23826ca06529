import { setImmediate as nextTurn } from "node:timers/promises";
import type { Storage, Write } from "../../src/storage/storage.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { answerQuestions } from "../answer-questions.ts";
import { type BareEvent, openBareCalls } from "../bare-calls.ts";
import { ledgerNames, openBenchBridge } from "../bench-bridge.ts";
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
		"until the lane is let go, ms": median(events.map(({ doneMs }) => doneMs)),
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
	const { bridge, calls } = await openBenchBridge(settings, NAMES, { around });
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
