import { useEffect, useState } from "preact/hooks";
import type { Local, Sample } from "./answers.ts";
import type { Api } from "./api.ts";
import type { Live } from "./live.ts";
import { shortType } from "./words.ts";
import { FAULTS, freshEvents } from "./workbench-offers.ts";

const COUNTS = [1, 5, 25, 100];

/** On this machine only: sends sample events to the webhook, and breaks the stand-in. */
export function Workbench({ api, live, local: { standIn } }: { api: Api; live: Live; local: Local }) {
	const [samples, setSamples] = useState<readonly Sample[]>([]);
	const [type, setType] = useState("Microsoft.MachineLearningServices.RunCompleted");
	const [count, setCount] = useState(1);
	const [fault, setFault] = useState(0);
	const [said, setSaid] = useState<string>();

	useEffect(() => void api.samples().then(setSamples, () => {}), [api]);

	async function say(done: Promise<string>): Promise<void> {
		setSaid(await done.catch((error: Error) => error.message));
		await live.refresh();
	}

	async function send(): Promise<string> {
		const sample = samples.find((one) => one.type === type)?.event ?? {};
		const { events } = await api.send(freshEvents(sample, count, Date.now, () => crypto.randomUUID()));
		const outcomes = [...new Set(events.map(({ outcome }) => outcome))];
		return outcomes.map((one) => `${events.filter(({ outcome }) => outcome === one).length} ${one}`).join(", ");
	}

	async function breakStandIn(): Promise<string> {
		const chosen = FAULTS[fault];
		await api.setFaults(chosen === undefined ? [] : [chosen.script]);
		return `from now on: ${chosen?.title}`;
	}

	return (
		<section class="card bench" aria-labelledby="bench-title">
			<h2 id="bench-title">Workbench</h2>
			<form
				onSubmit={(event) => {
					event.preventDefault();
					void say(send());
				}}
			>
				<label class="grow">
					Sample event
					<select value={type} onChange={({ currentTarget }) => setType(currentTarget.value)}>
						{samples.map((sample) => (
							<option key={sample.type} value={sample.type}>
								{shortType(sample.type)}
							</option>
						))}
					</select>
				</label>
				<label>
					Count
					<select value={count} onChange={({ currentTarget }) => setCount(Number(currentTarget.value))}>
						{COUNTS.map((one) => (
							<option key={one} value={one}>
								{one}
							</option>
						))}
					</select>
				</label>
				<button type="submit" disabled={samples.length === 0}>
					{standIn === null ? "Send for real" : "Send"}
				</button>
			</form>
			{standIn !== null && (
				<form
					onSubmit={(event) => {
						event.preventDefault();
						void say(breakStandIn());
					}}
				>
					<label class="full">
						Let the stand-in
						<select value={fault} onChange={({ currentTarget }) => setFault(Number(currentTarget.value))}>
							{FAULTS.map(({ title }, index) => (
								<option key={title} value={index}>
									{title}
								</option>
							))}
						</select>
					</label>
					<button type="submit" class="danger">
						Break
					</button>
					<button
						type="button"
						class="quiet"
						onClick={() => void say(api.setFaults([]).then(() => "the stand-in answers properly again"))}
					>
						Repair
					</button>
				</form>
			)}
			<p class="more">{standIn === null ? "Dispatches go to the real destinations." : told(standIn)}</p>
			<p class="said" role="status">
				{said}
			</p>
		</section>
	);
}

function told({ taken, faultsLeft }: NonNullable<Local["standIn"]>): string {
	const left =
		faultsLeft === 0 ? "no fault is left" : faultsLeft === 1 ? "1 fault is left" : `${faultsLeft} faults are left`;
	return `The stand-in has taken ${taken}; ${left}.`;
}
