// SPDX-License-Identifier: GPL-2.0-or-later
/* Who may log in, and which programs may ask: viewers see, owners change, a token for the
 * provider shows sums alone. */
import { useState } from "preact/hooks";
import { part, post, session, type Problem } from "../api/client";
import { useResource } from "../api/resource";
import { loadSession } from "../app/session";
import { say } from "../app/undo";
import { t } from "../i18n";
import { ago, date } from "../i18n/format";
import { Field } from "./field";
import { Button, Card, Dialog, Name, Trouble } from "./parts";

export const SHORTEST = 10; /* characters of a password; the gateway says the same */

interface User {
	name: string;
	role: "owner" | "viewer" | "isp";
	since: string;
	last_login: string | null;
	sessions: number;
}

interface Token {
	id: number;
	name: string;
	role: "viewer" | "isp";
	by: string;
	expires: string;
	last_used: string | null;
	over?: boolean;
	token?: string | null;
}

type Act = { kind: "user" } | { kind: "token" } | { kind: "password"; user: User } |
	{ kind: "shown"; token: Token };

/* Sends, and closes when it was taken. */
function useSend(close: () => void) {
	const [problem, setProblem] = useState<Problem | null>(null);
	const send = async <T,>(path: string, body: unknown, word: string): Promise<T | null> => {
		const r = await post<T>(path, body);
		setProblem(r.ok ? null : r.problem);
		if (!r.ok)
			return null;
		if (word)
			say(word);
		close();
		return r.value;
	};
	return { problem, send };
}

function RoleSelect({ value, onChange, roles }:
	{ value: string; onChange: (r: string) => void; roles: ("viewer" | "owner" | "isp")[] }) {
	return (
		<label class="field"><span>{t.people.role}</span>
			<select class="input" value={value} onChange={(e) => onChange(e.currentTarget.value)}>
				{roles.map((r) => <option key={r} value={r}>{t.people.roles[r]}</option>)}
			</select></label>
	);
}

function NewUser({ close }: { close: () => void }) {
	const [name, setName] = useState("");
	const [role, setRole] = useState("viewer");
	const [password, setPassword] = useState("");
	const { problem, send } = useSend(close);
	return (
		<form class="stack" onSubmit={(e) => e.preventDefault()}>
			<Field label={t.login.user} value={name} onInput={setName} maxLength={31} first
				autocomplete="off" />
			<RoleSelect value={role} onChange={setRole} roles={["viewer", "owner"]} />
			<Field label={t.login.password} type="password" value={password} onInput={setPassword}
				autocomplete="new-password" maxLength={256} hint={t.setup.passwordHint(SHORTEST)} />
			<Trouble problem={problem} />
			<div class="btns"><Button look="main" type="submit" disabled={!name || password.length < SHORTEST}
				onClick={() => send("/v1/users", { name, role, password }, t.people.added(name))}>
				{t.people.add}</Button></div>
		</form>
	);
}

function NewPassword({ user, close }: { user: User; close: () => void }) {
	const mine = user.name === session.value?.user;
	const [old, setOld] = useState("");
	const [password, setPassword] = useState("");
	const { problem, send } = useSend(close);
	/* his own ends this session, too, and begins another one with another word */
	const save = async () => {
		if (await send(`/v1/users/${part(user.name)}`, mine ? { password, old_password: old } :
			{ password }, t.people.passwordSet(user.name)) && mine)
			await loadSession();
	};
	return (
		<form class="stack" onSubmit={(e) => e.preventDefault()}>
			{/* so that a password manager knows whose it is */}
			<input type="text" autocomplete="username" value={user.name} readOnly hidden />
			{mine && <Field label={t.people.old} type="password" value={old} onInput={setOld}
				autocomplete="current-password" maxLength={256} />}
			<Field label={t.people.fresh} type="password" value={password} onInput={setPassword}
				autocomplete="new-password" maxLength={256} hint={t.setup.passwordHint(SHORTEST)} />
			<Trouble problem={problem} />
			<div class="btns"><Button look="main" type="submit" disabled={password.length < SHORTEST || (mine && !old)}
				onClick={save}>{t.common.save}</Button></div>
		</form>
	);
}

function NewToken({ show }: { show: (made: Token) => void }) {
	const [name, setName] = useState("");
	const [role, setRole] = useState("isp");
	const [days, setDays] = useState("90");
	const { problem, send } = useSend(() => undefined);
	const go = async () => {
		const made = await send<Token>("/v1/tokens", { name, role, days: Number(days) }, "");
		if (made)
			show(made);
	};
	return (
		<form class="stack" onSubmit={(e) => e.preventDefault()}>
			<p class="soft">{t.people.tokenText}</p>
			<Field label={t.people.purpose} value={name} onInput={setName} maxLength={63} first />
			<RoleSelect value={role} onChange={setRole} roles={["isp", "viewer"]} />
			<Field label={t.people.days} type="number" value={days} onInput={setDays} min={1} max={3660} />
			<Trouble problem={problem} />
			<div class="btns"><Button look="main" type="submit" disabled={!name || !(Number(days) > 0)}
				onClick={go}>{t.people.makeToken}</Button></div>
		</form>
	);
}

function UserRow({ u, act, reload }: { u: User; act: (a: Act) => void; reload: () => void }) {
	const { problem, send } = useSend(reload);
	const mine = u.name === session.value?.user;
	return (
		<li class="person">
			<b><Name>{u.name}</Name></b>
			<span class="soft">{t.people.roles[u.role]}{mine ? ` · ${t.people.you}` : ""}</span>
			<small class="soft">{u.last_login ? t.people.lastLogin(ago(u.last_login)) :
				t.people.neverLogin}</small>
			<span class="btns">
				<Button onClick={() => act({ kind: "password", user: u })}
					label={t.people.passwordOf(u.name)}>{t.login.password}</Button>
				{!mine && <Button look="bad" label={t.people.removeOf(u.name)}
					onClick={() => confirm(t.people.sure(u.name)) ?
						send(`/v1/users/${part(u.name)}`, { remove: true }, t.people.removed(u.name)) :
						undefined}>{t.people.remove}</Button>}
			</span>
			<Trouble problem={problem} />
		</li>
	);
}

function TokenRow({ k, reload }: { k: Token; reload: () => void }) {
	const { problem, send } = useSend(reload);
	return (
		<li class="person">
			<b><Name>{k.name}</Name></b>
			<span class="soft">{t.people.roles[k.role]}</span>
			<small class="soft">{k.over ? t.people.over : t.people.until(date(k.expires))}</small>
			<span class="btns"><Button look="bad" label={t.people.removeOf(k.name)}
				onClick={() => confirm(t.people.sure(k.name)) ?
					send(`/v1/tokens/${k.id}`, { remove: true }, t.people.removed(k.name)) : undefined}>
				{t.people.remove}</Button></span>
			<Trouble problem={problem} />
		</li>
	);
}

function Forms({ act, setAct, reload }:
	{ act: Act | null; setAct: (a: Act | null) => void; reload: () => void }) {
	const close = () => {
		setAct(null);
		reload();
	};
	const title = !act ? "" : act.kind === "user" ? t.people.add : act.kind === "token" ?
		t.people.makeToken : act.kind === "shown" ? t.people.tokenMade :
		t.people.passwordOf(act.user.name);
	return (
		<Dialog open={act !== null} onClose={() => setAct(null)} title={title}>
			{act?.kind === "user" && <NewUser close={close} />}
			{act?.kind === "password" && <NewPassword user={act.user} close={close} />}
			{act?.kind === "token" && <NewToken show={(token) => {
				setAct({ kind: "shown", token });
				reload();
			}} />}
			{act?.kind === "shown" && <>
				<p class="soft">{t.people.tokenOnce}</p>
				<input class="input mono" readOnly value={act.token.token ?? ""}
					aria-label={t.people.tokenMade} onFocus={(e) => e.currentTarget.select()} />
				<div class="btns"><Button look="main" onClick={close}>{t.common.close}</Button></div>
			</>}
		</Dialog>
	);
}

export function People() {
	const users = useResource<{ users: User[] }>("/v1/users", ["people"]);
	const tokens = useResource<{ tokens: Token[] }>("/v1/tokens", ["people"]);
	const [act, setAct] = useState<Act | null>(null);
	const reload = () => {
		void users.reload();
		void tokens.reload();
	};
	return (
		<section class="section" aria-labelledby="people">
			<h2 class="over" id="people">{t.people.title}</h2>
			<Card>
				<Trouble problem={users.problem.value ?? tokens.problem.value} retry={async () => reload()} />
				<ul class="rows">
					{users.value.value?.users.map((u) => <UserRow key={u.name} u={u} act={setAct}
						reload={reload} />)}
					{tokens.value.value?.tokens.map((k) => <TokenRow key={k.id} k={k} reload={reload} />)}
				</ul>
				<div class="btns">
					<Button onClick={() => setAct({ kind: "user" })}><span aria-hidden="true">+</span>{t.people.add}</Button>
					<Button onClick={() => setAct({ kind: "token" })}><span aria-hidden="true">+</span>{t.people.makeToken}</Button>
				</div>
			</Card>
			<Forms act={act} setAct={setAct} reload={reload} />
		</section>
	);
}
