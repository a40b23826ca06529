import pMap from "p-map";
import { readQueueSettings } from "../../src/local/queue-settings.ts";
import { startQueueTrigger } from "../../src/local/queue-trigger.ts";
import { LEDGER } from "../../src/storage/storage.ts";
import { startArrivals } from "../arrivals.ts";
import { openBenchBridge } from "../bench-bridge.ts";
import { answerQuestions } from "../child.ts";
import { exampleSettings } from "../example-app.ts";
import type { Sample } from "../measure.ts";

export interface CoalesceQuestion {
	readonly connectionString: string;
	/** An event in Event Grid's schema. */
	readonly event: Readonly<Record<string, unknown>>;
	readonly events: number;
	readonly hostJson: string;
}

const IN_FLIGHT = 32;
const QUIET_SECONDS = 1;
const ROUTES = {
	routes: [
		{
			name: "gathered",
			to: { repository: "contoso/fraud-model", dispatchType: "gathered" },
			coalesce: { quietSeconds: QUIET_SECONDS, maxSeconds: 3_600 },
		},
	],
};

/**
 * Accepts the events one by one, and waits until GitHub has the one dispatch. A process answers once: its memory is
 * part of the answer.
 */
answerQuestions<CoalesceQuestion>(async ({ connectionString, event, events, hostJson }): Promise<Sample> => {
	const github = await startArrivals();
	const env = { ...exampleSettings(github.url, connectionString), BRIDGE_ROUTES: JSON.stringify(ROUTES) };
	const { bridge, calls } = await openBenchBridge(env, LEDGER);
	const log = () => {};
	const trigger = startQueueTrigger({
		storage: connectionString,
		queueName: LEDGER.queue,
		settings: readQueueSettings(hostJson),
		run: async (input) => bridge.wake(JSON.parse((input as { string: string }).string), log),
		onLog: log,
	});
	const memory = watchMemory();
	const arrival = github.next();
	const start = performance.now();
	const accept = async (_: unknown, index: number) => {
		const [result] = await bridge.accept([{ ...event, id: `event-${index}` }], { log });
		if (result?.outcome !== "accepted") throw new Error(`not gathered: ${JSON.stringify(result)}`);
	};
	await pMap(Array.from({ length: events }), accept, { concurrency: IN_FLIGHT });
	const accepted = performance.now();
	const dispatched = await arrival;
	await trigger.stop();
	return {
		"until GitHub has the one dispatch, s": (dispatched - start) / 1000,
		"until all are accepted, s": (accepted - start) / 1000,
		"from then on, s": (dispatched - accepted) / 1000,
		"storage calls an event": calls() / events,
		"peak memory, MiB": memory.peak() / 2 ** 20,
	};
});

const LOOK_MS = 50;

/**
 * Watches how much memory this process has at most, in bytes. Looked at now and then: what the system itself keeps of a
 * process's peak begins with that of the process it was forked from.
 */
function watchMemory(): { peak(): number } {
	let peak = process.memoryUsage.rss();
	const look = () => {
		peak = Math.max(peak, process.memoryUsage.rss());
	};
	setInterval(look, LOOK_MS).unref();
	return {
		peak() {
			look();
			return peak;
		},
	};
}
