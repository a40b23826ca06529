import { resolve, SERVICES } from "../../src/destinations/list.ts";
import { readJson } from "../../src/event/json.ts";
import { readEvent } from "../../src/event/read-event.ts";
import { readRoutes } from "../../src/route/read-routes.ts";
import { idempotencyKey } from "../../src/route/route.ts";
import { createRouter, type Router } from "../../src/route/router.ts";
import { destinations } from "../../support/destinations.ts";
import { answerQuestions } from "../child.ts";

export type EventCpuQuestion =
	| { readonly table: unknown; readonly bodies: readonly string[] }
	| { readonly run: "ours" | "baseline"; readonly rounds: number };

let route: Router;
let bodies: readonly string[] = [];

/** First the routes table and the bodies; then, for each run over all bodies, the CPU microseconds for one body. */
answerQuestions<EventCpuQuestion>((question) => {
	if ("table" in question) return prepare(question.table, question.bodies);
	const work = question.run === "ours" ? toRequests : parse;
	let made = 0;
	const start = process.cpuUsage();
	for (let round = 0; round < question.rounds; round++) for (const body of bodies) made += work(body);
	const { user, system } = process.cpuUsage(start);
	// Also what keeps the work from being optimised away.
	if (made < bodies.length * question.rounds) throw new Error("a body came to nothing");
	return (user + system) / (bodies.length * question.rounds);
});

function prepare(table: unknown, given: readonly string[]): number {
	const read = readRoutes(table, SERVICES);
	if (!read.ok) throw new Error(read.problems.join("\n"));
	route = createRouter(read.routes, resolve);
	bodies = given;
	return bodies.reduce((sum, body) => sum + toRequests(body) - 1, 0);
}

/** What `bridge.ts` does with an event before anything leaves the process. Counts the event and its requests. */
function toRequests(body: string): number {
	const read = readEvent(readJson(body));
	if (!read.ok) throw new Error(read.reason);
	const { event } = read;
	const { matches } = route(event);
	for (const match of matches) {
		const facts = { version: "0.0.0", route: match.route, key: idempotencyKey(event, match.to.id) };
		const built = destinations.build(match.to, event, facts);
		if (!built.ok) throw new Error(built.reason);
	}
	return 1 + matches.length;
}

function parse(body: string): number {
	return JSON.parse(body) === null ? 0 : 1;
}
