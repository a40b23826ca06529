import { describe, expect, it } from "@jest/globals";
import { type Coalesce, groupId } from "../../src/route/route.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { asBridgeEvent, exampleOf } from "../../support/example-events.ts";

const to = repositoryDispatch("contoso/fraud-model", "storage-blobcreated");
const account = (name: string) =>
	`/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/${name}`;
const blob = (container: string, path: string) => `/blobServices/default/containers/${container}/blobs/${path}`;

function group(by: Coalesce["by"], source: string, subject: string, route = "r", destination = to): string {
	const event = asBridgeEvent(exampleOf("BlobCreated"), { source, subject });
	return groupId(event, route, destination, { quietSeconds: 1, maxSeconds: 2, ...(by === undefined ? {} : { by }) });
}

const one: [string, string] = [account("one"), blob("in", "2026/05/a.csv")];
const events: Record<string, [string, string]> = {
	"another file": [account("one"), blob("in", "2026/05/b.csv")],
	"another directory": [account("one"), blob("in", "2026/06/a.csv")],
	"a directory below": [account("one"), blob("in", "2026/05/26/a.csv")],
	"another container": [account("one"), blob("out", "2026/05/a.csv")],
	"a container in another case": [account("one"), blob("IN", "2026/05/a.csv")],
	"a source in another case": [account("ONE"), blob("in", "2026/05/a.csv")],
	"another source": [account("two"), blob("in", "2026/05/a.csv")],
};

describe("a group of events that become one dispatch", () => {
	it.each<[Coalesce["by"], readonly string[]]>([
		[undefined, Object.keys(events)],
		["route", Object.keys(events)],
		[
			"source",
			[
				"another file",
				"another directory",
				"a directory below",
				"another container",
				"a container in another case",
				"a source in another case",
			],
		],
		["container", ["another file", "another directory", "a directory below", "a source in another case"]],
		["directory", ["another file", "a source in another case"]],
	])("gathers by %s", (by, gathered) => {
		const with_ = Object.entries(events).filter(([, event]) => group(by, ...event) === group(by, ...one));
		expect(with_.map(([name]) => name)).toEqual(gathered);
	});

	it("is one route's, and one destination's, whose repository has no case", () => {
		const base = group("source", ...one);
		expect(group("source", ...one, "another route")).not.toBe(base);
		expect(group("source", ...one, "r", repositoryDispatch("contoso/fraud-model", "other"))).not.toBe(base);
		expect(group("source", ...one, "r", repositoryDispatch("contoso/other", "storage-blobcreated"))).not.toBe(base);
		expect(group("source", ...one, "r", { ...to, repository: "Contoso/Fraud-Model", token: "other" })).toBe(base);
	});

	it("is the same from version to version, since windows are open while the bridge is updated", () => {
		expect(group(undefined, ...one)).toBe("6f7a77086e135247f21eeb40c8402a70");
		expect(group("source", ...one)).toBe("d47fb7b8c76be90dcb16dc2be5adab1e");
		expect(group("container", ...one)).toBe("41db5bc90ec79412a200364d5f39aebb");
		expect(group("directory", ...one)).toBe("7993c9d716b5db8b9d148376648481be");
		expect(group("container", one[0], "experiments/e/runs/1")).toBe("5a3860f17659225d7d84984f85ced2e7");
	});

	it("is gathered by container and directory for subjects that have neither, too", () => {
		expect(group("container", account("one"), "experiments/e/runs/1")).toBe(group("container", account("one"), "x"));
		expect(group("directory", account("one"), "experiments/e/runs/1")).toBe(
			group("directory", account("one"), "experiments/e/runs/2"),
		);
		expect(group("directory", account("one"), "x")).toBe(group("directory", account("one"), "y"));
	});

	it("has a container where Event Grid names it, with or without the slash before, and nowhere else", () => {
		const of = (subject: string) => group("container", account("one"), subject);
		const none = of("x");
		const inner = of(blob("inner", "a"));
		expect(inner).not.toBe(none);
		expect(of(blob("inner", "a").slice(1))).toBe(inner);
		expect(of(blob("in", "a"))).not.toBe(inner);
		expect(of(`x${blob("inner", "a")}`)).toBe(none);
	});

	it("has a name that fits into a row's key", () => {
		expect(group("directory", ...one)).toMatch(/^[0-9a-f]{32}$/);
	});
});
