import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readAll, type Server, serve } from "../../src/local/serve.ts";
import { type Copy, copyRepository, exampleIn } from "./copy.ts";

const TYPE = "Contoso.Labelling.BatchApproved";
const FILE = "event/schemas/contoso-labelling-batchapproved.schema.json";
const ROUTES = {
	routes: [
		{
			name: "approved",
			filter: { includedEventTypes: [TYPE], subjectBeginsWith: "batches/" },
			to: { repository: "a/b" },
		},
	],
};

let copy: Copy;
let receiver: Server;
const got: Readonly<Record<string, unknown>>[] = [];

beforeAll(async () => {
	receiver = await serve(0, async (request, response) => {
		got.push(...(JSON.parse((await readAll(request)).toString("utf8")) as typeof got));
		response.writeHead(200, { "content-type": "application/json" }).end("{}");
	});
	copy = copyRepository();
	copy.write(`src/${FILE}`, exampleIn("json", TYPE));
	copy.write("routes.json", JSON.stringify(ROUTES));
	await copy.docs();
});
afterAll(async () => {
	copy.remove();
	await receiver.close();
});

/** What the copy makes of an event. */
async function explained(event: object): Promise<unknown> {
	copy.write("event.json", JSON.stringify(event));
	return JSON.parse(await copy.cli("routes", "explain", "event.json", "--json"));
}

describe("a new event type, once its schema lies in its folder", () => {
	it("has changed no other file of src/", () => {
		expect(copy.changed()).toEqual([FILE]);
	});

	it("is sent by its short name, and each event is another one that is valid and routed", async () => {
		await copy.cli("send", "BatchApproved", "--count", "2", "--url", receiver.url);
		expect(got).toMatchObject([
			{ eventType: TYPE, topic: "/contoso/labelling", subject: "batches/street-signs-00001" },
			{ eventType: TYPE, data: { batchId: "street-signs-00002", labels: 1200 } },
		]);
		expect(new Set(got.map(({ id }) => id)).size).toBe(2);
		expect(await explained(got)).toMatchObject({
			events: got.map(() => ({
				routes: [{ takes: true, to: { repository: "a/b", dispatchType: "contoso-labelling-batchapproved" } }],
			})),
		});
	});

	it("is refused without what its schema requires", async () => {
		const [event] = (JSON.parse(exampleIn("json", TYPE)) as { examples: [object] }).examples;
		expect(await explained({ specversion: "1.0", ...event, data: { labels: 3 } })).toMatchObject({
			events: [{ rejected: expect.stringContaining("data.batchId is missing") }],
		});
	});

	it("is known to routes check, with its subjects and the members of its data", async () => {
		const keyed = (key: string) => ({
			includedEventTypes: [TYPE],
			advancedFilters: [{ operatorType: "StringIn", key, values: ["x"] }],
		});
		const filters = [
			{ includedEventTypes: [TYPE], subjectBeginsWith: "models/" },
			{ includedEventTypes: [`${TYPE}s`] },
			keyed("batchId"),
			keyed("data.batchId.x"),
		];
		const routes = filters.map((filter, index) => ({ filter, to: { repository: `a/${index}` } }));
		copy.write("wrong.json", JSON.stringify({ routes }));
		const { findings } = JSON.parse(await copy.cli("routes", "check", "wrong.json", "--json"));
		expect(findings).toMatchObject([
			{ verdict: "error", repair: 'such subjects begin with "batches/"' },
			{ verdict: "warning", repair: `if you mean "${TYPE}", write that` },
			{ verdict: "warning", repair: 'write "data.batchId"' },
			{ verdict: "error", problem: expect.stringContaining("data.batchId is a single value") },
		]);
		expect(await copy.cli("routes", "check", "routes.json")).toBe("routes.json: nothing to repair\n");
	});

	it("is documented, with its payload", () => {
		expect(copy.read("README.md")).toContain(`| \`${TYPE}\` | \`contoso-labelling-batchapproved\` |`);
		expect(copy.read("docs/events.md")).toContain("| The labels of a batch were approved. | `batches/{batchId}` |");
		const payload = JSON.parse(copy.read("docs/client-payloads/contoso-labelling-batchapproved.json"));
		expect(payload).toMatchObject({ type: TYPE, data: { batchId: "street-signs" } });
	});
});
