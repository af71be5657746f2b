package broker

// The names of the sources. The webhooks are at /webhooks/{name}/{instance}. A decoder sets
// Event.Source to the name of its source, except that a sender to the source named "events" may
// give any other name.
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

// Source is all that the project knows about one kind of broker. Every webhook accepts the
// token in the header Authorization; the fields say what else it accepts.
type Source struct {
	// Name is one of the constants above.
	Name string
	// Decode reads the body of a delivery.
	Decode Decoder

	// TokenInPath allows the token after the instance in the path. TokenInQuery allows the
	// token as the query parameter "token". Proxies log URLs, so both are set only for brokers
	// that cannot set a header.
	TokenInPath, TokenInQuery bool
	// SignedBody allows a signature instead of the token: an HMAC of the body with the
	// token as its key.
	SignedBody bool
	// HookHeader is the name of the header that contains the kind of event, for Meta.Hook. If a
	// request lacks the header, its body may contain a password, so the receiver must refuse
	// the request and not store it. Empty: the body contains the kind of event.
	HookHeader string
	// Handshake recognises the broker's handshakes. Nil: the broker makes no handshakes.
	Handshake Handshaker

	// Traits are the habits of the source that matter for understanding its events.
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

// Find returns the source with the given name.
func Find(name string) (Source, bool) {
	if s, ok := sourcesByName[name]; ok {
		return *s, true
	}
	return Source{}, false
}

// Names returns the names of all sources, in the order in which the documents list them.
func Names() []string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.Name
	}
	return names
}
