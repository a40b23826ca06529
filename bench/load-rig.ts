import { type ExampleEvent, inEventGridSchema } from "../support/example-events.ts";
import { startChild } from "./child.ts";
import type { ClientAnswer, ClientQuestion } from "./children/client.ts";
import type { GitHubCalls, GitHubQuestion } from "./children/github.ts";
import type { HostQuestion } from "./children/host.ts";
import { exampleSettings } from "./example-app.ts";
import type { Sample } from "./measure.ts";
import type { Workbench } from "./workbench.ts";

const IN_FLIGHT = 32;

/** A function that is served by a host in a process of its own. */
export interface Served {
	/** Of the host, without a path. */
	readonly url: string;
	/** Posts so many requests with one event each, 32 at a time, every one of which has to be answered as expected. */
	post(event: ExampleEvent, requests: number, expected: { status: number; text: string }): Promise<Sample>;
}

/** Storage, the GitHub stand-in and a client, each in a process of its own, for hosts under load. */
export interface LoadRig {
	readonly connectionString: string;
	/** @param settings beside those of the example app */
	serve(entry: string, path: string, settings?: Readonly<Record<string, string>>): Promise<Served>;
	/** What the stand-in answered since it was asked last, by status. */
	answered(): Promise<GitHubCalls["statuses"]>;
	end(): Promise<void>;
}

export async function openLoadRig(bench: Workbench): Promise<LoadRig> {
	const storage = await bench.startStorage();
	const { connectionString } = storage;
	const [github, client] = [startChild(bench.child("github")), startChild(bench.child("client"))];
	const children = [github, client];
	let posted = 0;

	async function end(): Promise<void> {
		await Promise.all(children.map((child) => child.end()));
		await storage.end();
	}

	async function serve(entry: string, path: string, settings: Readonly<Record<string, string>> = {}) {
		const host = startChild(bench.child("host"), { ...exampleSettings(githubUrl, connectionString), ...settings });
		children.push(host);
		const ask = (question: HostQuestion) => host.ask(question);
		const url = String(await ask({ start: entry }));
		const cpu = async () => Number(await ask({ cpu: true }));
		return {
			url,
			async post(event: ExampleEvent, requests: number, expected: { status: number; text: string }) {
				const [before = "", after = ""] = JSON.stringify(inEventGridSchema({ ...event, id: "{id}" })).split("{id}");
				const question = { url: url + path, before, after, from: posted, requests, inFlight: IN_FLIGHT };
				posted += requests;
				const used = await cpu();
				const { ms, statuses, sample } = await client.ask<ClientAnswer>(question satisfies ClientQuestion);
				const cpuMs = (await cpu()) - used;
				if (statuses[expected.status] !== requests || !sample.includes(expected.text)) {
					throw new Error(`not every answer of ${path} was as expected: ${JSON.stringify(statuses)}, ${sample}`);
				}
				return { "requests a second": (requests * 1000) / ms, "CPU of the host a request, ms": cpuMs / requests };
			},
		};
	}

	let githubUrl = "";
	try {
		githubUrl = await github.ask<string>({ start: {} } satisfies GitHubQuestion);
	} catch (error) {
		await end();
		throw error;
	}
	const answered = async () => (await github.ask<GitHubCalls>({ calls: true } satisfies GitHubQuestion)).statuses;
	return { connectionString, serve, answered, end };
}
