package main

// commands is the table of all commands.
var commands = command{
	name: program, summary: "the operator's command of Device Trace",
	commands: []command{
		whyCommand,
		traceCommand,
		statusCommand,
		quarantine,
		checkCommand,
		smokeCommand,
	},
}
