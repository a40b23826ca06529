import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { leaseBlob } from "../../src/ledger/lane-lease.ts";
import { ROWS } from "../../src/ledger/rows.ts";
import type { ShownReceipt } from "../../src/operate/show-receipts.ts";
import type { Columns, Write } from "../../src/storage/storage.ts";
import { type BridgeWorld, startWorld } from "../helpers/bridge-world.ts";

/**
 * What a bridge of version 0.1.0 has left in its storage, as that version itself has written it:
 * - the lane `default` is paused after a 502, and has a closed gate: `parked` waits for it, `slowed` and three others wait
 *   for their turn, `large` with its request in a blob; `dead` is a dead letter, `dispatched` is done
 * - the lane `token-other` is paused: `named` waits, the process has died when a window with `closed-1` and `closed-2` was
 *   closed and its members were not completed, `joined-after` has come after that, and `gathering` is in another window
 */
interface Left {
	/** Epoch milliseconds. */
	readonly now: number;
	readonly messages: readonly object[];
	readonly lanes: Readonly<Record<string, readonly { readonly rowKey: string; readonly columns: LeftColumns }[]>>;
	readonly blobs: Readonly<Record<string, string>>;
}
type LeftColumns = Readonly<Record<string, string | number | { readonly utf8: string } | { readonly base64: string }>>;

const text = readFileSync(join(import.meta.dirname, "rows-0.1.0.json"), "utf8");
const left = JSON.parse(text.replace("FILL", "x".repeat(62_000))) as Left;

const ROUTES = [
	{ name: "open", filter: { includedEventTypes: ["Contoso.Open"] }, to: { repository: "Contoso/Fraud-Model" } },
	{
		name: "closed",
		filter: { includedEventTypes: ["Contoso.Closed"] },
		to: { repository: "contoso/Closed", dispatchType: "closed" },
	},
	{
		name: "named",
		filter: { includedEventTypes: ["Contoso.Named"] },
		to: { repository: "contoso/named", token: "other" },
	},
	{
		name: "gathered",
		filter: { includedEventTypes: ["Contoso.Gathered"] },
		to: { repository: "contoso/fraud-model", dispatchType: "gathered", token: "other" },
		coalesce: { by: "source", quietSeconds: 30, maxSeconds: 600 },
	},
];
const CLOSED_WINDOW = "90ddc981660e2a3f356a98a405f9cc25";

let world: BridgeWorld;
beforeEach(async () => {
	world = await startWorld({ settings: { BRIDGE_ROUTES: JSON.stringify({ routes: ROUTES }) } });
});
afterEach(() => world.close());

/** Writes what was left into the world's storage, and sets its clock. */
async function upgrade(): Promise<void> {
	const { storage } = world.ledger;
	for (const [blob, content] of Object.entries(left.blobs)) {
		await storage.write(blob, Buffer.from(content), "application/json");
	}
	for (const [lane, rows] of Object.entries(left.lanes)) {
		await storage.commit(
			lane,
			rows.map(({ rowKey, columns }): Write => ({ kind: "insert", rowKey, columns: toColumns(columns) })),
		);
		// The lease of the process that died is there, and has ended.
		await storage.release(leaseBlob(lane), String(await storage.lease(leaseBlob(lane), 15)));
	}
	for (const message of left.messages) await world.put(JSON.stringify(message));
	world.now = left.now;
}

function toColumns(columns: LeftColumns): Columns {
	const toValue = (value: LeftColumns[string]) => {
		if (typeof value !== "object") return value;
		return "utf8" in value ? Buffer.from(value.utf8) : Buffer.from(value.base64, "base64");
	};
	return Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, toValue(value)]));
}

const event = (type: string, id: string, source = "/contoso") => ({
	specversion: "1.0",
	id,
	type,
	source,
	subject: `s/${id}`,
	time: new Date(world.now).toISOString(),
	data: { contentLength: 1, id },
});

interface Payload {
	readonly id: string;
	readonly data: { readonly events?: readonly { readonly id: string }[] };
}

/** The ids of the events that GitHub has been given, those of a window together, in the order of their names. */
const given = () =>
	world.github.received
		.map(({ client_payload }) => client_payload as unknown as Payload)
		.map(({ id, data }) => data.events?.map((one) => one.id).join(" + ") ?? id)
		.sort();

async function receipts(): Promise<ReadonlyMap<string, ShownReceipt>> {
	const { receipts: all, problems } = await world.bridge.receipts({ limit: 100 });
	expect(problems).toEqual([]);
	return new Map(all.map((receipt) => [receipt.event.id, receipt]));
}

/** What waits in storage still. */
async function owed(): Promise<readonly string[]> {
	const rows = await Promise.all(Object.keys(left.lanes).map((lane) => world.ledger.rows(lane)));
	const kinds = [ROWS.entries, ROWS.windows, { from: "m-", to: "m." }];
	return rows
		.flat()
		.map(({ rowKey }) => rowKey)
		.filter((rowKey) => kinds.some(({ from, to }) => rowKey >= from && rowKey < to));
}

describe("what a bridge of version 0.1.0 has left", () => {
	it("is shown before anything is delivered, with where it goes and what it waits for", async () => {
		await upgrade();
		const found = await receipts();
		const waiting = { attempts: expect.any(Array), acceptedAt: expect.any(String) };
		expect(found.get("parked")).toMatchObject({
			...waiting,
			state: "parked",
			reason: expect.stringContaining("there is no such repository"),
			to: { id: "contoso/closed#closed", repository: "contoso/Closed", dispatchType: "closed" },
		});
		expect(found.get("slowed")).toMatchObject({
			...waiting,
			state: "paused",
			attempts: [{ status: 429 }, { status: 502 }],
			to: { id: "contoso/fraud-model#contoso-open", repository: "Contoso/Fraud-Model", dispatchType: "contoso-open" },
		});
		expect(found.get("dead")).toMatchObject({ state: "dead", to: { id: "contoso/fraud-model#contoso-open" } });
		expect(found.get("dispatched")).toMatchObject({ state: "dispatched" });
		expect(found.get("gathering")).toMatchObject({ state: "coalescing", to: { id: "contoso/fraud-model#gathered" } });
		const { waiting: count, windows, deadLetters, lanes } = await world.bridge.health();
		expect({ count, windows, deadLetters }).toEqual({ count: 7, windows: 2, deadLetters: 1 });
		expect(lanes).toContainEqual(expect.objectContaining({ lane: "default", parkedDestinations: 1 }));
	});

	it("arrives, each of it once, and with whom it was gathered, old and new", async () => {
		await upgrade();
		await world.deliver([
			event("Contoso.Gathered", "new"),
			event("Contoso.Gathered", "new-elsewhere", "/contoso/other"),
			event("Contoso.Open", "new-open"),
		]);
		expect(await world.wakeAll()).toBe(true);
		expect(given()).toEqual([
			"closed-1 + closed-2",
			"gathering + new-elsewhere",
			"joined-after + new",
			"large",
			"named",
			"new-open",
			"parked",
			"slowed",
			"uncertain",
			"waiting",
		]);
		expect(await owed()).toEqual([]);
		const found = await receipts();
		for (const id of ["large", "named", "new-open", "parked", "slowed", "uncertain", "waiting", CLOSED_WINDOW]) {
			expect(found.get(id)).toMatchObject({ state: "dispatched", to: { id: expect.stringContaining("#") } });
		}
		for (const id of ["closed-1", "closed-2", "joined-after", "new", "gathering", "new-elsewhere"]) {
			expect(found.get(id)).toMatchObject({ state: "coalesced", to: { id: "contoso/fraud-model#gathered" } });
		}
		expect(found.get("closed-1")?.window).toBe(CLOSED_WINDOW);
		expect(found.get("new")?.window).toBe(found.get("joined-after")?.window);
		expect((await world.bridge.health()).waiting).toBe(0);
	});

	it("is sent as it was written, and no earlier than its pause and its breaker allow", async () => {
		await upgrade();
		await world.wakeAll();
		const bodies = Object.values(left.lanes).flatMap((rows) =>
			rows.flatMap(({ rowKey, columns: { body } }) => {
				return rowKey.startsWith("e-") && typeof body === "object" && "utf8" in body ? [JSON.parse(body.utf8)] : [];
			}),
		);
		const [large] = Object.entries(left.blobs).flatMap(([name, content]) =>
			name.startsWith("requests/") ? [JSON.parse(content)] : [],
		);
		expect(bodies).toHaveLength(6);
		const sent = world.github.received.map(({ event_type, client_payload }) => ({ event_type, client_payload }));
		expect(sent).toEqual(expect.arrayContaining([...bodies, large]));
		const dispatchedAt = async (id: string) => Date.parse((await receipts()).get(id)?.finishedAt ?? "");
		expect(await dispatchedAt("slowed")).toBeGreaterThanOrEqual(left.now + 58_000);
		expect(await dispatchedAt("parked")).toBeGreaterThanOrEqual(left.now + 50_000);
		expect(await dispatchedAt("named")).toBeGreaterThanOrEqual(Date.parse("2026-05-26T12:10:04Z"));
	});

	it("stays parked behind its breaker, and its neighbours do not, while its repository is still closed", async () => {
		await upgrade();
		world.github.script.set({ status: 404, repository: "contoso/closed", times: 5 });
		expect(await world.wakeAll()).toBe(true);
		const receipt = (await receipts()).get("parked");
		expect(receipt).toMatchObject({ state: "dispatched", attempts: Array(7).fill(expect.anything()) });
		expect(given().filter((id) => id === "parked")).toHaveLength(1);
		const finishedAt = (id: string) => receipts().then((all) => Date.parse(all.get(id)?.finishedAt ?? ""));
		expect(await finishedAt("waiting")).toBeLessThan(await finishedAt("parked"));
	});

	it("is replayed where it is a dead letter", async () => {
		await upgrade();
		const key = (await receipts()).get("dead")?.key ?? "";
		const { replayed } = await world.bridge.replay({ key }, world.log.log);
		expect(replayed).toMatchObject([{ key }]);
		expect(await world.wakeAll()).toBe(true);
		expect(given().filter((id) => id === "dead")).toHaveLength(1);
		expect((await receipts()).get("dead")).toMatchObject({
			state: "dispatched",
			to: { id: "contoso/fraud-model#contoso-open", repository: "Contoso/Fraud-Model" },
		});
		expect((await world.bridge.health()).deadLetters).toBe(0);
	});
});

describe("a receipt whose destination has columns of its own, as in version 0.1.0", () => {
	/** Writes a row's destination as 0.1.0 did. */
	async function age(lane: string, beginning: string): Promise<void> {
		for (const { rowKey, columns } of await world.ledger.rows(lane, beginning)) {
			const { to, partitionKey: _, timestamp: __, ...others } = columns;
			const { repository, dispatchType } = JSON.parse(String(to)) as { repository: string; dispatchType: string };
			const aged = { ...others, repository, dispatchType };
			await world.ledger.storage.commit(lane, [{ kind: "replace", rowKey, columns: aged }]);
		}
	}

	it("is met by its event when that is delivered again: nothing is dispatched twice", async () => {
		const [done, waits, joins] = [
			event("Contoso.Open", "done"),
			event("Contoso.Open", "waits"),
			event("Contoso.Gathered", "joins"),
		];
		const first = await world.deliver([done]);
		world.github.script.set({ status: 503, headers: { "retry-after": "60" } });
		await world.deliver([waits, joins]);
		for (const beginning of ["r-", "e-"]) await age("default", beginning);
		for (const beginning of ["r-", "b-"]) await age("token-other", beginning);

		const again = await world.deliver([done, waits, joins]);
		expect(again).toMatchObject([
			{ outcome: "duplicate", key: first[0]?.key, reason: "it was dispatched before" },
			{ outcome: "accepted" },
			{ outcome: "accepted" },
		]);
		expect(await world.wakeAll()).toBe(true);
		expect(given()).toEqual(["done", "joins", "waits"]);
		expect((await receipts()).get("done")?.to).toEqual({
			id: "contoso/fraud-model#contoso-open",
			repository: "Contoso/Fraud-Model",
			dispatchType: "contoso-open",
		});
		expect((await world.deliver([waits, joins])).map(({ outcome }) => outcome)).toEqual(["duplicate", "duplicate"]);
	});
});
