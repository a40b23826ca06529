import { Command } from "commander";
import { decodeText } from "../../event/json.ts";
import { plain } from "../../log.ts";
import type { Route } from "../../route/route.ts";
import { toCloudEvent } from "../catalogue/envelope.ts";
import { CliError } from "../cli-error.ts";
import { eventType, routeTypes } from "../event-types.ts";
import type { Io } from "../io.ts";
import { examples } from "../options.ts";
import { printJson } from "../print.ts";
import { loadEvents, loadRoutes, loadTable, readEvents } from "../read-file.ts";
import { checkTable } from "../routes/check-table.ts";
import { diffTables, printDiff } from "../routes/diff-tables.ts";
import { type Explained, explainRequests, printExplained } from "../routes/explain.ts";
import { printFindings, summaryOf } from "../routes/findings.ts";

/** `grid-dispatch routes`: what a routes table says, before it is deployed. Nothing is sent anywhere. */
export function routesCommand(io: Io): Command {
	const command = new Command("routes").description("check a routes table, and try it with events");
	command.addCommand(checkCommand(io));
	command.addCommand(explainCommand(io));
	command.addCommand(diffCommand(io));
	return command.addHelpText(
		"after",
		examples(
			"npx grid-dispatch routes check",
			"npx grid-dispatch routes explain",
			"npx grid-dispatch routes diff old.json new.json",
		),
	);
}

function checkCommand(io: Io): Command {
	return new Command("check")
		.description("report errors and likely mistakes in a routes table")
		.argument("[file]", "the table (default: BRIDGE_ROUTES, else routes.json)")
		.option("--strict", "fail on warnings as well")
		.option("--json", "print the findings as JSON")
		.addHelpText(
			"after",
			examples("npx grid-dispatch routes check", "npx grid-dispatch routes check infra/routes.json --strict --json"),
		)
		.action((file: string | undefined, { strict, json }: { strict?: boolean; json?: boolean }) => {
			const { name, table } = loadTable(io, file);
			const findings = checkTable(table);
			const failed = findings.some(({ verdict }) => verdict === "error" || (verdict === "warning" && strict));
			if (json) printJson(io, { file: name, ok: !failed, findings });
			else printFindings(io, name, findings);
			if (failed) throw new CliError(`${name}: ${summaryOf(findings)}`, 1);
		});
}

function explainCommand(io: Io): Command {
	return new Command("explain")
		.description("show which route matches an event, what it would send, and why the other routes do not match")
		.argument("[event file]", 'events in either schema: one, an array, or one on each line; "-" reads them from stdin')
		.option("--routes <file>", "the table (default: BRIDGE_ROUTES, else routes.json)")
		.option("--json", "print it as JSON")
		.addHelpText(
			"after",
			examples(
				"npx grid-dispatch routes explain",
				"npx grid-dispatch routes explain event.json",
				"npx grid-dispatch send RunCompleted --print | npx grid-dispatch routes explain -",
				"npx grid-dispatch routes explain events.jsonl --routes routes.json --json",
			),
		)
		.action(async (file: string | undefined, { routes, json }: { routes?: string; json?: boolean }) => {
			const table = loadRoutes(io, routes, "--routes");
			const explained: Explained[] = [];
			for (const event of await eventsToExplain(file, table, io)) explained.push(await explainRequests(event, table));
			if (json) printJson(io, { events: explained });
			else printExplained(io, explained);
		});
}

/** Of a file, of stdin, or the examples of the types that the table names: what is being explained is said. */
async function eventsToExplain(
	file: string | undefined,
	table: Parameters<typeof exampleEvents>[0],
	io: Io,
): Promise<readonly unknown[]> {
	if (file === "-") {
		const text = decodeText((await io.readInput?.()) ?? new Uint8Array());
		if (text === undefined) throw new CliError("stdin is not text (UTF-8); pipe JSON events into it");
		if (text.trim() === "") throw new CliError("stdin is empty; pipe JSON events into it, or give a file");
		return readEvents(text, "stdin");
	}
	if (file !== undefined) return loadEvents(file);
	const { events, without } = exampleEvents(table);
	io.stderr.write("These are example events of the types in the table. To explain your own event, give its file.\n");
	if (without.length > 0) {
		io.stderr.write(`${plain(`There is no example of ${without.join(", ")}: give the file of a recorded event.`)}\n`);
	}
	return events;
}

function diffCommand(io: Io): Command {
	return new Command("diff")
		.description("compare two tables, and show which events would go to another destination")
		.argument("<old>", "the table before")
		.argument("<new>", "the table after")
		.option("--events <file>", "recorded events: one, an array, or one on each line")
		.option("--json", "print it as JSON")
		.addHelpText(
			"after",
			examples(
				"npx grid-dispatch routes diff old.json new.json",
				"npx grid-dispatch routes diff old.json new.json --events recorded.json",
			),
		)
		.action((before: string, after: string, { events, json }: { events?: string; json?: boolean }) => {
			const recorded = events === undefined ? undefined : loadEvents(events, "--events");
			const diff = diffTables(loadRoutes(io, before), loadRoutes(io, after), recorded);
			if (json) printJson(io, diff);
			else printDiff(io, diff);
		});
}

interface ExampleEvents {
	/** One of each type that a route names, as CloudEvents. */
	readonly events: readonly unknown[];
	/** Types that routes name, and of which there is no example. */
	readonly without: readonly string[];
}

/** For a table that names no type. */
const USUAL = ["Microsoft.MachineLearningServices.RunCompleted", "Microsoft.Storage.BlobCreated"];

/** The events that a table is about: the examples of the types' schemas. */
function exampleEvents(routes: readonly Route[]): ExampleEvents {
	const named = new Set(routes.map(routeTypes).flatMap(({ named: isNamed, types }) => (isNamed ? types : [])));
	const types = named.size === 0 ? USUAL : [...named];
	const examples = types.flatMap((type) => eventType(type)?.example ?? []);
	return { events: examples.map(toCloudEvent), without: types.filter((type) => eventType(type) === undefined) };
}
