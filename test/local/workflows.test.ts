import { describe, expect, it } from "@jest/globals";
import { listenersTo, titleOf } from "../../src/local/stand-in/workflows.ts";

const dispatch = {
	event_type: "new-data",
	client_payload: { id: "7", data: { count: 3 }, bridge: { key: "the-key" } },
};

const context = {
	github: { event: { action: dispatch.event_type, client_payload: dispatch.client_payload }, ref_name: "main" },
};

const started = (workflow: string, states: Record<string, string> = {}) =>
	listenersTo({ workflows: { "a.yml": workflow }, states }, dispatch.event_type).map((found) => ({
		path: found.path,
		title: titleOf(found, context, dispatch.event_type),
	}));

describe("the workflows that a dispatch starts", () => {
	it.each([
		["an event alone", "on: repository_dispatch"],
		["a list of events", "on: [push, repository_dispatch]"],
		["an event without types", "on:\n  repository_dispatch:"],
		["a list of types", "on:\n  repository_dispatch:\n    types: [old-data, new-data]"],
		["one type", "on:\n  repository_dispatch:\n    types: new-data"],
	])("are those that listen, by %s", (_, text) => {
		expect(started(text)).toEqual([{ path: ".github/workflows/a.yml", title: "new-data" }]);
	});

	it.each([
		["another event", "on: push"],
		["other events", "on: [push, workflow_dispatch]"],
		["another type", "on:\n  repository_dispatch:\n    types: [New-Data]"],
		["nothing", "name: nothing"],
		["a text", "just words"],
		["no YAML", "on: ["],
	])("are not those with %s", (_, text) => {
		expect(started(text)).toEqual([]);
	});

	it("are not those that are disabled", () => {
		expect(started("on: repository_dispatch", { "a.yml": "disabled_manually" })).toEqual([]);
		expect(started("on: repository_dispatch", { "a.yml": "active" })).toHaveLength(1);
	});

	it.each([
		["< github.event.action > (<github.event.client_payload.bridge.key>)", "new-data (the-key)"],
		["Train on < github.event.client_payload.data.count > files", "Train on 3 files"],
		["< github.event.client_payload.nothing.here >", "new-data"],
		["By < github.actor >", "By"],
	])("name their runs as run-name says: %s", (written, title) => {
		const runName = written.replaceAll("<", "${{").replaceAll(">", "}}");
		expect(started(`run-name: ${runName}\non: repository_dispatch`)[0]?.title).toBe(title);
	});
});
