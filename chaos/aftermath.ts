import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { GitHubStandIn } from "../src/local/github-stand-in.ts";
import { postJson } from "../support/call.ts";
import { readArrival } from "./arrival.ts";
import type { Finding } from "./evidence.ts";
import { SOURCES } from "./routes.ts";

const WITHIN_MS = 20_000;

/** After the storm an event still flows, in every lane and through every bridge. Sent and seen past the judges. */
export async function freshEvents(urls: readonly string[], github: GitHubStandIn): Promise<readonly Finding[]> {
	const findings: Finding[] = [];
	for (const [index, url] of urls.entries()) {
		const events = [
			event(`fresh-run-${index}`, "Microsoft.MachineLearningServices.RunCompleted", SOURCES.ml),
			event(`fresh-model-${index}`, "Microsoft.MachineLearningServices.ModelRegistered", SOURCES.ml),
			event(`fresh-order-${index}`, "Contoso.Orders.Placed", SOURCES.orders),
			event(`fresh-invoice-${index}`, "Contoso.Orders.Invoiced", SOURCES.orders),
			event(`fresh-shipment-${index}`, "Contoso.Orders.Shipped", SOURCES.orders),
		];
		const { status } = await postJson(`${url}/api/events`, events);
		if (status > 202) findings.push({ rule: "a fresh event still flows", what: `${url} answered ${status}` });
		const end = Date.now() + WITHIN_MS;
		let missing: readonly string[] = [];
		do {
			const ids = new Set(github.received.slice(-200).map((taken) => readArrival(taken).event.id));
			missing = events.filter(({ id }) => !ids.has(id)).map(({ id }) => id);
			if (missing.length > 0) await sleep(100);
		} while (missing.length > 0 && Date.now() < end);
		for (const id of missing) findings.push({ rule: "a fresh event still flows", what: `${id} did not arrive` });
	}
	return findings;
}

function event(id: string, type: string, source: string) {
	const data = { experimentName: "fresh", runId: id, modelName: id, modelVersion: "1" };
	return { specversion: "1.0", id, type, source, subject: `fresh/${id}`, time: "2026-03-15T08:00:00Z", data };
}

/** No token is ever printed. */
export function tokensInLogs(folder: string, tokens: readonly string[]): readonly Finding[] {
	return readAll(folder).flatMap(({ file, text }) =>
		tokens.some((token) => text.includes(token)) ? [{ rule: "no token is ever printed", what: file }] : [],
	);
}

/** GitHub does not know a new token of an App at once. That is no reason to park a lane, which would wake a person. */
export function lanesParkedByYoungTokens(folder: string): readonly Finding[] {
	return readAll(folder).flatMap(({ file, text }) =>
		[...text.matchAll(/^.*\blane +parked +app-.*$/gm)].map(([line]) => ({
			rule: "a young token parks no lane",
			what: `${file}: ${line}`,
		})),
	);
}

function readAll(folder: string) {
	return readdirSync(folder).map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }));
}
