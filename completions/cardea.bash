# Completion of cardea for bash; made by `cardea completion bash`.

_cardea_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

_cardea_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

_cardea_devices()
{
	local name
	while IFS= read -r name; do
		if [[ $name == "$cur"* ]]; then
			COMPREPLY+=("$(printf %q "$name")")
		fi
	done < <(cardea completion devices 2>/dev/null)
}

_cardea()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local word skip= noun= verb= count=0 flags=
	COMPREPLY=()
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [[ -n $skip ]]; then
			skip=
			continue
		fi
		case $word in
		--socket|--qr|--mac|--url|--name|--choose|--device|--limit|--after|--port|--proto|--layer|--owner|--lan|--gateway|--reason|--class|--window|--ago|--out|--key|--cert|--chain|--signature|--anchor|--device-cert|--at|--cloud|--local|--controller|--root|--binding|--learn-rest|--then|--answer|--profile|--test|--against|--vendor|--accepted|--nonce|--digest|--config) skip=1 ;;
		-*) ;;
		*)
			if [[ -z $noun ]]; then
				noun=$word
			elif [[ -z $verb && ' device decide policy controller quarantine probe dns report mud profile suit eat config ' == *" $noun "* ]]; then
				verb=$word
			else
				count=$((count + 1))
			fi
			;;
		esac
	done
	case $prev in
	--socket) _cardea_files; return ;;
	--qr) :; return ;;
	--mac) :; return ;;
	--url) :; return ;;
	--name) :; return ;;
	--choose) _cardea_devices; return ;;
	--device) _cardea_devices; return ;;
	--limit) :; return ;;
	--after) :; return ;;
	--port) :; return ;;
	--proto) _cardea_words tcp udp icmp; return ;;
	--layer) _cardea_files; return ;;
	--owner) :; return ;;
	--lan) :; return ;;
	--gateway) :; return ;;
	--reason) :; return ;;
	--class) :; return ;;
	--window) :; return ;;
	--ago) :; return ;;
	--out) _cardea_files; return ;;
	--key) _cardea_files; return ;;
	--cert) _cardea_files; return ;;
	--chain) _cardea_files; return ;;
	--signature) _cardea_files; return ;;
	--anchor) _cardea_files; return ;;
	--device-cert) _cardea_files; return ;;
	--at) :; return ;;
	--cloud) :; return ;;
	--local) :; return ;;
	--controller) :; return ;;
	--root) _cardea_files; return ;;
	--binding) _cardea_files; return ;;
	--learn-rest) _cardea_files; return ;;
	--then) _cardea_files; return ;;
	--answer) :; return ;;
	--profile) _cardea_files; return ;;
	--test) _cardea_files; return ;;
	--against) _cardea_files; return ;;
	--vendor) :; return ;;
	--accepted) :; return ;;
	--nonce) :; return ;;
	--digest) :; return ;;
	--config) _cardea_files; return ;;
	esac
	case "$noun $verb" in
	' ') flags= ;;
	'status ') flags='--memory --wait' ;;
	'device list') flags='' ;;
	'device show') flags='' ;;
	'device rename') flags='--dry-run' ;;
	'device add') flags='--qr --mac --url --name --dry-run' ;;
	'device url') flags='--dry-run' ;;
	'device confirm') flags='--no --dry-run' ;;
	'decide list') flags='--all' ;;
	'decide show') flags='' ;;
	'decide accept') flags='--choose' ;;
	'decide reject') flags='' ;;
	'events ') flags='--device --limit --after --follow --jsonl' ;;
	'why ') flags='--port --proto' ;;
	'policy show') flags='--nft --unused' ;;
	'policy overlays') flags='' ;;
	'policy refuse') flags='--port --proto --dry-run' ;;
	'policy allow') flags='--port --proto --dry-run' ;;
	'policy limit') flags='--dry-run' ;;
	'policy withdraw') flags='--dry-run' ;;
	'policy diff') flags='' ;;
	'policy explain') flags='--layer --owner --port --proto --inbound --lan --gateway' ;;
	'controller list') flags='' ;;
	'controller set') flags='--device --add --dry-run' ;;
	'controller remove') flags='--device --dry-run' ;;
	'quarantine list') flags='' ;;
	'quarantine add') flags='--reason --dry-run' ;;
	'quarantine release') flags='--dry-run' ;;
	'probe list') flags='' ;;
	'probe show') flags='' ;;
	'probe allow') flags='--class --window --dry-run' ;;
	'probe forbid') flags='--dry-run' ;;
	'probe stop') flags='--dry-run' ;;
	'dns dnr') flags='--dnsmasq --odhcpd' ;;
	'report preview') flags='' ;;
	'report week') flags='--ago' ;;
	'report send') flags='--dry-run' ;;
	'mud lint') flags='--import' ;;
	'mud repair') flags='--out' ;;
	'mud diff') flags='' ;;
	'mud sign') flags='--key --cert --chain --out' ;;
	'mud verify') flags='--signature --anchor --device-cert --at' ;;
	'mud label') flags='--url --out' ;;
	'mud make') flags='--url --name --cloud --local --controller --out' ;;
	'mud view') flags='--svg' ;;
	'profile lint') flags='--root' ;;
	'profile import') flags='--root --out --binding' ;;
	'profile bind') flags='' ;;
	'profile narrow') flags='--binding --root --out' ;;
	'profile replay') flags='--binding --root --layer --learn-rest' ;;
	'profile show') flags='--root' ;;
	'profile learn') flags='--start --stop --again --episode' ;;
	'profile approve') flags='--now --dry-run' ;;
	'profile export') flags='--out --force' ;;
	'profile life') flags='--then --device --answer --strict' ;;
	'profile enforce') flags='--binding --dry-run' ;;
	'profile abandon') flags='--dry-run' ;;
	'replay ') flags='--profile --device --lan --gateway' ;;
	'learn ') flags='--device --test --out --force --per-capture --interactions --against' ;;
	'suit inspect') flags='--key --vendor --accepted' ;;
	'eat verify') flags='--key --nonce --digest' ;;
	'start ') flags='--config --dry-run' ;;
	'stop ') flags='--open --dry-run' ;;
	'config check') flags='' ;;
	'config schema') flags='' ;;
	'help ') flags='' ;;
	esac
	if [[ $cur == -* ]]; then
		_cardea_words $flags --socket --json --quiet --no-color --help --version
		return
	fi
	case "$noun $verb $count" in
	'  0') _cardea_words status device decide events why policy controller quarantine probe dns report mud profile replay learn suit eat start stop config help ;;
	'device  0') _cardea_words list show rename add url confirm ;;
	'device show 0') _cardea_devices ;;
	'device rename 0') _cardea_devices ;;
	'device url 0') _cardea_devices ;;
	'device confirm 0') _cardea_devices ;;
	'decide  0') _cardea_words list show accept reject ;;
	'why  0') _cardea_devices ;;
	'policy  0') _cardea_words show overlays refuse allow limit withdraw diff explain ;;
	'policy show 0') _cardea_devices ;;
	'policy overlays 0') _cardea_devices ;;
	'policy refuse 0') _cardea_devices ;;
	'policy allow 0') _cardea_devices ;;
	'policy limit 0') _cardea_devices ;;
	'policy diff 0') _cardea_files ;;
	'policy diff 1') _cardea_files ;;
	'controller  0') _cardea_words list set remove ;;
	'controller set 1') _cardea_devices ;;
	'quarantine  0') _cardea_words list add release ;;
	'quarantine add 0') _cardea_devices ;;
	'quarantine release 0') _cardea_devices ;;
	'probe  0') _cardea_words list show allow forbid stop ;;
	'probe show 0') _cardea_devices ;;
	'probe allow 0') _cardea_devices ;;
	'probe forbid 0') _cardea_devices ;;
	'probe stop 0') _cardea_devices ;;
	'dns  0') _cardea_words dnr ;;
	'report  0') _cardea_words preview week send ;;
	'report preview 0') _cardea_devices ;;
	'report send 0') _cardea_devices ;;
	'mud  0') _cardea_words lint repair diff sign verify label make view ;;
	'mud lint 0') _cardea_files ;;
	'mud repair 0') _cardea_files ;;
	'mud diff 0') _cardea_files ;;
	'mud diff 1') _cardea_files ;;
	'mud sign 0') _cardea_files ;;
	'mud verify 0') _cardea_files ;;
	'mud label 0') _cardea_files ;;
	'mud view 0') _cardea_files ;;
	'profile  0') _cardea_words lint import bind narrow replay show learn approve export life enforce abandon ;;
	'profile lint 0') _cardea_files ;;
	'profile import 0') _cardea_files ;;
	'profile bind 0') _cardea_files ;;
	'profile bind 1') _cardea_files ;;
	'profile narrow 0') _cardea_files ;;
	'profile narrow 1') _cardea_files ;;
	'profile replay 0') _cardea_files ;;
	'profile replay 1') _cardea_files ;;
	'profile show 0') _cardea_files ;;
	'profile learn 0') _cardea_devices ;;
	'profile approve 0') _cardea_devices ;;
	'profile export 0') _cardea_devices ;;
	'profile life '*) _cardea_files ;;
	'profile enforce 0') _cardea_devices ;;
	'profile enforce 1') _cardea_files ;;
	'profile abandon 0') _cardea_devices ;;
	'replay  0') _cardea_files ;;
	'learn  '*) _cardea_files ;;
	'suit  0') _cardea_words inspect ;;
	'suit inspect 0') _cardea_files ;;
	'eat  0') _cardea_words verify ;;
	'eat verify 0') _cardea_files ;;
	'config  0') _cardea_words check schema ;;
	'config check 0') _cardea_files ;;
	esac
}
complete -F _cardea cardea
