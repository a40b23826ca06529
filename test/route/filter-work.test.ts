import { describe, expect, it } from "@jest/globals";
import { resolve } from "../../src/destinations/list.ts";
import type { BridgeEvent } from "../../src/model.ts";
import type { Route } from "../../src/route/route.ts";
import { createRouter } from "../../src/route/router.ts";
import { asBridgeEvent, exampleOf } from "../../support/example-events.ts";

const LONG = "X".repeat(100_000);

/** A hundred routes that ask for the same in every way that a filter can, and none of which takes the event. */
const routes = Array.from({ length: 100 }, (_, index): Route => {
	const values = Array.from({ length: 5 }, (_, at) => `never ${index} ${at}`);
	return {
		name: `route ${index}`,
		source: "/subscriptions",
		filter: {
			includedEventTypes: ["Contoso.Long"],
			subjectBeginsWith: "/x",
			enableAdvancedFilteringOnArrays: true,
			advancedFilters: [
				{ operatorType: "StringNotIn", key: "data.text", values },
				{ operatorType: "StringNotContains", key: "Data.Text", values },
				{ operatorType: "StringNotEndsWith", key: "subject", values },
				{ operatorType: "StringNotBeginsWith", key: "data.list", values },
				{ operatorType: "StringIn", key: `data.missing${index}`, values },
			],
		},
		to: { repository: "contoso/model" },
	};
});

/** How many characters of an event are put into lower case, for so many of these routes. */
function workFor(count: number, event: BridgeEvent): number {
	let characters = 0;
	const counting = (text: string) => {
		characters += text.length;
		return text.toLowerCase();
	};
	const routed = createRouter(routes.slice(0, count), resolve, counting)(event);
	expect(routed.matches).toEqual([]);
	expect("reason" in routed && routed.reason).toContain("not data.missing0 StringIn");
	return characters;
}

describe("the work of filtering", () => {
	const data = {
		TEXT: LONG,
		list: [`a${LONG}`, `b${LONG}`],
		...Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`k${at}`, at])),
	};
	const event = asBridgeEvent(exampleOf("BlobCreated"), {
		type: "Contoso.Long",
		subject: `/x${LONG}`,
		source: `/subscriptions/${LONG}`,
		data,
	});

	it("puts each text and each name into lower case once, however many routes ask", () => {
		const texts = [event.type, event.subject, event.source, data.TEXT, ...data.list];
		const characters = [...texts, ...Object.keys(data)].reduce((sum, text) => sum + text.length, 0);
		expect(workFor(1, event)).toBe(characters);
		expect(workFor(100, event)).toBe(characters);
	});
});
