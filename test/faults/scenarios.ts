import type { Bridge } from "../../src/bridge.ts";
import type { BridgeWorld } from "../helpers/bridge-world.ts";

const TO = { repository: "contoso/fraud-model" };

/** The routes of all scenarios: orders one by one, readings gathered; nothing takes the rest. */
export const ROUTES = JSON.stringify({
	routes: [
		{ name: "orders", filter: { includedEventTypes: ["Contoso.Order"] }, to: TO },
		{
			name: "readings",
			filter: { includedEventTypes: ["Contoso.Reading"] },
			to: TO,
			coalesce: { quietSeconds: 30, maxSeconds: 600 },
		},
	],
});

export function event(type: "Order" | "Reading" | "Other", id: string, data: unknown = { id }) {
	const source = "/contoso";
	return { specversion: "1.0", id, type: `Contoso.${type}`, source, subject: `of/${id}`, time: TIME, data };
}

const TIME = "2026-05-26T11:59:00Z";
/** Its text does not fit into a row. */
const LARGE = { text: "x".repeat(62_000) };

/** What happens to a bridge, up to where nothing more comes in. */
export type Scenario = (world: BridgeWorld) => Promise<unknown>;

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
	"single events, one after the other": async (world) => {
		await world.deliver([event("Order", "one")]);
		await world.deliver([event("Order", "two")]);
	},
	"a request with a large event, a rejected one and one that no route takes": async (world) => {
		const invalid = { ...event("Order", "invalid"), time: "yesterday" };
		await world.deliver([event("Order", "large", LARGE), invalid, event("Other", "other"), event("Order", "small")]);
	},
	"a window": async (world) => {
		await world.deliver([event("Reading", "first")]);
		await world.deliver([event("Reading", "second", LARGE), event("Reading", "third")]);
		await world.wakeAll();
		await world.deliver([event("Reading", "late")]);
	},
	"an answer that asks to slow down": async (world) => {
		world.github.script.set([{ status: 429, headers: { "retry-after": "30" } }]);
		await world.deliver([event("Order", "paused")]);
		await world.deliver([event("Order", "behind it")]);
	},
	"a dead letter that is replayed": async (world) => {
		world.github.script.set([{ status: 422 }]);
		await world.deliver([event("Order", "refused")]);
		await world.wakeAll();
		await world.ask(({ replay }) => replay({ state: "dead" }, world.log.log));
	},
	"dead letters that are discarded": async (world) => {
		world.github.script.set([{ status: 422 }]);
		await world.deliver([event("Order", "refused", LARGE)]);
		await world.deliver([{ ...event("Order", "invalid", LARGE), time: "yesterday" }]);
		await world.wakeAll();
		// What fails for one is told, and is done when it is asked for again.
		await world.ask((bridge) => bridge.discard({}, world.log.log));
		const { discarded } = await world.ask((bridge) => bridge.discard({}, world.log.log));
		if (discarded.some(({ outcome }) => outcome === "refused")) throw new Error(JSON.stringify(discarded));
		const states = (await world.ask(allReceipts)).map(({ state }) => state);
		if (states.some((state) => state !== "discarded")) throw new Error(`receipts are ${states}`);
		const { deadLetters } = await world.ask((bridge) => bridge.health());
		if (deadLetters > 0) throw new Error(`${deadLetters} dead letters are counted`);
	},
	"health, receipts and maintenance, while something waits": async (world) => {
		await world.deliver([event("Reading", "gathered")]);
		world.github.script.set([{ status: 429, headers: { "retry-after": "60" } }]);
		await world.deliver([event("Order", "waiting")]);
		await world.ask(({ health }) => health());
		await world.ask((bridge) => bridge.receipts({ limit: 50 }));
		await world.ask(({ upkeep }) => upkeep(world.log.log));
		await world.wakeAll();
		const receipts = await world.ask(allReceipts);
		const shown = receipts.map(({ event: { id } }) => id);
		if (!shown.includes("gathered") || !shown.includes("waiting")) throw new Error(`receipts show ${shown}`);
	},
};

/** Where storage fails, what was found is answered, and that it is not all. */
async function allReceipts(bridge: Bridge) {
	const { receipts, complete } = await bridge.receipts({ limit: 50 });
	if (!complete) throw new Error("the receipts are not complete");
	return receipts;
}
