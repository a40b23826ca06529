import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { RawResponse } from "../../../src/config/bounded-fetch.ts";
import type { Client, RunsAnswer, SeenRun } from "../../../src/destinations/destination.ts";
import { createGitHub, type GitHubOptions } from "../../../src/destinations/github/github.ts";
import { fixedToken } from "../../../src/destinations/github/tokens.ts";
import { type GitHubStandIn, startGitHubStandIn } from "../../../src/local/github-stand-in.ts";
import { repositoryDispatch } from "../../../support/destinations.ts";

export const TO = repositoryDispatch("contoso/fraud-model", "t");

const TOKEN = "a-token";
const NO_LIMITS = { perHour: 1e9, contentPerMinute: 1e9, contentPerHour: 1e9 };

const closing: (() => Promise<unknown>)[] = [];

/** Ends all servers. Each file of tests that starts one calls it after each test. */
export async function closeAll(): Promise<void> {
	await Promise.all(closing.splice(0).map((close) => close()));
}

/** The client, over real HTTP. */
export function clientOf(apiUrl: string, more: Partial<GitHubOptions> = {}): Client {
	return createGitHub({
		apiUrl,
		tokens: fixedToken(TOKEN),
		version: "9.9.9",
		fetch: globalThis.fetch,
		now: Date.now,
		sleep: async () => {},
		timeoutMs: 10_000,
		...more,
	});
}

export async function startStandIn(): Promise<GitHubStandIn> {
	const github = await startGitHubStandIn({ tokens: [TOKEN], limits: NO_LIMITS });
	closing.push(() => github.close());
	return github;
}

/** What is asked of GitHub. */
export interface Sent {
	readonly method: string;
	readonly url: string;
	readonly token: string;
	readonly body: RequestInit["body"];
	readonly signal: AbortSignal;
}

/** A `fetch` whose requests are answered here. */
export function fetchBy(answer: (sent: Sent) => Promise<RawResponse>): typeof globalThis.fetch {
	return async (input, init) => {
		const { method, url, headers, signal } = new Request(input, init);
		const token = headers.get("authorization")?.replace("Bearer ", "") ?? "";
		const answered = await answer({ method, url, token, body: init?.body, signal: init?.signal ?? signal });
		// As bytes: a text would be given a content type.
		const bytes = answered.text === "" ? null : Buffer.from(answered.text);
		return new Response(bytes, { status: answered.status, headers: answered.headers });
	};
}

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

interface Asked {
	readonly method: string;
	readonly url: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
}

/** A server in GitHub's place, what it was asked, and a client that calls it. */
export async function serverAt(answer: Listener) {
	const asked: Asked[] = [];
	const server = createServer(async (request, response) => {
		const { method = "", url = "", headers } = request;
		asked.push({ method, url, headers, body: await text(request) });
		answer(request, response);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	closing.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	return { asked, url, client: clientOf(url) };
}

/** Answers so. @param body a text as it stands, anything else as JSON */
export const json =
	(status: number, body: unknown, headers: Record<string, string> = {}): Listener =>
	(_, response) =>
		response
			.writeHead(status, { "content-type": "application/json", ...headers })
			.end(typeof body === "string" ? body : JSON.stringify(body));

export const answering = (...answer: Parameters<typeof json>) => serverAt(json(...answer));

/** The key of the run below. */
export const KEY = "1".repeat(32);

/** A run as GitHub tells of it. */
export const run = (more: object = {}) => ({
	id: 7,
	name: "Train",
	path: ".github/workflows/train.yml",
	display_title: `train (${KEY})`,
	event: "repository_dispatch",
	status: "queued",
	conclusion: null,
	run_attempt: 1,
	created_at: new Date().toISOString(),
	html_url: "https://github.com/contoso/fraud-model/actions/runs/7",
	...more,
});

export const list = (...runs: unknown[]) => ({ total_count: runs.length, workflow_runs: runs });

export function runsOf(answer: RunsAnswer): readonly SeenRun[] {
	if (answer.kind !== "runs") throw new Error(`no runs: ${JSON.stringify(answer)}`);
	return answer.runs;
}
