import { plain } from "../../log.ts";
import { colour, colourOf } from "../colour.ts";
import type { Io } from "../io.ts";
import type { Summary } from "./tally.ts";

/** So few are named one by one. */
const FEW = 10;

/** Prints what became of what was sent. */
export function printSummary(io: Io, name: string, summary: Summary): void {
	const { sent, deliveries, outcomes, reasons, seconds, rate, events } = summary;
	const paint = colour(io.stdout, io.env);
	const say = (text: string) => io.stdout.write(`${text}\n`);
	if (events.length <= FEW) {
		for (const { id, outcome, route, key } of events) {
			const facts = [plain(id ?? "without an id"), route === null ? "" : `route "${plain(route)}"`, plain(key ?? "")];
			say([paint(colourOf(outcome), plain(outcome).padEnd(11)), ...facts.filter((fact) => fact !== "")].join("  "));
		}
	}
	const requests = deliveries === sent ? "" : ` in ${deliveries} requests`;
	say(`sent ${sent} event${sent === 1 ? "" : "s"}${requests} to ${name} in ${seconds.toFixed(1)} s, ${rate} a second`);
	const counts = Object.entries(outcomes).map(
		([outcome, count]) => `${paint(colourOf(outcome), plain(outcome))} ${count}`,
	);
	if (counts.length > 0) say(`  ${counts.join(", ")}`);
	for (const [reason, count] of Object.entries(reasons)) say(`  ${count} × ${plain(reason)}`);
	const [only] = events;
	if (sent === 1 && only?.id && only.key !== null) say(`see its story: npx grid-dispatch trace ${plain(only.id)}`);
}
