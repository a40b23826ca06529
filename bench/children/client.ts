import { Agent } from "node:http";
import { call } from "../../support/call.ts";
import { answerQuestions } from "../child.ts";

export interface ClientQuestion {
	readonly url: string;
	/** The body of each request, around a number that no other request has. */
	readonly before: string;
	readonly after: string;
	/** The first of those numbers. */
	readonly from: number;
	readonly requests: number;
	readonly inFlight: number;
}

export interface ClientAnswer {
	/** From the first request to the last answer. */
	readonly ms: number;
	/** How many answers had each status. */
	readonly statuses: Readonly<Record<string, number>>;
	/** The body of one of the answers. */
	readonly sample: string;
}

const TIMEOUT_MS = 150_000;

/** Posts the requests over kept connections, always as many at once as asked for. */
answerQuestions<ClientQuestion>(async ({ url, before, after, from, requests, inFlight }): Promise<ClientAnswer> => {
	const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
	const signal = AbortSignal.timeout(TIMEOUT_MS);
	const headers = { "content-type": "application/json" };
	const statuses: Record<string, number> = {};
	let sample = "";
	let next = from;

	async function lane(): Promise<void> {
		while (next < from + requests) {
			signal.throwIfAborted();
			const body = `${before}${next++}${after}`;
			const { status, text } = await call(url, { method: "POST", headers, body, agent });
			statuses[status] = (statuses[status] ?? 0) + 1;
			sample = text;
		}
	}

	const start = performance.now();
	await Promise.all(Array.from({ length: inFlight }, lane));
	const ms = performance.now() - start;
	agent.destroy();
	return { ms, statuses, sample };
});
