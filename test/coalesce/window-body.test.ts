import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { windowBody } from "../../src/coalesce/close-window.ts";
import { summarise } from "../../src/coalesce/manifest.ts";
import { destinations, repositoryDispatch } from "../../support/destinations.ts";
import { exampleOf } from "../../support/example-events.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const KB_64 = 64 * 1024;
const url = `https://contoso.blob.core.windows.net/grid-dispatch-payloads/manifests/${KEY}.jsonl`;

interface Payload {
	readonly id: string;
	readonly subject: string;
	readonly bridge: object;
	readonly data: {
		readonly count: number;
		readonly events?: unknown[];
		readonly manifest?: object;
		readonly sample: unknown[];
	};
}

function bodyOf(events: readonly object[]): { body: string; payload: Payload; bytes: number } {
	const lines = events.map((event) => JSON.stringify(event));
	const bytes = Buffer.byteLength(`${lines.join("\n")}\n`);
	const manifest = { url, sha256: "0".repeat(64), bytes, count: lines.length };
	const to = repositoryDispatch("contoso/fraud-model", "storage-blobcreated");
	const { body, refused } = windowBody(
		{ key: KEY, route: "r", to, summary: summarise(lines), lines, manifest },
		{ version: "1.2.3", destinations },
	);
	expect(refused).toBeUndefined();
	const { event_type, client_payload } = JSON.parse(body) as { event_type: string; client_payload: Payload };
	expect(event_type).toBe("storage-blobcreated");
	expect(Object.keys(client_payload).length).toBeLessThanOrEqual(10);
	return { body, payload: client_payload, bytes };
}

const { id, type, source, subject, time, data } = exampleOf("BlobCreated");
const blob = (index: number, more: object = {}) => ({
	id: `${id}-${index}`,
	type,
	source,
	subject: `${subject}${index}`,
	time,
	data,
	...more,
});

describe("the body of a window's one dispatch", () => {
	it("is that of an event whose data sums the others up, and holds them where they fit", () => {
		const events = [blob(1), blob(2)];
		const { payload } = bodyOf(events);
		expect(payload).toMatchObject({
			id: KEY,
			type,
			source,
			subject,
			time,
			bridge: { version: "1.2.3", route: "r", key: KEY },
			data: { count: 2, totalBytes: 2 * Number(data["contentLength"]), firstTime: time, lastTime: time },
		});
		expect(payload.data.events).toEqual(events);
		expect(payload.data).not.toHaveProperty("manifest");
	});

	it("says where they are where they do not fit", () => {
		const events = Array.from({ length: 500 }, (_, index) => blob(index));
		const { payload, bytes } = bodyOf(events);
		expect(payload.data).toMatchObject({ count: 500, manifest: { url, sha256: "0".repeat(64), bytes, count: 500 } });
		expect(payload.data).not.toHaveProperty("events");
		expect(payload.data.sample).toHaveLength(5);
	});

	it("keeps to the counts and the manifest where the events' own texts are too long", () => {
		const { payload } = bodyOf([blob(1, { subject: "s".repeat(70_000) }), blob(2, { subject: "s".repeat(80_000) })]);
		expect(payload).toMatchObject({
			subject: "",
			source: "",
			type,
			time,
			data: { count: 2, sample: [], manifest: { count: 2 } },
		});
	});

	it("is under 64 KB whatever is gathered, and leaves no event out", () => {
		const text = fc.oneof(
			fc.string(),
			fc.string({ unit: "binary", maxLength: 300 }),
			fc.constantFrom('"'.repeat(9_000), "漢".repeat(9_000), "x".repeat(40_000)),
		);
		const any = fc.record({
			id: text,
			type: fc.string({ maxLength: 300 }),
			source: text,
			subject: text,
			time: fc.constant(time),
			data: fc.oneof(fc.jsonValue(), text),
		});
		fc.assert(
			fc.property(fc.array(any, { minLength: 1, maxLength: 40 }), (events) => {
				const { body, payload } = bodyOf(events);
				expect(Buffer.byteLength(body)).toBeLessThan(KB_64);
				expect(payload.data.count).toBe(events.length);
				expect(payload.data.manifest === undefined).toBe(payload.data.events !== undefined);
				if (payload.data.events !== undefined) expect(payload.data.events).toEqual(JSON.parse(JSON.stringify(events)));
			}),
			{ numRuns: 300 },
		);
	});
});
