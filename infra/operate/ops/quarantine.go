package main

// quarantine is the group of commands for input that was not understood.
var quarantine = command{
	name: "quarantine", summary: "list, show and replay input that was not understood",
	help: recorderHelp,
	commands: []command{
		{name: "list", synopsis: "[-day 2026-11-22]", summary: "list the quarantined items that were received on a day", help: listHelp, prepare: prepareList},
		{name: "show", synopsis: "ID", summary: "print the original input of a quarantined item", help: showHelp, prepare: prepareShow},
		{name: "replay", synopsis: "ID… | -day 2026-11-22", summary: "decode quarantined items again, and record the events that are now understood", help: replayHelp, prepare: prepareReplay},
	},
}

const recorderHelp = `environment:
  DEVICE_TRACE_URL   the recorder's address; default http://127.0.0.1:8080
  ADMIN_TOKEN        the recorder's ADMIN_TOKEN; default local if the recorder is on this machine
`

const listHelp = `flags:
  -day DATE   the UTC day on which the items were received; default today

example:
  ops quarantine list -day 2026-11-22

` + recorderHelp

const showHelp = `The errors of the item are printed on standard error. On a terminal, control characters of the input
are escaped; redirect the output to a file to get the original bytes.

example:
  ops quarantine show 2026-11-22-00000000000000000000000000000001 > input

` + recorderHelp

const replayHelp = `It is harmless to replay an item twice: each event is still shown only once. An item that is still not
understood stays in quarantine, and the exit status is then 1.

flags:
  -day DATE   replay all items that were received on this UTC day

example:
  ops quarantine replay -day 2026-11-22

` + recorderHelp
