package console

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"
)

// Words formats plain text as the page does: with the page's messages in one language, and with times
// in one zone. It returns the same strings as the page's modules text.js, time.js and datum.js.
// It is safe for concurrent use.
type Words struct {
	messages map[string]string
	zone     *time.Location
}

// In returns the words for a language, "en" or "zh", and a time zone. It panics for any other
// language.
func In(lang string, zone *time.Location) Words {
	return Words{messages[lang](), zone}
}

// messages maps each language to a function that returns the page's messages by key.
var messages = map[string]func() map[string]string{
	"en": sync.OnceValue(func() map[string]string { return messagesOf("en.js") }),
	"zh": sync.OnceValue(func() map[string]string { return messagesOf("zh.js") }),
}

// messagesOf returns the messages in a file of the page. The file contains them as a JSON object
// after "export default". messagesOf panics on any error, because the file is embedded in the
// program and an error is therefore a bug.
func messagesOf(name string) (all map[string]string) {
	content, begins := strings.CutPrefix(string(must(embedded.ReadFile(path.Join("page", name)))), "export default ")
	content, ends := strings.CutSuffix(content, ";\n")
	if !begins || !ends {
		panic(fmt.Sprintf("%s is not a JSON object after \"export default\"", name))
	}
	must(0, json.Unmarshal([]byte(content), &all))
	return all
}

// Text returns the message for a key. values holds alternating names and values: each {name} in the
// message becomes the value that follows the name. If a message is missing, its key appears instead.
func (w Words) Text(key string, values ...string) string {
	text, known := w.messages[key]
	if !known {
		return key
	}
	pairs := make([]string, len(values))
	for i, value := range values {
		pairs[i] = value
		if i%2 == 0 {
			pairs[i] = "{" + value + "}"
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
