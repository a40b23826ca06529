import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { startChild } from "../child.ts";
import type { CoalesceQuestion } from "../children/coalesce.ts";
import { alternate, type Sample } from "../measure.ts";
import type { Row } from "../row.ts";
import type { Workbench } from "../workbench.ts";

/** What it takes to make one dispatch of very many events. */
export const rows: readonly Row[] = [
	{
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
	},
];

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
