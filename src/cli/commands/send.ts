import { randomInt } from "node:crypto";
import { Argument, Command, Option } from "commander";
import { writeJson } from "../../event/json.ts";
import { plainInJson } from "../../log.ts";
import { createAsk } from "../ask.ts";
import { SCHEMAS } from "../catalogue/envelope.ts";
import { createWorld } from "../catalogue/world.ts";
import { CliError } from "../cli-error.ts";
import { playHandshakes, printHandshakes } from "../handshakes.ts";
import type { Io } from "../io.ts";
import { type BridgeFlags, commandFor, DEFAULT_URL, examples, readNumber } from "../options.ts";
import { indentJson, printJson } from "../print.ts";
import { planDeliveries, printSummary, sendAll } from "../send/deliveries.ts";
import { openDoor, targetOf } from "../send/open-door.ts";
import { prepareEvents, type SendFlags } from "../send/prepare-events.ts";

const MOST_EVENTS = 100_000;

/** `grid-dispatch send`: realistic or recorded events, through the same doors as Event Grid's. */
export function sendCommand(io: Io, newSeed: () => number = () => randomInt(2 ** 32)): Command {
	return new Command("send")
		.description("send realistic events of any known type, or recorded ones, as Event Grid delivers them")
		.addArgument(
			new Argument("[type]", "a known event type: RunCompleted, storage-blobcreated or Microsoft.Storage.BlobCreated"),
		)
		.addOption(new Option("--schema <schema>", "the envelope of the event").choices(SCHEMAS).default("eventgrid"))
		.option("--count <n>", "how many events to send", readNumber(1, MOST_EVENTS), 1)
		.option("--burst <n>", "how many requests to send at the same time", readNumber(1, 1000), 1)
		.option("--duplicates <n>", "how many more times to send each request", readNumber(0, 1000), 0)
		.option("--batch <n>", "how many events to put into one request", readNumber(1, 5000), 1)
		.option("--set <path=value...>", "values to set, such as data.runId=train-7 subject=models/churn:3")
		.option("--blob <url>", "the event of this blob: its address sets the url, the subject and the storage account")
		.option("--seed <n>", "the same number generates the same events, but with new times", readNumber(0, 2 ** 32 - 1))
		.option("--file <path>", "send recorded events in either schema: one, an array, or one on each line")
		.option("--print", "print the events as JSON, and send nothing")
		.option("--url <url>", `the bridge to send to (default: ${DEFAULT_URL})`)
		.option("--to <url>", "instead of --url: a deployed app, or the complete address of any webhook")
		.option("--trigger", "send to the Event Grid trigger of a local host, not to /api/events")
		.option("--topic <endpoint>", "send to an Event Grid custom topic; its key is read from EVENT_GRID_TOPIC_KEY")
		.option("--handshake", "send both handshakes of an event subscription, and show the answers")
		.option("--key <key>", "the function key of the webhook; safer in GRID_DISPATCH_KEY")
		.option("--json", "print the summary as JSON")
		.addHelpText(
			"after",
			`${examples(
				"npx grid-dispatch send RunCompleted",
				"npx grid-dispatch send RunCompleted --set data.runId=train-7 data.experimentName=churn",
				"npx grid-dispatch send storage-blobcreated --count 1000 --batch 50 --burst 4 --schema cloudevents",
				"npx grid-dispatch send ModelRegistered --duplicates 3 --burst 4",
				"npx grid-dispatch send --blob https://contosodata.blob.core.windows.net/training/march.csv",
				"npx grid-dispatch send RunCompleted --print",
				"npx grid-dispatch send --file events.jsonl --trigger",
				"npx grid-dispatch send RunCompleted --to https://contoso-bridge.azurewebsites.net",
				"npx grid-dispatch send RunCompleted --topic https://contoso.westeurope-1.eventgrid.azure.net/api/events",
				"npx grid-dispatch send --handshake",
			)}\nWithout EVENT_GRID_TOPIC_KEY, --topic signs in with the account of "az login".\nA webhook that Microsoft Entra protects gets the bearer token in GRID_DISPATCH_TOKEN.\n`,
		)
		.action(async (type: string | undefined, flags: SendFlags) => {
			checkChoice(type, flags);
			const seed = flags.seed ?? newSeed();
			if (flags.handshake) return handshake(flags, seed, io);
			const elements = prepareEvents(type, flags, seed, io);
			if (flags.print) return printEvents(elements, io);
			const door = await openDoor(flags, io);
			const summary = await sendAll(door, planDeliveries(elements, flags), flags.burst, io);
			if (flags.json) printJson(io, { to: door.name, ...summary });
			else printSummary(io, door.name, summary, (words) => commandFor(words, bridgeFlags(flags)));
			if (io.signal?.aborted === true) throw new CliError("stopped before all events were sent");
			if (summary.failed > 0) {
				const { failed, deliveries } = summary;
				throw new CliError(
					deliveries === 1 ? "the request was not accepted" : `${failed} of ${deliveries} requests were not accepted`,
				);
			}
		});
}

function checkChoice(type: string | undefined, { file, handshake, blob, print }: SendFlags): void {
	const chosen = [type ?? blob, file, handshake].filter((one) => one !== undefined);
	if (chosen.length !== 1)
		throw new CliError("give exactly one of these: an event type, --blob, --file or --handshake", 2);
	if (print && handshake) throw new CliError("--print works only with events, not with --handshake", 2);
}

/** One event, or an array of them: what `send --file` and `routes explain` read. */
function printEvents(elements: readonly unknown[], { stdout }: Io): void {
	const json = writeJson(elements.length === 1 ? elements[0] : elements);
	stdout.write(`${plainInJson(indentJson(json))}\n`);
}

/** The bridge that events were sent to, for the commands that ask it what became of them. */
function bridgeFlags({ to, url, key }: SendFlags): BridgeFlags {
	const address = to ?? url;
	return { url: address && new URL(address).origin, key };
}

async function handshake(flags: SendFlags, seed: number, io: Io): Promise<void> {
	if (flags.topic !== undefined) throw new CliError("--handshake works only with a webhook, not with a topic", 2);
	const { dice, workspace: topic } = createWorld(seed, io.now);
	const { url, key, token } = targetOf(flags, io);
	const time = new Date(io.now()).toISOString();
	const played = await playHandshakes(createAsk(io), { url, key, token, code: dice.uuid(), topic, time });
	if (flags.json) printJson(io, { handshakes: played });
	else printHandshakes(io, url, played);
	const refused = played.filter(({ ok }) => !ok).length;
	if (refused > 0) throw new CliError(`${refused} of ${played.length} handshakes were refused`);
}
