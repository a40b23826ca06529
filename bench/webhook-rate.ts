import { call } from "../test/helpers/call.ts";
import { type ExampleEvent, inEventGridSchema } from "../test/helpers/example-events.ts";
import { startChild } from "./child.ts";
import type { ClientAnswer, ClientQuestion } from "./children/client.ts";
import { exampleSettings } from "./example-app.ts";
import { alternate, type Pair, type Sample } from "./measure.ts";
import type { Workbench } from "./workbench.ts";

const IN_FLIGHT = 32;

/** How an event is to end; it is held against what was answered, and what the GitHub stand-in took. */
export type ExpectedOutcome = "ignored" | "dispatched";

/**
 * Requests a second of the webhook, one event in each, against the hello-world function. Client, GitHub stand-in, app
 * and hello world have a process each; the same client posts the same bodies to hosts of the same make.
 */
export async function webhookRate(
	bench: Workbench,
	event: ExampleEvent,
	outcome: ExpectedOutcome,
): Promise<readonly Pair[]> {
	const requests = bench.times(2_000, 100);
	const [before = "", after = ""] = JSON.stringify(inEventGridSchema({ ...event, id: "{id}" })).split("{id}");
	const [github, client] = [startChild(bench.child("github")), startChild(bench.child("client"))];
	const children = [github, client];
	let from = 0;

	async function startHost(entry: string, path: string, githubUrl: string) {
		const host = startChild(bench.child("host"), exampleSettings(githubUrl));
		children.push(host);
		const url = (await host.ask<string>({ start: entry })) + path;
		return { url, cpu: () => host.ask<number>({ cpu: true }) };
	}

	async function run({ url, cpu }: Awaited<ReturnType<typeof startHost>>, expected: string): Promise<Sample> {
		const question: ClientQuestion = { url, before, after, from, requests, inFlight: IN_FLIGHT };
		from += requests;
		const used = await cpu();
		const { ms, statuses, sample } = await client.ask<ClientAnswer>(question);
		const cpuMs = (await cpu()) - used;
		if (statuses["200"] !== requests || !sample.includes(expected)) {
			throw new Error(`not every answer of ${url} was as expected: ${JSON.stringify(statuses)}, ${sample}`);
		}
		return { "requests a second": (requests * 1000) / ms, "CPU of the host a request, ms": cpuMs / requests };
	}

	try {
		const githubUrl = await github.ask<string>({});
		const app = await startHost(bench.app, "/api/events", githubUrl);
		const hello = await startHost(bench.helloWorld, "/api/hello", githubUrl);
		const ours = async () => {
			const sample = await run(app, `"${outcome}"`);
			const { forgotten } = (await call(`${githubUrl}/_received`, { method: "DELETE" })).json() as {
				forgotten: number;
			};
			if (forgotten !== (outcome === "dispatched" ? requests : 0))
				throw new Error(`GitHub took ${forgotten} dispatches`);
			return sample;
		};
		return await alternate(bench.times(9, 2), ours, () => run(hello, '"world"'));
	} finally {
		await Promise.all(children.map((child) => child.end()));
	}
}
