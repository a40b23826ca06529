import { useState } from "preact/hooks";
import type { Api, KeyRing } from "./api.ts";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { DeadLetters } from "./dead-letters.tsx";
import { Filters } from "./filters.tsx";
import { Ignored } from "./ignored.tsx";
import { KeyForm } from "./key-form.tsx";
import { HelpDialog, useShortcuts } from "./keyboard.tsx";
import type { Live } from "./live.ts";
import { Masthead, Summary } from "./masthead.tsx";
import { Problems, RunsToCheck } from "./problems.tsx";
import { ReceiptDialog } from "./receipt-dialog.tsx";
import { Stream } from "./stream.tsx";
import { ThroughputChart } from "./throughput-chart.tsx";
import { useLetters } from "./use-letters.ts";
import { NO_FILTER, type View } from "./view.ts";
import { Vitals } from "./vitals.tsx";
import { Windows } from "./windows.tsx";
import { Workbench } from "./workbench.tsx";

/** What every part of the page may use. */
export interface AppProps {
	readonly live: Live;
	readonly api: Api;
	readonly keys: KeyRing;
	readonly view: View;
	/** Opens the receipt with that key under its own address, and closes it with undefined. */
	readonly onOpen: (key: string | undefined) => void;
}

/** The whole page: problems first, then the numbers, then the events. */
export function App({ live, api, keys, view, onOpen }: AppProps) {
	const [asksForKeys, setAsksForKeys] = useState(false);
	const [helps, setHelps] = useState(false);
	const askForKeys = () => setAsksForKeys(true);
	const letters = useLetters(api, live, keys, askForKeys);
	const { access, local, opened, now } = view;
	const isOpen = access === "open";
	useShortcuts({ view, letters, onOpen, onHelp: () => setHelps(true) });

	return (
		<>
			<Masthead
				view={view}
				live={live}
				onKeys={local === undefined ? askForKeys : undefined}
				onHelp={() => setHelps(true)}
			/>
			<main>
				<Summary view={view} />
				<p class="said" role="status">
					{letters.said}
				</p>
				{(access === "locked" || asksForKeys) && (
					<KeyForm
						keys={keys}
						problem={view.problem}
						onDone={() => {
							setAsksForKeys(false);
							void live.refresh();
						}}
						onCancel={access === "locked" ? undefined : () => setAsksForKeys(false)}
					/>
				)}
				<div class="first">
					<Problems view={view} />
					{isOpen && <DeadLetters view={view} live={live} letters={letters} onOpen={onOpen} />}
					{isOpen && <RunsToCheck view={view} onOpen={onOpen} />}
				</div>
				<Vitals view={view} />
				<div class="columns">
					<div class="wide">
						{isOpen && <ThroughputChart view={view} />}
						{isOpen && (
							<section class="card stream" id="events" aria-labelledby="stream-title">
								<header>
									<h2 id="stream-title">Events</h2>
									<Filters now={now} filter={view.filter} onChange={live.setFilter} />
								</header>
								<Stream view={view} live={live} onOpen={onOpen} />
							</section>
						)}
					</div>
					<aside class="narrow" aria-label="More about the bridge">
						{local !== undefined && <Workbench api={api} live={live} local={local} />}
						<Windows view={view} live={live} />
						{isOpen && <Ignored view={view} live={live} onOpen={onOpen} />}
					</aside>
				</div>
			</main>
			{opened !== undefined && isOpen && (
				<ReceiptDialog
					opened={opened}
					now={now}
					api={api}
					letters={letters}
					hasStandIn={local?.standIn != null}
					onClose={() => onOpen(undefined)}
					onOpen={onOpen}
					onFind={(find) => live.setFilter({ ...NO_FILTER, find })}
				/>
			)}
			{letters.asked !== undefined && <ConfirmDialog asked={letters.asked} letters={letters} view={view} api={api} />}
			{helps && <HelpDialog onClose={() => setHelps(false)} />}
		</>
	);
}
