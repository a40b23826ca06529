import { writeJson } from "../../event/json.ts";
import { plain } from "../../log.ts";
import type { Io } from "../io.ts";
import { painter } from "../paint.ts";
import type { Explained, RouteVerdict } from "./explain.ts";

export function printExplained(io: Io, explained: readonly Explained[]): void {
	const paint = painter(io);
	for (const [index, one] of explained.entries()) {
		if (index > 0) io.stdout.write("\n");
		if ("rejected" in one) {
			io.stdout.write(
				`${plain(one.id ?? "an event without an id")}\n  ${paint("error", "rejected")}: ${plain(one.rejected)}\n`,
			);
			continue;
		}
		const { id, type, source, subject } = one.event;
		io.stdout.write(`${plain(`${id}  ${type}`)}\n  source  ${plain(source)}\n  subject ${plain(subject)}\n`);
		for (const verdict of one.routes) printVerdict(io, verdict, paint);
		if (!one.routes.some(({ takes }) => takes)) io.stdout.write("  ignored: no route takes it\n");
	}
}

function printVerdict(
	io: Io,
	{ route, takes, to, group, sameAs, failed }: RouteVerdict,
	paint: ReturnType<typeof painter>,
): void {
	if (!takes) {
		io.stdout.write(`  ${paint("warning", "no ")} "${plain(route)}"\n`);
		for (const { condition, reason, ...more } of failed) {
			const found = "found" in more ? `; found ${more.found === null ? "nothing" : writeJson(more.found)}` : "";
			io.stdout.write(`        ${plain(`${condition}: ${reason}${found}`)}\n`);
		}
		return;
	}
	const where = `${to?.repository} as ${to?.dispatchType}${to?.token === undefined ? "" : ` with the token ${to.token}`}`;
	io.stdout.write(`  ${paint("ok", "yes")} "${plain(route)}": to ${plain(where)}\n`);
	if (sameAs !== undefined)
		io.stdout.write(`        the same place as "${plain(sameAs)}": dispatched once, under that name\n`);
	else if (group !== undefined) {
		const { by, quietSeconds, maxSeconds, id } = group;
		io.stdout.write(
			`        gathered by ${by} for ${quietSeconds} to ${maxSeconds} seconds, in the window of group ${id}\n`,
		);
	}
}
