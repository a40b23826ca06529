import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { readHandshakeRules } from "../../src/functions/handshake.ts";
import { webhook } from "../../src/functions/webhook.ts";
import type { EventResult } from "../../src/model.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { type Call, callFunction } from "../helpers/call-function.ts";
import { newNames } from "../helpers/file-storage.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

/** No double holds these, or JavaScript would write them in another way. */
const DATA =
	'{"p_id":7615917337495251231,"run_id":9007199254740993,"neg":-9223372036854775808,"big":1e400,"rate":1.0,"nested":[{"id":12345678901234567890}]}';
const EXTENSIONS =
	'{"claimcheckurl":"https://contosodata.blob.core.windows.net/claims/1.json","part":9007199254740993,"dataschema":"https://contoso.example/s/1"}';
const cloudEvent = (data = DATA, extensions = EXTENSIONS) =>
	`{"specversion":"1.0","id":"e-1","source":"/contoso/app","type":"Contoso.Run","time":"2026-03-14T08:20:00Z","data":${data},${extensions.slice(1)}`;

let fixture: BridgeFixture;
let ledger: TestLedger;
/** What GitHub was sent, as it was sent. */
let bodies: string[];
/** How far the bridge's clock is ahead, in milliseconds. */
let ahead: number;
beforeAll(async () => {
	fixture = await startFixture();
});
beforeEach(async () => {
	bodies = [];
	ahead = 0;
	ledger = await openTestLedger(newNames());
});
afterAll(() => fixture.github.close());

function bridgeWith(routes: readonly object[]): Bridge {
	const listening: typeof fetch = (input, init) => {
		if (typeof init?.body === "string") bodies.push(init.body);
		return fetch(input, init);
	};
	return fixture.bridge(
		{ BRIDGE_ROUTES: JSON.stringify({ routes }) },
		{ fetch: listening, now: () => Date.now() + ahead },
		ledger.names,
	);
}

async function post(bridge: Bridge, body: Call["body"], headers: Record<string, string> = {}) {
	const { status, json } = await callFunction(
		webhook("events", async () => bridge, readHandshakeRules({})),
		{ body, headers },
	);
	return { status, ...(json as { events: EventResult[]; error?: string }) };
}

const to = { repository: "contoso/fraud-model" };

describe("numbers and extension attributes reach the workflow unchanged", () => {
	it("in a request", async () => {
		expect((await post(bridgeWith([{ to }]), `[${cloudEvent()}]`)).status).toBe(200);
		expect(bodies).toEqual([expect.stringContaining(`"data":${DATA},`)]);
		expect(bodies[0]).toContain(`"extensions":${EXTENSIONS},`);
	});

	it("in data that is given as a JSON string", async () => {
		await post(bridgeWith([{ to }]), cloudEvent(JSON.stringify(DATA)));
		expect(bodies).toEqual([expect.stringContaining(`"data":${DATA},`)]);
	});

	it("in data that goes by reference, and beside the reference", async () => {
		const data = `${DATA.slice(0, -1)},"long":"${"x".repeat(70_000)}"}`;
		await post(bridgeWith([{ to }]), cloudEvent(data));
		expect(bodies[0]).toContain(`"data":${DATA.slice(0, DATA.indexOf(',"nested"'))},"reference":{`);
		expect(bodies[0]).toContain(`"extensions":${EXTENSIONS},`);
		const { names } = await ledger.storage.names("payloads/", undefined, ledger.names.payloads);
		expect(names).toHaveLength(1);
		expect(await ledger.blob(names[0] ?? "")).toBe(data);
	});

	it("in a window: in its dispatch, and in its manifest", async () => {
		const bridge = bridgeWith([{ to, coalesce: { quietSeconds: 1, maxSeconds: 1 } }]);
		await post(bridge, `[${cloudEvent()}]`);
		ahead = 60_000;
		await bridge.wake({ lane: "default", wake: 1_000 }, () => {});
		expect(bodies).toEqual([expect.stringContaining(`"data":${DATA},"extensions":${EXTENSIONS}}]`)]);
		const { names } = await ledger.storage.names("manifests/", undefined, ledger.names.payloads);
		expect(await ledger.blob(names[0] ?? "")).toContain(`"data":${DATA},"extensions":${EXTENSIONS}}\n`);
	});

	it("in an event that was rejected, and is replayed after the route was repaired", async () => {
		const rejected = cloudEvent().replace("Contoso.Run", `Contoso.${"x".repeat(100)}`);
		const { events } = await post(bridgeWith([{ to }]), rejected);
		expect(events).toMatchObject([{ outcome: "rejected" }]);
		const bridge = bridgeWith([{ to: { ...to, dispatchType: "run" } }]);
		const { replayed } = await bridge.replay({ key: events[0]?.key ?? "" }, () => {});
		expect(replayed).toMatchObject([{ outcome: "accepted" }]);
		expect(bodies).toEqual([expect.stringContaining(`"data":${DATA},"event_source"`)]);
		expect(bodies[0]).toContain(`"extensions":${EXTENSIONS},`);
	});

	it("in binary mode, whose extensions are headers", async () => {
		const headers = {
			"ce-specversion": "1.0",
			"ce-id": "e-2",
			"ce-source": "/contoso/app",
			"ce-type": "Contoso.Run",
			"ce-time": "2026-03-14T08:20:00Z",
			"ce-subject": "caf%C3%A9",
			"ce-correlationid": "abc",
			"ce-traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
			"content-type": "application/json",
		};
		expect((await post(bridgeWith([{ to }]), DATA, headers)).status).toBe(200);
		expect(bodies).toEqual([expect.stringContaining(`"data":${DATA},`)]);
		const { client_payload } = JSON.parse(bodies[0] ?? "") as { client_payload: object };
		expect(client_payload).toMatchObject({
			id: "e-2",
			subject: "café",
			extensions: { correlationid: "abc" },
			traceparent: headers["ce-traceparent"],
		});
		expect(Object.keys(client_payload)).toHaveLength(10);
	});

	it("not at all in binary mode without a source, but then the dead letter has the headers' attributes", async () => {
		const headers = {
			"ce-specversion": "1.0",
			"ce-id": "e-3",
			"ce-type": "Contoso.Run",
			"ce-correlationid": "abc",
			"content-type": "application/json",
		};
		const bridge = bridgeWith([{ to }]);
		const { status, events } = await post(bridge, DATA, headers);
		expect({ status, events }).toMatchObject({ status: 400, events: [{ id: "e-3", reason: "source is missing" }] });
		const [letter] = await ledger.rows("rejected", "x-");
		expect(Buffer.from(letter?.columns["event"] as Uint8Array).toString()).toBe(
			`{"correlationid":"abc","id":"e-3","specversion":"1.0","type":"Contoso.Run","datacontenttype":"application/json","data":${DATA}}`,
		);
	});

	it("beside an element with a bad byte, which is sent with U+FFFD in its place", async () => {
		for (const bytes of [[0xed, 0xa0, 0xbd], [0xe9]]) {
			const elements = [1, 2, 3].map((n) => cloudEvent().replace("e-1", `e-${bytes.length}${n}`));
			const at = (elements[1] ?? "").indexOf("Contoso.Run");
			const second = Buffer.from(elements[1] ?? "");
			const body = Buffer.concat([
				Buffer.from(`[${elements[0]},`),
				second.subarray(0, at),
				Buffer.from(bytes),
				second.subarray(at),
				Buffer.from(`,${elements[2]}]`),
			]);
			const { status, events } = await post(bridgeWith([{ to }]), body);
			expect(status).toBeLessThan(300);
			expect(events.map(({ outcome }) => outcome)).not.toContain("rejected");
			expect(events).toHaveLength(3);
		}
	});

	it("beside an element that is nested too deeply, which is rejected alone", async () => {
		const deep = cloudEvent(`${"[".repeat(20_000)}${"]".repeat(20_000)}`).replace("e-1", "e-deep");
		const { events } = await post(bridgeWith([{ to }]), `[${deep},${cloudEvent()}]`);
		expect(events).toMatchObject([{ outcome: "rejected" }, { outcome: expect.stringMatching(/dispatched|accepted/) }]);
		expect(bodies).toEqual([expect.stringContaining(`"data":${DATA},`)]);
	});
});
