package broker

// These are the names of the sources. A source's webhook is at /webhooks/{name}/{instance}. A
// decoder sets Event.Source to the name of its source. Only the decoder of "events" lets the sender
// choose another name.
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
	RMQTT          = "rmqtt"
	HiveMQ         = "hivemq"
	AliyunIoT      = "aliyun-iot"
	HuaweiIoTDA    = "huawei-iotda"
	Events         = "events"
)

// Source holds everything that the project knows about one kind of broker. Its webhook always
// accepts the token in the Authorization header. The fields of Source say what else the webhook
// accepts.
type Source struct {
	// Name is one of the constants above.
	Name string
	// Decode reads the body of a delivery.
	Decode Decoder

	// TokenInPath allows the token to follow the instance in the path. TokenInQuery allows the
	// token as the query parameter "token". Proxies log URLs, so these fields are set only for
	// brokers that cannot always set a header.
	TokenInPath, TokenInQuery bool
	// SignedBody allows a signature instead of the token. The signature follows Standard Webhooks
	// (https://www.standardwebhooks.com). Its key is the token.
	SignedBody bool
	// HookHeader names the header that contains the kind of event (see Meta.Hook). It is empty if
	// the body contains the kind of event. If HookHeader is set, the receiver must refuse a request
	// without this header and must not store the request's body, because the request may be a login
	// request with a password in its body.
	HookHeader string
	// Handshake recognizes the broker's handshakes. It is nil if the broker makes no handshakes.
	Handshake Handshaker

	// Traits are the peculiarities of the source that affect how its events are interpreted.
	Traits Traits
	vocabulary
	// isLog is true if the body consists of lines of text instead of JSON.
	isLog bool
}

// sources is the registry, in the order in which the documents list the sources.
var sources = []Source{
	emqxSource, emqx4Source, mosquittoSource, nanomqSource, vernemqSource,
	awsIoTSource, azureEventGridSource, apsaraMQSource, tencentSource,
	rmqttSource, hivemqSource, aliyunIoTSource, huaweiIoTDASource, ownSource,
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
