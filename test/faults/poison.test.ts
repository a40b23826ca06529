import { describe, expect, it } from "@jest/globals";
import type { Row, Write } from "../../src/storage/storage.ts";
import { arrivals } from "../helpers/arrivals.ts";
import { type BridgeWorld, startWorld } from "../helpers/bridge-world.ts";
import { IDS, type Kind, POISONS, type Poison, type Scene } from "./poisons.ts";

const LANE = "default";
const NO_LANE = "rejected";
/** Its text does not fit into a row. */
const LARGE = { text: "x".repeat(62_000) };
const PAUSE_SECONDS = 1_200;
/** A day of waiting, half an hour at a time, and some more. */
const MOST_WAKE_UPS = 100;

const toFraud = { repository: "contoso/fraud-model" };
const coalesce = { quietSeconds: 30, maxSeconds: 600 };
const only = (type: string) => ({ includedEventTypes: [`Contoso.${type}`] });
const ROUTES = JSON.stringify({
	routes: [
		{ name: "orders", filter: only("Order"), to: toFraud },
		{ name: "audits", filter: only("Audit"), to: { repository: "contoso/audit" } },
		{ name: "readings", filter: only("Reading"), to: toFraud, coalesce },
		{ name: "samples", filter: only("Sample"), to: { ...toFraud, dispatchType: "samples" }, coalesce },
	],
});

function event(type: string, id: string, more: object = {}) {
	const time = "2026-05-26T11:59:00Z";
	return {
		specversion: "1.0",
		id,
		type: `Contoso.${type}`,
		source: "/contoso",
		subject: `of/${id}`,
		time,
		data: { id },
		...more,
	};
}

/** A lane that GitHub has paused, and in which something of each kind waits. */
async function setScene(): Promise<BridgeWorld> {
	const world = await startWorld({ settings: { BRIDGE_ROUTES: ROUTES } });
	const { script } = world.github;
	await world.deliver([event("Order", "done")]);
	script.set([{ status: 422, times: 2 }]);
	await world.deliver([event("Order", IDS.dead)]);
	await world.deliver([event("Order", IDS.alsoDead)]);
	await world.deliver([IDS.rejected, IDS.alsoRejected].map((id) => event("Order", id, { time: "yesterday" })));
	script.set([{ status: 429, headers: { "retry-after": String(PAUSE_SECONDS) } }]);
	await world.deliver([event("Order", "paused")]);
	await world.deliver([
		event("Order", IDS.small),
		event("Order", IDS.large, { data: LARGE }),
		event("Audit", IDS.audit),
	]);
	await world.deliver([event("Reading", IDS.first), event("Reading", IDS.second, { data: LARGE })]);
	await world.deliver([event("Sample", IDS.other), event("Sample", IDS.another)]);
	return world;
}

const BEGINNINGS: Record<Kind, string> = {
	state: "a-state",
	window: "b-",
	delivery: "e-",
	member: "m-",
	receipt: "r-",
	"dead letter": "x-",
	rejected: "x-",
};

function sceneOf(world: BridgeWorld): Scene {
	const { ledger } = world;
	const laneOf = (kind: Kind) => (kind === "rejected" ? NO_LANE : LANE);

	async function row(kind: Kind, id: string): Promise<Row> {
		const rows = await ledger.rows(laneOf(kind), BEGINNINGS[kind]);
		if (kind === "state") return found(rows[0], kind, id);
		if (kind === "receipt")
			return found(
				rows.find(({ columns }) => columns["id"] === id),
				kind,
				id,
			);
		const receipts = await ledger.rows(laneOf(kind), "r-");
		const { columns: of, rowKey: receipt } = found(
			receipts.find(({ columns }) => columns["id"] === id),
			"receipt",
			id,
		);
		// A window, open or closed, is its members' by what they are for.
		const isOf = ({ columns }: Row) =>
			kind === "window" || columns["closing"] !== undefined
				? columns["route"] === of["route"]
				: columns["receipt"] === receipt;
		return found(rows.find(isOf), kind, id);
	}

	async function change(kind: Kind, id: string, changed: Record<string, unknown>): Promise<void> {
		const { rowKey, columns } = await row(kind, id);
		const write: Write = { kind: "replace", rowKey, columns: { ...columns, ...(changed as Row["columns"]) } };
		await ledger.storage.commit(laneOf(kind), [write]);
	}

	return {
		world,
		row,
		change,
		async removeRow(kind, id) {
			const { rowKey } = await row(kind, id);
			await ledger.storage.commit(laneOf(kind), [{ kind: "delete", rowKey }]);
		},
		async removeBlob(kind, id, column) {
			await ledger.storage.remove(blobIn(await row(kind, id), column));
		},
		async writeBlob(kind, id, column, text) {
			await ledger.storage.write(blobIn(await row(kind, id), column), Buffer.from(text), "text/plain");
		},
		message: (text) => world.put(text),
	};
}

function blobIn({ rowKey, columns }: Row, column: string): string {
	if (columns[column] === undefined) throw new Error(`${rowKey} is not the address of a blob as its ${column}`);
	return String(columns[column]);
}

function found(row: Row | undefined, kind: string, id: string): Row {
	if (row === undefined) throw new Error(`there is no ${kind} of ${id}`);
	return row;
}

/** Everything that an operator may look at is there to be looked at. */
async function look({ bridge, log }: BridgeWorld) {
	await bridge.health();
	await bridge.upkeep(log.log);
	await bridge.receipts({ limit: 50, find: IDS.small });
	return (await bridge.receipts({ limit: 200 })).receipts;
}

describe("poison", () => {
	it.each(POISONS.map((poison) => [poison.name, poison] as const))(
		"%s leaves its neighbours alone",
		async (_, poison) => {
			const world = await setScene();
			try {
				await takePoison(world, poison);
			} finally {
				await world.close();
			}
		},
	);
});

async function takePoison(world: BridgeWorld, { when, act, victims, isTraceless, mayRepeat }: Poison): Promise<void> {
	const { ledger, github, log } = world;
	while (when === "closed" && (await ledger.rows(LANE, "b-")).length > 0) await world.wakeAll(1);
	await act(sceneOf(world));
	await look(world);
	// More comes in, to the same lane and the same windows.
	await world.deliver([event("Order", "fresh-order"), event("Reading", "fresh-reading")]);
	const isQueueEmpty = await world.wakeAll(MOST_WAKE_UPS);
	await world.ask(({ replay }) => replay({ state: "dead" }, log.log));
	await world.ask(({ replay }) => replay({ state: "rejected" }, log.log));
	await world.wakeAll(MOST_WAKE_UPS);
	const receipts = await look(world);

	const arrived = await arrivals(github.received, ledger.blob);
	const rejected: readonly string[] = [IDS.rejected, IDS.alsoRejected];
	const waited = Object.values(IDS).filter((id) => !rejected.includes(id));
	const ends: Record<string, unknown> = { isQueueEmpty };
	const expected: Record<string, unknown> = { isQueueEmpty: true };
	for (const id of [...waited, "done", "paused", "fresh-order", "fresh-reading"]) {
		const times = arrived.get(id)?.length ?? 0;
		const isVictim = victims.includes(id) && (times === 0 || mayRepeat === true);
		const isExcused = isVictim && (times > 0 || isTraceless === true || isSeen(receipts, arrived, id));
		ends[id] = isExcused || times === 1 ? "has arrived" : `arrived ${times} times; ${describeReceipt(receipts, id)}`;
		expected[id] = "has arrived";
	}
	for (const id of rejected) {
		ends[id] = receipts.find(({ event: of }) => of.id === id)?.state;
		expected[id] = "rejected";
	}
	expect(ends).toEqual(expected);
}

type Receipts = Awaited<ReturnType<typeof look>>;

/**
 * A dead letter with a reason stands for it: its own, its window's, or one that has lost the event that it belongs to. Or
 * its window's manifest has a line in its place, under its key.
 */
function isSeen(receipts: Receipts, arrived: ReadonlyMap<string, unknown>, id: string): boolean {
	const own = receipts.find(({ event: of }) => of.id === id);
	const isDead = receipts.some(
		({ key, event: of, state, reason }) =>
			(of.id === id || of.id === "" || key === own?.window) && reason && /dead|rejected/.test(state),
	);
	return isDead || arrived.has(own?.key ?? "");
}

function describeReceipt(receipts: Receipts, id: string): string {
	const receipt = receipts.find(({ event: of }) => of.id === id);
	return receipt === undefined ? "no receipt" : `its receipt says ${receipt.state}: ${receipt.reason}`;
}
