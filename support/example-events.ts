import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { toCloudEvent, toEventGridSchema } from "../src/cli/catalogue/envelope.ts";
import type { BridgeEvent } from "../src/model.ts";

/** A complete event under CloudEvents' names, as the schemas' examples are written. */
export type ExampleEvent = Pick<BridgeEvent, "id" | "type" | "source" | "subject" | "time"> & {
	readonly data: Readonly<Record<string, unknown>>;
};

const folder = join(import.meta.dirname, "../src/event/schemas");

/** The project's own fixtures: the examples in the event schemas, one for each known type. */
export const EXAMPLE_EVENTS: readonly ExampleEvent[] = readdirSync(folder)
	.sort()
	.flatMap((file) => (JSON.parse(readFileSync(join(folder, file), "utf8")) as { examples: ExampleEvent[] }).examples);

/** The example of a type, such as `RunCompleted`. */
export function exampleOf(name: string): ExampleEvent {
	const found = EXAMPLE_EVENTS.find(({ type }) => type.endsWith(`.${name}`));
	if (found === undefined) throw new Error(`no example of ${name}`);
	return found;
}

/** As Event Grid delivers it in its own schema. */
export const inEventGridSchema: (event: ExampleEvent) => Record<string, unknown> = toEventGridSchema;

/** As Event Grid delivers it in CloudEvents 1.0. */
export const asCloudEvent: (event: ExampleEvent) => Record<string, unknown> = toCloudEvent;

/** As the router and the payload see it. */
export function asBridgeEvent(event: ExampleEvent, more: Partial<BridgeEvent> = {}): BridgeEvent {
	return { ...event, attributes: {}, ...more };
}
