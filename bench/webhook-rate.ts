import { OUTCOMES, type Outcome } from "../src/outcome.ts";
import type { ExampleEvent } from "../support/example-events.ts";
import { openLoadRig } from "./load-rig.ts";
import { alternate, type Pair } from "./measure.ts";
import { pauseEmptyLane } from "./paused-lane.ts";
import type { Workbench } from "./workbench.ts";

export interface RateOptions {
	readonly event: ExampleEvent;
	/** How it is to end; it is held against what was answered, and what the GitHub stand-in took. */
	readonly outcome: Extract<Outcome, "ignored" | "accepted" | "dispatched">;
	/** For each measurement, of ours and of the baseline. */
	readonly requests: number;
	readonly pairs: number;
}

/**
 * Requests a second of the webhook, one event in each, against the hello-world function. Client, GitHub stand-in,
 * storage, app and hello world have a process each; the same client posts the same bodies to hosts of the same make.
 */
export async function webhookRate(bench: Workbench, options: RateOptions): Promise<readonly Pair[]> {
	const { event, outcome, requests, pairs } = options;
	const rig = await openLoadRig(bench);
	try {
		const app = await rig.serve(bench.app, "/api/events");
		const hello = await rig.serve(bench.benchApp("hello-world"), "/api/hello");
		const ours = async () => {
			if (outcome === "accepted") await pauseEmptyLane(rig.connectionString);
			const sample = await app.post(event, requests, { status: OUTCOMES[outcome].http, text: `"${outcome}"` });
			const { 204: taken = 0, ...others } = await rig.answered();
			if (taken !== (outcome === "dispatched" ? requests : 0) || Object.keys(others).length > 0)
				throw new Error(`GitHub took ${taken} dispatches, and answered otherwise: ${JSON.stringify(others)}`);
			return sample;
		};
		return await alternate(pairs, ours, () => hello.post(event, requests, { status: 200, text: '"world"' }));
	} finally {
		await rig.end();
	}
}
