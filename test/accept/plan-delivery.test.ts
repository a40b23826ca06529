import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { type PlannedDelivery, planDelivery } from "../../src/accept/plan.ts";
import { Settings } from "../../src/config/settings.ts";
import { github } from "../../src/destinations/github/service.ts";
import { openDestinations } from "../../src/destinations/list.ts";
import { readJson } from "../../src/event/json.ts";
import { idempotencyKey } from "../../src/route/route.ts";
import type { Match } from "../../src/route/router.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { asBridgeEvent, exampleOf } from "../../support/example-events.ts";

const to = repositoryDispatch("contoso/fraud-model", "machinelearningservices-runcompleted");
/** GitHub by an app, whose lanes are one for each owner. */
const destinations = openDestinations(
	[github.configure(new Settings({ GITHUB_APP_ID: "1", KEY_VAULT_URL: "https://contoso.vault.azure.net" }), [])],
	{ version: "1.2.3", fetch: globalThis.fetch, now: () => 0, sleep: async () => {}, timeoutMs: 1 },
);
const match: Match = { route: "r", to };
const event = asBridgeEvent(exampleOf("RunCompleted"));
const KB_64 = 64 * 1024;

async function planEvent(more: Partial<typeof event> = {}, routed: Partial<Match> = {}) {
	const kept: { blob: string; content: Buffer }[] = [];
	const store = async (blob: string, content: Buffer) => {
		kept.push({ blob, content });
		return `https://contoso.blob.core.windows.net/grid-dispatch-payloads/${blob}`;
	};
	const options = { version: "1.2.3", destinations, store };
	return { planned: await planDelivery({ ...event, ...more }, { ...match, ...routed }, options), kept };
}

function taken(planned: PlannedDelivery) {
	if ("refusal" in planned) throw new Error(planned.refusal);
	return planned.delivery;
}

const payloadOf = (planned: PlannedDelivery) => {
	const { how } = taken(planned);
	if (!("body" in how)) throw new Error("it joins a window");
	expect(Buffer.byteLength(how.body)).toBeLessThan(KB_64);
	return (JSON.parse(how.body) as { client_payload: { data: Record<string, unknown>; bridge: object } }).client_payload;
};

describe("the delivery of an event", () => {
	it("is the exact request, in the lane of its token, under the key that the workflow sees", async () => {
		const { planned, kept } = await planEvent();
		const key = idempotencyKey(event, to.id);
		const { id, type, source, subject, time } = event;
		expect(taken(planned)).toMatchObject({
			key,
			lane: "app-contoso",
			route: "r",
			to,
			event: { id, type, source, subject, time, run: exampleOf("RunCompleted").data["runId"] },
			how: { body: expect.any(String) },
		});
		expect(payloadOf(planned).bridge).toEqual({ version: "1.2.3", route: "r", key });
		expect(taken(planned)).not.toHaveProperty("blobs");
		expect(kept).toEqual([]);
	});

	it("has no run where the event tells of none", async () => {
		const { planned } = await planEvent({ data: { runId: 7 } });
		expect(taken(planned).event).not.toHaveProperty("run");
	});

	it("goes to the lane of the token that its route names, and asks for that", async () => {
		const { planned } = await planEvent({}, { to: { ...to, token: "Other" } });
		expect(taken(planned)).toMatchObject({ lane: "token-other", to: { token: "Other" } });
	});

	it("sends data that is too large by reference, to a blob that holds it as it would have been sent", async () => {
		const data = { runId: "r", experimentName: "e", long: "x".repeat(KB_64) };
		const { planned, kept } = await planEvent({ data });
		const { key, blobs } = taken(planned);
		const content = Buffer.from(JSON.stringify(data));
		const sha256 = createHash("sha256").update(content).digest("hex");
		// Another content would be another blob: it cannot change what was accepted before.
		const blob = `payloads/${key}-${sha256.slice(0, 16)}.json`;
		expect(kept).toEqual([{ blob, content }]);
		expect(blobs).toEqual([blob]);
		expect(payloadOf(planned).data).toEqual({
			runId: "r",
			experimentName: "e",
			reference: {
				url: `https://contoso.blob.core.windows.net/grid-dispatch-payloads/${blob}`,
				bytes: content.length,
				sha256,
			},
		});
	});

	it.each([
		["an event that is too large even without its data", { subject: "x".repeat(KB_64) }, {}, "65536"],
		["a dispatch type that is too long", {}, { to: { ...to, dispatchType: "t".repeat(101) } }, "101 characters"],
	])("is nothing for %s, for a reason, and no blob is kept", async (_, more, routed, words) => {
		const { planned, kept } = await planEvent(more, routed);
		expect(planned).toMatchObject({ refusal: expect.stringContaining(words) });
		expect(kept).toEqual([]);
	});
});

describe("a delivery that a destination cannot build", () => {
	/** Answers what is built first, second … */
	async function planBuilt(builds: readonly ReturnType<typeof destinations.build>[], routed: Partial<Match> = {}) {
		const asked: Parameters<typeof destinations.build>[] = [];
		const stored: string[] = [];
		const build = (...question: Parameters<typeof destinations.build>) => {
			asked.push(question);
			return builds[asked.length - 1] ?? destinations.build(...question);
		};
		const store = async (blob: string) => {
			stored.push(blob);
			return `https://contoso.blob.core.windows.net/${blob}`;
		};
		const options = { version: "1.2.3", destinations: { ...destinations, build }, store };
		return { planned: await planDelivery(event, { ...match, ...routed }, options), asked, stored };
	}

	it("is not tried by reference where its size is not what is wrong", async () => {
		const { planned, asked, stored } = await planBuilt([{ ok: false, tooLarge: false, reason: "no such input" }]);
		expect(planned).toEqual({ refusal: "no such input" });
		expect([asked.length, stored]).toEqual([1, []]);
	});

	it("has the reason of the last try, where only the real address is too long", async () => {
		const tooLarge = { ok: false, tooLarge: true, reason: "too large" } as const;
		const built = destinations.build(to, event, { version: "1.2.3", route: "r", key: "0".repeat(32) });
		const { planned, stored } = await planBuilt([tooLarge, built, { ...tooLarge, reason: "the address is too long" }]);
		expect(planned).toEqual({ refusal: "the address is too long" });
		expect(stored).toHaveLength(1);
	});

	it("is proven, where it joins a window, with the largest dispatch that the window may need", async () => {
		const { planned, asked } = await planBuilt([], { coalesce: { quietSeconds: 1, maxSeconds: 2 } });
		const { key } = taken(planned);
		const [longest, most] = ["x".repeat(64), Number.MAX_SAFE_INTEGER];
		expect(asked).toEqual([
			[
				to,
				{
					id: "x".repeat(32),
					type: event.type,
					source: "",
					subject: "",
					time: longest,
					attributes: {},
					data: {
						count: most,
						firstTime: longest,
						lastTime: longest,
						totalBytes: Number.MAX_VALUE,
						sample: [],
						manifest: { url: "x".repeat(300), sha256: longest, bytes: most, count: most },
					},
				},
				{ version: "1.2.3", route: "r", key },
			],
		]);
	});
});

describe("numbers that a double cannot hold, and extensions", () => {
	const extensions = readJson('{"part":12345678901234567890}') as NonNullable<typeof event.extensions>;
	const data = readJson('{"runId":7615917337495251231,"rate":1.0,"big":1e400}');
	const how = (planned: PlannedDelivery) => JSON.stringify(taken(planned).how).replaceAll("\\", "");

	it("arrive as they came in the request", async () => {
		const { planned } = await planEvent({ data, extensions });
		expect(how(planned)).toContain('"data":{"runId":7615917337495251231,"rate":1.0,"big":1e400}');
		expect(how(planned)).toContain('"extensions":{"part":12345678901234567890}');
	});

	it("arrive as they came where data goes by reference: in the blob, and beside the reference", async () => {
		const long = { ...(data as object), long: "x".repeat(KB_64) };
		const { planned, kept } = await planEvent({ data: long, extensions });
		expect(kept[0]?.content.toString()).toContain('{"runId":7615917337495251231,"rate":1.0,"big":1e400,"long":"xx');
		expect(how(planned)).toContain('"data":{"runId":7615917337495251231,"rate":1.0,"big":1e400,"reference":{');
		expect(how(planned)).toContain('"extensions":{"part":12345678901234567890}');
	});
});

describe("the delivery of an event of a coalescing route", () => {
	const coalesce = { quietSeconds: 30, maxSeconds: 600, by: "source" } as const;

	it("is a place in the window of its group, with the event as a line", async () => {
		const { planned } = await planEvent({}, { coalesce, to: { ...to, token: "other" } });
		const { id, type, source, subject, time, data } = event;
		expect(taken(planned).how).toEqual({
			group: expect.stringMatching(/^[0-9a-f]{32}$/),
			quietMs: 30_000,
			maxMs: 600_000,
			line: JSON.stringify({ id, type, source, subject, time, data }),
		});
		expect(taken(planned)).toMatchObject({ lane: "token-other", to: { ...to, token: "other" } });
	});

	it("has a key by its group, and so another one than at a route that does not gather", async () => {
		const keyBy = async (more: object, name = "r") =>
			taken((await planEvent({}, { coalesce: { ...coalesce, ...more }, route: name })).planned).key;
		const { planned } = await planEvent({}, { coalesce });
		const { how, key } = taken(planned);
		expect(key).toBe(idempotencyKey(event, "group" in how ? how.group : ""));
		expect(key).not.toBe(idempotencyKey(event, to.id));
		expect(await keyBy({ quietSeconds: 60 })).toBe(key);
		expect(await keyBy({}, "renamed")).not.toBe(key);
	});

	it("says how many events one dispatch may stand for, if its route does", async () => {
		const { planned } = await planEvent({}, { coalesce: { ...coalesce, maxEvents: 500 } });
		expect(taken(planned).how).toMatchObject({ maxEvents: 500 });
	});

	it("is a line of JSON even without data", async () => {
		const { planned } = await planEvent({ data: undefined }, { coalesce });
		const { how } = taken(planned);
		expect("line" in how && JSON.parse(how.line)).toMatchObject({ data: null });
	});

	it("has what else a CloudEvent says of itself in its line, and every digit of its numbers", async () => {
		const { planned } = await planEvent(
			{
				data: readJson('{"big":9007199254740993,"rate":1.0}'),
				extensions: readJson('{"part":1e400}') as object as never,
			},
			{ coalesce },
		);
		const { how } = taken(planned);
		expect("line" in how && how.line).toContain(
			'"data":{"big":9007199254740993,"rate":1.0},"extensions":{"part":1e400}}',
		);
	});

	it.each([
		["nothing for a dispatch type", { type: "Microsoft." }, { dispatchType: "" }, "no dispatch type can be made"],
		["a blank for a dispatch type", { type: "Microsoft. " }, { dispatchType: " " }, "no dispatch type can be made"],
		["too long a dispatch type", { type: `A.${"x".repeat(99)}` }, { dispatchType: "x".repeat(101) }, "101 characters"],
		["too long a type, if a window begins with it", { type: "x".repeat(70_000) }, {}, "client payload would have"],
		["a type that escaping makes too long", { type: '"'.repeat(33_000) }, {}, "client payload would have"],
	])("is nothing for %s, for a reason: its window could never be sent", async (_, more, other, words) => {
		const { planned, kept } = await planEvent(more, { coalesce, to: { ...to, ...other } });
		expect(planned).toMatchObject({ refusal: expect.stringContaining(words) });
		expect(kept).toEqual([]);
	});

	it("may be as large as it likes: the manifest has room", async () => {
		const { planned, kept } = await planEvent({ data: { long: "x".repeat(KB_64) } }, { coalesce });
		expect(planned).toHaveProperty("delivery");
		expect(kept).toEqual([]);
	});
});
