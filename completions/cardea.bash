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
		--socket|--qr|--mac|--url|--name|--class|--out|--number|--choose|--device|--limit|--after|--port|--proto|--for|--since|--profile|--binding|--refuse|--allow|--decision|--layer|--owner|--lan|--gateway|--signature|--because|--key|--group|--reason|--code|--level|--cut|--sha256|--window|--passphrase-file|--kept|--ago|--cert|--chain|--anchor|--device-cert|--at|--cloud|--local|--controller|--root|--learn-rest|--then|--answer|--test|--against|--vendor|--accepted|--nonce|--digest|--kind|--use|--role|--days|--config|--file|--confirm-within) skip=1 ;;
		-*) ;;
		*)
			if [[ -z $noun ]]; then
				noun=$word
			elif [[ -z $verb && ' device decide policy controller advisory quarantine case probe dns report mud profile suit eat suit attest user token config ' == *" $noun "* ]]; then
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
	--class) :; return ;;
	--out) _cardea_files; return ;;
	--number) :; return ;;
	--choose) _cardea_devices; return ;;
	--device) _cardea_devices; return ;;
	--limit) :; return ;;
	--after) :; return ;;
	--port) :; return ;;
	--proto) _cardea_words tcp udp icmp; return ;;
	--for) :; return ;;
	--since) :; return ;;
	--profile) _cardea_files; return ;;
	--binding) _cardea_files; return ;;
	--refuse) :; return ;;
	--allow) :; return ;;
	--decision) :; return ;;
	--layer) _cardea_files; return ;;
	--owner) :; return ;;
	--lan) :; return ;;
	--gateway) :; return ;;
	--signature) _cardea_files; return ;;
	--because) :; return ;;
	--key) _cardea_files; return ;;
	--group) :; return ;;
	--reason) :; return ;;
	--code) :; return ;;
	--level) :; return ;;
	--cut) :; return ;;
	--sha256) :; return ;;
	--window) :; return ;;
	--passphrase-file) _cardea_files; return ;;
	--kept) :; return ;;
	--ago) :; return ;;
	--cert) _cardea_files; return ;;
	--chain) _cardea_files; return ;;
	--anchor) _cardea_files; return ;;
	--device-cert) _cardea_files; return ;;
	--at) :; return ;;
	--cloud) :; return ;;
	--local) :; return ;;
	--controller) :; return ;;
	--root) _cardea_files; return ;;
	--learn-rest) _cardea_files; return ;;
	--then) _cardea_files; return ;;
	--answer) :; return ;;
	--test) _cardea_files; return ;;
	--against) _cardea_files; return ;;
	--vendor) :; return ;;
	--accepted) :; return ;;
	--nonce) :; return ;;
	--digest) :; return ;;
	--kind) :; return ;;
	--use) :; return ;;
	--role) :; return ;;
	--days) :; return ;;
	--config) _cardea_files; return ;;
	--file) _cardea_files; return ;;
	--confirm-within) :; return ;;
	esac
	case "$noun $verb" in
	' ') flags= ;;
	'status ') flags='--memory --wait' ;;
	'device list') flags='' ;;
	'device show') flags='' ;;
	'device rename') flags='--dry-run' ;;
	'device add') flags='--qr --mac --url --name --dry-run' ;;
	'device url') flags='--dry-run' ;;
	'device set') flags='--class --dry-run' ;;
	'device confirm') flags='--no --dry-run' ;;
	'device view') flags='' ;;
	'device label') flags='--out' ;;
	'device vault') flags='--number --name --out --yes --dry-run' ;;
	'device replace') flags='--anyway --yes --dry-run' ;;
	'device retire') flags='--yes --dry-run' ;;
	'device readmit') flags='--dry-run' ;;
	'decide list') flags='--all' ;;
	'decide show') flags='' ;;
	'decide accept') flags='--choose --dry-run' ;;
	'decide reject') flags='--dry-run' ;;
	'events ') flags='--device --limit --after --follow --jsonl' ;;
	'watch ') flags='--device --jsonl' ;;
	'undo ') flags='--list --dry-run' ;;
	'why ') flags='--port --proto' ;;
	'policy show') flags='--nft --unused' ;;
	'policy overlays') flags='' ;;
	'policy refuse') flags='--port --proto --for --dry-run' ;;
	'policy allow') flags='--port --proto --for --dry-run' ;;
	'policy limit') flags='--for --dry-run' ;;
	'policy withdraw') flags='--dry-run' ;;
	'policy check') flags='' ;;
	'policy diff') flags='' ;;
	'policy replay') flags='--since --profile --binding --learned --refuse --allow --limit --decision' ;;
	'policy watching') flags='' ;;
	'policy explain') flags='--layer --owner --port --proto --inbound --lan --gateway' ;;
	'controller list') flags='' ;;
	'controller set') flags='--device --add --dry-run' ;;
	'controller remove') flags='--device --dry-run' ;;
	'advisory import') flags='--signature --dry-run' ;;
	'advisory list') flags='--all' ;;
	'advisory show') flags='' ;;
	'advisory appeal') flags='--because --dry-run' ;;
	'advisory withdraw') flags='--dry-run' ;;
	'advisory issuer') flags='--key --group --yes --dry-run' ;;
	'advisory shared') flags='--name --dry-run' ;;
	'advisory firmware') flags='--dry-run' ;;
	'advisory log') flags='--verify --after' ;;
	'quarantine list') flags='' ;;
	'quarantine add') flags='--reason --dry-run' ;;
	'quarantine release') flags='--code --dry-run' ;;
	'quarantine history') flags='' ;;
	'quarantine allow') flags='--dry-run' ;;
	'quarantine disallow') flags='--dry-run' ;;
	'case list') flags='--all --device' ;;
	'case show') flags='' ;;
	'case fields') flags='--level --cut' ;;
	'case evidence') flags='--level --cut' ;;
	'case export') flags='--level --cut --sha256 --cacao --out --dry-run' ;;
	'case import') flags='--dry-run' ;;
	'probe list') flags='' ;;
	'probe show') flags='' ;;
	'probe allow') flags='--class --window --dry-run' ;;
	'probe forbid') flags='--dry-run' ;;
	'probe stop') flags='--dry-run' ;;
	'dns dnr') flags='--dnsmasq --odhcpd' ;;
	'bundle ') flags='--out' ;;
	'backup ') flags='--passphrase-file --history --force --dry-run' ;;
	'restore ') flags='--passphrase-file --kept --list --yes --dry-run' ;;
	'export ') flags='--out' ;;
	'import ') flags='--exact --yes --dry-run' ;;
	'report sinks') flags='' ;;
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
	'profile review') flags='' ;;
	'profile diff') flags='' ;;
	'profile learn') flags='--start --stop --again --episode --yes --dry-run' ;;
	'profile approve') flags='--now --interactions --dry-run' ;;
	'profile export') flags='--out --force' ;;
	'profile life') flags='--then --device --answer --strict' ;;
	'profile enforce') flags='--binding --dry-run' ;;
	'profile abandon') flags='--dry-run' ;;
	'replay ') flags='--profile --device --lan --gateway' ;;
	'learn ') flags='--device --test --out --force --per-capture --interactions --against' ;;
	'suit inspect') flags='--key --vendor --accepted' ;;
	'eat verify') flags='--key --nonce --digest' ;;
	'suit accept') flags='--device --dry-run' ;;
	'attest show') flags='' ;;
	'attest challenge') flags='' ;;
	'attest take') flags='--kind --dry-run' ;;
	'attest forget') flags='--yes --dry-run' ;;
	'attest key') flags='--use --dry-run' ;;
	'web ') flags='--new-secret --picture --dry-run' ;;
	'user list') flags='' ;;
	'user add') flags='--role --dry-run' ;;
	'user remove') flags='--dry-run' ;;
	'user password') flags='--dry-run' ;;
	'token list') flags='' ;;
	'token add') flags='--role --days --dry-run' ;;
	'token remove') flags='--dry-run' ;;
	'start ') flags='--config --dry-run' ;;
	'stop ') flags='--open --yes --dry-run' ;;
	'config get') flags='--file' ;;
	'config set') flags='--confirm-within --wait --default --file --dry-run' ;;
	'config diff') flags='' ;;
	'config apply') flags='--confirm-within --wait --dry-run' ;;
	'config confirm') flags='--dry-run' ;;
	'config rollback') flags='--dry-run' ;;
	'config check') flags='' ;;
	'config schema') flags='' ;;
	'help ') flags='' ;;
	esac
	if [[ $cur == -* ]]; then
		_cardea_words $flags --socket --json --quiet --verbose --no-color --help --version
		return
	fi
	case "$noun $verb $count" in
	'  0') _cardea_words status device decide events watch undo why policy controller advisory quarantine case probe dns bundle backup restore export import report mud profile replay learn suit eat suit attest web user token start stop config help ;;
	'device  0') _cardea_words list show rename add url set confirm view label vault replace retire readmit ;;
	'device show 0') _cardea_devices ;;
	'device rename 0') _cardea_devices ;;
	'device url 0') _cardea_devices ;;
	'device set 0') _cardea_devices ;;
	'device confirm 0') _cardea_devices ;;
	'device view 0') _cardea_devices ;;
	'device label 0') _cardea_devices ;;
	'device vault 1') _cardea_devices ;;
	'device vault 2') _cardea_files ;;
	'device replace 0') _cardea_devices ;;
	'device replace 1') _cardea_devices ;;
	'device retire 0') _cardea_devices ;;
	'device readmit 0') _cardea_devices ;;
	'decide  0') _cardea_words list show accept reject ;;
	'watch  0') _cardea_words flows verdicts events ;;
	'why  0') _cardea_devices ;;
	'policy  0') _cardea_words show overlays refuse allow limit withdraw check diff replay watching explain ;;
	'policy show 0') _cardea_devices ;;
	'policy overlays 0') _cardea_devices ;;
	'policy refuse 0') _cardea_devices ;;
	'policy allow 0') _cardea_devices ;;
	'policy limit 0') _cardea_devices ;;
	'policy check 0') _cardea_files ;;
	'policy diff 0') _cardea_files ;;
	'policy diff 1') _cardea_files ;;
	'policy replay 0') _cardea_devices ;;
	'controller  0') _cardea_words list set remove ;;
	'controller set 1') _cardea_devices ;;
	'advisory  0') _cardea_words import list show appeal withdraw issuer shared firmware log ;;
	'advisory import 0') _cardea_files ;;
	'advisory firmware 0') _cardea_devices ;;
	'quarantine  0') _cardea_words list add release history allow disallow ;;
	'quarantine add 0') _cardea_devices ;;
	'quarantine release 0') _cardea_devices ;;
	'quarantine history 0') _cardea_devices ;;
	'quarantine allow 0') _cardea_devices ;;
	'quarantine disallow 0') _cardea_devices ;;
	'case  0') _cardea_words list show fields evidence export import ;;
	'case import 1') _cardea_files ;;
	'probe  0') _cardea_words list show allow forbid stop ;;
	'probe show 0') _cardea_devices ;;
	'probe allow 0') _cardea_devices ;;
	'probe forbid 0') _cardea_devices ;;
	'probe stop 0') _cardea_devices ;;
	'dns  0') _cardea_words dnr ;;
	'backup  0') _cardea_files ;;
	'restore  0') _cardea_files ;;
	'import  0') _cardea_files ;;
	'report  0') _cardea_words sinks preview week send ;;
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
	'profile  0') _cardea_words lint import bind narrow replay show review diff learn approve export life enforce abandon ;;
	'profile lint 0') _cardea_files ;;
	'profile import 0') _cardea_files ;;
	'profile bind 0') _cardea_files ;;
	'profile bind 1') _cardea_files ;;
	'profile narrow 0') _cardea_files ;;
	'profile narrow 1') _cardea_files ;;
	'profile replay 0') _cardea_files ;;
	'profile replay 1') _cardea_files ;;
	'profile show 0') _cardea_files ;;
	'profile review 0') _cardea_devices ;;
	'profile diff 0') _cardea_devices ;;
	'profile learn 0') _cardea_devices ;;
	'profile approve 0') _cardea_devices ;;
	'profile export 0') _cardea_devices ;;
	'profile life '*) _cardea_files ;;
	'profile enforce 0') _cardea_devices ;;
	'profile enforce 1') _cardea_files ;;
	'profile abandon 0') _cardea_devices ;;
	'replay  0') _cardea_files ;;
	'learn  '*) _cardea_files ;;
	'suit  0') _cardea_words inspect accept ;;
	'suit inspect 0') _cardea_files ;;
	'eat  0') _cardea_words verify ;;
	'eat verify 0') _cardea_files ;;
	'suit  0') _cardea_words inspect accept ;;
	'suit accept 0') _cardea_files ;;
	'attest  0') _cardea_words show challenge take forget key ;;
	'attest show 0') _cardea_devices ;;
	'attest challenge 0') _cardea_devices ;;
	'attest take 0') _cardea_devices ;;
	'attest take 1') _cardea_files ;;
	'attest forget 0') _cardea_devices ;;
	'attest key 1') _cardea_devices ;;
	'attest key 2') _cardea_files ;;
	'user  0') _cardea_words list add remove password ;;
	'token  0') _cardea_words list add remove ;;
	'config  0') _cardea_words get set diff apply confirm rollback check schema ;;
	'config set '*) : ;;
	'config diff 0') _cardea_files ;;
	'config apply 0') _cardea_files ;;
	'config check 0') _cardea_files ;;
	esac
}
complete -F _cardea cardea
