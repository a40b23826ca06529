import { asCloudEvent, EXAMPLE_EVENTS, inEventGridSchema } from "../../support/example-events.ts";
import { startChild } from "../child.ts";
import type { EventCpuQuestion } from "../children/event-cpu.ts";
import { ROUTES_TABLE } from "../example-app.ts";
import { alternate } from "../measure.ts";
import type { Row } from "../row.ts";

/** What an event costs before anything leaves the process: as a multiple of the parsing alone. */
export const rows: readonly Row[] = [
	{
		name: "event-cpu",
		what: "parse, read, route by five routes, build payload and request: each example event, in both envelopes",
		baseline: "JSON.parse of the same bodies",
		better: "lower",
		async measure(bench) {
			const bodies = EXAMPLE_EVENTS.flatMap((event) => [inEventGridSchema(event), asCloudEvent(event)]);
			const child = startChild(bench.child("event-cpu"));
			const ask = (question: EventCpuQuestion) => child.ask<number>(question);
			const run = async (side: "ours" | "baseline") => ({
				"CPU an event, µs": await ask({ run: side, rounds: bench.times(400, 20) }),
			});
			try {
				const made = await ask({ table: ROUTES_TABLE, bodies: bodies.map((body) => JSON.stringify(body)) });
				if (made < bodies.length / 2) throw new Error(`only ${made} requests come of ${bodies.length} events`);
				return await alternate(
					bench.times(15, 2),
					() => run("ours"),
					() => run("baseline"),
				);
			} finally {
				await child.end();
			}
		},
	},
];
