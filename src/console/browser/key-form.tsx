import { useRef, useState } from "preact/hooks";
import { KEY_NAMES, type KeyName, type KeyRing } from "./api.ts";

export interface KeyFormProps {
	readonly keys: KeyRing;
	/** Why a key was refused. */
	readonly problem: string | undefined;
	readonly onDone: () => void;
	/** Undefined where the page cannot go on without a key. */
	readonly onCancel: (() => void) | undefined;
}

const USES: Readonly<Record<KeyName, string>> = {
	receipts: "to see events",
	counts: "for a chart beyond the newest 500 events; optional",
	replay: "to replay dead letters; optional",
	discard: "to discard dead letters; optional",
};

/** Asks for the function keys. What is typed goes into the tab's own storage, and from there into a header. */
export function KeyForm({ keys, problem, onDone, onCancel }: KeyFormProps) {
	const form = useRef<HTMLFormElement>(null);
	const [has, setHas] = useState(keys.get("receipts") !== undefined);

	function use(event: Event): void {
		event.preventDefault();
		for (const name of KEY_NAMES) {
			const input = form.current?.elements.namedItem(name) as HTMLInputElement | null;
			const typed = input?.value.trim() ?? "";
			if (typed !== "") keys.set(name, typed);
			if (input !== null) input.value = "";
		}
		setHas(keys.get("receipts") !== undefined);
		onDone();
	}

	function forget(): void {
		keys.forget();
		setHas(false);
		onDone();
	}

	return (
		<form ref={form} class="card keys" aria-labelledby="keys-title" onSubmit={use}>
			<h2 id="keys-title">Function keys</h2>
			<p>
				Receipts contain event details, so they need the key of the function <code>receipts</code>. A key stays in this
				tab and is only sent to this host.
			</p>
			{problem !== undefined && (
				<p class="problem" role="alert">
					{problem}
				</p>
			)}
			{KEY_NAMES.map((name) => (
				<label key={name}>
					<span>
						Key of <code>{name}</code>, {USES[name]}
					</span>
					<input
						name={name}
						type="password"
						autocomplete="off"
						spellcheck={false}
						required={name === "receipts" && !has}
					/>
				</label>
			))}
			<div class="buttons">
				<button type="submit">Use</button>
				{has && (
					<button type="button" class="quiet" onClick={forget}>
						Forget
					</button>
				)}
				{onCancel !== undefined && (
					<button type="button" class="quiet" onClick={onCancel}>
						Cancel
					</button>
				)}
			</div>
		</form>
	);
}
