import { randomInt } from "node:crypto";
import { Argument, Command, Option } from "commander";
import { createAsk } from "../ask.ts";
import { DEFAULT_URL } from "../bridge-options.ts";
import { SCHEMAS } from "../catalogue/envelope.ts";
import { createWorld } from "../catalogue/world.ts";
import { CliError } from "../cli-error.ts";
import { examples } from "../examples.ts";
import type { Io } from "../io.ts";
import { printJson } from "../print-json.ts";
import { readNumber } from "../read-number.ts";
import { planDeliveries } from "../send/deliveries.ts";
import { openDoor, targetOf } from "../send/open-door.ts";
import { playHandshakes, printHandshakes } from "../send/play-handshakes.ts";
import { prepareEvents, type SendFlags } from "../send/prepare-events.ts";
import { sendAll } from "../send/send-all.ts";
import { printSummary } from "../send/tally.ts";

const MOST_EVENTS = 100_000;

/** `grid-dispatch send`: realistic or recorded events, through the same doors as Event Grid's. */
export function sendCommand(io: Io, newSeed: () => number = () => randomInt(2 ** 32)): Command {
	return new Command("send")
		.description("send realistic events of any known type, or recorded ones, as Event Grid delivers them")
		.addArgument(
			new Argument("[type]", "Microsoft.Storage.BlobCreated, storage-blobcreated or BlobCreated; of any known type"),
		)
		.addOption(new Option("--schema <schema>", "the envelope").choices(SCHEMAS).default("eventgrid"))
		.option("--count <n>", "how many events", readNumber(1, MOST_EVENTS), 1)
		.option("--burst <n>", "how many requests at once", readNumber(1, 1000), 1)
		.option("--duplicates <n>", "how many more times each request is sent", readNumber(0, 1000), 0)
		.option("--batch <n>", "how many events in one request", readNumber(1, 5000), 1)
		.option("--set <path=value...>", "members to set, such as data.runId=train-7 subject=models/churn:3")
		.option(
			"--seed <n>",
			"the same number, the same events but for their times; left out, new ones",
			readNumber(0, 2 ** 32 - 1),
		)
		.option("--file <path>", "recorded events instead, in either schema: one, an array, or one in each line")
		.option("--url <url>", `the bridge; left out: ${DEFAULT_URL}`)
		.option("--to <url>", "instead of --url a deployed app, or any webhook by its whole address")
		.option("--trigger", "through the door of the Event Grid trigger of a local host, not /api/events")
		.option("--topic <endpoint>", "to an Event Grid custom topic; its key is read from EVENT_GRID_TOPIC_KEY")
		.option("--handshake", "play both handshakes of an event subscription instead, and say what the answers were")
		.option("--key <key>", "the function key of the webhook; better in GRID_DISPATCH_KEY")
		.option("--json", "print the summary as JSON")
		.addHelpText(
			"after",
			`${examples(
				"npx grid-dispatch send RunCompleted",
				"npx grid-dispatch send RunCompleted --set data.runId=train-7 data.experimentName=churn",
				"npx grid-dispatch send storage-blobcreated --count 1000 --batch 50 --burst 4 --schema cloudevents",
				"npx grid-dispatch send ModelRegistered --duplicates 3 --burst 4",
				"npx grid-dispatch send --file events.jsonl --trigger",
				"npx grid-dispatch send RunCompleted --to https://contoso-bridge.azurewebsites.net",
				"npx grid-dispatch send RunCompleted --topic https://contoso.westeurope-1.eventgrid.azure.net/api/events",
				"npx grid-dispatch send --handshake",
			)}\nWithout EVENT_GRID_TOPIC_KEY a topic is written to with the account of az login.\nA webhook that Microsoft Entra protects gets the bearer token of GRID_DISPATCH_TOKEN.\n`,
		)
		.action(async (type: string | undefined, flags: SendFlags) => {
			if ([type, flags.file, flags.handshake].filter((one) => one !== undefined).length !== 1) {
				throw new CliError("say what to send: a type, --file or --handshake", 2);
			}
			const seed = flags.seed ?? newSeed();
			if (flags.handshake) return handshake(flags, seed, io);
			const elements = prepareEvents(type, flags, seed, io);
			const door = await openDoor(flags, io);
			const summary = await sendAll(door, planDeliveries(elements, flags), flags.burst, io);
			if (flags.json) printJson(io, { to: door.name, ...summary });
			else printSummary(io, door.name, summary);
			if (io.signal?.aborted === true) throw new CliError("stopped before all was sent");
			if (summary.failed > 0) {
				const { failed, deliveries } = summary;
				throw new CliError(
					deliveries === 1 ? "it was not taken" : `${failed} of ${deliveries} requests were not taken`,
				);
			}
		});
}

async function handshake(flags: SendFlags, seed: number, io: Io): Promise<void> {
	if (flags.topic !== undefined) throw new CliError("--handshake is for a webhook, not for a topic", 2);
	const { dice, workspace: topic } = createWorld(seed, io.now);
	const { url, key, token } = targetOf(flags, io);
	const time = new Date(io.now()).toISOString();
	const played = await playHandshakes(createAsk(io), { url, key, token, code: dice.uuid(), topic, time });
	if (flags.json) printJson(io, { handshakes: played });
	else printHandshakes(io, url, played);
	const refused = played.filter(({ ok }) => !ok).length;
	if (refused > 0) throw new CliError(`${refused} of ${played.length} handshakes were refused`);
}
