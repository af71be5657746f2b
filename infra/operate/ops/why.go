package main

import (
	"context"
	"flag"
	"net/url"
	"time"
)

var whyCommand = command{
	name: "why", synopsis: "CLIENT -instance INSTANCE [-day 2026-11-22 | -from TIME -to TIME]",
	summary: "explain why a device lost its connections", help: whyHelp, prepare: prepareWhy,
}

const whyHelp = `Prints the verdicts about a range of time, with their evidence and advice, and a link to the page.
The default range is the last 24 hours, which is also the longest range.

flags:
  -instance NAME   the broker instance; without it, the command lists the instances that have events
  -day DATE        a day in the zone of -tz; if the clocks go back on that day, the range ends after 24 hours
  -from TIME       start of the range, such as 2026-11-22T08:00:00Z, or 2026-11-22T08:00 in the zone of -tz;
                   without -to, the range ends 24 hours later, but at most an hour from now
  -to TIME         end of the range; without -from, the range is one hour long
  -since           also search earlier days, to find out since when each verdict has applied, how many drops
                   per day are usual for the device, and when it last dropped
` + textFlagsHelp + `
example:
  ops why GID_a@@@dev1 -instance prod -day 2026-11-22 -tz Asia/Shanghai

` + queryHelp

const textFlagsHelp = `  -lang en|zh      language of the text; default en
  -tz ZONE         time zone, such as Asia/Shanghai; default UTC
  -bucket          read the bucket directly, without a server
`

const queryHelp = `environment:
  DEVICE_TRACE_URL   the server's address; default http://127.0.0.1:8080. With -bucket, only links use it
  QUERY_TOKEN        a token of the query function; default local if the server is on this machine
environment with -bucket (the variables of the query function):
  OSS_ENDPOINT, OSS_REGION, OSS_BUCKET, OSS_PREFIX, SHARDS, RETENTION_DAYS,
  ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET, ALIBABA_CLOUD_SECURITY_TOKEN:
                     an access key that may list and read objects
`

func prepareWhy(flags *flag.FlagSet) action {
	q, span := newQuestionFlags(flags), newSpanFlags(flags)
	isSince := flags.Bool("since", false, "")
	return func(ctx context.Context, t terminal, arguments []string) error {
		return q.put(ctx, t, "/api/v1/diagnosis", arguments, func(parameters url.Values, zone *time.Location) error {
			if *isSince {
				parameters.Set("since", "1")
			}
			return span.set(parameters, zone, time.Now())
		})
	}
}
