import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EventGridDeserializer } from "@azure/eventgrid";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { readEvent } from "../../src/event/read-event.ts";
import { toDispatchType } from "../../src/route/route.ts";
import { asCloudEvent, EXAMPLE_EVENTS, inEventGridSchema } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { logLines } from "../helpers/log-lines.ts";

/** Published events lie beside the project where it is developed; a clone of its own has only its own fixtures. */
const folder = join(import.meta.dirname, "../../../shared/samples");
const published = existsSync(folder)
	? readdirSync(folder)
			.filter((file) => file.endsWith(".json"))
			.flatMap((file) =>
				elementsOf(JSON.parse(readFileSync(join(folder, file), "utf8"))).map((element) => ({ file, element })),
			)
	: [];
if (published.length === 0)
	process.stderr.write("published samples: not beside this clone, only the project's own fixtures are read\n");

const own = EXAMPLE_EVENTS.flatMap((event) => [
	{ file: `${event.type}, Event Grid schema`, element: inEventGridSchema(event) },
	{ file: `${event.type}, CloudEvents`, element: asCloudEvent(event) },
]);
const events = [...own, ...published].filter(({ file }) => !file.startsWith("eventgrid-subscription"));

describe("every sample", () => {
	let fixture: BridgeFixture;
	let bridge: Bridge;
	beforeAll(async () => {
		fixture = await startFixture();
		bridge = fixture.bridge();
	});
	afterAll(() => fixture.github.close());

	it.each(events.map(({ file, element }) => [file, element] as const))(
		"%s is read as @azure/eventgrid reads it",
		async (_, element) => {
			const read = readEvent(element);
			if (!read.ok) throw new Error(read.reason);
			const { event } = read;
			const theirs = await deserialize(element);
			expect({ id: event.id, type: event.type, source: event.source, subject: event.subject }).toEqual({
				id: theirs.id,
				type: theirs.type,
				source: theirs.source,
				subject: theirs.subject,
			});
			expect(Date.parse(event.time)).toBe(theirs.time);
			expect(withLowerCaseKeys(event.data)).toEqual(withLowerCaseKeys(theirs.data));
		},
	);

	it.each(events.map(({ file, element }) => [file, element] as const))(
		"%s is dispatched under its own name, or ignored for a reason",
		async (_, element) => {
			const { log } = logLines();
			const before = fixture.github.received.length;
			// Some samples share an id, and would be the same event.
			const [result] = await bridge.accept([{ ...(element as object), id: randomUUID() }], { log });
			const { eventType, type } = element as { eventType?: string; type?: string };
			if (result?.outcome === "ignored") return expect(result.reason).toMatch(/CreateFile|SftpCreate/);
			expect(result).toMatchObject({ outcome: "dispatched" });
			expect(fixture.github.received[before]?.event_type).toBe(toDispatchType(eventType ?? type ?? ""));
		},
	);
});

interface Theirs {
	readonly id: string;
	readonly type: string;
	readonly source: string;
	readonly subject: string;
	/** Epoch milliseconds. */
	readonly time: number;
	readonly data: unknown;
}

async function deserialize(element: unknown): Promise<Theirs> {
	const deserializer = new EventGridDeserializer();
	const { specVersion, ...rest } = element as Record<string, unknown>;
	const input = specVersion === undefined ? rest : { ...rest, specversion: specVersion };
	if ("specversion" in input) {
		const [event] = await deserializer.deserializeCloudEvents(input);
		if (event === undefined) throw new Error("nothing deserialized");
		return { ...event, subject: event.subject ?? "", time: utc(event.time, input["time"]), data: event.data };
	}
	const [event] = await deserializer.deserializeEventGridEvents({
		metadataVersion: "1",
		dataVersion: "",
		topic: "",
		...input,
	});
	if (event === undefined) throw new Error("nothing deserialized");
	const { id, eventType: type, topic: source, subject, data, eventTime } = event as typeof event & { topic: string };
	return { id, type, source, subject, data, time: utc(eventTime, input["eventTime"]) };
}

/** Their Date reads a time without a zone in the machine's own; ours is UTC. */
function utc(time: Date | undefined, text: unknown): number {
	const date = time ?? new Date(Number.NaN);
	const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(String(text));
	return zoned ? date.getTime() : date.getTime() - date.getTimezoneOffset() * 60_000;
}

/** We make Azure ML's keys camelCase, which they leave alone. */
function withLowerCaseKeys(data: unknown): unknown {
	if (typeof data !== "object" || data === null) return data;
	return Object.fromEntries(Object.entries(data).map(([key, value]) => [key.toLowerCase(), value]));
}

function elementsOf(body: unknown): unknown[] {
	return Array.isArray(body) ? body : [body];
}
