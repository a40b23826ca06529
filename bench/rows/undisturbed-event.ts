import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { startChild } from "../child.ts";
import type { GitHubQuestion } from "../children/github.ts";
import type { UndisturbedQuestion } from "../children/undisturbed.ts";
import { exampleSettings } from "../example-app.ts";
import { alternate, type Sample } from "../measure.ts";
import type { Row } from "../row.ts";

/** What the bridge adds to the calls that a durable dispatch cannot do without. */
export const rows: readonly Row[] = [
	{
		name: "undisturbed-event",
		what: "accept() of one event, which is made durable, dispatched, and its end written down",
		baseline: "the same calls of storage by the bare SDKs, and one POST to the GitHub stand-in",
		better: "lower",
		async measure(bench) {
			const storage = await bench.startStorage();
			const [github, child] = [startChild(bench.child("github")), startChild(bench.child("undisturbed"))];
			const ask = (question: UndisturbedQuestion) => child.ask<Sample>(question);
			const events = bench.times(100, 10);
			try {
				const url = await github.ask<string>({ start: {} } satisfies GitHubQuestion);
				const event = inEventGridSchema(exampleOf("RunCompleted"));
				// The bare calls that it is compared with follow no run.
				const settings = { ...exampleSettings(url, storage.connectionString), FOLLOW_RUNS: "off" };
				await ask({ settings, event });
				return await alternate(
					bench.times(9, 2),
					() => ask({ run: "ours", events }),
					() => ask({ run: "baseline", events }),
				);
			} finally {
				await Promise.all([github.end(), child.end()]);
				await storage.end();
			}
		},
	},
];
