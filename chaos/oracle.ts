import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Outcome } from "../src/model.ts";
import { type Called, call } from "../support/call.ts";
import { createBound } from "./bound.ts";
import type { Claim, Finding, Interval, Told } from "./evidence.ts";
import type { Delivery, Door, Plan } from "./plan.ts";
import { toElement } from "./storm-event.ts";

/**
 * Event Grid, as far as a receiver sees it: delivers until it is answered with success, and knows for certain what was.
 * Source: learn.microsoft.com, "Event Grid message delivery and retry".
 */
export interface Oracle {
	/** Delivers one after the other, each in its time; resolves when every one was answered with success, or for good. */
	run(startAt: number, signal: AbortSignal): Promise<void>;
	/** By the index of the event. */
	readonly told: readonly Told[];
	/** How long the answers with success took, in milliseconds. */
	readonly answeredInMs: readonly number[];
	readonly counts: { requests: number; successes: number; failures: number; repeated: number };
	/** Answers that no bridge may give. */
	readonly findings: readonly Finding[];
}

/** As documented: no answer after that is waited for. */
const TIME_LIMIT_MS = 30_000;
/** Event Grid delays what an endpoint cannot take; after an outage all of it would come at once. */
const UNDER_WAY = 48;
/** The first steps of the ladder, a hundred times as fast. */
const LADDER_MS = [100, 300, 600, 3_000, 6_000];
const SUCCESSES = [200, 201, 202, 203, 204];
/** What is answered so is never delivered again, by a webhook. */
const FINAL = [400, 401, 403, 413];

/** One sending of a delivery: where, and with what done to the times of its events. */
interface Sending {
	readonly delivery: Delivery;
	readonly door: Door;
	readonly time: (time: string) => string;
	readonly signal: AbortSignal;
}

/**
 * @param up the addresses of the bridges that are up
 * @param random from 0 up to 1
 */
export function createOracle(plan: Plan, up: () => readonly string[], random: () => number): Oracle {
	const agent = new Agent({ keepAlive: true });
	const pass = createTurnstile(UNDER_WAY);
	const notes = createNotes(plan);
	const { counts } = notes;

	/** One request; whether it need not be repeated. */
	async function sendOnce(sending: Sending): Promise<boolean> {
		if (sending.signal.aborted) return false;
		const from = Date.now();
		counts.requests += 1;
		const urls = up();
		const url = urls[Math.floor(random() * urls.length)];
		// While all of them are down, a connection is refused.
		const answer = url === undefined ? undefined : await post(url, sending, plan, agent);
		return notes.take(sending, url, answer, { from, to: Date.now() });
	}

	async function send(sending: Sending): Promise<void> {
		const { signal } = sending;
		for (let tries = 0; !signal.aborted; tries++) {
			if (await pass(() => sendOnce(sending))) return;
			counts.repeated += 1;
			await sleep(LADDER_MS[Math.min(tries, LADDER_MS.length - 1)], undefined, { signal }).catch(() => {});
		}
	}

	async function deliver(delivery: Delivery, startAt: number, signal: AbortSignal): Promise<void> {
		await sleep(Math.max(0, startAt + delivery.at - Date.now()), undefined, { signal }).catch(() => {});
		const first = { delivery, door: delivery.door, time: asItIs, signal };
		await Promise.all(delivery.twice ? [send(first), send(first)] : [send(first)]);
		if (delivery.again === undefined) return;
		const { afterMs, door } = delivery.again;
		await sleep(afterMs, undefined, { signal }).catch(() => {});
		// The Event Grid trigger writes times anew.
		await send({ delivery, door, time: door === "webhook" ? asItIs : anew, signal });
	}

	return {
		async run(startAt, signal) {
			await Promise.all(plan.deliveries.map((delivery) => deliver(delivery, startAt, signal)));
			agent.destroy();
		},
		...notes,
	};
}

const asItIs = (time: string) => time;
const anew = (time: string) => time.replace(/Z$/, "+00:00");

/** Undefined where no answer came. */
async function post(
	url: string,
	{ delivery, door, time, signal }: Sending,
	plan: Plan,
	agent: Agent,
): Promise<Called | undefined> {
	const elements = delivery.events.map((index) => {
		const event = plan.events[index];
		return event === undefined ? {} : toElement(event, delivery.schema, time(event.time));
	});
	const single = delivery.schema === "cloud-events" && elements.length === 1;
	const type = delivery.schema === "cloud-events" ? "application/cloudevents+json" : "application/json";
	const limit = createBound(TIME_LIMIT_MS, signal);
	const path = door === "webhook" ? "/api/events" : "/runtime/webhooks/eventgrid?functionName=eventGrid";
	return call(`${url}${path}`, {
		method: "POST",
		headers: { "content-type": `${type}; charset=utf-8`, "aeg-event-type": "Notification" },
		body: JSON.stringify(single ? elements[0] : elements),
		signal: limit.signal,
		agent,
	})
		.catch(() => undefined)
		.finally(limit.clear);
}

/** What Event Grid writes down of the answers. */
function createNotes(plan: Plan) {
	const told = plan.events.map(() => ({
		acknowledgedAt: undefined as number | undefined,
		refused: false,
		deliveries: [] as Interval[],
		claims: [] as Claim[],
	}));
	const answeredInMs: number[] = [];
	const counts = { requests: 0, successes: 0, failures: 0, repeated: 0 };
	const findings: Finding[] = [];

	function hear({ text }: Called, of: Delivery, at: number): void {
		const { events } = JSON.parse(text) as { events: { id: string; outcome: Outcome; key: string | null }[] };
		const indices = new Map(of.events.map((index) => [plan.events[index]?.id, index]));
		for (const { id, outcome, key } of events) {
			told[indices.get(id) ?? -1]?.claims.push({ outcome, key: key ?? "", at });
		}
	}

	function judge({ status, text }: Called, of: Delivery, door: Door): void {
		const invalid = of.events.every((index) => plan.events[index]?.invalid === true);
		const expected = door === "webhook" ? (invalid ? [400, 503] : [503]) : [500];
		if (expected.includes(status)) return;
		const what = `${door} answered ${status}: ${text.slice(0, 300)}`;
		findings.push({ rule: "answers that Event Grid understands", what });
	}

	/** Whether the delivery need not be repeated. */
	function take(
		{ delivery, door, signal }: Sending,
		url: string | undefined,
		answer: Called | undefined,
		{ from, to }: Interval,
	): boolean {
		const facts = delivery.events.flatMap((index) => told[index] ?? []);
		for (const { deliveries } of facts) deliveries.push({ from, to });
		if (signal.aborted) return false;
		if (to - from >= TIME_LIMIT_MS) {
			const what = `${url} did not answer ${facts.length} events from ${new Date(from).toISOString()} on (${door})`;
			findings.push({ rule: "an answer comes within 30 s", what });
		}
		const success = answer !== undefined && SUCCESSES.includes(answer.status);
		counts[success ? "successes" : "failures"] += 1;
		if (success) {
			answeredInMs.push(to - from);
			for (const event of facts) event.acknowledgedAt ??= to;
			if (door === "webhook") hear(answer, delivery, to);
			return true;
		}
		if (answer !== undefined) judge(answer, delivery, door);
		if (answer === undefined || door !== "webhook" || !FINAL.includes(answer.status)) return false;
		for (const event of facts) event.refused = true;
		return true;
	}

	return { told, answeredInMs, counts, findings, take };
}

/** Lets so many in at once; the others wait for their turn. */
function createTurnstile(places: number): <T>(work: () => Promise<T>) => Promise<T> {
	const waiting: (() => void)[] = [];
	let free = places;

	return async (work) => {
		if (free > 0) free -= 1;
		// A place that becomes free is handed over.
		else await new Promise<void>((resolve) => waiting.push(resolve));
		try {
			return await work();
		} finally {
			const next = waiting.shift();
			if (next === undefined) free += 1;
			else next();
		}
	};
}
