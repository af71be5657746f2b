package broker

// Names of the sources. A name is the last fixed part of the webhook's path,
// /webhooks/{name}/{instance}, and Event.Source of every row that the source's decoder
// makes. Rows in the form of Events may carry any other source that their sender names.
const (
	EMQX           = "emqx"
	EMQX4          = "emqx4"
	Mosquitto      = "mosquitto"
	NanoMQ         = "nanomq"
	VerneMQ        = "vernemq"
	AWSIoT         = "aws-iot"
	AzureEventGrid = "azure-eventgrid"
	ApsaraMQ       = "apsaramq"
	Tencent        = "tencent"
	Events         = "events"
)

// Source is everything that the project knows about one kind of sender. All senders
// may show their token in the header Authorization; a source says what else it takes.
type Source struct {
	// Name is one of the constants above.
	Name string
	// Decode reads the body of a delivery.
	Decode Decoder

	// TokenInPath allows the token as the path segment after the instance, and
	// TokenInQuery allows it as the query parameter token. URLs end up in the logs of
	// proxies, so only brokers that cannot set a header have these.
	TokenInPath, TokenInQuery bool
	// SignedBody allows a signature in place of the token: an HMAC of the body with
	// the token as its key.
	SignedBody bool
	// HookHeader is the request header that names the kind of event, for Meta.Hook.
	// A request without it must be refused unread. Empty: the body names the kind.
	HookHeader string
	// Handshake recognises what the broker asks before it sends events. Nil: nothing.
	Handshake Handshaker

	// Traits says how the source's events have to be understood.
	Traits Traits
	vocabulary
}

// sources is the registry, in the order in which the documents list the sources.
var sources = []Source{
	emqxSource, emqx4Source, mosquittoSource, nanomqSource, vernemqSource,
	awsIoTSource, azureEventGridSource, apsaraMQSource, tencentSource, ownSource,
}

var sourcesByName = func() map[string]*Source {
	byName := make(map[string]*Source, len(sources))
	for i := range sources {
		byName[sources[i].Name] = &sources[i]
	}
	return byName
}()

// Find returns the source of a name.
func Find(name string) (Source, bool) {
	if s, ok := sourcesByName[name]; ok {
		return *s, true
	}
	return Source{}, false
}

// Sources returns all sources in the order in which the documents list them.
func Sources() []Source { return append([]Source(nil), sources...) }

// Names returns the names of all sources in the order of Sources.
func Names() []string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.Name
	}
	return names
}
