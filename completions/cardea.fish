# Completion of cardea for fish; made by `cardea completion fish`.

function __cardea_words
    set -l skip
    for word in (commandline -opc)[2..-1]
        if test -n "$skip"
            set skip
            continue
        end
        if string match -qr -- '^(--socket|--qr|--mac|--url|--name|--choose|--device|--limit|--after|--port|--proto|--layer|--owner|--lan|--gateway|--reason|--class|--window|--ago|--out|--key|--cert|--chain|--signature|--anchor|--device-cert|--at|--cloud|--local|--controller|--root|--binding|--learn-rest|--then|--answer|--profile|--test|--against|--vendor|--accepted|--nonce|--digest|--config)$' $word
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# The command is this one.
function __cardea_in
    set -l words (__cardea_words)
    test "$words[1.."(count $argv)"]" = "$argv"
end

# The command is this one, and so many words are before the cursor.
function __cardea_at
    set -l words (__cardea_words)
    test (count $words) -eq $argv[1]; or return 1
    test (count $argv) -eq 1; or __cardea_in $argv[2..-1]
end

complete -c cardea -f
complete -c cardea -l socket -r -F -d 'the control socket (or $CARDEA_SOCKET)'
complete -c cardea -l json -d 'one JSON object on stdout'
complete -c cardea -l quiet -d 'no talk on stderr but errors; also -q'
complete -c cardea -l no-color -d 'no colour; also when NO_COLOR is set'
complete -c cardea -l help -d 'how to use it; also -h'
complete -c cardea -l version -d 'the version; also -V'
complete -c cardea -n '__cardea_at 0' -a status -d 'is everything all right?'
complete -c cardea -n '__cardea_in status' -l memory -d 'what each process takes, from the kernel (PSS)'
complete -c cardea -n '__cardea_in status' -l wait -d 'wait up to 30 seconds until all is ready'
complete -c cardea -n '__cardea_at 0' -a device
complete -c cardea -n '__cardea_at 1 device' -a list -d 'all devices'
complete -c cardea -n '__cardea_at 1 device' -a show -d 'all about one device'
complete -c cardea -n '__cardea_at 2 device show' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_at 1 device' -a rename -d 'give a device another name'
complete -c cardea -n '__cardea_at 2 device rename' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in device rename' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 1 device' -a add -d 'introduce a device, by its QR code or by hand'
complete -c cardea -n '__cardea_in device add' -l qr -r -f -d 'the code on it or its box (RFC 9238); - is stdin'
complete -c cardea -n '__cardea_in device add' -l mac -r -f -d 'its MAC, where the code has none'
complete -c cardea -n '__cardea_in device add' -l url -r -f -d 'its MUD URL, in place of a code'
complete -c cardea -n '__cardea_in device add' -l name -r -f -d 'how to call it'
complete -c cardea -n '__cardea_in device add' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 1 device' -a url -d 'say which MUD file is a device\'s'
complete -c cardea -n '__cardea_at 2 device url' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in device url' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 1 device' -a confirm -d 'vouch that a device is what its MUD URL says'
complete -c cardea -n '__cardea_at 2 device confirm' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in device confirm' -l no -d 'take that back'
complete -c cardea -n '__cardea_in device confirm' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 0' -a decide
complete -c cardea -n '__cardea_at 1 decide' -a list -d 'what only you can say'
complete -c cardea -n '__cardea_in decide list' -l all -d 'those that you answered, too'
complete -c cardea -n '__cardea_at 1 decide' -a show -d 'one question, whole'
complete -c cardea -n '__cardea_at 1 decide' -a accept -d 'say yes'
complete -c cardea -n '__cardea_in decide accept' -l choose -r -f -a '(cardea completion devices 2>/dev/null)' -d 'which device, where one is asked for'
complete -c cardea -n '__cardea_at 1 decide' -a reject -d 'say no'
complete -c cardea -n '__cardea_at 0' -a events -d 'what happened'
complete -c cardea -n '__cardea_in events' -l device -r -f -a '(cardea completion devices 2>/dev/null)' -d 'of this device alone'
complete -c cardea -n '__cardea_in events' -l limit -r -f -d 'the last N, 1 to 1000 (100)'
complete -c cardea -n '__cardea_in events' -l after -r -f -d 'only what came after this one'
complete -c cardea -n '__cardea_in events' -l follow -d 'stay, and show what happens'
complete -c cardea -n '__cardea_in events' -l jsonl -d 'a JSON object a line'
complete -c cardea -n '__cardea_at 0' -a why -d 'why is this allowed or blocked? (exit 6: it is blocked)'
complete -c cardea -n '__cardea_at 1 why' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in why' -l port -r -f -d 'the destination\'s port'
complete -c cardea -n '__cardea_in why' -l proto -r -f -a 'tcp udp icmp' -d 'the protocol'
complete -c cardea -n '__cardea_at 0' -a policy
complete -c cardea -n '__cardea_at 1 policy' -a show -d 'what may each device do, and who says so?'
complete -c cardea -n '__cardea_at 2 policy show' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in policy show' -l nft -d 'what the kernel holds, in nft\'s own words'
complete -c cardea -n '__cardea_in policy show' -l unused -d 'only rules that were never used'
complete -c cardea -n '__cardea_at 1 policy' -a overlays -d 'what did you say about devices, beside their profiles?'
complete -c cardea -n '__cardea_at 2 policy overlays' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_at 1 policy' -a refuse -d 'a device may not talk to a name or address, whatever its profile says'
complete -c cardea -n '__cardea_at 2 policy refuse' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in policy refuse' -l port -r -f -d 'the peer\'s port, or ports'
complete -c cardea -n '__cardea_in policy refuse' -l proto -r -f -a 'tcp udp icmp' -d 'the protocol'
complete -c cardea -n '__cardea_in policy refuse' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 1 policy' -a allow -d 'a device may talk to a name or address beside what its profile says'
complete -c cardea -n '__cardea_at 2 policy allow' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in policy allow' -l port -r -f -d 'the peer\'s port, or ports'
complete -c cardea -n '__cardea_in policy allow' -l proto -r -f -a 'tcp udp icmp' -d 'the protocol'
complete -c cardea -n '__cardea_in policy allow' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 1 policy' -a limit -d 'a device may do no more than this of what its profile says'
complete -c cardea -n '__cardea_at 2 policy limit' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in policy limit' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 1 policy' -a withdraw -d 'take back what you said'
complete -c cardea -n '__cardea_in policy withdraw' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 1 policy' -a diff -d 'what does one profile allow that another does not, both ways? (exit 6: the new one does)'
complete -c cardea -n '__cardea_at 2 policy diff' -F
complete -c cardea -n '__cardea_at 3 policy diff' -F
complete -c cardea -n '__cardea_at 1 policy' -a explain -d 'what do layers of profiles say about a conversation? (exit 6: no)'
complete -c cardea -n '__cardea_in policy explain' -l layer -r -F -d 'manufacturer, learned, crowd or owner, and its MUD file; may be repeated'
complete -c cardea -n '__cardea_in policy explain' -l owner -r -f -d '"refuse PEER", "lan-only" ...; may be repeated'
complete -c cardea -n '__cardea_in policy explain' -l port -r -f -d 'the port that is asked for'
complete -c cardea -n '__cardea_in policy explain' -l proto -r -f -a 'tcp udp icmp' -d 'the protocol'
complete -c cardea -n '__cardea_in policy explain' -l inbound -d 'the peer starts'
complete -c cardea -n '__cardea_in policy explain' -l lan -r -f -d 'a prefix of the LAN; may be repeated'
complete -c cardea -n '__cardea_in policy explain' -l gateway -r -f -d 'of the gateway; may be repeated'
complete -c cardea -n '__cardea_at 0' -a controller
complete -c cardea -n '__cardea_at 1 controller' -a list -d 'who is the controller of which devices, and who might be'
complete -c cardea -n '__cardea_at 1 controller' -a set -d 'say which device or address a class means; CLASS is a URI, or my-controller'
complete -c cardea -n '__cardea_at 3 controller set' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in controller set' -l device -r -f -a '(cardea completion devices 2>/dev/null)' -d 'for this device alone'
complete -c cardea -n '__cardea_in controller set' -l add -d 'beside those that it means already'
complete -c cardea -n '__cardea_in controller set' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 1 controller' -a remove -d 'from now on a class means nobody'
complete -c cardea -n '__cardea_in controller remove' -l device -r -f -a '(cardea completion devices 2>/dev/null)' -d 'for this device alone'
complete -c cardea -n '__cardea_in controller remove' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 0' -a quarantine
complete -c cardea -n '__cardea_at 1 quarantine' -a list -d 'devices in quarantine, and what they may still do'
complete -c cardea -n '__cardea_at 1 quarantine' -a add -d 'let a device do no more than what repairs it'
complete -c cardea -n '__cardea_at 2 quarantine add' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in quarantine add' -l reason -r -f -d 'why, for whoever asks later'
complete -c cardea -n '__cardea_in quarantine add' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 1 quarantine' -a release -d 'let a device do again what its profile says'
complete -c cardea -n '__cardea_at 2 quarantine release' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in quarantine release' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 0' -a probe
complete -c cardea -n '__cardea_at 1 probe' -a list -d 'devices that may be probed: is one now, and if not, why?'
complete -c cardea -n '__cardea_at 1 probe' -a show -d 'what does a device fall back to, and what can it not do without?'
complete -c cardea -n '__cardea_at 2 probe show' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_at 1 probe' -a allow -d 'let a device be refused one thing, for minutes, once a night'
complete -c cardea -n '__cardea_at 2 probe allow' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in probe allow' -l class -r -f -d 'what it is for: light, plug, speaker, tv, camera, sensor, appliance, climate, printer, toy, other'
complete -c cardea -n '__cardea_in probe allow' -l window -r -f -d 'the hours of the night, local time (02:00-05:00)'
complete -c cardea -n '__cardea_in probe allow' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 1 probe' -a forbid -d 'a device is not probed any more; what was found stays'
complete -c cardea -n '__cardea_at 2 probe forbid' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in probe forbid' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 1 probe' -a stop -d 'end the probe that is under way, now'
complete -c cardea -n '__cardea_at 2 probe stop' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in probe stop' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 0' -a dns
complete -c cardea -n '__cardea_at 1 dns' -a dnr -d 'what announces this gateway\'s encrypted DNS by DHCP (RFC 9463)'
complete -c cardea -n '__cardea_in dns dnr' -l dnsmasq -d 'as lines for dnsmasq.conf'
complete -c cardea -n '__cardea_in dns dnr' -l odhcpd -d 'as lines for OpenWrt\'s /etc/config/dhcp'
complete -c cardea -n '__cardea_at 0' -a report
complete -c cardea -n '__cardea_at 1 report' -a preview -d 'what would the maker of a device be told? (stdout: every byte)'
complete -c cardea -n '__cardea_at 2 report preview' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_at 1 report' -a week -d 'how often did learned profiles disturb you, and how often in vain?'
complete -c cardea -n '__cardea_in report week' -l ago -r -f -d 'so many weeks ago, up to 7'
complete -c cardea -n '__cardea_at 1 report' -a send -d 'tell the maker of a device now; reports have to be on'
complete -c cardea -n '__cardea_at 2 report send' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in report send' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 0' -a mud
complete -c cardea -n '__cardea_at 1 mud' -a lint -d 'does a MUD file conform to RFC 8520? (exit 6: it does not)'
complete -c cardea -n '__cardea_at 2 mud lint' -F
complete -c cardea -n '__cardea_in mud lint' -l import -d 'can it be used, after repairs?'
complete -c cardea -n '__cardea_at 1 mud' -a repair -d 'make a valid MUD file of one in the wild (exit 6: it cannot be)'
complete -c cardea -n '__cardea_at 2 mud repair' -F
complete -c cardea -n '__cardea_in mud repair' -l out -r -F -d 'where to write it; - is stdout'
complete -c cardea -n '__cardea_at 1 mud' -a diff -d 'what does a new MUD file allow that the old did not? (exit 6: something)'
complete -c cardea -n '__cardea_at 2 mud diff' -F
complete -c cardea -n '__cardea_at 3 mud diff' -F
complete -c cardea -n '__cardea_at 1 mud' -a sign -d 'sign a MUD file: detached CMS over its exact bytes'
complete -c cardea -n '__cardea_at 2 mud sign' -F
complete -c cardea -n '__cardea_in mud sign' -l key -r -F -d 'the signer\'s private key'
complete -c cardea -n '__cardea_in mud sign' -l cert -r -F -d 'the signer\'s certificate'
complete -c cardea -n '__cardea_in mud sign' -l chain -r -F -d 'certificates between it and the anchor'
complete -c cardea -n '__cardea_in mud sign' -l out -r -F -d 'where to write it; - is stdout'
complete -c cardea -n '__cardea_at 1 mud' -a verify -d 'is a MUD file signed by whom you trust? (exit 6: it is not)'
complete -c cardea -n '__cardea_at 2 mud verify' -F
complete -c cardea -n '__cardea_in mud verify' -l signature -r -F -d 'the signature, CMS in DER'
complete -c cardea -n '__cardea_in mud verify' -l anchor -r -F -d 'whom to trust'
complete -c cardea -n '__cardea_in mud verify' -l device-cert -r -F -d 'the device\'s own, which may name the signer'
complete -c cardea -n '__cardea_in mud verify' -l at -r -f -d 'as if it were then (now)'
complete -c cardea -n '__cardea_at 1 mud' -a label -d 'a sheet to print: QR code, sentences, destinations (SVG)'
complete -c cardea -n '__cardea_at 2 mud label' -F
complete -c cardea -n '__cardea_in mud label' -l url -r -f -d 'where the file will be (its mud-url)'
complete -c cardea -n '__cardea_in mud label' -l out -r -F -d 'where to write it; - is stdout'
complete -c cardea -n '__cardea_at 1 mud' -a make -d 'a MUD file from a few answers; asks when there are none'
complete -c cardea -n '__cardea_in mud make' -l url -r -f -d 'where the file will be: https://...'
complete -c cardea -n '__cardea_in mud make' -l name -r -f -d 'what the device is, in a few words'
complete -c cardea -n '__cardea_in mud make' -l cloud -r -f -d 'a server it needs (TCP 443); may be repeated'
complete -c cardea -n '__cardea_in mud make' -l local -r -f -d 'a port the local network may ask; may be repeated'
complete -c cardea -n '__cardea_in mud make' -l controller -r -f -d 'a class of controllers, or "my"; may be repeated'
complete -c cardea -n '__cardea_in mud make' -l out -r -F -d 'where to write it; - is stdout'
complete -c cardea -n '__cardea_at 1 mud' -a view -d 'what does a MUD file ask for?'
complete -c cardea -n '__cardea_at 2 mud view' -F
complete -c cardea -n '__cardea_in mud view' -l svg -d 'as a drawing, on standard output'
complete -c cardea -n '__cardea_at 0' -a profile
complete -c cardea -n '__cardea_at 1 profile' -a lint -d 'is an extended profile or binding right? (exit 6: it is not)'
complete -c cardea -n '__cardea_at 2 profile lint' -F
complete -c cardea -n '__cardea_in profile lint' -l root -r -F -d 'where a published profile may include from'
complete -c cardea -n '__cardea_at 1 profile' -a import -d 'make a template of a published profile (exit 6: not of all of it)'
complete -c cardea -n '__cardea_at 2 profile import' -F
complete -c cardea -n '__cardea_in profile import' -l root -r -F -d 'where a published profile may include from'
complete -c cardea -n '__cardea_in profile import' -l out -r -F -d 'where to write it; - is stdout'
complete -c cardea -n '__cardea_in profile import' -l binding -r -F -d 'where to write who plays which role'
complete -c cardea -n '__cardea_at 1 profile' -a bind -d 'who plays which role, and what of it the gateway can enforce today'
complete -c cardea -n '__cardea_at 2 profile bind' -F
complete -c cardea -n '__cardea_at 3 profile bind' -F
complete -c cardea -n '__cardea_at 1 profile' -a narrow -d 'make what was said in a capture part of a template'
complete -c cardea -n '__cardea_at 2 profile narrow' -F
complete -c cardea -n '__cardea_at 3 profile narrow' -F
complete -c cardea -n '__cardea_in profile narrow' -l binding -r -F -d 'who plays which role'
complete -c cardea -n '__cardea_in profile narrow' -l root -r -F -d 'where a published profile may include from'
complete -c cardea -n '__cardea_in profile narrow' -l out -r -F -d 'where to write it; - is stdout'
complete -c cardea -n '__cardea_at 1 profile' -a replay -d 'would each packet of a capture be accepted? (exit 6: not each)'
complete -c cardea -n '__cardea_at 2 profile replay' -F
complete -c cardea -n '__cardea_at 3 profile replay' -F
complete -c cardea -n '__cardea_in profile replay' -l binding -r -F -d 'who plays which role'
complete -c cardea -n '__cardea_in profile replay' -l root -r -F -d 'where a published profile may include from'
complete -c cardea -n '__cardea_in profile replay' -l layer -r -f -d 'accepts as well what this one does; may be repeated'
complete -c cardea -n '__cardea_in profile replay' -l learn-rest -r -F -d 'learn what the profile lacks of the capture, and write it'
complete -c cardea -n '__cardea_at 1 profile' -a show -d 'whose words make a device\'s policy? or: what does an extended profile say?'
complete -c cardea -n '__cardea_at 2 profile show' -F
complete -c cardea -n '__cardea_in profile show' -l root -r -F -d 'where a published profile may include from'
complete -c cardea -n '__cardea_at 1 profile' -a learn -d 'what is learned of devices, and how much of it was not seen yet'
complete -c cardea -n '__cardea_at 2 profile learn' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in profile learn' -l start -d 'learn it'
complete -c cardea -n '__cardea_in profile learn' -l stop -d 'learn it no more'
complete -c cardea -n '__cardea_in profile learn' -l again -d 'forget what was learned of it, and begin anew'
complete -c cardea -n '__cardea_in profile learn' -l episode -d 'what it did up to now is one episode'
complete -c cardea -n '__cardea_at 1 profile' -a approve -d 'put what was learned in force, beside the maker\'s file'
complete -c cardea -n '__cardea_at 2 profile approve' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in profile approve' -l now -d 'also when it is not settled yet'
complete -c cardea -n '__cardea_in profile approve' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 1 profile' -a export -d 'what was learned, as a MUD file with its evidence beside it'
complete -c cardea -n '__cardea_at 2 profile export' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in profile export' -l out -r -F -d 'where to write MUD file and evidence'
complete -c cardea -n '__cardea_in profile export' -l force -d 'replace files that are there'
complete -c cardea -n '__cardea_at 1 profile' -a life -d 'would what is learned from captures get a device through what came later?'
complete -c cardea -n '__cardea_in profile life' -F
complete -c cardea -n '__cardea_in profile life' -l then -r -F -d 'what came later: NAME is what it was; may be repeated'
complete -c cardea -n '__cardea_in profile life' -l device -r -f -d 'only this one'
complete -c cardea -n '__cardea_in profile life' -l answer -r -f -d 'what the owner says to all questions of a phase'
complete -c cardea -n '__cardea_in profile life' -l strict -d 'let nothing through as perhaps the first update'
complete -c cardea -n '__cardea_at 1 profile' -a enforce -d 'put a MUD file or a template of your own in force, beside the maker\'s'
complete -c cardea -n '__cardea_at 2 profile enforce' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_at 3 profile enforce' -F
complete -c cardea -n '__cardea_in profile enforce' -l binding -r -F -d 'who plays which role; FILE is a template then'
complete -c cardea -n '__cardea_in profile enforce' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 1 profile' -a abandon -d 'take a profile that you put in force back'
complete -c cardea -n '__cardea_at 2 profile abandon' -f -a '(cardea completion devices 2>/dev/null)'
complete -c cardea -n '__cardea_in profile abandon' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 0' -a replay -d 'what would a profile have blocked in a capture? (exit 6: something)'
complete -c cardea -n '__cardea_at 1 replay' -F
complete -c cardea -n '__cardea_in replay' -l profile -r -F -d 'what the device may do'
complete -c cardea -n '__cardea_in replay' -l device -r -f -a '(cardea completion devices 2>/dev/null)' -d 'its MAC or one of its addresses'
complete -c cardea -n '__cardea_in replay' -l lan -r -f -d 'a prefix of the LAN; may be repeated'
complete -c cardea -n '__cardea_in replay' -l gateway -r -f -d 'of the gateway; may be repeated'
complete -c cardea -n '__cardea_at 0' -a learn -d 'what do devices do, and how much of it was not seen?'
complete -c cardea -n '__cardea_in learn' -F
complete -c cardea -n '__cardea_in learn' -l device -r -f -d 'only this one'
complete -c cardea -n '__cardea_in learn' -l test -r -F -d 'other captures: what do they show that was not seen?'
complete -c cardea -n '__cardea_in learn' -l out -r -F -d 'where to write MUD files and their evidence'
complete -c cardea -n '__cardea_in learn' -l force -d 'replace files that are there'
complete -c cardea -n '__cardea_in learn' -l per-capture -d 'each capture is one episode, as captures of a setup are'
complete -c cardea -n '__cardea_in learn' -l interactions -d 'also what happens only after something else; --out implies it'
complete -c cardea -n '__cardea_in learn' -l against -r -F -d 'what differs from this profile, and why (exit 6: it did more)'
complete -c cardea -n '__cardea_at 0' -a suit
complete -c cardea -n '__cardea_at 1 suit' -a inspect -d 'what does a firmware manifest want, and is it signed?'
complete -c cardea -n '__cardea_at 2 suit inspect' -F
complete -c cardea -n '__cardea_in suit inspect' -l key -r -F -d 'of who may sign it: public key or certificate'
complete -c cardea -n '__cardea_in suit inspect' -l vendor -r -f -d 'whose vendor-id it must have'
complete -c cardea -n '__cardea_in suit inspect' -l accepted -r -f -d 'the highest sequence number that was accepted'
complete -c cardea -n '__cardea_at 0' -a eat
complete -c cardea -n '__cardea_at 1 eat' -a verify -d 'may an attestation token be believed?'
complete -c cardea -n '__cardea_at 2 eat verify' -F
complete -c cardea -n '__cardea_in eat verify' -l key -r -F -d 'of the device: public key or certificate'
complete -c cardea -n '__cardea_in eat verify' -l nonce -r -f -d 'the one that it was given'
complete -c cardea -n '__cardea_in eat verify' -l digest -r -f -d 'of the firmware that it should run'
complete -c cardea -n '__cardea_at 0' -a start -d 'start the gateway, and wait until it is ready'
complete -c cardea -n '__cardea_in start' -l config -r -F -d 'settings (/etc/cardea/cardea.toml)'
complete -c cardea -n '__cardea_in start' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 0' -a stop -d 'stop the gateway; devices stay protected, unless --open'
complete -c cardea -n '__cardea_in stop' -l open -d 'take the rules away: the network is open then'
complete -c cardea -n '__cardea_in stop' -l dry-run -d 'say what would change, and change nothing'
complete -c cardea -n '__cardea_at 0' -a config
complete -c cardea -n '__cardea_at 1 config' -a check -d 'are these settings right? (exit 6: they are not)'
complete -c cardea -n '__cardea_at 2 config check' -F
complete -c cardea -n '__cardea_at 1 config' -a schema -d 'every setting with its default and meaning'
complete -c cardea -n '__cardea_at 0' -a help -d 'how to use a command'
