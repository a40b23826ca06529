import { useState } from "preact/hooks";
import type { Receipt } from "./answers.ts";
import type { Api } from "./api.ts";
import { DeadLetters } from "./dead-letters.tsx";
import { Filters } from "./filters.tsx";
import { KeyForm } from "./key-form.tsx";
import type { KeyRing } from "./key-ring.ts";
import type { Live } from "./live.ts";
import type { View } from "./look.ts";
import { Masthead } from "./masthead.tsx";
import { Problems } from "./problems.tsx";
import { ReceiptDialog } from "./receipt-dialog.tsx";
import { Stream } from "./stream.tsx";
import { ThroughputChart } from "./throughput-chart.tsx";
import { Vitals } from "./vitals.tsx";
import { Windows } from "./windows.tsx";
import { Workbench } from "./workbench.tsx";

/** What every part of the page may use. */
export interface AppProps {
	readonly live: Live;
	readonly api: Api;
	readonly keys: KeyRing;
	readonly view: View;
}

/** The whole page. */
export function App({ live, api, keys, view }: AppProps) {
	const [open, setOpen] = useState<Receipt>();
	const [asksForKeys, setAsksForKeys] = useState(false);
	const { access, local } = view;

	// The receipt that is open goes on being told.
	const known = [...view.shown, ...view.recent, ...view.deadLetters];
	const current = open && (known.find(({ key }) => key === open.key) ?? open);
	const askForKeys = () => setAsksForKeys(true);
	const replays = { api, live, keys, askForKeys };

	return (
		<>
			<Masthead view={view} live={live} onKeys={local === undefined ? askForKeys : undefined} />
			<main>
				{(access === "locked" || asksForKeys) && (
					<KeyForm
						keys={keys}
						problem={view.problem}
						onDone={() => {
							setAsksForKeys(false);
							void live.refresh();
						}}
					/>
				)}
				<Vitals view={view} />
				<div class="columns">
					<div class="wide">
						{access === "open" && <ThroughputChart view={view} />}
						{access === "open" && (
							<section class="card stream" aria-labelledby="stream-title">
								<header>
									<h2 id="stream-title">Events</h2>
									<Filters filter={view.filter} onChange={live.setFilter} />
								</header>
								<Stream view={view} onOpen={setOpen} />
							</section>
						)}
					</div>
					<aside class="narrow" aria-label="State of the bridge">
						{local !== undefined && <Workbench api={api} live={live} local={local} />}
						<Problems view={view} />
						<Windows view={view} />
						{access === "open" && <DeadLetters view={view} onOpen={setOpen} {...replays} />}
					</aside>
				</div>
			</main>
			{current !== undefined && access === "open" && (
				<ReceiptDialog
					receipt={current}
					now={view.now}
					hasStandIn={local?.standIn != null}
					onClose={() => setOpen(undefined)}
					onFind={(find) => live.setFilter({ state: "", find })}
					{...replays}
				/>
			)}
		</>
	);
}
