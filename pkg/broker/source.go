package broker

// Names of the sources. Webhooks are at /webhooks/{name}/{instance}, and the decoder
// sets Event.Source to the name. Only senders of Events may name another source.
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

// Source is all that the project knows about one kind of broker. Every source takes
// its token in the header Authorization; the fields say what else it takes.
type Source struct {
	// Name is one of the constants above.
	Name string
	// Decode reads the body of a delivery.
	Decode Decoder

	// TokenInPath allows the token after the instance in the path, TokenInQuery as the
	// query parameter token. Proxies log URLs, so only brokers that cannot set a header
	// have these.
	TokenInPath, TokenInQuery bool
	// SignedBody allows a signature instead of the token: an HMAC of the body with the
	// token as its key.
	SignedBody bool
	// HookHeader is the header that names the kind of event, for Meta.Hook. Without it
	// nobody knows if the body holds a password, so the request must be refused and
	// not stored. Empty: the body names the kind.
	HookHeader string
	// Handshake recognises requests that come before the first event. Nil: there are none.
	Handshake Handshaker

	// Traits are the habits of the source that matter for understanding its events.
	Traits Traits
	vocabulary
}

// sources is the registry, in the order of the documents.
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

// Names returns the names of all sources in the order of the documents.
func Names() []string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.Name
	}
	return names
}
