import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { startChild } from "../child.ts";
import type { GitHubQuestion } from "../children/github.ts";
import type { UndisturbedQuestion } from "../children/undisturbed.ts";
import { exampleSettings } from "../example-app.ts";
import { alternate, type Sample } from "../measure.ts";
import type { Row } from "../row.ts";

/** What following a run costs the event that starts it. What is read afterwards is counted by the destination. */
export const rows: readonly Row[] = [
	{
		name: "followed-event",
		what: "accept() of one event whose run is followed from then on",
		baseline: "the same with FOLLOW_RUNS=off",
		better: "lower",
		async measure(bench) {
			const github = startChild(bench.child("github"));
			const sides = await Promise.all(
				["on", "off"].map(async (follow) => ({ follow, storage: await bench.startStorage() })),
			);
			const children = sides.map(() => startChild(bench.child("undisturbed")));
			const events = bench.times(100, 10);
			const ask = (side: number, question: UndisturbedQuestion) => children[side]?.ask<Sample>(question) ?? never();
			try {
				const url = await github.ask<string>({ start: {} } satisfies GitHubQuestion);
				const event = inEventGridSchema(exampleOf("RunCompleted"));
				for (const [side, { follow, storage }] of sides.entries()) {
					const settings = { ...exampleSettings(url, storage.connectionString), FOLLOW_RUNS: follow };
					await ask(side, { settings, event });
				}
				return await alternate(
					bench.times(9, 2),
					() => ask(0, { run: "ours", events }),
					() => ask(1, { run: "ours", events }),
				);
			} finally {
				await Promise.all([github, ...children].map((child) => child.end()));
				await Promise.all(sides.map(({ storage }) => storage.end()));
			}
		},
	},
];

function never(): never {
	throw new Error("there are two sides");
}
